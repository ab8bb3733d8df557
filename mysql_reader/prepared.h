/*
 * prepared.h - XA transactions that were prepared and whose outcome is not known yet.
 *
 * Their rows come with the preparation and count only when another group, perhaps much later, says so.
 * A reader that starts anew begins before the oldest of them, so nothing of them need be kept.
 */
#ifndef SLUICE_MYSQL_READER_PREPARED_H
#define SLUICE_MYSQL_READER_PREPARED_H

#include "binlog/log_reader.h"
#include "row_hold.h"

#define XA_NAME_BYTES 128

typedef struct Prepared
{
	struct Prepared *next; /* prepared later */
	uint8_t name[XA_NAME_BYTES];
	uint8_t global_length, branch_length;
	uint32_t format;
	RowHold hold;
	LogPosition place; /* before the group that prepared it */
} Prepared;

typedef struct PreparedList
{
	Prepared *first; /* the oldest */
} PreparedList;

/* Takes the hold's content, which is empty afterwards. */
extern bool prepared_add(PreparedList *list, const XaName *name, RowHold *hold,
						 const LogPosition *place, SluiceError *err) SLUICE_MUST_CHECK;

/* The one of the name; NULL when there is none. */
extern Prepared *prepared_find(const PreparedList *list, const XaName *name);

/* Takes it off the list and frees it; NULL is fine. */
extern void prepared_remove(PreparedList *list, Prepared *prepared);
extern void prepared_remove_all(PreparedList *list);

/*
 * The name in "XA COMMIT X'61',X'62',1" as servers log it, decoded into `bytes`; false when the text
 * is not like that.
 */
extern bool xa_name_read(const char *text, size_t length, uint8_t bytes[XA_NAME_BYTES],
						 XaName *name);

#endif
