/*
 * store_follow.c - connecting, loading, following (store_follow.h).
 */
#include "store_follow.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/control/timestamp.h"
#include "common/daemon/retry.h"
#include "common/nats/bucket_watch.h"

#define BUFFER_BYTES  (4u << 20)
#define WAIT_MS		  200 /* within which a stop is seen */
#define FIRST_WAIT_MS 100
#define MOST_WAIT_MS  5000
#define OLD_MARKS	  1000 /* at most so many each time all is read */

struct StoreFollower
{
	StoreFollowerSettings settings;
	pthread_t thread;
	int64_t created; /* when the bucket it followed last was made; 0: none yet; the thread's own */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t stopped;
	bool stopping, ready, loaded;
	SluiceError trouble;
};

json_t *
store_document(const BucketEntry *entry)
{
	return entry->value != NULL
			   ? json_loadb(entry->value, entry->length, JSON_REJECT_DUPLICATES, NULL)
			   : NULL;
}

static const char *
bucket_of(const StoreFollower *follower)
{
	return follower->settings.buckets[follower->settings.followed].name;
}

/* ---- state ---- */

static bool
is_stopping(StoreFollower *follower)
{
	bool stopping;

	(void) pthread_mutex_lock(&follower->lock);
	stopping = follower->stopping;
	(void) pthread_mutex_unlock(&follower->lock);
	return stopping;
}

/* With a trouble, or NULL when all is there. */
static void
set_state(StoreFollower *follower, const SluiceError *trouble)
{
	bool was_ready;

	(void) pthread_mutex_lock(&follower->lock);
	was_ready = follower->ready;
	follower->ready = trouble == NULL;
	follower->loaded = follower->loaded || trouble == NULL;
	if (trouble != NULL)
		follower->trouble = *trouble;
	(void) pthread_mutex_unlock(&follower->lock);
	if (trouble == NULL && !was_ready)
		log_event(follower->settings.log, LOG_INFO, "following the store",
				  (LogField[]){LOG_TEXT("bucket", bucket_of(follower)), LOG_END});
	else if (trouble != NULL)
		log_failure(follower->settings.log, LOG_WARNING, "the store is out of reach", trouble,
					(LogField[]){LOG_TEXT("bucket", bucket_of(follower)), LOG_END});
}

bool
store_follower_ready(StoreFollower *follower, SluiceError *err)
{
	bool ready;

	(void) pthread_mutex_lock(&follower->lock);
	ready = follower->ready;
	if (!ready && err != NULL)
		*err = follower->trouble;
	(void) pthread_mutex_unlock(&follower->lock);
	return ready;
}

bool
store_follower_loaded(StoreFollower *follower, SluiceError *err)
{
	bool loaded;

	(void) pthread_mutex_lock(&follower->lock);
	loaded = follower->loaded;
	if (!loaded && err != NULL)
		*err = follower->trouble;
	(void) pthread_mutex_unlock(&follower->lock);
	return loaded;
}

/* ---- what comes ---- */

static void
tell(StoreFollower *follower, const char *key, json_t *value, uint64_t revision, int64_t written_ms)
{
	StoreEntry entry = {.value = value, .revision = revision, .written_ms = written_ms};

	(void) snprintf(entry.key, sizeof(entry.key), "%s", key);
	follower->settings.changed(follower->settings.context, follower->settings.area, &entry);
}

/*
 * Removals leave marks, which would be read for ever.  Whoever has not met one by the time it is taken away
 * reads everything anew when he comes back, and then does not meet the key at all.
 */
typedef struct OldMarks
{
	struct
	{
		char key[STORE_KEY_MAXIMUM];
		uint64_t revision;
	} marks[OLD_MARKS];
	size_t count;
} OldMarks;

