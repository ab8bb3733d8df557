/*
 * control_request_test.c - problems, pages with cursors, revisions in If-Match, scopes, rate limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/http/cursor.h"
#include "control/http/rate_limit.h"
#include "control/http/scope.h"

/* ---- problems ---- */

static void
every_problem_has_a_status_and_a_code(void **state)
{
	(void) state;
	for (ProblemType type = PROBLEM_NONE; type < PROBLEM_TYPES; type++)
	{
		assert_in_range(problem_status(type), 400, 599);
		assert_non_null(problem_code(type));
	}
}

static void
a_problem_is_rfc_9457(void **state)
{
	Problem problem = {0};
	json_t *json;

	(void) state;
	problem_set(&problem, PROBLEM_INVALID, "the %s is wrong", "name");
	problem_add(&problem, "/name", "pattern", NULL, "must match %s", "^[a-z]+$");
	problem_add(&problem, "/x", "unknown_property", "leave it out", "is not known");
	problem.extra = json_pack("{s:i, s:s}", "limit", 5, "title", "not mine to change");
	json = problem_json(&problem, "/api/v1/streams", "req_1");
	assert_string_equal(json_string_value(json_object_get(json, "type")), "/problems/invalid");
	assert_string_equal(json_string_value(json_object_get(json, "title")), "Invalid content");
	assert_int_equal(json_integer_value(json_object_get(json, "status")), 422);
	assert_int_equal(json_integer_value(json_object_get(json, "limit")), 5);
	assert_int_equal(json_array_size(json_object_get(json, "errors")), 2);
	assert_true(
		json_is_null(json_object_get(json_array_get(json_object_get(json, "errors"), 0), "fix")));
	json_decref(json);
	problem_free(&problem);
}

static void
foreign_bytes_in_details_stay_json(void **state)
{
	char longest[2000];
	Problem problem = {0};
	json_t *json;

	(void) state;
	memset(longest, 0xC3, sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	problem_set(&problem, PROBLEM_UPSTREAM, "it said \xFF %s", longest);
	problem_add(&problem, "/a", "b", NULL, "%s", longest);
	json = problem_json(&problem, "/", "req_1");
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "errors")), 1);
	assert_non_null(strstr(json_string_value(json_object_get(json, "detail")), "it said ? ?"));
	json_decref(json);
	problem_free(&problem);
}

static void
errors_of_parts_become_problems(void **state)
{
	static const struct
	{
		SluiceErrorCode code;
		int status;
	} cases[] = {
		{SLUICE_ERROR_CONFLICT, 409}, {SLUICE_ERROR_NOT_FOUND, 404}, {SLUICE_ERROR_IO, 503},
		{SLUICE_ERROR_TIMEOUT, 503},  {SLUICE_ERROR_CORRUPT, 500},	 {SLUICE_ERROR_DENIED, 403},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const SluiceError err = {.code = cases[i].code, .message = "no", .hint = "do this"};
		Response response = {0};

		assert_false(response_error(&response, &err));
		assert_int_equal(problem_status(response.problem.type), cases[i].status);
		assert_string_equal(response.problem.detail, "no; do this");
		assert_int_equal(response.problem.retry_after > 0, cases[i].status == 503);
	}
}

/* ---- If-Match ---- */

static void
if_match_names_the_revision(void **state)
{
	static const struct
	{
		const char *header;
		ProblemType problem;
	} cases[] = {
		{"\"7\"", PROBLEM_NONE},   {"W/\"7\"", PROBLEM_NONE}, {"\"5\", \"7\"", PROBLEM_NONE},
		{"*", PROBLEM_NONE},	   {"\"8\"", PROBLEM_STALE},  {"7", PROBLEM_STALE},
		{"\"77\"", PROBLEM_STALE}, {"", PROBLEM_STALE},		  {"\"7", PROBLEM_STALE},
		{"\"7\"x", PROBLEM_STALE}, {",,,", PROBLEM_STALE},	  {NULL, PROBLEM_PRECONDITION_REQUIRED},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const NamedText header = {"if-match", cases[i].header};
		const Request request = {.headers = &header, .header_count = cases[i].header != NULL};
		Response response = {0};

		assert_int_equal(request_if_match(&request, 7, &response),
						 cases[i].problem == PROBLEM_NONE);
		assert_int_equal(response.problem.type, cases[i].problem);
	}
}

/* ---- pages ---- */

static void
cursors_come_back(void **state)
{
	char key[CURSOR_KEY_MAXIMUM + 1];
	char text[CURSOR_MAXIMUM + 1];
	char longest[CURSOR_KEY_MAXIMUM + 2];

	(void) state;
	assert_true(cursor_encode("str_abc/\xC3\xA9", text));
	assert_true(cursor_decode(text, key));
	assert_string_equal(key, "str_abc/\xC3\xA9");
	memset(longest, 'x', sizeof(longest));
	longest[CURSOR_KEY_MAXIMUM] = '\0';
	assert_true(cursor_encode(longest, text));
	assert_true(cursor_decode(text, key));
	assert_string_equal(key, longest);
	longest[CURSOR_KEY_MAXIMUM] = 'x';
	longest[CURSOR_KEY_MAXIMUM + 1] = '\0';
	assert_false(cursor_encode(longest, text));
}

