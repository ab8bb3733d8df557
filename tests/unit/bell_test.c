/*
 * bell_test.c - whoever waits hears what was rung since the last look.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "writer/bell.h"

#define LONG_MS	 60000 /* nobody waits for so long */
#define SHORT_MS 1

static Bell bell;

static int
setup(void **state)
{
	(void) state;
	bell_init(&bell);
	return 0;
}

static void
silence_is_no_ring(void **state)
{
	uint64_t heard = bell_heard(&bell);

	(void) state;
	assert_false(bell_wait(&bell, &heard, SHORT_MS));
	assert_false(bell_wait(&bell, &heard, 0));
}

static void
a_ring_before_the_wait_is_heard_once(void **state)
{
	uint64_t heard = bell_heard(&bell);

	(void) state;
	bell_ring(&bell);
	bell_ring(&bell);
	assert_true(bell_wait(&bell, &heard, LONG_MS));
	assert_false(bell_wait(&bell, &heard, SHORT_MS));
}

static void *
wait_for_ring(void *argument)
{
	uint64_t *heard = argument;

	return bell_wait(&bell, heard, LONG_MS) ? argument : NULL;
}

static void
all_that_wait_are_woken(void **state)
{
	uint64_t heard[3];
	pthread_t threads[3];

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		heard[i] = bell_heard(&bell);
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_ring, &heard[i]), 0);
	}
	bell_ring(&bell);
	for (int i = 0; i < 3; i++)
	{
		void *rung = NULL;

		assert_int_equal(pthread_join(threads[i], &rung), 0);
		assert_non_null(rung);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(silence_is_no_ring, setup),
		cmocka_unit_test_setup(a_ring_before_the_wait_is_heard_once, setup),
		cmocka_unit_test_setup(all_that_wait_are_woken, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
