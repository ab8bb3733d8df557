/*
 * copy_scan.c - the heap, a row at a time, without executor and without text.
 */
#include "pg_ext/copy_scan.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/varlena.h"

#include "output_plugin/plugin.h"
#include "pg_ext/copy_output.h"
#include "pg_ext/copy_process.h"
#include "pg_ext/copy_query.h"

static MemoryContext row_context = NULL; /* reset after every row */

void
copy_scan_start(void)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "sluice copied relations", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	List *names;

	row_context = AllocSetContextCreate(TopMemoryContext, "sluice row", ALLOCSET_DEFAULT_SIZES);
	if (!SplitIdentifierString(pstrdup(copying.row.publications), ',', &names))
		elog(ERROR, "invalid list of publications: %s", copying.row.publications);
	relation_cache_start(context, names);
	MemoryContextSwitchTo(old);
	output_plugin_fix_settings();
}

/* ---- who may ---- */

static char *
qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/* The whole table, or each column that is published. */
static bool
may_read(const RelationEntry *entry)
{
	Oid relid = entry->decision.publish_as;

	if (pg_class_aclcheck(relid, copying.row.owner, ACL_SELECT) == ACLCHECK_OK ||
		pg_class_aclcheck(entry->relid, copying.row.owner, ACL_SELECT) == ACLCHECK_OK)
		return true;
	for (int k = 0; k < entry->relation.column_count; k++)
	{
		if (pg_attribute_aclcheck(relid, entry->attributes[k], copying.row.owner, ACL_SELECT) !=
			ACLCHECK_OK)
			return false;
	}
	return true;
}

static void
require_right(const RelationEntry *entry)
{
	Oid relid = entry->decision.publish_as;
	char *owner = GetUserNameFromId(copying.row.owner, true);

	if (owner == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("the owner of stream \"%s\" is gone", copying.row.name)));
	if (!may_read(entry))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("role %s, the owner of stream \"%s\", may not read table %s", owner,
							   copying.row.name, qualified_name(relid)),
						errhint("GRANT SELECT ON %s TO %s", qualified_name(relid),
								quote_identifier(owner))));
	if (check_enable_rls(relid, copying.row.owner, true) == RLS_ENABLED)
		ereport(
			ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("row security would hide rows of table %s from role %s, the owner of "
					"stream \"%s\"",
					qualified_name(relid), owner, copying.row.name),
			 errhint("ALTER ROLE %s BYPASSRLS lets it copy all rows.", quote_identifier(owner))));
}

/* ---- rows ---- */

/* The row in the columns of the table it is published as. */
static TupleTableSlot *
published_row(const RelationEntry *entry, TupleTableSlot *slot)
{
	const AttrMap *map = entry->attribute_map;
	TupleTableSlot *row = entry->new_slot;

	slot_getallattrs(slot);
	if (map == NULL)
		return slot;
	ExecClearTuple(row);
	for (int i = 0; i < map->maplen; i++)
	{
		AttrNumber from = map->attnums[i];

		row->tts_isnull[i] = from == 0 || slot->tts_isnull[from - 1];
		row->tts_values[i] = row->tts_isnull[i] ? (Datum) 0 : slot->tts_values[from - 1];
	}
	return ExecStoreVirtualTuple(row);
}

static void
write_row(const RelationEntry *entry, const TupleTableSlot *row)
{
	uint16 count = entry->relation.column_count;
	BundleWriter *writer = copy_output_row(&entry->relation, count);
	SluiceError err;

	for (uint16 k = 0; k < count; k++)
	{
		int index = entry->attributes[k] - 1;
		const ValueEncoder *encoder = &entry->encoders[k];
		bool written = row->tts_isnull[index]
						   ? bundle_field_mark(writer, FIELD_NULL, &err)
						   : encoder->encode(encoder, writer, row->tts_values[index], &err);

		if (!written)
			copy_raise(&err);
	}
	copy_output_row_end();
}

/* Rows are kept under the number of the transaction that made them also when they are frozen. */
static bool
came_since(TupleTableSlot *slot, TransactionId threshold)
{
	HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, NULL);

	return TransactionIdFollowsOrEquals(HeapTupleHeaderGetRawXmin(tuple->t_data), threshold);
}

static bool
is_wanted(const RelationEntry *entry, TupleTableSlot *row)
{
	enum ReorderBufferChangeType action = REORDER_BUFFER_CHANGE_INSERT;

	return entry->filter == NULL || row_filter_pass(entry->filter, NULL, row, &action);
}

static void
scan_rows(const CopyChunk *chunk, const RelationEntry *entry, TableScanDesc scan,
		  TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(row_context);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		TupleTableSlot *row;

		CHECK_FOR_INTERRUPTS();
		if (chunk->kind == CHUNK_MOVED && !came_since(slot, chunk->threshold))
			continue;
		row = published_row(entry, slot);
		if (is_wanted(entry, row))
			write_row(entry, row);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(old);
}

/* The encoders run functions of types, which may be anybody's: with the rights of the stream's owner. */
static void
scan_as_owner(const CopyChunk *chunk, const RelationEntry *entry, Relation relation)
{
	TableScanDesc scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	Oid user;
	int security;

	if (chunk->kind == CHUNK_BLOCKS)
		heap_setscanlimits(scan, chunk->first_block, chunk->blocks);
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(copying.row.owner, security | SECURITY_RESTRICTED_OPERATION);
	scan_rows(chunk, entry, scan, slot);
	SetUserIdAndSecContext(user, security);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

void
copy_scan(const CopyChunk *chunk)
{
	Relation relation = table_open(chunk->relid, AccessShareLock);
	RelationEntry *entry = relation_cache_get(relation);

	if (entry->published)
	{
		require_right(entry);
		if (chunk->kind == CHUNK_QUERY)
			copy_query(chunk, entry, row_context);
		else if (chunk->kind != CHUNK_BLOCKS || chunk->blocks > 0)
			scan_as_owner(chunk, entry, relation);
	}
	table_close(relation, NoLock);
}
