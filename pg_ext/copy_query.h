/*
 * copy_query.h - the rows of a query in the place of a table's (mode convert, option queries).
 */
#ifndef SLUICE_COPY_QUERY_H
#define SLUICE_COPY_QUERY_H

#include "postgres.h"

#include "output_plugin/relation_cache.h"
#include "pg_ext/copy_catalog.h"

/* Runs chunk->query with the rights of the stream's owner, inside a transaction of the snapshot, and
 * writes its rows under the name of the table; `row` is reset after each. */
extern void copy_query(const CopyChunk *chunk, const RelationEntry *table, MemoryContext row);

#endif
