/*
 * plugin_bundle.c - opening, filling and emitting bundles.
 */
#include "output_plugin/plugin_bundle.h"

#include "replication/origin.h"
#include "utils/memutils.h"

#include "output_plugin/value_encoder.h"

void
plugin_raise(const SluiceError *err)
{
	ereport(ERROR, (errcode(err->code == SLUICE_ERROR_MEMORY ? ERRCODE_OUT_OF_MEMORY
															 : ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("could not write a change: %s", err->message)));
	pg_unreachable();
}

/* ---- bundles ---- */

void
plugin_require_bundle(PluginState *state)
{
	SluiceError err;

	if (state->bundle_open)
		return;
	if (!bundle_writer_start(&state->writer, &state->last, state->expected, &err))
		plugin_raise(&err);
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
		plugin_raise(&err);
	OutputPluginPrepareWrite(ctx, true);
	if (length > MaxAllocSize - (Size) ctx->out->len - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a bundle of %zu bytes is too long for the replication protocol", length)));
	appendBinaryStringInfo(ctx->out, (const char *) sealed, (int) length);
	OutputPluginWrite(ctx, true);
}

void
plugin_emit(LogicalDecodingContext *ctx, PluginState *state)
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

void
plugin_emit_when_full(LogicalDecodingContext *ctx, PluginState *state)
{
	if (state->writer.changes >= (uint32_t) state->options.bundle_rows ||
		state->writer.buf.length >= (size_t) state->options.bundle_bytes)
		plugin_emit(ctx, state);
}

void
output_plugin_flush(LogicalDecodingContext *ctx)
{
	PluginState *state = ctx->output_plugin_private;

	if (state->bundle_open && state->writer.changes > 0)
		plugin_emit(ctx, state);
}

void
output_plugin_mark(LogicalDecodingContext *ctx, const char *prefix, XLogRecPtr position)
{
	PluginState *state = ctx->output_plugin_private;
	ChangeId id = {state->last.incarnation, position, CHANGE_INDEX_COMMIT};
	BundleMessage message = {position, prefix, (const uint8_t *) "", 0};
	SluiceError err;

	plugin_require_bundle(state);
	if (!bundle_add_message(&state->writer, 0, &message, &id, &err))
		plugin_raise(&err);
	state->last = id;
	plugin_emit(ctx, state);
}

ChangeId
output_plugin_last(LogicalDecodingContext *ctx)
{
	return ((PluginState *) ctx->output_plugin_private)->last;
}

/* ---- identities, and what goes before a change ---- */

bool
plugin_next_change(PluginState *state, uint64 index, ChangeId *id)
{
	*id = (ChangeId){state->last.incarnation, state->commit, index};
	return state->sink == NULL || change_id_compare(id, &state->sink->position) > 0;
}

void
plugin_count(PluginState *state, uint64 changes)
{
	if (state->sink != NULL)
		state->sink->changes += changes;
}

void
plugin_require_begin(PluginState *state, ReorderBufferTXN *txn)
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

	if (state->began)
		return;
	state->began = true;
	if (!plugin_next_change(state, state->next_index++, &id))
		return;
	if (txn->origin_id != InvalidRepOriginId && replorigin_by_oid(txn->origin_id, true, &origin))
		begin.origin = value_utf8(origin);
	plugin_require_bundle(state);
	if (!bundle_add_begin(&state->writer, &begin, &id, &err))
		plugin_raise(&err);
	state->last = id;
}

void
plugin_require_relation(PluginState *state, RelationEntry *entry)
{
	SluiceError err;

	plugin_require_bundle(state);
	if (entry->bundle == state->bundle)
		return;
	if (!bundle_add_relation(&state->writer, &entry->relation, &entry->number, &err))
		plugin_raise(&err);
	entry->bundle = state->bundle;
}
