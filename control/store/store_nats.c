/*
 * store_nats.c - the store in NATS: a copy and a follower for configuration and state, requests for the rest.
 *
 * Writes go through a pool of connections, each with an id of its own: one whose answer was lost is sent once more over
 * another connection and counts once.
 */
#include "store_nats.h"

#include <sodium.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "common/nats/bucket.h"
#include "common/nats/bucket_watch.h"
#include "common/nats/session_pool.h"
#include "store_follow.h"
#include "store_ops.h"

#define POOL_SIZE		4
#define LISTENERS		16
#define HISTORY_WAIT_MS 2000
#define HISTORY_BYTES	(4u << 20)
#define HISTORY_MAXIMUM 64
#define MESSAGE_ID_TEXT 33
#define MARK_LIFE_MS	INT64_C(86400000)
#define SECRET_PREFIX	"secret."

typedef struct StoreNats
{
	Store store;
	BucketSettings buckets[STORE_AREAS];
	StoreCopy *copies[STORE_AREAS]; /* NULL: read from the bucket itself */
	StoreFollower *followers[STORE_AREAS];
	SessionPool *pool;
	pthread_rwlock_t listening; /* guards the listeners; read while they are told */
	struct
	{
		StoreChanged changed;
		void *context;
	} listeners[LISTENERS];
	size_t listener_count;
} StoreNats;

static const BucketSettings bucket_table[STORE_AREAS] = {
	[STORE_CONFIG] = {.name = CONFIG_BUCKET, .history = CONFIG_HISTORY},
	[STORE_STATE] = {.name = STATE_BUCKET, .history = 1},
	[STORE_ONCE] = {.name = ONCE_BUCKET, .history = 1, .ttl_ms = ONCE_SECONDS * INT64_C(1000)},
};

static const bool has_copy[STORE_AREAS] = {[STORE_CONFIG] = true, [STORE_STATE] = true};

/* ---- changes ---- */

static bool
on_change(Store *store, StoreChanged changed, void *context, SluiceError *err)
{
	StoreNats *nats = (StoreNats *) store;
	bool room;

	(void) pthread_rwlock_wrlock(&nats->listening);
	room = nats->listener_count < LISTENERS;
	if (room)
	{
		nats->listeners[nats->listener_count].changed = changed;
		nats->listeners[nats->listener_count++].context = context;
	}
	(void) pthread_rwlock_unlock(&nats->listening);
	return room ||
		   sluice_fail(err, SLUICE_ERROR_LIMIT, "more than %d want to know of changes", LISTENERS);
}

static void
off_change(Store *store, StoreChanged changed, void *context)
{
	StoreNats *nats = (StoreNats *) store;
	size_t kept = 0;

	(void) pthread_rwlock_wrlock(&nats->listening);
	for (size_t i = 0; i < nats->listener_count; i++)
	{
		if (nats->listeners[i].changed != changed || nats->listeners[i].context != context)
			nats->listeners[kept++] = nats->listeners[i];
	}
	nats->listener_count = kept;
	(void) pthread_rwlock_unlock(&nats->listening);
}

/* In a follower's thread. */
static void
tell_listeners(void *context, StoreArea area, const StoreEntry *entry)
{
	StoreNats *nats = context;

	(void) pthread_rwlock_rdlock(&nats->listening);
	for (size_t i = 0; i < nats->listener_count; i++)
		nats->listeners[i].changed(nats->listeners[i].context, area, entry);
	(void) pthread_rwlock_unlock(&nats->listening);
}

/* ---- reading ---- */

static bool
fill_entry(const BucketEntry *from, StoreEntry *entry, SluiceError *err)
{
	(void) snprintf(entry->key, sizeof(entry->key), "%s", from->key);
	entry->value = store_document(from);
	entry->revision = from->revision;
	entry->written_ms = from->written_ms;
	return entry->value != NULL ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "key %s holds no JSON document", entry->key);
}

static bool
not_found(const char *key, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "the store has no \"%s\"", key);
}

static bool
sound(const SluiceError *err)
{
	return err->code != SLUICE_ERROR_IO && err->code != SLUICE_ERROR_TIMEOUT;
}

/* From the bucket; revision 0: the last. */
static bool
get_at(Store *store, StoreArea area, const char *key, uint64_t revision, StoreEntry *entry,
	   SluiceError *err)
{
	StoreNats *nats = (StoreNats *) store;
	NatsSession *session = key[0] != '\0' ? session_pool_take(nats->pool, err) : NULL;
	SluiceError failure = {.code = SLUICE_OK};
	BucketEntry found;
	bool good;

	memset(entry, 0, sizeof(*entry));
	if (key[0] == '\0')
		return not_found(key, err);
	if (session == NULL)
		return false;
	good = bucket_get_at(session, bucket_table[area].name, key, revision, &found, &failure);
	session_pool_give(nats->pool, session, sound(&failure));
	good = good && fill_entry(&found, entry, &failure);
	bucket_entry_free(&found);
	if (!good && err != NULL)
		*err = failure;
	return good;
}

