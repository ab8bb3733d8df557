/*
 * stats_test.c - what the lag shows in each of the writer's states.
 */
#include "writer/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HOUR INT64_C(3600000000)

static Metrics *metrics;
static Stats stats;

static int
begin(void **state)
{
	SluiceError err;

	(void) state;
	metrics = metrics_new(100, &err);
	return metrics != NULL && stats_init(&stats, metrics, &err) ? 0 : -1;
}

static int
end(void **state)
{
	(void) state;
	metrics_free(metrics);
	return 0;
}

/* As a scraper sees it. */
static double
lag(void)
{
	static const char name[] = "\nsluice_writer_lag_seconds ";
	SluiceError err;
	ByteBuf text;
	char *line;
	double value;

	bytebuf_init(&text, &allocator_malloc, 1 << 20);
	assert_true(metrics_write(metrics, &text, &err));
	assert_true(bytebuf_put_u8(&text, '\0', &err));
	line = strstr((char *) text.data, name);
	assert_non_null(line);
	value = strtod(line + sizeof(name) - 1, NULL);
	bytebuf_free(&text);
	return value;
}

/* Moves what was noted into the past. */
static void
an_hour_passes(void)
{
	atomic_fetch_sub(&stats.level_at, HOUR);
	if (atomic_load(&stats.applied_commit_time) != 0)
		atomic_fetch_sub(&stats.applied_commit_time, HOUR);
}

static void
no_lag_while_all_is_applied(void **state)
{
	(void) state;
	stats_set_state(&stats, WRITER_APPLYING);
	stats_set_level(&stats, true);
	an_hour_passes();
	assert_true(lag() == 0);
}

static void
lag_grows_while_something_is_away(void **state)
{
	(void) state;
	stats_set_state(&stats, WRITER_APPLYING);
	stats_set_level(&stats, true);
	for (int i = 0; i < 2; i++)
	{
		stats_set_state(&stats, i == 0 ? WRITER_RETRYING : WRITER_STOPPED);
		an_hour_passes();
		assert_true(lag() >= 3600 * (i + 1));
	}
	stats_set_state(&stats, WRITER_CONNECTING);
	assert_true(lag() >= 7200);
	stats_set_state(&stats, WRITER_APPLYING);
	stats_set_level(&stats, true);
	assert_true(lag() == 0);
}

static void
lag_grows_when_nothing_was_ever_reached(void **state)
{
	(void) state;
	stats_set_state(&stats, WRITER_STARTING);
	an_hour_passes();
	stats_set_state(&stats, WRITER_RETRYING);
	assert_true(lag() >= 3600);
}

static void
lag_is_the_age_of_the_last_commit(void **state)
{
	ChangeId position = {.commit = 1};

	(void) state;
	stats_set_state(&stats, WRITER_APPLYING);
	stats_set_level(&stats, false);
	an_hour_passes();
	stats_set_position(&stats, &position, atomic_load(&stats.level_at) + HOUR / 2);
	assert_in_range((int) lag(), 1800, 3599);
	stats_set_position(&stats, &position, 0); /* told again at a start, without a time */
	assert_in_range((int) lag(), 1800, 3599);
}

/* A change after a quiet hour is not an hour late. */
static void
quiet_time_is_no_lag(void **state)
{
	ChangeId position = {.commit = 1};

	(void) state;
	stats_set_state(&stats, WRITER_APPLYING);
	stats_set_position(&stats, &position, atomic_load(&stats.level_at));
	an_hour_passes();
	stats_set_level(&stats, true);
	stats_set_level(&stats, false);
	assert_true(lag() < 3600);
}

static void
lag_of_one_that_stands_by_is_unknown(void **state)
{
	(void) state;
	stats_set_state(&stats, WRITER_STANDBY);
	an_hour_passes();
	assert_true(isnan(lag()));
	stats_set_state(&stats, WRITER_CONNECTING);
	assert_true(lag() < 3600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_lag_while_all_is_applied, begin, end),
		cmocka_unit_test_setup_teardown(lag_grows_while_something_is_away, begin, end),
		cmocka_unit_test_setup_teardown(lag_grows_when_nothing_was_ever_reached, begin, end),
		cmocka_unit_test_setup_teardown(lag_is_the_age_of_the_last_commit, begin, end),
		cmocka_unit_test_setup_teardown(quiet_time_is_no_lag, begin, end),
		cmocka_unit_test_setup_teardown(lag_of_one_that_stands_by_is_unknown, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
