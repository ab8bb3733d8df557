/*
 * runs.c - the routes of runs, and those of them that read.
 */
#include "runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "collection.h"
#include "common/control/layout.h"
#include "control/live/live.h"
#include "run_commands.h"
#include "run_document.h"
#include "run_tables.h"
#include "run_verify.h"
#include "stream_write.h"

/* ---- lists ---- */

typedef struct RunFilter
{
	Control *control;
	const char *stream_id, *state; /* NULL: any */
} RunFilter;

/* Newest first: each digit of the time stands for what is left to nine. */
static void
order_backwards(char *order, const char *time, const char *id)
{
	size_t length = 0;

	for (; *time != '\0' && length < ORDER_MAXIMUM - ID_MAXIMUM - 1; time++)
		order[length++] = *time >= '0' && *time <= '9' ? (char) ('9' - (*time - '0')) : *time;
	(void) snprintf(order + length, ORDER_MAXIMUM + 1 - length, " %.*s", ID_MAXIMUM, id);
}

static bool
takes_run(void *context, const StoreEntry *entry, char *order)
{
	const RunFilter *filter = context;
	const char *stream_id = text_of(entry->value, "stream_id"),
			   *created_at = text_of(entry->value, "created_at"),
			   *reason = text_of(entry->value, "reason");

	if (stream_id == NULL || created_at == NULL)
		return false;
	/* It stands for a request that came to nothing. */
	if (reason != NULL && strcmp(reason, RUN_NEVER_BEGUN) == 0)
		return false;
	order_backwards(order, created_at, key_last(entry->key));
	return filter->stream_id == NULL || strcmp(stream_id, filter->stream_id) == 0;
}

static json_t *
show_run(void *context, const StoreEntry *entry, bool *skip)
{
	const RunFilter *filter = context;
	json_t *shown = run_show(filter->control, entry->value);
	const char *state = text_of(shown, "state");

	if (filter->state == NULL || (state != NULL && strcmp(state, filter->state) == 0))
		return shown;
	json_decref(shown);
	*skip = true;
	return NULL;
}

static bool
answer_runs(Control *control, const Request *request, const char *stream_id, Response *response)
{
	RunFilter filter = {
		.control = control,
		.stream_id = stream_id,
		.state = request_query(request, "state"),
	};
	char prefix[LAYOUT_KEY_MAXIMUM];
	Collection runs;
	SluiceError err;
	bool good;

	if (!collection_read(&runs, control->store, STORE_STATE,
						 key_prefix(prefix, "run", request->caller.tenant, NULL), takes_run,
						 &filter, &err))
		return response_error(response, &err);
	good = collection_answer(&runs, request, show_run, &filter, response);
	collection_free(&runs);
	return good;
}

static bool
list_runs(Control *control, const Request *request, Response *response)
{
	return answer_runs(control, request, request_query(request, "stream_id"), response);
}

static bool
list_runs_of_stream(Control *control, const Request *request, Response *response)
{
	StoreEntry stream;

	if (!stream_of_request(control, request, &stream, response))
		return false;
	store_entry_free(&stream);
	return answer_runs(control, request, request_parameter(request, "id"), response);
}

/* ---- one ---- */

static bool
get_run(Control *control, const Request *request, Response *response)
{
	StoreEntry run;
	bool good;

	if (!run_of_request(control, request, &run, response))
		return false;
	good = answer_json(response, 200, run_show(control, run.value));
	store_entry_free(&run);
	return good;
}

/* ---- what is going on in it ---- */

static bool
wants_table(const Request *request, const json_t *table)
{
	const char *state = request_query(request, "state"), *q = request_query(request, "q"),
			   *name = text_of(table, "table"), *is = text_of(table, "state");

	return name != NULL && (state == NULL || (is != NULL && strcmp(is, state) == 0)) &&
		   (q == NULL || strcasestr(name, q) != NULL);
}

