/*
 * verify_table.c - reading what is to be compared from the catalogs (verify_table.h).
 */
#include "verify_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum
{
	COLUMN_NAME,
	COLUMN_QUOTED,
	COLUMN_TYPE,
	COLUMN_MODIFIER,
	COLUMN_TYPE_NAME,
	COLUMN_BINARY,
	COLUMN_CATEGORY,
	COLUMN_COMPUTED
};

/*
 * A column's base type, and whether its binary form means the same at every server: that of a
 * built-in type does, unless it is the oid of something.  To be completed by attgenerated, which
 * came with PostgreSQL 12.
 */
static const char columns_sql[] =
	"WITH RECURSIVE base(number, oid, modifier) AS ("
	" SELECT attnum, atttypid, atttypmod FROM pg_catalog.pg_attribute"
	"  WHERE attrelid = $1::pg_catalog.oid AND attnum > 0 AND NOT attisdropped"
	" UNION ALL"
	" SELECT b.number, t.typbasetype, t.typtypmod FROM base b JOIN pg_catalog.pg_type t"
	"  ON t.oid = b.oid WHERE t.typtype = 'd')"
	" SELECT a.attname, pg_catalog.quote_ident(a.attname), t.oid, b.modifier,"
	" pg_catalog.format_type(t.oid, b.modifier),"
	" t.oid < 16384 AND t.typsend <> 0 AND t.typname !~ '^_?reg', t.typcategory, %s <> ''"
	" FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd'"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::pg_catalog.oid AND a.attnum = b.number"
	" ORDER BY a.attnum";

/* Keys that a range of rows can be told by, the best first: a row for each of their columns. */
static const char keys_sql[] =
	"SELECT i.indexrelid, pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_index i"
	" JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
	" JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'"
	" CROSS JOIN LATERAL pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(number, place)"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number"
	" WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indisvalid"
	" AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts"
	" AND NOT EXISTS (SELECT FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS n(number, place)"
	"  JOIN pg_catalog.pg_attribute b ON b.attrelid = i.indrelid AND b.attnum = n.number"
	"  WHERE n.place <= i.indnkeyatts AND NOT b.attnotnull)"
	" ORDER BY i.indisprimary DESC, i.indisreplident DESC, i.indexrelid, k.place";

/* Where the tables are that hold the rows: of a partitioned table all of its leaves. */
static const char file_sql[] =
	"WITH RECURSIVE part(oid) AS (SELECT $1::pg_catalog.oid UNION ALL"
	" SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid)"
	" SELECT pg_catalog.string_agg(pg_catalog.concat_ws('.', p.oid,"
	" pg_catalog.pg_relation_filenode(p.oid)), ' ' ORDER BY p.oid) FROM part p";

static bool
fail_memory(SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table's definition");
}

/* Always true: the table is told to be broken, the others go on. */
static bool SLUICE_PRINTF(2, 3) break_table(VerifyTable *table, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	free(table->trouble);
	if (vasprintf(&table->trouble, format, arguments) < 0)
		table->trouble = NULL;
	va_end(arguments);
	table->verdict = VERIFY_BROKEN;
	return true;
}

bool
verify_table_failed(const SluiceError *err)
{
	return err->code == SLUICE_ERROR_DENIED || err->code == SLUICE_ERROR_NOT_FOUND ||
		   err->code == SLUICE_ERROR_DATA;
}

void
verify_table_note(VerifyTable *table, const SluiceError *err)
{
	free(table->trouble);
	table->trouble = strdup(err->message);
}

void
verify_table_break(VerifyTable *table, const SluiceError *err)
{
	verify_table_note(table, err);
	table->verdict = VERIFY_BROKEN;
}

/* ---- which tables ---- */

static char *
copy_value(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? NULL : strdup(PQgetvalue(result, row, column));
}

static bool
is_wanted(const VerifyTable *table, char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(names[i], table->name) == 0 || strcmp(names[i], table->plain) == 0)
			return true;
	}
	return count == 0;
}

