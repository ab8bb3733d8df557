/*
 * kv.c - the bucket SLUICE of short texts, by bucket.h.
 */
#include "kv.h"

#include <stdlib.h>
#include <string.h>

#include "bucket.h"

bool
kv_ensure(NatsSession *session, int replicas, SluiceError *err)
{
	BucketSettings settings = {.name = KV_BUCKET, .history = 1, .replicas = replicas};

	return bucket_ensure(session, &settings, err);
}

/* ---- reading ---- */

bool
kv_get(NatsSession *session, const char *key, KvEntry *entry, SluiceError *err)
{
	BucketEntry found;
	size_t length;

	if (!bucket_get(session, KV_BUCKET, key, &found, err))
		return false;
	length = found.length;
	entry->revision = found.revision;
	if (length < KV_VALUE_MAXIMUM)
	{
		memcpy(entry->value, found.value, length);
		entry->value[length] = '\0';
	}
	bucket_entry_free(&found);
	return length < KV_VALUE_MAXIMUM ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "key %s of bucket %s holds %zu bytes", key,
					   KV_BUCKET, length);
}

bool
kv_get_text(NatsSession *session, const char *key, char **value, uint64_t *revision,
			SluiceError *err)
{
	BucketEntry found;

	*value = NULL;
	if (!bucket_get(session, KV_BUCKET, key, &found, err))
		return false;
	*revision = found.revision;
	*value = strndup(found.value, found.length);
	bucket_entry_free(&found);
	return *value != NULL || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for key %s", key);
}

bool
kv_each(NatsSession *session, const char *prefix, KvEach each, void *context, SluiceError *err)
{
	return bucket_each_key(session, KV_BUCKET, prefix, each, context, err);
}

/* ---- writing ---- */

bool
kv_put(NatsSession *session, const char *key, const char *value, uint64_t revision,
	   uint64_t *new_revision, SluiceError *err)
{
	BucketWrite write = {.kind = BUCKET_PUT,
						 .key = key,
						 .value = value,
						 .length = strlen(value),
						 .revision = revision};

	if (write.length >= KV_VALUE_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "the value for key %s is longer than %d bytes",
						   key, KV_VALUE_MAXIMUM - 1);
	return bucket_write(session, KV_BUCKET, &write, new_revision, err);
}

bool
kv_delete_at(NatsSession *session, const char *key, uint64_t revision, SluiceError *err)
{
	BucketWrite write = {.kind = BUCKET_DELETE, .key = key, .revision = revision};

	return bucket_write(session, KV_BUCKET, &write, NULL, err);
}

bool
kv_delete(NatsSession *session, const char *key, SluiceError *err)
{
	SluiceError own;
	KvEntry entry;

	if (err == NULL)
		err = &own;
	if (kv_get(session, key, &entry, err))
		return kv_delete_at(session, key, KV_ANY_REVISION, err);
	return err->code == SLUICE_ERROR_NOT_FOUND;
}
