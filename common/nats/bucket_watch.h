/*
 * bucket_watch.h - follows a bucket: all that is in it, then every change, in order.
 *
 * An ordered consumer: ephemeral, without acks, its messages counted.  A gap (or the end of
 * connection, consumer or bucket) is an error: close the watch and open another, which begins again with all
 * that is there; what it does not name until `current` is gone.
 */
#ifndef SLUICE_NATS_BUCKET_WATCH_H
#define SLUICE_NATS_BUCKET_WATCH_H

#include "bucket.h"

typedef struct BucketWatch BucketWatch;

typedef enum BucketWatchWhat
{
	BUCKET_LAST,   /* of each key its last value, and what comes */
	BUCKET_HISTORY /* every value that is kept, the oldest first, and what comes */
} BucketWatchWhat;

/* `keys` is a key, may end in ".>", or is ">"; buffers at most about max_bytes or, of BUCKET_LAST, some hundred
 * entries.  NULL on error. */
extern BucketWatch *bucket_watch_open(NatsSession *session, const char *bucket, const char *keys,
									  BucketWatchWhat what, size_t max_bytes, SluiceError *err);

/*
 * The next entry, waiting at most wait_ms; entry->message is NULL when there was none in time.  Removed keys come
 * with value NULL.  IO, TIMEOUT, NOT_FOUND (the bucket is gone) or STATE (a gap): open another.
 */
extern bool bucket_watch_next(BucketWatch *watch, int wait_ms, BucketEntry *entry,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Whether everything that was there when the watch was opened has been given. */
extern bool bucket_watch_current(const BucketWatch *watch);

extern void bucket_watch_close(BucketWatch *watch);

#endif