static bool
get(Store *store, StoreArea area, const char *key, StoreEntry *entry, SluiceError *err)
{
	StoreNats *nats = (StoreNats *) store;

	if (nats->copies[area] == NULL)
		return get_at(store, area, key, 0, entry, err);
	memset(entry, 0, sizeof(*entry));
	return store_follower_loaded(nats->followers[area], err) &&
		   (store_copy_get(nats->copies[area], key, entry) || not_found(key, err));
}

static bool
list(Store *store, StoreArea area, const char *prefix, const char *after, StoreEntry *entries,
	 size_t size, size_t *count, SluiceError *err)
{
	StoreNats *nats = (StoreNats *) store;

	if (nats->copies[area] == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "bucket %s cannot be listed",
						   bucket_table[area].name);
	if (!store_follower_loaded(nats->followers[area], err))
		return false;
	*count = store_copy_list(nats->copies[area], prefix, after, entries, size);
	return true;
}

/* ---- history ---- */

/* Reads all values that are kept, the oldest first; fills at most HISTORY_MAXIMUM. */
static bool
read_history(BucketWatch *watch, StoreEntry *entries, size_t *count, SluiceError *err)
{
	while (!bucket_watch_current(watch))
	{
		BucketEntry entry;
		bool good;

		if (!bucket_watch_next(watch, HISTORY_WAIT_MS, &entry, err))
			return false;
		good = entry.value == NULL || *count == HISTORY_MAXIMUM ||
			   fill_entry(&entry, &entries[*count], err);
		*count += entry.value != NULL && *count < HISTORY_MAXIMUM && good;
		bucket_entry_free(&entry);
		if (!good)
			return false;
	}
	return true;
}

static void
take_newest(StoreEntry *from, size_t from_count, StoreEntry *entries, size_t size, size_t *count)
{
	for (size_t i = from_count; i > 0; i--)
	{
		if (*count < size)
			entries[(*count)++] = from[i - 1];
		else
			store_entry_free(&from[i - 1]);
	}
}

/* The connection is closed afterwards, for a subscription that is not needed any more stays as long as it does. */
static bool
history(Store *store, StoreArea area, const char *key, StoreEntry *entries, size_t size,
		size_t *count, SluiceError *err)
{
	StoreNats *nats = (StoreNats *) store;
	StoreEntry all[HISTORY_MAXIMUM];
	size_t all_count = 0;
	NatsSession *session;
	BucketWatch *watch;
	bool good;

	*count = 0;
	if (key[0] == '\0')
		return not_found(key, err);
	session = session_pool_take(nats->pool, err);
	if (session == NULL)
		return false;
	watch = bucket_watch_open(session, bucket_table[area].name, key, BUCKET_HISTORY, HISTORY_BYTES,
							  err);
	good = watch != NULL && read_history(watch, all, &all_count, err);
	bucket_watch_close(watch);
	session_pool_give(nats->pool, session, false);
	take_newest(all, all_count, entries, good ? size : 0, count);
	return good;
}

/* ---- writing ---- */

static void
make_message_id(char text[MESSAGE_ID_TEXT])
{
	unsigned char bytes[(MESSAGE_ID_TEXT - 1) / 2];

	randombytes_buf(bytes, sizeof(bytes));
	(void) sodium_bin2hex(text, MESSAGE_ID_TEXT, bytes, sizeof(bytes));
}

static bool
write_once(StoreNats *nats, const char *bucket, const BucketWrite *write, uint64_t *revision,
		   SluiceError *err)
{
	NatsSession *session = session_pool_take(nats->pool, err);
	bool good;

	if (session == NULL)
		return false;
	good = bucket_write(session, bucket, write, revision, err);
	session_pool_give(nats->pool, session, good || sound(err));
	return good;
}

static bool
write_sure(StoreNats *nats, StoreArea area, BucketWrite *write, uint64_t *revision,
		   SluiceError *err)
{
	const char *bucket = bucket_table[area].name;
	char id[MESSAGE_ID_TEXT];

	make_message_id(id);
	write->message_id = id;
	return write_once(nats, bucket, write, revision, err) ||
		   (!sound(err) && write_once(nats, bucket, write, revision, err));
}

