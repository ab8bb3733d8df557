/*
 * my_design_tell.c - what of a design the target cannot have, and what is different there
 * (my_design.h).
 */
#include <stdlib.h>
#include <string.h>

#include "my_ddl.h"
#include "my_native.h"
#include "writer/structure.h"

typedef struct Telling
{
	const MyDesign *design;
	const SchemaTable *table;
	Findings *findings;
} Telling;

/* ---- names ---- */

/* Why a name cannot be one there; NULL when it can. */
static const char *
name_refused(const char *name)
{
	size_t length = strlen(name), characters = 0;

	if (length > 0 && name[length - 1] == ' ')
		return "ends with a blank";
	for (size_t i = 0; i < length; i++)
	{
		if ((name[i] & 0xF8) == 0xF0)
			return "has a character beyond U+FFFF";
		characters += (name[i] & 0xC0) != 0x80;
	}
	return characters > MY_NAME_CHARACTERS ? "has more than 64 characters" : NULL;
}

static void
tell_name(const Telling *telling, const char *what, const char *name)
{
	const char *why = name_refused(name);

	if (why != NULL)
		findings_problem(telling->findings,
						 "table %s.%s: the name of %s \"%s\" %s, which is no name "
						 "there",
						 telling->table->schema, telling->table->name, what, name, why);
}

/* Columns that differ by case alone are one there. */
static void
tell_same_names(const Telling *telling)
{
	const SchemaTable *table = telling->table;

	for (size_t i = 0; i < table->column_count; i++)
	{
		for (size_t k = 0; k < i; k++)
		{
			if (strcasecmp(table->columns[i].name, table->columns[k].name) == 0)
				findings_problem(telling->findings,
								 "table %s.%s: columns \"%s\" and \"%s\" have the same name there",
								 table->schema, table->name, table->columns[k].name,
								 table->columns[i].name);
		}
	}
}

/* ---- columns ---- */

/* Whether the default is left out although there is one. */
static bool
loses_default(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column)
{
	char *text = NULL;
	size_t size;
	FILE *out;
	bool lost;

	if (column->default_value == NULL || column->generated != SCHEMA_NOT_GENERATED ||
		my_design_column(design, table, column->name)->automatic)
		return false;
	out = open_memstream(&text, &size);
	if (out == NULL)
		return false;
	lost = !my_write_default(design, table, column, out);
	(void) fclose(out);
	free(text);
	return lost;
}

static void
tell_column(const Telling *telling, const SchemaColumn *column)
{
	const SchemaTable *table = telling->table;
	const MyColumnDesign *made = my_design_column(telling->design, table, column->name);
	char text[COLUMN_TYPE_SIZE];

	column_type_write(&made->choice.type, text);
	tell_name(telling, "column", column->name);
	if (made->problem != NULL)
		findings_problem(telling->findings, "%s", made->problem);
	if (made->left_out)
		findings_warning(telling->findings,
						 "column %s.%s.%s is left out: what computes it is not carried: %s",
						 table->schema, table->name, column->name, column->expression);
	if (made->demoted)
		findings_warning(telling->findings,
						 "column %s.%s.%s is %s, as the row would be longer than %d bytes",
						 table->schema, table->name, column->name, text, MY_ROW_BYTES);
	if ((made->choice.loses & LOSES_LENGTH) != 0)
		findings_warning(telling->findings,
						 "column %s.%s.%s is %s, as it is in a key: longer values are refused",
						 table->schema, table->name, column->name, text);
	if (!made->choice.known)
		findings_warning(telling->findings, "column %s.%s.%s is %s: there is no type like %s there",
						 table->schema, table->name, column->name, text, column->type);
	if ((column->identity != SCHEMA_NO_IDENTITY || column->auto_increment) && !made->automatic)
		findings_warning(
			telling->findings,
			"column %s.%s.%s does not number rows there: it leads no key, or another does",
			table->schema, table->name, column->name);
	if (loses_default(telling->design, table, column))
		findings_warning(telling->findings, "the default of %s.%s.%s is not carried: %s",
						 table->schema, table->name, column->name, column->default_value);
	if (column->comment != NULL && strlen(column->comment) > MY_COLUMN_COMMENT)
		findings_warning(telling->findings, "the comment of %s.%s.%s may be cut", table->schema,
						 table->name, column->name);
}

/* ---- what MySQL and MariaDB do not have of each other ---- */

/* Whether a column before this one has the same collation: each is told of once. */
static bool
collation_was_told(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column)
{
	for (const SchemaTable *of = design->document->tables; of <= table; of++)
	{
		for (size_t i = 0; i < of->column_count && &of->columns[i] != column; i++)
		{
			if (of->columns[i].collation != NULL &&
				strcmp(of->columns[i].collation, column->collation) == 0)
				return true;
		}
	}
	return false;
}

