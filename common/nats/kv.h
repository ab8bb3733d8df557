/*
 * kv.h - the bucket SLUICE: small facts that publishers, writers and the control plane share.
 *
 * Keys are dotted paths of [A-Za-z0-9_-]; values are short text (KV_VALUE_MAXIMUM).  A change can be
 * made conditional on the revision read before.  Nothing a stream's correctness rests on is only
 * here: the bucket may vanish with its server's disk and be made again.
 */
#ifndef SLUICE_NATS_KV_H
#define SLUICE_NATS_KV_H

#include "connection.h"

#define KV_BUCKET		 "SLUICE"
#define KV_VALUE_MAXIMUM 1024
#define KV_ANY_REVISION	 UINT64_MAX

typedef struct KvEntry
{
	uint64_t revision; /* 0 in a request: the key must not exist */
	char value[KV_VALUE_MAXIMUM];
} KvEntry;

/* Makes the bucket when it is not there. */
extern bool kv_ensure(NatsSession *session, int replicas, SluiceError *err) SLUICE_MUST_CHECK;

/* Reads from the leader, not from a replica that may lag; NOT_FOUND when the key has no value. */
extern bool kv_get(NatsSession *session, const char *key, KvEntry *entry,
				   SluiceError *err) SLUICE_MUST_CHECK;

/* The same for a value of any length, to be freed; *revision is the key's. */
extern bool kv_get_text(NatsSession *session, const char *key, char **value, uint64_t *revision,
						SluiceError *err) SLUICE_MUST_CHECK;

/* Told of a key; false ends it with the error it filled. */
typedef bool (*KvEach)(void *context, const char *key, SluiceError *err);

/* All keys that begin with "<prefix>.", also such whose value was removed, in no order. */
extern bool kv_each(NatsSession *session, const char *prefix, KvEach each, void *context,
					SluiceError *err) SLUICE_MUST_CHECK;

/* Writes when the key is at `revision` (0: absent, KV_ANY_REVISION: whatever); else CONFLICT.
 * *new_revision may be NULL. */
extern bool kv_put(NatsSession *session, const char *key, const char *value, uint64_t revision,
				   uint64_t *new_revision, SluiceError *err) SLUICE_MUST_CHECK;

/* Removes the value; fine when there is none. */
extern bool kv_delete(NatsSession *session, const char *key, SluiceError *err) SLUICE_MUST_CHECK;

/* Removes it when the key is at `revision`; else CONFLICT. */
extern bool kv_delete_at(NatsSession *session, const char *key, uint64_t revision,
						 SluiceError *err) SLUICE_MUST_CHECK;

#endif
