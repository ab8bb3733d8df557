/*
 * ddl_column.c - the columns of a table that stays: renamed, dropped, added, changed.
 *
 * What a child has from its parent is done there; where only the child differs, the questions find
 * it.  Rows that are there get the values they got at the source (SchemaFill).
 */
#include <stdlib.h>
#include <string.h>

#include "ddl_parts.h"
#include "pg/pg_ddl.h"

#define DEFAULT_EXPRESSION                                                                         \
	"(SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d "             \
	"WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum)"
#define COLLATION                                                                                  \
	"(SELECT pg_catalog.quote_ident(ln.nspname) || '.' || pg_catalog.quote_ident(l.collname) "     \
	"FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace "  \
	"JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "                                             \
	"WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation)"

typedef struct ColumnPair
{
	const SchemaTable *table; /* as it is */
	const SchemaColumn *old, *new;
} ColumnPair;

/* ---- asking and altering ---- */

static const SchemaColumn *
column_at(const SchemaTable *table, int64_t position)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (table->columns[i].position == position)
			return &table->columns[i];
	}
	return NULL;
}

/* Begins a part: the column is there, and what the caller writes behind is so. */
static FILE *
ask(DdlChange *ddl, const SchemaTable *table, const SchemaColumn *column)
{
	FILE *out = ddl_ask(ddl, table->schema, table->name);

	ddl_put(out, "SELECT EXISTS (SELECT " DDL_COLUMN " AND ", table->schema, table->name,
			column->name);
	return out;
}

/* ALTER TABLE ... ALTER COLUMN ... and a space. */
static FILE *
alter(DdlChange *ddl, const SchemaTable *table, const SchemaColumn *column)
{
	FILE *out = ddl_do(ddl, "column", table->schema, table->name);

	ddl_put(out, "ALTER TABLE %T ALTER COLUMN %I ", table->schema, table->name, column->name);
	return out;
}

static const char *
unknown_fill(const SchemaFill *fill)
{
	return fill != NULL && fill->kind == SCHEMA_FILL_UNKNOWN ? fill->text : NULL;
}

/* ---- names ---- */

static void
rename_columns(DdlChange *ddl, const TablePair *pair)
{
	for (size_t i = 0; i < pair->old->column_count; i++)
	{
		const SchemaColumn *old = &pair->old->columns[i];
		const SchemaColumn *new = column_at(pair->new, old->position);

		if (new == NULL || new->inherited || strcmp(old->name, new->name) == 0)
			continue;
		ddl_put(ddl_ask(ddl, pair->new->schema, pair->new->name),
				"SELECT EXISTS (SELECT " DDL_COLUMN ") AND NOT EXISTS (SELECT " DDL_COLUMN ")",
				pair->new->schema, pair->new->name, old->name, pair->new->schema, pair->new->name,
				new->name);
		ddl_put(ddl_do(ddl, "column", pair->new->schema, pair->new->name),
				"ALTER TABLE %T RENAME COLUMN %I TO %I", pair->new->schema, pair->new->name,
				old->name, new->name);
	}
}

/* ---- going and coming ---- */

static void
drop_columns(DdlChange *ddl, const TablePair *pair)
{
	for (size_t i = 0; i < pair->old->column_count; i++)
	{
		const SchemaColumn *old = &pair->old->columns[i];

		if (old->inherited || column_at(pair->new, old->position) != NULL)
			continue;
		ddl_put(ddl_ask(ddl, pair->new->schema, pair->new->name),
				"SELECT EXISTS (SELECT " DDL_COLUMN ")", pair->new->schema, pair->new->name,
				old->name);
		ddl_put(ddl_do(ddl, "column", pair->new->schema, pair->new->name),
				"ALTER TABLE %T DROP COLUMN %I", pair->new->schema, pair->new->name, old->name);
	}
}

/* After a column was added with what old rows have: what new ones get. */
static void
set_default_after(DdlChange *ddl, const SchemaTable *table, const SchemaColumn *column)
{
	FILE *out = alter(ddl, table, column);

	if (column->default_value != NULL)
		ddl_put(out, "SET DEFAULT %s", column->default_value);
	else
		ddl_put(out, "DROP DEFAULT");
}

static void
comment_column(DdlChange *ddl, const SchemaTable *table, const SchemaColumn *column)
{
	ddl_put(ddl_do(ddl, "comment", table->schema, table->name), "COMMENT ON COLUMN %T.%I IS %L",
			table->schema, table->name, column->name, column->comment);
}

