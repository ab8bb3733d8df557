/*
 * plugin.c - the callbacks of logical decoding: transactions and changes to records of a bundle.
 *
 * Invariants:
 * 1. A transaction's begin is written at its first published change, so empty transactions leave
 *    no trace.
 * 2. The index of a change in its transaction depends on the log and the catalogs alone, so a
 *    change has the same identity whenever it is decoded.
 * 3. What is not after the sink's position is counted but not written.
 */
#include "output_plugin/plugin.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "replication/origin.h"
#include "replication/slot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "output_plugin/plugin_options.h"

typedef struct PluginState
{
	MemoryContext change_context; /* reset after every change */
	PluginOptions options;
	BundleSink *sink; /* NULL: a walsender */
	BundleWriter writer;
	ByteBuf sealed;		/* room for compressed bundles */
	bool bundle_open;	/* the writer has an unfinished bundle */
	uint64 bundle;		/* its serial */
	size_t expected;	/* bytes to make room for at once in the next one */
	int settings_level; /* of the session's settings while decoding, 0: they stay */
	ChangeId last;		/* the change emitted or written last */
	/* the transaction being decoded */
	uint64 commit;
	uint64 next_index;
	bool began; /* has a begin record (written or skipped) */
} PluginState;

static BundleSink *next_sink = NULL;

void
output_plugin_set_sink(BundleSink *sink)
{
	next_sink = sink;
}

