/*
 * my_structure_finish.c - what is left to do when the rows are in: indexes, foreign keys, the next
 * numbers of rows (my_structure_state.h).
 *
 * Everything is looked up first and what is there is left out, so that it can be begun again.
 */
#include <stdlib.h>
#include <string.h>

#include "my_structure_state.h"

/* ---- indexes ---- */

/* Whether CREATE TABLE has made the index of a table that a plan is about. */
static bool
made_with_table(const MyStructure *s, const SchemaTable *table, const SchemaIndex *index)
{
	return my_is_planned(s, table) &&
		   (index->primary || my_design_table(&s->design, table)->with_columns == index);
}

static bool
is_missing(const MyStructure *s, const MyRows *rows, const SchemaTable *table,
		   const SchemaIndex *index)
{
	size_t first, count = my_rows_of_table(s, rows, table, &first);
	const char *why;

	return my_design_index(&s->design, table, index, &why) != INDEX_LEFT_OUT &&
		   !made_with_table(s, table, index) &&
		   my_find_index(s, rows, first, count, table, index) == count;
}

static void
write_analyze(const MyDdl *ddl, const SchemaTable *table)
{
	FILE *out = script_step(ddl->script, STEP_WARNS, "statistics of", table->schema, table->name);

	(void) fputs("ANALYZE TABLE ", out);
	my_write_table(ddl, table, out);
}

bool
my_structure_write_table(Structure *base, size_t number, size_t index, Script *script,
						 SluiceError *err)
{
	MyStructure *s = (MyStructure *) base;
	const SchemaTable *table = &base->document->tables[number];
	const MyDdl ddl = {.design = &s->design, .script = script};
	bool makes = (base->settings->create & CREATE_INDEXES) != 0;
	size_t *numbers = calloc(table->index_count + 1, sizeof(*numbers)), count = 0;
	MyRows rows = {0};

	if (numbers == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
	if (!my_is_planned(s, table) && !my_structure_look_indexes(s, table, &rows, err))
	{
		free(numbers);
		return false;
	}
	for (size_t i = 0; makes && i < table->index_count; i++)
	{
		if ((index == WHOLE_TABLE || index == i) && is_missing(s, &rows, table, &table->indexes[i]))
			numbers[count++] = i;
	}
	my_ddl_indexes(&ddl, table, numbers, count);
	if (index == WHOLE_TABLE)
		write_analyze(&ddl, table);
	my_rows_free(&rows);
	free(numbers);
	return true;
}

/* ---- foreign keys ---- */

/* "`a`, `b`" */
static char *
key_columns(const SchemaForeignKey *key)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < key->column_count; i++)
	{
		(void) fputs(i == 0 ? "" : ", ", out);
		my_write_name(out, key->columns[i]);
	}
	return fclose(out) == 0 ? text : (free(text), NULL);
}

/* By its name, or as the same under another. */
static bool
has_key(const MyStructure *s, const SchemaTable *table, const SchemaForeignKey *key)
{
	size_t first, count = my_rows_of_table(s, &s->keys, table, &first);
	char name[MY_NAME_SIZE], *columns = key_columns(key);
	bool found = false;

	my_constraint_name(&s->design, table, key->name, name);
	for (size_t k = first; k < first + count && !found; k++)
	{
		MYSQL_ROW row = s->keys.rows[k];

		found = strcasecmp(row[KEY_NAME], name) == 0 ||
				(columns != NULL && strcasecmp(row[KEY_COLUMNS], columns) == 0 &&
				 strcasecmp(row[KEY_TABLE], key->table) == 0 &&
				 strcasecmp(row[KEY_DATABASE], my_design_database(&s->design, key->schema)) == 0);
	}
	free(columns);
	return found;
}

static void
write_foreign_keys(const MyStructure *s, const MyDdl *ddl, const SchemaTable *table)
{
	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		const SchemaForeignKey *key = &table->foreign_keys[i];

		if (my_foreign_key_refused(&s->design, table, key) == NULL &&
			(my_is_planned(s, table) || !has_key(s, table, key)))
			my_ddl_foreign_key(ddl, table, key);
	}
}

/* ---- numbers of rows ---- */

/* Never back: what is there may be further. */
static bool
is_further(const MyStructure *s, const SchemaTable *table, unsigned long long next)
{
	size_t first;
	const char *text;

	if (my_is_planned(s, table) || my_rows_of_table(s, &s->tables, table, &first) == 0)
		return false;
	text = s->tables.rows[first][TABLE_NEXT];
	return text != NULL && strtoull(text, NULL, 10) >= next;
}

static void
write_numbers(const MyStructure *s, const MyDdl *ddl, const SchemaTable *table)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		const SchemaColumn *column = &table->columns[i];
		const SchemaSequence *sequence;
		unsigned long long next;

		if (!my_design_column(&s->design, table, column->name)->automatic)
			continue;
		sequence = my_design_sequence(&s->design, table, column);
		next = sequence != NULL				   ? my_sequence_next(sequence)
			   : table->auto_increment != NULL ? strtoull(table->auto_increment, NULL, 10)
											   : 0;
		if (next > 0 && !is_further(s, table, next))
			my_ddl_auto_increment(ddl, table, next);
	}
}

bool
my_structure_write_keys(Structure *base, Script *script, SluiceError *err)
{
	MyStructure *s = (MyStructure *) base;
	const MyDdl ddl = {.design = &s->design, .script = script};

	if (!my_structure_look(base, err))
		return false;
	for (size_t i = 0;
		 (base->settings->create & CREATE_FOREIGN_KEYS) != 0 && i < base->document->table_count;
		 i++)
		write_foreign_keys(s, &ddl, &base->document->tables[i]);
	for (size_t i = 0; i < base->document->table_count; i++)
		write_numbers(s, &ddl, &base->document->tables[i]);
	return true;
}
