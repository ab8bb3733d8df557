/*
 * beacon.c - lease and durable mark, in a thread (beacon.h).
 *
 * Invariants:
 * 1. `lock` guards all but the settings, `held_until` and what only the thread uses.
 * 2. held_until is never later than the lease runs by the clock of those who wait for it.
 */
#include "beacon.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/daemon/retry.h"
#include "common/nats/jetstream.h"
#include "common/nats/lease.h"
#include "common/daemon/trouble.h"

#define LEASE_TTL_MS   3000
#define LOOK_MS		   300	/* how often the lease of another is looked at */
#define PUBLISH_MS	   250	/* between two marks */
#define FIGURES_MS	   950	/* between two lines of figures */
#define TOTAL_MS	   5000 /* between two totals that are kept */
#define FIRST_RETRY_MS 100
#define MOST_RETRY_MS  2000

struct Beacon
{
	BeaconSettings settings;
	char durable[SUBJECT_TEXT], applied[SUBJECT_TEXT];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	_Atomic int64_t held_until;
	atomic_bool taken; /* another holds the lease */
	bool stop;
	int64_t rest_until; /* the lease is not wanted before */
	bool has_mark;
	DurableMark mark;
	SluiceError failure; /* of the last round; SLUICE_OK when it went well */

	/* of the thread */
	NatsSession session;
	Lease lease;
	Retry retry;
	int64_t published;			  /* when the last mark was */
	Trouble trouble;			  /* told in the log */
	int64_t figures_ms;			  /* when figures were last published */
	int64_t total_ms;			  /* and the total */
	char total[KV_VALUE_MAXIMUM]; /* the last */
};

int64_t
beacon_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
set_held(Beacon *beacon)
{
	const Lease *lease = &beacon->lease;
	int64_t until = lease->held ? lease->renewed_ms + lease->ttl_ms : 0;

	atomic_store(&beacon->held_until, until);
	pthread_mutex_lock(&beacon->lock);
	pthread_cond_broadcast(&beacon->changed);
	pthread_mutex_unlock(&beacon->lock);
}

/* ---- the thread ---- */

static bool
open_session(Beacon *beacon, SluiceError *err)
{
	if (beacon->session.connection != NULL && nats_session_alive(&beacon->session))
		return true;
	nats_session_close(&beacon->session);
	return nats_session_open(&beacon->session, &beacon->settings.nats, err) &&
		   kv_ensure(&beacon->session, 1, err);
}

static bool
step_lease(Beacon *beacon, SluiceError *err)
{
	int64_t now = beacon_clock();
	bool wanted, good = true;

	pthread_mutex_lock(&beacon->lock);
	wanted = now >= beacon->rest_until;
	pthread_mutex_unlock(&beacon->lock);
	if (wanted)
		good = lease_step(&beacon->lease, &beacon->session, now, err);
	else
		lease_release(&beacon->lease, &beacon->session);
	atomic_store(&beacon->taken, wanted && good && !beacon->lease.held);
	set_held(beacon);
	return good;
}

static bool
take_mark(Beacon *beacon, DurableMark *mark)
{
	bool has;

	pthread_mutex_lock(&beacon->lock);
	has = beacon->has_mark;
	*mark = beacon->mark;
	beacon->has_mark = false;
	pthread_mutex_unlock(&beacon->lock);
	return has;
}

/* What could not be published is put back, unless there is something newer. */
static void
return_mark(Beacon *beacon, const DurableMark *mark)
{
	pthread_mutex_lock(&beacon->lock);
	if (!beacon->has_mark)
		beacon->mark = *mark;
	beacon->has_mark = true;
	pthread_mutex_unlock(&beacon->lock);
}

