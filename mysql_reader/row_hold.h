/*
 * row_hold.h - records of rows that are not to be sent before it is known whether they count: behind a
 * savepoint, and of transactions that were prepared.
 *
 * Small ones stay in memory, the rest goes to a file that has no name and goes away with the process.
 * The records keep the relations they were written with.
 */
#ifndef SLUICE_MYSQL_READER_ROW_HOLD_H
#define SLUICE_MYSQL_READER_ROW_HOLD_H

#include "relation.h"

#define ROW_HOLD_MEMORY ((size_t) 4 << 20) /* more than that goes to the file */

/* A relation that records were written with. */
typedef struct HeldRelation
{
	BundleRelation *relation;
	uint8_t *encoded; /* which it points into */
	uint64_t bundle;  /* as in TableRelation */
	uint16_t number;
} HeldRelation;

typedef struct RowHold
{
	uint64_t serial; /* unlike that of any other; 0: nothing was held yet */
	ByteBuf records; /* those behind what the file has */
	size_t open_at;	 /* where the record being written starts */
	int file;		 /* -1: none */
	uint64_t filed;	 /* bytes in it that count */
	HeldRelation *relations;
	uint32_t relation_count, relation_room;
} RowHold;

extern void row_hold_init(RowHold *hold);
extern void row_hold_free(RowHold *hold);

/* Forgets all it has. */
extern void row_hold_clear(RowHold *hold);

/* How much it has: a mark for row_hold_cut(), which drops what came behind it. */
extern uint64_t row_hold_length(const RowHold *hold);
extern bool row_hold_cut(RowHold *hold, uint64_t length, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * A record is opened, its body is appended to hold->records, then it is closed.  After a failure the
 * hold is only good for being freed.
 */
extern bool row_hold_open(RowHold *hold, RecordType type, uint8_t flags, TableRelation *relation,
						  SluiceError *err) SLUICE_MUST_CHECK;
extern bool row_hold_close(RowHold *hold, SluiceError *err) SLUICE_MUST_CHECK;

/* One record, as it was held. */
typedef struct HeldRecord
{
	RecordType type;
	uint8_t flags;
	HeldRelation *relation;
	const uint8_t *body;
	size_t length;
} HeldRecord;

typedef bool (*HeldTaker)(void *context, const HeldRecord *record, SluiceError *err);

/* Gives every record in the order they came; nothing may be added meanwhile. */
extern bool row_hold_each(RowHold *hold, HeldTaker take, void *context,
						  SluiceError *err) SLUICE_MUST_CHECK;

#endif
