/*
 * pg_sql.c - building statements (pg_sql.h).
 *
 * A row is found by the table's key where the target has a unique key of the same columns.
 * Otherwise it is found by key columns or, without those, by every column, and of several that are
 * alike one is taken: its ctid is looked up first.  Many rows of a table without a key are found by
 * a join of its rows' texts with theirs.
 */
#include "pg_sql.h"

#include <stdio.h>
#include <stdlib.h>

/* A statement while it is written. */
typedef struct SqlText
{
	FILE *out;
	const Table *table;
	const PgTable *at_target;
	PgStatement *statement;
	const char *separator;
} SqlText;

void
pg_statements_free(PgStatement *statement)
{
	while (statement != NULL)
	{
		PgStatement *next = statement->next;

		free(statement->present);
		free(statement->sql);
		free(statement->parameters);
		free(statement->types);
		free(statement);
		statement = next;
	}
}

static bool
is_array(PgStatementKind kind)
{
	return kind == PG_UPDATE_ARRAY || kind == PG_DELETE_ARRAY;
}

static bool
has_image(PgStatementKind kind)
{
	return kind != PG_DELETE && kind != PG_DELETE_ARRAY;
}

static bool
is_present(const PgStatement *statement, uint16_t column)
{
	return statement->present == NULL || statement->present[column] != 0;
}

char *
pg_column_list(const PgTable *table)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *separator = "";

	if (out == NULL)
		return NULL;
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		if (!table->columns[i].written)
			continue;
		(void) fprintf(out, "%s%s", separator, table->columns[i].name);
		separator = ", ";
	}
	return fclose(out) == 0 ? text : (free(text), NULL);
}

/* ---- parameters ---- */

static uint16_t
place_in_key(const Table *table, uint16_t column)
{
	for (uint16_t i = 0; i < table->key_count; i++)
	{
		if (table->key[i] == column)
			return table->key_place[i];
	}
	return 0;
}

/* Adds a parameter and gives its number. */
static int
add_parameter(SqlText *sql, uint16_t column, bool from_key)
{
	PgStatement *statement = sql->statement;
	const PgColumn *sent = &sql->at_target->columns[column];
	int number = statement->parameter_count++;

	statement->parameters[number] =
		(PgParameter){column, from_key, place_in_key(sql->table, column)};
	statement->types[number] = is_array(statement->kind) ? sent->sent_array : sent->sent;
	return number + 1;
}

/* ---- finding rows ---- */

static void
put_separator(SqlText *sql, const char *next)
{
	(void) fputs(sql->separator, sql->out);
	sql->separator = next;
}

/* The key's values come from the row that is looked for, or from its image. */
static void
put_key_match(SqlText *sql, const char *alias, bool from_key)
{
	sql->separator = "";
	for (uint16_t i = 0; i < sql->table->key_count; i++)
	{
		uint16_t column = sql->table->key[i];
		const PgColumn *key = &sql->at_target->columns[column];

		put_separator(sql, " AND ");
		(void) fprintf(sql->out, "%s.%s = $%d%s", alias, key->name,
					   add_parameter(sql, column, from_key), key->cast);
	}
}

static void
put_row_match(SqlText *sql, const char *alias)
{
	sql->separator = "";
	for (uint16_t i = 0; i < sql->at_target->column_count; i++)
	{
		const PgColumn *column = &sql->at_target->columns[i];
		const char *as_text = column->compare_text ? "::pg_catalog.text" : "";

		if (!column->written)
			continue;
		put_separator(sql, " AND ");
		(void) fprintf(sql->out, "%s.%s%s IS NOT DISTINCT FROM $%d%s%s", alias, column->name,
					   as_text, add_parameter(sql, i, true), column->cast, as_text);
	}
	if (*sql->separator == '\0')
		(void) fputs("true", sql->out);
}

static const char *
only(const SqlText *sql)
{
	return sql->at_target->partitioned ? "" : "ONLY ";
}