/* Sealed texts must not stay behind when they are replaced, nor anything that was removed. */
static BucketWriteKind
write_kind(StoreArea area, const char *key, bool put)
{
	if (!put)
		return BUCKET_PURGE;
	return area == STORE_CONFIG && strncmp(key, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0
			   ? BUCKET_PUT_ALONE
			   : BUCKET_PUT;
}

static bool
keep_copy(StoreNats *nats, StoreArea area, const char *key, const json_t *value, uint64_t revision,
		  SluiceError *err)
{
	json_t *own = NULL;

	if (nats->copies[area] == NULL)
		return true;
	if (value != NULL && (own = json_deep_copy(value)) == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the store's copy");
	return store_copy_wrote(nats->copies[area], key, own, revision, timestamp_now()) ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the store's copy");
}

static bool
write_text(StoreNats *nats, StoreArea area, const char *key, const json_t *value, char *text,
		   uint64_t revision, uint64_t *new_revision, SluiceError *err)
{
	BucketWrite write = {.kind = write_kind(area, key, text != NULL),
						 .key = key,
						 .value = text,
						 .length = text != NULL ? strlen(text) : 0,
						 .revision = revision};
	uint64_t written = 0;

	if (write.length > DOCUMENT_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "a document has at most %d bytes, not %zu",
						   DOCUMENT_MAXIMUM, write.length);
	if (!write_sure(nats, area, &write, &written, err) ||
		!keep_copy(nats, area, key, value, written, err))
		return false;
	if (new_revision != NULL)
		*new_revision = written;
	return true;
}

static bool
write_document(Store *store, StoreArea area, const char *key, const json_t *value,
			   uint64_t revision, uint64_t *new_revision, SluiceError *err)
{
	SluiceError own;
	char *text = NULL;
	bool good;

	if (err == NULL)
		err = &own;
	if (strlen(key) >= STORE_KEY_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.100s...\" is too long for a key", key);
	if (value != NULL && (text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY)) == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for key %s", key);
	good = write_text((StoreNats *) store, area, key, value, text, revision, new_revision, err);
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
	return good;
}

/* ---- life ---- */

static bool
ready(Store *store, SluiceError *err)
{
	StoreNats *nats = (StoreNats *) store;

	for (int area = 0; area < STORE_AREAS; area++)
	{
		if (nats->followers[area] != NULL && !store_follower_ready(nats->followers[area], err))
			return false;
	}
	return true;
}

static void
stop(Store *store)
{
	StoreNats *nats = (StoreNats *) store;

	for (int area = 0; area < STORE_AREAS; area++)
	{
		store_follower_stop(nats->followers[area]);
		store_copy_free(nats->copies[area]);
	}
	session_pool_free(nats->pool);
	(void) pthread_rwlock_destroy(&nats->listening);
	free(nats);
}

static const StoreOps nats_ops = {
	.get = get,
	.get_at = get_at,
	.write = write_document,
	.list = list,
	.history = history,
	.on_change = on_change,
	.off_change = off_change,
	.ready = ready,
	.stop = stop,
};

static bool
start_follower(StoreNats *nats, StoreArea area, const NatsSettings *settings, Log *log,
			   SluiceError *err)
{
	StoreFollowerSettings follower = {.nats = settings,
									  .buckets = nats->buckets,
									  .bucket_count = STORE_AREAS,
									  .followed = area,
									  .area = area,
									  .mark_life_ms = MARK_LIFE_MS,
									  .changed = tell_listeners,
									  .context = nats,
									  .log = log};

	nats->copies[area] = follower.copy = store_copy_new();
	if (follower.copy == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the store's copy");
	nats->followers[area] = store_follower_start(&follower, err);
	return nats->followers[area] != NULL;
}

Store *
store_nats_new(const NatsSettings *settings, int replicas, Log *log, SluiceError *err)
{
	StoreNats *nats = calloc(1, sizeof(*nats));
	bool good;

	if (nats == NULL || sodium_init() < 0)
	{
		free(nats);
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the store");
		return NULL;
	}
	json_object_seed(0); /* before there are threads that would do it at once */
	nats->store.ops = &nats_ops;
	(void) pthread_rwlock_init(&nats->listening, NULL);
	memcpy(nats->buckets, bucket_table, sizeof(bucket_table));
	for (int area = 0; area < STORE_AREAS; area++)
		nats->buckets[area].replicas = replicas;
	nats->pool = session_pool_new(settings, POOL_SIZE, err);
	good = nats->pool != NULL;
	for (int area = 0; good && area < STORE_AREAS; area++)
		good = !has_copy[area] || start_follower(nats, area, settings, log, err);
	if (good)
		return &nats->store;
	stop(&nats->store);
	return NULL;
}
