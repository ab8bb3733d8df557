/*
 * pg_copy_stream.h - rows on their way to PostgreSQL by COPY (FORMAT binary): what changes (pg_copy.c)
 * and copies (pg_load.c) have in common.
 *
 * COPY takes a value's bytes on trust.  So that a column whose type was changed at the target cannot
 * be misread, a prepared "canary" that selects the same columns is executed first in the same
 * transaction: PostgreSQL refuses it when its result types are not those it was prepared with, and
 * the lock it takes keeps the types as they are until the end.
 *
 * A query is: pg_copy_query() with the text of one COPY per table, made of pg_copy_put_sql(), and
 * then for each of them pg_copy_open(), rows, pg_copy_close().  The results from that of the last
 * COPY on are still to be taken.  After a failure there is nothing to take.
 */
#ifndef SLUICE_WRITER_PG_COPY_STREAM_H
#define SLUICE_WRITER_PG_COPY_STREAM_H

#include <stdio.h>

#include "pg_target.h"

/* Before the first COPY of a table in this session: prepares its canary. */
extern bool pg_copy_prepare(PgTarget *target, Table *table, SluiceError *err) SLUICE_MUST_CHECK;

/* Writes the canary's execution and the COPY of a table, each with its semicolon. */
extern void pg_copy_put_sql(FILE *out, const Table *table);

extern bool pg_copy_query(PgTarget *target, const char *sql, SluiceError *err) SLUICE_MUST_CHECK;

/* Waits for the next COPY of the query to begin. */
extern bool pg_copy_open(PgTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/* A row of the table, with what is to be converted. */
extern bool pg_copy_row(PgTarget *target, const Table *table, const BundleRow *row,
						SluiceError *err) SLUICE_MUST_CHECK;

/* Several rows that lie one behind the other, for a table that takes them verbatim. */
extern bool pg_copy_bytes(PgTarget *target, const void *data, size_t length,
						  SluiceError *err) SLUICE_MUST_CHECK;

extern bool pg_copy_close(PgTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/* After a failure between opening and closing: ends the query when a value was at fault.  False. */
extern bool pg_copy_give_up(PgTarget *target);

#endif
