/*
 * workers.c - workers register themselves; what is wished of them is a key of its own.
 */
#include "workers.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "collection.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "control/control.h"
#include "run_jobs.h"

/* "active", "draining" or "lost". */
static const char *
state_of(Control *control, const StoreEntry *worker)
{
	char key[LAYOUT_KEY_MAXIMUM];
	const char *state = text_of(worker->value, "state");
	StoreEntry drain;

	if (timestamp_now() - worker->written_ms >= WORKER_LOST_MS)
		return "lost";
	if (!store_get(control->store, STORE_STATE, drain_key(key, key_last(worker->key)), &drain,
				   NULL))
		return state != NULL && strcmp(state, "draining") == 0 ? "draining" : "active";
	store_entry_free(&drain);
	return "draining";
}

static json_t *
show_worker(void *context, const StoreEntry *entry, bool *skip)
{
	static const char *const members[] = {
		"id",	"host",		  "pid",	 "roles",		"version",		  "slots",
		"jobs", "started_at", "seen_at", "cpu_seconds", "resident_bytes",
	};
	json_t *shown = json_object();

	(void) skip;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		json_t *value = json_object_get(entry->value, members[i]);
		(void) json_object_set(shown, members[i], value != NULL ? value : json_null());
	}
	(void) json_object_set_new(shown, "state", json_string(state_of(context, entry)));
	return shown;
}

/* As it will be when the worker has seen what is wished of it. */
static json_t *
show_wish(Control *control, const StoreEntry *entry, bool drain)
{
	bool skip;
	json_t *shown = show_worker(control, entry, &skip);

	if (strcmp(text_of(shown, "state"), "lost") != 0)
		(void) json_object_set_new(shown, "state", json_string(drain ? "draining" : "active"));
	return shown;
}

static bool
takes_worker(void *context, const StoreEntry *entry, char *order)
{
	(void) context;
	(void) snprintf(order, ORDER_MAXIMUM + 1, "%s", key_last(entry->key));
	return true;
}

static bool
list_workers(Control *control, const Request *request, Response *response)
{
	Collection workers;
	SluiceError err;
	bool good;

	if (!collection_read(&workers, control->store, STORE_STATE, "worker.", takes_worker, NULL,
						 &err))
		return response_error(response, &err);
	good = collection_answer(&workers, request, show_worker, control, response);
	collection_free(&workers);
	return good;
}

/* Workers work for all tenants: only those of the first one may send them away. */
static bool
may_drain(const Request *request, Response *response)
{
	return strcmp(request->caller.tenant, TENANT_DEFAULT) == 0 ||
		   response_fail(response, PROBLEM_FORBIDDEN,
						 "workers serve all tenants: a key of the tenant \"%s\" may do that",
						 TENANT_DEFAULT);
}

static bool
write_drain(Control *control, const char *id, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM], now[TIMESTAMP_TEXT];
	json_t *wish = json_pack("{s:s}", "requested_at", timestamp_now_text(now));
	bool good =
		store_put(control->store, STORE_STATE, drain_key(key, id), wish, STORE_ANY, NULL, err);

	json_decref(wish);
	return good;
}

static bool
remove_drain(Control *control, const char *id, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];

	return store_delete(control->store, STORE_STATE, drain_key(key, id), STORE_ANY, err) ||
		   err->code == SLUICE_ERROR_NOT_FOUND;
}

static bool
set_drain(Control *control, const Request *request, bool drain, Response *response)
{
	const char *id = request_parameter(request, "id");
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry worker;
	SluiceError err;
	bool good;

	if (!store_get(control->store, STORE_STATE, worker_key(key, id), &worker, &err))
		return answer_missing(response, "worker", id, &err);
	good = may_drain(request, response);
	if (good)
	{
		good = drain ? write_drain(control, id, &err) : remove_drain(control, id, &err);
		good = good ? answer_json(response, 202, show_wish(control, &worker, drain))
					: response_error(response, &err);
	}
	store_entry_free(&worker);
	return good;
}

static bool
drain_worker(Control *control, const Request *request, Response *response)
{
	return set_drain(control, request, true, response);
}

static bool
undrain_worker(Control *control, const Request *request, Response *response)
{
	return set_drain(control, request, false, response);
}

static const Route routes[] = {
	{HTTP_GET, "/workers", "listWorkers", SCOPE_WORKERS_READ, list_workers, 0},
	{HTTP_POST, "/workers/{id}/drain", "drainWorker", SCOPE_WORKERS_WRITE, drain_worker, 0},
	{HTTP_POST, "/workers/{id}/undrain", "undrainWorker", SCOPE_WORKERS_WRITE, undrain_worker, 0},
};

const Routes worker_routes = {routes, sizeof(routes) / sizeof(routes[0])};
