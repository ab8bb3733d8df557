/*
 * pg_ddl_table.c - tables, partitions and children (pg_ddl.h).
 *
 * A partition is made as a table of its own and then attached, so that it keeps its own defaults.
 * What an inheritance child has from a parent of the document is left to INHERITS; where its default
 * is another, that is set afterwards.  A parent that is not in the document is not there: then the
 * child has all of it itself.
 */
#include "pg_ddl.h"

#include <string.h>

static FILE *
table_step(const PgDdl *ddl, StepFailure failure, const SchemaTable *table)
{
	return script_step(ddl->script, failure, "table", table->schema, table->name);
}

/* ALTER TABLE schema.name and a space. */
static FILE *
alter(const PgDdl *ddl, StepFailure failure, const SchemaTable *table)
{
	FILE *out = table_step(ddl, failure, table);

	(void) fputs("ALTER TABLE ", out);
	pg_put_qualified(out, table->schema, table->name);
	(void) fputc(' ', out);
	return out;
}

/* ---- parents ---- */

const SchemaTable *
pg_parent(const PgDdl *ddl, const SchemaTable *table)
{
	const SchemaPartitionOf *of = table->partition_of;
	const SchemaTable *parent =
		of == NULL ? NULL : schema_document_table_named(ddl->document, of->schema, of->name);

	return parent != NULL && parent->kind == SCHEMA_TABLE_PARTITIONED ? parent : NULL;
}

/* The next parent by inheritance that is in the document; NULL after the last. */
static const SchemaTable *
next_inherited(const PgDdl *ddl, const SchemaTable *table, size_t *at)
{
	const SchemaTable *parent = NULL;

	while (parent == NULL && *at < table->inherits_count)
	{
		const SchemaName *name = &table->inherits[(*at)++];

		parent = schema_document_table_named(ddl->document, name->schema, name->name);
	}
	return parent;
}

bool
pg_inherits_here(const PgDdl *ddl, const SchemaTable *table)
{
	size_t at = 0;

	return pg_parent(ddl, table) != NULL || next_inherited(ddl, table, &at) != NULL;
}

/* The column as an inheritance parent of the document has it; NULL when none does. */
static const SchemaColumn *
inherited_column(const PgDdl *ddl, const SchemaTable *table, const SchemaColumn *column)
{
	const SchemaColumn *found = NULL;
	const SchemaTable *parent;
	size_t at = 0;

	if (!column->inherited || table->partition_of != NULL)
		return NULL;
	while (found == NULL && (parent = next_inherited(ddl, table, &at)) != NULL)
		found = schema_table_column(parent, column->name);
	return found;
}

/* ---- columns ---- */

static const SchemaSequence *
identity_sequence(const PgDdl *ddl, const SchemaTable *table, const SchemaColumn *column)
{
	for (size_t i = 0; i < ddl->document->sequence_count; i++)
	{
		const SchemaSequence *sequence = &ddl->document->sequences[i];
		const SchemaSequenceOwner *owner = sequence->owner;

		if (sequence->identity && owner != NULL && strcmp(owner->schema, table->schema) == 0 &&
			strcmp(owner->table, table->name) == 0 && strcmp(owner->column, column->name) == 0)
			return sequence;
	}
	return NULL;
}

