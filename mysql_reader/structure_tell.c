/*
 * structure_tell.c - versions of tables, stored and told (structure.h, structure_parts.h).
 */
#include "structure_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/nats/shape_store.h"

#define MESSAGE_MAXIMUM ((size_t) 64 << 20)
#define AROUND_MAXIMUM	256

/* ---- documents of one table ---- */

static bool
write_shape(const SchemaDocument *document, const SchemaTable *table, ByteBuf *out,
			SluiceError *err)
{
	SchemaTable one = table != NULL ? *table : (SchemaTable){0};
	SchemaNamespace schema = {one.schema, NULL};
	SchemaDocument alone = {.stream = document->stream,
							.revision = document->revision,
							.source = document->source,
							.schemas = &schema,
							.schema_count = table != NULL,
							.tables = &one,
							.table_count = table != NULL};

	return schema_document_write(&alone, out, err);
}

SchemaDocument *
shape_copy(const SchemaDocument *document, const SchemaTable *table, SluiceError *err)
{
	SchemaDocument *copy = NULL;
	ByteBuf text;

	bytebuf_init(&text, &allocator_malloc, MESSAGE_MAXIMUM);
	if (write_shape(document, table, &text, err))
		copy = schema_document_read((const char *) text.data, text.length, &allocator_malloc, err);
	bytebuf_free(&text);
	return copy;
}

/* ---- storing ---- */

static bool
put_version(NatsSession *session, const SchemaDocument *document, const SchemaTable *table,
			uint32_t id, uint64_t commit, SluiceError *err)
{
	ByteBuf text;
	bool good;

	bytebuf_init(&text, &allocator_malloc, SHAPE_TEXT_MAXIMUM);
	good = write_shape(document, table, &text, err) &&
		   shape_store_put(session, document->stream, id, commit, text.data, text.length, err);
	bytebuf_free(&text);
	return good;
}

bool
structure_store(Structure *structure, uint32_t id, uint64_t commit, const SchemaDocument *shape,
				SluiceError *err)
{
	const SchemaTable *table = shape->table_count > 0 ? &shape->tables[0] : NULL;

	return structure->options.nats == NULL ||
		   put_version(&structure->nats, shape, table, id, commit, err);
}

bool
structure_keep_base(NatsSession *session, const char *stream, int replicas,
					const SchemaDocument *document, SluiceError *err)
{
	JetStreamInfo info = {0};
	bool empty;

	if (!jetstream_info(session, stream, &info, err) && err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	if (info.last_sequence > 0)
		return true;
	if (!shape_store_delete(session, stream, err) ||
		!shape_store_ensure(session, stream, replicas, &empty, err))
		return false;
	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];

		if (!put_version(session, document, table, table->id, 0, err))
			return false;
	}
	return true;
}

/* ---- telling ---- */

typedef struct Around
{
	const SchemaTable *tables[AROUND_MAXIMUM];
	size_t count;
} Around;

static bool
names_table(const SchemaTable *from, const SchemaTable *to)
{
	for (size_t i = 0; from != NULL && to != NULL && i < from->foreign_key_count; i++)
	{
		if (strcmp(from->foreign_keys[i].schema, to->schema) == 0 &&
			strcmp(from->foreign_keys[i].table, to->name) == 0)
			return true;
	}
	return false;
}

/* Tables that foreign keys bind to it on either side. */
static void
find_around(const Structure *structure, const Known *known, const SchemaTable *old,
			const SchemaTable *new, Around *around)
{
	around->count = 0;
	for (size_t i = 0; i < structure->known_count && around->count < AROUND_MAXIMUM; i++)
	{
		const SchemaTable *other = known_table(structure->known[i]);

		if (structure->known[i] != known && other != NULL &&
			(names_table(old, other) || names_table(new, other) || names_table(other, old) ||
			 names_table(other, new)))
			around->tables[around->count++] = other;
	}
}

static bool
emit(Telling *telling, const TableChange *change)
{
	ByteBuf content;
	bool good;

	bytebuf_init(&content, &allocator_malloc, MESSAGE_MAXIMUM);
	good = table_change_write(change, &content, telling->err) &&
		   telling->events->message(telling->events->context, SCHEMA_CHANGE_PREFIX, content.data,
									(uint32_t) content.length, telling->err);
	bytebuf_free(&content);
	return good;
}

/* `waited`: what was gathered for the table while its change waited belongs to it. */
static bool
tell(Telling *telling, const Known *known, const SchemaDocument *shape, const SchemaTable *new,
	 bool waited)
{
	const SchemaTable *old = known_table(known);
	Around around;
	TableChange change = {.command = new == NULL ? "DROP TABLE" : "RENAME TABLE",
						  .one = shape,
						  .old = old,
						  .new = new,
						  .around = around.tables};

	if (waited)
	{
		change.command = known->command;
		change.renames = known->renames;
		change.rename_count = known->rename_count;
		change.rows_unknown = known->rows_unknown;
		change.timestamp = known->timestamp;
		change.utc = known->utc;
	}
	find_around(telling->structure, known, old, new, &around);
	change.around_count = around.count;
	return emit(telling, &change);
}

static void
replace_shape(Structure *structure, Known *known, SchemaDocument *shape)
{
	if (known->found == shape)
		known->found = NULL;
	known_clear_waiting(structure, known);
	schema_document_free(known->shape);
	known->shape = shape;
	structure->serial++;
}

static bool
has_column(const SchemaTable *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (strcasecmp(table->columns[i].name, name) == 0)
			return true;
	}
	return false;
}

