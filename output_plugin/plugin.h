/*
 * plugin.h - the output plugin "sluice": decoded changes to bundles.
 *
 * A walsender client gets one sealed bundle per message, at least one per transaction.  A worker
 * in this process (pg_ext) sets a sink instead and gets unsealed bundles, which may hold several
 * transactions; it asks for the last, partly filled one when the log has nothing more.
 */
#ifndef SLUICE_PLUGIN_H
#define SLUICE_PLUGIN_H

#include "output_plugin/plugin_compat.h"

#include "common/core/bundle.h"
#include "output_plugin/relation_cache.h"

typedef struct BundleSink BundleSink;

struct BundleSink
{
	/* Takes the writer's buffer; may wait, interruptibly, and may ereport. */
	void (*emit)(BundleSink *sink, BundleWriter *writer);
	ChangeId
		position;	  /* changes up to and with it are not emitted: they are where the sink leads */
	uint64_t changes; /* rows and truncated tables that were written since the sink was set */
};

/* Before CreateDecodingContext(); NULL for a walsender.  The sink must outlive the context. */
extern void output_plugin_set_sink(BundleSink *sink);

/*
 * Emits a message of our own that says "everything before this position has been looked at", after
 * what is in the open bundle; outside of callbacks, with a sink only.
 */
extern void output_plugin_mark(LogicalDecodingContext *ctx, const char *prefix,
							   XLogRecPtr position);

/* The last change emitted, or in the open bundle. */
extern ChangeId output_plugin_last(LogicalDecodingContext *ctx);

/* Gives this session the settings under which values are encoded; outside a transaction. */
extern void output_plugin_fix_settings(void);

/* Emits the open bundle, if there is one; outside of callbacks, with a sink only. */
extern void output_plugin_flush(LogicalDecodingContext *ctx);

#endif
