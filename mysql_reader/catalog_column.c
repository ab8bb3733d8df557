/*
 * catalog_column.c - columns: information_schema.COLUMNS, and what SHOW CREATE TABLE adds
 * (catalog_parts.h).
 */
#include "catalog_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "column_canon.h"
#include "column_default.h"
#include "common/mysql/my_sql.h"
#include "sql_text.h"

#define BYTES_MAXIMUM ((size_t) 1 << 20)
#define NAME_MAXIMUM  1024

/* Places in what the queries give. */
enum
{
	AT_TABLE,
	AT_NAME,
	AT_TYPE,
	AT_NULLABLE,
	AT_DEFAULT,
	AT_EXTRA,
	AT_EXPRESSION,
	AT_CHARSET,
	AT_COLLATION,
	AT_COMMENT,
	AT_SRID
};

#define COLUMNS                                                                                    \
	"SELECT t.TABLE_NAME, t.COLUMN_NAME, t.COLUMN_TYPE, t.IS_NULLABLE, t.COLUMN_DEFAULT, t.EXTRA," \
	" t.GENERATION_EXPRESSION, t.CHARACTER_SET_NAME, t.COLLATION_NAME, t.COLUMN_COMMENT, "
#define OF_DATABASE                                                                                \
	" FROM information_schema.COLUMNS t WHERE t.TABLE_SCHEMA = %s%s"                               \
	" ORDER BY t.TABLE_NAME, t.ORDINAL_POSITION"

static const char mysql_columns[] = COLUMNS "t.SRS_ID" OF_DATABASE;
static const char mariadb_columns[] = COLUMNS "NULL" OF_DATABASE;

/* ---- parts of a column ---- */

static bool
take_default(Catalog *catalog, SchemaColumn *column, char *const *row)
{
	ColumnDefault found;
	bool good = column_default_read(&found, catalog->mariadb, row[AT_TYPE], row[AT_DEFAULT],
									row[AT_EXTRA], catalog->err);

	column->default_kind = found.kind;
	if (good && found.kind != SCHEMA_DEFAULT_NONE)
		good = (column->default_value =
					catalog_text_of(catalog, found.sql.data, found.sql.length)) != NULL;
	if (good && found.kind == SCHEMA_DEFAULT_LITERAL)
		good = (column->default_literal =
					catalog_text_of(catalog, found.literal.data, found.literal.length)) != NULL;
	column_default_free(&found);
	return good;
}

/* MySQL escapes what MariaDB shows as it is. */
static const char *
expression_text(Catalog *catalog, const char *shown)
{
	const char *text = NULL;
	ByteBuf plain;

	if (catalog->mariadb)
		return catalog_text(catalog, shown);
	bytebuf_init(&plain, &allocator_malloc, BYTES_MAXIMUM);
	if (sql_text_unescape(shown, &plain, catalog->err))
		text = catalog_text_of(catalog, plain.data, plain.length);
	bytebuf_free(&plain);
	return text;
}

static bool
take_generated(Catalog *catalog, SchemaColumn *column, char *const *row)
{
	const char *extra = row[AT_EXTRA];

	if (row[AT_EXPRESSION] == NULL || row[AT_EXPRESSION][0] == '\0' ||
		strcasestr(extra, "GENERATED") == NULL)
		return true;
	column->generated =
		strcasestr(extra, "VIRTUAL") != NULL ? SCHEMA_GENERATED_VIRTUAL : SCHEMA_GENERATED_STORED;
	column->default_kind = SCHEMA_DEFAULT_NONE;
	column->default_value = column->default_literal = NULL;
	column->expression = expression_text(catalog, row[AT_EXPRESSION]);
	return column->expression != NULL;
}

static bool
take_extra(Catalog *catalog, SchemaColumn *column, const char *extra)
{
	size_t length;
	const char *on_update = column_on_update(extra, &length);

	column->auto_increment = strcasestr(extra, "auto_increment") != NULL;
	column->invisible = strstr(extra, "INVISIBLE") != NULL;
	if (on_update == NULL)
		return true;
	column->on_update = catalog_text_of(catalog, on_update, length);
	return column->on_update != NULL;
}

static bool
take_type(Catalog *catalog, SchemaColumn *column, char *const *row)
{
	char name[COLUMN_TYPE_NAME];

	column_type_name(row[AT_TYPE], false, name);
	column->canon = column_canon(row[AT_TYPE], false);
	column->typmod = -1;
	column->type_schema = "";
	column->srid = row[AT_SRID] != NULL ? strtoll(row[AT_SRID], NULL, 10) : -1;
	return (column->type = catalog_text(catalog, row[AT_TYPE])) != NULL &&
		   (column->type_name = catalog_text(catalog, name)) != NULL;
}