static void
put_where(SqlText *sql)
{
	bool partitioned = sql->at_target->partitioned;

	(void) fputs(" WHERE ", sql->out);
	if (sql->table->keyed)
	{
		put_key_match(sql, "t", true);
		return;
	}
	(void) fprintf(sql->out, "%s = (SELECT %s FROM %s%s AS s WHERE ",
				   partitioned ? "(t.tableoid, t.ctid)" : "t.ctid",
				   partitioned ? "s.tableoid, s.ctid" : "s.ctid", only(sql), sql->at_target->name);
	if (sql->table->key_count > 0)
		put_key_match(sql, "s", true);
	else
		put_row_match(sql, "s");
	(void) fputs(" LIMIT 1)", sql->out);
}

/* ---- single rows ---- */

static void
put_insert_values(SqlText *sql, const char *values)
{
	const PgTable *table = sql->at_target;

	(void) fprintf(sql->out, "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE %s", table->name,
				   table->column_list, values);
	sql->separator = "";
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		if (!table->columns[i].written)
			continue;
		put_separator(sql, ", ");
		(void) fprintf(sql->out, "$%d%s", add_parameter(sql, i, false), table->columns[i].cast);
	}
}

static void
put_insert(SqlText *sql)
{
	if (sql->at_target->written == 0)
	{
		(void) fprintf(sql->out, "INSERT INTO %s DEFAULT VALUES", sql->at_target->name);
		return;
	}
	put_insert_values(sql, "VALUES (");
	(void) fputs(")", sql->out);
}

/* Tables with deferrable keys know no ON CONFLICT: there only the row's own key is looked at. */
static void
put_insert_new(SqlText *sql)
{
	if (!sql->at_target->deferrable)
	{
		put_insert(sql);
		(void) fputs(" ON CONFLICT DO NOTHING", sql->out);
		return;
	}
	if (!sql->table->keyed)
	{
		put_insert(sql);
		return;
	}
	put_insert_values(sql, "SELECT ");
	(void) fprintf(sql->out, " WHERE NOT EXISTS (SELECT FROM %s AS t WHERE ", sql->at_target->name);
	put_key_match(sql, "t", false);
	(void) fputs(")", sql->out);
}

/* Whether an update of this kind sets a column. */
static bool
is_set(const SqlText *sql, uint16_t i)
{
	const PgColumn *column = &sql->at_target->columns[i];

	return column->written && !column->fixed && is_present(sql->statement, i) &&
		   (!column->key || sql->statement->kind == PG_UPDATE_MOVE);
}

static void
put_set(SqlText *sql)
{
	sql->separator = "";
	for (uint16_t i = 0; i < sql->at_target->column_count; i++)
	{
		const PgColumn *column = &sql->at_target->columns[i];

		if (!is_set(sql, i))
			continue;
		put_separator(sql, ", ");
		(void) fprintf(sql->out, "%s = $%d%s", column->name, add_parameter(sql, i, false),
					   column->cast);
	}
}

/* With nothing to set, a column that stays as it is still shows whether the row is there. */
static void
put_no_set(SqlText *sql)
{
	const PgTable *table = sql->at_target;

	for (uint16_t i = 0; *sql->separator == '\0' && i < table->column_count; i++)
	{
		if (table->columns[i].written && !table->columns[i].fixed)
		{
			(void) fprintf(sql->out, "%s = t.%s", table->columns[i].name, table->columns[i].name);
			sql->separator = ", ";
		}
	}
}

/* An update or an insert, where there is no ON CONFLICT. */
static void
put_set_or_insert(SqlText *sql)
{
	(void) fprintf(sql->out, "WITH there AS (UPDATE %s%s AS t SET ", only(sql),
				   sql->at_target->name);
	put_set(sql);
	put_no_set(sql);
	(void) fputs(" WHERE ", sql->out);
	put_key_match(sql, "t", false);
	(void) fputs(" RETURNING 1) ", sql->out);
	put_insert_values(sql, "SELECT ");
	(void) fputs(" WHERE NOT EXISTS (SELECT FROM there)", sql->out);
}