void
pg_put_identity(const PgDdl *ddl, const SchemaTable *table, const SchemaColumn *column, FILE *out)
{
	const SchemaSequence *sequence = identity_sequence(ddl, table, column);
	const SchemaTable *parent = pg_parent(ddl, table);
	const SchemaColumn *above = parent != NULL ? schema_table_column(parent, column->name) : NULL;

	/* A partition's is its root's: where PostgreSQL knows that it comes with the attachment. */
	if (above != NULL && above->identity != SCHEMA_NO_IDENTITY)
		return;
	(void) fprintf(out, " GENERATED %s AS IDENTITY",
				   column->identity == SCHEMA_IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT");
	if (sequence == NULL)
		return;
	(void) fputs(" (SEQUENCE NAME ", out);
	pg_put_qualified(out, sequence->schema, sequence->name);
	(void) fputc(' ', out);
	pg_put_sequence_options(out, sequence);
	(void) fputc(')', out);
}

void
pg_put_column(const PgDdl *ddl, const SchemaTable *table, const SchemaColumn *column, FILE *out)
{
	pg_put_name(out, column->name);
	(void) fprintf(out, " %s", column->type);
	pg_put_collation(out, column->collation);
	if (column->generated != SCHEMA_NOT_GENERATED)
		(void) fprintf(out, " GENERATED ALWAYS AS (%s) %s", column->expression,
					   column->generated == SCHEMA_GENERATED_STORED ? "STORED" : "VIRTUAL");
	else if (column->identity != SCHEMA_NO_IDENTITY)
		pg_put_identity(ddl, table, column, out);
	else if (column->default_value != NULL)
		(void) fprintf(out, " DEFAULT %s", column->default_value);
	if (column->not_null)
		(void) fputs(" NOT NULL", out);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Where a child's column is not as the parent's. */
static void
change_inherited(const PgDdl *ddl, const SchemaTable *table, const SchemaColumn *column,
				 const SchemaColumn *above)
{
	FILE *out;

	if (column->generated == SCHEMA_NOT_GENERATED &&
		!same_text(column->default_value, above->default_value))
	{
		out = alter(ddl, STEP_STOPS, table);
		(void) fputs("ALTER COLUMN ", out);
		pg_put_name(out, column->name);
		if (column->default_value != NULL)
			(void) fprintf(out, " SET DEFAULT %s", column->default_value);
		else
			(void) fputs(" DROP DEFAULT", out);
	}
	if (column->not_null && !above->not_null)
	{
		out = alter(ddl, STEP_STOPS, table);
		(void) fputs("ALTER COLUMN ", out);
		pg_put_name(out, column->name);
		(void) fputs(" SET NOT NULL", out);
	}
}

static void
change_all_inherited(const PgDdl *ddl, const SchemaTable *table)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		const SchemaColumn *above = inherited_column(ddl, table, &table->columns[i]);

		if (above != NULL)
			change_inherited(ddl, table, &table->columns[i], above);
	}
}

/* ---- checks ---- */

bool
pg_check_is_late(const SchemaCheck *check)
{
	return !check->validated;
}

static void
put_check(const SchemaCheck *check, FILE *out)
{
	(void) fputs("CONSTRAINT ", out);
	pg_put_name(out, check->name);
	(void) fprintf(out, " %s", check->definition);
}

/* Left to INHERITS: partitions have their own, which are merged when they are attached. */
static bool
check_comes(const PgDdl *ddl, const SchemaTable *table, const SchemaCheck *check)
{
	return check->inherited && table->partition_of == NULL && pg_inherits_here(ddl, table);
}

static void
comment_check(const PgDdl *ddl, const SchemaTable *table, const SchemaCheck *check)
{
	pg_ddl_constraint_comment(ddl, table, check->name, check->comment);
}

void
pg_ddl_late_check(const PgDdl *ddl, const SchemaTable *table, const SchemaCheck *check)
{
	FILE *out;

	if (check->inherited && pg_inherits_here(ddl, table))
		return;
	out = alter(ddl, STEP_STOPS, table);
	(void) fputs("ADD ", out);
	put_check(check, out);
	comment_check(ddl, table, check);
}

/* ---- tables ---- */

static void
put_elements(const PgDdl *ddl, const SchemaTable *table, FILE *out)
{
	const char *separator = "";

	for (size_t i = 0; i < table->column_count; i++)
	{
		if (inherited_column(ddl, table, &table->columns[i]) != NULL)
			continue;
		(void) fprintf(out, "%s\n    ", separator);
		pg_put_column(ddl, table, &table->columns[i], out);
		separator = ",";
	}
	for (size_t i = 0; i < table->check_count; i++)
	{
		const SchemaCheck *check = &table->checks[i];

		if (pg_check_is_late(check) || check_comes(ddl, table, check))
			continue;
		(void) fprintf(out, "%s\n    ", separator);
		put_check(check, out);
		separator = ",";
	}
}

static void
put_inherits(const PgDdl *ddl, const SchemaTable *table, FILE *out)
{
	const SchemaTable *parent;
	const char *separator = " INHERITS (";
	size_t at = 0;

	while ((parent = next_inherited(ddl, table, &at)) != NULL)
	{
		(void) fputs(separator, out);
		pg_put_qualified(out, parent->schema, parent->name);
		separator = ", ";
	}
	if (*separator == ',')
		(void) fputc(')', out);
}

/* Apart from the table, as an older release may not know all of them.  "name=value", "toast.name=value" */
static void
set_options(const PgDdl *ddl, const SchemaTable *table)
{
	for (size_t i = 0; i < table->option_count; i++)
	{
		const char *option = table->options[i], *value = strchr(option, '=');
		FILE *out;

		if (value == NULL)
			continue;
		out = alter(ddl, STEP_WARNS, table);
		(void) fprintf(out, "SET (%.*s = ", (int) (value - option), option);
		pg_put_literal(out, value + 1);
		(void) fputc(')', out);
	}
}

