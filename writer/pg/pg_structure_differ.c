/*
 * pg_structure_differ.c - holding what a PostgreSQL target has against the document
 * (pg_structure_state.h).
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "pg_loss.h"
#include "pg_structure_state.h"

/* Differences of one object while they are written. */
typedef struct Comparison
{
	const PgStructure *s;
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

/* ---- relations that should be something else ---- */

static const char *
kind_name(char kind)
{
	static const struct
	{
		char kind;
		const char *name;
	} names[] = {{'r', "table"},		 {'p', "partitioned table"},
				 {'v', "view"},			 {'m', "materialized view"},
				 {'f', "foreign table"}, {'S', "sequence"},
				 {'i', "index"},		 {'I', "partitioned index"},
				 {'c', "type"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (names[i].kind == kind)
			return names[i].name;
	}
	return "relation of another kind";
}

/* ---- types ---- */

static bool
has_label(const SchemaType *type, const char *label)
{
	for (size_t i = 0; i < type->label_count; i++)
	{
		if (strcmp(type->labels[i], label) == 0)
			return true;
	}
	return false;
}

static void
compare_labels(Comparison *comparison, const SchemaType *type, size_t number)
{
	const PGresult *labels = comparison->s->labels.result;
	int row, count = pg_rows_of(&comparison->s->labels, number, &row), found = 0;
	size_t at = 0;

	for (size_t i = 0; i < type->label_count; i++)
	{
		int k = 0;

		while (k < count && strcmp(PQgetvalue(labels, row + k, 1), type->labels[i]) != 0)
			k++;
		if (k == count)
			differ(comparison, OBJECT_UNSUITABLE, "label \"%s\" is missing", type->labels[i]);
		found += k < count;
	}
	for (int k = 0; k < count; k++)
	{
		const char *label = PQgetvalue(labels, row + k, 1);

		if (!has_label(type, label))
			differ(comparison, OBJECT_DIFFERENT, "label \"%s\" is not the source's", label);
		else if (at < type->label_count && strcmp(type->labels[at], label) == 0)
			at++;
	}
	if (found == count && at < type->label_count && comparison->state == OBJECT_SAME)
		differ(comparison, OBJECT_DIFFERENT, "the labels are in another order");
}

/* What types_sql says of a type that is as the document's. */
static void
put_made_of(const SchemaType *type, FILE *out)
{
	if (type->kind == SCHEMA_TYPE_DOMAIN || type->kind == SCHEMA_TYPE_RANGE)
		(void) fputs(type->kind == SCHEMA_TYPE_DOMAIN ? type->base : type->subtype, out);
	for (size_t i = 0; i < type->attribute_count; i++)
	{
		(void) fputs(i == 0 ? "" : ", ", out);
		pg_put_name(out, type->attributes[i].name);
		(void) fprintf(out, " %s", type->attributes[i].type);
	}
}

static void
compare_made_of(Comparison *comparison, const SchemaType *type, const char *found)
{
	char *wanted = NULL;
	size_t size;
	FILE *out = open_memstream(&wanted, &size);

	if (out == NULL)
		return;
	put_made_of(type, out);
	if (fclose(out) == 0 && strcmp(wanted, found) != 0)
		differ(comparison, OBJECT_UNSUITABLE, "is of %s, not %s", found, wanted);
	free(wanted);
}

static void
compare_type(Comparison *comparison, size_t number)
{
	static const char kinds[] = {[SCHEMA_TYPE_ENUM] = 'e',
								 [SCHEMA_TYPE_DOMAIN] = 'd',
								 [SCHEMA_TYPE_COMPOSITE] = 'c',
								 [SCHEMA_TYPE_RANGE] = 'r'};
	const SchemaType *type = &comparison->s->base.document->types[number];
	const PGresult *types = comparison->s->types.result;
	char relation;
	int row;

	if (pg_rows_of(&comparison->s->types, number, &row) == 0)
	{
		comparison->state = OBJECT_MISSING;
		return;
	}
	relation = *PQgetvalue(types, row, 2);
	if (*PQgetvalue(types, row, 1) != kinds[type->kind] || (relation != '\0' && relation != 'c'))
		differ(comparison, OBJECT_FOREIGN, "the name is taken by something else");
	else if (type->kind == SCHEMA_TYPE_ENUM)
		compare_labels(comparison, type, number);
	else
		compare_made_of(comparison, type, PQgetvalue(types, row, 3));
}

/* ---- columns ---- */

enum
{
	FOUND_NAME = 1,
	FOUND_TYPE,
	FOUND_NOT_NULL,
	FOUND_GENERATED,
	FOUND_NEEDED,
	FOUND_TYPE_OID,
	FOUND_MODIFIER
};

static bool
is_true(const PGresult *rows, int row, int column)
{
	return *PQgetvalue(rows, row, column) == 't';
}

/* Whether the target's type rounds or cuts what comes. */
static bool
loses(const SchemaColumn *column, const PGresult *columns, int row)
{
	Oid from =
		strcmp(column->type_schema, "pg_catalog") == 0 ? pg_type_named(column->type_name) : 0;
	Oid to = (Oid) strtoul(PQgetvalue(columns, row, FOUND_TYPE_OID), NULL, 10);
	int32_t modifier = (int32_t) strtol(PQgetvalue(columns, row, FOUND_MODIFIER), NULL, 10);

	return from != 0 && pg_type_loses(from, (int32_t) column->typmod, to, modifier);
}

static void
compare_column(Comparison *comparison, const SchemaColumn *column, const PGresult *columns, int row)
{
	const char *type = PQgetvalue(columns, row, FOUND_TYPE);
	bool not_null = is_true(columns, row, FOUND_NOT_NULL);
	bool generated = is_true(columns, row, FOUND_GENERATED);

	if (!generated && loses(column, columns, row))
		differ(comparison, OBJECT_UNSUITABLE,
			   "column \"%s\" is %s, which would silently change values of %s", column->name, type,
			   column->type);
	else if (strcmp(type, column->type) != 0)
		differ(comparison, OBJECT_DIFFERENT, "column \"%s\" is %s, not %s", column->name, type,
			   column->type);
	if (not_null != column->not_null)
		differ(comparison, OBJECT_DIFFERENT, "column \"%s\" may %sbe null", column->name,
			   not_null ? "not " : "");
	/* A value that comes cannot be put into a column that the target computes. */
	if (generated != (column->generated != SCHEMA_NOT_GENERATED))
		differ(comparison, generated ? OBJECT_UNSUITABLE : OBJECT_DIFFERENT,
			   "column \"%s\" is %sgenerated", column->name, generated ? "" : "not ");
}

static void
compare_columns(Comparison *comparison, const SchemaTable *table, size_t number)
{
	const PGresult *columns = comparison->s->columns.result;
	int row, count = pg_rows_of(&comparison->s->columns, number, &row);

	for (size_t i = 0; i < table->column_count; i++)
	{
		const SchemaColumn *column = &table->columns[i];
		int k = 0;

		while (k < count && strcmp(PQgetvalue(columns, row + k, FOUND_NAME), column->name) != 0)
			k++;
		if (k < count)
			compare_column(comparison, column, columns, row + k);
		else
			differ(comparison,
				   column->generated == SCHEMA_NOT_GENERATED ? OBJECT_UNSUITABLE : OBJECT_DIFFERENT,
				   "column \"%s\" is missing", column->name);
	}
	for (int k = row; k < row + count; k++)
	{
		const char *name = PQgetvalue(columns, k, FOUND_NAME);

		if (schema_table_column(table, name) != NULL)
			continue;
		if (is_true(columns, k, FOUND_NEEDED))
			differ(comparison, OBJECT_UNSUITABLE,
				   "column \"%s\", which must not be null, is not the source's", name);
		else
			differ(comparison, OBJECT_DIFFERENT, "column \"%s\" is not the source's", name);
	}
}

/* ---- keys ---- */

/* The index whose columns are a row's key: the primary one, else that of the replica identity. */
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

/* Its columns as keys_sql writes them; NULL when there are none, or expressions. */
static char *
key_text(const SchemaIndex *index)
{
	char *text = NULL;
	size_t size;
	FILE *out = index == NULL ? NULL : open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < index->column_count; i++)
	{
		(void) fputs(i == 0 ? "" : ", ", out);
		pg_put_name(out, index->columns[i].name != NULL ? index->columns[i].name : "");
	}
	return fclose(out) == 0 ? text : (free(text), NULL);
}

static void
compare_key(Comparison *comparison, const SchemaTable *table, size_t number)
{
	const PgRows *keys = &comparison->s->keys;
	int row, count = pg_rows_of(keys, number, &row);
	bool primary = count > 0 && is_true(keys->result, row, 1);
	char *wanted = key_text(key_index(table, true));
	bool made_later = (comparison->s->base.settings->create & CREATE_INDEXES) != 0;

	if (primary && (wanted == NULL || strcmp(PQgetvalue(keys->result, row, 2), wanted) != 0))
		differ(comparison, OBJECT_DIFFERENT, "its primary key is (%s), not (%s)",
			   PQgetvalue(keys->result, row, 2), wanted != NULL ? wanted : "");
	else if (!primary && wanted != NULL && !made_later)
		differ(comparison, OBJECT_DIFFERENT, "it has no primary key (%s)", wanted);
	free(wanted);
}

bool
pg_structure_has_key(Structure *base, size_t number)
{
	const PgStructure *s = (const PgStructure *) base;
	const SchemaTable *table = &base->document->tables[number];
	const SchemaIndex *primary = key_index(table, true);
	char *wanted = key_text(primary != NULL ? primary : key_index(table, false));
	int row, count = pg_rows_of(&s->keys, number, &row);
	bool found = false;

	for (int k = row; wanted != NULL && !found && k < row + count; k++)
		found = strcmp(PQgetvalue(s->keys.result, k, 2), wanted) == 0;
	free(wanted);
	return found;
}

/* ---- objects ---- */

static void
compare_table(Comparison *comparison, size_t number)
{
	const SchemaTable *table = &comparison->s->base.document->tables[number];
	char kind = pg_structure_kind(comparison->s, number);

	if (kind == '\0')
	{
		comparison->state = OBJECT_MISSING;
		return;
	}
	if (kind != 'r' && kind != 'p')
	{
		differ(comparison, OBJECT_FOREIGN, "is a %s", kind_name(kind));
		return;
	}
	if (kind == 'p' && table->kind == SCHEMA_TABLE_PLAIN)
		differ(comparison, OBJECT_DIFFERENT, "is partitioned");
	if (kind == 'r' && table->kind == SCHEMA_TABLE_PARTITIONED)
		differ(comparison, OBJECT_UNSUITABLE,
			   "is not partitioned (--partitions flatten puts all rows into one table)");
	compare_columns(comparison, table, number);
	compare_key(comparison, table, number);
}

static void
compare_sequence(Comparison *comparison, size_t number)
{
	const PgRows *rows = &comparison->s->sequences;
	int row;

	if (pg_rows_of(rows, number, &row) == 0)
		comparison->state = OBJECT_MISSING;
	else if (*PQgetvalue(rows->result, row, 1) != 'S')
		differ(comparison, OBJECT_FOREIGN, "is a %s", kind_name(*PQgetvalue(rows->result, row, 1)));
}

static void
compare_schema(Comparison *comparison, size_t number)
{
	int row;

	if (pg_rows_of(&comparison->s->schemas, number, &row) == 0)
		comparison->state = OBJECT_MISSING;
}

/* Views and functions that stand on tables are in the way when those are dropped. */
static void
compare_carried(Comparison *comparison, size_t number)
{
	int row;

	if (pg_rows_of(&comparison->s->carried, number, &row) == 0)
		comparison->state = OBJECT_MISSING;
}

ObjectState
pg_structure_state(Structure *base, ObjectKind kind, size_t number, FILE *out)
{
	static void (*const compare[OBJECT_KINDS])(Comparison * comparison, size_t number) = {
		[OBJECT_SCHEMA] = compare_schema,	  [OBJECT_TYPE] = compare_type,
		[OBJECT_SEQUENCE] = compare_sequence, [OBJECT_TABLE] = compare_table,
		[OBJECT_CARRIED] = compare_carried,
	};
	Comparison comparison = {.s = (const PgStructure *) base, .out = out, .state = OBJECT_SAME};

	compare[kind](&comparison, number);
	return comparison.state;
}