static void
what_is_no_cursor_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "a", "!!!!", "MQ", "Mg==", "MmFiYw", "MQBh", "AAAAAAAAAAAA", "MXN0cl\xC7\x97\xA6\x9CM"};
	char key[CURSOR_KEY_MAXIMUM + 1];
	char longest[1000];

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(cursor_decode(texts[i], key));
	memset(longest, 'M', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(cursor_decode(longest, key));
}

static bool
begin_page(const char *limit, const char *cursor, Page *page, Response *response)
{
	const NamedText query[] = {{"limit", limit}, {"cursor", cursor}};
	const Request request = {.query = limit != NULL ? query : query + 1,
							 .query_count = (limit != NULL) + (cursor != NULL)};

	return page_read(&request, page, response);
}

static void
a_page_tells_where_the_next_begins(void **state)
{
	Response response = {0};
	char cursor[CURSOR_MAXIMUM + 1];
	Page page;

	(void) state;
	assert_true(begin_page("2", NULL, &page, &response));
	for (int i = 0; i < 5 && !page_full(&page); i++)
		page_add(&page, i == 0 ? "a" : "b", json_integer(i));
	assert_true(page_answer(&page, &response));
	assert_int_equal(json_array_size(json_object_get(response.body, "items")), 2);
	(void) snprintf(cursor, sizeof(cursor), "%s",
					json_string_value(json_object_get(response.body, "next_cursor")));
	response_free(&response);
	assert_true(begin_page(NULL, cursor, &page, &response));
	assert_string_equal(page.after, "b");
	assert_int_equal(page.limit, PAGE_LIMIT_DEFAULT);
	assert_true(page_answer(&page, &response));
	assert_true(json_is_null(json_object_get(response.body, "next_cursor")));
	response_free(&response);
	assert_false(begin_page("2", "nonsense", &page, &response));
	assert_int_equal(response.problem.type, PROBLEM_BAD_REQUEST);
	assert_false(begin_page("0", NULL, &page, &response));
	assert_false(begin_page("201", NULL, &page, &response));
}

/* ---- scopes ---- */

static void
scopes_have_names_and_groups(void **state)
{
	uint64_t bits, all, reading;

	(void) state;
	for (Scope scope = SCOPE_NONE + 1; scope < SCOPES; scope++)
	{
		assert_true(scope_parse(scope_names[scope], &bits));
		assert_true(bits == SCOPE_BIT(scope));
	}
	assert_true(scope_parse("*", &all));
	assert_true(scope_parse("read:*", &reading));
	assert_true((all & SCOPE_BIT(SCOPE_WORKER)) == 0);
	assert_true((all & SCOPE_BIT(SCOPE_TENANTS_ADMIN)) != 0);
	assert_true((reading & all) == reading);
	assert_true((reading & SCOPE_BIT(SCOPE_STREAMS_WRITE)) == 0);
	assert_true((reading & SCOPE_BIT(SCOPE_KEYS_ADMIN)) == 0);
	assert_false(scope_parse("", &bits));
	assert_false(scope_parse("streams", &bits));
	assert_false(scope_parse("streams:readx", &bits));
}

/* ---- rates ---- */

static void
a_burst_is_allowed_then_a_rate(void **state)
{
	RateLimit *limit = rate_limit_new(10, 20, NULL);
	int after = 0;

	(void) state;
	assert_non_null(limit);
	for (int i = 0; i < 20; i++)
		assert_true(rate_limit_take(limit, "one", 1000, &after));
	assert_false(rate_limit_take(limit, "one", 1000, &after));
	assert_int_equal(after, 1);
	assert_true(rate_limit_take(limit, "two", 1000, &after));
	assert_false(rate_limit_take(limit, "one", 1099, &after));
	assert_true(rate_limit_take(limit, "one", 1101, &after));
	assert_false(rate_limit_take(limit, "one", 1101, &after));
	for (int i = 0; i < 20; i++)
		assert_true(rate_limit_take(limit, "one", 60000, &after));
	assert_false(rate_limit_take(limit, "one", 60000, &after));
	rate_limit_free(limit);
}

static void
who_is_at_the_limit_stays_there_among_many(void **state)
{
	RateLimit *limit = rate_limit_new(1, 2, NULL);
	char name[32];
	int after = 0;

	(void) state;
	assert_true(rate_limit_take(limit, "greedy", 1, &after));
	assert_true(rate_limit_take(limit, "greedy", 1, &after));
	for (int i = 0; i < 100000; i++)
	{
		(void) snprintf(name, sizeof(name), "other-%d", i);
		(void) rate_limit_take(limit, name, 1, &after);
	}
	assert_false(rate_limit_take(limit, "greedy", 1, &after));
	rate_limit_free(limit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_has_a_status_and_a_code),
		cmocka_unit_test(a_problem_is_rfc_9457),
		cmocka_unit_test(foreign_bytes_in_details_stay_json),
		cmocka_unit_test(errors_of_parts_become_problems),
		cmocka_unit_test(if_match_names_the_revision),
		cmocka_unit_test(cursors_come_back),
		cmocka_unit_test(what_is_no_cursor_is_refused),
		cmocka_unit_test(a_page_tells_where_the_next_begins),
		cmocka_unit_test(scopes_have_names_and_groups),
		cmocka_unit_test(a_burst_is_allowed_then_a_rate),
		cmocka_unit_test(who_is_at_the_limit_stays_there_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
