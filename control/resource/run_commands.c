/*
 * run_commands.c - what is wished of a run; workers see to the rest.
 */
#include "run_commands.h"

#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "control/meter/meter.h"
#include "run_document.h"
#include "run_start.h"
#include "stream_write.h"

#define CHANGE_TRIES 20 /* others write a run once a second at most */
#define AGAIN_MS                                                                                   \
	5000 /* a command that the run has not come to by then acts again when it is repeated */

bool
run_of_request(Control *control, const Request *request, StoreEntry *entry, Response *response)
{
	const char *id = request_parameter(request, "id");
	SluiceError err;

	return run_get(control, request->caller.tenant, id, entry, &err) ||
		   answer_missing(response, "run", id, &err);
}

/* ---- starting ---- */

bool
run_start(Control *control, const Request *request, Response *response)
{
	const char *tenant = request->caller.tenant;
	StoreEntry stream;
	json_t *run = NULL, *shown;

	if (!stream_of_request(control, request, &stream, response))
		return false;
	if (meter_allows_run(control->meter, tenant, &response->problem))
		run = run_begin(control, tenant, &stream, DESIRED_RUNNING, response);
	store_entry_free(&stream);
	if (run == NULL)
		return false;
	response_header(response, "Location", "/api/v1/runs/%s", text_of(run, "id"));
	shown = run_show(control, run);
	json_decref(run);
	return answer_json(response, 201, shown);
}

/* ---- changing ---- */

/* One try: *again when somebody else was faster. */
static bool
try_change(Control *control, StoreEntry *entry, RunChange change, void *context, bool *again,
		   Response *response)
{
	json_t *run = json_deep_copy(entry->value);
	SluiceError err;
	bool good = true;

	*again = false;
	if (change(context, run, response))
	{
		good = store_put(control->store, STORE_STATE, entry->key, run, entry->revision,
						 &entry->revision, &err);
		if (good)
		{
			json_decref(entry->value);
			entry->value = json_incref(run);
		}
		else if (err.code == SLUICE_ERROR_CONFLICT)
			*again = true;
		else
			(void) response_error(response, &err);
	}
	else
		good = response->problem.type == PROBLEM_NONE;
	json_decref(run);
	return good;
}

/* The entry as it is now. */
static bool
read_again(Control *control, StoreEntry *entry, Response *response)
{
	StoreEntry fresh;
	SluiceError err;

	if (!store_get(control->store, STORE_STATE, entry->key, &fresh, &err))
		return answer_missing(response, "run", key_last(entry->key), &err);
	store_entry_free(entry);
	*entry = fresh;
	return true;
}

bool
run_change(Control *control, StoreEntry *entry, RunChange change, void *context, Response *response)
{
	for (int i = 0; i < CHANGE_TRIES; i++)
	{
		bool again;
		if (try_change(control, entry, change, context, &again, response))
			return true;
		if (!again || !read_again(control, entry, response))
			return false;
	}
	return response_fail(response, PROBLEM_CONFLICT,
						 "others change the run all the time: try again");
}

/* ---- commands ---- */

typedef struct Wish
{
	Control *control;
	RunCommand command;
} Wish;

static RunDesired
desired_of(const json_t *run)
{
	RunDesired desired;
	const char *name = text_of(run, "desired");

	return name != NULL && run_desired_parse(name, &desired) ? desired : DESIRED_STOPPED;
}

/* What may be asked of the run instead. */
static bool
fail_command(RunCommand command, RunDesired desired, StreamState state, bool ended,
			 Response *response)
{
	json_t *allowed = json_array();

	for (int i = 0; i < RUN_COMMANDS; i++)
		if (run_command_allowed((RunCommand) i, desired, state, ended))
			(void) json_array_append_new(allowed, json_string(run_command_names[i]));
	response->problem.extra = json_pack("{s:s, s:s, s:o}", "state", stream_state_name(state),
										"desired", run_desired_names[desired], "allowed", allowed);
	return response_fail(response, PROBLEM_CONFLICT, "a run that is %s%s cannot be asked to %s",
						 stream_state_name(state), ended ? " and has ended" : "",
						 run_command_names[command]);
}