static void
note_mark(const StoreFollower *follower, OldMarks *old, const BucketEntry *entry)
{
	if (entry->message == NULL || entry->value != NULL || old->count == OLD_MARKS ||
		strlen(entry->key) >= STORE_KEY_MAXIMUM ||
		timestamp_now() - entry->written_ms < follower->settings.mark_life_ms)
		return;
	(void) snprintf(old->marks[old->count].key, STORE_KEY_MAXIMUM, "%s", entry->key);
	old->marks[old->count++].revision = entry->revision;
}

/* It is no matter when it does not succeed. */
static void
forget_marks(StoreFollower *follower, NatsSession *session, OldMarks *old)
{
	for (size_t i = 0; i < old->count; i++)
	{
		if (!bucket_forget(session, bucket_of(follower), old->marks[i].key, old->marks[i].revision,
						   NULL))
			break;
	}
	old->count = 0;
}

/* What is no document, or has too long a key, was not written by us: it is left out. */
static bool
take(StoreFollower *follower, const BucketEntry *entry, SluiceError *err)
{
	json_t *value = store_document(entry);
	bool news, good;

	if ((entry->value != NULL && value == NULL) || strlen(entry->key) >= STORE_KEY_MAXIMUM)
	{
		json_decref(value);
		log_event(follower->settings.log, LOG_WARNING, "left out what is no document of ours",
				  (LogField[]){LOG_TEXT("bucket", bucket_of(follower)),
							   LOG_TEXT("entry", entry->key), LOG_END});
		return true;
	}
	good = store_copy_met(follower->settings.copy, entry->key, json_incref(value), entry->revision,
						  entry->written_ms, &news);
	if (good && news)
		tell(follower, entry->key, value, entry->revision, entry->written_ms);
	json_decref(value);
	return good || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the store's copy");
}

/* A key that was not among what came: asked for by itself, because it may have been replaced meanwhile. */
static bool
check_unseen(StoreFollower *follower, NatsSession *session, const char *key, SluiceError *err)
{
	BucketEntry entry;
	bool good;

	if (bucket_get(session, bucket_of(follower), key, &entry, err))
	{
		good = take(follower, &entry, err);
		bucket_entry_free(&entry);
		return good;
	}
	if (err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	if (store_copy_drop(follower->settings.copy, key))
		tell(follower, key, NULL, 0, 0);
	return true;
}

static bool
drop_unseen(StoreFollower *follower, NatsSession *session, SluiceError *err)
{
	char key[STORE_KEY_MAXIMUM] = "";

	while (store_copy_unseen(follower->settings.copy, key, key))
	{
		if (!check_unseen(follower, session, key, err))
			return false;
	}
	return true;
}

/* ---- the thread ---- */

/* One entry, or none within WAIT_MS; `old` may be NULL. */
static bool
take_next(StoreFollower *follower, BucketWatch *watch, OldMarks *old, SluiceError *err)
{
	BucketEntry entry;
	bool good;

	if (!bucket_watch_next(watch, WAIT_MS, &entry, err))
		return false;
	if (old != NULL)
		note_mark(follower, old, &entry);
	good = entry.message == NULL || take(follower, &entry, err);
	bucket_entry_free(&entry);
	return good;
}

/* Until all that was there is in the copy, and nothing else. */
static bool
load(StoreFollower *follower, NatsSession *session, BucketWatch *watch, SluiceError *err)
{
	OldMarks *old = calloc(1, sizeof(*old));
	bool good = old != NULL ||
				sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the store's follower");

	while (good && !bucket_watch_current(watch) && !is_stopping(follower))
		good = take_next(follower, watch, old, err);
	good = good && drop_unseen(follower, session, err);
	if (good)
		forget_marks(follower, session, old);
	free(old);
	return good;
}

static bool
follow(StoreFollower *follower, NatsSession *session, BucketWatch *watch, Retry *retry,
	   SluiceError *err)
{
	if (!load(follower, session, watch, err))
		return false;
	retry_reset(retry);
	set_state(follower, NULL);
	while (!is_stopping(follower))
	{
		if (!take_next(follower, watch, NULL, err))
			return false;
	}
	return true;
}

static bool
ensure_buckets(const StoreFollower *follower, NatsSession *session, SluiceError *err)
{
	for (size_t i = 0; i < follower->settings.bucket_count; i++)
	{
		if (!bucket_ensure(session, &follower->settings.buckets[i], err))
			return false;
	}
	return true;
}

/* Whoever took the store away should hear that it is gone, keys, connections, streams and all. */
static bool
look_whether_made_anew(StoreFollower *follower, NatsSession *session, SluiceError *err)
{
	int64_t before = follower->created;

	if (!bucket_created(session, bucket_of(follower), &follower->created, err))
		return false;
	if (before != 0 && before != follower->created)
		log_event(follower->settings.log, LOG_ERROR,
				  "the bucket was made anew: what was in it before is gone; restore it from a "
				  "backup, or go on with what is there now",
				  (LogField[]){LOG_TEXT("bucket", bucket_of(follower)), LOG_END});
	return true;
}

/* One connection's life. */
static bool
connect_and_follow(StoreFollower *follower, Retry *retry, SluiceError *err)
{
	NatsSession session;
	BucketWatch *watch;
	bool good = false;

	if (!nats_session_open(&session, follower->settings.nats, err))
		return false;
	if (ensure_buckets(follower, &session, err) && look_whether_made_anew(follower, &session, err))
	{
		store_copy_begin(follower->settings.copy);
		watch =
			bucket_watch_open(&session, bucket_of(follower), ">", BUCKET_LAST, BUFFER_BYTES, err);
		good = watch != NULL && follow(follower, &session, watch, retry, err);
		bucket_watch_close(watch);
	}
	nats_session_close(&session);
	return good;
}

static void
pause_for(StoreFollower *follower, int64_t ms)
{
	struct timespec until;

	(void) clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000)
	{
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void) pthread_mutex_lock(&follower->lock);
	while (!follower->stopping &&
		   pthread_cond_timedwait(&follower->stopped, &follower->lock, &until) == 0)
		;
	(void) pthread_mutex_unlock(&follower->lock);
}