/* Tables are told by name, in their order. */
static bool
answer_tables(const json_t *tables, const Request *request, Response *response)
{
	json_t *table;
	Page page;
	size_t i;

	if (!page_read(request, &page, response))
		return false;
	json_array_foreach((json_t *) tables, i, table)
	{
		const char *name = text_of(table, "table");
		if (!wants_table(request, table) ||
			(page.after[0] != '\0' && strcmp(name, page.after) <= 0))
			continue;
		if (page_full(&page))
			break;
		page_add(&page, name, json_incref(table));
	}
	return page_answer(&page, response);
}

static bool
list_tables(Control *control, const Request *request, Response *response)
{
	StoreEntry run;
	json_t *tables;
	bool good;

	if (!run_of_request(control, request, &run, response))
		return false;
	tables = run_tables(control, run.value);
	store_entry_free(&run);
	good = tables != NULL ? answer_tables(tables, request, response)
						  : response_fail(response, PROBLEM_INTERNAL, "out of memory");
	json_decref(tables);
	return good;
}

/* Events of the run, newest first; a cursor is the sequence of the last that was given. */
static bool
answer_events(Control *control, const Request *request, EventType type, Response *response)
{
	char last[24];
	json_t *events, *event;
	StoreEntry run;
	Page page;
	size_t i;

	if (!run_of_request(control, request, &run, response))
		return false;
	if (!page_read(request, &page, response))
	{
		store_entry_free(&run);
		return false;
	}
	events =
		live_events(control->live, request->caller.tenant, text_of(run.value, "stream_id"),
					text_of(run.value, "id"), type, strtoull(page.after, NULL, 10), page.limit + 1);
	store_entry_free(&run);
	json_array_foreach(events, i, event)
	{
		if (page_full(&page))
			break;
		(void) snprintf(last, sizeof(last), "%" JSON_INTEGER_FORMAT,
						json_integer_value(json_object_get(event, "seq")));
		page_add(&page, last, json_incref(event));
	}
	json_decref(events);
	return page_answer(&page, response);
}

static bool
list_errors(Control *control, const Request *request, Response *response)
{
	return answer_events(control, request, EVENT_ERROR, response);
}

static bool
list_schema_changes(Control *control, const Request *request, Response *response)
{
	return answer_events(control, request, EVENT_SCHEMA, response);
}

static const Route routes[] = {
	{HTTP_POST, "/streams/{id}/runs", "startRun", SCOPE_RUNS_WRITE, run_start, 0},
	{HTTP_GET, "/streams/{id}/runs", "listRunsOfStream", SCOPE_RUNS_READ, list_runs_of_stream, 0},
	{HTTP_GET, "/runs", "listRuns", SCOPE_RUNS_READ, list_runs, 0},
	{HTTP_GET, "/runs/{id}", "getRun", SCOPE_RUNS_READ, get_run, 0},
	{HTTP_POST, "/runs/{id}/pause", "pauseRun", SCOPE_RUNS_WRITE, run_pause, 0},
	{HTTP_POST, "/runs/{id}/resume", "resumeRun", SCOPE_RUNS_WRITE, run_resume, 0},
	{HTTP_POST, "/runs/{id}/stop", "stopRun", SCOPE_RUNS_WRITE, run_stop, 0},
	{HTTP_POST, "/runs/{id}/cancel", "cancelRun", SCOPE_RUNS_WRITE, run_cancel, 0},
	{HTTP_GET, "/runs/{id}/tables", "listRunTables", SCOPE_RUNS_READ, list_tables, 0},
	{HTTP_GET, "/runs/{id}/errors", "listRunErrors", SCOPE_RUNS_READ, list_errors, 0},
	{HTTP_GET, "/runs/{id}/schema-changes", "listRunSchemaChanges", SCOPE_RUNS_READ,
	 list_schema_changes, 0},
	{HTTP_POST, "/runs/{id}/verify", "verifyRun", SCOPE_RUNS_WRITE, run_verify, 0},
	{HTTP_GET, "/runs/{id}/verifications", "listVerifications", SCOPE_RUNS_READ, run_verifications,
	 0},
	{HTTP_GET, "/runs/{id}/verifications/{verification_id}", "getVerification", SCOPE_RUNS_READ,
	 run_verification, 0},
};

const Routes run_routes = {routes, sizeof(routes) / sizeof(routes[0])};