/* Whether the run is where the command has it go; one that ended is not asked. */
static bool
is_reached(RunCommand command, StreamState state)
{
	switch (command)
	{
		case RUN_PAUSE: return state == STREAM_PAUSED;
		case RUN_RESUME:
			return state == STREAM_STREAMING || state == STREAM_COPYING_SCHEMA ||
				   state == STREAM_LOADING || state == STREAM_INDEXING;
		default: return false;
	}
}

/* Whether what is wished is new enough to be still on its way. */
static bool
is_fresh(const json_t *run)
{
	const char *text = text_of(run, "desired_at");
	int64_t at;

	return text != NULL && timestamp_parse(text, &at) && timestamp_now() - at < AGAIN_MS;
}

/* Whether the wish is there already, and being seen to: then nothing is to be written. */
static bool
is_wished(const json_t *run, RunCommand command, StreamState state, bool ended)
{
	bool drains = json_is_true(json_object_get(run, "drain"));

	if (ended)
		return true;
	if (desired_of(run) != run_command_desired(command))
		return false;
	switch (command)
	{
		case RUN_CANCEL: return !drains && is_fresh(run);
		case RUN_RESUME: /* paused or stopped by hand, or failed: to be tried again */
			return state != STREAM_PAUSED && state != STREAM_STOPPED && state != STREAM_FAILED &&
				   (is_reached(command, state) || is_fresh(run));
		default: return is_reached(command, state) || is_fresh(run);
	}
}

static bool
wish(void *context, json_t *run, Response *response)
{
	const Wish *wished = context;
	RunCommand command = wished->command;
	RunDesired desired = desired_of(run);
	bool cancelled = desired == DESIRED_STOPPED && !json_is_true(json_object_get(run, "drain"));
	char now[TIMESTAMP_TEXT];
	bool ended;
	StreamState state = run_state_now(wished->control, run, &ended);

	if (!run_command_allowed(command, desired, state, ended))
		return fail_command(command, desired, state, ended, response);
	if (is_wished(run, command, state, ended))
		return false;
	(void) json_object_set_new(run, "desired",
							   json_string(run_desired_names[run_command_desired(command)]));
	(void) json_object_set_new(run, "desired_at", json_string(timestamp_now_text(now)));
	(void) json_object_set_new(run, "drain", json_boolean(command != RUN_CANCEL && !cancelled));
	return true;
}

/* What no worker has begun ends at once; all else the server that leads sees to. */
static void
settle(Control *control, StoreEntry *run)
{
	SluiceError err;

	if (!run_settle(control, run, NULL, &err) && err.code != SLUICE_ERROR_CONFLICT)
		log_failure(control->log, LOG_WARNING, "state of a run was not written", &err,
					(LogField[]){LOG_TEXT("run", key_last(run->key)), LOG_END});
}

static bool
answer_command(Control *control, const Request *request, RunCommand command, Response *response)
{
	Wish wished = {.control = control, .command = command};
	StoreEntry run;
	bool good;

	if (!run_of_request(control, request, &run, response))
		return false;
	good = run_change(control, &run, wish, &wished, response);
	if (good)
	{
		settle(control, &run);
		good = answer_json(response, 202, run_show(control, run.value));
	}
	store_entry_free(&run);
	return good;
}

bool
run_pause(Control *control, const Request *request, Response *response)
{
	return answer_command(control, request, RUN_PAUSE, response);
}

bool
run_resume(Control *control, const Request *request, Response *response)
{
	return meter_allows_run(control->meter, request->caller.tenant, &response->problem) &&
		   answer_command(control, request, RUN_RESUME, response);
}

bool
run_stop(Control *control, const Request *request, Response *response)
{
	return answer_command(control, request, RUN_STOP, response);
}

bool
run_cancel(Control *control, const Request *request, Response *response)
{
	return answer_command(control, request, RUN_CANCEL, response);
}
