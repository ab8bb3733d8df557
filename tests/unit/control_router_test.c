/*
 * control_router_test.c - paths and the routes they mean; addresses and queries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/http/router.h"
#include "control/http/url.h"

static bool
handler(Control *control, const Request *request, Response *response)
{
	(void) control;
	(void) request;
	(void) response;
	return true;
}

static const Route some[] = {
	{HTTP_GET, "/connections/{id}", "getConnection", SCOPE_NONE, handler, 0},
	{HTTP_PATCH, "/connections/{id}", "changeConnection", SCOPE_NONE, handler, 0},
	{HTTP_POST, "/connections/test", "testConnection", SCOPE_NONE, handler, 0},
	{HTTP_GET, "/connections", "listConnections", SCOPE_NONE, handler, 0},
	{HTTP_GET, "/connections/{id}/tables/{table}/columns", "listColumns", SCOPE_NONE, handler, 0},
	{HTTP_GET, "//livez", "getLive", SCOPE_NONE, handler, ROUTE_PUBLIC},
};
static const Routes table = {some, sizeof(some) / sizeof(some[0])};
static const Routes *const tables[] = {&table, NULL};

static Router *router;

static int
setup(void **state)
{
	SluiceError err;

	(void) state;
	router = router_new(tables, &err);
	return router == NULL;
}

static int
teardown(void **state)
{
	(void) state;
	router_free(router);
	return 0;
}

static const char *
operation_of(HttpMethod method, const char *path)
{
	static RouteMatch match;

	router_match(router, method, path, &match);
	return match.route != NULL ? match.route->operation : "none";
}

static void
literal_segments_win_over_parameters(void **state)
{
	(void) state;
	assert_string_equal(operation_of(HTTP_POST, "/api/v1/connections/test"), "testConnection");
	assert_string_equal(operation_of(HTTP_GET, "/api/v1/connections/conn_1"), "getConnection");
	assert_string_equal(operation_of(HTTP_GET, "/api/v1/connections"), "listConnections");
	assert_string_equal(operation_of(HTTP_GET, "/livez"), "getLive");
}

static void
what_is_no_path_is_none(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"//",
		"livez",
		"/api/v1",
		"/api/v1/",
		"/api/v1/connections/",
		"/api/v1//connections",
		"/connections",
		"/api/v1/livez",
		"/api/v1/connections/a/b",
		"/api/v1/connections/%zz",
		"/api/v1/connections/%00",
		"/api/v1/connections/a%",
		"/api/v1/connections/%ff",
		"/api/v1/connections/a/tables/b/columns/c",
		"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p",
	};
	RouteMatch match;

	(void) state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		router_match(router, HTTP_GET, paths[i], &match);
		assert_null(match.route);
		assert_int_equal(match.methods, 0);
	}
}

static void
a_path_tells_its_methods(void **state)
{
	RouteMatch match;

	(void) state;
	router_match(router, HTTP_DELETE, "/api/v1/connections/x", &match);
	assert_null(match.route);
	assert_int_equal(match.methods, 1u << HTTP_GET | 1u << HTTP_PATCH);
	/* The literal path is meant, not the connection "test". */
	router_match(router, HTTP_METHODS, "/api/v1/connections/test", &match);
	assert_int_equal(match.methods, 1u << HTTP_POST);
}

static void
parameters_are_decoded_after_the_split(void **state)
{
	RouteMatch match;
	char path[3 * ROUTE_PARAMETER_LENGTH + 100];

	(void) state;
	router_match(router, HTTP_GET, "/api/v1/connections/c%31/tables/a%2Fb%20%C3%A9+/columns",
				 &match);
	assert_non_null(match.route);
	assert_int_equal(match.parameter_count, 2);
	assert_string_equal(match.parameters[0].name, "id");
	assert_string_equal(match.parameters[0].text, "c1");
	assert_string_equal(match.parameters[1].name, "table");
	assert_string_equal(match.parameters[1].text, "a/b \xC3\xA9+");
	(void) snprintf(path, sizeof(path), "/api/v1/connections/%0*d", ROUTE_PARAMETER_LENGTH, 1);
	router_match(router, HTTP_GET, path, &match);
	assert_non_null(match.route);
	(void) snprintf(path, sizeof(path), "/api/v1/connections/%0*d", ROUTE_PARAMETER_LENGTH + 1, 1);
	router_match(router, HTTP_GET, path, &match);
	assert_null(match.route);
}

static void
two_routes_that_are_the_same_are_refused(void **state)
{
	const Route twice[] = {
		{HTTP_GET, "/a/{id}", "one", SCOPE_NONE, handler, 0},
		{HTTP_GET, "/a/{name}", "two", SCOPE_NONE, handler, 0},
	};
	const Routes bad = {twice, 2};
	const Routes *const all[] = {&bad, NULL};
	SluiceError err;

	(void) state;
	assert_null(router_new(all, &err));
	assert_non_null(strstr(err.message, "/a/{"));
}

static void
paths_out_of_form_are_refused(void **state)
{
	static const char *const paths[] = {"a", "/{}", "/{a", "/{a}/{b}/{c}/{d}/{e}"};

	(void) state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		const Route route = {HTTP_GET, paths[i], "one", SCOPE_NONE, handler, 0};
		const Routes bad = {&route, 1};
		const Routes *const all[] = {&bad, NULL};
		SluiceError err;

		assert_null(router_new(all, &err));
	}
}

static void
queries_are_split_and_decoded(void **state)
{
	static const char query[] = "a=1&b=x%20y+z&&flag&e=&p=%2B";
	char room[URL_ROOM(sizeof(query))];
	NamedText pairs[QUERY_PARAMETERS];
	size_t count;

	(void) state;
	assert_true(url_query(query, room, pairs, QUERY_PARAMETERS, &count));
	assert_int_equal(count, 5);
	assert_string_equal(pairs[0].text, "1");
	assert_string_equal(pairs[1].text, "x y z");
	assert_string_equal(pairs[2].name, "flag");
	assert_string_equal(pairs[2].text, "");
	assert_string_equal(pairs[3].text, "");
	assert_string_equal(pairs[4].text, "+");
}

static void
bad_queries_are_refused(void **state)
{
	static const char *const queries[] = {"a=1&a=2", "a=%", "a=%0", "a=%00", "a=%ff", "%zz=1"};
	char room[URL_ROOM(64)];
	NamedText pairs[2];
	size_t count;

	(void) state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		assert_false(url_query(queries[i], room, pairs, 2, &count));
	assert_true(url_query("a&b", room, pairs, 2, &count));
	assert_false(url_query("a&b&c", room, pairs, 2, &count));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literal_segments_win_over_parameters),
		cmocka_unit_test(what_is_no_path_is_none),
		cmocka_unit_test(a_path_tells_its_methods),
		cmocka_unit_test(parameters_are_decoded_after_the_split),
		cmocka_unit_test(two_routes_that_are_the_same_are_refused),
		cmocka_unit_test(paths_out_of_form_are_refused),
		cmocka_unit_test(queries_are_split_and_decoded),
		cmocka_unit_test(bad_queries_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
