/*
 * copy_plan.h - cutting tables into chunks.
 *
 * A table with an integer key whose numbers are dense is cut by arithmetic; any
 * other one by walking its key, chunk by chunk.  Sizes follow the server's
 * estimates, which may be far off: chunks are then larger or smaller, and no
 * less whole.
 */
#ifndef SLUICE_MYSQL_READER_COPY_PLAN_H
#define SLUICE_MYSQL_READER_COPY_PLAN_H

#include "common/core/schema_document.h"
#include "common/mysql/my_connection.h"

/* Cuts the tables of document->load whose chunks are -1, and numbers all
 * chunks. */
extern bool copy_plan_cut(MyConnection *c, SchemaDocument *document, size_t chunk_bytes,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* Of how many rows a chunk is to be. */
extern int64_t copy_plan_rows(int64_t rows, int64_t bytes, size_t chunk_bytes);

#endif
