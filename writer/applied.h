/*
 * applied.h - how many rows and bytes a target took in all, as its own books have it.
 *
 * The progress row has the sum, which changes in the transaction of the data: it is exact whatever
 * is redelivered, redone or rolled back.  A row is one that was inserted, updated, deleted or loaded;
 * a TRUNCATE is none.
 */
#ifndef SLUICE_WRITER_APPLIED_H
#define SLUICE_WRITER_APPLIED_H

#include "batch.h"
#include "common/daemon/log.h"

typedef struct Amount
{
	uint64_t rows, bytes; /* bytes as bundles have the rows, old ones too */
} Amount;

typedef struct AppliedTotal
{
	bool kept;	   /* the target has room for it; nothing else counts otherwise */
	uint64_t book; /* the number of the progress row: another one's total is another */
	Amount sum;
} AppliedTotal;

/* What a target has, and what its open transaction will add. */
typedef struct Applied
{
	AppliedTotal total; /* as committed, by all this process knows */
	Amount open;		/* applied in the open transaction before the batch */
	Amount batch;		/* of the batch being applied */
} Applied;

/* A number for a row that has none; never 0, and below 2^63. */
extern uint64_t applied_new_book(void);

/* Says, once a process, that the target's table has no room for a total and may not be given any. */
extern void applied_tell_missing(Log *log, const char *table, const SluiceError *denied);

/* A batch is about to be applied. */
extern void applied_begin(Applied *applied, const Batch *batch);

/* What the open transaction adds, with the batch. */
extern Amount applied_due(const Applied *applied);

/* The batch is in; `committed` when its transaction is, too. */
extern void applied_end(Applied *applied, bool committed);

/* More was committed with the progress row. */
extern void applied_add(Applied *applied, Amount amount);

#endif
