/*
 * my_structure_differ.c - holding what a MySQL or MariaDB target has against the design
 * (my_structure_state.h).
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "my_structure_state.h"

/* Differences of one object while they are written. */
typedef struct Comparison
{
	const MyStructure *s;
	FILE *out;
	ObjectState state;
} Comparison;

/* Adds a difference; the worst of all makes the state. */
static void SLUICE_PRINTF(3, 4)
	differ(Comparison *comparison, ObjectState state, const char *format, ...)
{
	va_list arguments;

	if (comparison->state != OBJECT_SAME)
		(void) fputs(", ", comparison->out);
	va_start(arguments, format);
	(void) vfprintf(comparison->out, format, arguments);
	va_end(arguments);
	if (state > comparison->state)
		comparison->state = state;
}

/* ---- columns ---- */

bool
my_same_type(const MyDesign *design, const MyColumnDesign *made, const char *found)
{
	char text[COLUMN_TYPE_SIZE];
	ColumnType wanted, there;

	/* Labels are only in the text. */
	if (made->own_type != NULL && column_type_read(found, &there) &&
		(there.kind == KIND_ENUM || there.kind == KIND_SET))
		return strcmp(made->own_type, found) == 0;
	column_type_write(&made->choice.type, text);
	if (!column_type_read(text, &wanted) || !column_type_read(found, &there))
		return false;
	if (wanted.kind == KIND_JSON && there.kind == KIND_LONGTEXT &&
		design->target.flavour == FLAVOUR_MARIADB)
		return true;
	return wanted.kind == there.kind && wanted.is_unsigned == there.is_unsigned &&
		   (wanted.length == there.length || (wanted.length <= 0 && there.length <= 0)) &&
		   (wanted.scale == there.scale || (wanted.scale <= 0 && there.scale <= 0));
}

static bool
is_true(MYSQL_ROW row, int column)
{
	return row[column] != NULL && *row[column] == '1';
}

static void
compare_column(Comparison *comparison, const SchemaTable *table, const SchemaColumn *column,
			   MYSQL_ROW row)
{
	const MyDesign *design = &comparison->s->design;
	const MyColumnDesign *made = my_design_column(design, table, column->name);
	bool computed;
	char text[COLUMN_TYPE_SIZE];

	computed = is_true(row, COLUMN_COMPUTED);
	column_type_write(&made->choice.type, text);
	if (!my_same_type(design, made, row[COLUMN_TYPE]))
		differ(comparison, OBJECT_DIFFERENT, "column \"%s\" is %.200s, not %s", column->name,
			   row[COLUMN_TYPE], text);
	if (is_true(row, COLUMN_NOT_NULL) != made->not_null)
		differ(comparison, OBJECT_DIFFERENT, "column \"%s\" may %sbe null", column->name,
			   made->not_null ? "" : "not ");
	/* A value that comes cannot be put into a column that the target computes. */
	if (computed != (column->generated != SCHEMA_NOT_GENERATED))
		differ(comparison, computed ? OBJECT_UNSUITABLE : OBJECT_DIFFERENT,
			   "column \"%s\" is %sgenerated", column->name, computed ? "" : "not ");
}

