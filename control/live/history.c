/*
 * history.c - publishing points and keeping them (history.h).
 *
 * Invariants:
 * 1. `lock` guards the rings; `published` is of the thread that publishes.
 * 2. A point of a longer step is made of the seconds in the rings, which every server has: whoever leads makes the same.
 */
#include "history.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "points_message.h"

#define MEGABYTE	  (INT64_C(1) << 20)
#define SETTLE_S	  2 /* behind the end of a longer step: its last second has been read back */
#define MESSAGE_BYTES 900000 /* of one message at most, whatever the server takes */

const JournalPlan history_plans[RING_STEPS] = {
	[STEP_SECOND] = {METRICS_STREAM "_1S", METRICS_SUBJECT ".1s", 32 * MEGABYTE, 300},
	[STEP_TEN_SECONDS] = {METRICS_STREAM "_10S", METRICS_SUBJECT ".10s", 128 * MEGABYTE, 21600},
	[STEP_MINUTE] = {METRICS_STREAM "_1M", METRICS_SUBJECT ".1m", 512 * MEGABYTE, 604800},
};

/* Steps that a server that begins to lead makes up for: the former may have ended before it published them. */
static const int64_t made_up[RING_STEPS] = {1, 6, 2};

struct History
{
	pthread_mutex_t lock;
	Rings *rings;
	int64_t published[RING_STEPS]; /* numbers of steps; 0: none */
};

History *
history_new(size_t maximum)
{
	History *history = calloc(1, sizeof(*history));

	if (history == NULL)
		return NULL;
	history->rings = rings_new(maximum);
	if (history->rings == NULL)
	{
		free(history);
		return NULL;
	}
	(void) pthread_mutex_init(&history->lock, NULL);
	return history;
}

void
history_free(History *history)
{
	if (history == NULL)
		return;
	rings_free(history->rings);
	(void) pthread_mutex_destroy(&history->lock);
	free(history);
}

bool
history_take(History *history, const void *data, size_t length, SluiceError *err)
{
	bool good;

	pthread_mutex_lock(&history->lock);
	good = points_take(data, length, history->rings, err);
	pthread_mutex_unlock(&history->lock);
	return good;
}

void
history_read(History *history, const char *stream_id, RingStep step, int64_t from_s,
			 LiveSeries series, float *values, size_t count)
{
	pthread_mutex_lock(&history->lock);
	rings_read(history->rings, stream_id, step, from_s, series, values, count);
	pthread_mutex_unlock(&history->lock);
}

void
history_purge(History *history, int64_t now_s)
{
	pthread_mutex_lock(&history->lock);
	rings_purge(history->rings, now_s);
	pthread_mutex_unlock(&history->lock);
}

/* ---- publishing ---- */

/* One step of all streams on its way. */
typedef struct Edition
{
	History *history;
	NatsSession *session;
	Figures *figures;
	RingStep step;
	int64_t time_s, now_ms;
	ByteBuf message;
	int parts;
	bool failed;
	SluiceError *err;
} Edition;

static bool
send_part(Edition *edition)
{
	const JournalPlan *plan = &history_plans[edition->step];
	natsMsg *message = NULL;
	jsErrCode code = 0;
	natsStatus status;
	char id[64];

	if (edition->message.length == 0)
		return true;
	(void) snprintf(id, sizeof(id), "%" PRId64 ".%d", edition->time_s, edition->parts++);
	status = natsMsg_Create(&message, plan->subject, NULL, (const char *) edition->message.data,
							(int) edition->message.length);
	if (status == NATS_OK)
		status = natsMsgHeader_Set(message, "Nats-Msg-Id", id);
	if (status == NATS_OK)
		status = js_PublishMsg(NULL, edition->session->jetstream, message, NULL, &code);
	natsMsg_Destroy(message);
	edition->message.length = 0;
	return status == NATS_OK || nats_session_fail(edition->session, edition->err, status, code,
												  "publishing points on %s", plan->subject);
}

/* What the seconds of a longer step come to. */
static LivePoint
fold_seconds(const Edition *edition, const char *stream_id)
{
	size_t seconds = (size_t) ring_sizes[edition->step].seconds;
	float values[LIVE_SERIES][60];
	PointFold fold = {0};

	for (int i = 0; i < LIVE_SERIES; i++)
		history_read(edition->history, stream_id, STEP_SECOND, edition->time_s, (LiveSeries) i,
					 values[i], seconds);
	for (size_t second = 0; second < seconds; second++)
	{
		LivePoint point;

		for (int i = 0; i < LIVE_SERIES; i++)
			point.values[i] = values[i][second];
		point_fold_add(&fold, &point);
	}
	return point_fold_take(&fold);
}

static LivePoint
point_of(const Edition *edition, const DirectoryStream *stream)
{
	LiveFigures figures;
	LivePoint point;

	if (edition->step != STEP_SECOND)
		return fold_seconds(edition, stream->stream_id);
	(void) figures_of(edition->figures, stream->stream, edition->now_ms, &figures);
	figures_point(&figures, &point);
	return point;
}

static bool
add_point(Edition *edition, const char *stream_id, const LivePoint *point)
{
	ByteBuf *message = &edition->message;

	if (message->maximum - message->length < POINTS_ENTRY_MAXIMUM && !send_part(edition))
		return false;
	return (message->length > 0 ||
			points_begin(message, edition->step, edition->time_s, edition->err)) &&
		   points_add(message, stream_id, point, edition->err);
}

/* For directory_each(). */
static void
add_stream(void *context, const DirectoryStream *stream)
{
	Edition *edition = context;
	LivePoint point;

	if (edition->failed)
		return;
	point = point_of(edition, stream);
	edition->failed = point_known(&point) && !add_point(edition, stream->stream_id, &point);
}

static bool
publish_step(Edition *edition, Directory *directory, RingStep step, int64_t number)
{
	size_t room;

	edition->step = step;
	edition->time_s = number * ring_sizes[step].seconds;
	edition->parts = 0;
	edition->failed = false;
	if (!nats_session_room(edition->session, &room, edition->err))
		return false;
	bytebuf_init(&edition->message, &allocator_malloc, room < MESSAGE_BYTES ? room : MESSAGE_BYTES);
	directory_each(directory, NULL, add_stream, edition);
	edition->failed = edition->failed || !send_part(edition);
	bytebuf_free(&edition->message);
	return !edition->failed;
}

/* The number of the newest step that can be published at a time. */
static int64_t
newest_step(RingStep step, int64_t now_s)
{
	return step == STEP_SECOND ? now_s : (now_s - SETTLE_S) / ring_sizes[step].seconds - 1;
}

bool
history_publish(History *history, NatsSession *session, Directory *directory, Figures *figures,
				int64_t now_ms, SluiceError *err)
{
	Edition edition = {
		.history = history, .session = session, .figures = figures, .now_ms = now_ms, .err = err};

	for (int step = 0; step < RING_STEPS; step++)
	{
		int64_t newest = newest_step((RingStep) step, now_ms / 1000);
		int64_t *published = &history->published[step];

		if (newest - *published > made_up[step])
			*published = newest - made_up[step];
		while (*published < newest)
		{
			if (!publish_step(&edition, directory, (RingStep) step, *published + 1))
				return false;
			++*published;
		}
	}
	return true;
}
