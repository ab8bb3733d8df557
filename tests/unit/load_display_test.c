/*
 * load_display_test.c - how figures of a copy read, and the JSON at the end of a chunk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "writer/load_display.h"
#include "writer/load_gather.h"

static void
numbers_are_short(void **state)
{
	static const struct
	{
		double value;
		const char *text;
	} cases[] = {{0, "0"},		   {7, "7"},		   {999, "999"},	 {1000, "1.00k"},
				 {9994, "9.99k"},  {12345, "12.3k"},   {999499, "999k"}, {999500, "1.00M"},
				 {1.5e9, "1.50G"}, {2.25e12, "2.25T"}, {4e18, "4000P"}};
	char text[FIGURE_TEXT];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(figure_format(text, cases[i].value), cases[i].text);
}

static void
durations_are_clocks(void **state)
{
	char text[FIGURE_TEXT];

	(void) state;
	assert_string_equal(figure_duration(text, -1), "-");
	assert_string_equal(figure_duration(text, 0), "0:00");
	assert_string_equal(figure_duration(text, 245), "4:05");
	assert_string_equal(figure_duration(text, 3723), "1:02:03");
}

static void
rate_tells_the_time_to_go(void **state)
{
	double rate;
	int64_t left;

	(void) state;
	figure_rate(3000, 1000, 2000, 10000, &rate, &left);
	assert_true(rate > 999 && rate < 1001);
	assert_int_equal(left, 7);
	figure_rate(1000, 1000, 2000, 10000, &rate, &left);
	assert_true(rate < 0.1);
	assert_int_equal(left, -1);
	figure_rate(10000, 1000, 0, 10000, &rate, &left);
	assert_int_equal(left, 0);
}

static void
chunk_end_is_read(void **state)
{
	static const char good[] = "{\"bundles\": 3, \"rows\": 12345678901, \"bytes\": 0, \"new\": 1}";
	static const char *const bad[] = {"",
									  "{}",
									  "[3]",
									  "{\"bundles\": 0, \"rows\": 1, \"bytes\": 1}",
									  "{\"bundles\": 1, \"rows\": -1, \"bytes\": 1}",
									  "{\"bundles\": \"1\", \"rows\": 1, \"bytes\": 1}"};
	ChunkEnd end;
	SluiceError err;

	(void) state;
	assert_true(chunk_end_parse((const uint8_t *) good, strlen(good), &end, &err));
	assert_true(end.bundles == 3 && end.rows == 12345678901 && end.bytes == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_false(chunk_end_parse((const uint8_t *) bad[i], strlen(bad[i]), &end, &err));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_short),
		cmocka_unit_test(durations_are_clocks),
		cmocka_unit_test(rate_tells_the_time_to_go),
		cmocka_unit_test(chunk_end_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