static bool
publish_mark(Beacon *beacon, bool at_once, SluiceError *err)
{
	char text[KV_VALUE_MAXIMUM];
	DurableMark mark;

	if (!beacon->lease.held || (!at_once && beacon_clock() - beacon->published < PUBLISH_MS) ||
		!take_mark(beacon, &mark))
		return true;
	beacon->published = beacon_clock();
	if (kv_put(&beacon->session, beacon->durable, durable_format(&mark, text), KV_ANY_REVISION,
			   NULL, err))
		return true;
	return_mark(beacon, &mark);
	return false;
}

/* "sluice.<stream>.stats.writer.<owner>", the owner as one word. */
static void
figures_subject(const Beacon *beacon, char text[2 * SUBJECT_TEXT])
{
	int length = snprintf(text, 2 * SUBJECT_TEXT, "sluice.%.*s.stats.writer.", STREAM_NAME_MAXIMUM,
						  beacon->settings.stream);

	(void) snprintf(text + length, (size_t) (2 * SUBJECT_TEXT - length), "%s",
					beacon->settings.owner);
	for (char *at = text + length; *at != '\0'; at++)
	{
		if (strchr(". *>\t", *at) != NULL)
			*at = '_';
	}
}

static bool
publish_figures(Beacon *beacon, bool at_once, SluiceError *err)
{
	char subject[2 * SUBJECT_TEXT], text[FIGURES_TEXT];
	int64_t now = beacon_clock();
	natsStatus status;

	if (beacon->settings.figures == NULL || (!at_once && now - beacon->figures_ms < FIGURES_MS))
		return true;
	beacon->figures_ms = now;
	figures_subject(beacon, subject);
	status = natsConnection_PublishString(beacon->session.connection, subject,
										  beacon->settings.figures(beacon->settings.context, text));
	return status == NATS_OK ||
		   nats_session_fail(&beacon->session, err, status, 0, "publishing figures");
}

/* The total, when it has changed. */
static bool
publish_total(Beacon *beacon, bool at_once, SluiceError *err)
{
	char text[KV_VALUE_MAXIMUM];
	int64_t now = beacon_clock();

	if (beacon->settings.total == NULL || !beacon->lease.held ||
		(!at_once && now - beacon->total_ms < TOTAL_MS))
		return true;
	(void) beacon->settings.total(beacon->settings.context, text);
	if (text[0] == '\0' || strcmp(text, beacon->total) == 0)
		return true;
	if (!kv_put(&beacon->session, beacon->applied, text, KV_ANY_REVISION, NULL, err))
		return false;
	beacon->total_ms = now;
	memcpy(beacon->total, text, sizeof(text));
	return true;
}

static void
set_failure(Beacon *beacon, const SluiceError *err)
{
	pthread_mutex_lock(&beacon->lock);
	beacon->failure = *err;
	pthread_mutex_unlock(&beacon->lock);
}

static void
round_went_well(Beacon *beacon)
{
	retry_reset(&beacon->retry);
	trouble_over(&beacon->trouble);
	set_failure(beacon, &(SluiceError){.code = SLUICE_OK});
}

static void
round_failed(Beacon *beacon, const SluiceError *err)
{
	LogLevel level = sluice_error_transient(err->code) ? LOG_WARNING : LOG_ERROR;

	atomic_store(&beacon->taken, false);
	trouble_tell(&beacon->trouble, beacon->settings.log, level, "cannot reach NATS for the lease",
				 err, beacon_clock());
	set_failure(beacon, err);
	nats_session_close(&beacon->session);
}

/* Sleeps until something was asked for or the time is over; true when the end was asked for. */
static bool
sleep_ms(Beacon *beacon, int64_t ms)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000)
	{
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&beacon->lock);
	if (!beacon->stop)
		(void) pthread_cond_timedwait(&beacon->changed, &beacon->lock, &until);
	stop = beacon->stop;
	pthread_mutex_unlock(&beacon->lock);
	return stop;
}