static void
put_upsert(SqlText *sql)
{
	const PgTable *table = sql->at_target;
	const char *separator = "";

	if (table->deferrable)
	{
		put_set_or_insert(sql);
		return;
	}
	put_insert(sql);
	(void) fputs(" ON CONFLICT (", sql->out);
	for (uint16_t i = 0; i < sql->table->key_count; i++)
		(void) fprintf(sql->out, "%s%s", i == 0 ? "" : ", ",
					   table->columns[sql->table->key[i]].name);
	(void) fputs(") DO ", sql->out);
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		const PgColumn *column = &table->columns[i];

		if (!column->written || column->fixed || column->key)
			continue;
		(void) fprintf(sql->out, "%s%s = EXCLUDED.%s", *separator == '\0' ? "UPDATE SET " : ", ",
					   column->name, column->name);
		separator = ", ";
	}
	(void) fputs(*separator == '\0' ? "NOTHING" : "", sql->out);
}

/* An update that would leave a fixed column behind meets no row. */
static void
put_fixed_match(SqlText *sql)
{
	for (uint16_t i = 0; i < sql->at_target->column_count; i++)
	{
		const PgColumn *column = &sql->at_target->columns[i];

		if (column->written && column->fixed && is_present(sql->statement, i) &&
			(!column->key || sql->statement->kind == PG_UPDATE_MOVE))
			(void) fprintf(sql->out, " AND t.%s IS NOT DISTINCT FROM $%d%s", column->name,
						   add_parameter(sql, i, false), column->cast);
	}
}

static void
put_update(SqlText *sql)
{
	(void) fprintf(sql->out, "UPDATE %s%s AS t SET ", only(sql), sql->at_target->name);
	put_set(sql);
	put_no_set(sql);
	put_where(sql);
	put_fixed_match(sql);
}

/* What the image lacks comes from the row that goes. */
static void
put_replace(SqlText *sql)
{
	const PgTable *table = sql->at_target;

	(void) fprintf(sql->out, "WITH gone AS (DELETE FROM %s%s AS t", only(sql), table->name);
	put_where(sql);
	(void) fprintf(sql->out, " RETURNING t.*) INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT ",
				   table->name, table->column_list);
	sql->separator = "";
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		const PgColumn *column = &table->columns[i];

		if (!column->written)
			continue;
		put_separator(sql, ", ");
		if (is_present(sql->statement, i))
			(void) fprintf(sql->out, "$%d%s", add_parameter(sql, i, false), column->cast);
		else
			(void) fprintf(sql->out, "gone.%s", column->name);
	}
	(void) fputs(" FROM gone", sql->out);
}

static void
put_delete(SqlText *sql)
{
	(void) fprintf(sql->out, "DELETE FROM %s%s AS t", only(sql), sql->at_target->name);
	put_where(sql);
}

/* ---- many rows ---- */

/* unnest() of all parameters as u(c1, c2, ...). */
static void
put_unnest(SqlText *sql)
{
	int count = sql->statement->parameter_count;

	(void) fputs("unnest(", sql->out);
	for (int i = 1; i <= count; i++)
		(void) fprintf(sql->out, "%s$%d", i == 1 ? "" : ", ", i);
	(void) fputs(") AS u(", sql->out);
	for (int i = 1; i <= count; i++)
		(void) fprintf(sql->out, "%sc%d", i == 1 ? "" : ", ", i);
	(void) fputs(")", sql->out);
}

/* A whole row as one text, of the table (s) or of the parameters (u), so that rows can be hashed. */
static void
put_row_text(SqlText *sql, bool of_table)
{
	int parameter = 0;

	sql->separator = "ROW(";
	for (uint16_t i = 0; i < sql->at_target->column_count; i++)
	{
		const PgColumn *column = &sql->at_target->columns[i];

		if (!column->written)
			continue;
		put_separator(sql, ", ");
		if (of_table)
			(void) fprintf(sql->out, "s.%s", column->name);
		else
			(void) fprintf(sql->out, "u.c%d%s", ++parameter, column->cast);
	}
	(void) fputs(")::pg_catalog.text", sql->out);
}