static bool
check_names(const VerifyTables *tables, char *const *names, size_t count, SluiceError *err)
{
	for (size_t i = 0; i < count; i++)
	{
		bool found = false;

		for (size_t k = 0; k < tables->count; k++)
			found |= is_wanted(&tables->items[k], &names[i], 1);
		if (found)
			continue;
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--tables: the stream has no table %s",
						   names[i]);
		return sluice_hint(err, "name tables as schema.name, as the stream publishes them: "
								"partitions or their root");
	}
	return true;
}

static void
table_free(VerifyTable *table)
{
	char *const texts[] = {table->name,		   table->plain,		  table->from_source,
						   table->from_target, table->columns_listed, table->filter,
						   table->key_list,	   table->source_file,	  table->target_file,
						   table->bound,	   table->trouble};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		free(table->columns[i].name);
		free(table->columns[i].type);
		free(table->columns[i].source);
		free(table->columns[i].target);
	}
	free(table->columns);
	free(table->key);
	row_differences_free(&table->differences);
}

void
verify_tables_free(VerifyTables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		table_free(&tables->items[i]);
	free(tables->items);
	*tables = (VerifyTables){0};
}

static bool
read_name(VerifyTable *table, const PGresult *result, int row)
{
	*table = (VerifyTable){
		.name = copy_value(result, row, 1),
		.plain = copy_value(result, row, 2),
		.from_source = copy_value(result, row, 3),
		.columns_listed = copy_value(result, row, 4),
		.filter = copy_value(result, row, 5),
	};
	row_differences_init(&table->differences, VERIFY_KEPT);
	(void) snprintf(table->source_oid, sizeof(table->source_oid), "%s", PQgetvalue(result, row, 0));
	return table->name != NULL && table->plain != NULL && table->from_source != NULL;
}

bool
verify_tables_read(VerifyTables *tables, PgConnection *source, char *const *names, size_t count,
				   SluiceError *err)
{
	const char *const values[] = {source->settings->stream};
	PGresult *result = NULL;
	size_t found = 0;
	bool good = true;

	*tables = (VerifyTables){0};
	if (!pg_query_params(source,
						 "SELECT t.relid, pg_catalog.format('%I.%I', schema_name, table_name),"
						 " pg_catalog.format('%s.%s', schema_name, table_name),"
						 " pg_catalog.format(CASE c.relkind WHEN 'p' THEN '%I.%I' ELSE 'ONLY %I.%I'"
						 " END, schema_name, table_name), columns, filter"
						 " FROM sluice.published_tables($1) t"
						 " JOIN pg_catalog.pg_class c ON c.oid = t.relid",
						 1, values, &result, err))
		return sluice_prefix(err, "reading the stream's tables at the source");
	tables->items = calloc((size_t) PQntuples(result) + 1, sizeof(*tables->items));
	good = tables->items != NULL || fail_memory(err);
	for (int i = 0; good && i < PQntuples(result); i++)
	{
		tables->count = (size_t) i + 1;
		good = read_name(&tables->items[i], result, i) || fail_memory(err);
	}
	PQclear(result);
	good = good && check_names(tables, names, count, err);
	for (size_t i = 0; good && i < tables->count; i++)
	{
		if (is_wanted(&tables->items[i], names, count))
			tables->items[found++] = tables->items[i];
		else
			table_free(&tables->items[i]);
	}
	if (good)
		tables->count = found;
	return good;
}

/* ---- the target's table ---- */

static bool
find_target(VerifyTable *table, PgConnection *target, SluiceError *err)
{
	const char *const values[] = {table->name};
	PGresult *result = NULL;
	bool good;

	if (!pg_query_params(target,
						 "SELECT c.oid, c.relkind FROM pg_catalog.pg_class c"
						 " WHERE c.oid = pg_catalog.to_regclass($1)",
						 1, values, &result, err))
		return false;
	if (PQntuples(result) == 0 || strchr("rp", *PQgetvalue(result, 0, 1)) == NULL)
	{
		PQclear(result);
		return break_table(table, "there is no such table at the target");
	}
	(void) snprintf(table->target_oid, sizeof(table->target_oid), "%s", PQgetvalue(result, 0, 0));
	good = asprintf(&table->from_target, "%s%s", *PQgetvalue(result, 0, 1) == 'p' ? "" : "ONLY ",
					table->name) >= 0;
	PQclear(result);
	return good || fail_memory(err);
}

