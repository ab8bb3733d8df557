/*
 * stream_set.c - streams, their leases, the bucket (stream_set.h).
 *
 * Invariants:
 * 1. `lock` guards the list and its entries but for leases, which only the thread uses; it is not held
 *    during requests to NATS nor while a stream's thread is waited for.
 * 2. Only the thread adds entries and takes them away, so it may walk the list without the lock.
 * 3. A lease is given up only after its stream's thread is over, or does no work.
 */
#include "stream_set.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/daemon/retry.h"
#include "common/daemon/trouble.h"
#include "common/nats/jetstream.h"
#include "common/nats/lease.h"
#include "settings.h"
#include "stream_report.h"

#define LEASE_TTL_MS   3000
#define ROUND_MS	   300
#define BUCKET_MS	   1000 /* how often the bucket is looked at */
#define MOST_ROUNDS	   6	/* at most so many between two tries for a free lease */
#define FIRST_RETRY_MS 100
#define MOST_RETRY_MS  2000
#define KEY_PREFIX	   "stream"

typedef struct Entry
{
	char name[STREAM_NAME_MAXIMUM + 1];
	Stream *stream;		 /* NULL: its settings make no sense, or it ended */
	StreamSettings next; /* to start over with */
	bool has_next;
	bool gone;		   /* from the bucket */
	bool seen;		   /* in this look at the bucket */
	uint64_t revision; /* of the key */
	SluiceError fault; /* of the settings */
	StreamLook look;   /* as of the last round */
	Lease lease;
} Entry;

struct StreamSet
{
	StreamSetSettings settings;
	char owner[128];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	Entry **entries;
	size_t count;
	bool stop;
	bool looked;		 /* at what streams there are */
	SluiceError failure; /* of the last round; SLUICE_OK when it went well */

	/* of the thread */
	NatsSession session;
	Retry retry;
	Trouble trouble;
	int64_t bucket_ms, report_ms;
	unsigned rounds;
};

/* ---- entries ---- */

static Entry *
find_entry(const StreamSet *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
	{
		if (strcmp(set->entries[i]->name, name) == 0)
			return set->entries[i];
	}
	return NULL;
}

static Entry *
add_entry(StreamSet *set, const char *name, SluiceError *err)
{
	Entry *entry = calloc(1, sizeof(*entry));
	Entry **entries;
	char key[SUBJECT_TEXT];

	pthread_mutex_lock(&set->lock);
	entries = realloc(set->entries, (set->count + 1) * sizeof(Entry *));
	if (entries != NULL)
		set->entries = entries;
	if (entries != NULL && entry != NULL)
	{
		(void) snprintf(entry->name, sizeof(entry->name), "%s", name);
		(void) snprintf(key, sizeof(key), "lease.%s.reader", name);
		lease_init(&entry->lease, key, set->owner, LEASE_TTL_MS);
		entries[set->count++] = entry;
	}
	pthread_mutex_unlock(&set->lock);
	if (entries != NULL && entry != NULL)
		return entry;
	free(entry);
	sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for stream %s", name);
	return NULL;
}

/* Its stream is over, its lease given up. */
static void
remove_entry(StreamSet *set, size_t index)
{
	Entry *entry = set->entries[index];

	pthread_mutex_lock(&set->lock);
	set->entries[index] = set->entries[--set->count];
	pthread_mutex_unlock(&set->lock);
	stream_free(entry->stream);
	stream_settings_free(&entry->next);
	free(entry);
}

/* Takes settings for an entry; the stream ends first when it has others. */
static void
give_settings(StreamSet *set, Entry *entry, StreamSettings *settings)
{
	pthread_mutex_lock(&set->lock);
	entry->fault = (SluiceError){0};
	stream_settings_free(&entry->next);
	entry->has_next =
		entry->stream == NULL || !stream_settings_equal(stream_settings(entry->stream), settings);
	if (entry->has_next)
	{
		entry->next = *settings;
		*settings = (StreamSettings){0};
	}
	else
		stream_settings_free(settings);
	if (entry->has_next && entry->stream != NULL)
		stream_end(entry->stream);
	pthread_mutex_unlock(&set->lock);
}

static void
refuse_settings(StreamSet *set, Entry *entry, const SluiceError *err)
{
	pthread_mutex_lock(&set->lock);
	entry->fault = *err;
	if (entry->stream != NULL)
		stream_end(entry->stream);
	pthread_mutex_unlock(&set->lock);
	log_failure(set->settings.log, LOG_ERROR, "a stream's settings make no sense", err,
				(LogField[]){LOG_TEXT("stream", entry->name), LOG_END});
}

