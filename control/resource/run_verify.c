/*
 * run_verify.c - see run_verify.h.
 */
#include "run_verify.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "control/store/identifier.h"
#include "run_commands.h"
#include "run_document.h"
#include "run_jobs.h"

#define ID_VERIFICATION "ver_"
#define JOB_TEXT		(ID_MAXIMUM + 10)

/* ---- shown ---- */

static const char *
job_name(char *job, const char *id)
{
	(void) snprintf(job, JOB_TEXT, "verify-%.*s", ID_MAXIMUM, id);
	return job;
}

static bool
is_over(const char *state)
{
	return strcmp(state, "finished") == 0 || strcmp(state, "failed") == 0;
}

/* What the job's report adds to a wish; without one it is waiting. */
static void
add_report(json_t *shown, Control *control, const json_t *run, const json_t *report)
{
	const char *state = text_of(report, "state");
	json_t *result = json_object_get(report, "result");
	bool over = state != NULL && is_over(state);

	if (state == NULL || (!over && !worker_is_there(control, text_of(report, "worker_id"))))
		state = "waiting";
	if (!over && run_has_ended(run))
		state = "canceled";
	(void) json_object_set_new(shown, "state", json_string(state));
	(void) json_object_set_new(shown, "ended_at",
							   over ? json_incref(json_object_get(report, "since")) : json_null());
	(void) json_object_set(shown, "error",
						   report != NULL ? json_object_get(report, "error") : json_null());
	(void) json_object_set(shown, "equal",
						   json_is_boolean(json_object_get(result, "equal"))
							   ? json_object_get(result, "equal")
							   : json_null());
	(void) json_object_set(shown, "result", json_is_object(result) ? result : json_null());
}

static json_t *
show_verification(Control *control, const json_t *run, const json_t *wished)
{
	char key[LAYOUT_KEY_MAXIMUM], job[JOB_TEXT];
	json_t *shown = json_copy((json_t *) wished);
	StoreEntry report = {0};

	(void) json_object_set(shown, "run_id", json_object_get(run, "id"));
	if (!store_get(control->store, STORE_STATE,
				   job_key(key, text_of(run, "id"), job_name(job, text_of(wished, "id"))), &report,
				   NULL))
		report = (StoreEntry){0};
	add_report(shown, control, run, report.value);
	store_entry_free(&report);
	return shown;
}