/* ---- columns ---- */

static int
find_column(const PGresult *columns, const char *name)
{
	for (int i = 0; i < PQntuples(columns); i++)
	{
		if (strcmp(PQgetvalue(columns, i, COLUMN_NAME), name) == 0)
			return i;
	}
	return -1;
}

static bool
flag(const PGresult *columns, int row, int column)
{
	return *PQgetvalue(columns, row, column) == 't';
}

static bool
same_field(const PGresult *a, int row_a, const PGresult *b, int row_b, int column)
{
	return strcmp(PQgetvalue(a, row_a, column), PQgetvalue(b, row_b, column)) == 0;
}

static bool
set_column(VerifyColumn *out, const PGresult *source, int s, const PGresult *target, int t)
{
	const char *name = PQgetvalue(source, s, COLUMN_QUOTED);
	bool binary = flag(source, s, COLUMN_BINARY) && flag(target, t, COLUMN_BINARY);
	bool same = same_field(source, s, target, t, COLUMN_TYPE) &&
				same_field(source, s, target, t, COLUMN_MODIFIER);
	int made;

	out->name = strdup(name);
	out->type = strdup(PQgetvalue(source, s, COLUMN_TYPE_NAME));
	out->array = *PQgetvalue(source, s, COLUMN_CATEGORY) == 'A';
	if (!binary)
		made = asprintf(&out->source, "%s::pg_catalog.text", name);
	else if (same)
		made = asprintf(&out->source, "%s", name);
	else
		made = asprintf(&out->source, "%s::%s", name, PQgetvalue(target, t, COLUMN_TYPE_NAME));
	if (made < 0)
		out->source = NULL;
	if (asprintf(&out->target, "%s%s", name, binary ? "" : "::pg_catalog.text") < 0)
		out->target = NULL;
	return out->name != NULL && out->type != NULL && out->source != NULL && out->target != NULL;
}

static bool
set_columns(VerifyTable *table, const PGresult *source, const PGresult *listed,
			const PGresult *target, SluiceError *err)
{
	table->columns = calloc((size_t) PQntuples(source) + 1, sizeof(*table->columns));
	if (table->columns == NULL)
		return fail_memory(err);
	for (int s = 0; s < PQntuples(source); s++)
	{
		const char *name = PQgetvalue(source, s, COLUMN_NAME);
		int t = find_column(target, name);

		if (flag(source, s, COLUMN_COMPUTED) || (listed != NULL && find_column(listed, name) < 0))
			continue;
		if (t < 0)
			return break_table(table, "the target has no column %s", name);
		if (!set_column(&table->columns[table->column_count++], source, s, target, t))
			return fail_memory(err);
	}
	return true;
}

static bool
read_columns(PgConnection *c, const char *oid, PGresult **result, SluiceError *err)
{
	char sql[sizeof(columns_sql) + 16];

	(void) snprintf(sql, sizeof(sql), columns_sql, c->version >= 120000 ? "a.attgenerated" : "''");
	return pg_query_params(c, sql, 1, &oid, result, err);
}

/* ---- the key ---- */

static VerifyColumn *
column_of(VerifyTable *table, const char *quoted)
{
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		if (strcmp(table->columns[i].name, quoted) == 0)
			return &table->columns[i];
	}
	return NULL;
}

/* Rows [first, end) are of one key: takes it when all of its columns are compared. */
static bool
take_key(VerifyTable *table, const PGresult *keys, int first, int end)
{
	FILE *out;
	char *text = NULL;
	size_t size;

	for (int i = first; i < end; i++)
	{
		if (column_of(table, PQgetvalue(keys, i, 1)) == NULL)
			return true;
	}
	table->key = calloc((size_t) table->column_count, sizeof(*table->key));
	out = open_memstream(&text, &size);
	for (int i = first; table->key != NULL && out != NULL && i < end; i++)
	{
		VerifyColumn *column = column_of(table, PQgetvalue(keys, i, 1));

		column->key = true;
		table->key[table->key_count++] = (uint16_t) (column - table->columns);
		(void) fprintf(out, "%s%s", i > first ? ", " : "", column->name);
	}
	if (out == NULL || fclose(out) != 0)
		return false;
	table->key_list = text;
	return table->key != NULL;
}