/* The time a row of a versioned table came or went: the server's own columns, if they were named. */
static bool
is_period(char *const *row)
{
	return row[AT_EXPRESSION] != NULL && (strcmp(row[AT_EXPRESSION], "ROW START") == 0 ||
										  strcmp(row[AT_EXPRESSION], "ROW END") == 0);
}

/* A text that may be NULL; false only without memory. */
static bool
take_text(Catalog *catalog, const char **to, const char *text)
{
	*to = catalog_text(catalog, text);
	return *to != NULL || text == NULL;
}

static bool
take_column(Catalog *catalog, SchemaTable *table, char *const *row)
{
	SchemaColumn *column;

	if (is_period(row))
		return true;
	table->columns = catalog_add(catalog, table->columns, &table->column_count, sizeof(*column));
	if (table->columns == NULL)
		return false;
	column = &table->columns[table->column_count - 1];
	column->position = (int64_t) table->column_count;
	column->not_null = strcmp(row[AT_NULLABLE], "NO") == 0;
	return take_text(catalog, &column->name, row[AT_NAME]) && take_type(catalog, column, row) &&
		   take_text(catalog, &column->charset, row[AT_CHARSET]) &&
		   take_text(catalog, &column->collation, row[AT_COLLATION]) &&
		   take_text(catalog, &column->comment,
					 row[AT_COMMENT][0] != '\0' ? row[AT_COMMENT] : NULL) &&
		   take_extra(catalog, column, row[AT_EXTRA]) && take_default(catalog, column, row) &&
		   take_generated(catalog, column, row);
}

bool
catalog_read_columns(Catalog *catalog)
{
	return catalog_rows(catalog, catalog->mariadb ? mariadb_columns : mysql_columns, take_column);
}

/* ---- what the table's statement adds ---- */

static bool
has_bytes_default(const SchemaColumn *column)
{
	return column->canon == CANON_BYTES && column->default_kind == SCHEMA_DEFAULT_LITERAL;
}

static bool
has_option(const SchemaTable *table, const char *option)
{
	for (size_t i = 0; i < table->option_count; i++)
	{
		if (strcasecmp(table->options[i], option) == 0)
			return true;
	}
	return false;
}

static bool
needs_statement(const SchemaTable *table)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (has_bytes_default(&table->columns[i]))
			return true;
	}
	return has_option(table, "partitioned");
}

static bool
take_bytes(Catalog *catalog, SchemaColumn *column, const ByteBuf *bytes)
{
	ColumnDefault value = {0};
	bool good;

	bytebuf_init(&value.sql, &allocator_malloc, 2 * BYTES_MAXIMUM);
	bytebuf_init(&value.literal, &allocator_malloc, 2 * BYTES_MAXIMUM);
	good = column_default_bytes(&value, bytes, catalog->err) &&
		   (column->default_value = catalog_text_of(catalog, value.sql.data, value.sql.length)) !=
			   NULL &&
		   (column->default_literal =
				catalog_text_of(catalog, value.literal.data, value.literal.length)) != NULL;
	column_default_free(&value);
	return good;
}

static bool
take_bytes_default(Catalog *catalog, SchemaColumn *column, const char *statement)
{
	ByteBuf bytes;
	bool found, good;

	bytebuf_init(&bytes, &allocator_malloc, BYTES_MAXIMUM);
	good = show_create_default(statement, column->name, &bytes, &found, catalog->err) &&
		   (!found || take_bytes(catalog, column, &bytes));
	bytebuf_free(&bytes);
	return good;
}

static bool
take_statement(Catalog *catalog, SchemaTable *table, const char *statement)
{
	size_t length;
	const char *partitioning = show_create_partitioning(statement, &length);

	if (partitioning != NULL &&
		(table->partitioning = catalog_text_of(catalog, partitioning, length)) == NULL)
		return false;
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (has_bytes_default(&table->columns[i]) &&
			!take_bytes_default(catalog, &table->columns[i], statement))
			return false;
	}
	return true;
}

bool
catalog_statement(Catalog *catalog, SchemaTable *table, StatementTaker take)
{
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;
	ByteBuf name;
	bool good;

	bytebuf_init(&name, &allocator_malloc, NAME_MAXIMUM);
	good = my_put_table(&name, table->schema, table->name, catalog->err) &&
		   my_query(catalog->c, &result, catalog->err, "SHOW CREATE TABLE %.*s", (int) name.length,
					(const char *) name.data);
	if (good && (row = mysql_fetch_row(result)) != NULL && row[1] != NULL)
		good = take(catalog, table, row[1]);
	mysql_free_result(result);
	bytebuf_free(&name);
	return good;
}

bool
catalog_read_statements(Catalog *catalog)
{
	for (size_t i = 0; i < catalog->document->table_count; i++)
	{
		SchemaTable *table = &catalog->document->tables[i];

		if (needs_statement(table) && !catalog_statement(catalog, table, take_statement))
			return sluice_prefix(catalog->err, "table %s.%s", table->schema, table->name);
	}
	return true;
}
