/*
 * plugin_row.h - rows of decoded changes, from the heap's tuples to records of the open bundle.
 */
#ifndef SLUICE_PLUGIN_ROW_H
#define SLUICE_PLUGIN_ROW_H

#include "output_plugin/plugin_bundle.h"

#include "executor/tuptable.h"

/* Takes a tuple apart into the slot, in the columns of the relation it is published as. */
extern void row_fill_slot(const RelationEntry *entry, Relation relation, HeapTuple tuple,
						  TupleTableSlot *slot);

/* A large value that the update left alone is in the old row when the identity covers it. */
extern void row_take_unchanged(TupleTableSlot *new_slot, const TupleTableSlot *old_slot);

/* Writes an insert, update or delete; a slot that the action has no use for may be NULL. */
extern void row_write_change(PluginState *state, RelationEntry *entry,
							 enum ReorderBufferChangeType action, TupleTableSlot *old_slot,
							 TupleTableSlot *new_slot, const ChangeId *id);

#endif