static bool
set_key(VerifyTable *table, PgConnection *source, SluiceError *err)
{
	const char *const values[] = {table->source_oid};
	PGresult *keys = NULL;
	bool good;

	if (!pg_query_params(source, keys_sql, 1, values, &keys, err))
		return false;
	good = true;
	for (int first = 0, end = 0; good && table->key_count == 0 && first < PQntuples(keys);
		 first = end)
	{
		while (end < PQntuples(keys) && same_field(keys, first, keys, end, 0))
			end++;
		good = take_key(table, keys, first, end);
	}
	PQclear(keys);
	return good || fail_memory(err);
}

/* Ranges mean the same at both sides when both order the key's values alike. */
static void
set_walk(VerifyTable *table, const PGresult *source, const PGresult *target)
{
	table->walked = table->key_count > 0;
	for (int s = 0; s < PQntuples(source); s++)
	{
		VerifyColumn *column = column_of(table, PQgetvalue(source, s, COLUMN_QUOTED));

		if (column != NULL && column->key)
			table->walked &= same_field(source, s, target,
										find_column(target, PQgetvalue(source, s, COLUMN_NAME)),
										COLUMN_CATEGORY);
	}
}

/* ---- all of it ---- */

static bool
read_file(PgConnection *c, const char *oid, char **file, SluiceError *err)
{
	PGresult *result = NULL;

	if (!pg_query_params(c, file_sql, 1, &oid, &result, err))
		return false;
	*file = strdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return *file != NULL || fail_memory(err);
}

static bool
read_listed(const VerifyTable *table, PgConnection *c, PGresult **listed, SluiceError *err)
{
	const char *const values[] = {table->columns_listed};

	return table->columns_listed == NULL ||
		   pg_query_params(c, "SELECT pg_catalog.unnest($1::pg_catalog.text[])", 1, values, listed,
						   err);
}

bool
verify_table_describe(VerifyTable *table, PgConnection *source, PgConnection *target,
					  SluiceError *err)
{
	PGresult *at_source = NULL, *at_target = NULL, *listed = NULL;
	bool good = find_target(table, target, err);

	if (good && table->verdict != VERIFY_BROKEN)
	{
		good = read_columns(source, table->source_oid, &at_source, err) &&
			   read_listed(table, source, &listed, err) &&
			   read_columns(target, table->target_oid, &at_target, err) &&
			   set_columns(table, at_source, listed, at_target, err) &&
			   set_key(table, source, err) &&
			   read_file(source, table->source_oid, &table->source_file, err) &&
			   read_file(target, table->target_oid, &table->target_file, err);
		if (good && table->verdict != VERIFY_BROKEN)
			set_walk(table, at_source, at_target);
	}
	PQclear(at_source);
	PQclear(at_target);
	PQclear(listed);
	if (!good && verify_table_failed(err))
	{
		verify_table_break(table, err);
		return true;
	}
	return good || sluice_prefix(err, "table %s", table->name);
}

bool
verify_table_rewritten(const VerifyTable *table, PgConnection *source, PgConnection *target,
					   bool *rewritten, SluiceError *err)
{
	char *at_source = NULL, *at_target = NULL;
	bool good = read_file(source, table->source_oid, &at_source, err) &&
				read_file(target, table->target_oid, &at_target, err);

	*rewritten = good && (strcmp(at_source, table->source_file) != 0 ||
						  strcmp(at_target, table->target_file) != 0);
	free(at_source);
	free(at_target);
	return good;
}

void
verify_table_reset(VerifyTable *table)
{
	row_differences_free(&table->differences);
	row_differences_init(&table->differences, VERIFY_KEPT);
	free(table->bound);
	table->bound = NULL;
	table->begun = table->ended = false;
	table->ranges = 0;
	table->source = table->target = (RowSum){0};
	if (table->verdict != VERIFY_BROKEN)
		table->verdict = VERIFY_EQUAL;
}
