/*
 * api_internal.h - one exchange on its way through api.c and the files beside it.
 */
#ifndef SLUICE_CONTROL_API_INTERNAL_H
#define SLUICE_CONTROL_API_INTERNAL_H

#include "api.h"
#include "control/store/once.h"
#include "rate_limit.h"
#include "static_files.h"
#include "traffic.h"
#include "url.h"

struct Api
{
	Control *control;
	Router *router;
	Openapi *openapi;
	const Operation **operations; /* of the router's routes, in its order */
	RateLimit *of_keys;			  /* NULL: no limit */
	RateLimit *of_addresses;
	StaticFiles *files; /* NULL: no dashboard */
	Traffic *traffic;
};

typedef struct Exchange
{
	Api *api;
	const Incoming *in;
	struct _u_response *to;
	Request request;
	Response response;
	RouteMatch match;
	const Operation *operation;
	char path[TARGET_BYTES_MAXIMUM + 1]; /* as it came, without the query */
	const char *query_text;				 /* behind the "?"; "" without one */
	NamedText query[QUERY_PARAMETERS];
	char query_room[URL_ROOM(TARGET_BYTES_MAXIMUM)];
	OnceClaim claim; /* of the Idempotency-Key */
	bool claimed;
	bool upgraded;
	int64_t began_us;
} Exchange;

/* ---- api_input.c: what a request brings, held against its operation; false with the problem filled ---- */

extern bool input_query(Exchange *exchange);
extern bool input_parameters(Exchange *exchange);
extern bool input_accept(Exchange *exchange);
extern bool input_body(Exchange *exchange);

/* ---- api_once.c: Idempotency-Key ---- */

/*
 * Claims the request's key, where it has one.  False with the problem filled; *repeated: the answer of the first time is
 * in the response.
 */
extern bool once_begin(Exchange *exchange, bool *repeated);

/* Keeps the answer, or gives the key back when nothing was done. */
extern void once_end(Exchange *exchange, bool done);

/* ---- api_answer.c ---- */

/* The response when `done`, else its problem, or a file of the dashboard where that was meant. */
extern void answer_exchange(Exchange *exchange, bool done, Outgoing *outgoing);

#endif
