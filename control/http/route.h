/*
 * route.h - the one table of routes, held against the OpenAPI document when the server starts.
 *
 * Every folder with handlers has its own part of the table (Routes), and control/routes.c names them all.  What the
 * document says of an operation (schemas of body, parameters, answers) is found by `operation`; a route without an
 * operation, or an operation without a route, keeps the server from starting.
 */
#ifndef SLUICE_CONTROL_ROUTE_H
#define SLUICE_CONTROL_ROUTE_H

#include "request.h"
#include "scope.h"

typedef struct Control Control; /* control/control.h: the parts of the server */

/* False with response->problem filled. */
typedef bool (*Handler)(Control *control, const Request *request, Response *response);

enum
{
	ROUTE_PUBLIC = 1, /* needs no key */
	ROUTE_AUDITED =
		2 /* a success stands in the audit log; every method but GET has it unless ROUTE_QUIET */,
	ROUTE_QUIET = 4,  /* changes nothing that counts: a test, a preview */
	ROUTE_UPGRADE = 8 /* WebSocket or SSE: the listener's own handler takes it */
};

typedef struct Route
{
	HttpMethod method;
	const char
		*path; /* below /api/v1, or whole when it begins with "//": "/streams/{id}", "//livez" */
	const char *operation;
	Scope scope;
	Handler handler;
	unsigned flags;
} Route;

typedef struct Routes
{
	const Route *routes;
	size_t count;
} Routes;

#endif