static void
set_identity(const PgDdl *ddl, const SchemaTable *table)
{
	static const char *const words[] = {
		[SCHEMA_REPLICA_FULL] = "FULL", [SCHEMA_REPLICA_NOTHING] = "NOTHING"};
	size_t identity = table->replica_identity;

	if (identity < sizeof(words) / sizeof(words[0]) && words[identity] != NULL)
		(void) fprintf(alter(ddl, STEP_STOPS, table), "REPLICA IDENTITY %s", words[identity]);
}

static void
comment_columns(const PgDdl *ddl, const SchemaTable *table)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		FILE *out;

		if (table->columns[i].comment == NULL)
			continue;
		out = script_step(ddl->script, STEP_STOPS, "comment", table->schema, table->name);
		(void) fputs("COMMENT ON COLUMN ", out);
		pg_put_qualified(out, table->schema, table->name);
		(void) fputc('.', out);
		pg_put_name(out, table->columns[i].name);
		(void) fputs(" IS ", out);
		pg_put_literal(out, table->columns[i].comment);
	}
}

void
pg_ddl_table(const PgDdl *ddl, const SchemaTable *table, bool unlogged)
{
	FILE *out = table_step(ddl, STEP_STOPS, table);

	unlogged |= table->persistence == SCHEMA_UNLOGGED;
	(void) fprintf(out, "CREATE %sTABLE ",
				   unlogged && table->kind == SCHEMA_TABLE_PLAIN ? "UNLOGGED " : "");
	pg_put_qualified(out, table->schema, table->name);
	(void) fputs(" (", out);
	put_elements(ddl, table, out);
	(void) fputs(")", out);
	if (table->partition_of == NULL)
		put_inherits(ddl, table, out);
	if (table->kind == SCHEMA_TABLE_PARTITIONED)
		(void) fprintf(out, " PARTITION BY %s", table->partition->key);
	if (table->partition_of == NULL)
		change_all_inherited(ddl, table);
	set_options(ddl, table);
	set_identity(ddl, table);
	pg_ddl_comment(ddl, "TABLE", table->schema, table->name, table->comment);
	comment_columns(ddl, table);
	for (size_t i = 0; i < table->check_count; i++)
	{
		if (!pg_check_is_late(&table->checks[i]))
			comment_check(ddl, table, &table->checks[i]);
	}
}

void
pg_ddl_attach(const PgDdl *ddl, const SchemaTable *table)
{
	const SchemaTable *parent = pg_parent(ddl, table);
	FILE *out;

	if (parent == NULL)
		return;
	out = table_step(ddl, STEP_STOPS, table);
	(void) fputs("ALTER TABLE ONLY ", out);
	pg_put_qualified(out, parent->schema, parent->name);
	(void) fputs(" ATTACH PARTITION ", out);
	pg_put_qualified(out, table->schema, table->name);
	(void) fprintf(out, " %s", table->partition_of->bound);
}

/* ---- several at once ---- */

void
pg_ddl_drop(const PgDdl *ddl, const SchemaTable *const *tables, size_t count)
{
	FILE *out;

	if (count == 0)
		return;
	out = table_step(ddl, STEP_STOPS, tables[0]);
	(void) fputs("DROP TABLE ", out);
	for (size_t i = 0; i < count; i++)
	{
		(void) fputs(i == 0 ? "" : ", ", out);
		pg_put_qualified(out, tables[i]->schema, tables[i]->name);
	}
}

void
pg_ddl_truncate(const PgDdl *ddl, const SchemaTable *const *tables, const bool *parted,
				size_t count)
{
	FILE *out;

	if (count == 0)
		return;
	out = table_step(ddl, STEP_STOPS, tables[0]);
	(void) fputs("TRUNCATE ", out);
	for (size_t i = 0; i < count; i++)
	{
		(void) fprintf(out, "%s%s", i == 0 ? "" : ", ", parted[i] ? "" : "ONLY ");
		pg_put_qualified(out, tables[i]->schema, tables[i]->name);
	}
}

/* ---- when the rows are in ---- */

void
pg_ddl_logged(const PgDdl *ddl, const SchemaTable *table)
{
	(void) fputs("SET LOGGED", alter(ddl, STEP_STOPS, table));
}

void
pg_ddl_analyze(const PgDdl *ddl, const SchemaTable *table)
{
	FILE *out = script_step(ddl->script, STEP_WARNS, "statistics", table->schema, table->name);

	(void) fputs("ANALYZE ", out);
	pg_put_qualified(out, table->schema, table->name);
}
