/*
 * ddl_change.c - the order of a change's parts, and those of whole tables (ddl_change.h).
 */
#include "ddl_change.h"

#include <stdlib.h>
#include <string.h>

#include "ddl_parts.h"
#include "pg/pg_ddl.h"

#define QUESTION "question"

/* A table that is one without parts at the target has no use for partitions. */
#define PARTED DDL_RELATION " AND c.relkind = 'p'"

/* ---- parts ---- */

static bool
add_part(DdlChange *ddl, size_t question)
{
	size_t room = ddl->room == 0 ? 16 : ddl->room * 2;
	DdlPart *parts = ddl->parts;

	if (ddl->count == ddl->room)
	{
		parts = realloc(parts, room * sizeof(*parts));
		if (parts == NULL)
			return false;
		ddl->parts = parts;
		ddl->room = room;
	}
	parts[ddl->count++] = (DdlPart){.question = question};
	return true;
}

FILE *
ddl_ask(DdlChange *ddl, const char *schema, const char *name)
{
	ddl->failed |= !add_part(ddl, ddl->script.count);
	return script_step(&ddl->script, STEP_STOPS, QUESTION, schema, name);
}

FILE *
ddl_do(DdlChange *ddl, const char *kind, const char *schema, const char *name)
{
	return script_step(&ddl->script, STEP_STOPS, kind, schema, name);
}

FILE *
ddl_try(DdlChange *ddl, const char *kind, const char *schema, const char *name)
{
	return script_step(&ddl->script, STEP_WARNS, kind, schema, name);
}

DdlPart *
ddl_part(DdlChange *ddl)
{
	static DdlPart nowhere;

	return ddl->failed ? &nowhere : &ddl->parts[ddl->count - 1];
}

bool
ddl_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const char ddl_unknown_values[] = "rows have other values there, by a USING that kept the type; an "
								  "UPDATE at the source that sets "
								  "a column of all rows to itself sends them";

bool
ddl_is_computed(const SchemaFill *fill)
{
	return fill != NULL &&
		   (fill->kind == SCHEMA_FILL_EXPRESSION || fill->kind == SCHEMA_FILL_UNKNOWN);
}

TablePair
ddl_pair(const DdlChange *ddl, size_t i)
{
	const SchemaTable *new = &ddl->change->after.tables[i];

	return (TablePair){schema_document_table(&ddl->change->before, new->id), new};
}

/* ---- renames ---- */

bool
ddl_renames_types(const DdlChange *ddl)
{
	for (size_t i = 0; i < ddl->change->renamed_count; i++)
	{
		if (ddl->change->renamed[i].kind == SCHEMA_RENAMED_TYPE)
			return true;
	}
	return false;
}

/* ---- schemas ---- */

static void
make_schemas(DdlChange *ddl)
{
	for (size_t i = 0; i < ddl->change->after.schema_count; i++)
	{
		const char *name = ddl->change->after.schemas[i].name;

		ddl_put(ddl_ask(ddl, NULL, name),
				"SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %L)", name);
		ddl_put(ddl_do(ddl, "schema", NULL, name), "CREATE SCHEMA %I", name);
	}
}

/* ---- parents ---- */

static bool
same_parent(const SchemaDocument *a, const char *schema_a, const char *name_a,
			const SchemaDocument *b, const char *schema_b, const char *name_b)
{
	const SchemaTable *table_a = schema_document_table_named(a, schema_a, name_a);
	const SchemaTable *table_b = schema_document_table_named(b, schema_b, name_b);

	/* Parents that changed are in both; of others the name says which. */
	if (table_a != NULL && table_b != NULL)
		return table_a->id == table_b->id;
	return strcmp(schema_a, schema_b) == 0 && strcmp(name_a, name_b) == 0;
}

static bool
same_partition(const DdlChange *ddl, const TablePair *pair)
{
	const SchemaPartitionOf *old = pair->old->partition_of, *new = pair->new->partition_of;

	if (old == NULL || new == NULL)
		return old == new;
	return strcmp(old->bound, new->bound) == 0 &&
		   same_parent(&ddl->change->before, old->schema, old->name, &ddl->change->after,
					   new->schema, new->name);
}

