/*
 * store_follow.h - the thread that keeps a copy true to its bucket.
 *
 * It connects, reads all there is, follows the changes, and begins anew after any trouble, for ever, with pauses that
 * grow.  Meanwhile the copy stays as it was.
 */
#ifndef SLUICE_CONTROL_STORE_FOLLOW_H
#define SLUICE_CONTROL_STORE_FOLLOW_H

#include "common/daemon/log.h"
#include "common/nats/bucket.h"
#include "store.h"
#include "store_copy.h"

typedef struct StoreFollower StoreFollower;

typedef struct StoreFollowerSettings
{
	const NatsSettings *nats;
	const BucketSettings *buckets; /* made when they are not there */
	size_t bucket_count;
	size_t followed; /* which of them this one follows */
	StoreArea area;
	int64_t mark_life_ms; /* after which the mark of a removal is taken away */
	StoreCopy *copy;
	StoreChanged changed; /* called in its thread */
	void *context;
	Log *log;
} StoreFollowerSettings;

/* NULL on error. */
extern StoreFollower *store_follower_start(const StoreFollowerSettings *settings, SluiceError *err);
extern void store_follower_stop(StoreFollower *follower);

/* Whether it has read all there is and follows now; else why not. */
extern bool store_follower_ready(StoreFollower *follower, SluiceError *err);

/* Whether it has ever been ready: the copy is worth reading. */
extern bool store_follower_loaded(StoreFollower *follower, SluiceError *err);

/* The document in an entry; NULL when it is none, or was removed. */
extern json_t *store_document(const BucketEntry *entry);

#endif
