/*
 * cli_text_test.c - what reaches a terminal: clean texts, their widths, numbers, tables, forms of output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/format.h"
#include "cli/output.h"
#include "cli/text.h"

static void
assert_clean(const char *text, const char *expected)
{
	char *clean = text_clean(text);

	assert_string_equal(clean, expected);
	free(clean);
}

static void
nothing_commands_a_terminal(void **state)
{
	(void) state;
	assert_clean("plain", "plain");
	assert_clean("\033[31mred\007", "\\x1b[31mred\\x07");
	assert_clean("a\nb\rc\td\177", "a\\nb\\rc\\td\\x7f");
	assert_clean("\xC2\x9B"
				 "1m",
				 "\\u009b1m"); /* C1: CSI as one character */
	assert_clean("\xE2\x80\xAE"
				 "gpj",
				 "\\u202egpj");							  /* right to left */
	assert_clean("\xF3\xA0\x81\x81", "\\U000e0041");	  /* a tag, not seen */
	assert_clean("\xFF\xC3", "\xEF\xBF\xBD\xEF\xBF\xBD"); /* not UTF-8 */
	assert_clean("\xC3\xA9 \xE8\xA1\xA8 \xF0\x9F\x98\x80",
				 "\xC3\xA9 \xE8\xA1\xA8 \xF0\x9F\x98\x80");
}

static void
widths_are_those_of_terminals(void **state)
{
	(void) state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("\xC3\xA9"), 1);
	assert_int_equal(text_width("e\xCC\x81"), 1);		 /* with an accent of its own */
	assert_int_equal(text_width("\xE8\xA1\xA8"), 2);	 /* a Han character */
	assert_int_equal(text_width("\xF0\x9F\x98\x80"), 2); /* a picture */
}

static void
texts_are_cut_to_columns(void **state)
{
	static const struct
	{
		const char *text;
		size_t columns;
		bool utf8;
		const char *cut;
	} cases[] = {
		{"abcdef", 6, true, "abcdef"},
		{"abcdef", 5, true, "abcd\xE2\x80\xA6"},
		{"abcdef", 5, false, "abcd~"},
		{"abcdef", 1, true, "\xE2\x80\xA6"},
		{"abcdef", 0, true, ""},
		{"\xE8\xA1\xA8\xE8\xA1\xA8", 3, true, "\xE8\xA1\xA8\xE2\x80\xA6"},
		{"\xE8\xA1\xA8\xE8\xA1\xA8", 2, true, "\xE2\x80\xA6"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *text = text_clean(cases[i].text);

		text_cut(text, cases[i].columns, cases[i].utf8);
		assert_string_equal(text, cases[i].cut);
		assert_true(text_width(text) <= cases[i].columns);
		free(text);
	}
}

static void
json_stays_json(void **state)
{
	char *clean = text_clean_json("{\"a\": \"\xC2\x9B\xE2\x80\xAE\xF3\xA0\x81\x81 \xC3\xA9\"}\n");

	(void) state;
	assert_string_equal(clean, "{\"a\": \"\\u009b\\u202e\\udb40\\udc41 \xC3\xA9\"}\n");
	free(clean);
}

static void
numbers_read_well(void **state)
{
	char text[FORMAT_TEXT];

	(void) state;
	assert_string_equal(format_count(text, 0), "0");
	assert_string_equal(format_count(text, 1234567), "1,234,567");
	assert_string_equal(format_count(text, -1000), "-1,000");
	assert_string_equal(format_count(text, INT64_MIN), "-9,223,372,036,854,775,808");
	assert_string_equal(format_short(text, 999), "999");
	assert_string_equal(format_short(text, 1234), "1.23 k");
	assert_string_equal(format_short(text, 45600000), "45.6 M");
	assert_string_equal(format_short(text, 999999), "1.00 M");
	assert_string_equal(format_bytes(text, 0), "0 B");
	assert_string_equal(format_bytes(text, 1536), "1.50 kB");
	assert_string_equal(format_bytes(text, 1 << 20), "1 MB");
	assert_string_equal(format_bytes(text, 1e18), "888 PB");
}

static void
durations_and_moments_read_well(void **state)
{
	char text[FORMAT_TEXT];

	(void) state;
	assert_string_equal(format_seconds(text, -1), "-");
	assert_string_equal(format_seconds(text, 0.0), "0 ms");
	assert_string_equal(format_seconds(text, 0.85), "850 ms");
	assert_string_equal(format_seconds(text, 3.24), "3.2 s");
	assert_string_equal(format_seconds(text, 59.6), "1:00");
	assert_string_equal(format_seconds(text, 3723), "1:02:03");
	assert_string_equal(format_seconds(text, 86400 * 3 + 245), "3 d 0:04:05");
	assert_string_equal(format_time(text, "no time"), "no time");
	assert_int_equal(strlen(format_time(text, "2026-01-31T12:00:00.123Z")),
					 strlen("2026-01-31 12:00:00"));
}

/* ---- output ---- */

static const Column columns[] = {{"name", "name", COLUMN_TEXT},
								 {"state", "state", COLUMN_STATE},
								 {"size", "of.bytes", COLUMN_BYTES},
								 {0}};
static const Listing listing = {.columns = columns, .id = "id"};

/* What a list becomes in a form. */
static char *
list_text(OutputFormat format, const char *chosen, bool quiet, bool color)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);
	const Terminal terminal = {
		.out = {.file = file, .color = color}, .err = {.file = file}, .utf8 = true};
	const Output output = {
		.terminal = &terminal, .format = format, .quiet = quiet, .header = true, .columns = chosen};
	json_t *items =
		json_pack("[{s:s, s:s, s:s, s:{s:i}}, {s:s, s:s, s:n}]", "id", "x_1", "name", "a, \"b\"",
				  "state", "failed", "of", "bytes", 2048, "id", "x_2", "name", "c\nd", "state");
	SluiceError err;

	assert_true(output_list(&output, &listing, items, &err));
	(void) fclose(file);
	json_decref(items);
	return text;
}