/* ---- the bucket ---- */

static bool
read_settings(const StreamSet *set, Entry *entry, const char *key, const char *lines,
			  StreamSettings *settings, SluiceError *err)
{
	Options *options;
	char *text;
	bool good;

	if (asprintf(&text, "%s\nstream = %s\n", lines, entry->name) < 0)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for key %s", key);
	options = options_derive(set->settings.options, key, text, err);
	free(text);
	good = options != NULL && stream_settings_read(settings, options, err);
	if (options != NULL && !good)
		(void) sluice_prefix(err, "%s", key);
	options_free(options);
	return good;
}

/* A KvEach. */
static bool
look_at_key(void *context, const char *key, SluiceError *err)
{
	StreamSet *set = context;
	const char *name = key + strlen(KEY_PREFIX ".");
	StreamSettings settings = {0};
	SluiceError fault = {0};
	uint64_t revision;
	Entry *entry;
	char *lines;

	if (!stream_name_check(name, &fault))
		return true;
	if (!kv_get_text(&set->session, key, &lines, &revision, err))
		return err->code == SLUICE_ERROR_NOT_FOUND;
	entry = find_entry(set, name);
	if (entry == NULL)
		entry = add_entry(set, name, err);
	if (entry != NULL)
		entry->seen = true;
	if (entry != NULL && (entry->revision != revision || entry->gone))
	{
		entry->revision = revision;
		entry->gone = false;
		if (read_settings(set, entry, key, lines, &settings, &fault))
			give_settings(set, entry, &settings);
		else
			refuse_settings(set, entry, &fault);
		stream_settings_free(&settings);
	}
	free(lines);
	return entry != NULL;
}

static bool
look_at_bucket(StreamSet *set, SluiceError *err)
{
	for (size_t i = 0; i < set->count; i++)
		set->entries[i]->seen = false;
	if (!kv_each(&set->session, KEY_PREFIX, look_at_key, set, err))
		return false;
	for (size_t i = 0; i < set->count; i++)
	{
		Entry *entry = set->entries[i];

		if (entry->seen || entry->gone)
			continue;
		entry->gone = true;
		if (entry->stream != NULL)
			stream_end(entry->stream);
		log_event(set->settings.log, LOG_INFO, "let go: its key is gone from the bucket",
				  (LogField[]){LOG_TEXT("stream", entry->name), LOG_END});
	}
	set->looked = true;
	return true;
}

/* ---- streams ---- */

static void
start_stream(StreamSet *set, Entry *entry)
{
	SluiceError err = {0};
	Stream *stream;

	pthread_mutex_lock(&set->lock);
	entry->has_next = false;
	stream = stream_start(&set->settings.host, &entry->next, &err);
	entry->stream = stream;
	entry->fault = err;
	pthread_mutex_unlock(&set->lock);
	if (stream == NULL)
		log_failure(set->settings.log, LOG_ERROR, "cannot start a stream", &err,
					(LogField[]){LOG_TEXT("stream", entry->name), LOG_END});
}

/* Brings an entry on: its thread that is over is waited for, settings that wait are taken. */
static void
step_stream(StreamSet *set, Entry *entry)
{
	Stream *over = NULL;
	StreamLook look = {.state = STREAM_CREATED};

	if (entry->stream != NULL)
		stream_look(entry->stream, &look);
	pthread_mutex_lock(&set->lock);
	entry->look = look;
	if (look.ended)
	{
		over = entry->stream;
		entry->stream = NULL;
	}
	pthread_mutex_unlock(&set->lock);
	stream_free(over);
	if (entry->stream == NULL && entry->has_next && !entry->gone)
		start_stream(set, entry);
}

/* ---- leases ---- */

static size_t
count_held(const StreamSet *set)
{
	size_t held = 0;

	for (size_t i = 0; i < set->count; i++)
		held += set->entries[i]->lease.held;
	return held;
}

/* The more leases are ours, the more rounds lie between two tries for a free one. */
static bool
may_take(const StreamSet *set)
{
	size_t rounds = set->settings.bucket ? count_held(set) + 1 : 1;

	return set->rounds % (rounds < MOST_ROUNDS ? rounds : MOST_ROUNDS) == 0;
}

/* Who stood by begins now: /readyz says so before the next look. */
static void
note_taken(StreamSet *set, Entry *entry)
{
	pthread_mutex_lock(&set->lock);
	if (entry->look.state == READER_STANDBY)
		entry->look.state = STREAM_STARTING;
	pthread_mutex_unlock(&set->lock);
}

