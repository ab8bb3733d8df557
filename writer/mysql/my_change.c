/*
 * my_change.c - the order of a change's parts, and those of whole tables (my_change.h).
 *
 * Partitions are parts of their root's table there: what only concerns them is nothing to be done,
 * except that rows which come or go with one are somebody's to move.
 */
#include "my_change.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts ---- */

static void
put_kind(FILE *out, char kind, va_list *arguments)
{
	const char *text = kind == '%' ? "%" : va_arg(*arguments, const char *);

	switch (kind)
	{
		case 'I': my_write_name(out, text); break;
		case 'L': my_write_literal(out, text); break;
		case 'T': my_write_qualified(out, text, va_arg(*arguments, const char *)); break;
		default: (void) fputs(text, out); break;
	}
}

void
my_change_put(FILE *out, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	for (const char *at = format; *at != '\0'; at++)
	{
		if (*at == '%')
			put_kind(out, *++at, &arguments);
		else
			(void) fputc(*at, out);
	}
	va_end(arguments);
}

char *
my_change_text(MyChange *change, MyWrite write, const void *what)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool good = out != NULL && write(what, out);

	if (out == NULL || fclose(out) != 0)
		change->ddl.failed = true;
	if (good)
		return text;
	free(text);
	return strdup("");
}

const char *
my_change_database(const MyChange *change, const SchemaTable *table)
{
	return my_design_database(&change->new, table->schema);
}

/* ---- databases ---- */

static void
make_databases(MyChange *change)
{
	const MyDdl my = {.design = &change->new, .script = &change->ddl.script};

	for (size_t i = 0; i < change->new.document->schema_count; i++)
	{
		const char *name = my_design_database(&change->new, change->new.document->schemas[i].name);

		my_change_put(ddl_ask(&change->ddl, NULL, name),
					  "SELECT NOT EXISTS (SELECT 1 FROM information_schema.SCHEMATA"
					  " WHERE SCHEMA_NAME = %L)",
					  name);
		my_ddl_database(&my, name);
	}
}

/* ---- tables ---- */

static bool
is_part(const SchemaTable *table)
{
	return table != NULL && table->partition_of != NULL;
}

/* A table with what it was; a former partition was none. */
static TablePair
pair_of(const MyChange *change, size_t i)
{
	TablePair pair = ddl_pair(&change->ddl, i);

	if (is_part(pair.old))
		pair.old = NULL;
	return pair;
}

static void
each_table(MyChange *change, bool old, void (*does)(MyChange *change, const TablePair *pair))
{
	for (size_t i = 0; i < change->new.document->table_count; i++)
	{
		TablePair pair = pair_of(change, i);

		if (!is_part(pair.new) && (!old || pair.old != NULL))
			does(change, &pair);
	}
}

static void
tell_part(MyChange *change, const SchemaTable *table, const char *what)
{
	const char *root = table->partition_of->name;

	my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
				  "SELECT EXISTS (SELECT 1 " MY_TABLE ")",
				  my_design_database(&change->new, table->partition_of->schema), root);
	ddl_part(&change->ddl)->by_hand = what;
}

/* Rows that came or went with a partition were not sent. */
static void
tell_parts(MyChange *change)
{
	const SchemaDocument *before = &change->ddl.change->before;

	for (size_t i = 0; i < before->table_count; i++)
	{
		const SchemaTable *now =
			schema_document_table(&change->ddl.change->after, before->tables[i].id);

		if (is_part(&before->tables[i]) && !is_part(now))
			tell_part(
				change, &before->tables[i],
				"it is no partition any more: its rows are to be deleted from its root's table");
		else if (!is_part(&before->tables[i]) && is_part(now))
			tell_part(change, now,
					  "it became a partition: its rows are to be copied to its root's table");
	}
}

static void
drop_old(MyChange *change)
{
	const SchemaDocument *before = &change->ddl.change->before;
	const MyDdl my = {.design = &change->old, .script = &change->ddl.script};

	for (size_t i = 0; i < before->table_count; i++)
	{
		const SchemaTable *table = &before->tables[i];

		if (!is_part(table) && schema_document_table(&change->ddl.change->after, table->id) == NULL)
			my_change_drop_keys(change, table);
	}
	for (size_t i = 0; i < before->table_count; i++)
	{
		const SchemaTable *table = &before->tables[i];

		if (is_part(table) || schema_document_table(&change->ddl.change->after, table->id) != NULL)
			continue;
		my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
					  "SELECT EXISTS (SELECT 1 " MY_TABLE ")", my_change_database(change, table),
					  table->name);
		my_ddl_drop(&my, table);
	}
}

