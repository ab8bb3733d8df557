/*
 * shape_of_map.c - columns of a map, completed (shape_of_map.h).
 */
#include "shape_of_map.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "column_of_log.h"
#include "structure_parts.h"
#include "table_id.h"
#include "table_match.h"

typedef struct Draft
{
	SchemaTable table;
	SchemaColumn *columns;
	SchemaIndex *indexes;
	LogColumnText *texts; /* of columns that only the map knows */
	size_t text_count;
} Draft;

/* ---- columns ---- */

static const SchemaColumn *
find_column(const SchemaTable *table, const LogColumn *column)
{
	for (size_t i = 0; table != NULL && i < table->column_count; i++)
	{
		const char *name = table->columns[i].name;

		if (strlen(name) == column->name_length &&
			memcmp(name, column->name, column->name_length) == 0)
			return &table->columns[i];
	}
	return NULL;
}

/* The definition that agrees with the map, that of now first; NULL for none. */
static const SchemaColumn *
choose_column(const TableMap *map, const LogColumn *column, const ShapeSources *sources)
{
	const SchemaColumn *now = find_column(sources->now, column);
	const SchemaColumn *before = find_column(sources->before, column);

	if (now != NULL && table_column_agrees(now, sources->mariadb, map, column))
		return now;
	return before != NULL && table_column_agrees(before, sources->mariadb, map, column) ? before
																						: NULL;
}

/* The DEFAULT that a statement gave it; NULL for none. */
static const char *
added_default(const ShapeSources *sources, const LogColumn *column)
{
	for (size_t i = sources->added_count; i-- > 0;)
	{
		const AddedColumn *added = &sources->added[i];

		if (strlen(added->name) == column->name_length &&
			strncasecmp(added->name, (const char *) column->name, column->name_length) == 0)
			return added->value;
	}
	return NULL;
}

/* A column that is as only the map says; what it does not say stays what it was. */
static bool
describe_column(Draft *draft, const LogColumn *column, const ShapeSources *sources,
				SchemaColumn *to, SluiceError *err)
{
	LogColumnText *text = &draft->texts[draft->text_count++];
	const SchemaColumn *before = find_column(sources->before, column);
	SchemaColumn described;

	if (!column_of_log(column, added_default(sources, column), sources->charsets, text, &described,
					   err))
		return false;
	*to = before != NULL ? *before : described;
	to->type = described.type;
	to->type_name = described.type_name;
	to->canon = described.canon;
	to->charset = described.charset;
	to->collation = NULL;
	return true;
}

static bool
fill_columns(Draft *draft, const TableMap *map, const ShapeSources *sources, SluiceError *err)
{
	const SchemaTable *model = sources->now != NULL ? sources->now : sources->before;

	if (model == NULL)
		model = &draft->table;
	for (uint32_t i = 0; i < map->column_count; i++)
	{
		const LogColumn *column = &map->columns[i];
		const SchemaColumn *found = choose_column(map, column, sources);
		SchemaColumn *to = &draft->columns[draft->table.column_count];

		if (found == NULL && table_column_hidden(model, sources->mariadb, column))
			continue;
		if (found != NULL)
			*to = *found;
		else if (!describe_column(draft, column, sources, to, err))
			return sluice_prefix(err, "table %s.%s", map->schema, map->name);
		to->not_null = !column->nullable;
		to->position = (int64_t) ++draft->table.column_count;
	}
	return true;
}

/* ---- what else the table has ---- */

static bool
has_column(const Draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->table.column_count; i++)
	{
		if (strcmp(draft->columns[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool
has_columns_of(const Draft *draft, const SchemaIndex *index)
{
	for (size_t i = 0; i < index->column_count; i++)
	{
		if (index->columns[i].name != NULL && !has_column(draft, index->columns[i].name))
			return false;
	}
	return true;
}

/* Indexes, checks and foreign keys stay those of before, as far as their columns are there. */
static void
keep_indexes(Draft *draft, const SchemaTable *before)
{
	for (size_t i = 0; i < before->index_count; i++)
	{
		if (has_columns_of(draft, &before->indexes[i]))
			draft->indexes[draft->table.index_count++] = before->indexes[i];
	}
}

SchemaDocument *
shape_of_map(const TableMap *map, const SchemaDocument *one, const ShapeSources *sources,
			 SluiceError *err)
{
	const SchemaTable *model = sources->before != NULL ? sources->before : sources->now;
	const SchemaTable unknown = {.id = table_id(map->schema, map->name),
								 .schema = map->schema,
								 .name = map->name,
								 .kind = SCHEMA_TABLE_PLAIN,
								 .persistence = SCHEMA_PERMANENT,
								 .replica_identity = SCHEMA_REPLICA_DEFAULT,
								 .rows = -1};
	SchemaDocument *shape = NULL;
	Draft draft = {.table = model != NULL ? *model : unknown};

	if (model == NULL)
		model = &unknown;

	draft.columns = calloc(map->column_count + 1, sizeof(SchemaColumn));
	draft.indexes = calloc(model->index_count + 1, sizeof(SchemaIndex));
	draft.texts = calloc(map->column_count + 1, sizeof(LogColumnText));
	draft.table.columns = draft.columns;
	draft.table.indexes = draft.indexes;
	draft.table.column_count = draft.table.index_count = 0;
	if (draft.columns == NULL || draft.indexes == NULL || draft.texts == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
	else if (fill_columns(&draft, map, sources, err))
	{
		keep_indexes(&draft, model);
		shape = shape_copy(one, &draft.table, err);
	}
	for (size_t i = 0; i < draft.text_count; i++)
		column_of_log_free(&draft.texts[i]);
	free(draft.columns);
	free(draft.indexes);
	free(draft.texts);
	return shape;
}
