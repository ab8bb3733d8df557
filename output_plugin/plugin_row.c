/*
 * plugin_row.c - one record per changed row.
 */
#include "output_plugin/plugin_row.h"

#include "utils/rel.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* ---- values ---- */

void
row_fill_slot(const RelationEntry *entry, Relation relation, HeapTuple tuple, TupleTableSlot *slot)
{
	TupleDesc descriptor = RelationGetDescr(relation);
	Datum *values;
	bool *nulls;

	ExecClearTuple(slot);
	if (entry->attribute_map == NULL)
		heap_deform_tuple(tuple, descriptor, slot->tts_values, slot->tts_isnull);
	else
	{
		values = palloc(sizeof(Datum) * descriptor->natts);
		nulls = palloc(sizeof(bool) * descriptor->natts);
		heap_deform_tuple(tuple, descriptor, values, nulls);
		for (int i = 0; i < entry->attribute_map->maplen; i++)
		{
			AttrNumber from = entry->attribute_map->attnums[i];

			slot->tts_isnull[i] = from == 0 || nulls[from - 1];
			slot->tts_values[i] = slot->tts_isnull[i] ? (Datum) 0 : values[from - 1];
		}
	}
	ExecStoreVirtualTuple(slot);
}

static bool
is_unchanged(const TupleTableSlot *slot, int index)
{
	return !slot->tts_isnull[index] &&
		   TupleDescAttr(slot->tts_tupleDescriptor, index)->attlen == -1 &&
		   VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(slot->tts_values[index]));
}

void
row_take_unchanged(TupleTableSlot *new_slot, const TupleTableSlot *old_slot)
{
	for (int i = 0; i < new_slot->tts_tupleDescriptor->natts; i++)
	{
		if (is_unchanged(new_slot, i) && !old_slot->tts_isnull[i] && !is_unchanged(old_slot, i))
			new_slot->tts_values[i] = old_slot->tts_values[i];
	}
}

/* One row: all published columns, or the key alone. */
static void
write_row(PluginState *state, const RelationEntry *entry, const TupleTableSlot *slot, bool key_only)
{
	const BundleRelation *relation = &entry->relation;
	size_t count_at = state->writer.buf.length;
	uint16_t fields = 0;
	SluiceError err;
	bool written;

	if (!bundle_row(&state->writer, 0, &err))
		plugin_raise(&err);
	for (uint16_t k = 0; k < relation->column_count; k++)
	{
		int index = entry->attributes[k] - 1;

		if (key_only && (entry->columns[k].flags & COLUMN_KEY) == 0)
			continue;
		fields++;
		if (slot->tts_isnull[index])
			written = bundle_field_mark(&state->writer, FIELD_NULL, &err);
		else if (is_unchanged(slot, index))
			written = bundle_field_mark(&state->writer, FIELD_UNCHANGED, &err);
		else
			written = entry->encoders[k].encode(&entry->encoders[k], &state->writer,
												slot->tts_values[index], &err);
		if (!written)
			plugin_raise(&err);
	}
	store_u16(state->writer.buf.data + count_at, fields);
}

static void
refuse_incomplete_insert(const RelationEntry *entry, const TupleTableSlot *slot)
{
	for (uint16_t k = 0; k < entry->relation.column_count; k++)
	{
		if (is_unchanged(slot, entry->attributes[k] - 1))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("an update moved a row of \"%s.%s\" into the row filter, but column "
							"\"%s\" was not logged",
							entry->relation.schema, entry->relation.name, entry->columns[k].name),
					 errhint("ALTER TABLE ... REPLICA IDENTITY FULL logs large values that an "
							 "update does not change.")));
	}
}

/* ---- changes ---- */

typedef struct ChangeKind
{
	RecordType type;
	TableCount count;
} ChangeKind;

static ChangeKind
change_kind(enum ReorderBufferChangeType action)
{
	if (action == REORDER_BUFFER_CHANGE_INSERT)
		return (ChangeKind){RECORD_INSERT, COUNT_INSERTS};
	if (action == REORDER_BUFFER_CHANGE_UPDATE)
		return (ChangeKind){RECORD_UPDATE, COUNT_UPDATES};
	return (ChangeKind){RECORD_DELETE, COUNT_DELETES};
}

void
row_write_change(PluginState *state, RelationEntry *entry, enum ReorderBufferChangeType action,
				 TupleTableSlot *old_slot, TupleTableSlot *new_slot, const ChangeId *id)
{
	ChangeKind kind = change_kind(action);
	bool full = entry->relation.identity == REPLICA_IDENTITY_FULL;
	uint8_t flags = 0;
	size_t start;
	SluiceError err;

	if (action == REORDER_BUFFER_CHANGE_INSERT)
	{
		refuse_incomplete_insert(entry, new_slot);
		old_slot = NULL;
	}
	if (action == REORDER_BUFFER_CHANGE_DELETE)
		new_slot = NULL;
	if (old_slot != NULL)
		flags = full ? RECORD_OLD_ROW : RECORD_OLD_KEY;
	plugin_require_relation(state, entry);
	start = state->writer.buf.length;
	if (!bundle_open(&state->writer, kind.type, flags, entry->number, &err))
		plugin_raise(&err);
	if (old_slot != NULL)
		write_row(state, entry, old_slot, !full);
	if (new_slot != NULL)
		write_row(state, entry, new_slot, false);
	if (!bundle_close(&state->writer, id, &err))
		plugin_raise(&err);
	state->last = *id;
	entry->counts[kind.count]++;
	plugin_count(state, 1);
	entry->counts[COUNT_BYTES] += state->writer.buf.length - start;
}
