/*
 * collection.c - an array of entries; those that are shown are made when their page is asked for.
 */
#include "collection.h"

#include <stdlib.h>
#include <string.h>

typedef struct Reading
{
	Collection *collection;
	CollectionTakes takes;
	void *context;
	bool full; /* no memory */
} Reading;

static bool
grow(Collection *collection)
{
	size_t size = collection->size == 0 ? 64 : collection->size * 2;
	Collected *items = realloc(collection->items, size * sizeof(Collected));

	if (items == NULL)
		return false;
	collection->items = items;
	collection->size = size;
	return true;
}

static bool
read_one(void *context, const StoreEntry *entry)
{
	Reading *reading = context;
	Collection *collection = reading->collection;
	Collected *item;

	if (collection->count == collection->size && !grow(collection))
	{
		reading->full = true;
		return false;
	}
	item = &collection->items[collection->count];
	if (!reading->takes(reading->context, entry, item->order))
		return true;
	item->entry = *entry;
	item->entry.value = json_incref(entry->value);
	collection->count++;
	return true;
}

static int
by_order(const void *a, const void *b)
{
	return strcmp(((const Collected *) a)->order, ((const Collected *) b)->order);
}

bool
collection_read(Collection *collection, Store *store, StoreArea area, const char *prefix,
				CollectionTakes takes, void *context, SluiceError *err)
{
	Reading reading = {.collection = collection, .takes = takes, .context = context};

	*collection = (Collection){0};
	if (!store_each(store, area, prefix, NULL, read_one, &reading, err) ||
		(reading.full && !sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory")))
	{
		collection_free(collection);
		return false;
	}
	if (collection->count > 0)
		qsort(collection->items, collection->count, sizeof(Collected), by_order);
	return true;
}

void
collection_free(Collection *collection)
{
	for (size_t i = 0; i < collection->count; i++)
		store_entry_free(&collection->items[i].entry);
	free(collection->items);
	*collection = (Collection){0};
}

bool
collection_answer(const Collection *collection, const Request *request, CollectionShows shows,
				  void *context, Response *response)
{
	Page page;

	if (!page_read(request, &page, response))
		return false;
	for (size_t i = 0; i < collection->count; i++)
	{
		const Collected *item = &collection->items[i];
		bool skip = false;
		json_t *shown;

		if (page.after[0] != '\0' && strcmp(item->order, page.after) <= 0)
			continue;
		shown = shows(context, &item->entry, &skip);
		if (skip)
			continue;
		if (page_full(&page))
		{
			json_decref(shown);
			break;
		}
		page_add(&page, item->order, shown);
	}
	return page_answer(&page, response);
}
