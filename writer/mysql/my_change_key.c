/*
 * my_change_key.c - indexes, checks and foreign keys of a change (my_change.h).
 *
 * Each is held against the one of the same name as it is written in SQL: one that differs goes and
 * comes anew, unless something was renamed, which names in definitions follow there by themselves.
 */
#include <stdlib.h>
#include <string.h>

#include "my_change.h"
#include "writer/structure.h"

/* ---- indexes ---- */

typedef struct IndexText
{
	const MyDesign *design;
	const SchemaTable *table;
	const SchemaIndex *index;
} IndexText;

static bool
write_index(const void *what, FILE *out)
{
	const IndexText *index = what;
	const MyDdl my = {.design = index->design};
	const char *why;

	if (my_design_index(index->design, index->table, index->index, &why) == INDEX_LEFT_OUT)
		return false;
	my_write_index(&my, index->table, index->index, out);
	return true;
}

/* "" for one that is not made there. */
static char *
index_text(MyChange *change, const MyDesign *design, const SchemaTable *table,
		   const SchemaIndex *index)
{
	return my_change_text(change, write_index, &(IndexText){design, table, index});
}

static const SchemaIndex *
find_index(const SchemaTable *table, const char *name)
{
	for (size_t i = 0; i < table->index_count; i++)
	{
		if (strcmp(table->indexes[i].name, name) == 0)
			return &table->indexes[i];
	}
	return NULL;
}

/* A table has one primary key, whatever it is called. */
static const SchemaIndex *
same_index(const SchemaTable *table, const SchemaIndex *index)
{
	for (size_t i = 0; index->primary && i < table->index_count; i++)
	{
		if (table->indexes[i].primary)
			return &table->indexes[i];
	}
	return index->primary ? NULL : find_index(table, index->name);
}

/* Whether an index that is there on both sides is another one. */
static bool
is_other(MyChange *change, const TablePair *pair, const SchemaIndex *old, const SchemaIndex *new)
{
	char *was = index_text(change, &change->old, pair->old, old);
	char *is = index_text(change, &change->new, pair->new, new);
	bool other = !ddl_same_but_names(&change->ddl, pair, NULL, was, is);

	free(was);
	free(is);
	return other;
}

/* "0:a(3),b", as KEY_COLUMNS gives it: whether rows may repeat, and of what the index is. */
static bool
write_columns(const void *what, FILE *out)
{
	const IndexText *index = what;
	const char *why;
	bool unique = index->index->unique &&
				  my_design_index(index->design, index->table, index->index, &why) == INDEX_MADE;

	(void) fputs(unique ? "0:" : "1:", out);
	for (size_t i = 0; i < index->index->column_count; i++)
	{
		const char *name = index->index->columns[i].name;
		int prefix;

		if (name == NULL)
			return false;
		prefix = my_design_prefix(index->design, index->table, index->index, i);
		(void) fprintf(out, "%s%s", i == 0 ? "" : ",", name);
		if (prefix > 0)
			(void) fprintf(out, "(%d)", prefix);
	}
	return true;
}

#define KEY_COLUMNS                                                                                \
	"CONCAT(MIN(NON_UNIQUE), ':', GROUP_CONCAT(CONCAT(COLUMN_NAME, IFNULL(CONCAT('(', SUB_PART, "  \
	"')'), '')) ORDER BY SEQ_IN_INDEX))"

/* One that comes anew may be there already under the name, when somebody has made it by hand. */
static void
ask_other_columns(MyChange *change, const TablePair *pair, const SchemaIndex *old,
				  const SchemaIndex *new)
{
	char *was = my_change_text(change, write_columns, &(IndexText){&change->old, pair->old, old});
	char *is = my_change_text(change, write_columns, &(IndexText){&change->new, pair->new, new});
	char name[MY_NAME_SIZE];

	my_index_name(old, name);
	if (*is != '\0' && strcmp(was, is) != 0)
		my_change_put(change->ddl.script.out, " AND (SELECT " KEY_COLUMNS " " MY_INDEX ") <> %L",
					  my_change_database(change, pair->old), pair->old->name, name, is);
	free(was);
	free(is);
}