static bool
step_lease(StreamSet *set, Entry *entry, SluiceError *err)
{
	int64_t now = stream_clock();
	Lease *lease = &entry->lease;
	bool held = lease->held, good = true;

	if (entry->stream == NULL ? !entry->has_next : !stream_wants(entry->stream))
	{
		if (entry->stream == NULL || entry->look.state == READER_STANDBY ||
			entry->look.state == STREAM_STARTING)
			lease_release(lease, &set->session);
	}
	else if (lease->held || may_take(set))
		good = lease_step(lease, &set->session, now, err);
	if (lease->held && !held)
		note_taken(set, entry);
	if (entry->stream != NULL)
		stream_hold(entry->stream, lease->held && now - lease->renewed_ms < lease->ttl_ms);
	return good;
}

/* Without NATS a lease runs out, by its own clock. */
static void
let_leases_run_out(StreamSet *set)
{
	int64_t now = stream_clock();

	for (size_t i = 0; i < set->count; i++)
	{
		const Lease *lease = &set->entries[i]->lease;

		if (set->entries[i]->stream != NULL)
			stream_hold(set->entries[i]->stream,
						lease->held && now - lease->renewed_ms < lease->ttl_ms);
	}
}

/* ---- rounds ---- */

static bool
open_session(StreamSet *set, SluiceError *err)
{
	if (set->session.connection != NULL && nats_session_alive(&set->session))
		return true;
	nats_session_close(&set->session);
	return nats_session_open(&set->session, &set->settings.nats, err) &&
		   kv_ensure(&set->session, 1, err);
}

/* What each stream is at, for whoever watches. */
static bool
report_all(StreamSet *set, SluiceError *err)
{
	int64_t now = stream_clock();

	if (now - set->report_ms < STREAM_REPORT_MS)
		return true;
	set->report_ms = now;
	for (size_t i = 0; i < set->count; i++)
	{
		const Entry *entry = set->entries[i];

		if (entry->stream != NULL &&
			!stream_report_publish(&set->session, stream_figures(entry->stream), set->owner,
								   entry->look.state, err))
			return false;
	}
	return true;
}

static bool
step_all(StreamSet *set, SluiceError *err)
{
	bool good = true;

	set->rounds++;
	for (size_t i = 0; i < set->count; i++)
		step_stream(set, set->entries[i]);
	if (!open_session(set, err))
		return false;
	if (set->settings.bucket && stream_clock() - set->bucket_ms >= BUCKET_MS)
	{
		set->bucket_ms = stream_clock();
		good = look_at_bucket(set, err);
	}
	for (size_t i = set->count; good && i-- > 0;)
	{
		Entry *entry = set->entries[i];

		good = step_lease(set, entry, err);
		if (good && entry->gone && entry->stream == NULL && !entry->lease.held)
			remove_entry(set, i);
	}
	return good && report_all(set, err);
}

/* False when the end was asked for. */
static bool
wait_ms(StreamSet *set, int64_t ms)
{
	struct timespec until;
	bool stop;

	(void) clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000)
	{
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&set->lock);
	if (!set->stop)
		(void) pthread_cond_timedwait(&set->changed, &set->lock, &until);
	stop = set->stop;
	pthread_mutex_unlock(&set->lock);
	return !stop;
}

static void
note_failure(StreamSet *set, const SluiceError *err)
{
	pthread_mutex_lock(&set->lock);
	set->failure = *err;
	pthread_mutex_unlock(&set->lock);
}

/* Streams go on as long as their leases last. */
static bool
all_over(StreamSet *set)
{
	bool over = true;

	for (size_t i = 0; i < set->count; i++)
	{
		Entry *entry = set->entries[i];

		entry->gone = true;
		if (entry->stream != NULL)
			stream_end(entry->stream);
		step_stream(set, entry);
		over &= entry->stream == NULL;
	}
	return over;
}

static void
release_all(StreamSet *set)
{
	bool alive = set->session.connection != NULL && nats_session_alive(&set->session);

	for (size_t i = 0; alive && i < set->count; i++)
		lease_release(&set->entries[i]->lease, &set->session);
	nats_session_close(&set->session);
}

static void *
run(void *argument)
{
	StreamSet *set = argument;
	const struct timespec tick = {.tv_nsec = 20000000};
	int64_t pause = 0;

	pthread_setname_np(pthread_self(), "leases");
	while (wait_ms(set, pause))
	{
		SluiceError err = {0};

		if (step_all(set, &err))
		{
			trouble_over(&set->trouble);
			retry_reset(&set->retry);
			note_failure(set, &(SluiceError){0});
			pause = ROUND_MS;
			continue;
		}
		let_leases_run_out(set);
		note_failure(set, &err);
		trouble_tell(&set->trouble, set->settings.log, LOG_WARNING, "leases cannot be kept", &err,
					 stream_clock());
		nats_session_close(&set->session);
		pause = retry_next(&set->retry);
	}
	while (!all_over(set))
		(void) nanosleep(&tick, NULL);
	release_all(set);
	return NULL;
}