/* Names of columns are without case. */
static const SchemaColumn *
source_column(const SchemaTable *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (strcasecmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	return NULL;
}

static void
compare_columns(Comparison *comparison, const SchemaTable *table)
{
	const MyStructure *s = comparison->s;
	size_t first, count = my_rows_of_table(s, &s->columns, table, &first);

	for (size_t i = 0; i < table->column_count; i++)
	{
		const SchemaColumn *column = &table->columns[i];
		size_t k = 0;

		while (k < count && strcasecmp(s->columns.rows[first + k][COLUMN_NAME], column->name) != 0)
			k++;
		if (k < count)
			compare_column(comparison, table, column, s->columns.rows[first + k]);
		else if (!my_design_column(&s->design, table, column->name)->left_out)
			differ(comparison,
				   column->generated == SCHEMA_NOT_GENERATED ? OBJECT_UNSUITABLE : OBJECT_DIFFERENT,
				   "column \"%s\" is missing", column->name);
	}
	for (size_t k = first; k < first + count; k++)
	{
		MYSQL_ROW row = s->columns.rows[k];

		if (source_column(table, row[COLUMN_NAME]) != NULL)
			continue;
		if (is_true(row, COLUMN_NEEDED))
			differ(comparison, OBJECT_UNSUITABLE,
				   "column \"%s\", which must not be null, is not the source's", row[COLUMN_NAME]);
		else
			differ(comparison, OBJECT_DIFFERENT, "column \"%s\" is not the source's",
				   row[COLUMN_NAME]);
	}
}

/* ---- keys ---- */

static const SchemaIndex *
key_index(const SchemaTable *table, bool primary)
{
	for (size_t i = 0; i < table->index_count; i++)
	{
		if (primary ? table->indexes[i].primary : table->indexes[i].replica_identity)
			return &table->indexes[i];
	}
	return NULL;
}

static void
compare_key(Comparison *comparison, const SchemaTable *table)
{
	const MyStructure *s = comparison->s;
	const SchemaIndex *primary = key_index(table, true);
	char *wanted = primary != NULL ? my_index_columns(s, table, primary) : NULL;
	size_t first, count = my_rows_of_table(s, &s->indexes, table, &first);
	const char *found = NULL;

	for (size_t k = first; k < first + count; k++)
	{
		if (strcmp(s->indexes.rows[k][INDEX_NAME], "PRIMARY") == 0)
			found = s->indexes.rows[k][INDEX_COLUMNS];
	}
	if (found != NULL && (wanted == NULL || strcasecmp(found, wanted) != 0))
		differ(comparison, OBJECT_DIFFERENT, "its primary key is (%s), not (%s)", found,
			   wanted != NULL ? wanted : "");
	else if (found == NULL && wanted != NULL)
		differ(comparison, OBJECT_DIFFERENT, "it has no primary key (%s)", wanted);
	free(wanted);
}

bool
my_structure_has_key(Structure *base, size_t number)
{
	const MyStructure *s = (const MyStructure *) base;
	const SchemaTable *table = &base->document->tables[number];
	const SchemaIndex *primary = key_index(table, true);
	const SchemaIndex *index = primary != NULL ? primary : key_index(table, false);
	char *wanted = index != NULL ? my_index_columns(s, table, index) : NULL;
	size_t first, count = my_rows_of_table(s, &s->indexes, table, &first);
	bool found = false;

	for (size_t k = first; wanted != NULL && !found && k < first + count; k++)
		found = is_true(s->indexes.rows[k], INDEX_UNIQUE) &&
				s->indexes.rows[k][INDEX_COLUMNS] != NULL &&
				strcasecmp(s->indexes.rows[k][INDEX_COLUMNS], wanted) == 0;
	free(wanted);
	return found;
}

/* ---- objects ---- */

static void
compare_table(Comparison *comparison, size_t number)
{
	const MyStructure *s = comparison->s;
	const SchemaTable *table = &s->base.document->tables[number];
	size_t first;
	MYSQL_ROW row;

	if (my_rows_of_table(s, &s->tables, table, &first) == 0)
	{
		comparison->state = OBJECT_MISSING;
		return;
	}
	row = s->tables.rows[first];
	if (row[TABLE_TYPE] == NULL || strcmp(row[TABLE_TYPE], "BASE TABLE") != 0)
	{
		differ(comparison, OBJECT_FOREIGN, "is a %s",
			   row[TABLE_TYPE] != NULL ? row[TABLE_TYPE] : "");
		return;
	}
	if (row[TABLE_ENGINE] == NULL || strcasecmp(row[TABLE_ENGINE], "InnoDB") != 0)
		differ(comparison, OBJECT_UNSUITABLE, "its engine is %s, not InnoDB",
			   row[TABLE_ENGINE] != NULL ? row[TABLE_ENGINE] : "not known");
	compare_columns(comparison, table);
	compare_key(comparison, table);
}

static void
compare_schema(Comparison *comparison, size_t number)
{
	const MyStructure *s = comparison->s;
	const char *name = my_design_database(&s->design, s->base.document->schemas[number].name);
	size_t first;

	if (my_rows_of(s, &s->schemas, name, name, &first) == 0)
		comparison->state = OBJECT_MISSING;
}

/* Types are parts of columns there; the same by every policy. */
static void
compare_nothing(Comparison *comparison, size_t number)
{
	(void) comparison;
	(void) number;
}

/* What is not made there: nothing is in its way, and nobody can insist on it. */
static void
compare_absent(Comparison *comparison, size_t number)
{
	(void) number;
	if (comparison->s->base.settings->policy != POLICY_VALIDATE_EXISTING)
		comparison->state = OBJECT_MISSING;
}

ObjectState
my_structure_state(Structure *base, ObjectKind kind, size_t number, FILE *out)
{
	static void (*const compare[OBJECT_KINDS])(Comparison * comparison, size_t number) = {
		[OBJECT_SCHEMA] = compare_schema,	[OBJECT_TYPE] = compare_nothing,
		[OBJECT_SEQUENCE] = compare_absent, [OBJECT_TABLE] = compare_table,
		[OBJECT_CARRIED] = compare_absent,
	};
	Comparison comparison = {.s = (const MyStructure *) base, .out = out, .state = OBJECT_SAME};

	compare[kind](&comparison, number);
	return comparison.state;
}
