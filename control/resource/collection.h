/*
 * collection.h - some entries of the store at once, in an order of their own, given page by page.
 */
#ifndef SLUICE_CONTROL_COLLECTION_H
#define SLUICE_CONTROL_COLLECTION_H

#include "control/http/cursor.h"
#include "control/store/store.h"

#define ORDER_MAXIMUM 100 /* bytes of a place in the order */

typedef struct Collected
{
	StoreEntry entry;
	char order[ORDER_MAXIMUM + 1]; /* ascending; what a cursor holds */
} Collected;

typedef struct Collection
{
	Collected *items;
	size_t count, size;
} Collection;

/* Whether an entry belongs to it, and its place in the order, of ORDER_MAXIMUM + 1 bytes. */
typedef bool (*CollectionTakes)(void *context, const StoreEntry *entry, char *order);

/* Entries whose key begins with `prefix`, in order. */
extern bool collection_read(Collection *collection, Store *store, StoreArea area,
							const char *prefix, CollectionTakes takes, void *context,
							SluiceError *err) SLUICE_MUST_CHECK;
extern void collection_free(Collection *collection);

/* What is shown of an entry; NULL with `skip` set: nothing, it does not count; without: no memory. */
typedef json_t *(*CollectionShows)(void *context, const StoreEntry *entry, bool *skip);

/* Answers with the page that the request asks for. */
extern bool collection_answer(const Collection *collection, const Request *request,
							  CollectionShows shows, void *context, Response *response);

#endif
