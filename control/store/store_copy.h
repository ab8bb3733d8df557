/*
 * store_copy.h - one bucket in memory: what its follower read, and what this server wrote itself.
 *
 * A key only ever goes forward: what comes with a revision that is not above the one there is old news.  What this server
 * wrote stands there at once; the follower meets it again and then tells of it.  Safe in any thread.
 */
#ifndef SLUICE_CONTROL_STORE_COPY_H
#define SLUICE_CONTROL_STORE_COPY_H

#include "store.h"

typedef struct StoreCopy StoreCopy;

/* NULL without memory. */
extern StoreCopy *store_copy_new(void);
extern void store_copy_free(StoreCopy *copy);

/* False when the key has no value.  Both give references of the caller's. */
extern bool store_copy_get(StoreCopy *copy, const char *key, StoreEntry *entry);
extern size_t store_copy_list(StoreCopy *copy, const char *prefix, const char *after,
							  StoreEntry *entries, size_t size);

/* A value this server has written, NULL: removed; takes the reference.  False without memory. */
extern bool store_copy_wrote(StoreCopy *copy, const char *key, json_t *value, uint64_t revision,
							 int64_t written_ms) SLUICE_MUST_CHECK;

/* The follower begins anew: what it does not meet from now on is unseen. */
extern void store_copy_begin(StoreCopy *copy);

/* The follower met a value, NULL: removed; takes the reference.  *news when it is one to tell of.  False without
 * memory. */
extern bool store_copy_met(StoreCopy *copy, const char *key, json_t *value, uint64_t revision,
						   int64_t written_ms, bool *news) SLUICE_MUST_CHECK;

/* The first key above `after` that was not met since the follower began; false when there is none. */
extern bool store_copy_unseen(StoreCopy *copy, const char *after, char key[STORE_KEY_MAXIMUM]);

/* It is not in the store any more; true when there was a value. */
extern bool store_copy_drop(StoreCopy *copy, const char *key);

#endif
