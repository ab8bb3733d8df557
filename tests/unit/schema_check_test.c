/*
 * schema_check_test.c - values against schemas; patterns and formats; bodies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/http/json_body.h"
#include "control/http/schema_check.h"
#include "control/http/schema_format.h"
#include "control/http/schema_pattern.h"

/* Names of others for the references of the tests. */
static const char document_text[] =
	"{'schemas': {'name': {'type': 'string', 'pattern': '^[a-z]{1,5}$'},"
	" 'tree': {'type': 'object', 'additionalProperties': false,"
	"          'properties': {'children': {'type': 'array', 'items': {'$ref': '#/schemas/tree'}}}},"
	" 'loop': {'$ref': '#/schemas/loop'}}}";

static json_t *
json_of(const char *text)
{
	char *quoted = strdup(text);
	json_t *json;

	assert_non_null(quoted);
	for (char *at = quoted; *at != '\0'; at++)
		if (*at == '\'')
			*at = '"';
	json = json_loads(quoted, JSON_DECODE_ANY, NULL);
	free(quoted);
	assert_non_null(json);
	return json;
}

/* "pointer code" of all that does not fit, with blanks between; "" when it fits. */
static const char *
faults(const char *schema_text, const char *value_text)
{
	static char text[2000];
	json_t *document = json_of(document_text);
	json_t *schema = json_of(schema_text);
	json_t *value = json_of(value_text);
	Problem problem = {0};
	SluiceError err = {0};
	size_t index;
	json_t *error;
	bool fits;

	assert_true(schema_known(document, schema, "", &err));
	fits = schema_check(document, schema, value, "", &problem);
	assert_int_equal(fits, problem.errors == NULL);
	text[0] = '\0';
	json_array_foreach(problem.errors, index, error)
	{
		assert_true(json_string_length(json_object_get(error, "detail")) > 0);
		(void) snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %s",
						index > 0 ? ", " : "", json_string_value(json_object_get(error, "pointer")),
						json_string_value(json_object_get(error, "code")));
	}
	problem_free(&problem);
	json_decref(document);
	json_decref(schema);
	json_decref(value);
	return text;
}

#define assert_faults(schema, value, wanted) assert_string_equal(faults(schema, value), wanted)

static void
types_are_told_apart(void **state)
{
	(void) state;
	assert_faults("{'type': 'string'}", "'x'", "");
	assert_faults("{'type': 'string'}", "1", " type");
	assert_faults("{'type': 'integer'}", "1.5", " type");
	assert_faults("{'type': 'integer'}", "true", " type");
	assert_faults("{'type': 'number'}", "1", "");
	assert_faults("{'type': ['string', 'null']}", "null", "");
	assert_faults("{'type': ['string', 'null']}", "{}", " type");
	assert_faults("{}", "[1]", "");
}

static void
objects_have_what_they_should(void **state)
{
	static const char schema[] =
		"{'type': 'object', 'required': ['a', 'b'], 'additionalProperties': false,"
		" 'properties': {'a': {'type': 'integer'}, 'b': {'type': 'string'}, 'c': {'type': "
		"'boolean'}}}";

	(void) state;
	assert_faults(schema, "{'a': 1, 'b': ''}", "");
	assert_faults(schema, "{'a': '1', 'x': 2}", "/b required, /a type, /x unknown_property");
	assert_faults("{'type': 'object', 'additionalProperties': {'type': 'integer'}}",
				  "{'a/b': 'x', '~': 1}", "/a~1b type");
	assert_faults(
		"{'type': 'object', 'propertyNames': {'pattern': '^[a-z]+$'}, 'maxProperties': 1}",
		"{'A': 1, 'b': 2}", "/A pattern,  too_many");
}

static void
texts_and_numbers_have_bounds(void **state)
{
	(void) state;
	assert_faults("{'minLength': 2, 'maxLength': 3}", "'\xC3\xA9\xC3\xA9'", "");
	assert_faults("{'minLength': 2}", "'\xC3\xA9'", " too_short");
	assert_faults("{'maxLength': 3}", "'abcd'", " too_long");
	assert_faults("{'minimum': 1, 'maximum': 2}", "3", " too_large");
	assert_faults("{'minimum': 1, 'maximum': 2}", "0.5", " too_small");
	assert_faults("{'enum': ['a', 'b', null]}", "'c'", " enum");
	assert_faults("{'const': 5}", "6", " const");
	assert_faults("{'format': 'date-time'}", "'2026-01-31T12:00:00Z'", "");
	assert_faults("{'format': 'date-time'}", "'yesterday'", " format");
}

static void
lists_have_bounds(void **state)
{
	static const char schema[] = "{'type': 'array', 'items': {'type': 'integer'}, 'minItems': 1, "
								 "'maxItems': 3, 'uniqueItems': true}";

	(void) state;
	assert_faults(schema, "[1, 2]", "");
	assert_faults(schema, "[]", " too_few");
	assert_faults(schema, "[1, 'x', 1, 4]", " too_many, /1 type,  not_unique");
}

