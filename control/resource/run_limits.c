/*
 * run_limits.c - see run_limits.h.
 */
#include "run_limits.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "common/control/timestamp.h"
#include "control/live/live.h"
#include "run_document.h"

/* What targets' books say: {consumer: applied_total}. */
static void
note_applied(void *context, const LiveApplied *applied)
{
	if (json_is_object(applied->total))
		(void) json_object_set_new(context, applied->consumer, json_deep_copy(applied->total));
}

int64_t
run_limit_rows(const json_t *applied_before, const char *consumer, const json_t *applied_total)
{
	const json_t *before = json_object_get(applied_before, consumer);
	int64_t rows = json_integer_value(json_object_get(applied_total, "rows"));

	/* Other books began after the run did. */
	if (json_equal(json_object_get(before, "book"), json_object_get(applied_total, "book")))
		rows -= json_integer_value(json_object_get(before, "rows"));
	return rows;
}

/* The first run of a stream: what targets have, they have of it. */
static bool
is_first(Control *control, const json_t *run)
{
	StoreEntry list;
	bool first;

	if (!run_list_get(control, text_of(run, "tenant"), text_of(run, "stream_id"), &list, NULL))
		return false;
	first = json_array_size(json_object_get(list.value, "runs")) <= 1;
	store_entry_free(&list);
	return first;
}

/* Notes where books of targets stand that are seen for the first time; whether there was any. */
static bool
note_before(Control *control, json_t *run, json_t *totals)
{
	json_t *before = json_object_get(run, "applied_before"), *total;
	const char *consumer;
	bool noted = false, first = is_first(control, run);

	if (before == NULL)
	{
		before = json_object();
		(void) json_object_set_new(run, "applied_before", before);
	}
	json_object_foreach(totals, consumer, total)
	{
		if (json_object_get(before, consumer) != NULL)
			continue;
		total = json_copy(total);
		if (first)
			(void) json_object_set_new(total, "rows", json_integer(0));
		(void) json_object_set_new(before, consumer, total);
		noted = true;
	}
	return noted;
}

static bool
rows_reached(const json_t *run, json_t *totals, json_int_t limit)
{
	const json_t *before = json_object_get(run, "applied_before");
	const char *consumer;
	json_t *total;

	json_object_foreach(totals, consumer, total)
	{
		if (run_limit_rows(before, consumer, total) >= limit)
			return true;
	}
	return false;
}

static bool
seconds_reached(const json_t *run, json_int_t limit)
{
	const char *started_at = text_of(run, "started_at");
	int64_t started;

	return started_at != NULL && timestamp_parse(started_at, &started) &&
		   timestamp_now() - started >= limit * 1000;
}

static void
set_stopped(json_t *run, const char *reason)
{
	char now[TIMESTAMP_TEXT];

	(void) json_object_set_new(run, "desired", json_string(run_desired_names[DESIRED_STOPPED]));
	(void) json_object_set_new(run, "desired_at", json_string(timestamp_now_text(now)));
	(void) json_object_set_new(run, "drain", json_true());
	(void) json_object_set_new(run, "reason", json_string(reason));
}

/* Changes the run as its limits want it; whether there was anything. */
static bool
apply_limits(Control *control, json_t *run, const json_t *limits)
{
	json_int_t rows = json_integer_value(json_object_get(limits, "rows")),
			   seconds = json_integer_value(json_object_get(limits, "seconds"));
	const char *reason = NULL;
	bool changed = false;

	if (rows > 0)
	{
		json_t *totals = json_object();
		live_each_applied(control->live, text_of(run, "stream"), note_applied, totals);
		changed = note_before(control, run, totals);
		if (rows_reached(run, totals, rows))
			reason = "limit_rows";
		json_decref(totals);
	}
	if (seconds > 0 && seconds_reached(run, seconds))
		reason = "limit_seconds";
	if (reason != NULL)
		set_stopped(run, reason);
	return changed || reason != NULL;
}

bool
run_limit(Control *control, StoreEntry *run, SluiceError *err)
{
	const json_t *limits = json_object_get(json_object_get(run->value, "spec"), "limits");
	const char *desired = text_of(run->value, "desired");
	json_t *changed;
	bool good = true;

	if (run_has_ended(run->value) || desired == NULL ||
		strcmp(desired, run_desired_names[DESIRED_RUNNING]) != 0)
		return true;
	changed = json_deep_copy(run->value);
	if (apply_limits(control, changed, limits))
	{
		good = store_put(control->store, STORE_STATE, run->key, changed, run->revision,
						 &run->revision, err);
		if (good)
		{
			json_decref(run->value);
			run->value = json_incref(changed);
		}
	}
	json_decref(changed);
	return good;
}