static void
detach(DdlChange *ddl, const TablePair *pair)
{
	const SchemaTable *table = pair->old;
	const SchemaPartitionOf *of = table->partition_of;

	if (of == NULL || same_partition(ddl, pair))
		return;
	ddl_put(ddl_ask(ddl, table->schema, table->name), "SELECT EXISTS (SELECT " DDL_CHILD ")",
			table->schema, table->name, of->schema, of->name);
	ddl_put(ddl_do(ddl, "table", table->schema, table->name), "ALTER TABLE %T DETACH PARTITION %T",
			of->schema, of->name, table->schema, table->name);
}

static void
attach(DdlChange *ddl, const TablePair *pair)
{
	const SchemaTable *table = pair->new;
	const SchemaPartitionOf *of = table->partition_of;

	if (of == NULL || (pair->old != NULL && same_partition(ddl, pair)))
		return;
	ddl_put(ddl_ask(ddl, table->schema, table->name),
			"SELECT EXISTS (SELECT " PARTED ") AND NOT EXISTS (SELECT " DDL_CHILD ")", of->schema,
			of->name, table->schema, table->name, of->schema, of->name);
	ddl_put(ddl_do(ddl, "table", table->schema, table->name),
			"ALTER TABLE %T ATTACH PARTITION %T %s", of->schema, of->name, table->schema,
			table->name, of->bound);
}

/* Whether `parent` is one of the table's in the other document. */
static bool
has_parent(const SchemaDocument *in, const SchemaName *parent, const SchemaDocument *other,
		   const SchemaTable *table)
{
	for (size_t i = 0; i < table->inherits_count; i++)
	{
		if (same_parent(in, parent->schema, parent->name, other, table->inherits[i].schema,
						table->inherits[i].name))
			return true;
	}
	return false;
}

static void
change_inheritance(DdlChange *ddl, const SchemaTable *table, const SchemaName *parent, bool ends)
{
	ddl_put(ddl_ask(ddl, table->schema, table->name), "SELECT EXISTS (SELECT " DDL_CHILD ") = %b",
			table->schema, table->name, parent->schema, parent->name, ends);
	ddl_put(ddl_do(ddl, "table", table->schema, table->name), "ALTER TABLE %T %sINHERIT %T",
			table->schema, table->name, ends ? "NO " : "", parent->schema, parent->name);
}

static void
end_inheritance(DdlChange *ddl, const TablePair *pair)
{
	for (size_t i = 0; i < pair->old->inherits_count; i++)
	{
		if (!has_parent(&ddl->change->before, &pair->old->inherits[i], &ddl->change->after,
						pair->new))
			change_inheritance(ddl, pair->old, &pair->old->inherits[i], true);
	}
}

static void
begin_inheritance(DdlChange *ddl, const TablePair *pair)
{
	for (size_t i = 0; pair->old != NULL && i < pair->new->inherits_count; i++)
	{
		if (!has_parent(&ddl->change->after, &pair->new->inherits[i], &ddl->change->before,
						pair->old))
			change_inheritance(ddl, pair->new, &pair->new->inherits[i], false);
	}
}

/* ---- tables that go ---- */

static bool
is_dropped(const DdlChange *ddl, const SchemaTable *table)
{
	return schema_document_table(&ddl->change->after, table->id) == NULL;
}

static void
drop_dependents(DdlChange *ddl)
{
	for (size_t i = 0; i < ddl->change->before.table_count; i++)
	{
		const SchemaTable *old = &ddl->change->before.tables[i];
		TablePair pair = {old, schema_document_table(&ddl->change->after, old->id)};

		ddl_drop_constraints(ddl, &pair);
		if (pair.new == NULL)
			continue;
		detach(ddl, &pair);
		end_inheritance(ddl, &pair);
	}
}

/* All in one statement, as they may need each other. */
static void
drop_tables(DdlChange *ddl)
{
	const SchemaDocument *before = &ddl->change->before;
	const char *separator = "SELECT ";
	const SchemaTable *first = NULL;
	FILE *out = NULL;

	for (size_t i = 0; i < before->table_count; i++)
	{
		const SchemaTable *table = &before->tables[i];

		if (!is_dropped(ddl, table))
			continue;
		if (first == NULL)
			out = ddl_ask(ddl, table->schema, table->name);
		first = first == NULL ? table : first;
		ddl_put(out, "%sEXISTS (SELECT " DDL_RELATION ")", separator, table->schema, table->name);
		separator = " OR ";
	}
	if (first == NULL)
		return;
	out = ddl_do(ddl, "table", first->schema, first->name);
	separator = "DROP TABLE IF EXISTS ";
	for (size_t i = 0; i < before->table_count; i++)
	{
		const SchemaTable *table = &before->tables[i];

		if (!is_dropped(ddl, table))
			continue;
		ddl_put(out, "%s%T", separator, table->schema, table->name);
		separator = ", ";
	}
}