/*
 * Without a key: the n-th of the rows that are alike is given the n-th of those asked for.  What
 * compares equal and is written differently is not met; then the assertion fails, and single
 * statements follow.
 */
static void
put_found_rows(SqlText *sql)
{
	static const char numbered[] = "pg_catalog.row_number() OVER (PARTITION BY k) AS n";

	(void) fprintf(sql->out, "(SELECT s.at, u.* FROM (SELECT at, k, %s FROM (SELECT ctid AS at, ",
				   numbered);
	put_row_text(sql, true);
	(void) fprintf(sql->out, " AS k FROM ONLY %s AS s) AS s WHERE k IN (SELECT ",
				   sql->at_target->name);
	put_row_text(sql, false);
	(void) fputs(" FROM ", sql->out);
	put_unnest(sql);
	(void) fprintf(sql->out, ")) AS s JOIN (SELECT *, %s FROM (SELECT ", numbered);
	put_row_text(sql, false);
	(void) fputs(" AS k, u.* FROM ", sql->out);
	put_unnest(sql);
	(void) fputs(") AS u) AS u USING (k, n)) AS u WHERE t.ctid = u.at", sql->out);
}

/* The rows of the parameters as u, and what they meet; keys come first, as c1 to cN. */
static void
put_rows(SqlText *sql)
{
	if (sql->table->key_count == 0)
	{
		put_found_rows(sql);
		return;
	}
	put_unnest(sql);
	(void) fputs(" WHERE ", sql->out);
	for (uint16_t i = 0; i < sql->table->key_count; i++)
	{
		const PgColumn *key = &sql->at_target->columns[sql->table->key[i]];

		(void) fprintf(sql->out, "%st.%s = u.c%d%s", i == 0 ? "" : " AND ", key->name, i + 1,
					   key->cast);
	}
}

static void
add_keys(SqlText *sql)
{
	for (uint16_t i = 0; i < sql->table->key_count; i++)
		(void) add_parameter(sql, sql->table->key[i], true);
	for (uint16_t i = 0; sql->table->key_count == 0 && i < sql->at_target->column_count; i++)
	{
		if (sql->at_target->columns[i].written)
			(void) add_parameter(sql, i, true);
	}
}

static void
put_update_array(SqlText *sql)
{
	const PgTable *table = sql->at_target;

	(void) fprintf(sql->out, "UPDATE %s%s AS t SET ", only(sql), table->name);
	add_keys(sql);
	sql->separator = "";
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		if (!is_set(sql, i))
			continue;
		put_separator(sql, ", ");
		(void) fprintf(sql->out, "%s = u.c%d%s", table->columns[i].name,
					   add_parameter(sql, i, false), table->columns[i].cast);
	}
	put_no_set(sql);
	(void) fputs(" FROM ", sql->out);
	put_rows(sql);
}

static void
put_delete_array(SqlText *sql)
{
	(void) fprintf(sql->out, "DELETE FROM %s%s AS t USING ", only(sql), sql->at_target->name);
	add_keys(sql);
	put_rows(sql);
}

/* ---- statements ---- */

static void (*const puts_kind[])(SqlText *sql) = {
	[PG_INSERT] = put_insert,
	[PG_INSERT_NEW] = put_insert_new,
	[PG_UPSERT] = put_upsert,
	[PG_UPDATE] = put_update,
	[PG_UPDATE_MOVE] = put_update,
	[PG_REPLACE] = put_replace,
	[PG_DELETE] = put_delete,
	[PG_UPDATE_ARRAY] = put_update_array,
	[PG_DELETE_ARRAY] = put_delete_array,
};

