/*
 * preflight.c - the aggregate query of a table, and what its answer means (preflight.h).
 *
 * Each column that is looked at gives one value of the answer, in the columns' order.
 */
#include "preflight.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/schema_shape.h"
#include "common/mysql/my_sql.h"

#define QUERY_MAXIMUM ((size_t) 4 << 20)
#define COLUMN		  '@' /* where the column's name stands in a question */

/* What is asked of a column, and where the answer goes. */
typedef struct Look
{
	const char *question;
	void (*take)(SchemaScan *scan, const char *answer);
	bool alone; /* worth reading a table for */
} Look;

/* ---- answers ---- */

/* Of sums over rows that are not as is hoped. */
static bool
is_none(const char *answer)
{
	return answer == NULL || strcmp(answer, "0") == 0;
}

static void
take_boolean(SchemaScan *scan, const char *answer)
{
	scan->only_boolean = is_none(answer);
}

static void
take_day(SchemaScan *scan, const char *answer)
{
	scan->within_day = is_none(answer);
}

static void
take_dates(SchemaScan *scan, const char *answer)
{
	scan->zero_dates = !is_none(answer);
}

static void
take_longest(SchemaScan *scan, const char *answer)
{
	scan->longest = answer != NULL ? strtoll(answer, NULL, 10) : 0;
}

/* A comparison with NULL is NULL, which a sum passes over. */
static const Look look_boolean = {"SUM(@ NOT IN (0, 1))", take_boolean, true};
static const Look look_day = {"SUM(@ NOT BETWEEN '00:00:00' AND '24:00:00')", take_day, true};
static const Look look_dates = {"SUM(MONTH(@) = 0 OR DAYOFMONTH(@) = 0)", take_dates, false};
static const Look look_characters = {"MAX(CHAR_LENGTH(@))", take_longest, true};
static const Look look_bytes = {"MAX(LENGTH(@))", take_longest, true};

/* ---- questions ---- */

/* Of a part of an index that has not the whole value, or need not have. */
static bool
is_indexed_in_part(const SchemaTable *table, const SchemaColumn *column)
{
	bool large =
		strstr(column->type_name, "text") != NULL || strstr(column->type_name, "blob") != NULL;

	for (size_t i = 0; i < table->index_count; i++)
	{
		const SchemaIndex *index = &table->indexes[i];

		for (size_t j = 0; j < index->column_count; j++)
		{
			const SchemaIndexColumn *part = &index->columns[j];

			if (part->name != NULL && strcmp(part->name, column->name) == 0 &&
				(part->length > 0 || large) && strcmp(index->method, "fulltext") != 0)
				return true;
		}
	}
	return false;
}

/* What is to be asked of a column; NULL for nothing. */
static const Look *
look_of(const SchemaTable *table, const SchemaColumn *column)
{
	switch (column->canon)
	{
		case CANON_INT16:
			return strcmp(column->type_name, "tinyint(1)") == 0 ? &look_boolean : NULL;
		case CANON_INTERVAL: return &look_day;
		case CANON_DATE:
		case CANON_TIMESTAMP:
		case CANON_TIMESTAMPTZ: return column->not_null ? &look_dates : NULL;
		case CANON_TEXT: return is_indexed_in_part(table, column) ? &look_characters : NULL;
		case CANON_BYTES: return is_indexed_in_part(table, column) ? &look_bytes : NULL;
		default: return NULL;
	}
}

bool
preflight_needs(const SchemaTable *table)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		const Look *look = look_of(table, &table->columns[i]);

		if (look != NULL && look->alone)
			return true;
	}
	return false;
}

static bool
put_question(ByteBuf *query, const Look *look, const char *name, SluiceError *err)
{
	for (const char *at = look->question; *at != '\0'; at++)
	{
		if (*at == COLUMN ? !my_put_name(query, name, err)
						  : !bytebuf_put_u8(query, (uint8_t) *at, err))
			return false;
	}
	return true;
}

static bool
put_query(ByteBuf *query, const SchemaTable *table, SluiceError *err)
{
	const char *before = "SELECT ";

	for (size_t i = 0; i < table->column_count; i++)
	{
		const Look *look = look_of(table, &table->columns[i]);

		if (look == NULL)
			continue;
		if (!my_put_word(query, before, err) ||
			!put_question(query, look, table->columns[i].name, err))
			return false;
		before = ", ";
	}
	return my_put_word(query, " FROM ", err) &&
		   my_put_table(query, table->schema, table->name, err);
}

/* ---- the scan ---- */

static bool
take_answers(SchemaDocument *document, SchemaTable *table, char *const *answers, SluiceError *err)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		SchemaColumn *column = &table->columns[i];
		const Look *look = look_of(table, column);

		if (look == NULL)
			continue;
		column->scan = schema_document_room(document, sizeof(*column->scan), err);
		if (column->scan == NULL)
			return false;
		*column->scan = (SchemaScan){.longest = -1, .integer_digits = -1, .fraction_digits = -1};
		look->take(column->scan, *answers++);
	}
	return true;
}

static bool
run_query(MyConnection *c, SchemaDocument *document, SchemaTable *table, const ByteBuf *query,
		  SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good;

	if (!my_query(c, &result, err, "%.*s", (int) query->length, (const char *) query->data))
		return false;
	row = mysql_fetch_row(result);
	good = row == NULL || take_answers(document, table, row, err);
	mysql_free_result(result);
	return good;
}

bool
preflight_scan_table(MyConnection *c, SchemaDocument *document, SchemaTable *table,
					 SluiceError *err)
{
	ByteBuf query;
	bool good;

	if (!preflight_needs(table))
		return true;
	bytebuf_init(&query, &allocator_malloc, QUERY_MAXIMUM);
	good = put_query(&query, table, err) && run_query(c, document, table, &query, err);
	bytebuf_free(&query);
	return good || sluice_prefix(err, "table %s.%s", table->schema, table->name);
}

bool
preflight_scan(MyConnection *c, SchemaDocument *document, SluiceError *err)
{
	for (size_t i = 0; i < document->table_count; i++)
	{
		if (!preflight_scan_table(c, document, &document->tables[i], err))
			return false;
	}
	return true;
}
