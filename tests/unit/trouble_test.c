/*
 * trouble_test.c - which failures of a series are told.
 */
#include "common/daemon/trouble.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define MINUTE_MS 60000

static bool
news(Trouble *trouble, const char *cause, int64_t now_ms)
{
	SluiceError err;

	(void) sluice_fail(&err, SLUICE_ERROR_IO, "%s", cause);
	return trouble_is_news(trouble, &err, now_ms);
}

static void
another_cause_is_news_at_once(void **state)
{
	Trouble trouble = {0};

	(void) state;
	assert_true(news(&trouble, "NATS is away", 0));
	assert_true(news(&trouble, "the target is away", 1));
	assert_true(news(&trouble, "NATS is away", 2));
	assert_false(news(&trouble, "NATS is away", 3));
}

static void
the_same_cause_is_told_once_a_minute(void **state)
{
	Trouble trouble = {0};
	int told = 0;

	(void) state;
	for (int64_t now = 0; now < 3 * MINUTE_MS; now += 1000)
		told += news(&trouble, "the target is away", now);
	assert_int_equal(told, 3);
}

static void
what_was_over_is_news_again(void **state)
{
	Trouble trouble = {0};

	(void) state;
	assert_true(news(&trouble, "NATS is away", 0));
	trouble_over(&trouble);
	assert_true(news(&trouble, "NATS is away", 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_cause_is_news_at_once),
		cmocka_unit_test(the_same_cause_is_told_once_a_minute),
		cmocka_unit_test(what_was_over_is_news_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