/* `new` takes its place; or NULL. */
static void
drop_index(MyChange *change, const TablePair *pair, const SchemaIndex *index,
		   const SchemaIndex *new)
{
	const SchemaTable *table = pair->old;
	char name[MY_NAME_SIZE];
	const char *why;

	if (my_design_index(&change->old, table, index, &why) == INDEX_LEFT_OUT)
		return;
	my_index_name(index, name);
	my_change_put(ddl_ask(&change->ddl, table->schema, index->name),
				  "SELECT EXISTS (SELECT 1 " MY_INDEX ")", my_change_database(change, table),
				  table->name, name);
	if (new != NULL)
		ask_other_columns(change, pair, index, new);
	my_change_put(ddl_do(&change->ddl, "index", table->schema, index->name),
				  index->primary ? "ALTER TABLE %T DROP PRIMARY KEY"
								 : "ALTER TABLE %T DROP INDEX %I",
				  my_change_database(change, table), table->name, name);
}

static void
drop_indexes(MyChange *change, const TablePair *pair)
{
	for (size_t i = 0; i < pair->old->index_count; i++)
	{
		const SchemaIndex *old = &pair->old->indexes[i];
		const SchemaIndex *new = same_index(pair->new, old);

		if (new == NULL || is_other(change, pair, old, new))
			drop_index(change, pair, old, new);
	}
}

/* A table that is made has its primary key already. */
void
my_change_indexes(MyChange *change, const TablePair *pair)
{
	const SchemaTable *table = pair->new;
	const MyDdl my = {.design = &change->new, .script = &change->ddl.script};

	for (size_t i = 0; (change->ddl.create & CREATE_INDEXES) != 0 && i < table->index_count; i++)
	{
		const SchemaIndex *new = &table->indexes[i];
		const SchemaIndex *old = pair->old != NULL ? same_index(pair->old, new) : NULL;
		char name[MY_NAME_SIZE];
		const char *why;

		if (my_design_index(&change->new, table, new, &why) == INDEX_LEFT_OUT ||
			(old != NULL && !is_other(change, pair, old, new)))
			continue;
		my_index_name(new, name);
		my_change_put(ddl_ask(&change->ddl, table->schema, new->name),
					  "SELECT EXISTS (SELECT 1 " MY_TABLE ") AND NOT EXISTS (SELECT 1 " MY_INDEX
					  ")",
					  my_change_database(change, table), table->name,
					  my_change_database(change, table), table->name, name);
		my_ddl_indexes(&my, table, &i, 1);
	}
}

/* ---- checks ---- */

/* The checks of a table, each with its text. */
typedef struct Checks
{
	MyChange *change;
	const MyDesign *design;
	const SchemaTable *table;
	const struct Checks *others; /* those that are in both are passed over */
	const TablePair *pair;
	bool drops;
	const char *find; /* looks for one only */
	char *found;
} Checks;

typedef struct CheckText
{
	const Checks *checks;
	const MyCheck *check;
} CheckText;

static bool
write_check(const void *what, FILE *out)
{
	const CheckText *text = what;

	return my_write_check(text->checks->design, text->checks->table, text->check, out);
}

static void
find_check(void *context, const MyCheck *check)
{
	Checks *checks = context;

	if (checks->found == NULL && strcmp(check->name, checks->find) == 0)
		checks->found = my_change_text(checks->change, write_check, &(CheckText){checks, check});
}

static void
do_check(void *context, const MyCheck *check)
{
	Checks *checks = context;
	MyChange *change = checks->change;
	const SchemaTable *table = checks->table;
	const char *database = my_change_database(change, table);
	char *text = my_change_text(change, write_check, &(CheckText){checks, check});
	Checks other = *checks->others;

	other.find = check->name;
	my_each_check(other.design, other.table, find_check, &other);
	if (*text != '\0' &&
		(other.found == NULL ||
		 !ddl_same_but_names(&change->ddl, checks->pair, NULL, checks->drops ? text : other.found,
							 checks->drops ? other.found : text)))
	{
		my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
					  checks->drops ? "SELECT EXISTS (SELECT 1 " MY_CONSTRAINT ")"
									: "SELECT NOT EXISTS (SELECT 1 " MY_CONSTRAINT ")",
					  database, table->name, check->name);
		if (checks->drops)
			my_change_put(ddl_do(&change->ddl, "constraint", table->schema, table->name),
						  "ALTER TABLE %T DROP CONSTRAINT %I", database, table->name, check->name);
		else
			my_change_put(ddl_do(&change->ddl, "constraint", table->schema, table->name),
						  "ALTER TABLE %T ADD CONSTRAINT %I CHECK (%s)", database, table->name,
						  check->name, text);
	}
	free(other.found);
	free(text);
}