/* What a tool's copy put in is not in the rows of the table that it took the place of. */
static void
warn_of_new_columns(const Structure *structure, const Known *known, const SchemaTable *now)
{
	const SchemaTable *old = known_table(known);

	for (size_t i = 0; old != NULL && now != NULL && i < now->column_count; i++)
	{
		const SchemaColumn *column = &now->columns[i];

		if (column->generated != SCHEMA_NOT_GENERATED || has_column(old, column->name))
			continue;
		log_event(
			structure->options.log, LOG_WARNING,
			"a table named like one of gh-ost or pt-online-schema-change took this one's place "
			"and has a new column: rows that were there get its default; if they were filled "
			"with something else, update them once more",
			(LogField[]){LOG_TEXT("schema", known->schema), LOG_TEXT("table", known->name),
						 LOG_TEXT("column", column->name), LOG_END});
	}
}

bool
structure_tell(Telling *telling, Known *known, SchemaDocument *shape)
{
	const SchemaTable *new = shape->table_count > 0 ? &shape->tables[0] : NULL;

	if (((known->rows_unknown != NULL && new != NULL) ||
		 !table_change_none(known_table(known), new)) &&
		(!structure_store(telling->structure, known->id, telling->place->commit, shape,
						  telling->err) ||
		 !tell(telling, known, shape, new, known->waiting)))
		return false;
	if (known->by_tool)
		warn_of_new_columns(telling->structure, known, new);
	replace_shape(telling->structure, known, shape);
	return true;
}

static SchemaDocument *
no_table(const Known *known, SluiceError *err)
{
	return shape_copy(known->shape, NULL, err);
}

bool
structure_tell_gone(Telling *telling, Known *known)
{
	SchemaDocument *nothing;

	if (known_table(known) == NULL)
	{
		known_clear_waiting(telling->structure, known);
		return true;
	}
	nothing = no_table(known, telling->err);
	known_clear_waiting(telling->structure, known);
	return nothing != NULL && structure_tell(telling, known, nothing);
}

bool
structure_forget(Telling *telling, Known *known)
{
	SchemaDocument *nothing;

	if (known_table(known) == NULL)
	{
		known_clear_waiting(telling->structure, known);
		return true;
	}
	nothing = no_table(known, telling->err);
	if (nothing == NULL)
		return false;
	if (!structure_store(telling->structure, known->id, telling->place->commit, nothing,
						 telling->err))
	{
		schema_document_free(nothing);
		return false;
	}
	replace_shape(telling->structure, known, nothing);
	return true;
}

/* The same table under its new name. */
static SchemaDocument *
renamed_shape(const Known *from, const Known *to, SluiceError *err)
{
	SchemaTable table = *known_table(from);

	table.id = to->id;
	table.schema = to->schema;
	table.name = to->name;
	return shape_copy(from->shape, &table, err);
}

/* What waits for the table goes with it. */
static void
move_waiting(Known *from, Known *to)
{
	to->waiting = from->waiting;
	to->found = from->found;
	to->until = from->until;
	to->renames = from->renames;
	to->rename_count = from->rename_count;
	to->added = from->added;
	to->added_count = from->added_count;
	to->rows_unknown = from->rows_unknown;
	to->by_tool = from->by_tool;
	to->timestamp = from->timestamp;
	to->utc = from->utc;
	memcpy(to->command, from->command, sizeof(to->command));
	from->waiting = false;
	from->found = NULL;
	from->renames = NULL;
	from->added = NULL;
	from->rename_count = from->added_count = 0;
	from->rows_unknown = NULL;
	from->by_tool = false;
}

/* What the catalog had under the old name is not what it has under the new one. */
static bool
wait_again(Telling *telling, Known *to)
{
	char command[sizeof(to->command)] = "RENAME TABLE";

	if (to->waiting)
		memcpy(command, to->command, sizeof(command));
	return structure_wait(telling, to, command);
}

/* Nobody was told of the table yet: under its new name it is one that was made. */
static bool
wait_there(Telling *telling, Known *known, Known *to)
{
	telling->structure->serial++;
	move_waiting(known, to);
	return wait_again(telling, to);
}

bool
structure_tell_renamed(Telling *telling, Known *known, const char *schema, const char *name)
{
	Structure *structure = telling->structure;
	Known *to = known_add(structure, schema, name, telling->err);
	SchemaDocument *shape = NULL, *nothing = NULL;
	bool good;

	if (to == NULL || !structure_tell_gone(telling, to))
		return false;
	if (known_table(known) == NULL)
		return wait_there(telling, known, to);
	shape = renamed_shape(known, to, telling->err);
	nothing = shape != NULL ? no_table(known, telling->err) : NULL;
	good = nothing != NULL &&
		   structure_store(structure, to->id, telling->place->commit, shape, telling->err) &&
		   structure_store(structure, known->id, telling->place->commit, nothing, telling->err);
	if (!good || !tell(telling, known, shape, &shape->tables[0], false))
	{
		schema_document_free(shape);
		schema_document_free(nothing);
		return false;
	}
	move_waiting(known, to);
	schema_document_free(to->shape);
	schema_document_free(known->shape);
	to->shape = shape;
	known->shape = nothing;
	structure->serial++;
	return wait_again(telling, to);
}

bool
structure_wait(Telling *telling, Known *known, const char *command)
{
	Structure *structure = telling->structure;
	SchemaDocument *found;

	if (!structure_read(structure, known->schema, known->name, &found, &known->until, telling->err))
		return false;
	schema_document_free(known->found);
	known->found = found;
	structure->waiting += !known->waiting;
	known->waiting = true;
	known->timestamp = telling->place->timestamp;
	known->utc = telling->utc;
	(void) snprintf(known->command, sizeof(known->command), "%s", command);
	return true;
}
