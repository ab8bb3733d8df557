/*
 * schema_document.c - a document's memory, and finding things in it.
 *
 * The document is the first thing in its own arena: a list of blocks, each with room for many small
 * things, given back together.
 */
#include "schema_document.h"

#include "schema_shape.h"

#define BLOCK_SIZE ((size_t) 32 << 10) /* a column with its texts takes about 400 bytes */
#define ALIGNMENT  _Alignof(max_align_t)

typedef struct SchemaArena
{
	const Allocator *allocator;
	struct ArenaBlock *newest;
} SchemaArena;

typedef struct ArenaBlock
{
	struct ArenaBlock *previous;
	size_t used;
	size_t size;
	max_align_t room[];
} ArenaBlock;

static bool
add_block(SchemaArena *arena, size_t size, SluiceError *err)
{
	ArenaBlock *block = arena->allocator->get(arena->allocator->context, sizeof(*block) + size);

	if (block == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY,
						   "out of memory for %zu bytes of a schema document", size);
	memset(block, 0, sizeof(*block) + size);
	block->size = size;
	block->previous = arena->newest;
	arena->newest = block;
	return true;
}

static void *
arena_room(SchemaArena *arena, size_t size, SluiceError *err)
{
	const size_t aligned = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	ArenaBlock *block = arena->newest;
	void *room;

	if (block == NULL || block->size - block->used < aligned)
	{
		if (!add_block(arena, aligned > BLOCK_SIZE ? aligned : BLOCK_SIZE, err))
			return NULL;
		block = arena->newest;
	}
	room = (char *) block->room + block->used;
	block->used += aligned;
	return room;
}

static void
arena_free(SchemaArena *arena)
{
	const Allocator *allocator = arena->allocator;

	while (arena->newest != NULL)
	{
		ArenaBlock *block = arena->newest;

		arena->newest = block->previous;
		allocator->put(allocator->context, block);
	}
	allocator->put(allocator->context, arena);
}

SchemaDocument *
schema_document_new(const Allocator *allocator, SluiceError *err)
{
	SchemaArena *arena = allocator->get(allocator->context, sizeof(*arena));
	SchemaDocument *document;

	if (arena == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a schema document");
		return NULL;
	}
	*arena = (SchemaArena){allocator, NULL};
	document = arena_room(arena, sizeof(*document), err);
	if (document == NULL)
	{
		arena_free(arena);
		return NULL;
	}
	document->arena = arena;
	return document;
}

void *
schema_document_room(SchemaDocument *document, size_t size, SluiceError *err)
{
	return arena_room(document->arena, size, err);
}

void
schema_document_free(SchemaDocument *document)
{
	if (document != NULL)
		arena_free(document->arena);
}

const SchemaTable *
schema_document_table(const SchemaDocument *document, uint32_t id)
{
	for (size_t i = 0; i < document->table_count; i++)
	{
		if (document->tables[i].id == id)
			return &document->tables[i];
	}
	return NULL;
}

const SchemaTable *
schema_document_table_named(const SchemaDocument *document, const char *schema, const char *name)
{
	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];

		if (strcmp(table->name, name) == 0 && strcmp(table->schema, schema) == 0)
			return table;
	}
	return NULL;
}

const SchemaColumn *
schema_table_column(const SchemaTable *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (strcmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	return NULL;
}
