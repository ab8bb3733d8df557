/*
 * durability_test.c - positions are told when the log is flushed beyond them, and never before.
 */
#include "writer/durability.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static DurableMark
mark_at(uint64_t sequence)
{
	return (DurableMark){.sequence = sequence};
}

static void
add(Durability *durability, uint64_t sequence, uint64_t at)
{
	DurableMark mark = mark_at(sequence);

	durability_add(durability, &mark, at);
}

static void
waits_for_the_flush(void **state)
{
	Durability durability = {0};
	DurableMark mark;

	(void) state;
	add(&durability, 1, 100);
	assert_true(durability_pending(&durability));
	assert_false(durability_flushed(&durability, 99, &mark));
	assert_true(durability_flushed(&durability, 100, &mark));
	assert_int_equal(mark.sequence, 1);
	assert_false(durability_pending(&durability));
	assert_false(durability_flushed(&durability, 200, &mark));
}

static void
tells_the_newest_that_is_flushed(void **state)
{
	Durability durability = {0};
	DurableMark mark;

	(void) state;
	for (uint64_t i = 1; i <= 5; i++)
		add(&durability, i, i * 100);
	assert_true(durability_flushed(&durability, 450, &mark));
	assert_int_equal(mark.sequence, 1);
	assert_true(durability_pending(&durability));
	assert_true(durability_flushed(&durability, 500, &mark));
	assert_int_equal(mark.sequence, 5);
	assert_false(durability_pending(&durability));
}

static void
goes_on_behind_the_waiting_one(void **state)
{
	Durability durability = {0};
	DurableMark mark;

	(void) state;
	add(&durability, 1, 100);
	add(&durability, 2, 200);
	assert_true(durability_flushed(&durability, 150, &mark));
	assert_int_equal(mark.sequence, 1);
	add(&durability, 3, 300);
	assert_false(durability_flushed(&durability, 199, &mark));
	assert_true(durability_flushed(&durability, 1000, &mark));
	assert_int_equal(mark.sequence, 3);
	durability_reset(&durability);
	assert_false(durability_pending(&durability));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_the_flush),
		cmocka_unit_test(tells_the_newest_that_is_flushed),
		cmocka_unit_test(goes_on_behind_the_waiting_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