static void
forms_of_a_list(void **state)
{
	static const struct
	{
		OutputFormat format;
		const char *columns;
		bool quiet, color;
		const char *text;
	} cases[] = {
		{OUTPUT_TABLE, NULL, false, false,
		 "NAME    STATE   SIZE\na, \"b\"  failed  2 kB\nc\\nd    -          -\n"},
		{OUTPUT_TABLE, "size", false, true, "\033[1mSIZE\033[0m\n2 kB\n   -\n"},
		{OUTPUT_TABLE, "state", false, true, "\033[1mSTATE\033[0m\n\033[1;31mfailed\033[0m\n-\n"},
		{OUTPUT_CSV, NULL, false, false,
		 "name,state,size\r\n\"a, \"\"b\"\"\",failed,2048\r\n\"c\nd\",,\r\n"},
		{OUTPUT_PLAIN, "name,of.bytes", false, false, "a, \"b\"\t2048\nc\\nd\t\n"},
		{OUTPUT_JSONL, NULL, false, false,
		 "{\"id\":\"x_1\",\"name\":\"a, \\\"b\\\"\",\"state\":\"failed\",\"of\":{\"bytes\":2048}}\n"
		 "{\"id\":\"x_2\",\"name\":\"c\\nd\",\"state\":null}\n"},
		{OUTPUT_JSON, NULL, true, false, "x_1\nx_2\n"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *text = list_text(cases[i].format, cases[i].columns, cases[i].quiet, cases[i].color);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

static void
columns_that_are_not_there_are_refused(void **state)
{
	static const struct
	{
		const char *columns;
		bool good;
	} cases[] = {{"name,of.bytes", true}, {"size", true}, {"id", true},	   {"description", true},
				 {"of.something", true},  {"nam", false}, {"name,", true}, {"name,siz", false},
				 {"bytes", false},		  {"of.", true}};
	json_t *items = json_pack("[{s:s, s:s}, {s:s, s:{s:i}}]", "id", "x", "name", "a", "id", "y",
							  "of", "bytes", 1);

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *text = NULL;
		size_t length = 0;
		FILE *file = open_memstream(&text, &length);
		const Terminal terminal = {.out = {.file = file}, .err = {.file = file}};
		const Output output = {
			.terminal = &terminal, .format = OUTPUT_CSV, .columns = cases[i].columns};
		SluiceError err = {0};

		assert_int_equal(output_list(&output, &listing, items, &err), cases[i].good);
		(void) fclose(file);
		if (!cases[i].good)
		{
			assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
			assert_string_equal(err.hint, "there are name, state, size, id");
			assert_string_equal(text, "");
		}
		free(text);
	}
	json_decref(items);
}

static void
a_document_is_a_line_for_each_value(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);
	const Terminal terminal = {.out = {.file = file}, .err = {.file = file}};
	const Output output = {.terminal = &terminal, .format = OUTPUT_TABLE, .header = true};
	json_t *document = json_pack("{s:s, s:{s:b, s:[s,s]}, s:[{s:i}]}", "name", "x", "tls", "on", 1,
								 "list", "a", "b", "jobs", "rows", 1234);
	SluiceError err;

	(void) state;
	assert_true(output_document(&output, "name", document, &err));
	(void) fclose(file);
	assert_string_equal(text,
						"name         x\ntls.on       yes\ntls.list     a,b\njobs.0.rows  1,234\n");
	json_decref(document);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_commands_a_terminal),
		cmocka_unit_test(widths_are_those_of_terminals),
		cmocka_unit_test(texts_are_cut_to_columns),
		cmocka_unit_test(json_stays_json),
		cmocka_unit_test(numbers_read_well),
		cmocka_unit_test(durations_and_moments_read_well),
		cmocka_unit_test(forms_of_a_list),
		cmocka_unit_test(columns_that_are_not_there_are_refused),
		cmocka_unit_test(a_document_is_a_line_for_each_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