static void
references_are_followed(void **state)
{
	(void) state;
	assert_faults("{'$ref': '#/schemas/name'}", "'abc'", "");
	assert_faults("{'$ref': '#/schemas/name'}", "'ABC'", " pattern");
	assert_faults("{'$ref': '#/schemas/tree'}", "{'children': [{'children': [{'x': 1}]}]}",
				  "/children/0/children/0/x unknown_property");
}

static void
one_of_speaks_of_the_member_that_is_meant(void **state)
{
	static const char schema[] =
		"{'oneOf': [{'type': 'object', 'required': ['type'], 'properties': {'type': {'const': "
		"'a'}, 'x': {'type': 'integer'}}},"
		"           {'type': 'object', 'required': ['type'], 'properties': {'type': {'const': "
		"'b'}, 'y': {'type': 'integer'}}}]}";

	(void) state;
	assert_faults(schema, "{'type': 'a', 'x': 1}", "");
	assert_faults(schema, "{'type': 'b', 'y': 'z'}", "/y type");
	assert_faults(schema, "{'type': 'c'}", "/type enum");
	assert_faults(schema, "{}", "/type required");
	assert_faults(schema, "1", " one_of");
	assert_faults("{'oneOf': [{'type': 'integer'}, {'type': 'number'}]}", "1", " one_of");
	assert_faults("{'anyOf': [{'type': 'integer'}, {'type': 'number'}]}", "1", "");
	assert_faults("{'anyOf': [{'type': 'integer'}, {'type': 'null'}]}", "'x'", " any_of");
	assert_faults("{'allOf': [{'minimum': 3}, {'maximum': 1}]}", "2", " too_small,  too_large");
}

static void
few_of_many_faults_are_told(void **state)
{
	char value[1000] = "[";
	json_t *schema = json_of("{'items': {'type': 'string'}}");
	json_t *list;
	Problem problem = {0};

	(void) state;
	for (int i = 0; i < 100; i++)
		strcat(value, i == 0 ? "1" : ",1");
	strcat(value, "]");
	list = json_of(value);
	assert_false(schema_check(schema, schema, list, "", &problem));
	assert_int_equal(json_array_size(problem.errors), SCHEMA_ERRORS_MAXIMUM);
	problem_free(&problem);
	json_decref(list);
	json_decref(schema);
}

/* Longer than there is room for: what is told is its beginning. */
static void
long_words_are_cut(void **state)
{
	char schema_text[1000] = "{'enum': ['first'";
	json_t *schema, *value = json_string("none");
	Problem problem = {0};
	const char *detail;

	(void) state;
	for (int i = 0; i < 40; i++)
		strcat(schema_text, ", 'another-word'");
	strcat(schema_text, "]}");
	schema = json_of(schema_text);
	assert_false(schema_check(schema, schema, value, "", &problem));
	detail = json_string_value(json_object_get(json_array_get(problem.errors, 0), "detail"));
	assert_memory_equal(detail, "must be one of [\"first\", \"another-word\", ", 40);
	assert_string_equal(detail + strlen(detail) - 3, "...");
	assert_in_range(strlen(detail), 150, 230);
	problem_free(&problem);
	json_decref(schema);
	json_decref(value);
}

static void
unknown_words_are_refused(void **state)
{
	static const char *const schemas[] = {
		"{'minimun': 1}",
		"{'properties': {'a': {'if': {}}}}",
		"{'items': {'pattern': '(a|b)'}}",
		"{'format': 'colour'}",
		"{'$ref': '#/schemas/nothing'}",
		"{'$ref': '#/schemas/loop'}",
		"{'oneOf': [{'type': 'string'}, 5]}",
	};
	json_t *document = json_of(document_text);

	(void) state;
	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++)
	{
		json_t *schema = json_of(schemas[i]);
		SluiceError err = {0};

		assert_false(schema_known(document, schema, "here", &err));
		assert_non_null(strstr(err.message, "here"));
		json_decref(schema);
	}
	json_decref(document);
}

static void
patterns_match_as_they_say(void **state)
{
	static const struct
	{
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"^[a-z0-9_]{1,4}$", "a_1", true},
		{"^[a-z0-9_]{1,4}$", "a_1bc", false},
		{"^[a-z0-9_]{1,4}$", "", false},
		{"^conn_[a-z0-9]{20}$", "conn_abcdefghij0123456789", true},
		{"^conn_[a-z0-9]{20}$", "conn_abcdefghij012345678", false},
		{"^a*b?c+$", "aaacc", true},
		{"^a*a$", "aaa", true},
		{"^.*x.*$", "abxcd", true},
		{"^[^/]+$", "a\xC3\xA9", true},
		{"^[^/]+$", "a/b", false},
		{"^.{2}$", "\xC3\xA9\xC3\xA9", true},
		{"b", "abc", true},
		{"b$", "abc", false},
		{"^\\d{2}-\\d{2}$", "12-34", true},
		{"^\\.$", "x", false},
		{"^[a\\-]+$", "a-", true},
		{"^[!-~]+$", "a b", false},
		{"^a{2,}$", "aaa", true},
		{"^a{2,}$", "a", false},
		{"^$", "", true},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_true(pattern_valid(cases[i].pattern));
		if (pattern_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("%s and \"%s\"", cases[i].pattern, cases[i].text);
	}
}