static void
add_column(DdlChange *ddl, const SchemaTable *table, const SchemaColumn *column)
{
	const PgDdl pg = {&ddl->change->after, ddl->version, &ddl->script};
	const SchemaFill *fill = schema_change_fill(ddl->change, table->id, column->position);
	bool other = fill != NULL && fill->kind == SCHEMA_FILL_CONSTANT && fill->text != NULL &&
				 !ddl_same(fill->text, column->default_literal);
	SchemaColumn first = *column;
	char *literal = NULL;
	size_t size;
	FILE *out;

	if (other)
	{
		out = open_memstream(&literal, &size);
		if (out == NULL)
		{
			ddl->failed = true;
			return;
		}
		ddl_put(out, "%L", fill->text);
		ddl->failed |= fclose(out) != 0;
		first.default_value = literal;
	}
	ddl_put(ddl_ask(ddl, table->schema, table->name),
			"SELECT EXISTS (SELECT " DDL_RELATION ") AND NOT EXISTS (SELECT " DDL_COLUMN ")",
			table->schema, table->name, table->schema, table->name, column->name);
	ddl_part(ddl)->unknown = unknown_fill(fill);
	out = ddl_do(ddl, "column", table->schema, table->name);
	ddl_put(out, "ALTER TABLE %T ADD COLUMN ", table->schema, table->name);
	pg_put_column(&pg, table, &first, out);
	if (other)
		set_default_after(ddl, table, column);
	if (column->comment != NULL)
		comment_column(ddl, table, column);
	free(literal);
}

/* ---- changed ---- */

static bool
type_changed(const DdlChange *ddl, const ColumnPair *pair)
{
	return !ddl_renames_types(ddl) && (strcmp(pair->old->type, pair->new->type) != 0 ||
									   !ddl_same(pair->old->collation, pair->new->collation));
}

/* Whether there is something to do; nobody can see at the target if a USING was there that keeps the type. */
static bool
ask_type(DdlChange *ddl, const ColumnPair *pair, const SchemaFill *fill)
{
	const SchemaColumn *new = pair->new;

	if (new->inherited)
		return false;
	if (type_changed(ddl, pair))
	{
		ddl_put(ask(ddl, pair->table, new),
				"(pg_catalog.format_type(a.atttypid, a.atttypmod) <> %L OR " COLLATION
				" IS DISTINCT FROM %L))",
				new->type, new->collation);
		ddl_part(ddl)->unknown = unknown_fill(fill);
		return true;
	}
	if (!ddl_is_computed(fill))
		return false;
	ddl_put(ask(ddl, pair->table, new), "true)");
	if (unknown_fill(fill) != NULL)
		ddl_part(ddl)->by_hand = ddl_unknown_values;
	return unknown_fill(fill) == NULL;
}

/* With its default, which may not fit both types. */
static void
change_type(DdlChange *ddl, const ColumnPair *pair)
{
	const SchemaColumn *new = pair->new;
	const SchemaFill *fill = schema_change_fill(ddl->change, pair->table->id, new->position);
	FILE *out;

	if (!ask_type(ddl, pair, fill))
		return;
	out = alter(ddl, pair->table, new);
	if (pair->old->default_value != NULL)
		ddl_put(out, "DROP DEFAULT, ALTER COLUMN %I ", new->name);
	ddl_put(out, "TYPE %s", new->type);
	pg_put_collation(out, new->collation);
	if (fill != NULL && fill->kind == SCHEMA_FILL_EXPRESSION)
		ddl_put(out, " USING %s", fill->text);
	if (new->default_value != NULL)
		ddl_put(out, ", ALTER COLUMN %I SET DEFAULT %s", new->name, new->default_value);
}

static void
change_not_null(DdlChange *ddl, const ColumnPair *pair)
{
	if (pair->old->not_null == pair->new->not_null)
		return;
	ddl_put(ask(ddl, pair->table, pair->new), "a.attnotnull <> %b)", pair->new->not_null);
	ddl_put(alter(ddl, pair->table, pair->new), "%s NOT NULL",
			pair->new->not_null ? "SET" : "DROP");
}

static void
change_default(DdlChange *ddl, const ColumnPair *pair)
{
	const SchemaColumn *new = pair->new;

	if (new->generated != SCHEMA_NOT_GENERATED ||
		ddl_same(pair->old->default_value, new->default_value))
		return;
	ddl_put(ask(ddl, pair->table, new), DEFAULT_EXPRESSION " IS DISTINCT FROM %L)",
			new->default_value);
	if (new->default_value != NULL)
		ddl_put(alter(ddl, pair->table, new), "SET DEFAULT %s", new->default_value);
	else
		ddl_put(alter(ddl, pair->table, new), "DROP DEFAULT");
}

