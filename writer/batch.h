/*
 * batch.h - changes of whole source transactions, gathered to be applied together.
 *
 * Rows are copied out of their bundle into an arena of blocks that are used again and again;
 * consecutive rows lie next to each other, so that runs of them can be sent as they are.  Rows
 * longer than BATCH_PIN_BYTES are not copied but pinned: they stay in the bundle, which must then
 * not be closed before the batch is empty again (batch->pinned).
 *
 * Invariant: changes [0, committed) belong to whole transactions, the last of which ends at
 * `position`; those from there on to a transaction whose end has not been seen.
 */
#ifndef SLUICE_WRITER_BATCH_H
#define SLUICE_WRITER_BATCH_H

#include "common/core/bundle.h"
#include "table.h"

#define BATCH_PIN_BYTES	  (1 << 20)
#define BATCH_BLOCK_BYTES (1 << 20)

typedef enum ChangeAction
{
	CHANGE_INSERT,
	CHANGE_UPDATE,
	CHANGE_DELETE,
	CHANGE_TRUNCATE
} ChangeAction;

typedef struct Change
{
	ChangeAction action;
	uint8_t flags; /* the record's */
	Table *table;  /* of a truncate the first one */
	union
	{
		struct
		{
			BundleRow old_row; /* fields is 0 when there is none */
			BundleRow new_row;
		};
		struct
		{
			Table **tables;
			uint16_t table_count;
		};
	};
} Change;

/* Where a batch brings the target to. */
typedef struct BatchEnd
{
	ChangeId position;
	uint64_t next_sequence; /* the message to start reading at from there */
	int64_t commit_time;	/* of the last transaction, microseconds since 2000-01-01 UTC */
} BatchEnd;

typedef struct BatchBlock
{
	struct BatchBlock *next;
	size_t used, size;
	uint8_t data[];
} BatchBlock;

typedef struct Batch
{
	Change *changes;
	size_t count, room;
	size_t committed;
	uint32_t transactions; /* whole ones, empty ones too */
	size_t bytes;		   /* of all rows, pinned ones too */
	size_t maximum_rows, maximum_bytes;
	bool pinned;
	BatchEnd end; /* of the committed part; only meaningful when transactions > 0 */
	BatchBlock *first, *current;
} Batch;

extern void batch_init(Batch *batch, size_t maximum_rows, size_t maximum_bytes);
extern void batch_free(Batch *batch);

/* Empties it; blocks are kept for the next use. */
extern void batch_reset(Batch *batch);

/* True when it should be applied before more is added: the only bound on its size. */
extern bool batch_full(const Batch *batch);

/* Adds an insert, update or delete. */
extern bool batch_add_row(Batch *batch, Table *table, const BundleRecord *record,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* Adds a truncate; the array is copied. */
extern bool batch_add_truncate(Batch *batch, uint8_t flags, Table *const *tables, uint16_t count,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* The transaction that the last changes belong to is whole. */
extern void batch_commit(Batch *batch, const BatchEnd *end);

/* Takes the first changes out; their rows stay until the batch is reset. */
extern void batch_drop(Batch *batch, size_t count);

/* Moves the changes behind the committed ones to the empty batch `rest`. */
extern bool batch_split(Batch *batch, Batch *rest, SluiceError *err) SLUICE_MUST_CHECK;

/* Memory that lives as long as the batch's rows; NULL when there is none. */
extern uint8_t *batch_room(Batch *batch, size_t length);

#endif