static void
change_checks(MyChange *change, const TablePair *pair, bool drops)
{
	Checks old = {
		.change = change, .design = &change->old, .table = pair->old, .pair = pair, .drops = drops};
	Checks new = {
		.change = change, .design = &change->new, .table = pair->new, .pair = pair, .drops = drops};

	old.others = &new;
	new.others = &old;
	my_each_check(drops ? old.design : new.design, drops ? old.table : new.table, do_check,
				  drops ? &old : &new);
}

void
my_change_checks(MyChange *change, const TablePair *pair)
{
	change_checks(change, pair, false);
}

/* ---- foreign keys ---- */

static const SchemaForeignKey *
find_key(const SchemaTable *table, const char *name)
{
	for (size_t i = 0; table != NULL && i < table->foreign_key_count; i++)
	{
		if (strcmp(table->foreign_keys[i].name, name) == 0)
			return &table->foreign_keys[i];
	}
	return NULL;
}

static bool
same_key(const MyChange *change, const TablePair *pair, const SchemaForeignKey *old,
		 const SchemaForeignKey *new)
{
	const SchemaName to =
		old != NULL ? (SchemaName){old->schema, old->table} : (SchemaName){NULL, NULL};

	return old != NULL && new != NULL &&ddl_same_but_names(&change->ddl, pair, &to, old->definition,
														   new->definition);
}

/* Under the name that a copy may have given it, too. */
static void
drop_key(MyChange *change, const SchemaTable *table, const SchemaForeignKey *key)
{
	const char *database = my_change_database(change, table);
	char names[2][MY_NAME_SIZE];

	(void) snprintf(names[0], sizeof(names[0]), "%s", key->name);
	my_long_constraint_name(table, key->name, names[1]);
	for (size_t i = 0; i < 2; i++)
	{
		my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
					  "SELECT EXISTS (SELECT 1 " MY_CONSTRAINT ")", database, table->name,
					  names[i]);
		my_change_put(ddl_do(&change->ddl, "foreign key", table->schema, table->name),
					  "ALTER TABLE %T DROP FOREIGN KEY %I", database, table->name, names[i]);
	}
}

void
my_change_drop_keys(MyChange *change, const SchemaTable *table)
{
	for (size_t i = 0; i < table->foreign_key_count; i++)
		drop_key(change, table, &table->foreign_keys[i]);
}

void
my_change_keys(MyChange *change, const TablePair *pair)
{
	const SchemaTable *table = pair->new;
	const MyDdl my = {.design = &change->new, .script = &change->ddl.script};

	for (size_t i = 0;
		 (change->ddl.create & CREATE_FOREIGN_KEYS) != 0 && i < table->foreign_key_count; i++)
	{
		const SchemaForeignKey *new = &table->foreign_keys[i];
		char name[MY_NAME_SIZE];

		if (same_key(change, pair, find_key(pair->old, new->name), new) ||
			my_foreign_key_refused(&change->new, table, new) != NULL)
			continue;
		my_constraint_name(&change->new, table, new->name, name);
		my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
					  "SELECT EXISTS (SELECT 1 " MY_TABLE
					  ") AND NOT EXISTS (SELECT 1 " MY_CONSTRAINT ")",
					  my_change_database(change, table), table->name,
					  my_change_database(change, table), table->name, name);
		my_ddl_foreign_key(&my, table, new);
	}
}

/* ---- what goes ---- */

void
my_change_drop_constraints(MyChange *change, const TablePair *pair)
{
	for (size_t i = 0; i < pair->old->foreign_key_count; i++)
	{
		const SchemaForeignKey *old = &pair->old->foreign_keys[i];

		if (!same_key(change, pair, old, find_key(pair->new, old->name)))
			drop_key(change, pair->old, old);
	}
	change_checks(change, pair, true);
	drop_indexes(change, pair);
}
