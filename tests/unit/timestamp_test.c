/*
 * timestamp_test.c - times of documents, both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/control/timestamp.h"
#include "support/random.h"

static void
known_times(void **state)
{
	static const struct
	{
		const char *text;
		int64_t ms;
	} times[] = {
		{"1970-01-01T00:00:00.000Z", 0},
		{"2000-02-29T12:34:56.789Z", INT64_C(951827696789)},
		{"2026-11-23T07:06:08.001Z", INT64_C(1795417568001)},
		{"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
	};
	char text[TIMESTAMP_TEXT], day[DAY_TEXT];
	int64_t ms;

	(void) state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
	{
		assert_string_equal(timestamp_format(text, times[i].ms), times[i].text);
		assert_true(timestamp_parse(times[i].text, &ms));
		assert_true(ms == times[i].ms);
	}
	assert_string_equal(timestamp_day(day, times[1].ms), "20000229");
	assert_string_equal(timestamp_format(text, -1), "1970-01-01T00:00:00.000Z");
	assert_string_equal(timestamp_format(text, INT64_MAX), "9999-12-31T23:59:59.999Z");
}

static void
other_ways_to_write_them(void **state)
{
	static const char *const same[] = {
		"2026-11-23T07:06:08.5Z",		 "2026-11-23t07:06:08.500z",
		"2026-11-23 07:06:08.500999Z",	 "2026-11-23T08:06:08.5+01:00",
		"2026-11-22T19:36:08.500-11:30",
	};
	int64_t first, ms;

	(void) state;
	assert_true(timestamp_parse(same[0], &first));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
	{
		assert_true(timestamp_parse(same[i], &ms));
		assert_true(ms == first);
	}
	assert_true(timestamp_parse("2016-12-31T23:59:60Z", &ms));
	assert_true(timestamp_parse("2017-01-01T00:00:00Z", &first) && ms == first);
}

static void
what_is_no_time(void **state)
{
	static const char *const bad[] = {
		"",
		"2026-11-23",
		"2026-11-23T07:06:08",
		"2026-11-23T07:06:08.Z",
		"2026-11-23T07:06Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-11-23T24:00:00Z",
		"2026-11-23T00:60:00Z",
		"2026-11-23T00:00:61Z",
		"2026-11-23T00:00:00+24:00",
		"2026-11-23T00:00:00+0100",
		"2026-11-23T00:00:00Zx",
		" 2026-11-23T00:00:00Z",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+01:00",
		"9999-12-31T23:59:59-01:00",
		"+026-11-23T00:00:00Z",
	};
	int64_t ms;

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		if (timestamp_parse(bad[i], &ms))
			fail_msg("\"%s\"", bad[i]);
	}
}

static void
any_time_comes_back(void **state)
{
	Random random = random_start();
	char text[TIMESTAMP_TEXT];
	int64_t back;

	(void) state;
	for (int i = 0; i < 100000; i++)
	{
		int64_t ms = (int64_t) (random_u64(&random) % UINT64_C(253402300800000));

		assert_int_equal(strlen(timestamp_format(text, ms)), TIMESTAMP_TEXT - 1);
		assert_true(timestamp_parse(text, &back));
		assert_true(back == ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_times),
		cmocka_unit_test(other_ways_to_write_them),
		cmocka_unit_test(what_is_no_time),
		cmocka_unit_test(any_time_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
