/*
 * structure.c - tables that are known, what proves a change, where it all begins (structure.h).
 */
#include "structure_parts.h"

#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/core/schema_shape.h"
#include "common/mysql/my_sql.h"
#include "common/nats/shape_store.h"
#include "shape_of_map.h"
#include "source_position.h"
#include "table_id.h"
#include "table_match.h"

#define LOCK_WAIT_SECONDS 20	/* for a statement that is changing a table */
#define STATUS_SINCE	  80200 /* MySQL: SHOW BINARY LOG STATUS */
#define NAME_MAXIMUM	  ((size_t) 1024)

static const char passed[] =
	"rows came before its structure was known (set binlog_row_metadata = FULL)";

/* ---- known tables ---- */

const SchemaTable *
known_table(const Known *known)
{
	return known->shape != NULL && known->shape->table_count > 0 ? &known->shape->tables[0] : NULL;
}

Known *
known_find(const Structure *structure, const char *schema, const char *name)
{
	const uint32_t id = table_id(schema, name);

	for (size_t i = 0; i < structure->known_count; i++)
	{
		Known *known = structure->known[i];

		if (known->id == id && strcmp(known->schema, schema) == 0 && strcmp(known->name, name) == 0)
			return known;
	}
	return NULL;
}

void
known_clear_waiting(Structure *structure, Known *known)
{
	structure->waiting -= known->waiting;
	known->waiting = false;
	schema_document_free(known->found);
	known->found = NULL;
	for (size_t i = 0; i < known->rename_count; i++)
	{
		free(known->renames[i].from);
		free(known->renames[i].to);
	}
	for (size_t i = 0; i < known->added_count; i++)
	{
		free(known->added[i].name);
		free(known->added[i].value);
	}
	free(known->renames);
	free(known->added);
	known->renames = NULL;
	known->added = NULL;
	known->rename_count = known->added_count = 0;
	known->rows_unknown = NULL;
	known->by_tool = false;
}

static void
free_known(Structure *structure, Known *known)
{
	known_clear_waiting(structure, known);
	schema_document_free(known->shape);
	free(known->schema);
	free(known->name);
	free(known);
}

static bool
fail_memory(SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the tables' structure");
}

Known *
known_add(Structure *structure, const char *schema, const char *name, SluiceError *err)
{
	Known *known = known_find(structure, schema, name);
	Known **list;

	if (known != NULL)
		return known;
	list = realloc(structure->known, (structure->known_count + 1) * sizeof(*list));
	if (list != NULL)
		structure->known = list;
	known = list != NULL ? calloc(1, sizeof(*known)) : NULL;
	if (known == NULL)
	{
		(void) fail_memory(err);
		return NULL;
	}
	known->id = table_id(schema, name);
	known->schema = strdup(schema);
	known->name = strdup(name);
	structure->known[structure->known_count++] = known;
	if (known->schema != NULL && known->name != NULL)
		return known;
	(void) fail_memory(err);
	return NULL;
}

/* ---- the server ---- */

/*
 * A statement is in the log a moment before it is in the catalog, but it holds the table until then.
 * That there is none is no error.
 */
static bool
wait_for_statement(Structure *structure, const char *schema, const char *name, SluiceError *err)
{
	MyConnection *c = structure->options.source;
	ByteBuf table;
	bool good;

	bytebuf_init(&table, &allocator_malloc, NAME_MAXIMUM);
	good = my_put_table(&table, schema, name, err) &&
		   my_exec(c, err, "SHOW CREATE TABLE %.*s", (int) table.length, (const char *) table.data);
	bytebuf_free(&table);
	return good || c->error == ER_NO_SUCH_TABLE || c->error == ER_BAD_DB_ERROR;
}

