/*
 * pg_copy.c - runs of inserts by COPY (FORMAT binary), whose tuples are the rows of a bundle.
 *
 * COPY takes a value's bytes on trust.  So that a column whose type was changed at the target cannot
 * be misread, a prepared "canary" that selects the same columns is executed first in the same
 * transaction: PostgreSQL refuses it when its result types are not those it was prepared with, and
 * the lock it takes keeps the types as they are until the end.
 */
#include "pg_target.h"

#include <stdio.h>
#include <stdlib.h>

#define COPY_MINIMUM_ROWS  20			/* fewer go faster as single statements in a pipeline */
#define COPY_MINIMUM_BYTES (64 * 1024)	/* but not when they are long */
#define PIECE_BYTES		   (128 * 1024) /* of one CopyData message */
#define STAGED_BYTES	   (8 * 1024)	/* less than this is put together first */

bool
pg_step_copies(const Plan *plan, const Step *step)
{
	const PgTable *table;
	size_t bytes = 0;

	if (step->kind != STEP_INSERT)
		return false;
	table = step->table->at_target;
	if (!table->copyable)
		return false;
	if (step->count >= COPY_MINIMUM_ROWS)
		return true;
	for (uint32_t i = 0; i < step->count; i++)
		bytes += plan->rows[step->first + i].image.length;
	return bytes >= COPY_MINIMUM_BYTES;
}

/* ---- canaries ---- */

static bool
check_canary(PgTarget *target, const PgTable *table, const PGresult *described, SluiceError *err)
{
	int field = 0;

	(void) target;
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		if (table->columns[i].written && PQftype(described, field++) != table->columns[i].type)
			return sluice_fail(err, SLUICE_ERROR_IO, "table %s was changed while it was looked at",
							   table->name);
	}
	return true;
}

static bool
prepare_canary(PgTarget *target, PgTable *table, SluiceError *err)
{
	char name[32];
	PGresult *described = NULL;
	bool good;

	if (table->canary != 0)
		return true;
	table->canary = ++target->statement_numbers;
	(void) snprintf(name, sizeof(name), "sluice_canary_%u", table->canary);
	if (!pg_query(&target->c, NULL, err, "PREPARE %s AS SELECT %s FROM %s LIMIT 0", name,
				  table->column_list, table->name))
		return false;
	if (PQsendDescribePrepared(target->c.conn, name) != 1)
		return pg_fail_lost(&target->c, err);
	good = pg_flush(&target->c, err) && pg_take_all(&target->c, &described, err) &&
		   check_canary(target, table, described, err);
	PQclear(described);
	return good;
}

/* ---- data ---- */

static bool
put_piece(PgTarget *target, const uint8_t *data, size_t length, SluiceError *err)
{
	while (length > 0)
	{
		size_t piece = length < PIECE_BYTES ? length : PIECE_BYTES;

		if (PQputCopyData(target->c.conn, (const char *) data, (int) piece) != 1)
			return pg_fail_lost(&target->c, err);
		if (!pg_flush(&target->c, err))
			return false;
		data += piece;
		length -= piece;
	}
	return true;
}

static bool
put_staged(PgTarget *target, SluiceError *err)
{
	size_t length = target->staging.length;

	target->staging.length = 0;
	return put_piece(target, target->staging.data, length, err);
}

static bool
put_bytes(PgTarget *target, const void *data, size_t length, SluiceError *err)
{
	if (target->staging.length + length > PIECE_BYTES && !put_staged(target, err))
		return false;
	if (length >= STAGED_BYTES)
		return put_staged(target, err) && put_piece(target, data, length, err);
	return bytebuf_put(&target->staging, data, length, err);
}

/* A tuple without the columns that the target computes. */
static bool
put_written(PgTarget *target, const PgTable *table, const BundleRow *row, SluiceError *err)
{
	const uint8_t *at = row->data + 2;
	uint8_t count[2];
	bool good;

	store_u16(count, table->written);
	good = put_bytes(target, count, sizeof(count), err);
	for (uint16_t i = 0; good && i < row->fields; i++)
	{
		const uint8_t *field = at;
		int32_t length;

		(void) bundle_row_field(&at, &length);
		if (table->columns[i].written)
			good = put_bytes(target, field, (size_t) (at - field), err);
	}
	return good;
}

