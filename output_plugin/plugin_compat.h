/*
 * plugin_compat.h - every difference between PostgreSQL majors that the output plugin meets.
 */
#ifndef SLUICE_PLUGIN_COMPAT_H
#define SLUICE_PLUGIN_COMPAT_H

#include "postgres.h"

#include "replication/logical.h"
#include "replication/output_plugin.h"
#include "replication/reorderbuffer.h"

/* 15 brought row filters, column lists and FOR TABLES IN SCHEMA. */
#define HAVE_PUBLICATION_FILTERS (PG_VERSION_NUM >= 150000)

/* 18 can publish generated columns. */
#define HAVE_PUBLISHED_GENERATED (PG_VERSION_NUM >= 180000)

#if PG_VERSION_NUM >= 150000
#define transaction_commit_time(txn) ((txn)->xact_time.commit_time)
#define plugin_update_progress(ctx)	 OutputPluginUpdateProgress(ctx, false)
#else
#define transaction_commit_time(txn) ((txn)->commit_time)
#define plugin_update_progress(ctx)	 OutputPluginUpdateProgress(ctx)
#endif

/* 17 stores tuples directly, before they sat in a ReorderBufferTupleBuf. */
#if PG_VERSION_NUM >= 170000
#define change_tuple(buffer) (buffer)
#else
#define change_tuple(buffer) ((buffer) != NULL ? &(buffer)->tuple : NULL)
#endif

#if PG_VERSION_NUM < 140000
/* 14 gave these their names with underscores. */
#define PG_NODE_TREEOID	   PGNODETREEOID
#define PG_NDISTINCTOID	   PGNDISTINCTOID
#define PG_DEPENDENCIESOID PGDEPENDENCIESOID
#define PG_MCV_LISTOID	   PGMCVLISTOID
#define PG_DDL_COMMANDOID  PGDDLCOMMANDOID
#endif

#if PG_VERSION_NUM < 160000
/* 16 declares it in output_plugin.h. */
extern PGDLLEXPORT void _PG_output_plugin_init(struct OutputPluginCallbacks *callbacks);
#endif

#endif