/* Where the server is in its log now. */
static bool
read_place(Structure *structure, uint64_t *place, SluiceError *err)
{
	MyConnection *c = structure->options.source;
	bool renamed = !structure->mariadb && c->version >= STATUS_SINCE;
	MYSQL_RES *result;
	MYSQL_ROW row;

	if (!my_query(c, &result, err, renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS"))
		return false;
	row = mysql_fetch_row(result);
	*place = row != NULL && row[0] != NULL && row[1] != NULL
				 ? file_position_number(row[0], strtoull(row[1], NULL, 10))
				 : 0;
	mysql_free_result(result);
	return true;
}

bool
structure_read(Structure *structure, const char *schema, const char *name, SchemaDocument **found,
			   uint64_t *until, SluiceError *err)
{
	*found = NULL;
	if (!wait_for_statement(structure, schema, name, err))
		return false;
	*found =
		catalog_read_table(structure->options.source, structure->options.stream, schema, name, err);
	if (*found == NULL)
		return false;
	if (read_place(structure, until, err))
		return true;
	schema_document_free(*found);
	*found = NULL;
	return false;
}

/* ---- proofs ---- */

static bool
agrees(const Structure *structure, const SchemaDocument *shape, const TableMap *map)
{
	const SchemaColumn **columns = calloc(map->column_count + 1, sizeof(const SchemaColumn *));
	bool good = columns != NULL && shape != NULL && shape->table_count > 0 &&
				table_match(&shape->tables[0], structure->mariadb, map, columns, NULL);

	free(columns);
	return good;
}

/* A map that tells names says itself what the table looks like, helped by what is known around it. */
static bool
tell_by_map(Telling *telling, Known *known, const TableMap *map)
{
	const SchemaTable *catalog =
		known->found != NULL && known->found->table_count > 0 ? &known->found->tables[0] : NULL;
	const ShapeSources sources = {.before = known_table(known),
								  .now = catalog,
								  .added = known->added,
								  .added_count = known->added_count,
								  .charsets = telling->structure->options.charsets,
								  .mariadb = telling->structure->mariadb};
	const SchemaDocument *one =
		catalog != NULL || known->shape == NULL ? known->found : known->shape;
	SchemaDocument *shape;

	if ((map->told & MAP_NAMES) == 0)
	{
		/* Of a known table whoever reads the rows says what is missing. */
		if (known_table(known) == NULL)
			known->rows_unknown = passed;
		return true;
	}
	shape = shape_of_map(map, one, &sources, telling->err);
	return shape != NULL && structure_tell(telling, known, shape);
}

/* Rows come of a table whose change waits. */
static bool
prove(Telling *telling, Known *known, const TableMap *map)
{
	if (agrees(telling->structure, known->found, map))
	{
		SchemaDocument *found = known->found;

		return structure_tell(telling, known, found);
	}
	if (agrees(telling->structure, known->shape, map))
		return true;
	return tell_by_map(telling, known, map);
}

/* The log did not say that the table changed: it was not told to log it. */
static bool
look_again(Telling *telling, Known *known, const TableMap *map)
{
	return structure_wait(telling, known, "ALTER TABLE") && prove(telling, known, map);
}

/* ---- what others ask ---- */

/* A table that was not met yet is taken as the catalog has it; nobody is told. */
static bool
meet(Structure *structure, Known *known, SluiceError *err)
{
	SchemaDocument *found;
	uint64_t until;

	if (!structure_read(structure, known->schema, known->name, &found, &until, err))
		return false;
	schema_document_free(known->shape);
	known->shape = found;
	return structure_store(structure, known->id, 0, found, err);
}

bool
structure_table_named(Structure *structure, const char *schema, const char *name,
					  const SchemaTable **table, SluiceError *err)
{
	Known *known;

	*table = NULL;
	if (!table_choice_has(structure->options.choice, schema, name))
		return true;
	known = known_add(structure, schema, name, err);
	if (known == NULL || (known->shape == NULL && !known->waiting && !meet(structure, known, err)))
		return false;
	*table = known_table(known);
	return true;
}

bool
structure_table_of_map(Structure *structure, const TableMap *map, const StructurePlace *place,
					   const StructureEvents *events, const SchemaTable **table, SluiceError *err)
{
	Telling telling = {structure, place, events, err, false};
	Known *known;

	if (!structure_table_named(structure, map->schema, map->name, table, err))
		return false;
	known = known_find(structure, map->schema, map->name);
	if (known == NULL || !table_choice_has(structure->options.choice, map->schema, map->name))
		return true;
	if (known->waiting ? !prove(&telling, known, map)
					   : *table != NULL && !agrees(structure, known->shape, map) &&
							 !look_again(&telling, known, map))
		return false;
	*table = known_table(known);
	return true;
}

bool
structure_group_end(Structure *structure, const StructurePlace *place,
					const StructureEvents *events, SluiceError *err)
{
	Telling telling = {structure, place, events, err, false};
	uint64_t here = structure->waiting > 0 ? file_position_number(place->file, place->offset) : 0;

	for (size_t i = 0; structure->waiting > 0 && i < structure->known_count; i++)
	{
		Known *known = structure->known[i];

		if (known->waiting && here >= known->until &&
			!structure_tell(&telling, known, known->found))
			return false;
	}
	return true;
}

bool
structure_waits(const Structure *structure)
{
	return structure->waiting > 0;
}

uint64_t
structure_serial(const Structure *structure)
{
	return structure->serial;
}

bool
structure_is_empty(const Structure *structure)
{
	for (size_t i = 0; i < structure->known_count; i++)
	{
		if (structure->known[i]->shape != NULL && structure->known[i]->shape->table_count > 0)
			return false;
	}
	return true;
}

/* ---- beginning ---- */

static bool
take_base(Structure *structure, const SchemaDocument *document, SluiceError *err)
{
	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];
		Known *known = known_add(structure, table->schema, table->name, err);

		if (known == NULL || (known->shape = shape_copy(document, table, err)) == NULL ||
			!structure_store(structure, known->id, 0, known->shape, err))
			return false;
	}
	return true;
}