static void
patterns_out_of_form_are_refused(void **state)
{
	static const char *const patterns[] = {"(a)",	 "a|b",			"[a",  "a{",	"a{2",
										   "a{3,2}", "*",			"\\q", "[b-a]", "a$b",
										   "^^",	 "a{99999999}", "\\"};

	(void) state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (pattern_valid(patterns[i]) || pattern_matches(patterns[i], "a"))
			fail_msg("%s", patterns[i]);
}

static void
patterns_that_take_too_long_do_not_match(void **state)
{
	char text[2001];

	(void) state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(pattern_matches("^a*a*a*a*a*a*a*a*b$", text));
}

static void
formats_are_checked(void **state)
{
	(void) state;
	assert_true(format_known("uri"));
	assert_false(format_known("colour"));
	assert_true(format_fits("uri", "https://example.com/a?b=c"));
	assert_false(format_fits("uri", "javascript:alert(1)"));
	assert_true(format_fits("cidr", "10.0.0.0/8"));
	assert_true(format_fits("cidr", "fd00::/8"));
	assert_false(format_fits("cidr", "10.0.0.0/33"));
	assert_false(format_fits("cidr", "10.0.0/8"));
	assert_true(format_fits("date", "2026-02-28"));
	assert_false(format_fits("date", "2026-02-30"));
	assert_false(format_fits("date", "2026-02-28T00:00:00Z"));
}

static void
check_read(const char *text)
{
	SluiceError err;
	json_t *json = json_body_read(text, strlen(text), &err);

	assert_non_null(json);
	json_decref(json);
}

static void
bodies_are_bounded(void **state)
{
	char deep[2 * JSON_DEPTH_MAXIMUM + 3] = "";
	char quoted[200] = "\"";
	SluiceError err;

	(void) state;
	for (int i = 0; i < JSON_DEPTH_MAXIMUM; i++)
		strcat(deep, "[");
	for (int i = 0; i < JSON_DEPTH_MAXIMUM; i++)
		strcat(deep, "]");
	check_read(deep);
	memmove(deep + 1, deep, strlen(deep) + 1);
	deep[0] = '[';
	strcat(deep, "]");
	assert_null(json_body_read(deep, strlen(deep), &err));
	assert_non_null(strstr(err.message, "deeper"));
	/* Brackets inside of texts are none, whatever stands before their quotes. */
	for (int i = 0; i < JSON_DEPTH_MAXIMUM + 2; i++)
		strcat(quoted, "[\\\\\\\"");
	strcat(quoted, "\"");
	check_read(quoted);
}

static void
what_is_no_json_is_told_by_its_place(void **state)
{
	static const struct
	{
		const char *text, *message;
	} cases[] = {
		{"{", "too early"},
		{"{} x", "behind its end"},
		{"{\"a\":1,\"a\":2}", "twice"},
		{"\"\xFF\"", "UTF-8"},
		{"\"\\u0000\"", "NUL"},
		{"1e999", "too large"},
		{"99999999999999999999", "too large"},
		{"{secret}", "no JSON"},
		{"", "too early"},
	};
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		json_t *json = json_body_read(cases[i].text, strlen(cases[i].text), &err);

		assert_null(json);
		if (strstr(err.message, cases[i].message) == NULL || strstr(err.message, "secret") != NULL)
			fail_msg("%s: %s", cases[i].text, err.message);
	}
}

static void
parameters_become_values(void **state)
{
	json_t *integer = json_of("{'type': 'integer'}");
	json_t *flag = json_of("{'type': 'boolean'}");
	json_t *list = json_of("{'type': 'array', 'items': {'type': 'string'}}");
	json_t *value;

	(void) state;
	value = schema_value_of_text(integer, integer, "12");
	assert_int_equal(json_integer_value(value), 12);
	json_decref(value);
	value = schema_value_of_text(integer, integer, "\"12\"");
	assert_true(json_is_string(value));
	json_decref(value);
	value = schema_value_of_text(flag, flag, "true");
	assert_true(json_is_true(value));
	json_decref(value);
	value = schema_value_of_text(list, list, "a,b");
	assert_int_equal(json_array_size(value), 2);
	json_decref(value);
	json_decref(integer);
	json_decref(flag);
	json_decref(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_told_apart),
		cmocka_unit_test(objects_have_what_they_should),
		cmocka_unit_test(texts_and_numbers_have_bounds),
		cmocka_unit_test(lists_have_bounds),
		cmocka_unit_test(references_are_followed),
		cmocka_unit_test(one_of_speaks_of_the_member_that_is_meant),
		cmocka_unit_test(few_of_many_faults_are_told),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(unknown_words_are_refused),
		cmocka_unit_test(patterns_match_as_they_say),
		cmocka_unit_test(patterns_out_of_form_are_refused),
		cmocka_unit_test(patterns_that_take_too_long_do_not_match),
		cmocka_unit_test(formats_are_checked),
		cmocka_unit_test(bodies_are_bounded),
		cmocka_unit_test(what_is_no_json_is_told_by_its_place),
		cmocka_unit_test(parameters_become_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
