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
#include "replication/origin.h"
#include "replication/slot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "output_plugin/plugin_bundle.h"
#include "output_plugin/plugin_options.h"
#include "output_plugin/plugin_row.h"
#include "output_plugin/value_encoder.h"

#define OWN_PREFIX "sluice." /* of messages that only the extension may write */

static BundleSink *next_sink = NULL;

void
output_plugin_set_sink(BundleSink *sink)
{
	next_sink = sink;
}

/* ---- callbacks ---- */

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

static void
plugin_begin(LogicalDecodingContext *ctx, ReorderBufferTXN *txn)
{
	PluginState *state = ctx->output_plugin_private;

	relation_cache_trim();
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
		row_fill_slot(entry, relation, old_tuple, old_slot);
	}
	if (new_tuple != NULL)
	{
		new_slot = entry->new_slot;
		row_fill_slot(entry, relation, new_tuple, new_slot);
	}
	if (old_slot != NULL && new_slot != NULL)
		row_take_unchanged(new_slot, old_slot);
	if (entry->filter != NULL && !row_filter_pass(entry->filter, old_slot, new_slot, &action))
		return;
	plugin_require_begin(state, txn);
	if (plugin_next_change(state, state->next_index++, &id))
	{
		row_write_change(state, entry, action, old_slot, new_slot, &id);
		plugin_emit_when_full(ctx, state);
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
		plugin_require_begin(state, txn);
		if (plugin_next_change(state, state->next_index++, &id))
		{
			for (uint16_t i = 0; i < published; i++)
			{
				plugin_require_relation(state, entries[i]);
				numbers[i] = entries[i]->number;
				entries[i]->counts[COUNT_TRUNCATES]++;
			}
			plugin_count(state, published);
			if (!bundle_add_truncate(&state->writer, flags, numbers, published, &id, &err))
				plugin_raise(&err);
			state->last = id;
			plugin_emit_when_full(ctx, state);
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(state->change_context);
}

/* Whether a message goes out, and as what: the extension's own lose the secret they begin with. */
static bool
message_published(const PluginState *state, const char *prefix, BundleMessage *message)
{
	const char *mark = state->options.own_messages;
	size_t length;

	if (mark == NULL || strncmp(prefix, OWN_PREFIX, strlen(OWN_PREFIX)) != 0)
		return state->options.messages;
	length = strlen(mark);
	if (message->length <= length || memcmp(message->content, mark, length) != 0 ||
		message->content[length] != '\n')
		return false;
	message->content = (const uint8_t *) value_utf8(
		pnstrdup((const char *) message->content + length + 1, message->length - length - 1));
	message->length = (uint32_t) strlen((const char *) message->content);
	return true;
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

	old = MemoryContextSwitchTo(state->change_context);
	if (!message_published(state, prefix, &message))
	{
		MemoryContextSwitchTo(old);
		return;
	}
	message.prefix = value_utf8(prefix);
	if (transactional)
		plugin_require_begin(state, txn);
	else
	{
		state->commit = lsn;
		state->next_index = CHANGE_INDEX_COMMIT;
	}
	if (plugin_next_change(state, transactional ? state->next_index++ : CHANGE_INDEX_COMMIT, &id))
	{
		plugin_require_bundle(state);
		if (!bundle_add_message(&state->writer, transactional ? RECORD_TRANSACTIONAL : 0, &message,
								&id, &err))
			plugin_raise(&err);
		state->last = id;
		if (!transactional && state->sink == NULL)
			plugin_emit(ctx, state);
		else
			plugin_emit_when_full(ctx, state);
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
	if (!state->began || !plugin_next_change(state, CHANGE_INDEX_COMMIT, &id))
		return;
	plugin_require_bundle(state);
	if (!bundle_add_commit(&state->writer, transaction_commit_time(txn), &id, &err))
		plugin_raise(&err);
	state->last = id;
	if (state->sink == NULL)
		plugin_emit(ctx, state);
	else
		plugin_emit_when_full(ctx, state);
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

void
output_plugin_fix_settings(void)
{
	(void) fix_session_settings();
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