static void
rename_table(MyChange *change, const TablePair *pair)
{
	const SchemaTable *old = pair->old, *new = pair->new;
	const char *from = my_change_database(change, old), *to = my_change_database(change, new);

	if (strcmp(from, to) == 0 && strcmp(old->name, new->name) == 0)
		return;
	my_change_put(ddl_ask(&change->ddl, old->schema, old->name),
				  "SELECT EXISTS (SELECT 1 " MY_TABLE ") AND NOT EXISTS (SELECT 1 " MY_TABLE ")",
				  from, old->name, to, new->name);
	my_change_put(ddl_do(&change->ddl, "table", old->schema, old->name), "RENAME TABLE %T TO %T",
				  from, old->name, to, new->name);
}

static void
make_table(MyChange *change, const TablePair *pair)
{
	const SchemaTable *table = pair->new;
	const MyDdl my = {.design = &change->new, .script = &change->ddl.script};
	const SchemaFill *fill = schema_change_fill(change->ddl.change, table->id, 0);

	if (pair->old != NULL)
		return;
	my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
				  "SELECT NOT EXISTS (SELECT 1 " MY_TABLE ")", my_change_database(change, table),
				  table->name);
	if (fill != NULL && fill->kind == SCHEMA_FILL_UNKNOWN)
		ddl_part(&change->ddl)->unknown = fill->text;
	my_ddl_table(&my, table);
}

/* One that stays, and of whose rows the source could not tell what became. */
static void
tell_rows(MyChange *change, const TablePair *pair)
{
	const SchemaTable *table = pair->new;
	const SchemaFill *fill = schema_change_fill(change->ddl.change, table->id, 0);

	if (fill == NULL || fill->kind != SCHEMA_FILL_UNKNOWN)
		return;
	my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
				  "SELECT EXISTS (SELECT 1 " MY_TABLE ")", my_change_database(change, table),
				  table->name);
	ddl_part(&change->ddl)->by_hand = fill->text;
}

static void
comment_table(MyChange *change, const TablePair *pair)
{
	const SchemaTable *table = pair->new;
	const char *database = my_change_database(change, table);
	const char *comment = table->comment != NULL ? table->comment : "";
	FILE *out;

	if (ddl_same(pair->old->comment, table->comment))
		return;
	my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
				  "SELECT EXISTS (SELECT 1 " MY_TABLE " AND TABLE_COMMENT <> ", database,
				  table->name);
	my_write_comment(change->ddl.script.out, comment, MY_TABLE_COMMENT);
	(void) fputc(')', change->ddl.script.out);
	out = ddl_do(&change->ddl, "comment", table->schema, table->name);
	my_change_put(out, "ALTER TABLE %T COMMENT = ", database, table->name);
	my_write_comment(out, comment, MY_TABLE_COMMENT);
}

/* ---- all of it ---- */

static void
make_parts(MyChange *change)
{
	make_databases(change);
	tell_parts(change);
	each_table(change, true, my_change_unnumber);
	each_table(change, true, my_change_drop_constraints);
	drop_old(change);
	each_table(change, true, rename_table);
	each_table(change, true, my_change_columns);
	each_table(change, true, tell_rows);
	each_table(change, false, make_table);
	each_table(change, false, my_change_indexes);
	each_table(change, true, my_change_number);
	each_table(change, true, my_change_checks);
	each_table(change, false, my_change_keys);
	each_table(change, true, comment_table);
}

bool
my_change_make(MyChange *change, const SchemaChange *source, const TargetKind *target,
			   const TypeRules *rules, const char *database, unsigned create, bool exact,
			   SluiceError *err)
{
	DdlChange *ddl = &change->ddl;

	*change = (MyChange){.ddl = {.change = source, .version = target->version, .create = create},
						 .exact = exact};
	if (!script_open(&ddl->script, err) ||
		!my_design_make(&change->old, &source->before, target, rules, database, err) ||
		!my_design_make(&change->new, &source->after, target, rules, database, err))
		return false;
	make_parts(change);
	return ddl_change_end(ddl, err);
}

void
my_change_free(MyChange *change)
{
	my_design_free(&change->old);
	my_design_free(&change->new);
	ddl_change_free(&change->ddl);
}
