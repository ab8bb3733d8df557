/*
 * control_api_test.c - requests through the whole of api.h, with routes and a store of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "control/http/api.h"
#include "control/settings.h"
#include "control/store/identity_keys.h"
#include "tests/unit/support/memory_store.h"

#define DOCUMENT                                                                                   \
	"{\"paths\":{"                                                                                 \
	"\"/fail/{how}\":{\"get\":{\"operationId\":\"fail\",\"responses\":{}}},"                       \
	"\"/"                                                                                          \
	"echo\":{\"post\":{\"operationId\":\"echo\",\"responses\":{},\"requestBody\":{\"content\":{"   \
	"\"application/json\":{\"schema\":{\"type\":\"object\"}}}}}},"                                 \
	"\"/ping\":{\"get\":{\"operationId\":\"ping\",\"responses\":{}}}}}"

static const OpenapiFragment fragment = {"test", DOCUMENT, DOCUMENT + sizeof(DOCUMENT) - 1};

static struct
{
	Control control;
	ControlSettings settings;
	Api *api;
	char key[API_KEY_TEXT];
	int log_pipe[2];
} world;

static bool
fail_somehow(Control *control, const Request *request, Response *response)
{
	const char *how = request_parameter(request, "how");

	(void) control;
	if (strcmp(how, "silent") == 0)
		return false;
	if (strcmp(how, "inside") == 0)
		return response_fail(response, PROBLEM_INTERNAL, "the cat is in the tree");
	response->problem.retry_after = 7;
	return response_fail(response, PROBLEM_UNAVAILABLE, "NATS is away");
}

static bool
echo(Control *control, const Request *request, Response *response)
{
	(void) control;
	response->body = json_incref(request->body);
	response->status = 201;
	return true;
}

/* A long answer with an ETag. */
static bool
ping(Control *control, const Request *request, Response *response)
{
	(void) control;
	(void) request;
	response->text = calloc(1, 4001);
	assert_non_null(response->text);
	memset(response->text, 'x', 4000);
	response->content_type = "text/plain";
	response_etag(response, 5);
	return true;
}

static const Route some[] = {
	{HTTP_GET, "/fail/{how}", "fail", SCOPE_NONE, fail_somehow, ROUTE_PUBLIC},
	{HTTP_POST, "/echo", "echo", SCOPE_STREAMS_WRITE, echo, ROUTE_QUIET},
	{HTTP_GET, "/ping", "ping", SCOPE_NONE, ping, 0},
};
static const Routes table = {some, sizeof(some) / sizeof(some[0])};
static const Routes *const tables[] = {&table, NULL};

static int
setup(void **state)
{
	Control *control = &world.control;
	SluiceError err = {0};

	(void) state;
	if (sodium_init() < 0 || pipe(world.log_pipe) != 0)
		return -1;
	world.settings.body_maximum = 100;
	control->settings = &world.settings;
	control->log = log_new(world.log_pipe[1], LOG_FORMAT_LOGFMT, LOG_ERROR, NULL, &err);
	control->metrics = metrics_new(100, &err);
	control->store = memory_store_new();
	control->identity = identity_keys_new(control->store, control->log, &err);
	if (control->identity == NULL || !identity_first_key(control->store, world.key, &err))
		return -1;
	world.api = api_new(control, tables, &fragment, 1, &err);
	return world.api == NULL;
}

static int
teardown(void **state)
{
	Control *control = &world.control;

	(void) state;
	api_free(world.api);
	identity_stop(control->identity);
	store_stop(control->store);
	metrics_free(control->metrics);
	log_free(control->log);
	(void) close(world.log_pipe[0]);
	(void) close(world.log_pipe[1]);
	return 0;
}

/* An exchange with the first key and two more headers. */
static Outgoing
exchange(const char *method, const char *target, const char *body, const NamedText *more)
{
	char authorization[API_KEY_TEXT + 16];
	const NamedText headers[] = {
		{"authorization", authorization}, {"content-type", "application/json"}, *more};
	const Incoming incoming = {
		.method = method,
		.target = target,
		.headers = headers,
		.header_count = 3,
		.header_bytes = 100,
		.body = body,
		.body_length = body != NULL ? strlen(body) : 0,
		.address = "192.0.2.1",
		.network = "192.0.2.1",
	};
	Outgoing outgoing;

	(void) snprintf(authorization, sizeof(authorization), "Bearer %s", world.key);
	api_answer(world.api, &incoming, &outgoing, NULL);
	return outgoing;
}

static const NamedText nothing = {"x-nothing", ""};

