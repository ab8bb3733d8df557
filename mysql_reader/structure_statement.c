/*
 * structure_statement.c - which tables a statement may have changed, and what it renames (structure.h).
 */
#include "structure_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "binlog/alter.h"
#include "binlog/words.h"

#define WORDS_LOOKED_AT 8 /* of a statement that is not known by its first words */

static const char came[] = "it came into the stream with the rows it had";
static const char moved_rows[] =
	"an ALTER TABLE took rows away or brought some without telling which";
static const char swapped[] = "another table took its place, with the rows that one had";

/* What a table is called between two names, where tables change theirs in a circle. */
static const char aside[] = "sluice_swap";

/* The statement at hand. */
typedef struct Reading
{
	Telling telling;
	const QueryEvent *query;
	Statement statement;
} Reading;

/* ---- names ---- */

typedef struct TableName
{
	char schema[sizeof(StatementName)], name[sizeof(StatementName)];
} TableName;

static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		*text += *text >= 'A' && *text <= 'Z' ? 'a' - 'A' : 0;
}

/* A table's name as the catalog has it: in the session's database when the statement names none. */
static void
take_name(const Reading *reading, const StatementName *schema, const StatementName *name,
		  TableName *out)
{
	size_t length = reading->query->schema_length;

	if (length >= sizeof(out->schema))
		length = sizeof(out->schema) - 1;
	memset(out, 0, sizeof(*out));
	if (schema->text[0] != '\0')
		memcpy(out->schema, schema->text, strlen(schema->text));
	else
		memcpy(out->schema, reading->query->schema, length);
	memcpy(out->name, name->text, strlen(name->text));
	if (reading->telling.structure->options.folds)
	{
		lower(out->schema);
		lower(out->name);
	}
}

static bool
is_chosen(const Reading *reading, const TableName *name)
{
	return table_choice_has(reading->telling.structure->options.choice, name->schema, name->name);
}

/* What is there under a name of the stream's; NULL otherwise. */
static Known *
find_present(const Reading *reading, const TableName *name)
{
	Known *known = is_chosen(reading, name) || strcmp(name->name, aside) == 0
					   ? known_find(reading->telling.structure, name->schema, name->name)
					   : NULL;

	return known != NULL && (known_table(known) != NULL || known->waiting) ? known : NULL;
}

/* ---- one table ---- */

/* A table that was never met is taken as it is now, unless the statement made it. */
static bool
touch(Reading *reading, const TableName *name, const char *command, bool made)
{
	Structure *structure = reading->telling.structure;
	const SchemaTable *table;
	Known *known;

	if (!is_chosen(reading, name))
		return true;
	known = known_find(structure, name->schema, name->name);
	if (!made && (known == NULL || (known->shape == NULL && !known->waiting)))
		return structure_table_named(structure, name->schema, name->name, &table,
									 reading->telling.err);
	if (known == NULL)
		known = known_add(structure, name->schema, name->name, reading->telling.err);
	return known != NULL && structure_wait(&reading->telling, known, command);
}

static bool
take_create(Reading *reading)
{
	Words words = words_of(reading->query, reading->query->text, reading->query->text_length);
	TableName name;
	Known *known;

	take_name(reading, &reading->statement.schema, &reading->statement.name, &name);
	known = find_present(reading, &name);
	if (known != NULL && words_take_all(&words, "create or replace") &&
		!structure_tell_gone(&reading->telling, known))
		return false;
	return touch(reading, &name, "CREATE TABLE", true);
}

static bool
take_index(Reading *reading)
{
	TableName name;

	take_name(reading, &reading->statement.schema, &reading->statement.name, &name);
	return touch(reading, &name,
				 reading->statement.kind == STATEMENT_CREATE_INDEX ? "CREATE INDEX" : "DROP INDEX",
				 false);
}

