/*
 * store.h - where configuration and runs are kept: keys with JSON documents and revisions.
 *
 * An interface: store_nats.h has the one implementation of now.  Reads come from a copy in memory that follows the
 * store; after a write of this server the copy has it before the call returns.  Documents that are handed out are
 * shared: json_incref'ed, never to be changed (json_deep_copy first).  Safe in any thread.
 */
#ifndef SLUICE_CONTROL_STORE_H
#define SLUICE_CONTROL_STORE_H

#include <jansson.h>
#include <stdint.h>

#include "common/core/error.h"

#define STORE_KEY_MAXIMUM 160

typedef enum StoreArea
{
	STORE_CONFIG, /* with history */
	STORE_STATE,
	STORE_ONCE, /* forgets after a day; read from the store itself, never from the copy */
	STORE_AREAS
} StoreArea;

typedef struct StoreEntry
{
	char key[STORE_KEY_MAXIMUM];
	json_t *value;
	uint64_t revision;
	int64_t written_ms; /* since 1970, by the store's clock */
} StoreEntry;

typedef struct Store Store;

/* Releases an entry's document. */
extern void store_entry_free(StoreEntry *entry);

/* NOT_FOUND when there is none. */
extern bool store_get(Store *store, StoreArea area, const char *key, StoreEntry *entry,
					  SluiceError *err) SLUICE_MUST_CHECK;

/* As it was at that revision; NOT_FOUND when that is forgotten. */
extern bool store_get_at(Store *store, StoreArea area, const char *key, uint64_t revision,
						 StoreEntry *entry, SluiceError *err) SLUICE_MUST_CHECK;

#define STORE_ANY UINT64_MAX

/* Writes when the key is at `revision` (0: absent, STORE_ANY: whatever); else CONFLICT. */
extern bool store_put(Store *store, StoreArea area, const char *key, const json_t *value,
					  uint64_t revision, uint64_t *new_revision,
					  SluiceError *err) SLUICE_MUST_CHECK;
extern bool store_delete(Store *store, StoreArea area, const char *key, uint64_t revision,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Told of an entry; false ends it, which is no error. */
typedef bool (*StoreEach)(void *context, const StoreEntry *entry);

/* Entries whose key begins with `prefix`, by key, those after the key `after` ("" or NULL: all). */
extern bool store_each(Store *store, StoreArea area, const char *prefix, const char *after,
					   StoreEach each, void *context, SluiceError *err) SLUICE_MUST_CHECK;

/* The revisions that are kept of a key, newest first, at most `size`. */
extern bool store_history(Store *store, StoreArea area, const char *key, StoreEntry *entries,
						  size_t size, size_t *count, SluiceError *err) SLUICE_MUST_CHECK;

/* Told of every change, also of this server's own; value NULL: removed.  Called in the store's thread: short. */
typedef void (*StoreChanged)(void *context, StoreArea area, const StoreEntry *entry);
extern bool store_on_change(Store *store, StoreChanged changed, void *context,
							SluiceError *err) SLUICE_MUST_CHECK;

/* Not told any more; no call is under way when it returns.  Not to be called from a StoreChanged. */
extern void store_off_change(Store *store, StoreChanged changed, void *context);

/* Whether the copy follows the store; else why not. */
extern bool store_ready(Store *store, SluiceError *err);

extern void store_stop(Store *store);

#endif
