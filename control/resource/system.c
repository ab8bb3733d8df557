/*
 * system.c - /livez, /readyz, /metrics, /system and the OpenAPI document.
 *
 * Alive asks nothing that lies outside of the process; ready asks what requests need.
 */
#include "system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/control/timestamp.h"
#include "common/core/bytebuf.h"
#include "control/control.h"
#include "control/http/api.h"
#include "control/live/leader.h"
#include "control/store/store.h"

#define METRICS_BYTES_MAXIMUM (16 * 1024 * 1024)
#define PROBE_KEY			  "ticket.probe" /* no ticket is called so: asked for to see who answers */
#define PLAIN_TEXT			  "text/plain; charset=utf-8"

/* ---- what the server depends on ---- */

typedef struct Dependency
{
	const char *name;
	bool (*ask)(Control *control, SluiceError *err);
} Dependency;

/* Whether the copy in memory follows the buckets. */
static bool
ask_store(Control *control, SluiceError *err)
{
	return store_ready(control->store, err);
}

/* One question to NATS and its answer. */
static bool
ask_nats(Control *control, SluiceError *err)
{
	StoreEntry entry;

	if (store_get(control->store, STORE_ONCE, PROBE_KEY, &entry, err))
		store_entry_free(&entry);
	else if (err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	return true;
}

static const Dependency dependencies[] = {
	{"nats", ask_nats},
	{"store", ask_store},
};

static int64_t
now_us(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* {name, ok, latency_ms, checked_at, detail} */
static json_t *
look_at(Control *control, const Dependency *dependency, bool *all_good)
{
	char at[TIMESTAMP_TEXT];
	SluiceError err = {0};
	int64_t began = now_us();
	bool good = dependency->ask(control, &err);

	*all_good = *all_good && good;
	return json_pack("{s:s, s:b, s:f, s:s, s:s?}", "name", dependency->name, "ok", (int) good,
					 "latency_ms", (double) (now_us() - began) / 1000, "checked_at",
					 timestamp_now_text(at), "detail", good ? NULL : err.message);
}

static json_t *
look_at_all(Control *control, bool *all_good)
{
	json_t *list = json_array();

	*all_good = true;
	for (size_t i = 0; i < sizeof(dependencies) / sizeof(dependencies[0]); i++)
		(void) json_array_append_new(list, look_at(control, &dependencies[i], all_good));
	return list;
}

/* ---- health ---- */

static bool
answer_text(Response *response, int status, const char *text)
{
	response->status = status;
	response->text = strdup(text);
	response->content_type = PLAIN_TEXT;
	return response->text != NULL || response_fail(response, PROBLEM_INTERNAL, "out of memory");
}

static bool
get_live(Control *control, const Request *request, Response *response)
{
	(void) control;
	(void) request;
	return answer_text(response, 200, "ok\n");
}

/* "+nats ok" or "-nats: why", a line for each. */
static bool
answer_verbose(Control *control, Response *response, int status)
{
	char text[2000] = "";
	size_t length = 0;

	for (size_t i = 0; i < sizeof(dependencies) / sizeof(dependencies[0]); i++)
	{
		SluiceError err = {0};
		bool good = dependencies[i].ask(control, &err);

		length +=
			(size_t) snprintf(text + length, sizeof(text) - length, "%s%s%s%s\n", good ? "+" : "-",
							  dependencies[i].name, good ? " ok" : ": ", good ? "" : err.message);
		if (length >= sizeof(text))
			break;
	}
	return answer_text(response, status, text);
}

static bool
get_ready(Control *control, const Request *request, Response *response)
{
	SluiceError err = {0};
	bool ready = store_ready(control->store, &err);
	char text[sizeof(err.message) + 2];

	if (request_query(request, "verbose") != NULL)
		return answer_verbose(control, response, ready ? 200 : 503);
	(void) snprintf(text, sizeof(text), "%s\n", ready ? "ok" : err.message);
	return answer_text(response, ready ? 200 : 503, text);
}

static bool
get_metrics(Control *control, const Request *request, Response *response)
{
	SluiceError err;
	ByteBuf text;

	(void) request;
	bytebuf_init(&text, &allocator_malloc, METRICS_BYTES_MAXIMUM);
	if (!metrics_write(control->metrics, &text, &err) || !bytebuf_put_u8(&text, 0, &err))
	{
		bytebuf_free(&text);
		return response_error(response, &err);
	}
	response->text = (char *) text.data; /* malloc's, as the allocator says */
	response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return true;
}

/* ---- /system ---- */

static bool
get_status(Control *control, const Request *request, Response *response)
{
	char at[TIMESTAMP_TEXT];
	bool good;
	json_t *list = look_at_all(control, &good);

	(void) request;
	response->body = json_pack("{s:s, s:s, s:s, s:b, s:o}", "status", good ? "ok" : "degraded",
							   "at", timestamp_now_text(at), "version", SLUICE_VERSION, "leader",
							   (int) leader_leads(control->leader), "dependencies", list);
	return response->body != NULL || response_fail(response, PROBLEM_INTERNAL, "out of memory");
}

static bool
get_version(Control *control, const Request *request, Response *response)
{
	(void) control;
	(void) request;
	response->body = json_pack("{s:s, s:s}", "version", SLUICE_VERSION, "api", "v1");
	return response->body != NULL || response_fail(response, PROBLEM_INTERNAL, "out of memory");
}

static bool
get_document(Control *control, const Request *request, Response *response)
{
	size_t length;
	const char *etag;
	const char *text = openapi_text(api_openapi(control->api), &length, &etag);

	(void) request;
	response->text = strndup(text, length);
	response->content_type = "application/json";
	response_header(response, "ETag", "%s", etag);
	return response->text != NULL || response_fail(response, PROBLEM_INTERNAL, "out of memory");
}

static const Route routes[] = {
	{HTTP_GET, "//livez", "getLive", SCOPE_NONE, get_live, ROUTE_PUBLIC},
	{HTTP_GET, "//healthz", "getHealth", SCOPE_NONE, get_live, ROUTE_PUBLIC},
	{HTTP_GET, "//readyz", "getReady", SCOPE_NONE, get_ready, ROUTE_PUBLIC},
	{HTTP_GET, "//metrics", "getMetrics", SCOPE_NONE, get_metrics, ROUTE_PUBLIC},
	{HTTP_GET, "/openapi.json", "getOpenapi", SCOPE_NONE, get_document, ROUTE_PUBLIC},
	{HTTP_GET, "/system/status", "getSystemStatus", SCOPE_SYSTEM_READ, get_status, 0},
	{HTTP_GET, "/system/version", "getSystemVersion", SCOPE_NONE, get_version, 0},
};

const Routes system_routes = {routes, sizeof(routes) / sizeof(routes[0])};
