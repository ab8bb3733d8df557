/*
 * pg_copy_stream.c - canaries, COPY's frame and its data (pg_copy_stream.h).
 */
#include "pg_copy_stream.h"

#include <stdlib.h>

#define PIECE_BYTES	 (128 * 1024) /* of one CopyData message */
#define STAGED_BYTES (8 * 1024)	  /* less than this is put together first */

/* ---- canaries ---- */

static bool
check_canary(PgTarget *target, const PgTable *table, const PGresult *described, SluiceError *err)
{
	int field = 0;

	(void) target;
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		if (table->columns[i].written && PQftype(described, field++) != table->columns[i].type)
			return sluice_fail(err, SLUICE_ERROR_IO, "changed while it was looked at");
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

bool
pg_copy_prepare(PgTarget *target, Table *table, SluiceError *err)
{
	return prepare_canary(target, table->at_target, err) ||
		   sluice_prefix(err, "table %s", table->name);
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

bool
pg_copy_bytes(PgTarget *target, const void *data, size_t length, SluiceError *err)
{
	if (target->staging.length + length > PIECE_BYTES && !put_staged(target, err))
		return false;
	if (length >= STAGED_BYTES)
		return put_staged(target, err) && put_piece(target, data, length, err);
	return bytebuf_put(&target->staging, data, length, err);
}

/* A field that the target does not have as it stands in the row. */
static bool
put_converted(PgTarget *target, const Table *table, uint16_t column, const RowField *field,
			  SluiceError *err)
{
	const ByteBuf *converted = &target->values.converted;

	if (!pg_values_field(&target->values, table, column, field, err))
		return pg_refuse_value(target);
	return pg_copy_bytes(target, converted->data, converted->length, err);
}

/* Whether a field goes as it stands in the row. */
static bool
stays(const PgColumn *column, int32_t length)
{
	return column->written && (column->convert.write == NULL || length < 0);
}

/* A tuple of the columns that are written, with what is converted of them; runs of others whole. */
static bool
put_written(PgTarget *target, const Table *table, const BundleRow *row, SluiceError *err)
{
	const PgTable *at_target = table->at_target;
	const uint8_t *at = row->data + 2, *run = at;
	uint8_t count[2];
	bool good;

	store_u16(count, at_target->written);
	good = pg_copy_bytes(target, count, sizeof(count), err);
	for (uint16_t i = 0; good && i < row->fields; i++)
	{
		const PgColumn *column = &at_target->columns[i];
		const uint8_t *from = at;
		RowField field;

		field.data = bundle_row_field(&at, &field.length);
		if (stays(column, field.length))
			continue;
		good = pg_copy_bytes(target, run, (size_t) (from - run), err) &&
			   (!column->written || put_converted(target, table, i, &field, err));
		run = at;
	}
	return good && pg_copy_bytes(target, run, (size_t) (at - run), err);
}

bool
pg_copy_row(PgTarget *target, const Table *table, const BundleRow *row, SluiceError *err)
{
	const PgTable *at_target = table->at_target;

	return at_target->verbatim ? pg_copy_bytes(target, row->data, row->length, err)
							   : put_written(target, table, row, err);
}

bool
pg_copy_give_up(PgTarget *target)
{
	if (target->refused && PQputCopyEnd(target->c.conn, "a value that the target cannot have") == 1)
		(void) !(pg_flush(&target->c, NULL) && pg_take_all(&target->c, NULL, NULL));
	return false;
}

/* ---- the query ---- */

void
pg_copy_put_sql(FILE *out, const Table *table)
{
	const PgTable *at_target = table->at_target;

	(void) fprintf(out, "EXECUTE sluice_canary_%u;COPY %s (%s) FROM STDIN (FORMAT binary);",
				   at_target->canary, at_target->name, at_target->column_list);
}

bool
pg_copy_query(PgTarget *target, const char *sql, SluiceError *err)
{
	target->copied = false;
	if (PQsendQuery(target->c.conn, sql) != 1)
		return pg_fail_lost(&target->c, err);
	return pg_flush(&target->c, err);
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

bool
pg_copy_open(PgTarget *target, SluiceError *err)
{
	static const uint8_t header[19] = "PGCOPY\n\377\r\n\0"; /* flags and extension: none */

	target->staging.length = 0;
	return await_copy(target, err) && pg_copy_bytes(target, header, sizeof(header), err);
}

bool
pg_copy_close(PgTarget *target, SluiceError *err)
{
	static const uint8_t trailer[2] = {0xff, 0xff};

	if (!pg_copy_bytes(target, trailer, sizeof(trailer), err) || !put_staged(target, err))
		return false;
	if (PQputCopyEnd(target->c.conn, NULL) != 1)
		return pg_fail_lost(&target->c, err);
	return pg_flush(&target->c, err);
}
