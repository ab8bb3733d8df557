/*
 * main.c - sluice-writer: one session after the other, while the lease is ours.
 *
 * What a session's error means for the next one is in `meanings`; only here are errors logged, and
 * one that goes on and on is logged once and then once a minute.
 */
#include <stdio.h>
#include <string.h>

#include "common/daemon/retry.h"
#include "session.h"

#include <unistd.h>

#define STANDBY_LOOK_MS 100
#define YIELD_MS		1000
#define YIELD_ATTEMPTS	3
#define TELL_AGAIN_MS	60000
#define SOON_MS			500

/* What follows from an error. */
typedef enum Consequence
{
	RETRY,		/* passes by itself */
	STAND_BY,	/* another writer is at work */
	AWAIT_MEND, /* somebody must mend something at the target, then it goes on */
	LOOK_TWICE	/* for good, if it is seen twice without anything applied between */
} Consequence;

static const Consequence meanings[] = {
	[SLUICE_OK] = RETRY,
	[SLUICE_ERROR_MEMORY] = RETRY,
	[SLUICE_ERROR_LIMIT] = AWAIT_MEND,
	[SLUICE_ERROR_CORRUPT] = LOOK_TWICE,
	[SLUICE_ERROR_VERSION] = LOOK_TWICE,
	[SLUICE_ERROR_ARGUMENT] = AWAIT_MEND,
	[SLUICE_ERROR_IO] = RETRY,
	[SLUICE_ERROR_TIMEOUT] = RETRY,
	[SLUICE_ERROR_CONFLICT] = STAND_BY,
	[SLUICE_ERROR_NOT_FOUND] = AWAIT_MEND,
	[SLUICE_ERROR_DENIED] = AWAIT_MEND,
	[SLUICE_ERROR_FULL] = RETRY,
	[SLUICE_ERROR_STATE] = LOOK_TWICE,
	[SLUICE_ERROR_DATA] = AWAIT_MEND,
};

/* What the loop over sessions remembers. */
typedef struct Course
{
	Writer *writer;
	Retry quick, slow; /* for what passes by itself; for what must be mended */
	char told[sizeof(((SluiceError *) 0)->message)]; /* the last error logged, and when */
	int64_t told_at;
	uint64_t applied; /* Writer.applied at the last LOOK_TWICE, + 1; 0 when there was none */
} Course;

bool
writer_poll(Writer *writer)
{
	unsigned found = service_poll(writer->service);

	if ((found & SERVICE_RELOADED) != 0)
		settings_reload(&writer->settings, writer->service->options);
	return (found & SERVICE_DRAIN) != 0;
}

/* Waits without missing signals; true when the end was asked for. */
static bool
pause_ms(Writer *writer, int64_t ms)
{
	int64_t until = beacon_clock() + ms;

	while (!writer_poll(writer))
	{
		int64_t left = until - beacon_clock();

		if (left <= 0)
			return false;
		nats_Sleep(left < STANDBY_LOOK_MS ? left : STANDBY_LOOK_MS);
	}
	return true;
}

/* True when the lease is ours, false when the end was asked for. */
static bool
stand_by(Writer *writer)
{
	bool told = false;

	while (!writer_poll(writer))
	{
		if (beacon_wait(writer->beacon, STANDBY_LOOK_MS))
			return true;
		if (!told && beacon_watched(writer->beacon))
		{
			log_event(writer->service->log, LOG_INFO, "standing by", NULL);
			stats_set_state(&writer->stats, WRITER_STANDBY);
			health_set_reason(&writer->service->health, NULL);
			told = true;
		}
	}
	return false;
}

/* ---- errors ---- */

static void
tell(Course *course, LogLevel level, const char *message, const SluiceError *err)
{
	int64_t now = beacon_clock();
	bool again = strcmp(course->told, err->message) == 0 && now - course->told_at < TELL_AGAIN_MS;

	log_failure(course->writer->service->log, again ? LOG_DEBUG : level, message, err, NULL);
	if (again)
		return;
	(void) snprintf(course->told, sizeof(course->told), "%s", err->message);
	course->told_at = now;
}

