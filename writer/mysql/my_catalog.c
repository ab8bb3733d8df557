/*
 * my_catalog.c - reading a table's definition at the target (my_catalog.h).
 */
#include "my_catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mysql/my_sql.h"
#include "my_value.h"

/* Places in what columns_sql gives. */
enum
{
	AT_NAME,
	AT_TYPE,
	AT_FULL_TYPE,
	AT_CHARSET,
	AT_COLLATION,
	AT_NULLABLE,
	AT_COMPUTED,
	AT_SETS_ITSELF
};

#define WHERE_TABLE " WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"

static const char table_sql[] =
	"SELECT t.TABLE_TYPE, IFNULL(t.ENGINE, ''), IFNULL(e.TRANSACTIONS, 'NO')"
	" FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = "
	"t.ENGINE"
	" WHERE t.TABLE_SCHEMA = %s AND t.TABLE_NAME = %s";

static const char columns_sql[] =
	"SELECT COLUMN_NAME, LOWER(DATA_TYPE), COLUMN_TYPE, IFNULL(CHARACTER_SET_NAME, ''),"
	" IFNULL(COLLATION_NAME, ''), IS_NULLABLE = 'YES', IFNULL(GENERATION_EXPRESSION, '') <> '',"
	" EXTRA LIKE '%%on update%%'"
	" FROM information_schema.COLUMNS" WHERE_TABLE;

/* A column whose index has only a part of it gives no key; an expression has no name. */
static const char keys_sql[] =
	"SELECT INDEX_NAME, IF(SUB_PART IS NULL, IFNULL(COLUMN_NAME, ''), ''), IFNULL(COLUMN_NAME, '')"
	" FROM information_schema.STATISTICS" WHERE_TABLE
	" AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX";

/* MariaDB's JSON is text with such a check. */
static const char json_sql[] =
	"SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS"
	" WHERE CONSTRAINT_SCHEMA = %s AND TABLE_NAME = %s AND CHECK_CLAUSE LIKE 'json\\_valid(%%'";

/* What a description is made from. */
typedef struct Reading
{
	MyConnection *c;
	char *database, *table; /* as literals */
	MYSQL_RES *columns, *json, *keys;
} Reading;

static bool
fail_memory(SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table's definition");
}

static char *
literal(const char *text)
{
	ByteBuf out;
	char *copy = NULL;

	bytebuf_init(&out, &allocator_malloc, SIZE_MAX);
	if (my_put_text(&out, text, strlen(text), NULL))
		copy = strndup((const char *) out.data, out.length);
	bytebuf_free(&out);
	return copy;
}

/* ---- the table ---- */

static bool
judge_table(const Table *table, MYSQL_RES *result, SluiceError *err)
{
	MYSQL_ROW row = mysql_fetch_row(result);

	if (row == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "there is no table %s at the target",
						   table->name);
		return sluice_hint(err, "make it, and grant the writer's user INSERT, UPDATE, DELETE and "
								"SELECT on it; the writer then goes on by itself");
	}
	if (strcmp(row[2], "YES") == 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_DATA, "table %s: %s%s at the target has no transactions",
					   table->name, *row[1] != '\0' ? "the engine " : "a ",
					   *row[1] != '\0' ? row[1] : row[0]);
	return sluice_hint(err, "ALTER TABLE ... ENGINE = InnoDB; the writer then goes on by itself");
}

static bool
find_table(Reading *reading, const Table *table, SluiceError *err)
{
	MYSQL_RES *result;
	bool good;

	if (!my_query(reading->c, &result, err, table_sql, reading->database, reading->table))
		return false;
	good = judge_table(table, result, err);
	mysql_free_result(result);
	return good;
}

/* ---- columns ---- */

static MYSQL_ROW
find_column(MYSQL_RES *columns, const char *name)
{
	MYSQL_ROW row;

	mysql_data_seek(columns, 0);
	while ((row = mysql_fetch_row(columns)) != NULL)
	{
		if (strcmp(row[AT_NAME], name) == 0)
			return row;
	}
	return NULL;
}

static bool
is_json(MYSQL_RES *json, const MyColumn *column)
{
	MYSQL_ROW row;
	char clause[300];

	if (strcmp(column->type, "json") == 0)
		return true;
	if (json == NULL)
		return false;
	(void) snprintf(clause, sizeof(clause), "json_valid(%s)", column->name);
	mysql_data_seek(json, 0);
	while ((row = mysql_fetch_row(json)) != NULL)
	{
		if (strcasecmp(row[0], clause) == 0)
			return true;
	}
	return false;
}

static bool
read_column(MyColumn *out, MYSQL_ROW row, MYSQL_RES *json, SluiceError *err)
{
	out->type = strdup(row[AT_TYPE]);
	out->full_type = strdup(row[AT_FULL_TYPE]);
	out->charset = strdup(row[AT_CHARSET]);
	out->collation = strdup(row[AT_COLLATION]);
	if (out->type == NULL || out->full_type == NULL || out->charset == NULL ||
		out->collation == NULL)
		return fail_memory(err);
	out->nullable = *row[AT_NULLABLE] == '1';
	out->written = *row[AT_COMPUTED] != '1';
	out->sets_itself = *row[AT_SETS_ITSELF] == '1';
	out->json = is_json(json, out);
	return true;
}

static LossPolicy
policy_of(const MyConnection *c, const BundleRelation *relation, const BundleColumn *column)
{
	const TypeColumn what = {
		.schema = relation->schema,
		.table = relation->name,
		.name = column->name,
		.type_name = column->type_name,
		.canon = (CanonType) column->canon,
		.element = (CanonType) column->element,
	};

	return type_rules_policy(my_settings(c)->types, &what);
}