static void
tell_own_column(const Telling *telling, const SchemaColumn *column)
{
	const SchemaTable *table = telling->table;
	const MyColumnDesign *made = my_design_column(telling->design, table, column->name);

	if (column->collation != NULL && *made->collation != '\0' &&
		strcmp(column->collation, made->collation) != 0 &&
		!collation_was_told(telling->design, table, column))
		findings_warning(telling->findings, "collation %s is %s there (first in %s.%s.%s)",
						 column->collation, made->collation, table->schema, table->name,
						 column->name);
	if (column->invisible && !my_native_can_hide(telling->design, column, made))
		findings_warning(telling->findings, "column %s.%s.%s is not invisible there", table->schema,
						 table->name, column->name);
}

static void
tell_own_table(const Telling *telling)
{
	const SchemaTable *table = telling->table;

	if (table->engine != NULL && strcasecmp(table->engine, "InnoDB") != 0)
		findings_warning(telling->findings, "table %s.%s is InnoDB there, not %s", table->schema,
						 table->name, table->engine);
	if (table->versioned)
		findings_warning(telling->findings,
						 "table %s.%s has its current rows only there: no system versioning",
						 table->schema, table->name);
	if (table->partitioning != NULL)
		findings_warning(telling->findings, "table %s.%s is not partitioned there: %s",
						 table->schema, table->name, table->partitioning);
	for (size_t i = 0; i < table->column_count; i++)
		tell_own_column(telling, &table->columns[i]);
}

/* A key by which a column tells rows apart; or NULL. */
static const SchemaIndex *
identifying(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column)
{
	for (size_t i = 0; i < table->index_count; i++)
	{
		const SchemaIndex *index = &table->indexes[i];
		const char *why;

		if (!index->replica_identity &&
			(!index->unique || my_design_index(design, table, index, &why) != INDEX_MADE))
			continue;
		for (size_t k = 0; k < index->column_count; k++)
		{
			if (index->columns[k].name != NULL && strcmp(index->columns[k].name, column->name) == 0)
				return index;
		}
	}
	return NULL;
}

/* Rows whose keys become equal would become one. */
static void
tell_policy(const Telling *telling, const SchemaColumn *column)
{
	const SchemaTable *table = telling->table;
	const TypeChoice *choice = &my_design_column(telling->design, table, column->name)->choice;
	const char *policy = loss_policy_names[choice->policy];
	const SchemaIndex *key;

	if ((choice->policy != LOSS_CLAMP && choice->policy != LOSS_NULL) ||
		(!choice->by_rule && (choice->loses & LOSES_CHANGED) == 0))
		return;
	key = identifying(telling->design, table, column);
	if (key != NULL)
		findings_problem(telling->findings,
						 "column %s.%s.%s is in the key %s, so it cannot have the policy %s: rows "
						 "would become one; say %s.%s.%s:error with --types",
						 table->schema, table->name, column->name, key->name, policy, table->schema,
						 table->name, column->name);
}

/* ---- checks ---- */

static void
tell_check(void *context, const MyCheck *check)
{
	const Telling *telling = context;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool good;

	if (out == NULL)
		return;
	good = my_write_check(telling->design, telling->table, check, out);
	(void) fclose(out);
	free(text);
	if (!good)
		findings_warning(telling->findings, "check %s of %s.%s is not carried: %s", check->name,
						 telling->table->schema, telling->table->name,
						 check->expression != NULL ? check->expression : "it is not valid");
}

/* ---- indexes and keys ---- */

static void
tell_indexes(const Telling *telling)
{
	const SchemaTable *table = telling->table;
	size_t made = 0;

	for (size_t i = 0; i < table->index_count; i++)
	{
		const SchemaIndex *index = &table->indexes[i];
		const char *why;
		MyIndexFate fate = my_design_index(telling->design, table, index, &why);

		made += fate != INDEX_LEFT_OUT && !index->primary;
		if (why != NULL)
			findings_warning(telling->findings, "index %s.%s %s: %s", table->schema, index->name,
							 fate == INDEX_LEFT_OUT ? "is not made" : "is different there", why);
		if (index->include_count > 0)
			findings_warning(telling->findings, "index %s.%s is without its INCLUDE columns there",
							 table->schema, index->name);
		if (index->constraint != NULL && index->constraint->deferrable)
			findings_warning(telling->findings, "constraint %s of %s.%s is checked at once there",
							 index->constraint->name, table->schema, table->name);
	}
	if (made > MY_INDEXES)
		findings_problem(telling->findings, "table %s.%s has %zu indexes, of which %d are possible",
						 table->schema, table->name, made, MY_INDEXES);
}

