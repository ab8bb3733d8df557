/*
 * openapi_test.c - fragments merged, operations read, routes held against them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/http/openapi.h"

static bool
handler(Control *control, const Request *request, Response *response)
{
	(void) control;
	(void) request;
	(void) response;
	return true;
}

#define BASE                                                                                       \
	"{\"openapi\":\"3.1.0\",\"tags\":[{\"name\":\"x\"}],\"components\":{\"parameters\":{"          \
	"\"Limit\":"                                                                                   \
	"{\"name\":\"limit\",\"in\":\"query\",\"schema\":{\"type\":\"integer\"}}}}}"
#define THINGS                                                                                     \
	"{\"tags\":[{\"name\":\"y\"}],\"paths\":{\"/"                                                  \
	"things\":{\"get\":{\"operationId\":\"listThings\","                                           \
	"\"parameters\":[{\"$ref\":\"#/components/parameters/Limit\"}],\"responses\":{\"200\":"        \
	"{\"content\":{\"application/json\":{\"schema\":{}}}}}}}}}"
#define MORE                                                                                       \
	"{\"paths\":{\"/"                                                                              \
	"things\":{\"post\":{\"operationId\":\"makeThing\",\"requestBody\":{\"required\":"             \
	"true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/"         \
	"Thing\"}}}},"                                                                                 \
	"\"responses\":{}}}},\"components\":{\"schemas\":{\"Thing\":{\"type\":\"object\"}}}}"

#define FRAGMENT(name, text)                                                                       \
	{                                                                                              \
		name, text, text + sizeof(text) - 1                                                        \
	}

static const OpenapiFragment good[] = {FRAGMENT("base", BASE), FRAGMENT("things", THINGS),
									   FRAGMENT("more", MORE)};

static Openapi *
make(const OpenapiFragment *fragments, size_t count)
{
	SluiceError err;
	Openapi *openapi = openapi_new(fragments, count, &err);

	if (openapi == NULL)
		fail_msg("%s", err.message);
	return openapi;
}

static void
fragments_become_one_document(void **state)
{
	Openapi *openapi = make(good, 3);
	const Operation *list = openapi_operation(openapi, "listThings");
	const Operation *one = openapi_operation(openapi, "makeThing");

	(void) state;
	assert_non_null(list);
	assert_non_null(one);
	assert_int_equal(list->parameter_count, 1);
	assert_string_equal(list->parameters[0].name, "limit");
	assert_null(list->bodies);
	assert_non_null(json_object_get(list->answers, "application/json"));
	assert_true(one->body_required);
	assert_string_equal(one->path, "/things");
	assert_int_equal(json_array_size(json_object_get(openapi_document(openapi), "tags")), 2);
	assert_null(openapi_operation(openapi, "nothing"));
	openapi_free(openapi);
}

static void
bad_fragments_are_named(void **state)
{
	static const struct
	{
		OpenapiFragment fragment;
		const char *message;
	} cases[] = {
		{FRAGMENT("bad", "{"), "bad.json"},
		{FRAGMENT("bad", "{\"openapi\":\"3.1.0\"}"), "openapi is in another"},
		{FRAGMENT("bad", "{\"paths\":{\"/things\":{\"get\":{\"operationId\":\"other\"}}}}"),
		 "get is in another"},
		{FRAGMENT("bad", "{\"paths\":{\"/a\":{\"get\":{\"operationId\":\"listThings\"}}}}"),
		 "operationId"},
		{FRAGMENT("bad", "{\"paths\":{\"/a\":{\"get\":{}}}}"), "operationId"},
		{FRAGMENT("bad", "{\"components\":{\"schemas\":{\"A\":{\"minimun\":1}}}}"), "minimun"},
		{FRAGMENT("bad", "{\"components\":{\"schemas\":{\"A\":{\"$ref\":\"#/x\"}}}}"), "nowhere"},
		{FRAGMENT("bad",
				  "{\"paths\":{\"/a\":{\"get\":{\"operationId\":\"a\",\"parameters\":[{}]}}}}"),
		 "parameter 0"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const OpenapiFragment all[] = {good[0], good[1], good[2], cases[i].fragment};
		SluiceError err = {0};

		assert_null(openapi_new(all, 4, &err));
		if (strstr(err.message, cases[i].message) == NULL)
			fail_msg("%s", err.message);
	}
}

/* The error of binding these routes to the good document; "" when they fit. */
static const char *
bind(const Route *routes, size_t count)
{
	static SluiceError err;
	const Routes table = {routes, count};
	const Routes *const tables[] = {&table, NULL};
	Openapi *openapi = make(good, 3);
	Router *router = router_new(tables, &err);

	assert_non_null(router);
	err.message[0] = '\0';
	if (openapi_bind(openapi, router, &err))
	{
		size_t length;
		const char *etag;

		assert_non_null(strstr(openapi_text(openapi, &length, &etag), "listThings"));
		assert_int_equal(etag[0], '"');
		assert_non_null(strstr(openapi_text(openapi, &length, &etag),
							   "\"security\":[{\"api_key\":[\"streams:read\"]}]"));
	}
	router_free(router);
	openapi_free(openapi);
	return err.message;
}

static void
routes_and_operations_must_fit(void **state)
{
	const Route list = {HTTP_GET, "/things", "listThings", SCOPE_STREAMS_READ, handler, 0};
	const Route one = {HTTP_POST, "/things", "makeThing", SCOPE_NONE, handler, ROUTE_PUBLIC};
	const Route other = {HTTP_GET, "/other", "listOthers", SCOPE_NONE, handler, 0};
	const Route wrong_path = {HTTP_GET, "/thing", "listThings", SCOPE_NONE, handler, 0};
	const Route wrong_method = {HTTP_PUT, "/things", "makeThing", SCOPE_NONE, handler, 0};

	(void) state;
	assert_string_equal(bind((Route[]){list, one}, 2), "");
	assert_non_null(strstr(bind((Route[]){list}, 1), "makeThing"));
	assert_non_null(strstr(bind((Route[]){list, one, other}, 3), "listOthers"));
	assert_non_null(strstr(bind((Route[]){wrong_path, one}, 2), "/thing"));
	assert_non_null(strstr(bind((Route[]){list, wrong_method}, 2), "PUT"));
}

static void
the_document_of_the_program_is_sound(void **state)
{
	Openapi *openapi = make(openapi_fragments, openapi_fragment_count);

	(void) state;
	assert_non_null(openapi_operation(openapi, "getLive"));
	openapi_free(openapi);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_become_one_document),
		cmocka_unit_test(bad_fragments_are_named),
		cmocka_unit_test(routes_and_operations_must_fit),
		cmocka_unit_test(the_document_of_the_program_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