static bool
read_base(Structure *structure, SluiceError *err)
{
	SchemaDocument *document = catalog_read(structure->options.source, structure->options.stream,
											structure->options.choice, err);
	bool good = document != NULL && take_base(structure, document, err);

	schema_document_free(document);
	return good;
}

/*
 * Versions come in their order; one of the commit that the stream ends in may or may not be told, so
 * it is met again: what is told already is passed over by its identity.
 */
static bool
take_version(void *context, const ShapeVersion *version, SluiceError *err)
{
	Structure *structure = context;
	SchemaDocument *shape;
	Known *known = NULL;

	if (version->commit >= structure->commit && version->commit > 0)
		return true;
	shape = schema_document_read(version->text, version->length, &allocator_malloc, err);
	if (shape == NULL)
		return false;
	if (shape->table_count > 0)
		known = known_add(structure, shape->tables[0].schema, shape->tables[0].name, err);
	for (size_t i = 0; shape->table_count == 0 && i < structure->known_count; i++)
		known = structure->known[i]->id == version->table ? structure->known[i] : known;
	if (known == NULL)
	{
		bool gone = shape->table_count == 0; /* and nothing else is known of it */

		schema_document_free(shape);
		return gone;
	}
	if (known->shape != NULL && !shape_store_purge(&structure->nats, structure->options.stream,
												   version->table, version->sequence, err))
	{
		schema_document_free(shape);
		return false;
	}
	schema_document_free(known->shape);
	known->shape = shape;
	return true;
}

/* What was kept for another stream of the same name means nothing. */
static bool
open_store(Structure *structure, bool *empty, SluiceError *err)
{
	const StructureOptions *options = &structure->options;

	*empty = true;
	if (options->nats == NULL)
		return true;
	return nats_session_open(&structure->nats, options->nats, err) &&
		   (structure->commit > 0 || options->copied ||
			shape_store_delete(&structure->nats, options->stream, err)) &&
		   shape_store_ensure(&structure->nats, options->stream, options->replicas, empty, err);
}

static bool
begin(Structure *structure, SluiceError *err)
{
	bool empty;

	if (!my_exec(structure->options.source, err, "SET SESSION lock_wait_timeout = %d",
				 LOCK_WAIT_SECONDS) ||
		!open_store(structure, &empty, err))
		return false;
	return empty ? read_base(structure, err)
				 : shape_store_read(&structure->nats, structure->options.stream, take_version,
									structure, err);
}

Structure *
structure_open(const StructureOptions *options, uint64_t commit, SluiceError *err)
{
	Structure *structure = calloc(1, sizeof(*structure));

	if (structure == NULL)
	{
		(void) fail_memory(err);
		return NULL;
	}
	structure->options = *options;
	structure->mariadb = options->source->flavour == MY_MARIADB;
	structure->commit = commit;
	if (begin(structure, err))
		return structure;
	structure_close(structure);
	return NULL;
}

void
structure_close(Structure *structure)
{
	if (structure == NULL)
		return;
	for (size_t i = 0; i < structure->known_count; i++)
		free_known(structure, structure->known[i]);
	free(structure->known);
	nats_session_close(&structure->nats);
	free(structure);
}
