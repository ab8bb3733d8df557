/*
 * run_start.c - a run is named in the stream's list first, by compare-and-set, and written then.
 *
 * A server may die between the two.  Whoever finds the name without its run writes one that has ended in its place: the first
 * server, if it still lives, then fails to write its own.
 */
#include "run_start.h"

#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "common/nats/jetstream.h"
#include "connection_document.h"
#include "control/store/identifier.h"
#include "run_document.h"
#include "stream_removal.h"

/* ---- what a run is made of ---- */

/* A connection's settings; NULL with the error. */
static json_t *
snapshot_connection(Control *control, const char *tenant, const json_t *end, SluiceError *err)
{
	StoreEntry entry;
	json_t *settings;

	if (!connection_get(control, tenant, text_of(end, "connection_id"), &entry, err))
		return NULL;
	settings = connection_snapshot(entry.value);
	store_entry_free(&entry);
	if (settings == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory");
	return settings;
}

/* A source or target with the settings in the place of the id. */
static json_t *
snapshot_end(Control *control, const char *tenant, const json_t *end, SluiceError *err)
{
	json_t *settings = snapshot_connection(control, tenant, end, err), *snapshot;

	if (settings == NULL)
		return NULL;
	snapshot = json_deep_copy(end);
	(void) json_object_del(snapshot, "connection_id");
	(void) json_object_set_new(snapshot, "connection", settings);
	return snapshot;
}

static json_t *
snapshot_targets(Control *control, const char *tenant, const json_t *targets, SluiceError *err)
{
	json_t *snapshots = json_array(), *target;
	size_t i;

	json_array_foreach(targets, i, target)
	{
		json_t *snapshot = snapshot_end(control, tenant, target, err);
		if (snapshot == NULL)
		{
			json_decref(snapshots);
			return NULL;
		}
		(void) json_array_append_new(snapshots, snapshot);
	}
	return snapshots;
}

static json_t *
make_spec(Control *control, const char *tenant, const json_t *stream, SluiceError *err)
{
	json_t *source = snapshot_end(control, tenant, json_object_get(stream, "source"), err),
		   *targets;

	if (source == NULL)
		return NULL;
	targets = snapshot_targets(control, tenant, json_object_get(stream, "targets"), err);
	if (targets == NULL)
	{
		json_decref(source);
		return NULL;
	}
	return json_pack("{s:O, s:o, s:o, s:O}", "mode", json_object_get(stream, "mode"), "source",
					 source, "targets", targets, "limits", json_object_get(stream, "limits"));
}

/* All of a run but what it is about and what becomes of it. */
static json_t *
make_frame(const char *tenant, const char *run_id, const StoreEntry *stream, RunDesired desired)
{
	char now[TIMESTAMP_TEXT];
	const char *state =
		stream_state_name(desired == DESIRED_DROPPED ? STREAM_DROPPING : STREAM_CREATED);

	(void) timestamp_now_text(now);
	return json_pack(
		"{s:s, s:s, s:s, s:s?, s:I, s:s, s:s, s:b, s:n, s:s, s:n, s:s, s:n, s:n, s:n, s:[]}", "id",
		run_id, "tenant", tenant, "stream_id", key_last(stream->key), "stream_name",
		text_of(stream->value, "name"), "revision", (json_int_t) stream->revision, "desired",
		run_desired_names[desired], "desired_at", now, "drain", true, "reason", "state", state,
		"phase", "created_at", now, "started_at", "ended_at", "error", "verifications");
}

static json_t *
make_run(Control *control, const char *tenant, const char *run_id, const StoreEntry *stream,
		 RunDesired desired, SluiceError *err)
{
	char in_nats[SUBJECT_TEXT];
	json_t *spec, *run;

	if (!stream_name_in_nats(in_nats, tenant, text_of(stream->value, "name"), err))
		return NULL;
	spec = make_spec(control, tenant, stream->value, err);
	if (spec == NULL)
		return NULL;
	run = make_frame(tenant, run_id, stream, desired);
	(void) json_object_set_new(run, "stream", json_string(in_nats));
	(void) json_object_set_new(run, "spec", spec);
	if (run == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory");
	return run;
}

/* ---- one at a time ---- */

static bool
fail_active(Response *response, const char *run_id)
{
	response->problem.extra = json_pack("{s:s}", "run_id", run_id);
	return response_fail(response, PROBLEM_CONFLICT,
						 "run %s of the stream is active: stop it first", run_id);
}

static bool
fail_faster(Response *response)
{
	return response_fail(response, PROBLEM_CONFLICT,
						 "another request began a run of the stream at the same time");
}

/* A run that was named and never written: in its place goes one that has ended. */
static bool
bury(Control *control, const char *tenant, const char *run_id, const StoreEntry *stream,
	 Response *response)
{
	char key[LAYOUT_KEY_MAXIMUM];
	json_t *run = make_frame(tenant, run_id, stream, DESIRED_STOPPED);
	SluiceError err;
	bool good;

	(void) json_object_set_new(run, "state", json_string(stream_state_name(STREAM_STOPPED)));
	(void) json_object_set(run, "ended_at", json_object_get(run, "created_at"));
	(void) json_object_set_new(run, "reason", json_string(RUN_NEVER_BEGUN));
	good = store_put(control->store, STORE_STATE, run_key(key, tenant, run_id), run, 0, NULL, &err);
	json_decref(run);
	if (good)
		return true;
	return err.code == SLUICE_ERROR_CONFLICT ? fail_active(response, run_id)
											 : response_error(response, &err);
}

/* Whether the newest run of the list, if there is one, has ended. */
static bool
is_free(Control *control, const char *tenant, const StoreEntry *list, const StoreEntry *stream,
		Response *response)
{
	const char *run_id = run_list_newest(list);
	StoreEntry run;
	SluiceError err;
	bool ended;

	if (run_id == NULL)
		return true;
	if (!run_get(control, tenant, run_id, &run, &err))
		return err.code == SLUICE_ERROR_NOT_FOUND ? bury(control, tenant, run_id, stream, response)
												  : response_error(response, &err);
	/* Another server may settle it at the same time: the state counts, not who wrote it. */
	if (!run_settle(control, &run, NULL, &err) && err.code != SLUICE_ERROR_CONFLICT)
	{
		store_entry_free(&run);
		return response_error(response, &err);
	}
	ended = run_has_ended(run.value);
	store_entry_free(&run);
	return ended || fail_active(response, run_id);
}

/* The list with the run before all others; those that are too many go to `surplus`. */
static json_t *
push(const StoreEntry *list, const char *stream_id, const char *run_id, json_t *surplus)
{
	json_t *runs = json_array(), *old = json_object_get(list->value, "runs"), *id;
	size_t i;

	(void) json_array_append_new(runs, json_string(run_id));
	json_array_foreach(old, i, id)
	{
		(void) json_array_append(i + 1 < RUNS_KEPT ? runs : surplus, id);
	}
	return json_pack("{s:s, s:o}", "stream_id", stream_id, "runs", runs);
}

/* Names the run in the list; false with the problem. */
static bool
name_run(Control *control, const char *tenant, const StoreEntry *list, const char *stream_id,
		 const char *run_id, json_t *surplus, Response *response)
{
	char key[LAYOUT_KEY_MAXIMUM];
	json_t *pushed = push(list, stream_id, run_id, surplus);
	SluiceError err;
	bool good = store_put(control->store, STORE_STATE, run_list_key(key, tenant, stream_id), pushed,
						  list->revision, NULL, &err);

	json_decref(pushed);
	if (good)
		return true;
	return err.code == SLUICE_ERROR_CONFLICT ? fail_faster(response)
											 : response_error(response, &err);
}

/* Runs that are kept no longer; what is left of them is swept up later. */
static void
purge(Control *control, const char *tenant, const json_t *surplus)
{
	json_t *id;
	size_t i;

	json_array_foreach(surplus, i, id)
	{
		SluiceError err;
		if (!run_forget(control, tenant, json_string_value(id), &err))
			return;
	}
}

static bool
write_run(Control *control, const char *tenant, const StoreEntry *list, const StoreEntry *stream,
		  const json_t *run, Response *response)
{
	char key[LAYOUT_KEY_MAXIMUM];
	const char *run_id = text_of(run, "id");
	json_t *surplus = json_array();
	SluiceError err;
	bool good = name_run(control, tenant, list, key_last(stream->key), run_id, surplus, response);

	if (good)
	{
		good = store_put(control->store, STORE_STATE, run_key(key, tenant, run_id), run, 0, NULL,
						 &err);
		if (!good)
			(void) (err.code == SLUICE_ERROR_CONFLICT ? fail_faster(response)
													  : response_error(response, &err));
		purge(control, tenant, surplus);
	}
	json_decref(surplus);
	return good;
}

json_t *
run_begin(Control *control, const char *tenant, const StoreEntry *stream, RunDesired desired,
		  Response *response)
{
	char run_id[ID_MAXIMUM + 1];
	StoreEntry list;
	SluiceError err;
	json_t *run = NULL;

	if (!run_list_get(control, tenant, key_last(stream->key), &list, &err))
	{
		(void) response_error(response, &err);
		return NULL;
	}
	if (is_free(control, tenant, &list, stream, response))
	{
		run = make_run(control, tenant, identifier_make(run_id, ID_RUN), stream, desired, &err);
		if (run == NULL)
			(void) response_error(response, &err);
		else if (!write_run(control, tenant, &list, stream, run, response))
		{
			json_decref(run);
			run = NULL;
		}
	}
	store_entry_free(&list);
	return run;
}
