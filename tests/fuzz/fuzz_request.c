/*
 * fuzz_request.c - any bytes as a request's address (path and query), as a cursor, as If-Match, and as an API key.
 */
#include "control/http/cursor.h"
#include "control/http/router.h"
#include "control/http/url.h"
#include "control/store/identity_keys.h"
#include "fuzz.h"
#include "tests/unit/support/memory_store.h"

#include <string.h>

static bool
handler(Control *control, const Request *request, Response *response)
{
	(void) control;
	(void) request;
	(void) response;
	return true;
}

static const Route some[] = {
	{HTTP_GET, "/a/{id}", "one", SCOPE_NONE, handler, 0},
	{HTTP_POST, "/a/test", "two", SCOPE_NONE, handler, 0},
	{HTTP_GET, "/a/{id}/b/{name}/c/{x}/{y}", "three", SCOPE_NONE, handler, 0},
	{HTTP_GET, "//livez", "four", SCOPE_NONE, handler, 0},
};
static const Routes table = {some, sizeof(some) / sizeof(some[0])};
static const Routes *const tables[] = {&table, NULL};

static void
match(const char *path)
{
	static Router *router;
	RouteMatch found;

	if (router == NULL)
		router = router_new(tables, NULL);
	FUZZ_ASSERT(router != NULL);
	for (HttpMethod method = 0; method <= HTTP_METHODS; method++)
	{
		router_match(router, method, path, &found);
		FUZZ_ASSERT(found.route == NULL || (found.methods & (1u << found.route->method)) != 0);
		FUZZ_ASSERT(found.parameter_count <= ROUTE_PARAMETERS);
		for (size_t i = 0; i < found.parameter_count; i++)
			FUZZ_ASSERT(strlen(found.parameters[i].text) <= ROUTE_PARAMETER_LENGTH);
	}
}

static void
split(const char *query, size_t length)
{
	NamedText pairs[QUERY_PARAMETERS];
	char *room = malloc(URL_ROOM(length));
	size_t count;

	FUZZ_ASSERT(room != NULL);
	if (url_query(query, room, pairs, QUERY_PARAMETERS, &count))
		for (size_t i = 0; i < count; i++)
			FUZZ_ASSERT(strlen(pairs[i].name) + strlen(pairs[i].text) <= length);
	free(room);
}

/* A cursor that is read says the same when it is written. */
static void
decode(const char *text)
{
	char key[CURSOR_KEY_MAXIMUM + 1];
	char again[CURSOR_MAXIMUM + 1];

	if (cursor_decode(text, key))
		FUZZ_ASSERT(cursor_encode(key, again) && strcmp(again, text) == 0);
}

static void
hold_against_revision(const char *text)
{
	const NamedText header = {"if-match", text};
	const Request request = {.headers = &header, .header_count = 1};
	Response response = {0};

	if (!request_if_match(&request, 7, &response))
		FUZZ_ASSERT(response.problem.type == PROBLEM_STALE);
	else
		FUZZ_ASSERT(strchr(text, '7') != NULL || strcmp(text, "*") == 0);
}

/* Nobody guesses the one key there is. */
static void
log_in(const char *text)
{
	static Identity *identity;
	SluiceError err = {0};
	Caller caller = {0};

	if (identity == NULL)
	{
		Store *store = memory_store_new();
		char key[API_KEY_TEXT];

		FUZZ_ASSERT(store != NULL && identity_first_key(store, key, &err));
		identity = identity_keys_new(store, NULL, &err);
	}
	FUZZ_ASSERT(identity != NULL);
	FUZZ_ASSERT(!identity_check(identity, text, &caller, &err));
	FUZZ_ASSERT(err.code == SLUICE_ERROR_DENIED && caller.scopes == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_ASSERT(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	decode(text);
	hold_against_revision(text);
	log_in(text);
	split(text, size);
	text[strcspn(text, "?")] = '\0';
	match(text);
	free(text);
	return 0;
}
