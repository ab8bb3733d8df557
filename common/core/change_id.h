/*
 * change_id.h - the identity of a change: the same on every retry, ordered as the source committed.
 *
 * `incarnation` tells one slot or binlog history from another (numbers of two incarnations do not
 * compare).  `commit` is the commit position: for PostgreSQL the end LSN of the commit record, so
 * that the value is also where reading goes on.  `index` counts the records of the transaction from
 * 0 (its begin); the commit record itself is always CHANGE_INDEX_COMMIT, whatever went before, so
 * that "up to and with this transaction" can be said without knowing how long it was.
 */
#ifndef SLUICE_CORE_CHANGE_ID_H
#define SLUICE_CORE_CHANGE_ID_H

#include <stdint.h>

#include "error.h"

#define CHANGE_INDEX_COMMIT UINT64_MAX

typedef struct ChangeId
{
	uint64_t incarnation;
	uint64_t commit; /* 0: before everything */
	uint64_t index;
} ChangeId;

#define CHANGE_ID_TEXT 64 /* room for change_id_format() */

/* Position only: <0, 0, >0; the caller made sure that the incarnations are the same. */
extern int change_id_compare(const ChangeId *a, const ChangeId *b);

/* True when the id stands at the end of a transaction (or before everything). */
extern bool change_id_complete(const ChangeId *id);

/* "INCARNATION:COMMIT:INDEX", hexadecimal, the index "commit" for CHANGE_INDEX_COMMIT. */
extern const char *change_id_format(const ChangeId *id, char text[CHANGE_ID_TEXT]);
extern bool change_id_parse(const char *text, ChangeId *id, SluiceError *err) SLUICE_MUST_CHECK;

#endif
