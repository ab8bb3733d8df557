/*
 * plugin_bundle.h - the plugin's state, and what all its callbacks do with the open bundle.
 *
 * Everything here raises an ERROR when a record cannot be written.
 */
#ifndef SLUICE_PLUGIN_BUNDLE_H
#define SLUICE_PLUGIN_BUNDLE_H

#include "output_plugin/plugin.h"

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

extern void plugin_raise(const SluiceError *err) __attribute__((noreturn));

/* Opens a bundle unless one is open. */
extern void plugin_require_bundle(PluginState *state);

/* Hands the open bundle to the sink or the walsender; the second only when it is full. */
extern void plugin_emit(LogicalDecodingContext *ctx, PluginState *state);
extern void plugin_emit_when_full(LogicalDecodingContext *ctx, PluginState *state);

/* Gives the change of this index in the transaction its identity; false when the sink has it already. */
extern bool plugin_next_change(PluginState *state, uint64 index, ChangeId *id);

/* So many more changes are in the open bundle. */
extern void plugin_count(PluginState *state, uint64 changes);

/* Before the first change of a transaction, and before the first of a relation in a bundle. */
extern void plugin_require_begin(PluginState *state, ReorderBufferTXN *txn);
extern void plugin_require_relation(PluginState *state, RelationEntry *entry);

#endif
