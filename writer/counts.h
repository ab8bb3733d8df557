/*
 * counts.h - what the open transaction of a target did, per table, until it is known whether it counts.
 */
#ifndef SLUICE_WRITER_COUNTS_H
#define SLUICE_WRITER_COUNTS_H

#include "batch.h"
#include "stats.h"

/* Tables with counts; NULL: none.  The list runs through Table.next_touched. */
typedef Table *CountList;

extern void counts_add(CountList *list, Table *table, TableCount kind, uint64_t more);

/* The changes of a batch that was applied. */
extern void counts_add_batch(CountList *list, const Batch *batch);

/* It has committed; it was rolled back. */
extern void counts_publish(CountList *list, Stats *stats);
extern void counts_forget(CountList *list);

#endif