static __attribute__((noreturn)) void
raise_error(const SluiceError *err)
{
	ereport(ERROR, (errcode(err->code == SLUICE_ERROR_MEMORY ? ERRCODE_OUT_OF_MEMORY
															 : ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("could not write a change: %s", err->message)));
	pg_unreachable();
}

/* ---- bundles ---- */

static void
require_bundle(PluginState *state)
{
	SluiceError err;

	if (state->bundle_open)
		return;
	if (!bundle_writer_start(&state->writer, &state->last, state->expected, &err))
		raise_error(&err);
	state->bundle_open = true;
	state->bundle++;
}

static void
emit_to_walsender(LogicalDecodingContext *ctx, PluginState *state)
{
	BundleHeader header;
	const uint8_t *sealed;
	size_t length;
	SluiceError err;

	bundle_writer_header(&state->writer, BUNDLE_CHANGE, &header);
	if (!bundle_seal(&header, state->writer.buf.data, state->writer.buf.length,
					 state->options.compression, &state->sealed, &sealed, &length, &err))
		raise_error(&err);
	OutputPluginPrepareWrite(ctx, true);
	if (length > MaxAllocSize - (Size) ctx->out->len - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a bundle of %zu bytes is too long for the replication protocol", length)));
	appendBinaryStringInfo(ctx->out, (const char *) sealed, (int) length);
	OutputPluginWrite(ctx, true);
}

static void
emit(LogicalDecodingContext *ctx, PluginState *state)
{
	/* The next bundle is likely as long; a lone huge one must not set the measure. */
	state->expected =
		Min(state->writer.buf.length + 1024, (size_t) state->options.bundle_bytes * 2);
	state->bundle_open = false;
	if (state->sink != NULL)
		state->sink->emit(state->sink, &state->writer);
	else
		emit_to_walsender(ctx, state);
}

static void
emit_when_full(LogicalDecodingContext *ctx, PluginState *state)
{
	if (state->writer.changes >= (uint32_t) state->options.bundle_rows ||
		state->writer.buf.length >= (size_t) state->options.bundle_bytes)
		emit(ctx, state);
}

void
output_plugin_flush(LogicalDecodingContext *ctx)
{
	PluginState *state = ctx->output_plugin_private;

	if (state->bundle_open && state->writer.changes > 0)
		emit(ctx, state);
}

void
output_plugin_mark(LogicalDecodingContext *ctx, const char *prefix, XLogRecPtr position)
{
	PluginState *state = ctx->output_plugin_private;
	ChangeId id = {state->last.incarnation, position, CHANGE_INDEX_COMMIT};
	BundleMessage message = {position, prefix, (const uint8_t *) "", 0};
	SluiceError err;

	require_bundle(state);
	if (!bundle_add_message(&state->writer, 0, &message, &id, &err))
		raise_error(&err);
	state->last = id;
	emit(ctx, state);
}

ChangeId
output_plugin_last(LogicalDecodingContext *ctx)
{
	return ((PluginState *) ctx->output_plugin_private)->last;
}

/* ---- identities ---- */

/* Gives the next change of the transaction its identity; false when the sink has it already. */
static bool
next_change(PluginState *state, uint64 index, ChangeId *id)
{
	*id = (ChangeId){state->last.incarnation, state->commit, index};
	return state->sink == NULL || change_id_compare(id, &state->sink->position) > 0;
}

static void
require_begin(LogicalDecodingContext *ctx, PluginState *state, ReorderBufferTXN *txn)
{
	BundleBegin begin = {
		.commit = txn->end_lsn,
		.commit_time = transaction_commit_time(txn),
		.xid = txn->xid,
		.origin = "",
	};
	SluiceError err;
	ChangeId id;
	char *origin;

	(void) ctx;
	if (state->began)
		return;
	state->began = true;
	if (!next_change(state, state->next_index++, &id))
		return;
	if (txn->origin_id != InvalidRepOriginId && replorigin_by_oid(txn->origin_id, true, &origin))
		begin.origin = value_utf8(origin);
	require_bundle(state);
	if (!bundle_add_begin(&state->writer, &begin, &id, &err))
		raise_error(&err);
	state->last = id;
}

static void
require_relation(PluginState *state, RelationEntry *entry)
{
	SluiceError err;

	require_bundle(state);
	if (entry->bundle == state->bundle)
		return;
	if (!bundle_add_relation(&state->writer, &entry->relation, &entry->number, &err))
		raise_error(&err);
	entry->bundle = state->bundle;
}

/* ---- rows ---- */

static void
fill_slot(const RelationEntry *entry, Relation relation, HeapTuple tuple, TupleTableSlot *slot)
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

/* A large value that the update left alone is in the old row when the identity covers it. */
static void
take_unchanged_from_old(TupleTableSlot *new_slot, const TupleTableSlot *old_slot)
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
		raise_error(&err);
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
			raise_error(&err);
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

static void
write_change(PluginState *state, RelationEntry *entry, enum ReorderBufferChangeType action,
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
	require_relation(state, entry);
	start = state->writer.buf.length;
	if (!bundle_open(&state->writer, kind.type, flags, entry->number, &err))
		raise_error(&err);
	if (old_slot != NULL)
		write_row(state, entry, old_slot, !full);
	if (new_slot != NULL)
		write_row(state, entry, new_slot, false);
	if (!bundle_close(&state->writer, id, &err))
		raise_error(&err);
	state->last = *id;
	entry->counts[kind.count]++;
	entry->counts[COUNT_BYTES] += state->writer.buf.length - start;
}

static bool
action_published(const RelationEntry *entry, enum ReorderBufferChangeType action)
{
	const PublicationActions *actions = &entry->decision.actions;

	if (!entry->published)
		return false;
	if (action == REORDER_BUFFER_CHANGE_INSERT)
		return actions->pubinsert;
	if (action == REORDER_BUFFER_CHANGE_UPDATE)
		return actions->pubupdate;
	return actions->pubdelete;
}

/* ---- callbacks ---- */

static void
plugin_begin(LogicalDecodingContext *ctx, ReorderBufferTXN *txn)
{
	PluginState *state = ctx->output_plugin_private;

	state->commit = txn->end_lsn;
	state->next_index = 0;
	state->began = false;
}

static void
publish_change(LogicalDecodingContext *ctx, ReorderBufferTXN *txn, Relation relation,
			   ReorderBufferChange *change, RelationEntry *entry)
{
	PluginState *state = ctx->output_plugin_private;
	HeapTuple old_tuple = change_tuple(change->data.tp.oldtuple);
	HeapTuple new_tuple = change_tuple(change->data.tp.newtuple);
	enum ReorderBufferChangeType action = change->action;
	TupleTableSlot *old_slot = NULL;
	TupleTableSlot *new_slot = NULL;
	ChangeId id;

	if (old_tuple != NULL)
	{
		old_slot = entry->old_slot;
		fill_slot(entry, relation, old_tuple, old_slot);
	}
	if (new_tuple != NULL)
	{
		new_slot = entry->new_slot;
		fill_slot(entry, relation, new_tuple, new_slot);
	}
	if (old_slot != NULL && new_slot != NULL)
		take_unchanged_from_old(new_slot, old_slot);
	if (entry->filter != NULL && !row_filter_pass(entry->filter, old_slot, new_slot, &action))
		return;
	require_begin(ctx, state, txn);
	if (next_change(state, state->next_index++, &id))
	{
		write_change(state, entry, action, old_slot, new_slot, &id);
		emit_when_full(ctx, state);
	}
}

static void
plugin_change(LogicalDecodingContext *ctx, ReorderBufferTXN *txn, Relation relation,
			  ReorderBufferChange *change)
{
	PluginState *state = ctx->output_plugin_private;
	MemoryContext old;
	RelationEntry *entry;

	if (!is_publishable_relation(relation))
		return;
	entry = relation_cache_get(relation);
	if (!action_published(entry, change->action))
		return;
	/* Deleted without a replica identity: pgoutput leaves these out too. */
	if (change->action == REORDER_BUFFER_CHANGE_DELETE && change->data.tp.oldtuple == NULL)
		return;
	old = MemoryContextSwitchTo(state->change_context);
	publish_change(ctx, txn, relation, change, entry);
	MemoryContextSwitchTo(old);
	MemoryContextReset(state->change_context);
}

static void
plugin_truncate(LogicalDecodingContext *ctx, ReorderBufferTXN *txn, int count, Relation relations[],
				ReorderBufferChange *change)
{
	PluginState *state = ctx->output_plugin_private;
	MemoryContext old = MemoryContextSwitchTo(state->change_context);
	RelationEntry **entries = palloc(sizeof(RelationEntry *) * count);
	uint16_t *numbers = palloc(sizeof(uint16_t) * count);
	uint16_t published = 0;
	uint8_t flags = (change->data.truncate.cascade ? RECORD_CASCADE : 0) |
					(change->data.truncate.restart_seqs ? RECORD_RESTART_IDENTITY : 0);
	SluiceError err;
	ChangeId id;

	for (int i = 0; i < count; i++)
	{
		RelationEntry *entry;

		if (!is_publishable_relation(relations[i]))
			continue;
		entry = relation_cache_get(relations[i]);
		/* A partition published as its root is truncated there only with the root itself. */
		if (entry->published && entry->decision.actions.pubtruncate &&
			entry->decision.publish_as == entry->relid)
			entries[published++] = entry;
	}
	if (published > 0)
	{
		require_begin(ctx, state, txn);
		if (next_change(state, state->next_index++, &id))
		{
			for (uint16_t i = 0; i < published; i++)
			{
				require_relation(state, entries[i]);
				numbers[i] = entries[i]->number;
				entries[i]->counts[COUNT_TRUNCATES]++;
			}
			if (!bundle_add_truncate(&state->writer, flags, numbers, published, &id, &err))
				raise_error(&err);
			state->last = id;
			emit_when_full(ctx, state);
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(state->change_context);
}

static void
plugin_message(LogicalDecodingContext *ctx, ReorderBufferTXN *txn, XLogRecPtr lsn,
			   bool transactional, const char *prefix, Size size, const char *content)
{
	PluginState *state = ctx->output_plugin_private;
	BundleMessage message = {lsn, "", (const uint8_t *) content, (uint32_t) size};
	MemoryContext old;
	SluiceError err;
	ChangeId id;

	if (!state->options.messages)
		return;
	old = MemoryContextSwitchTo(state->change_context);
	message.prefix = value_utf8(prefix);
	if (transactional)
		require_begin(ctx, state, txn);
	else
	{
		state->commit = lsn;
		state->next_index = CHANGE_INDEX_COMMIT;
	}
	if (next_change(state, transactional ? state->next_index++ : CHANGE_INDEX_COMMIT, &id))
	{
		require_bundle(state);
		if (!bundle_add_message(&state->writer, transactional ? RECORD_TRANSACTIONAL : 0, &message,
								&id, &err))
			raise_error(&err);
		state->last = id;
		if (!transactional && state->sink == NULL)
			emit(ctx, state);
		else
			emit_when_full(ctx, state);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(state->change_context);
}

static void
plugin_commit(LogicalDecodingContext *ctx, ReorderBufferTXN *txn, XLogRecPtr commit_lsn)
{
	PluginState *state = ctx->output_plugin_private;
	SluiceError err;
	ChangeId id;

	(void) commit_lsn;
	plugin_update_progress(ctx);
	if (!state->began || !next_change(state, CHANGE_INDEX_COMMIT, &id))
		return;
	require_bundle(state);
	if (!bundle_add_commit(&state->writer, transaction_commit_time(txn), &id, &err))
		raise_error(&err);
	state->last = id;
	if (state->sink == NULL)
		emit(ctx, state);
	else
		emit_when_full(ctx, state);
}

static bool
plugin_filter_origin(LogicalDecodingContext *ctx, RepOriginId origin)
{
	const PluginState *state = ctx->output_plugin_private;

	return state->options.local_only && origin != InvalidRepOriginId;
}

/*
 * Text output that does not depend on who configured what, and UTF-8 from send functions.  Inside a
 * transaction, which is an SQL function's, the settings are as before after the level it returns is
 * left; a walsender or worker keeps them and gets 0.
 */
static int
fix_session_settings(void)
{
	static const char *const settings[][2] = {
		{"client_encoding", "UTF8"}, {"datestyle", "ISO, YMD"},	  {"intervalstyle", "postgres"},
		{"timezone", "UTC"},		 {"extra_float_digits", "3"}, {"bytea_output", "hex"},
		{"search_path", ""},
	};
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	bool inside = IsTransactionState();
	int level = inside ? NewGUCNestLevel() : 0;

	if (!inside)
		StartTransactionCommand(); /* an encoding's functions are in the catalog */
	for (size_t i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 inside ? GUC_ACTION_SAVE : GUC_ACTION_SET, true, 0, false);
	if (!inside)
		CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return level;
}

/* malloc'ed buffers go when the decoding context goes, also after an error. */
static void
free_buffers(void *arg)
{
	PluginState *state = arg;

	bundle_writer_free(&state->writer);
	bytebuf_free(&state->sealed);
	relation_cache_stop();
}

static void
plugin_startup(LogicalDecodingContext *ctx, OutputPluginOptions *output, bool is_init)
{
	PluginState *state = palloc0(sizeof(*state));
	MemoryContextCallback *callback = palloc0(sizeof(*callback));

	output->output_type = OUTPUT_PLUGIN_BINARY_OUTPUT;
	output->receive_rewrites = false;
	ctx->output_plugin_private = state;
	state->change_context =
		AllocSetContextCreate(ctx->context, "sluice change", ALLOCSET_DEFAULT_SIZES);
	bundle_writer_init(&state->writer, &allocator_malloc, BUNDLE_MAXIMUM);
	bytebuf_init(&state->sealed, &allocator_malloc, BUNDLE_MAXIMUM);
	if (is_init)
		return; /* a slot is being made: nothing is decoded yet */
	plugin_options_read(ctx->output_plugin_options, &state->options);
	state->settings_level = fix_session_settings();
	state->sink = next_sink;
	state->expected = 8192;
	if (state->sink != NULL)
		state->last = state->sink->position;
	else
		state->last = (ChangeId){0, ctx->slot->data.confirmed_flush, CHANGE_INDEX_COMMIT};
	relation_cache_start(
		AllocSetContextCreate(ctx->context, "sluice relations", ALLOCSET_DEFAULT_SIZES),
		state->options.publications);
	callback->func = free_buffers;
	callback->arg = state;
	MemoryContextRegisterResetCallback(ctx->context, callback);
}

static void
plugin_shutdown(LogicalDecodingContext *ctx)
{
	const PluginState *state = ctx->output_plugin_private;

	relation_cache_stop();
	if (state->settings_level > 0)
		AtEOXact_GUC(true, state->settings_level);
}

PGDLLEXPORT void
_PG_output_plugin_init(OutputPluginCallbacks *callbacks)
{
	callbacks->startup_cb = plugin_startup;
	callbacks->begin_cb = plugin_begin;
	callbacks->change_cb = plugin_change;
	callbacks->truncate_cb = plugin_truncate;
	callbacks->message_cb = plugin_message;
	callbacks->commit_cb = plugin_commit;
	callbacks->filter_by_origin_cb = plugin_filter_origin;
	callbacks->shutdown_cb = plugin_shutdown;
}