/* How many of the rows lie one behind the other in memory; *length is theirs together. */
static uint32_t
adjacent_rows(const PlanRow *rows, uint32_t count, size_t *length)
{
	uint32_t i = 1;

	*length = rows[0].image.length;
	while (i < count && rows[i].image.data == rows[0].image.data + *length)
		*length += rows[i++].image.length;
	return i;
}

static bool
put_rows(PgTarget *target, const PgTable *table, const PlanRow *rows, uint32_t count,
		 SluiceError *err)
{
	static const uint8_t header[19] = "PGCOPY\n\377\r\n\0"; /* flags and extension: none */
	static const uint8_t trailer[2] = {0xff, 0xff};
	bool good = put_bytes(target, header, sizeof(header), err);

	for (uint32_t i = 0; good && i < count;)
	{
		size_t length;
		uint32_t run = table->verbatim ? adjacent_rows(rows + i, count - i, &length) : 1;

		good = table->verbatim ? put_bytes(target, rows[i].image.data, length, err)
							   : put_written(target, table, &rows[i].image, err);
		i += run;
	}
	return good && put_bytes(target, trailer, sizeof(trailer), err) && put_staged(target, err);
}

/* ---- the query ---- */

static char *
copy_sql(const Step *steps, uint32_t count, const char *head, const char *tail)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	(void) fputs(head, out);
	for (uint32_t i = 0; i < count; i++)
	{
		const PgTable *table = steps[i].table->at_target;

		(void) fprintf(out, "EXECUTE sluice_canary_%u;COPY %s (%s) FROM STDIN (FORMAT binary);",
					   table->canary, table->name, table->column_list);
	}
	(void) fputs(tail, out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

/* Takes results up to the next COPY's; at an error takes all and fails. */
static bool
await_copy(PgTarget *target, SluiceError *err)
{
	for (;;)
	{
		PGresult *result;
		ExecStatusType status;

		if (!pg_take(&target->c, &result, err))
			return false;
		status = PQresultStatus(result);
		if (result == NULL)
			return pg_fail_lost(&target->c, err);
		if (!pg_good(result))
			(void) pg_fail_result(&target->c, result, err);
		PQclear(result);
		if (status == PGRES_COPY_IN)
			return true;
		if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
			break;
	}
	/* A canary that sang: the next session looks at the table anew. */
	if (strcmp(target->c.sqlstate, SQLSTATE_NOT_SUPPORTED) == 0)
		err->code = SLUICE_ERROR_IO;
	(void) !pg_take_all(&target->c, NULL, NULL);
	return false;
}

static bool
stream_step(PgTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	if (!await_copy(target, err) ||
		!put_rows(target, step->table->at_target, plan->rows + step->first, step->count, err))
		return false;
	if (PQputCopyEnd(target->c.conn, NULL) != 1)
		return pg_fail_lost(&target->c, err);
	return pg_flush(&target->c, err);
}

bool
pg_copy_steps(PgTarget *target, const Plan *plan, const Step *steps, uint32_t count,
			  const char *head, const char *tail, SluiceError *err)
{
	char *sql;
	bool sent;

	for (uint32_t i = 0; i < count; i++)
	{
		if (!prepare_canary(target, steps[i].table->at_target, err))
			return sluice_prefix(err, "table %s", steps[i].table->name);
	}
	if ((sql = copy_sql(steps, count, head, tail)) == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	sent = PQsendQuery(target->c.conn, sql) == 1;
	free(sql);
	if (!sent)
		return pg_fail_lost(&target->c, err);
	if (!pg_flush(&target->c, err))
		return false;
	target->copied = false;
	for (uint32_t i = 0; i < count; i++)
	{
		if (!stream_step(target, plan, &steps[i], err))
			return sluice_prefix(err, "table %s", steps[i].table->name);
	}
	return true;
}
