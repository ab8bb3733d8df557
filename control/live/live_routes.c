/*
 * live_routes.c - tickets, and the routes of what is live (live_routes.h).
 */
#include "live_routes.h"

#include "common/control/timestamp.h"
#include "control/resource/answer.h"
#include "control/store/once.h"
#include "live_internal.h"
#include "run_views.h"

#define TICKET_SECONDS 30

static bool
create_ticket(Control *control, const Request *request, Response *response)
{
	const Caller *caller = &request->caller;
	char text[TICKET_TEXT], expires[TIMESTAMP_TEXT];
	json_t *holder = json_pack("{s:s, s:s, s:I}", "tenant", caller->tenant, "key_id",
							   caller->key_id, "scopes", (json_int_t) caller->scopes);
	SluiceError err = {0};
	bool good = ticket_make(control->store, holder, TICKET_SECONDS, text, &err);

	json_decref(holder);
	if (!good)
		return response_error(response, &err);
	return answer_json(
		response, 201,
		json_pack("{s:s, s:s}", "ticket", text, "expires_at",
				  timestamp_format(expires, timestamp_now() + TICKET_SECONDS * INT64_C(1000))));
}

static const Route routes[] = {
	{HTTP_POST, "/events/tickets", "createEventTicket", SCOPE_NONE, create_ticket, ROUTE_QUIET},
	{HTTP_GET, "/events", "streamEvents", SCOPE_NONE, NULL, ROUTE_PUBLIC | ROUTE_UPGRADE},
	{HTTP_GET, "/runs/{id}/logs", "listRunLogs", SCOPE_RUNS_READ, run_logs, 0},
	{HTTP_GET, "/runs/{id}/metrics", "getRunMetrics", SCOPE_RUNS_READ, run_metrics, 0},
};

const Routes live_routes = {routes, sizeof(routes) / sizeof(routes[0])};