static void *
run(void *argument)
{
	StoreFollower *follower = argument;
	SluiceError err;
	Retry retry;

	retry_init(&retry, (RetryPolicy){.first = FIRST_WAIT_MS, .most = MOST_WAIT_MS},
			   (uint64_t) getpid() + follower->settings.area);
	while (!is_stopping(follower) && !connect_and_follow(follower, &retry, &err))
	{
		set_state(follower, &err);
		pause_for(follower, retry_next(&retry));
	}
	return NULL;
}

/* ---- starting and stopping ---- */

StoreFollower *
store_follower_start(const StoreFollowerSettings *settings, SluiceError *err)
{
	StoreFollower *follower = calloc(1, sizeof(*follower));

	if (follower == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the store's follower");
		return NULL;
	}
	follower->settings = *settings;
	(void) sluice_fail(&follower->trouble, SLUICE_ERROR_IO,
					   "the store has not been read yet: bucket %s", bucket_of(follower));
	(void) pthread_mutex_init(&follower->lock, NULL);
	(void) pthread_cond_init(&follower->stopped, NULL);
	if (pthread_create(&follower->thread, NULL, run, follower) == 0)
		return follower;
	(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "no thread for the store's follower");
	free(follower);
	return NULL;
}

void
store_follower_stop(StoreFollower *follower)
{
	if (follower == NULL)
		return;
	(void) pthread_mutex_lock(&follower->lock);
	follower->stopping = true;
	(void) pthread_cond_signal(&follower->stopped);
	(void) pthread_mutex_unlock(&follower->lock);
	(void) pthread_join(follower->thread, NULL);
	(void) pthread_cond_destroy(&follower->stopped);
	(void) pthread_mutex_destroy(&follower->lock);
	free(follower);
}