/* ---- tables that stay ---- */

static void
rename_table(DdlChange *ddl, const TablePair *pair)
{
	const SchemaTable *old = pair->old, *new = pair->new;
	bool moves = strcmp(old->schema, new->schema) != 0;

	if (!moves && strcmp(old->name, new->name) == 0)
		return;
	ddl_put(ddl_ask(ddl, old->schema, old->name),
			"SELECT EXISTS (SELECT " DDL_RELATION ") AND NOT EXISTS (SELECT " DDL_RELATION ")",
			old->schema, old->name, new->schema, new->name);
	if (moves)
		ddl_put(ddl_do(ddl, "table", old->schema, old->name), "ALTER TABLE %T SET SCHEMA %I",
				old->schema, old->name, new->schema);
	if (strcmp(old->name, new->name) != 0)
		ddl_put(ddl_do(ddl, "table", new->schema, new->name), "ALTER TABLE %T RENAME TO %I",
				new->schema, old->name, new->name);
}

static void
comment_table(DdlChange *ddl, const TablePair *pair)
{
	const SchemaTable *table = pair->new;

	if (ddl_same(pair->old->comment, table->comment))
		return;
	ddl_put(ddl_ask(ddl, table->schema, table->name),
			"SELECT EXISTS (SELECT " DDL_RELATION
			" AND pg_catalog.obj_description(c.oid, 'pg_class') IS DISTINCT FROM %L)",
			table->schema, table->name, table->comment);
	ddl_put(ddl_do(ddl, "comment", table->schema, table->name), "COMMENT ON TABLE %T IS %L",
			table->schema, table->name, table->comment);
}

static bool
has_option(const SchemaTable *table, const char *option, size_t length)
{
	for (size_t i = 0; i < table->option_count; i++)
	{
		if (strncmp(table->options[i], option, length) == 0 &&
			(table->options[i][length] == '\0' || table->options[i][length] == '='))
			return true;
	}
	return false;
}

/* Storage parameters "name=value"; what an older release does not know is left out. */
static void
change_options(DdlChange *ddl, const TablePair *pair)
{
	const SchemaTable *table = pair->new;

	for (size_t i = 0; i < table->option_count; i++)
	{
		const char *option = table->options[i], *value = strchr(option, '=');

		if (value == NULL || has_option(pair->old, option, strlen(option)))
			continue;
		ddl_put(ddl_ask(ddl, table->schema, table->name), "SELECT EXISTS (SELECT " DDL_RELATION ")",
				table->schema, table->name);
		ddl_put(ddl_try(ddl, "table", table->schema, table->name), "ALTER TABLE %T SET (",
				table->schema, table->name);
		(void) fprintf(ddl->script.out, "%.*s", (int) (value - option), option);
		ddl_put(ddl->script.out, " = %L)", value + 1);
	}
	for (size_t i = 0; i < pair->old->option_count; i++)
	{
		const char *option = pair->old->options[i];
		size_t length = strcspn(option, "=");

		if (has_option(table, option, length))
			continue;
		ddl_put(ddl_ask(ddl, table->schema, table->name), "SELECT EXISTS (SELECT " DDL_RELATION ")",
				table->schema, table->name);
		ddl_put(ddl_try(ddl, "table", table->schema, table->name), "ALTER TABLE %T RESET (",
				table->schema, table->name);
		(void) fprintf(ddl->script.out, "%.*s)", (int) length, option);
	}
}

static void
change_replica_identity(DdlChange *ddl, const TablePair *pair)
{
	static const char *const letters[] = {[SCHEMA_REPLICA_DEFAULT] = "d",
										  [SCHEMA_REPLICA_FULL] = "f",
										  [SCHEMA_REPLICA_NOTHING] = "n"};
	static const char *const words[] = {[SCHEMA_REPLICA_DEFAULT] = "DEFAULT",
										[SCHEMA_REPLICA_FULL] = "FULL",
										[SCHEMA_REPLICA_NOTHING] = "NOTHING"};
	const SchemaTable *table = pair->new;
	size_t identity = table->replica_identity;

	if (pair->old->replica_identity == table->replica_identity || letters[identity] == NULL)
		return;
	ddl_put(ddl_ask(ddl, table->schema, table->name),
			"SELECT EXISTS (SELECT " DDL_RELATION " AND c.relreplident <> %L)", table->schema,
			table->name, letters[identity]);
	ddl_put(ddl_do(ddl, "table", table->schema, table->name), "ALTER TABLE %T REPLICA IDENTITY %s",
			table->schema, table->name, words[identity]);
}