static void *
run(void *argument)
{
	Beacon *beacon = argument;
	int64_t pause = 0;

	pthread_setname_np(pthread_self(), "beacon");
	while (!sleep_ms(beacon, pause))
	{
		SluiceError err = {0};

		if (open_session(beacon, &err) && step_lease(beacon, &err) &&
			publish_mark(beacon, false, &err) && publish_figures(beacon, false, &err) &&
			publish_total(beacon, false, &err))
		{
			round_went_well(beacon);
			pause = LOOK_MS;
			continue;
		}
		round_failed(beacon, &err);
		pause = retry_next(&beacon->retry);
	}
	if (beacon->session.connection != NULL && nats_session_alive(&beacon->session))
	{
		(void) !publish_mark(beacon, true, NULL);
		(void) !publish_figures(beacon, true, NULL);
		(void) !publish_total(beacon, true, NULL);
		lease_release(&beacon->lease, &beacon->session);
	}
	nats_session_close(&beacon->session);
	return NULL;
}

/* ---- from outside ---- */

static bool
make_sync(Beacon *beacon)
{
	pthread_condattr_t attributes;
	bool good;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	good = pthread_mutex_init(&beacon->lock, NULL) == 0 &&
		   pthread_cond_init(&beacon->changed, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return good;
}

Beacon *
beacon_start(const BeaconSettings *settings, SluiceError *err)
{
	Beacon *beacon = calloc(1, sizeof(*beacon));
	char key[SUBJECT_TEXT + CONSUMER_NAME_MAXIMUM];

	if (beacon == NULL || !make_sync(beacon))
	{
		free(beacon);
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a thread");
		return NULL;
	}
	beacon->settings = *settings;
	(void) durable_key(beacon->durable, settings->stream, settings->consumer);
	(void) applied_key(beacon->applied, settings->stream, settings->consumer);
	(void) snprintf(key, sizeof(key), "lease.%s.writer.%s", settings->stream, settings->consumer);
	lease_init(&beacon->lease, key, settings->owner, LEASE_TTL_MS);
	retry_init(&beacon->retry, (RetryPolicy){FIRST_RETRY_MS, MOST_RETRY_MS},
			   (uint64_t) beacon_clock());
	if (pthread_create(&beacon->thread, NULL, run, beacon) == 0)
		return beacon;
	free(beacon);
	(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "cannot start a thread: %m");
	return NULL;
}

bool
beacon_held(const Beacon *beacon)
{
	return beacon_clock() < atomic_load(&beacon->held_until);
}

bool
beacon_wait(Beacon *beacon, int timeout_ms)
{
	if (!beacon_held(beacon))
		(void) sleep_ms(beacon, timeout_ms);
	return beacon_held(beacon);
}

bool
beacon_taken(const Beacon *beacon)
{
	return atomic_load(&beacon->taken);
}

bool
beacon_trouble(Beacon *beacon, SluiceError *err)
{
	pthread_mutex_lock(&beacon->lock);
	*err = beacon->failure;
	pthread_mutex_unlock(&beacon->lock);
	return err->code != SLUICE_OK;
}

void
beacon_yield(Beacon *beacon, int rest_ms)
{
	pthread_mutex_lock(&beacon->lock);
	beacon->rest_until = beacon_clock() + rest_ms;
	atomic_store(&beacon->held_until, 0);
	pthread_cond_broadcast(&beacon->changed);
	pthread_mutex_unlock(&beacon->lock);
}

void
beacon_publish(Beacon *beacon, const DurableMark *mark)
{
	pthread_mutex_lock(&beacon->lock);
	beacon->mark = *mark;
	beacon->has_mark = true;
	pthread_mutex_unlock(&beacon->lock);
}

void
beacon_stop(Beacon *beacon)
{
	if (beacon == NULL)
		return;
	pthread_mutex_lock(&beacon->lock);
	beacon->stop = true;
	pthread_cond_broadcast(&beacon->changed);
	pthread_mutex_unlock(&beacon->lock);
	(void) pthread_join(beacon->thread, NULL);
	pthread_cond_destroy(&beacon->changed);
	pthread_mutex_destroy(&beacon->lock);
	free(beacon);
}
