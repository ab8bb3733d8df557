/*
 * retry_test.c - the waits between attempts.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/daemon/retry.h"

static const RetryPolicy policy = {.first = 100, .most = 30000};

static void
delay_doubles_up_to_the_cap(void **state)
{
	const int64_t expected[] = {100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000};

	(void) state;
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
	{
		assert_int_equal(retry_delay(&policy, i, 0), expected[i]);
		assert_int_equal(retry_delay(&policy, i, UINT32_MAX), expected[i] - expected[i] / 2);
	}
}

static void
delay_survives_extremes(void **state)
{
	const RetryPolicy huge = {.first = 1, .most = INT64_MAX};
	const RetryPolicy equal = {.first = 1, .most = 1};

	(void) state;
	assert_int_equal(retry_delay(&policy, UINT_MAX, 0), 30000);
	assert_true(retry_delay(&huge, UINT_MAX, 0) == INT64_MAX);
	assert_true(retry_delay(&huge, UINT_MAX, UINT32_MAX) > 0);
	assert_int_equal(retry_delay(&equal, 5, UINT32_MAX), 1);
}

static void
counter_grows_and_resets(void **state)
{
	Retry retry;
	int64_t delay = 0;

	(void) state;
	retry_init(&retry, policy, 42);
	for (unsigned i = 0; i < 20; i++)
	{
		int64_t whole = retry_delay(&policy, i, 0);

		delay = retry_next(&retry);
		assert_in_range(delay, whole - whole / 2, whole);
	}
	assert_in_range(delay, 15000, 30000);
	retry_reset(&retry);
	assert_in_range(retry_next(&retry), 50, 100);
}

static void
jitter_differs_between_seeds(void **state)
{
	Retry a, b;
	int equal = 0;

	(void) state;
	retry_init(&a, (RetryPolicy){.first = 100000, .most = 100000}, 0);
	retry_init(&b, (RetryPolicy){.first = 100000, .most = 100000}, 1);
	for (int i = 0; i < 100; i++)
		equal += retry_next(&a) == retry_next(&b);
	assert_true(equal < 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delay_doubles_up_to_the_cap),
		cmocka_unit_test(delay_survives_extremes),
		cmocka_unit_test(counter_grows_and_resets),
		cmocka_unit_test(jitter_differs_between_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
