/*
 * session_start.c - waiting for a stream, and the copy (session_start.h).
 */
#include "session_start.h"

#include <stdio.h>

#include "common/nats/load_stream.h"

#define FIRST_WAIT_MS  20  /* between looks for a stream that is not there; doubles... */
#define STREAM_WAIT_MS 500 /* ...up to this */

/* Whether there is a stream of changes or, before it, one of a copy. */
static bool
find_stream(Writer *writer, NatsSession *nats, bool changes, SluiceError *err)
{
	const char *stream = writer->settings.stream;
	JetStreamInfo info;

	if (jetstream_info(nats, stream, &info, err))
		return true;
	return !changes && err->code == SLUICE_ERROR_NOT_FOUND &&
		   load_stream_info(nats, stream, &info, NULL);
}

/* A writer that has no stream is not ready, and says what it waits for. */
static void
tell_awaited(Writer *writer, const SluiceError *err)
{
	char reason[HEALTH_REASON_SIZE];

	log_failure(writer->service->log, LOG_INFO, "waiting for the stream to be made", err, NULL);
	(void) snprintf(reason, sizeof(reason), "waiting for stream %s to be started at the source: %s",
					writer->settings.stream, err->message);
	health_set_reason(&writer->service->health, reason);
}

bool
session_await_stream(Writer *writer, NatsSession *nats, bool changes, SluiceError *err)
{
	int64_t pause = FIRST_WAIT_MS;
	bool told = false;

	while (!find_stream(writer, nats, changes, err))
	{
		if (err->code != SLUICE_ERROR_NOT_FOUND)
			return false;
		if (!told)
			tell_awaited(writer, err);
		told = true;
		stats_set_level(&writer->stats, true);
		nats_Sleep(pause);
		pause = pause * 2 < STREAM_WAIT_MS ? pause * 2 : STREAM_WAIT_MS;
		if (writer_poll(writer) || !beacon_held(writer->beacon))
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "gave up waiting for the stream");
	}
	if (told)
		health_set_reason(&writer->service->health, "the stream is there: starting");
	return true;
}

/* ---- the copy ---- */

static void
load_tell(void *context, LoadPhase phase, const SluiceError *err)
{
	Writer *writer = context;

	(void) phase;
	stats_set_state(&writer->stats, err != NULL ? WRITER_STOPPED : WRITER_LOADING);
	health_set_reason(&writer->service->health, err != NULL ? err->message : NULL);
	writer->worked |= err == NULL;
}

bool
session_run_load(Writer *writer, Load *load, NatsSession *nats, Target *target,
				 const TargetSettings *target_settings, Progress *progress, SessionEnd *end,
				 SluiceError *err)
{
	const LoadSettings settings = {
		.stream = writer->settings.stream,
		.consumer = writer->settings.consumer,
		.finish = *target_settings,
		.index_connections = writer->settings.index_connections,
		.structure = &writer->settings.structure,
		.wish = writer->wish,
		.log = writer->service->log,
		.display = writer->display,
		.moved = &writer->copy_moved,
		.loaded = &writer->copy_loaded,
		.go_on = writer_undisturbed,
		.tell = load_tell,
		.context = writer,
	};
	static const SessionEnd ends[] = {
		[LOAD_BROKEN] = SESSION_FAILED,
		[LOAD_STOPPED] = SESSION_DRAINED,
		[LOAD_CHANGES] = SESSION_AGAIN,
		[LOAD_FINISHED] = SESSION_FINISHED,
	};
	LoadOutcome outcome;

	load_init(load, &settings);
	outcome = load_run(load, nats, target, progress, err);
	if (outcome == LOAD_CHANGES)
		writer->wish = (LoadWish){0};
	*end = ends[outcome];
	if (outcome == LOAD_STOPPED && !writer->service->draining)
	{
		(void) sluice_fail(err, SLUICE_ERROR_CONFLICT, "the lease was lost");
		*end = SESSION_FAILED;
	}
	return outcome == LOAD_CHANGES;
}
