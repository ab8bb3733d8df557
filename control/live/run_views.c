/*
 * run_views.c - logs and figures of a run (run_views.h).
 */
#include "run_views.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/timestamp.h"
#include "control/http/cursor.h"
#include "control/resource/answer.h"
#include "control/store/store.h"
#include "live_internal.h"

#define SPAN_MS 300000 /* without `from` */

/* The run that the path names, of the caller's tenant. */
static bool
find_run(Control *control, const Request *request, StoreEntry *run, Response *response)
{
	const char *id = request_parameter(request, "id");
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err = {0};

	return store_get(control->store, STORE_STATE, run_key(key, request->caller.tenant, id), run,
					 &err) ||
		   answer_missing(response, "run", id, &err);
}

/* ---- logs ---- */

/* Cursors count for this server alone: one of another begins with the oldest line. */
static bool
read_cursor(const Live *live, const char *text, uint64_t *after, Response *response)
{
	char key[CURSOR_KEY_MAXIMUM + 1];
	size_t length = strlen(live->incarnation);

	*after = 0;
	if (text == NULL)
		return true;
	if (!cursor_decode(text, key))
		return response_fail(response, PROBLEM_BAD_REQUEST, "cursor is none that was given");
	if (strncmp(key, live->incarnation, length) == 0 && key[length] == '.')
		*after = strtoull(key + length + 1, NULL, 10);
	return true;
}

static json_t *
cursor_json(const Live *live, uint64_t number)
{
	char key[CURSOR_KEY_MAXIMUM + 1], text[CURSOR_MAXIMUM + 1];

	(void) snprintf(key, sizeof(key), "%s.%" PRIu64, live->incarnation, number);
	return cursor_encode(key, text) ? json_string(text) : NULL;
}

bool
run_logs(Control *control, const Request *request, Response *response)
{
	const char *limit = request_query(request, "limit");
	LogAsk ask = {.run_id = request_parameter(request, "id"),
				  .level = request_query(request, "level"),
				  .limit = limit != NULL ? (size_t) atoi(limit) : PAGE_LIMIT_DEFAULT};
	Live *live = control->live;
	StoreEntry run;
	uint64_t last;
	json_t *items;
	bool more;

	if (!find_run(control, request, &run, response))
		return false;
	store_entry_free(&run);
	if (!read_cursor(live, request_query(request, "cursor"), &ask.after, response))
		return false;
	items = log_lines_read(live->lines, &ask, &last, &more);
	return answer_json(response, 200,
					   json_pack("{s:o, s:o, s:o}", "items", items, "next_cursor",
								 more ? cursor_json(live, last) : json_null(), "tail_cursor",
								 cursor_json(live, last)));
}

/* ---- figures ---- */

typedef struct Span
{
	int64_t from_ms, to_ms;
	RingStep step;
	size_t count;
} Span;

/* Without a time the query has it as `otherwise`. */
static bool
read_time(const Request *request, const char *name, int64_t otherwise, int64_t *ms,
		  Response *response)
{
	const char *text = request_query(request, name);

	*ms = otherwise;
	return text == NULL || timestamp_parse(text, ms) ||
		   response_fail(response, PROBLEM_BAD_REQUEST, "%s is no time (RFC 3339)", name);
}

static int64_t
time_of(const json_t *run, const char *name, int64_t otherwise)
{
	const char *text = text_of(run, name);
	int64_t ms;

	return text != NULL && timestamp_parse(text, &ms) ? ms : otherwise;
}

/* The finest step that reaches back so far. */
static RingStep
step_for(int64_t from_ms, int64_t now_ms)
{
	int step = STEP_SECOND;

	while (step < STEP_MINUTE &&
		   (now_ms - from_ms) / 1000 > ring_sizes[step].seconds * (int64_t) ring_sizes[step].points)
		step++;
	return (RingStep) step;
}