static void
tell_key(const Telling *telling, const SchemaForeignKey *key)
{
	const SchemaTable *table = telling->table;
	const char *why = my_foreign_key_refused(telling->design, table, key);
	const struct
	{
		bool so;
		const char *what;
	} differences[] = {
		{key->deferrable, "is checked at once there"},
		{key->match == SCHEMA_MATCH_FULL && key->column_count > 1, "is MATCH SIMPLE there"},
		{my_foreign_key_is_passive(telling->design, table, key),
		 "has no actions there, as a column is computed from it"},
		{key->on_delete == SCHEMA_SET_DEFAULT || key->on_update == SCHEMA_SET_DEFAULT,
		 "does nothing instead of SET DEFAULT there"},
	};

	if (why != NULL)
	{
		findings_warning(telling->findings, "foreign key %s of %s.%s is not made: %s", key->name,
						 table->schema, table->name, why);
		return;
	}
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++)
	{
		if (differences[i].so)
			findings_warning(telling->findings, "foreign key %s of %s.%s %s", key->name,
							 table->schema, table->name, differences[i].what);
	}
}

/* ---- rules ---- */

static bool
is_used(const MyDesign *design, size_t rule)
{
	for (size_t i = 0; i < design->document->table_count; i++)
	{
		const SchemaTable *table = &design->document->tables[i];

		for (size_t k = 0; k < table->column_count; k++)
		{
			if (my_design_uses_rule(design, table, &table->columns[k], rule))
				return true;
		}
	}
	return false;
}

/* One about a type that every source has may be meant for later. */
static void
tell_rules(const MyDesign *design, Findings *findings)
{
	for (size_t i = 0; i < type_rules_count(design->rules); i++)
	{
		if (!type_rule_is_general(design->rules, i) && !is_used(design, i))
			findings_warning(findings,
							 "--types: rule \"%s\" is about nothing: the stream has no such type "
							 "or column",
							 type_rule_text(design->rules, i));
	}
}

/* ---- tables ---- */

static void
tell_table(const Telling *telling)
{
	const SchemaTable *table = telling->table;

	tell_name(telling, "table", table->name);
	tell_same_names(telling);
	if (table->column_count == 0)
		findings_problem(telling->findings, "table %s.%s has no columns", table->schema,
						 table->name);
	if (table->column_count > MY_COLUMNS)
		findings_problem(telling->findings, "table %s.%s has %zu columns, of which %d are possible",
						 table->schema, table->name, table->column_count, MY_COLUMNS);
	if (my_design_table(telling->design, table)->too_long)
		findings_problem(telling->findings, "rows of %s.%s would be longer than %d bytes",
						 table->schema, table->name, MY_ROW_BYTES);
	if (table->inherits_count > 0)
		findings_warning(telling->findings,
						 "table %s.%s does not inherit there: its rows are its own", table->schema,
						 table->name);
	for (size_t i = 0; i < table->column_count; i++)
		tell_column(telling, &table->columns[i]);
	my_each_check(telling->design, table, tell_check, (void *) telling);
	if (my_native(telling->design))
		tell_own_table(telling);
}

static bool
numbers_rows(const MyDesign *design, const SchemaSequence *sequence)
{
	for (size_t i = 0; i < design->document->table_count; i++)
	{
		const SchemaTable *table = &design->document->tables[i];

		for (size_t k = 0; k < table->column_count; k++)
		{
			const SchemaColumn *column = &table->columns[k];

			if (my_design_column(design, table, column->name)->automatic &&
				my_design_sequence(design, table, column) == sequence)
				return true;
		}
	}
	return false;
}

/* Sequences that number no rows, functions, views and triggers. */
static void
tell_others(const MyDesign *design, Findings *findings)
{
	static const char *const words[] = {[SCHEMA_CARRIED_FUNCTION] = "function",
										[SCHEMA_CARRIED_VIEW] = "view",
										[SCHEMA_CARRIED_TRIGGER] = "trigger"};
	const SchemaDocument *document = design->document;

	for (size_t i = 0; i < document->sequence_count; i++)
	{
		if (document->sequences[i].owner == NULL && !numbers_rows(design, &document->sequences[i]))
			findings_warning(findings, "sequence %s.%s is not carried",
							 document->sequences[i].schema, document->sequences[i].name);
	}
	for (size_t i = 0; i < document->carried_count; i++)
		findings_warning(findings, "%s %s.%s is not carried: it is in another server's language",
						 words[document->carried[i].kind], document->carried[i].schema,
						 document->carried[i].name);
}

void
my_design_tell(const MyDesign *design, unsigned create, const unsigned char *chosen,
			   Findings *findings)
{
	const SchemaDocument *document = design->document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		const Telling telling = {design, &document->tables[i], findings};

		for (size_t k = 0; k < document->tables[i].column_count; k++)
			tell_policy(&telling, &document->tables[i].columns[k]);
		if ((chosen[i] & CHOSEN_CREATE) != 0)
			tell_table(&telling);
		if ((create & CREATE_INDEXES) != 0)
			tell_indexes(&telling);
		for (size_t k = 0;
			 (create & CREATE_FOREIGN_KEYS) != 0 && k < document->tables[i].foreign_key_count; k++)
			tell_key(&telling, &document->tables[i].foreign_keys[k]);
	}
	tell_others(design, findings);
	tell_rules(design, findings);
}
