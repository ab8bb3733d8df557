/*
 * row_filter.h - publications' row filters (15 and later), evaluated as pgoutput does.
 *
 * A filter belongs to one table's cache entry and lives in that entry's memory context.
 */
#ifndef SLUICE_ROW_FILTER_H
#define SLUICE_ROW_FILTER_H

#include "output_plugin/plugin_compat.h"

#include "executor/tuptable.h"

#include "output_plugin/publication.h"

typedef struct RowFilter RowFilter;

/* NULL when every row passes.  Allocated in the current memory context. */
extern RowFilter *row_filter_new(const PublishDecision *decision);

/*
 * Whether the change is published, and as what: an update whose row moves into or out of the filter
 * becomes an insert or a delete (*action).  Slots are virtual ones; either may be NULL.
 */
extern bool row_filter_pass(RowFilter *filter, TupleTableSlot *old_slot, TupleTableSlot *new_slot,
							enum ReorderBufferChangeType *action);

#endif