static bool
fail_column(const char *name, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "there is no column %s at the target", name);
	return sluice_hint(err, "add it; the writer then goes on by itself");
}

static bool
is_key_column(const Table *table, const char *name)
{
	for (uint16_t i = 0; i < table->key_count; i++)
	{
		if (strcmp(table->relation->columns[table->key[i]].name, name) == 0)
			return true;
	}
	return false;
}

/* Whether a unique key there has the column, or a part of it. */
static bool
is_unique(MYSQL_RES *keys, const char *name)
{
	MYSQL_ROW row;

	mysql_data_seek(keys, 0);
	while ((row = mysql_fetch_row(keys)) != NULL)
	{
		if (strcasecmp(row[2], name) == 0)
			return true;
	}
	return false;
}

/* A computed column is not written, but may be part of the key. */
static bool
set_column(const Reading *reading, MyColumn *out, const Table *table, uint16_t place,
		   SluiceError *err)
{
	const BundleRelation *relation = table->relation;
	const BundleColumn *column = &relation->columns[place];
	MYSQL_ROW row = find_column(reading->columns, column->name);
	bool computed = (column->flags & COLUMN_GENERATED) != 0;

	out->name = my_name(column->name);
	if (out->name == NULL)
		return fail_memory(err);
	if (row == NULL)
		return computed || fail_column(column->name, err);
	if (!read_column(out, row, reading->json, err))
		return false;
	out->written &= !computed;
	out->identifies = is_key_column(table, column->name) || is_unique(reading->keys, column->name);
	out->converter = my_converter_choose(column, out, policy_of(reading->c, relation, column), err);
	return out->converter != NULL;
}

static bool
set_columns(const Reading *reading, MyTable *out, const Table *table, SluiceError *err)
{
	const BundleRelation *relation = table->relation;

	out->column_count = relation->column_count;
	out->columns = calloc((size_t) relation->column_count + 1, sizeof(*out->columns));
	if (out->columns == NULL)
		return fail_memory(err);
	for (uint16_t i = 0; i < relation->column_count; i++)
	{
		if (!set_column(reading, &out->columns[i], table, i, err))
			return sluice_prefix(err, "table %s", table->name);
		out->written = (uint16_t) (out->written + out->columns[i].written);
	}
	for (uint16_t i = 0; i < table->key_count; i++)
		out->columns[table->key[i]].key = true;
	return true;
}

/* ---- keys ---- */

/* Of the unique keys, each a run of rows, one may be that of the table. */
static void
judge_keys(Table *table, MyTable *out, MYSQL_RES *keys)
{
	MYSQL_ROW row;

	mysql_data_seek(keys, 0);
	row = mysql_fetch_row(keys);
	while (row != NULL)
	{
		char name[300];
		uint16_t columns = 0;
		bool same = true;

		(void) snprintf(name, sizeof(name), "%s", row[0]);
		for (; row != NULL && strcmp(row[0], name) == 0; row = mysql_fetch_row(keys))
		{
			columns++;
			same &= is_key_column(table, row[1]);
		}
		if (same && columns == table->key_count)
			table->keyed = true;
		else
			out->other_keys = true;
	}
}

static void
find_key(const Reading *reading, Table *table, MyTable *out)
{
	table->keyed = false;
	table->fixed = false;
	judge_keys(table, out, reading->keys);
	for (uint16_t i = 0; i < table->key_count; i++)
		table->keyed &= out->columns[table->key[i]].converter != NULL;
}

/* ---- the whole ---- */

/* Only text can be MariaDB's JSON: looking for it is not cheap in a database of many tables. */
static bool
find_json(Reading *reading, SluiceError *err)
{
	MYSQL_ROW row;
	bool text = false;

	if (reading->c->flavour == MY_MYSQL)
		return true;
	while ((row = mysql_fetch_row(reading->columns)) != NULL)
		text |= strcmp(row[AT_TYPE], "longtext") == 0;
	return !text ||
		   my_query(reading->c, &reading->json, err, json_sql, reading->database, reading->table);
}

static bool
read_all(Reading *reading, Table *table, MyTable *out, SluiceError *err)
{
	const BundleRelation *relation = table->relation;
	const char *database = my_database_of(relation->schema, reading->c->uri.database);

	out->name = my_table_name(database, relation->name);
	reading->database = literal(database);
	reading->table = literal(relation->name);
	if (out->name == NULL || reading->database == NULL || reading->table == NULL)
		return fail_memory(err);
	if (!find_table(reading, table, err) ||
		!my_query(reading->c, &reading->columns, err, columns_sql, reading->database,
				  reading->table) ||
		!my_query(reading->c, &reading->keys, err, keys_sql, reading->database, reading->table) ||
		!find_json(reading, err) || !set_columns(reading, out, table, err))
		return false;
	find_key(reading, table, out);
	return true;
}

MyTable *
my_describe(MyConnection *c, Table *table, SluiceError *err)
{
	Reading reading = {.c = c};
	MyTable *out = calloc(1, sizeof(*out));
	bool good = out != NULL ? read_all(&reading, table, out, err) : fail_memory(err);

	mysql_free_result(reading.columns);
	mysql_free_result(reading.json);
	mysql_free_result(reading.keys);
	free(reading.database);
	free(reading.table);
	if (good)
		return out;
	my_table_free(out);
	return NULL;
}

void
my_table_free(MyTable *table)
{
	if (table == NULL)
		return;
	for (uint16_t i = 0; table->columns != NULL && i < table->column_count; i++)
	{
		MyColumn *column = &table->columns[i];

		free(column->name);
		free(column->type);
		free(column->full_type);
		free(column->charset);
		free(column->collation);
		my_converter_free(column->converter);
	}
	free(table->columns);
	free(table->name);
	free(table);
}
