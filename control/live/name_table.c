/*
 * name_table.c - a sorted array (name_table.h).
 */
#include "name_table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 8

static const char *
name_of(const void *item)
{
	return *(const char *const *) item;
}

size_t
name_table_place(const NameTable *table, const char *name)
{
	size_t low = 0, high = table->count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (strcmp(name_of(table->items[middle]), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void *
name_table_find(const NameTable *table, const char *name)
{
	size_t place = name_table_place(table, name);

	return place < table->count && strcmp(name_of(table->items[place]), name) == 0
			   ? table->items[place]
			   : NULL;
}

static bool
make_room(NameTable *table)
{
	size_t capacity = table->capacity > 0 ? 2 * table->capacity : FIRST_CAPACITY;
	void **items;

	if (table->count < table->capacity)
		return true;
	items = realloc(table->items, capacity * sizeof(void *));
	if (items == NULL)
		return false;
	table->items = items;
	table->capacity = capacity;
	return true;
}

bool
name_table_add(NameTable *table, void *item, SluiceError *err)
{
	const char *name = name_of(item);
	size_t place = name_table_place(table, name);

	if (table->count >= table->maximum)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "no room for %.100s: there are %zu already",
						   name, table->count);
	if (!make_room(table))
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %.100s", name);
	memmove(table->items + place + 1, table->items + place,
			(table->count - place) * sizeof(void *));
	table->items[place] = item;
	table->count++;
	return true;
}

void *
name_table_remove(NameTable *table, const char *name)
{
	size_t place = name_table_place(table, name);
	void *item;

	if (place >= table->count || strcmp(name_of(table->items[place]), name) != 0)
		return NULL;
	item = table->items[place];
	table->count--;
	memmove(table->items + place, table->items + place + 1,
			(table->count - place) * sizeof(void *));
	return item;
}

void
name_table_sweep(NameTable *table, bool (*over)(void *context, void *item), void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++)
	{
		if (!over(context, table->items[i]))
			table->items[kept++] = table->items[i];
	}
	table->count = kept;
}

void
name_table_free(NameTable *table)
{
	free(table->items);
	*table = (NameTable){.maximum = table->maximum};
}
