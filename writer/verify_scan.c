/*
 * verify_scan.c - ranges of rows by COPY BINARY (verify_scan.h).
 */
#include "verify_scan.h"

#include <stdio.h>
#include <stdlib.h>

static const uint8_t copy_signature[] = "PGCOPY\n\377\r\n";

#define COPY_HEADER 19 /* the signature with its NUL, flags, length of the extension */
#define NO_VALUE	UINT32_MAX

static bool
fail_memory(SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a range of rows");
}

/* ---- queries ---- */

static void
write_columns(FILE *out, const VerifyTable *table, VerifySide side, bool detail)
{
	const char *comma = "";

	for (uint16_t i = 0; i < table->column_count; i++)
	{
		const VerifyColumn *column = &table->columns[i];

		(void) fprintf(out, "%s%s", comma, side == VERIFY_SOURCE ? column->source : column->target);
		comma = ", ";
	}
	for (uint16_t i = 0; detail && i < table->column_count; i++)
	{
		const VerifyColumn *column = &table->columns[i];

		if (column->array)
			(void) fprintf(out, ", (%s)::pg_catalog.text",
						   side == VERIFY_SOURCE ? column->source : column->target);
	}
	for (uint16_t i = 0; detail && i < table->key_count; i++)
	{
		const VerifyColumn *column = &table->columns[table->key[i]];

		(void) fprintf(out, ", (%s)::pg_catalog.text",
					   side == VERIFY_SOURCE ? column->source : column->target);
	}
}

static void
write_where(FILE *out, const VerifyRange *range, VerifySide side)
{
	const VerifyTable *table = range->table;

	(void) fprintf(out, " WHERE (%s)",
				   side == VERIFY_SOURCE && table->filter != NULL ? table->filter : "true");
	if (range->from != NULL)
		(void) fprintf(out, " AND (%s) >= %s", table->key_list, range->from);
	if (range->to != NULL)
		(void) fprintf(out, " AND (%s) < %s", table->key_list, range->to);
}

bool
verify_scan_send(PgConnection *c, const VerifyRange *range, VerifySide side, bool detail,
				 SluiceError *err)
{
	char *sql = NULL;
	size_t size;
	FILE *out = open_memstream(&sql, &size);
	bool good;

	if (out == NULL)
		return fail_memory(err);
	(void) fputs("COPY (SELECT ", out);
	write_columns(out, range->table, side, detail);
	(void) fprintf(out, " FROM %s",
				   side == VERIFY_SOURCE ? range->table->from_source : range->table->from_target);
	write_where(out, range, side);
	(void) fputs(") TO STDOUT (FORMAT binary)", out);
	good = fclose(out) == 0 || fail_memory(err);
	good = good && (PQsendQuery(c->conn, sql) == 1 || pg_fail_lost(c, err)) && pg_flush(c, err);
	free(sql);
	return good;
}

/* SELECT of a key's values as texts. */
static void
write_bound(FILE *out, const VerifyTable *table, const char *from, int64_t rows)
{
	(void) fputs("SELECT ", out);
	for (uint16_t i = 0; i < table->key_count; i++)
		(void) fprintf(out, "%s%s::pg_catalog.text", i > 0 ? ", " : "",
					   table->columns[table->key[i]].name);
	(void) fprintf(out, " FROM %s AS t", table->from_source);
	if (from != NULL)
		(void) fprintf(out, " WHERE (%s) >= %s", table->key_list, from);
	(void) fputs(" ORDER BY ", out);
	/* With the table's name before it: alone it would be that of the text above. */
	for (uint16_t i = 0; i < table->key_count; i++)
		(void) fprintf(out, "%st.%s", i > 0 ? ", " : "", table->columns[table->key[i]].name);
	(void) fprintf(out, " OFFSET %lld LIMIT 1", (long long) rows);
}