static void
put_new_identity(DdlChange *ddl, const ColumnPair *pair)
{
	const PgDdl pg = {&ddl->change->after, ddl->version, &ddl->script};
	FILE *out = alter(ddl, pair->table, pair->new);

	(void) fputs("ADD", out);
	pg_put_identity(&pg, pair->table, pair->new, out);
}

static void
change_identity(DdlChange *ddl, const ColumnPair *pair)
{
	static const char *const letters[] = {[SCHEMA_NO_IDENTITY] = "",
										  [SCHEMA_IDENTITY_ALWAYS] = "a",
										  [SCHEMA_IDENTITY_BY_DEFAULT] = "d"};
	static const char *const words[] = {
		[SCHEMA_IDENTITY_ALWAYS] = "ALWAYS", [SCHEMA_IDENTITY_BY_DEFAULT] = "BY DEFAULT"};
	SchemaIdentity old = pair->old->identity, new = pair->new->identity;

	if (old == new)
		return;
	ddl_put(ask(ddl, pair->table, pair->new), "a.attidentity <> %L)", letters[new]);
	if (new == SCHEMA_NO_IDENTITY)
		ddl_put(alter(ddl, pair->table, pair->new), "DROP IDENTITY IF EXISTS");
	else if (old == SCHEMA_NO_IDENTITY)
		put_new_identity(ddl, pair);
	else
		ddl_put(alter(ddl, pair->table, pair->new), "SET GENERATED %s", words[new]);
}

static bool
same_expression(const DdlChange *ddl, const ColumnPair *pair)
{
	const TablePair tables = {schema_document_table(&ddl->change->before, pair->table->id),
							  pair->table};
	const char *old = pair->old->expression, *new = pair->new->expression;

	return old == NULL || new == NULL ? old == new
									  : ddl_same_but_names(ddl, &tables, NULL, old, new);
}

/* A column cannot become a computed one; it can end to be one, and be computed otherwise. */
static void
change_expression(DdlChange *ddl, const ColumnPair *pair)
{
	const SchemaColumn *old = pair->old, *new = pair->new;

	if (old->generated == SCHEMA_NOT_GENERATED ||
		(old->generated == new->generated &&same_expression(ddl, pair)))
		return;
	if (new->generated == SCHEMA_NOT_GENERATED)
	{
		ddl_put(ask(ddl, pair->table, new), "a.attgenerated <> '')");
		ddl_put(alter(ddl, pair->table, new), "DROP EXPRESSION");
		return;
	}
	ddl_put(ask(ddl, pair->table, new), DEFAULT_EXPRESSION " IS DISTINCT FROM %L)",
			new->expression);
	ddl_put(alter(ddl, pair->table, new), "SET EXPRESSION AS (%s)", new->expression);
}

static void
change_comment(DdlChange *ddl, const ColumnPair *pair)
{
	if (ddl_same(pair->old->comment, pair->new->comment))
		return;
	ddl_put(ask(ddl, pair->table, pair->new),
			"pg_catalog.col_description(a.attrelid, a.attnum) IS DISTINCT FROM %L)",
			pair->new->comment);
	comment_column(ddl, pair->table, pair->new);
}

/* A default that is to go goes before an identity comes, and the other way round. */
static void
change_column(DdlChange *ddl, const ColumnPair *pair)
{
	bool loses_default = pair->new->default_value == NULL;

	change_expression(ddl, pair);
	change_type(ddl, pair);
	if (loses_default)
		change_default(ddl, pair);
	if (pair->new->not_null)
		change_not_null(ddl, pair);
	change_identity(ddl, pair);
	if (!pair->new->not_null)
		change_not_null(ddl, pair);
	if (!loses_default)
		change_default(ddl, pair);
	change_comment(ddl, pair);
}

void
ddl_columns(DdlChange *ddl, const TablePair *pair)
{
	rename_columns(ddl, pair);
	drop_columns(ddl, pair);
	for (size_t i = 0; i < pair->new->column_count; i++)
	{
		const SchemaColumn *new = &pair->new->columns[i];
		const ColumnPair columns = {pair->new, column_at(pair->old, new->position), new};

		if (columns.old != NULL)
			change_column(ddl, &columns);
		else if (!new->inherited)
			add_column(ddl, pair->new, new);
	}
}