static const char *
header_of(const Outgoing *outgoing, const char *name)
{
	for (size_t i = 0; i < outgoing->header_count; i++)
		if (strcmp(outgoing->headers[i].name, name) == 0)
			return outgoing->headers[i].value;
	return "";
}

static void
what_failed_inside_is_told_to_the_log_alone(void **state)
{
	Outgoing silent = exchange("GET", "/api/v1/fail/silent", NULL, &nothing);
	Outgoing inside =
		exchange("GET", "/api/v1/fail/inside", NULL, &(NamedText){"x-request-id", "find-me"});
	char log[4000];
	ssize_t length = read(world.log_pipe[0], log, sizeof(log) - 1);

	(void) state;
	assert_int_equal(silent.status, 500);
	assert_int_equal(inside.status, 500);
	assert_null(strstr(inside.body, "cat"));
	assert_non_null(strstr(inside.body, "find-me"));
	assert_string_equal(header_of(&inside, "X-Request-Id"), "find-me");
	assert_true(length > 0);
	log[length] = '\0';
	assert_non_null(strstr(log, "the cat is in the tree"));
	assert_non_null(strstr(log, "request_id=find-me"));
	outgoing_free(&silent);
	outgoing_free(&inside);
}

static void
what_passes_says_when(void **state)
{
	Outgoing answer = exchange("GET", "/api/v1/fail/away", NULL, &nothing);

	(void) state;
	assert_int_equal(answer.status, 503);
	assert_string_equal(header_of(&answer, "Retry-After"), "7");
	assert_string_equal(header_of(&answer, "Content-Type"), "application/problem+json");
	assert_non_null(strstr(answer.body, "\"retryable\":true"));
	outgoing_free(&answer);
}

static void
bodies_go_through(void **state)
{
	static const struct
	{
		const char *body;
		int status;
	} cases[] = {{"{\"a\":1}", 201}, {"[]", 422}, {"{", 400}, {"{\"a\":\"\\u0000\"}", 400}};
	char long_body[200];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Outgoing answer = exchange("POST", "/api/v1/echo", cases[i].body, &nothing);

		assert_int_equal(answer.status, cases[i].status);
		outgoing_free(&answer);
	}
	memset(long_body, ' ', sizeof(long_body) - 1);
	long_body[sizeof(long_body) - 1] = '\0';
	Outgoing answer = exchange("POST", "/api/v1/echo", long_body, &nothing);
	assert_int_equal(answer.status, 413);
	outgoing_free(&answer);
}

static void
answers_are_compressed_when_asked_for(void **state)
{
	static const struct
	{
		const char *accepted;
		bool compressed;
	} cases[] = {{"gzip", true},
				 {"br, gzip;q=0.5", true},
				 {"identity", false},
				 {"gzip;q=0", false},
				 {"gzip;q=0.0", false}};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Outgoing answer = exchange("GET", "/api/v1/ping", NULL,
								   &(NamedText){"accept-encoding", cases[i].accepted});

		assert_int_equal(answer.status, 200);
		assert_int_equal(strcmp(header_of(&answer, "Content-Encoding"), "gzip") == 0,
						 cases[i].compressed);
		assert_int_equal(answer.length < 4000, cases[i].compressed);
		outgoing_free(&answer);
	}
}

static void
what_is_there_already_is_not_sent_again(void **state)
{
	Outgoing answer = exchange("GET", "/api/v1/ping", NULL, &(NamedText){"if-none-match", "\"5\""});

	(void) state;
	assert_int_equal(answer.status, 304);
	assert_null(answer.body);
	assert_string_equal(header_of(&answer, "ETag"), "\"5\"");
	outgoing_free(&answer);
}

static void
foreign_bytes_in_an_address_stay_out_of_answers(void **state)
{
	Outgoing answer = exchange("GET", "/api/v1/\xFF\x01<b>", NULL, &nothing);
	json_t *json = json_loadb(answer.body, answer.length, 0, NULL);

	(void) state;
	assert_int_equal(answer.status, 404);
	assert_string_equal(json_string_value(json_object_get(json, "instance")), "/api/v1/?"
																			  "?<b>");
	json_decref(json);
	outgoing_free(&answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_failed_inside_is_told_to_the_log_alone),
		cmocka_unit_test(what_passes_says_when),
		cmocka_unit_test(bodies_go_through),
		cmocka_unit_test(answers_are_compressed_when_asked_for),
		cmocka_unit_test(what_is_there_already_is_not_sent_again),
		cmocka_unit_test(foreign_bytes_in_an_address_stay_out_of_answers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