static RingStep
read_step(const char *text, int64_t from_ms, int64_t now_ms)
{
	for (int step = 0; text != NULL && step < RING_STEPS; step++)
	{
		if (atoi(text) == ring_sizes[step].seconds)
			return (RingStep) step;
	}
	return step_for(from_ms, now_ms);
}

/* As asked for, within the run's life and what is kept. */
static bool
read_span(const Request *request, const json_t *run, Span *span, Response *response)
{
	int64_t now = timestamp_now(), began = time_of(run, "created_at", 0);
	int64_t ended = time_of(run, "ended_at", now), seconds, oldest;

	if (!read_time(request, "to", ended, &span->to_ms, response) ||
		!read_time(request, "from", span->to_ms - SPAN_MS, &span->from_ms, response))
		return false;
	span->to_ms = span->to_ms < ended ? span->to_ms : ended;
	span->from_ms = span->from_ms > began ? span->from_ms : began;
	span->step = read_step(request_query(request, "step"), span->from_ms, now);
	seconds = ring_sizes[span->step].seconds;
	oldest = now - (int64_t) ring_sizes[span->step].points * seconds * 1000;
	span->from_ms = span->from_ms > oldest ? span->from_ms : oldest;
	span->from_ms -= span->from_ms % (seconds * 1000);
	span->count = span->to_ms >= span->from_ms
					  ? (size_t) ((span->to_ms - span->from_ms) / (seconds * 1000) + 1)
					  : 0;
	if (span->count > ring_sizes[span->step].points)
		span->count = ring_sizes[span->step].points;
	return true;
}

/* "a,b" as bits; all without a text. */
static bool
read_series(const char *text, unsigned *series, Response *response)
{
	*series = text == NULL ? (1U << LIVE_SERIES) - 1 : 0;
	while (text != NULL && *text != '\0')
	{
		size_t length = strcspn(text, ",");
		LiveSeries one;

		if (!live_series_parse(text, length, &one))
			return response_fail(response, PROBLEM_BAD_REQUEST, "there is no series \"%.*s\"",
								 length < 60 ? (int) length : 60, text);
		*series |= 1U << one;
		text += length + (text[length] == ',');
	}
	return true;
}

static json_t *
values_json(const float *values, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void) json_array_append_new(
			list,
			isnan(values[i]) ? json_null() : json_real(round((double) values[i] * 1000) / 1000));
	return list;
}

static json_t *
series_json(Live *live, const char *stream_id, const Span *span, unsigned series)
{
	float *values = calloc(span->count + 1, sizeof(float));
	json_t *object = json_object();

	for (int i = 0; values != NULL && i < LIVE_SERIES; i++)
	{
		if ((series & (1U << i)) == 0)
			continue;
		history_read(live->history, stream_id, span->step, span->from_ms / 1000, (LiveSeries) i,
					 values, span->count);
		(void) json_object_set_new(object, live_series_names[i], values_json(values, span->count));
	}
	free(values);
	return object;
}

static bool
answer_metrics(Control *control, const Request *request, const json_t *run, Response *response)
{
	const char *stream_id = text_of(run, "stream_id");
	char from[TIMESTAMP_TEXT], to[TIMESTAMP_TEXT];
	unsigned series;
	Span span;

	if (!read_series(request_query(request, "series"), &series, response) ||
		!read_span(request, run, &span, response))
		return false;
	return answer_json(
		response, 200,
		json_pack("{s:i, s:s, s:s, s:o}", "step", ring_sizes[span.step].seconds, "from",
				  timestamp_format(from, span.from_ms), "to", timestamp_format(to, span.to_ms),
				  "series",
				  series_json(control->live, stream_id != NULL ? stream_id : "", &span, series)));
}

bool
run_metrics(Control *control, const Request *request, Response *response)
{
	StoreEntry run;
	bool good;

	if (!find_run(control, request, &run, response))
		return false;
	good = answer_metrics(control, request, run.value, response);
	store_entry_free(&run);
	return good;
}