static void
put_statement(SqlText *sql)
{
	PgStatement *statement = sql->statement;

	if (statement->asserted)
		(void) fputs("WITH x AS (", sql->out);
	puts_kind[statement->kind](sql);
	if (!statement->asserted)
		return;
	(void) fputs(" RETURNING 1) SELECT 1 / ", sql->out);
	if (is_array(statement->kind))
	{
		statement->types[statement->parameter_count++] = 20; /* bigint */
		(void) fprintf(sql->out, "(pg_catalog.count(*) = $%d)::pg_catalog.int4 FROM x",
					   statement->parameter_count);
	}
	else
		(void) fputs("pg_catalog.count(*) FROM x", sql->out);
}

static bool
write_sql(const Table *table, PgStatement *statement)
{
	SqlText sql = {.table = table, .at_target = table->at_target, .statement = statement};
	size_t size;

	sql.out = open_memstream(&statement->sql, &size);
	if (sql.out == NULL)
		return false;
	put_statement(&sql);
	return fclose(sql.out) == 0;
}

/* Which columns the image has; NULL in *present for all of them. */
static bool
find_present(const Table *table, const BundleRow *image, uint8_t **present)
{
	const uint8_t *at;

	*present = NULL;
	if (image == NULL || !image->unchanged)
		return true;
	*present = malloc(table->relation->column_count);
	if (*present == NULL)
		return false;
	at = image->data + 2;
	for (uint16_t i = 0; i < image->fields; i++)
	{
		int32_t length;

		(void) bundle_row_field(&at, &length);
		(*present)[i] = length != FIELD_UNCHANGED;
	}
	return true;
}

static bool
same_present(const Table *table, const PgStatement *statement, const BundleRow *image)
{
	const uint8_t *at;
	bool some = image != NULL && image->unchanged;

	if (!some || statement->present == NULL)
		return !some && statement->present == NULL;
	at = image->data + 2;
	for (uint16_t i = 0; i < table->relation->column_count; i++)
	{
		int32_t length;

		(void) bundle_row_field(&at, &length);
		if ((length != FIELD_UNCHANGED) != (statement->present[i] != 0))
			return false;
	}
	return true;
}

static PgStatement *
make_statement(const Table *table, PgStatementKind kind, bool asserted, const BundleRow *image)
{
	size_t most = 2 * (size_t) table->relation->column_count + 1;
	PgStatement *statement = calloc(1, sizeof(*statement));

	if (statement == NULL)
		return NULL;
	statement->kind = kind;
	statement->asserted = asserted;
	statement->parameters = calloc(most, sizeof(*statement->parameters));
	statement->types = calloc(most, sizeof(*statement->types));
	if (statement->parameters != NULL && statement->types != NULL &&
		find_present(table, image, &statement->present) && write_sql(table, statement))
		return statement;
	pg_statements_free(statement);
	return NULL;
}

PgStatement *
pg_statement(const Table *table, PgStatementKind kind, bool asserted, const BundleRow *image,
			 unsigned *numbers, SluiceError *err)
{
	PgTable *at_target = table->at_target;
	const BundleRow *shape = has_image(kind) ? image : NULL;
	PgStatement *statement;

	for (statement = at_target->statements; statement != NULL; statement = statement->next)
	{
		if (statement->kind == kind && statement->asserted == asserted &&
			same_present(table, statement, shape))
			return statement;
	}
	statement = make_statement(table, kind, asserted, shape);
	if (statement == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
		return NULL;
	}
	(void) snprintf(statement->name, sizeof(statement->name), "sluice_%u", ++*numbers);
	statement->next = at_target->statements;
	at_target->statements = statement;
	return statement;
}

bool
pg_can_array(const Table *table, const BundleRow *image)
{
	const PgTable *at_target = table->at_target;
	const uint8_t *at = image != NULL ? image->data + 2 : NULL;

	for (uint16_t i = 0; i < at_target->column_count; i++)
	{
		const PgColumn *column = &at_target->columns[i];
		int32_t length = 0;

		if (at != NULL)
			(void) bundle_row_field(&at, &length);
		if (column->written && column->sent_array == 0 && length != FIELD_UNCHANGED &&
			(column->key || table->key_count == 0 || at != NULL))
			return false;
	}
	return true;
}