/* ---- new tables ---- */

void
ddl_make_table(DdlChange *ddl, const SchemaTable *table)
{
	const PgDdl pg = {&ddl->change->after, ddl->version, &ddl->script};
	const SchemaFill *fill = schema_change_fill(ddl->change, table->id, 0);

	ddl_put(ddl_ask(ddl, table->schema, table->name), "SELECT NOT EXISTS (SELECT " DDL_RELATION ")",
			table->schema, table->name);
	if (table->partition_of != NULL)
		ddl_put(ddl->script.out, " AND EXISTS (SELECT " PARTED ")", table->partition_of->schema,
				table->partition_of->name);
	if (fill != NULL && fill->kind == SCHEMA_FILL_UNKNOWN)
		ddl_part(ddl)->unknown = fill->text;
	pg_ddl_table(&pg, table, false);
}

/* One that stays, and of whose rows the source could not tell what became. */
static void
tell_rows(DdlChange *ddl, const TablePair *pair)
{
	const SchemaTable *table = pair->new;
	const SchemaFill *fill = schema_change_fill(ddl->change, table->id, 0);

	if (fill == NULL || fill->kind != SCHEMA_FILL_UNKNOWN)
		return;
	ddl_put(ddl_ask(ddl, table->schema, table->name), "SELECT EXISTS (SELECT " DDL_RELATION ")",
			table->schema, table->name);
	ddl_part(ddl)->by_hand = fill->text;
}

/* ---- all of it ---- */

/* Calls `does` for every table of `after`; only those that were there when `old` is asked for. */
static void
each_table(DdlChange *ddl, bool old, void (*does)(DdlChange *ddl, const TablePair *pair))
{
	for (size_t i = 0; i < ddl->change->after.table_count; i++)
	{
		TablePair pair = ddl_pair(ddl, i);

		if (!old || pair.old != NULL)
			does(ddl, &pair);
	}
}

static void
make_new_table(DdlChange *ddl, const TablePair *pair)
{
	if (pair->old == NULL)
		ddl_make_table(ddl, pair->new);
}

static void
make_parts(DdlChange *ddl)
{
	make_schemas(ddl);
	ddl_types_before(ddl);
	drop_dependents(ddl);
	ddl_flat_leave(ddl);
	drop_tables(ddl);
	each_table(ddl, true, rename_table);
	each_table(ddl, true, ddl_rename_constraints);
	ddl_sequences_before(ddl);
	each_table(ddl, true, ddl_columns);
	each_table(ddl, true, tell_rows);
	each_table(ddl, false, make_new_table);
	each_table(ddl, false, attach);
	each_table(ddl, false, ddl_flat_join);
	each_table(ddl, true, begin_inheritance);
	ddl_sequences_after(ddl);
	each_table(ddl, false, ddl_indexes);
	each_table(ddl, true, change_replica_identity);
	each_table(ddl, false, ddl_checks);
	each_table(ddl, false, ddl_foreign_keys);
	each_table(ddl, true, change_options);
	each_table(ddl, true, comment_table);
	ddl_types_after(ddl);
}

bool
ddl_change_end(DdlChange *ddl, SluiceError *err)
{
	for (size_t i = 0; i < ddl->count; i++)
		ddl->parts[i].end = i + 1 < ddl->count ? ddl->parts[i + 1].question : ddl->script.count;
	if (!script_close(&ddl->script, err))
		return false;
	return !ddl->failed || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for statements");
}

bool
ddl_change_make(DdlChange *ddl, const SchemaChange *change, int version, unsigned create,
				SluiceError *err)
{
	*ddl = (DdlChange){.change = change, .version = version, .create = create};
	if (!script_open(&ddl->script, err))
		return false;
	make_parts(ddl);
	return ddl_change_end(ddl, err);
}

void
ddl_change_free(DdlChange *ddl)
{
	script_free(&ddl->script);
	free(ddl->parts);
	*ddl = (DdlChange){0};
}