bool
run_verifications(Control *control, const Request *request, Response *response)
{
	json_t *items = json_array(), *wished;
	StoreEntry run;
	size_t i;

	if (!run_of_request(control, request, &run, response))
	{
		json_decref(items);
		return false;
	}
	json_array_foreach(json_object_get(run.value, "verifications"), i, wished)
	{
		(void) json_array_insert_new(items, 0, show_verification(control, run.value, wished));
	}
	store_entry_free(&run);
	return answer_json(response, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

bool
run_verification(Control *control, const Request *request, Response *response)
{
	const char *id = request_parameter(request, "verification_id");
	json_t *wished, *shown = NULL;
	StoreEntry run;
	size_t i;

	if (!run_of_request(control, request, &run, response))
		return false;
	json_array_foreach(json_object_get(run.value, "verifications"), i, wished)
	{
		if (strcmp(text_of(wished, "id"), id) == 0)
			shown = show_verification(control, run.value, wished);
	}
	store_entry_free(&run);
	if (shown == NULL)
		return response_fail(response, PROBLEM_NOT_FOUND, "the run has no verification %.64s", id);
	return answer_json(response, 200, shown);
}

/* ---- asked for ---- */

typedef struct Asked
{
	Control *control;
	const json_t *body;
	json_t *wished;				   /* made by ask() */
	char left_out[ID_MAXIMUM + 1]; /* one that is kept no longer; "": none */
} Asked;

static bool
is_postgresql(const json_t *end)
{
	const char *type = text_of(json_object_get(end, "connection"), "type");

	return type != NULL && strcmp(type, "postgresql") == 0;
}

/* The target that is meant; NULL with the problem. */
static const json_t *
find_target(const json_t *run, const char *name, Response *response)
{
	const json_t *targets = json_object_get(json_object_get(run, "spec"), "targets");
	json_t *target;
	size_t i;

	if (name == NULL && json_array_size(targets) == 1)
		return json_array_get(targets, 0);
	json_array_foreach(targets, i, target)
	{
		if (name != NULL && strcmp(text_of(target, "name"), name) == 0)
			return target;
	}
	problem_add(&response->problem, "/target", "not_found", "name one of the run's targets",
				name == NULL ? "there is more than one target" : "there is no target of this name");
	(void) answer_invalid(response, "the verification");
	return NULL;
}

/* A comparison needs a stream that runs, and PostgreSQL at both ends. */
static bool
may_verify(Control *control, const json_t *run, const json_t *target, Response *response)
{
	bool ended;
	StreamState state = run_state_now(control, run, &ended);

	if (!is_postgresql(json_object_get(json_object_get(run, "spec"), "source")) ||
		!is_postgresql(target))
		return response_fail(response, PROBLEM_CONFLICT,
							 "only a stream from PostgreSQL to PostgreSQL can be verified");
	if (state != STREAM_STREAMING)
		return response_fail(response, PROBLEM_CONFLICT,
							 "a run that is %s cannot be verified: it must be streaming",
							 stream_state_name(state));
	return true;
}

/* Whether one of the target is under way. */
static bool
is_under_way(Control *control, const json_t *run, const char *target)
{
	json_t *wished;
	size_t i;
	bool found = false;

	json_array_foreach(json_object_get(run, "verifications"), i, wished)
	{
		json_t *shown = show_verification(control, run, wished);
		found = found || (strcmp(text_of(wished, "target"), target) == 0 &&
						  !is_over(text_of(shown, "state")));
		json_decref(shown);
	}
	return found;
}

static bool
ask(void *context, json_t *run, Response *response)
{
	Asked *asked = context;
	const json_t *target = find_target(run, text_of(asked->body, "target"), response);
	json_t *kept = json_object_get(run, "verifications"),
		   *tables = json_object_get(asked->body, "tables");
	char id[ID_MAXIMUM + 1], now[TIMESTAMP_TEXT];

	if (target == NULL || !may_verify(asked->control, run, target, response))
		return false;
	if (is_under_way(asked->control, run, text_of(target, "name")))
		return response_fail(response, PROBLEM_CONFLICT,
							 "the target is being verified already: GET /runs/%s/verifications",
							 text_of(run, "id"));
	json_decref(asked->wished);
	asked->wished =
		json_pack("{s:s, s:O, s:O?, s:s}", "id", identifier_make(id, ID_VERIFICATION), "target",
				  json_object_get(target, "name"), "tables", json_is_array(tables) ? tables : NULL,
				  "created_at", timestamp_now_text(now));
	asked->left_out[0] = '\0';
	if (json_array_size(kept) >= VERIFICATIONS_KEPT)
	{
		(void) snprintf(asked->left_out, sizeof(asked->left_out), "%s",
						text_of(json_array_get(kept, 0), "id"));
		(void) json_array_remove(kept, 0);
	}
	(void) json_array_append(kept, asked->wished);
	return true;
}

/* The report of one that is kept no longer; it may stay until the run goes. */
static void
forget_report(Control *control, const char *run_id, const char *id)
{
	char key[LAYOUT_KEY_MAXIMUM], job[JOB_TEXT];
	SluiceError err;

	if (!store_delete(control->store, STORE_STATE, job_key(key, run_id, job_name(job, id)),
					  STORE_ANY, &err))
		return;
}

bool
run_verify(Control *control, const Request *request, Response *response)
{
	Asked asked = {.control = control, .body = request->body};
	StoreEntry run;
	bool good;

	if (!run_of_request(control, request, &run, response))
		return false;
	good = run_change(control, &run, ask, &asked, response);
	if (good)
	{
		const char *run_id = text_of(run.value, "id");
		if (asked.left_out[0] != '\0')
			forget_report(control, run_id, asked.left_out);
		response_header(response, "Location", "/api/v1/runs/%s/verifications/%s", run_id,
						text_of(asked.wished, "id"));
		good = answer_json(response, 202, show_verification(control, run.value, asked.wished));
	}
	json_decref(asked.wished);
	store_entry_free(&run);
	return good;
}
