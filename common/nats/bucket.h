/*
 * bucket.h - any bucket of keys and values in JetStream.
 *
 * Laid out as `nats kv` does it, so that people can look at it with their tools.  Keys are dotted paths of
 * [A-Za-z0-9_-]; values are bytes.  A key's revision is the sequence of its last message in the bucket; it
 * grows over all keys.  A change can be made conditional on it.
 *
 * Reads ask the stream's leader, never a replica that may lag.  A `message_id` makes a write that is
 * sent twice (because its answer was lost) count once, within two minutes.
 */
#ifndef SLUICE_NATS_BUCKET_H
#define SLUICE_NATS_BUCKET_H

#include "connection.h"

#define BUCKET_KEY_MAXIMUM	200
#define BUCKET_NAME_MAXIMUM 64
#define BUCKET_ANY			UINT64_MAX

/* What a bucket is made as. */
typedef struct BucketSettings
{
	const char *name;
	int history;	   /* values that are kept of a key: 1 to 64 */
	int64_t ttl_ms;	   /* values are forgotten after it; 0: never */
	int replicas;	   /* 0: 1 */
	int value_maximum; /* bytes of a value; 0: the server's max_payload */
} BucketSettings;

typedef struct BucketEntry
{
	const char *key;
	const char *value; /* `length` bytes, not ended by a NUL; NULL: the key was removed */
	size_t length;
	uint64_t revision;
	int64_t written_ms; /* since 1970, by the server's clock */
	natsMsg *message;	/* what the others point into */
} BucketEntry;

/* Whether a text can be a key; ARGUMENT. */
extern bool bucket_key_check(const char *bucket, const char *key,
							 SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Makes the bucket when it is not there.  When it is, its configuration is held against the settings: what
 * could lose values (memory storage, a shorter history, another ttl, discard old, ...) is STATE, with the
 * difference and the mend in message and hint.
 */
extern bool bucket_ensure(NatsSession *session, const BucketSettings *settings,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* When the bucket was made, in nanoseconds since 1970: tells it from another of the same name. */
extern bool bucket_created(NatsSession *session, const char *bucket, int64_t *created,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* NOT_FOUND when the key has no value.  Free what it gave with bucket_entry_free(). */
extern bool bucket_get(NatsSession *session, const char *bucket, const char *key,
					   BucketEntry *entry, SluiceError *err) SLUICE_MUST_CHECK;

/* The value that had this revision; NOT_FOUND when it is forgotten, or another key's. */
extern bool bucket_get_at(NatsSession *session, const char *bucket, const char *key,
						  uint64_t revision, BucketEntry *entry,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* May be called again. */
extern void bucket_entry_free(BucketEntry *entry);

typedef enum BucketWriteKind
{
	BUCKET_PUT,
	BUCKET_PUT_ALONE, /* forgets the key's earlier values */
	BUCKET_DELETE,	  /* leaves a mark and the history */
	BUCKET_PURGE	  /* leaves a mark alone */
} BucketWriteKind;

typedef struct BucketWrite
{
	BucketWriteKind kind;
	const char *key;
	const void *value; /* `length` bytes; of the puts */
	size_t length;
	uint64_t revision; /* the key must be at it; 0: it must have no value; BUCKET_ANY: whatever */
	const char *message_id; /* NULL: none */
} BucketWrite;

/* CONFLICT when the key is not at that revision.  *new_revision may be NULL. */
extern bool bucket_write(NatsSession *session, const char *bucket, const BucketWrite *write,
						 uint64_t *new_revision, SluiceError *err) SLUICE_MUST_CHECK;

/* Takes away what a removal left behind: all of the key up to this revision. */
extern bool bucket_forget(NatsSession *session, const char *bucket, const char *key,
						  uint64_t revision, SluiceError *err) SLUICE_MUST_CHECK;

/* Told of a key; false ends it with the error it filled. */
typedef bool (*BucketEach)(void *context, const char *key, SluiceError *err);

/* Keys that begin with "<prefix>." (NULL: all), also such whose value was removed, in no order. */
extern bool bucket_each_key(NatsSession *session, const char *bucket, const char *prefix,
							BucketEach each, void *context, SluiceError *err) SLUICE_MUST_CHECK;

#endif