static void
set_state(Writer *writer, WriterState state, const SluiceError *err)
{
	stats_set_state(&writer->stats, state);
	health_set_reason(&writer->service->health, err->message);
}

/* Seen a second time with nothing applied between: for good. */
static bool
seen_twice(Course *course)
{
	bool twice = course->applied == course->writer->applied + 1;

	course->applied = course->writer->applied + 1;
	return twice;
}

/* Acts on a session's error; false ends the program, which is drained or refuses to go on. */
static bool
face_error(Course *course, const SluiceError *err, int *status)
{
	Writer *writer = course->writer;

	stats_count_error(&writer->stats, err->code);
	counter_add(writer->stats.reconnects, 1);
	switch (meanings[err->code])
	{
		case STAND_BY:
			tell(course, LOG_WARNING, "giving way to another writer", err);
			beacon_yield(writer->beacon, YIELD_MS);
			return true;
		case AWAIT_MEND:
			tell(course, LOG_ERROR, "stopped by an error", err);
			set_state(writer, WRITER_STOPPED, err);
			return !pause_ms(writer, retry_next(&course->slow));
		case LOOK_TWICE:
			if (seen_twice(course))
			{
				log_failure(writer->service->log, LOG_ERROR, "cannot go on", err, NULL);
				set_state(writer, WRITER_REFUSED, err);
				*status = SERVICE_REFUSED;
				return false;
			}
			return !pause_ms(writer, SOON_MS);
		default:
			tell(course, LOG_WARNING, "starting over", err);
			set_state(writer, WRITER_RETRYING, err);
			/* Perhaps another writer can reach what this one cannot. */
			if (course->quick.attempt >= YIELD_ATTEMPTS)
				beacon_yield(writer->beacon, YIELD_MS);
			return !pause_ms(writer, retry_next(&course->quick));
	}
}

static int
run(Writer *writer)
{
	Course course = {.writer = writer};
	int status = SERVICE_OK;
	bool going = true;

	retry_init(&course.quick, (RetryPolicy){100, 3000}, (uint64_t) beacon_clock());
	retry_init(&course.slow, (RetryPolicy){1000, 5000}, (uint64_t) beacon_clock());
	while (going && stand_by(writer))
	{
		SluiceError err = {0};
		uint64_t applied = writer->applied;
		SessionEnd end = session_run(writer, &err);

		if (writer->applied != applied)
		{
			retry_reset(&course.quick);
			retry_reset(&course.slow);
		}
		if (end == SESSION_DRAINED)
			break;
		going = end == SESSION_AGAIN || face_error(&course, &err, &status);
	}
	return status;
}

/* ---- start and end ---- */

static bool
start(Writer *writer, SluiceError *err)
{
	BeaconSettings beacon;

	if (!settings_init(&writer->settings, writer->service->options, err) ||
		!stats_init(&writer->stats, writer->service->metrics, err))
		return false;
	stats_set_state(&writer->stats, WRITER_STARTING);
	beacon = (BeaconSettings){
		.nats = writer->settings.nats,
		.stream = writer->settings.stream,
		.consumer = writer->settings.consumer,
		.owner = writer->settings.owner,
		.log = writer->service->log,
	};
	writer->beacon = beacon_start(&beacon, err);
	return writer->beacon != NULL;
}

int
main(int argc, char **argv)
{
	static Service service;
	static Writer writer;
	SluiceError err = {0};
	int status;

	if (!service_start(&service, &writer_program, argc, argv, &status))
		return status;
	writer.service = &service;
	if (start(&writer, &err))
		status = run(&writer);
	else
	{
		log_failure(service.log, LOG_ERROR, "cannot start", &err, NULL);
		status = (int) service_status(&err);
	}
	beacon_stop(writer.beacon);
	status = service_stop(&service, status);
	settings_free(&writer.settings);
	/*
	 * Without exit()'s destructors: threads of libnats that are just ending may still use what those
	 * take away.  Everything of ours is written and closed.
	 */
	_exit(status);
}