static bool
take_drop(Reading *reading)
{
	Statement *statement = &reading->statement;
	StatementName ignored_schema, ignored_name;

	do
	{
		TableName name;
		Known *known;

		take_name(reading, &statement->schema, &statement->name, &name);
		known = find_present(reading, &name);
		/* A statement that failed in part may have left this one. */
		if (known != NULL &&
			(reading->query->error != 0 ? !structure_wait(&reading->telling, known, "DROP TABLE")
										: !structure_tell_gone(&reading->telling, known)))
			return false;
		statement->name.text[0] = '\0';
	} while (statement_next_table(reading->query, statement, &ignored_schema, &ignored_name));
	return true;
}

/* ---- renames ---- */

typedef struct Rename
{
	TableName from, to;
	bool done;
} Rename;

typedef struct RenameList
{
	Rename *items;
	size_t count;
} RenameList;

static bool
same_name(const TableName *a, const TableName *b)
{
	return strcmp(a->schema, b->schema) == 0 && strcmp(a->name, b->name) == 0;
}

/* Steps that lead on from one name are one rename. */
static bool
add_rename(RenameList *list, const TableName *from, const TableName *to, SluiceError *err)
{
	Rename *items;

	for (size_t i = 0; i < list->count; i++)
	{
		if (same_name(&list->items[i].to, from))
		{
			list->items[i].to = *to;
			return true;
		}
	}
	items = realloc(list->items, (list->count + 1) * sizeof(*items));
	if (items == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for renamed tables");
	list->items = items;
	items[list->count++] = (Rename){*from, *to, same_name(from, to)};
	return true;
}

static Rename *
rename_to(RenameList *list, const TableName *name)
{
	for (size_t i = 0; i < list->count; i++)
	{
		if (!list->items[i].done && same_name(&list->items[i].to, name))
			return &list->items[i];
	}
	return NULL;
}

/*
 * What an online change of structure puts in a table's place has that table's rows.  Of another table
 * nobody knows.
 */
static bool
take_replaced(Reading *reading, Known *known, Rename *by)
{
	by->done = true;
	if (!structure_wait(&reading->telling, known, "ALTER TABLE"))
		return false;
	known->by_tool = table_name_is_tool(by->from.name);
	if (!known->by_tool)
		known->rows_unknown = swapped;
	return true;
}

/* Tables of the stream that get a name which is not its own. */
static bool
take_leaving(Reading *reading, RenameList *list, Rename *rename)
{
	Known *known = find_present(reading, &rename->from);
	Rename *by = rename_to(list, &rename->from);

	rename->done = true;
	if (by == NULL)
		return structure_forget(&reading->telling, known);
	if (find_present(reading, &by->from) == NULL)
		return take_replaced(reading, known, by);
	return structure_tell_gone(&reading->telling, known);
}

static bool
take_coming(Reading *reading, Rename *rename)
{
	Structure *structure = reading->telling.structure;
	Known *known = known_add(structure, rename->to.schema, rename->to.name, reading->telling.err);

	rename->done = true;
	if (known == NULL || !structure_wait(&reading->telling, known, "RENAME TABLE"))
		return false;
	known->rows_unknown = came;
	return true;
}

/* Whether the table there is to get another name by the same statement. */
static bool
is_in_the_way(const Reading *reading, const RenameList *list, const TableName *name)
{
	for (size_t i = 0; i < list->count; i++)
	{
		if (!list->items[i].done && same_name(&list->items[i].from, name))
			return find_present(reading, name) != NULL;
	}
	return false;
}

/* One whose new name is free; with `force` one that gets out of the way. */
static bool
take_moving(Reading *reading, RenameList *list, bool force, bool *moved)
{
	for (size_t i = 0; i < list->count; i++)
	{
		Rename *rename = &list->items[i];
		Known *known = rename->done ? NULL : find_present(reading, &rename->from);
		TableName to = rename->to;

		if (known == NULL || !is_chosen(reading, &rename->to) ||
			(!force && is_in_the_way(reading, list, &rename->to)))
			continue;
		rename->done = !force;
		if (force)
		{
			memcpy(to.name, aside, sizeof(aside));
			memcpy(&rename->from, &to, sizeof(to));
		}
		*moved = true;
		return structure_tell_renamed(&reading->telling, known, to.schema, to.name);
	}
	return true;
}

/* Tables that change their names among themselves: one goes aside where they go round. */
static bool
take_all_moving(Reading *reading, RenameList *list)
{
	bool moved;

	do
	{
		moved = false;
		if (!take_moving(reading, list, false, &moved) ||
			(!moved && !take_moving(reading, list, true, &moved)))
			return false;
	} while (moved);
	return true;
}

static bool
take_renames(Reading *reading, RenameList *list)
{
	for (size_t i = 0; i < list->count; i++)
	{
		Rename *rename = &list->items[i];

		if (!rename->done && find_present(reading, &rename->from) != NULL &&
			!is_chosen(reading, &rename->to) && !take_leaving(reading, list, rename))
			return false;
	}
	if (!take_all_moving(reading, list))
		return false;
	for (size_t i = 0; i < list->count; i++)
	{
		Rename *rename = &list->items[i];

		if (!rename->done && is_chosen(reading, &rename->to) && !take_coming(reading, rename))
			return false;
	}
	return true;
}

static bool
take_rename(Reading *reading)
{
	Statement *statement = &reading->statement;
	StatementName new_schema, new_name;
	RenameList list = {NULL, 0};
	bool good = true;

	while (good && statement_next_table(reading->query, statement, &new_schema, &new_name))
	{
		TableName from, to;

		take_name(reading, &statement->schema, &statement->name, &from);
		take_name(reading, &new_schema, &new_name, &to);
		good = add_rename(&list, &from, &to, reading->telling.err);
		statement->name.text[0] = '\0';
	}
	good = good && take_renames(reading, &list);
	free(list.items);
	return good;
}

/* ---- ALTER TABLE ---- */

static bool
note_column(Known *known, const AlterRename *rename, SluiceError *err)
{
	ColumnRename *list = realloc(known->renames, (known->rename_count + 1) * sizeof(*list));
	ColumnRename *item;

	if (list != NULL)
	{
		known->renames = list;
		item = &list[known->rename_count];
		*item = (ColumnRename){strdup(rename->from.text), strdup(rename->to.text)};
		known->rename_count++;
	}
	return (list != NULL && list[known->rename_count - 1].from != NULL &&
			list[known->rename_count - 1].to != NULL) ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for renamed columns");
}

static bool
note_added(Known *known, const AlterAdded *added, SluiceError *err)
{
	AddedColumn *list = realloc(known->added, (known->added_count + 1) * sizeof(*list));
	AddedColumn *item;

	if (list != NULL)
	{
		known->added = list;
		item = &list[known->added_count++];
		item->name = strdup(added->column.text);
		item->value = added->value != NULL ? strndup(added->value, added->length) : NULL;
		if (item->name != NULL && (item->value != NULL || added->value == NULL))
			return true;
	}
	return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for new columns");
}

static bool
read_added(Reading *reading, Known *known)
{
	Statement statement = reading->statement;
	AlterAdded added;

	while (known != NULL && alter_next_added(reading->query, &statement, &added))
	{
		if (!note_added(known, &added, reading->telling.err))
			return false;
	}
	return true;
}

/* Column by column into what waits; a new name of the table to *to. */
static bool
read_alter(Reading *reading, const TableName *name, TableName *to)
{
	Known *known = find_present(reading, name);
	AlterRename rename;

	*to = *name;
	if (!read_added(reading, known))
		return false;
	while (alter_next_rename(reading->query, &reading->statement, &rename))
	{
		if (!rename.column)
			take_name(reading, &rename.schema, &rename.to, to);
		else if (known != NULL && !note_column(known, &rename, reading->telling.err))
			return false;
	}
	return true;
}

static bool
note_moved_rows(Reading *reading, const TableName *name)
{
	Known *known = find_present(reading, name);

	if (known == NULL)
		return true;
	if (!structure_wait(&reading->telling, known, "ALTER TABLE"))
		return false;
	known->rows_unknown = moved_rows;
	return true;
}

/* Of the table, and of another that it exchanges rows with. */
static bool
take_moved_rows(Reading *reading, const TableName *name)
{
	StatementName schema, other_name;
	TableName other;

	if (!alter_moves_rows(reading->query, &reading->statement, &schema, &other_name))
		return true;
	if (!note_moved_rows(reading, name))
		return false;
	if (other_name.text[0] == '\0')
		return true;
	take_name(reading, &schema, &other_name, &other);
	return touch(reading, &other, "ALTER TABLE", false) && note_moved_rows(reading, &other);
}

static bool
take_alter(Reading *reading)
{
	RenameList list = {NULL, 0};
	TableName name, to;
	bool good;

	take_name(reading, &reading->statement.schema, &reading->statement.name, &name);
	if (!touch(reading, &name, "ALTER TABLE", false) || !take_moved_rows(reading, &name) ||
		!read_alter(reading, &name, &to))
		return false;
	if (same_name(&name, &to))
		return true;
	good = add_rename(&list, &name, &to, reading->telling.err) && take_renames(reading, &list);
	free(list.items);
	return good && (find_present(reading, &to) == NULL ||
					structure_wait(&reading->telling, find_present(reading, &to), "ALTER TABLE"));
}

/* ---- the rest ---- */

static bool
drop_schema(Reading *reading, const char *schema)
{
	Structure *structure = reading->telling.structure;

	for (size_t i = 0; i < structure->known_count; i++)
	{
		Known *known = structure->known[i];

		if (strcmp(known->schema, schema) == 0 && (known_table(known) != NULL || known->waiting) &&
			!structure_tell_gone(&reading->telling, known))
			return false;
	}
	return true;
}

/* Whether "table" or "index" is among the first words. */
static bool
names_a_table(const Reading *reading)
{
	Words words = words_of(reading->query, reading->query->text, reading->query->text_length);
	StatementName word;

	if (!words_take(&words, "create") && !words_take(&words, "alter") &&
		!words_take(&words, "drop") && !words_take(&words, "import"))
		return false;
	for (int i = 0; i < WORDS_LOOKED_AT && words_take_name(&words, &word); i++)
	{
		if (strcasecmp(word.text, "table") == 0 || strcasecmp(word.text, "index") == 0)
			return true;
	}
	return false;
}

static bool
look_at_all(Reading *reading)
{
	Structure *structure = reading->telling.structure;

	for (size_t i = 0; i < structure->known_count; i++)
	{
		Known *known = structure->known[i];

		if (known_table(known) != NULL && !structure_wait(&reading->telling, known, "ALTER TABLE"))
			return false;
	}
	return true;
}

static bool
take_other(Reading *reading)
{
	Words words = words_of(reading->query, reading->query->text, reading->query->text_length);
	StatementName nothing = {""}, schema;

	if (words_take_all(&words, "drop database") || words_take_all(&words, "drop schema"))
	{
		TableName name;

		(void) words_take_all(&words, "if exists");
		if (!words_take_name(&words, &schema))
			return true;
		take_name(reading, &schema, &nothing, &name);
		return drop_schema(reading, name.schema);
	}
	return !names_a_table(reading) || look_at_all(reading);
}

bool
structure_statement(Structure *structure, const QueryEvent *query, const Statement *statement,
					const StructurePlace *place, const StructureEvents *events, SluiceError *err)
{
	Reading reading = {{structure, place, events, err, query->utc}, query, *statement};

	if (statement->temporary)
		return true;
	switch (statement->kind)
	{
		case STATEMENT_CREATE_TABLE: return take_create(&reading);
		case STATEMENT_ALTER_TABLE: return take_alter(&reading);
		case STATEMENT_DROP_TABLE: return take_drop(&reading);
		case STATEMENT_RENAME_TABLE: return take_rename(&reading);
		case STATEMENT_CREATE_INDEX:
		case STATEMENT_DROP_INDEX: return take_index(&reading);
		case STATEMENT_OTHER: return take_other(&reading);
		default: return true;
	}
}
