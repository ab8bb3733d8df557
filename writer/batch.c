/*
 * batch.c - gathering changes (batch.h).
 */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CHANGES 1024

void
batch_init(Batch *batch, size_t maximum_rows, size_t maximum_bytes)
{
	*batch = (Batch){.maximum_rows = maximum_rows, .maximum_bytes = maximum_bytes};
}

static void
free_blocks(BatchBlock *block)
{
	while (block != NULL)
	{
		BatchBlock *next = block->next;

		free(block);
		block = next;
	}
}

void
batch_free(Batch *batch)
{
	free_blocks(batch->first);
	free(batch->changes);
	*batch = (Batch){0};
}

/* Blocks made for one row longer than usual are not kept. */
static void
drop_long_blocks(Batch *batch)
{
	for (BatchBlock **link = &batch->first; *link != NULL;)
	{
		BatchBlock *block = *link;

		block->used = 0;
		if (block->size == BATCH_BLOCK_BYTES)
		{
			link = &block->next;
			continue;
		}
		*link = block->next;
		free(block);
	}
}

void
batch_reset(Batch *batch)
{
	drop_long_blocks(batch);
	batch->current = batch->first;
	batch->count = batch->committed = 0;
	batch->transactions = 0;
	batch->bytes = 0;
	batch->pinned = false;
}

bool
batch_full(const Batch *batch)
{
	return batch->pinned || batch->count >= batch->maximum_rows ||
		   batch->bytes >= batch->maximum_bytes;
}

/* Makes the next block the current one. */
static bool
next_block(Batch *batch, size_t length)
{
	size_t size = length > BATCH_BLOCK_BYTES ? length : BATCH_BLOCK_BYTES;
	BatchBlock *block = batch->current != NULL ? batch->current->next : batch->first;

	if (block == NULL || block->size < length)
	{
		block = malloc(sizeof(*block) + size);
		if (block == NULL)
			return false;
		block->used = 0;
		block->size = size;
		block->next = batch->current != NULL ? batch->current->next : batch->first;
		if (batch->current != NULL)
			batch->current->next = block;
		else
			batch->first = block;
	}
	batch->current = block;
	return true;
}

uint8_t *
batch_room(Batch *batch, size_t length)
{
	uint8_t *room;

	if ((batch->current == NULL || batch->current->size - batch->current->used < length) &&
		!next_block(batch, length))
		return NULL;
	room = batch->current->data + batch->current->used;
	batch->current->used += length;
	return room;
}

/* Doubles the array; its bound is maximum_rows, after which the batch is full. */
static bool
grow_changes(Batch *batch, SluiceError *err)
{
	size_t room = batch->room == 0 ? FIRST_CHANGES : batch->room * 2;
	Change *changes = realloc(batch->changes, room * sizeof(*changes));

	if (changes == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %zu changes", room);
	batch->changes = changes;
	batch->room = room;
	return true;
}

static Change *
next_change(Batch *batch, SluiceError *err)
{
	if (batch->count == batch->room && !grow_changes(batch, err))
		return NULL;
	return &batch->changes[batch->count];
}

static bool
keep_row(Batch *batch, const BundleRow *row, BundleRow *kept, SluiceError *err)
{
	uint8_t *room;

	*kept = *row;
	if (row->fields == 0 && row->length == 0)
		return true;
	batch->bytes += row->length;
	if (row->length > BATCH_PIN_BYTES)
	{
		batch->pinned = true;
		return true;
	}
	if ((room = batch_room(batch, row->length)) == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a row of %zu bytes",
						   row->length);
	memcpy(room, row->data, row->length);
	kept->data = room;
	return true;
}

static ChangeAction
action_of(RecordType type)
{
	return type == RECORD_INSERT   ? CHANGE_INSERT
		   : type == RECORD_UPDATE ? CHANGE_UPDATE
								   : CHANGE_DELETE;
}

bool
batch_add_row(Batch *batch, Table *table, const BundleRecord *record, SluiceError *err)
{
	Change *change = next_change(batch, err);

	if (change == NULL)
		return false;
	change->action = action_of(record->type);
	change->flags = record->flags;
	change->table = table;
	if (!keep_row(batch, &record->old_row, &change->old_row, err) ||
		!keep_row(batch, &record->new_row, &change->new_row, err))
		return false;
	batch->count++;
	return true;
}

bool
batch_add_truncate(Batch *batch, uint8_t flags, Table *const *tables, uint16_t count,
				   SluiceError *err)
{
	Change *change = next_change(batch, err);
	size_t used = batch->current != NULL ? batch->current->used : 0;
	size_t padding = -used & (sizeof(void *) - 1);
	uint8_t *room;

	if (change == NULL)
		return false;
	/* A new block starts aligned, and then the padding only wastes a few bytes. */
	room = batch_room(batch, padding + (count + 1) * sizeof(*tables));
	if (room == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a truncate of %u tables",
						   count);
	room += -(uintptr_t) room & (sizeof(void *) - 1);
	memcpy(room, tables, count * sizeof(*tables));
	change->action = CHANGE_TRUNCATE;
	change->flags = flags;
	change->table = count > 0 ? tables[0] : NULL;
	change->tables = (Table **) (void *) room;
	change->table_count = count;
	batch->count++;
	return true;
}

void
batch_commit(Batch *batch, const BatchEnd *end)
{
	batch->committed = batch->count;
	batch->transactions++;
	batch->end = *end;
}

void
batch_drop(Batch *batch, size_t count)
{
	batch->count -= count;
	batch->committed -= count < batch->committed ? count : batch->committed;
	if (count > 0)
		memmove(batch->changes, batch->changes + count, batch->count * sizeof(*batch->changes));
}

/* Moves one change; its rows were counted in the batch it comes from. */
static bool
move_change(Batch *batch, const Change *from, SluiceError *err)
{
	Change *change;

	if (from->action == CHANGE_TRUNCATE)
		return batch_add_truncate(batch, from->flags, from->tables, from->table_count, err);
	if ((change = next_change(batch, err)) == NULL)
		return false;
	*change = *from;
	if (!keep_row(batch, &from->old_row, &change->old_row, err) ||
		!keep_row(batch, &from->new_row, &change->new_row, err))
		return false;
	batch->count++;
	return true;
}

bool
batch_split(Batch *batch, Batch *rest, SluiceError *err)
{
	for (size_t i = batch->committed; i < batch->count; i++)
	{
		if (!move_change(rest, &batch->changes[i], err))
			return false;
	}
	batch->bytes -= rest->bytes;
	batch->count = batch->committed;
	return true;
}
