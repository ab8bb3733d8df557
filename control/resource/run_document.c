/*
 * run_document.c - reads runs, composes their states, writes what changed.
 */
#include "run_document.h"

#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "run_jobs.h"
#include "run_tables.h"

bool
run_get(Control *control, const char *tenant, const char *run_id, StoreEntry *entry,
		SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];

	return store_get(control->store, STORE_STATE, run_key(key, tenant, run_id), entry, err);
}

bool
run_list_get(Control *control, const char *tenant, const char *stream_id, StoreEntry *entry,
			 SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError failure;

	if (store_get(control->store, STORE_STATE, run_list_key(key, tenant, stream_id), entry,
				  &failure))
		return true;
	*entry = (StoreEntry){0};
	if (failure.code == SLUICE_ERROR_NOT_FOUND)
		return true;
	if (err != NULL)
		*err = failure;
	return false;
}

const char *
run_list_newest(const StoreEntry *list)
{
	return json_string_value(json_array_get(json_object_get(list->value, "runs"), 0));
}

bool
run_has_ended(const json_t *run)
{
	return text_of(run, "ended_at") != NULL;
}

/* The state that is written. */
static StreamState
written_state(const json_t *run)
{
	StreamState state;
	const char *name = text_of(run, "state");

	return name != NULL && stream_state_parse(name, &state, NULL) ? state : STREAM_CREATED;
}

StreamState
run_state_now(Control *control, const json_t *run, bool *ended)
{
	RunJobs jobs;
	RunView view;
	RunSight seen;

	*ended = run_has_ended(run);
	if (*ended)
		return written_state(run);
	run_jobs_read(&jobs, control, run);
	view = run_jobs_view(&jobs, run);
	seen = run_state_compose(&view);
	run_jobs_free(&jobs);
	*ended = seen.ended;
	return seen.state;
}

/* {code, message, hint, at, job} of the job that makes it so; JSON null for none; owned. */
static json_t *
error_of(const RunJobs *jobs, const RunSight *seen)
{
	json_t *error;

	if (seen->cause == NULL)
		return json_null();
	error = json_object_get(run_jobs_document(jobs, seen->cause), "error");
	error = json_is_object(error) ? json_copy(error)
								  : json_pack("{s:s, s:s, s:n, s:n}", "code", "failed", "message",
											  "the job failed", "hint", "at");
	(void) json_object_set_new(error, "job", json_string(seen->cause->job));
	return error;
}

/* What every run shows of what is written. */
static json_t *
show_written(const json_t *run)
{
	static const char *const members[] = {
		"id",	  "stream_id",	"stream_name", "revision", "desired", "state",		   "phase",
		"reason", "created_at", "started_at",  "ended_at", "error",	  "verifications",
	};
	json_t *shown = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		json_t *value = json_object_get(run, members[i]);
		(void) json_object_set(shown, members[i], value != NULL ? value : json_null());
	}
	(void) json_object_set(shown, "limits",
						   json_object_get(json_object_get(run, "spec"), "limits"));
	(void) json_object_set(shown, "mode", json_object_get(json_object_get(run, "spec"), "mode"));
	return shown;
}

/* The rest of a run that goes on. */
static void
show_now(json_t *shown, Control *control, const RunJobs *jobs, const json_t *run)
{
	RunView view = run_jobs_view(jobs, run);
	RunSight seen = run_state_compose(&view);

	(void) json_object_set_new(shown, "state", json_string(stream_state_name(seen.state)));
	(void) json_object_set_new(shown, "phase",
							   seen.phase != NULL ? json_string(seen.phase) : json_null());
	(void) json_object_set_new(shown, "error", error_of(jobs, &seen));
	if (!seen.ended && !json_is_string(json_object_get(shown, "reason")))
	{
		const char *awaited = run_jobs_awaited(jobs, control, run);
		(void) json_object_set_new(shown, "reason",
								   awaited != NULL ? json_string(awaited) : json_null());
	}
}

json_t *
run_show(Control *control, const json_t *run)
{
	json_t *shown = show_written(run);
	RunJobs jobs;

	run_jobs_read(&jobs, control, run);
	if (!run_has_ended(run))
		show_now(shown, control, &jobs, run);
	(void) json_object_set_new(shown, "jobs", run_jobs_show(&jobs, run));
	run_jobs_free(&jobs);
	return shown;
}

/* ---- written ---- */

/* Sets a member, which is taken; true when that changes it. */
static bool
change(json_t *run, const char *member, json_t *value)
{
	bool other = !json_equal(json_object_get(run, member), value);

	(void) json_object_set_new(run, member, value);
	return other;
}

static bool
change_time(json_t *run, const char *member)
{
	char now[TIMESTAMP_TEXT];

	return change(run, member, json_string(timestamp_now_text(now)));
}

/* Puts into the run what is seen; whether that is anything new. */
static bool
take_over(json_t *run, const RunJobs *jobs, const RunSight *seen)
{
	bool begun = seen->state != STREAM_CREATED && seen->state != STREAM_STARTING &&
				 seen->state != STREAM_DROPPING;
	bool changed = change(run, "state", json_string(stream_state_name(seen->state)));

	changed |= change(run, "phase", seen->phase != NULL ? json_string(seen->phase) : json_null());
	changed |= change(run, "error", error_of(jobs, seen));
	if (begun && text_of(run, "started_at") == NULL)
		changed |= change_time(run, "started_at");
	if (seen->ended)
		changed |= change_time(run, "ended_at");
	return changed;
}

bool
run_settle(Control *control, StoreEntry *entry, bool *dropped, SluiceError *err)
{
	RunJobs jobs;
	RunView view;
	RunSight seen;
	json_t *run;
	bool good = true;

	if (dropped != NULL)
		*dropped = false;
	if (run_has_ended(entry->value))
		return true;
	run_jobs_read(&jobs, control, entry->value);
	view = run_jobs_view(&jobs, entry->value);
	seen = run_state_compose(&view);
	run = json_deep_copy(entry->value);
	if (take_over(run, &jobs, &seen))
		good = (!seen.ended || run_tables_keep(control, run, err)) &&
			   store_put(control->store, STORE_STATE, entry->key, run, entry->revision,
						 &entry->revision, err);
	run_jobs_free(&jobs);
	if (dropped != NULL)
		*dropped = seen.dropped;
	if (good)
	{
		json_decref(entry->value);
		entry->value = run;
	}
	else
		json_decref(run);
	return good;
}
