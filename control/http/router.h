/*
 * router.h - which route a path and method mean.  Pure.
 *
 * Literal segments win over parameters: /connections/test is not the connection "test".  Segments are split first
 * and decoded then, so "%2F" in a name is part of the name.
 */
#ifndef SLUICE_CONTROL_ROUTER_H
#define SLUICE_CONTROL_ROUTER_H

#include "route.h"

#define API_PREFIX			   "/api/v1"
#define ROUTE_PARAMETERS	   4
#define ROUTE_SEGMENTS		   10
#define ROUTE_PARAMETER_LENGTH 400 /* bytes of one value, decoded */

typedef struct Router Router;

/* Of all tables, up to a NULL.  Fails for two routes that are the same, and for paths out of form. */
extern Router *router_new(const Routes *const *tables, SluiceError *err) SLUICE_MUST_CHECK;
extern void router_free(Router *router);

typedef struct RouteMatch
{
	const Route *route; /* NULL: none with this method */
	size_t index;		/* of the route among all, for tables beside this one */
	unsigned methods;	/* bits 1 << HttpMethod of the path; 0: there is no such path */
	NamedText parameters[ROUTE_PARAMETERS];
	size_t parameter_count;
	char texts[ROUTE_PARAMETERS][ROUTE_PARAMETER_LENGTH + 1]; /* what parameters point into */
} RouteMatch;

/* `path` as it came, without the query.  HTTP_METHODS asks for the path's methods alone. */
extern void router_match(const Router *router, HttpMethod method, const char *path,
						 RouteMatch *match);

/* Routes in a fixed order; their number. */
extern size_t router_count(const Router *router);
extern const Route *router_route(const Router *router, size_t index);

/* The path as the OpenAPI document has it: below the prefix, or whole when it is outside. */
extern const char *route_path(const Route *route);

#endif