/* "('1', 'a')" of a row of texts. */
static char *
format_bound(PgConnection *c, const PGresult *row)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; out != NULL && i < PQnfields(row); i++)
	{
		char *value =
			PQescapeLiteral(c->conn, PQgetvalue(row, 0, i), (size_t) PQgetlength(row, 0, i));

		(void) fprintf(out, "%s%s", i > 0 ? ", " : "(", value != NULL ? value : "");
		PQfreemem(value);
	}
	if (out == NULL)
		return NULL;
	(void) fputc(')', out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

bool
verify_scan_bound(PgConnection *source, const VerifyTable *table, const char *from, int64_t rows,
				  char **to, SluiceError *err)
{
	char *sql = NULL;
	size_t size;
	FILE *out = open_memstream(&sql, &size);
	PGresult *result = NULL;
	bool good;

	*to = NULL;
	if (out == NULL)
		return fail_memory(err);
	write_bound(out, table, from, rows);
	good = (fclose(out) == 0 || fail_memory(err)) && pg_query(source, &result, err, "%s", sql);
	if (good && PQntuples(result) == 1)
	{
		*to = format_bound(source, result);
		good = *to != NULL || fail_memory(err);
	}
	PQclear(result);
	free(sql);
	return good;
}

/* ---- COPY ---- */

static bool
begin_copy(PgConnection *c, SluiceError *err)
{
	PGresult *result;
	bool good;

	if (!pg_take(c, &result, err))
		return false;
	good = PQresultStatus(result) == PGRES_COPY_OUT;
	if (!good)
		(void) pg_fail_result(c, result, err);
	PQclear(result);
	return good;
}

/* The next message; *length is -1 when there are no more. */
static bool
next_message(PgConnection *c, char **message, int *length, SluiceError *err)
{
	while ((*length = PQgetCopyData(c->conn, message, 1)) == 0)
	{
		if (!pg_wait(c, err))
			return false;
	}
	return *length != -2 || pg_fail_lost(c, err);
}

typedef bool (*TakeTuple)(void *context, const uint8_t *tuple, size_t length, SluiceError *err);

/* Each message is one tuple, the first has the header before it, the last is no tuple. */
static bool
take_tuples(PgConnection *c, TakeTuple take, void *context, SluiceError *err)
{
	bool first = true, good = begin_copy(c, err);

	while (good)
	{
		char *message = NULL;
		int length;
		const uint8_t *at;
		size_t left;

		good = next_message(c, &message, &length, err);
		if (!good || length == -1)
			break;
		at = (const uint8_t *) message;
		left = (size_t) length;
		if (first &&
			(left < COPY_HEADER || memcmp(at, copy_signature, sizeof(copy_signature)) != 0))
			good = sluice_fail(err, SLUICE_ERROR_CORRUPT, "COPY without its header");
		else if (first)
		{
			at += COPY_HEADER;
			left -= COPY_HEADER;
		}
		first = false;
		if (good && left >= 2 && load_u16(at) != UINT16_MAX)
			good = take(context, at, left, err);
		PQfreemem(message);
	}
	return good && pg_take_all(c, NULL, err);
}

static bool
sum_tuple(void *context, const uint8_t *tuple, size_t length, SluiceError *err)
{
	(void) err;
	row_sum_add(context, row_hash(tuple, length));
	return true;
}

bool
verify_scan_sum(PgConnection *c, RowSum *sum, SluiceError *err)
{
	*sum = (RowSum){0};
	return take_tuples(c, sum_tuple, sum, err);
}

/* ---- rows with their keys ---- */

typedef struct Detail
{
	const VerifyTable *table;
	VerifyTakeRow take;
	void *context;
	ByteBuf loose; /* fields without arrays, then arrays as text */
} Detail;

/* A field with its length, as it stands in the tuple. */
static bool
next_field(ByteCursor *cursor, const uint8_t **field, size_t *length, SluiceError *err)
{
	const uint8_t *data;
	uint32_t bytes;

	*field = cursor->at;
	if (!cursor_u32(cursor, &bytes, err) ||
		(bytes != NO_VALUE && !cursor_take(cursor, bytes, &data, err)))
		return false;
	*length = (size_t) (cursor->at - *field);
	return true;
}

static bool
put_fields(Detail *detail, ByteCursor *cursor, SluiceError *err)
{
	const uint8_t *field;
	size_t length;

	for (uint16_t i = 0; i < detail->table->column_count; i++)
	{
		if (!next_field(cursor, &field, &length, err) ||
			(!detail->table->columns[i].array && !bytebuf_put(&detail->loose, field, length, err)))
			return false;
	}
	return true;
}

static bool
put_arrays(Detail *detail, ByteCursor *cursor, SluiceError *err)
{
	const uint8_t *field;
	size_t length;

	for (uint16_t i = 0; i < detail->table->column_count; i++)
	{
		if (detail->table->columns[i].array && (!next_field(cursor, &field, &length, err) ||
												!bytebuf_put(&detail->loose, field, length, err)))
			return false;
	}
	return true;
}

static bool
take_detail(void *context, const uint8_t *tuple, size_t length, SluiceError *err)
{
	Detail *detail = context;
	ByteCursor cursor = {tuple + 2, tuple + length};
	RowImage row;

	detail->loose.length = 0;
	if (!put_fields(detail, &cursor, err))
		return false;
	row.exact = row_hash(tuple + 2, (size_t) (cursor.at - (tuple + 2)));
	if (!put_arrays(detail, &cursor, err))
		return false;
	row.loose = row_hash(detail->loose.data, detail->loose.length);
	row.key = cursor.at;
	row.key_length = (size_t) (cursor.end - cursor.at);
	return detail->take(detail->context, &row, err);
}

bool
verify_scan_rows(PgConnection *c, const VerifyTable *table, VerifyTakeRow take, void *context,
				 SluiceError *err)
{
	Detail detail = {.table = table, .take = take, .context = context};
	bool good;

	bytebuf_init(&detail.loose, &allocator_malloc, (size_t) 2 << 30);
	good = take_tuples(c, take_detail, &detail, err);
	bytebuf_free(&detail.loose);
	return good;
}

/* ---- keys ---- */

char *
verify_key_text(PgConnection *c, const uint8_t *key, size_t length, bool plain)
{
	ByteCursor cursor = {key, key + length};
	char *text = NULL;
	size_t size, bytes;
	const uint8_t *field;
	FILE *out = open_memstream(&text, &size);
	bool first = true;

	if (out == NULL)
		return NULL;
	(void) fputc('(', out);
	while (cursor.at < cursor.end && next_field(&cursor, &field, &bytes, NULL))
	{
		const char *value = (const char *) field + 4;
		char *literal = plain ? NULL : PQescapeLiteral(c->conn, value, bytes - 4);

		(void) fputs(first ? "" : ", ", out);
		if (literal != NULL)
			(void) fputs(literal, out);
		else
			(void) fwrite(value, 1, bytes - 4, out);
		PQfreemem(literal);
		first = false;
	}
	(void) fputc(')', out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}
