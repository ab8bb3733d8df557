/*
 * row_set.c - which rows of two sides fit (row_set.h).
 */
#include "row_set.h"

#include <stdlib.h>

#include "row_sum.h"

#define KEYS_MAXIMUM  ((size_t) 256 << 20)
#define ROOM_AT_FIRST 1024

/* ---- differences ---- */

void
row_differences_init(RowDifferences *list, size_t maximum)
{
	*list = (RowDifferences){.maximum = maximum};
	bytebuf_init(&list->keys, &allocator_malloc, KEYS_MAXIMUM);
}

void
row_differences_free(RowDifferences *list)
{
	free(list->items);
	bytebuf_free(&list->keys);
	list->items = NULL;
	list->count = list->room = 0;
}

static bool
make_room(RowDifferences *list, SluiceError *err)
{
	size_t room = list->room == 0 ? ROOM_AT_FIRST : list->room * 2;
	RowDifference *items;

	if (list->count < list->room)
		return true;
	items = reallocarray(list->items, room, sizeof(*items));
	if (items == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %zu differences", room);
	list->items = items;
	list->room = room;
	return true;
}

static bool
keep(RowDifferences *list, RowFault fault, const RowImage *row, SluiceError *err)
{
	size_t at = list->keys.length;

	if (!make_room(list, err) || !bytebuf_put(&list->keys, row->key, row->key_length, err))
		return false;
	list->items[list->count++] =
		(RowDifference){fault, at, row->key_length, row->exact, row->loose};
	return true;
}

bool
row_differences_add(RowDifferences *list, RowFault fault, const RowImage *row, SluiceError *err)
{
	list->counts[fault]++;
	return list->count >= list->maximum || keep(list, fault, row, err);
}

static RowImage
image_of(const RowDifferences *list, const RowDifference *item)
{
	return (RowImage){list->keys.data + item->key_at, item->key_length, item->exact, item->loose};
}

bool
row_differences_append(RowDifferences *list, const RowDifferences *more, SluiceError *err)
{
	for (size_t i = 0; i < more->count && list->count < list->maximum; i++)
	{
		const RowImage row = image_of(more, &more->items[i]);

		if (!keep(list, more->items[i].fault, &row, err))
			return false;
	}
	for (int i = 0; i < ROW_FAULTS; i++)
		list->counts[i] += more->counts[i];
	return true;
}

uint64_t
row_differences_total(const RowDifferences *list)
{
	return list->counts[ROW_MISSING] + list->counts[ROW_EXTRA] + list->counts[ROW_DIFFERENT];
}

/* Moves what is kept of one list to another, missing rows to the set. */
static bool
match(const RowDifferences *list, RowSet *set, RowDifferences *out, SluiceError *err)
{
	for (int fault = 0; fault < ROW_FAULTS; fault++)
	{
		for (size_t i = 0; i < list->count; i++)
		{
			const RowImage row = image_of(list, &list->items[i]);

			if ((int) list->items[i].fault != fault)
				continue;
			if (!(fault == ROW_MISSING ? row_set_add(set, &row, err)
				  : fault == ROW_EXTRA ? row_set_meet(set, &row, out, err)
									   : row_differences_add(out, ROW_DIFFERENT, &row, err)))
				return false;
		}
	}
	return row_set_finish(set, out, err);
}

bool
row_differences_settle(RowDifferences *list, SluiceError *err)
{
	RowDifferences settled;
	RowSet set;
	bool good;

	if (list->counts[ROW_MISSING] == 0 || list->counts[ROW_EXTRA] == 0)
		return true;
	row_differences_init(&settled, list->maximum);
	row_set_init(&set);
	good = match(list, &set, &settled, err);
	row_set_free(&set);
	if (!good)
	{
		row_differences_free(&settled);
		return false;
	}
	/* What was counted and not kept stays counted. */
	if (row_differences_total(list) > list->count)
		settled.counts[ROW_DIFFERENT] += row_differences_total(list) - list->count;
	row_differences_free(list);
	*list = settled;
	return true;
}

/* ---- sets ---- */

void
row_set_init(RowSet *set)
{
	*set = (RowSet){0};
	bytebuf_init(&set->keys, &allocator_malloc, KEYS_MAXIMUM);
}

void
row_set_free(RowSet *set)
{
	free(set->entries);
	bytebuf_free(&set->keys);
	*set = (RowSet){0};
}

static void
place(RowSet *set, const RowEntry *entry)
{
	size_t at = entry->hash & (set->room - 1);

	while (set->entries[at].taken)
		at = (at + 1) & (set->room - 1);
	set->entries[at] = *entry;
}

/* Keeps a quarter of the places free. */
static bool
grow(RowSet *set, SluiceError *err)
{
	RowSet larger = {.room = set->room == 0 ? ROOM_AT_FIRST : set->room * 2};

	if ((set->count + 1) * 4 <= set->room * 3)
		return true;
	larger.entries = calloc(larger.room, sizeof(*larger.entries));
	if (larger.entries == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %zu rows", larger.room);
	for (size_t i = 0; i < set->room; i++)
	{
		if (set->entries[i].taken)
			place(&larger, &set->entries[i]);
	}
	free(set->entries);
	set->entries = larger.entries;
	set->room = larger.room;
	return true;
}

bool
row_set_add(RowSet *set, const RowImage *row, SluiceError *err)
{
	const RowEntry entry = {.hash = row_hash(row->key, row->key_length),
							.exact = row->exact,
							.loose = row->loose,
							.key_at = set->keys.length,
							.key_length = row->key_length,
							.taken = true};

	if (!grow(set, err) || !bytebuf_put(&set->keys, row->key, row->key_length, err))
		return false;
	place(set, &entry);
	set->count++;
	return true;
}

/* The row of that key that was not met yet; NULL when there is none. */
static RowEntry *
find(const RowSet *set, const RowImage *row)
{
	uint64_t hash = row_hash(row->key, row->key_length);

	if (set->room == 0)
		return NULL;
	for (size_t at = hash & (set->room - 1); set->entries[at].taken;
		 at = (at + 1) & (set->room - 1))
	{
		RowEntry *entry = &set->entries[at];

		if (entry->hash == hash && !entry->met && entry->key_length == row->key_length &&
			memcmp(set->keys.data + entry->key_at, row->key, row->key_length) == 0)
			return entry;
	}
	return NULL;
}

bool
row_set_meet(RowSet *set, const RowImage *row, RowDifferences *list, SluiceError *err)
{
	RowEntry *entry = find(set, row);

	if (entry == NULL)
		return row_differences_add(list, ROW_EXTRA, row, err);
	entry->met = true;
	return entry->exact == row->exact || entry->loose == row->loose ||
		   row_differences_add(list, ROW_DIFFERENT, row, err);
}

bool
row_set_finish(const RowSet *set, RowDifferences *list, SluiceError *err)
{
	for (size_t i = 0; i < set->room; i++)
	{
		const RowEntry *entry = &set->entries[i];
		const RowImage row = {set->keys.data + entry->key_at, entry->key_length, entry->exact,
							  entry->loose};

		if (entry->taken && !entry->met && !row_differences_add(list, ROW_MISSING, &row, err))
			return false;
	}
	return true;
}
