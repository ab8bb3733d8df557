/*
 * schema_change_to_pg.c - the fills of a change (schema_change_to_pg.h).
 *
 * What is said of a column's generation is remembered before the shapes are translated: afterwards a
 * column that PostgreSQL cannot compute is a plain one.
 */
#include "schema_change_to_pg.h"

#include <string.h>

#include "schema_to_pg_parts.h"

/* A column that the source computes anew for rows that are there. */
typedef struct Computed
{
	uint32_t table;
	int64_t position;
} Computed;

typedef struct Changing
{
	ToPg t; /* for texts */
	SchemaChange *change;
	Computed *computed;
	size_t computed_count;
} Changing;

static const SchemaColumn *
column_at(const SchemaTable *table, int64_t position)
{
	for (size_t i = 0; table != NULL && i < table->column_count; i++)
	{
		if (table->columns[i].position == position)
			return &table->columns[i];
	}
	return NULL;
}

static size_t
count_columns(const SchemaDocument *document)
{
	size_t count = 0;

	for (size_t i = 0; i < document->table_count; i++)
		count += document->tables[i].column_count;
	return count;
}

/* ---- what the source computes ---- */

static bool
is_computed_anew(const SchemaColumn *old, const SchemaColumn *new)
{
	if (new->generated == SCHEMA_NOT_GENERATED)
		return false;
	return old == NULL || old->generated == SCHEMA_NOT_GENERATED || new->expression == NULL ||
		   old->expression == NULL || strcmp(old->expression, new->expression) != 0;
}

static void
note_computed(Changing *changing)
{
	const SchemaDocument *after = &changing->change->after;

	for (size_t i = 0; i < after->table_count; i++)
	{
		const SchemaTable *table = &after->tables[i];
		const SchemaTable *old = schema_document_table(&changing->change->before, table->id);

		for (size_t k = 0; old != NULL && k < table->column_count; k++)
		{
			const SchemaColumn *column = &table->columns[k];

			if (is_computed_anew(column_at(old, column->position), column))
				changing->computed[changing->computed_count++] =
					(Computed){table->id, column->position};
		}
	}
}

/* ---- fills ---- */

/* There is room for one more for each column. */
static void
add_fill(Changing *changing, uint32_t table, int64_t position, SchemaFillKind kind,
		 const char *text)
{
	SchemaChange *change = changing->change;

	if (schema_change_fill(change, table, position) == NULL)
		change->fills[change->fill_count++] = (SchemaFill){table, position, kind, text};
}

static bool
make_room(Changing *changing)
{
	SchemaChange *change = changing->change;
	size_t more = count_columns(&change->after);
	SchemaFill *fills =
		to_pg_room(&changing->t, (change->fill_count + more) * sizeof(*change->fills));

	changing->computed = to_pg_room(&changing->t, more * sizeof(*changing->computed));
	if (fills == NULL || changing->computed == NULL)
		return false;
	if (change->fill_count > 0)
		memcpy(fills, change->fills, change->fill_count * sizeof(*fills));
	change->fills = fills;
	return true;
}

/* A SET's labels as an array: they have neither quotes nor backslashes that would need more. */
static const char *
array_of(ToPg *t, const char *labels)
{
	const char *text = "";

	while (*labels != '\0')
	{
		size_t length = strcspn(labels, ",");

		text = to_pg_text(t, "%s%s\"%.*s\"", text, *text != '\0' ? "," : "", (int) length, labels);
		labels += length + (labels[length] == ',');
	}
	return to_pg_text(t, "{%s}", text);
}

/* Constants that are written otherwise. */
static void
translate_fills(Changing *changing)
{
	SchemaChange *change = changing->change;

	for (size_t i = 0; i < change->fill_count; i++)
	{
		SchemaFill *fill = &change->fills[i];
		const SchemaTable *table = schema_document_table(&change->after, fill->table);
		const SchemaColumn *column = column_at(table, fill->position);

		if (column != NULL && fill->kind == SCHEMA_FILL_CONSTANT && fill->text != NULL &&
			strcmp(column->type, "text[]") == 0)
			fill->text = array_of(&changing->t, fill->text);
	}
}

static void
fill_computed(Changing *changing)
{
	for (size_t i = 0; i < changing->computed_count; i++)
	{
		const Computed *computed = &changing->computed[i];
		const SchemaColumn *column = column_at(
			schema_document_table(&changing->change->after, computed->table), computed->position);

		if (column->generated == SCHEMA_NOT_GENERATED)
			add_fill(changing, computed->table, computed->position, SCHEMA_FILL_UNKNOWN,
					 "only the source can compute it");
	}
}

/* ---- types ---- */

static bool
is_of(const char *type, const char *kind)
{
	return strncmp(type, kind, strlen(kind)) == 0 && strchr(type, '[') == NULL;
}

static bool
is_text(const char *type)
{
	return is_of(type, "text") || is_of(type, "character varying");
}

/* How values become those of the new type, as MySQL does it where PostgreSQL's cast does not. */
static const char *
conversion(ToPg *t, const SchemaColumn *old, const SchemaColumn *new)
{
	const char *name = to_pg_quoted(t, new->name);

	if (strcmp(old->type, "text[]") == 0)
		return to_pg_text(t, "array_to_string(%s, ',')::%s", name, new->type);
	if (strcmp(new->type, "text[]") == 0)
		return to_pg_text(t, "CASE %s WHEN '' THEN '{}' ELSE string_to_array(%s, ',') END", name,
						  name);
	if (is_of(old->type, "bytea") && is_text(new->type))
		return to_pg_text(t, "convert_from(%s, 'UTF8')", name);
	if (is_text(old->type) && is_of(new->type, "bytea"))
		return to_pg_text(t, "convert_to(%s, 'UTF8')", name);
	/* tinyint(1) may be a boolean at the target, which only becomes an integer. */
	if (is_of(old->type, "smallint"))
		return to_pg_text(t, "%s::integer::%s", name, new->type);
	return to_pg_text(t, "%s::%s", name, new->type);
}

static void
fill_converted(Changing *changing)
{
	const SchemaDocument *after = &changing->change->after;

	for (size_t i = 0; i < after->table_count; i++)
	{
		const SchemaTable *table = &after->tables[i];
		const SchemaTable *old = schema_document_table(&changing->change->before, table->id);

		for (size_t k = 0; old != NULL && k < table->column_count; k++)
		{
			const SchemaColumn *column = &table->columns[k];
			const SchemaColumn *before = column_at(old, column->position);

			if (before != NULL && strcmp(before->type, column->type) != 0)
				add_fill(changing, table->id, column->position, SCHEMA_FILL_EXPRESSION,
						 conversion(&changing->t, before, column));
		}
	}
}

bool
schema_change_to_pg(SchemaChange *change, const SchemaToPg *to, SluiceError *err)
{
	Changing changing = {
		.t = {.document = &change->after, .home = change->home, .to = to, .err = err, .good = true},
		.change = change};

	if (!make_room(&changing))
		return false;
	note_computed(&changing);
	if (!schema_to_pg(&change->before, change->home, to, err) ||
		!schema_to_pg(&change->after, change->home, to, err))
		return false;
	translate_fills(&changing);
	fill_computed(&changing);
	fill_converted(&changing);
	return changing.t.good;
}
