/*
 * store.c - hands the calls of store.h on to the implementation, and reads lists in portions.
 */
#include "store.h"

#include <stdio.h>
#include <string.h>

#include "store_ops.h"

#define PORTION 64 /* entries read at once by store_each() */

void
store_entry_free(StoreEntry *entry)
{
	json_decref(entry->value);
	entry->value = NULL;
}

bool
store_get(Store *store, StoreArea area, const char *key, StoreEntry *entry, SluiceError *err)
{
	return store->ops->get(store, area, key, entry, err);
}

bool
store_get_at(Store *store, StoreArea area, const char *key, uint64_t revision, StoreEntry *entry,
			 SluiceError *err)
{
	return store->ops->get_at(store, area, key, revision, entry, err);
}

bool
store_put(Store *store, StoreArea area, const char *key, const json_t *value, uint64_t revision,
		  uint64_t *new_revision, SluiceError *err)
{
	return store->ops->write(store, area, key, value, revision, new_revision, err);
}

bool
store_delete(Store *store, StoreArea area, const char *key, uint64_t revision, SluiceError *err)
{
	return store->ops->write(store, area, key, NULL, revision, NULL, err);
}

/* Gives all entries of a portion away, also those behind one that ended it. */
static bool
give(StoreEntry *entries, size_t count, StoreEach each, void *context)
{
	bool more = true;

	for (size_t i = 0; i < count; i++)
	{
		more = more && each(context, &entries[i]);
		store_entry_free(&entries[i]);
	}
	return more;
}

/* No lock is held while `each` runs, so it may use the store. */
bool
store_each(Store *store, StoreArea area, const char *prefix, const char *after, StoreEach each,
		   void *context, SluiceError *err)
{
	StoreEntry entries[PORTION];
	char last[STORE_KEY_MAXIMUM];
	size_t count;

	(void) snprintf(last, sizeof(last), "%s", after != NULL ? after : "");
	do
	{
		if (!store->ops->list(store, area, prefix, last, entries, PORTION, &count, err))
			return false;
		if (count > 0)
			memcpy(last, entries[count - 1].key, sizeof(last));
		if (!give(entries, count, each, context))
			return true;
	} while (count == PORTION);
	return true;
}

bool
store_history(Store *store, StoreArea area, const char *key, StoreEntry *entries, size_t size,
			  size_t *count, SluiceError *err)
{
	return store->ops->history(store, area, key, entries, size, count, err);
}

bool
store_on_change(Store *store, StoreChanged changed, void *context, SluiceError *err)
{
	return store->ops->on_change(store, changed, context, err);
}

void
store_off_change(Store *store, StoreChanged changed, void *context)
{
	store->ops->off_change(store, changed, context);
}

bool
store_ready(Store *store, SluiceError *err)
{
	return store->ops->ready(store, err);
}

void
store_stop(Store *store)
{
	if (store != NULL)
		store->ops->stop(store);
}