/* ---- from outside ---- */

static void
make_sync(StreamSet *set)
{
	pthread_condattr_t attributes;

	(void) pthread_condattr_init(&attributes);
	(void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void) pthread_mutex_init(&set->lock, NULL);
	(void) pthread_cond_init(&set->changed, &attributes);
	(void) pthread_condattr_destroy(&attributes);
}

static void
release(StreamSet *set)
{
	while (set->count > 0)
		remove_entry(set, set->count - 1);
	(void) pthread_cond_destroy(&set->changed);
	(void) pthread_mutex_destroy(&set->lock);
	free(set->entries);
	free(set);
}

static bool
start(StreamSet *set, StreamSettings *only, SluiceError *err)
{
	Entry *entry;

	if (!set->settings.bucket)
	{
		entry = add_entry(set, only->stream, err);
		if (entry == NULL)
			return false;
		give_settings(set, entry, only);
		set->looked = true;
	}
	return pthread_create(&set->thread, NULL, run, set) == 0 ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "cannot start a thread: %m");
}

StreamSet *
stream_set_start(const StreamSetSettings *settings, StreamSettings *only, SluiceError *err)
{
	StreamSet *set = calloc(1, sizeof(*set));

	if (set == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for streams");
		return NULL;
	}
	set->settings = *settings;
	make_sync(set);
	settings_name_owner(set->owner, sizeof(set->owner));
	retry_init(&set->retry, (RetryPolicy){FIRST_RETRY_MS, MOST_RETRY_MS},
			   (uint64_t) stream_clock());
	if (start(set, only, err))
		return set;
	release(set);
	return NULL;
}

void
stream_set_change(StreamSet *set, StreamSettings *only)
{
	Entry *entry = find_entry(set, only->stream);

	if (entry != NULL)
		give_settings(set, entry, only);
}

void
stream_set_log_level(StreamSet *set, LogLevel level)
{
	pthread_mutex_lock(&set->lock);
	set->settings.host.log_level = level;
	for (size_t i = 0; i < set->count; i++)
	{
		if (set->entries[i]->stream != NULL)
			stream_log_level(set->entries[i]->stream, level);
	}
	pthread_mutex_unlock(&set->lock);
}

bool
stream_set_finished(StreamSet *set)
{
	bool finished;

	pthread_mutex_lock(&set->lock);
	finished =
		!set->settings.bucket && set->count == 1 && set->entries[0]->look.state == STREAM_FINISHED;
	pthread_mutex_unlock(&set->lock);
	return finished;
}

/* "stream shop: failed: cause; hint"; the lock is held. */
static bool
entry_ready(const Entry *entry, char *reason, size_t size)
{
	const SluiceError *err = entry->fault.code != SLUICE_OK ? &entry->fault : &entry->look.error;
	int state = entry->fault.code != SLUICE_OK ? STREAM_FAILED : entry->look.state;

	if (err->code == SLUICE_OK && state != STREAM_CREATED && state != STREAM_STARTING &&
		state != STREAM_STOPPED)
		return true;
	(void) snprintf(reason, size, "stream %s: %s%s%s%s%s", entry->name, reader_state_name(state),
					err->code != SLUICE_OK ? ": " : "", err->message,
					err->hint[0] != '\0' ? "; " : "", err->hint);
	return false;
}

bool
stream_set_ready(StreamSet *set, char *reason, size_t size)
{
	bool ready = true;

	pthread_mutex_lock(&set->lock);
	if (set->failure.code != SLUICE_OK)
	{
		(void) snprintf(reason, size, "%s%s%s", set->failure.message,
						set->failure.hint[0] != '\0' ? "; " : "", set->failure.hint);
		ready = false;
	}
	else if (!set->looked)
	{
		(void) snprintf(reason, size, "starting");
		ready = false;
	}
	for (size_t i = 0; ready && i < set->count; i++)
		ready = entry_ready(set->entries[i], reason, size);
	pthread_mutex_unlock(&set->lock);
	return ready;
}

void
stream_set_stop(StreamSet *set)
{
	if (set == NULL)
		return;
	pthread_mutex_lock(&set->lock);
	set->stop = true;
	pthread_cond_broadcast(&set->changed);
	pthread_mutex_unlock(&set->lock);
	(void) pthread_join(set->thread, NULL);
	release(set);
}
