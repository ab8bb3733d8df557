/*
 * row_set_test.c - rows of two sides met by their keys.
 */
#include "writer/row_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#define MANY 5000

/* A key and a value of one digit each, as two sides would have them: "1a 2b". */
static RowImage
image(const char *text)
{
	return (RowImage){(const uint8_t *) text, 1, (uint64_t) text[1], 1000 + (uint64_t) text[1]};
}

static void
compare(const char *source, const char *target, size_t maximum, RowDifferences *found)
{
	RowSet set;
	SluiceError err;

	row_set_init(&set);
	row_differences_init(found, maximum);
	for (; *source != '\0'; source += 2)
	{
		const RowImage row = image(source);

		assert_true(row_set_add(&set, &row, &err));
	}
	for (; *target != '\0'; target += 2)
	{
		const RowImage row = image(target);

		assert_true(row_set_meet(&set, &row, found, &err));
	}
	assert_true(row_set_finish(&set, found, &err));
	row_set_free(&set);
}

static void
check(const char *source, const char *target, uint64_t missing, uint64_t extra, uint64_t different)
{
	RowDifferences found;

	compare(source, target, MANY, &found);
	assert_int_equal(found.counts[ROW_MISSING], missing);
	assert_int_equal(found.counts[ROW_EXTRA], extra);
	assert_int_equal(found.counts[ROW_DIFFERENT], different);
	assert_int_equal(found.count, row_differences_total(&found));
	row_differences_free(&found);
}

static void
rows_are_met_by_key(void **state)
{
	(void) state;
	check("1a2b3c", "3c1a2b", 0, 0, 0);
	check("1a2b3c", "1a3c", 1, 0, 0);
	check("1a2b", "1a2b3c", 0, 1, 0);
	check("1a2b", "1a2c", 0, 0, 1);
	check("", "1a", 0, 1, 0);
	check("1a", "", 1, 0, 0);
	check("1a2b3c4d", "2x3c5e", 2, 1, 1);
}

static void
a_key_that_is_there_twice_is_extra(void **state)
{
	(void) state;
	check("1a", "1a1a", 0, 1, 0);
	check("1a", "1a1b", 0, 1, 0);
}

static void
either_hash_is_enough(void **state)
{
	RowDifferences found;
	RowSet set;
	SluiceError err;
	RowImage row = {(const uint8_t *) "k", 1, 1, 2};

	(void) state;
	row_differences_init(&found, MANY);
	row_set_init(&set);
	assert_true(row_set_add(&set, &row, &err));
	row.exact = 3;
	assert_true(row_set_meet(&set, &row, &found, &err));
	assert_int_equal(row_differences_total(&found), 0);
	row_set_free(&set);
	row_differences_free(&found);
}

static void
what_is_not_kept_is_counted(void **state)
{
	RowDifferences found;

	(void) state;
	compare("1a2b3c4d", "5e", 2, &found);
	assert_int_equal(row_differences_total(&found), 5);
	assert_int_equal(found.count, 2);
	row_differences_free(&found);
}

/* A row that two ranges have, each at one side. */
static void
ranges_are_set_off_against_each_other(void **state)
{
	RowDifferences found, more;
	SluiceError err;

	(void) state;
	compare("1a2b3c", "2b", MANY, &found);
	compare("4d", "4d1a3x5e", MANY, &more);
	assert_true(row_differences_append(&found, &more, &err));
	assert_int_equal(row_differences_total(&found), 5);
	assert_true(row_differences_settle(&found, &err));
	assert_int_equal(found.counts[ROW_MISSING], 0);
	assert_int_equal(found.counts[ROW_EXTRA], 1);
	assert_int_equal(found.counts[ROW_DIFFERENT], 1);
	row_differences_free(&found);
	row_differences_free(&more);
}

static void
settling_keeps_what_is_only_counted(void **state)
{
	RowDifferences found, more;
	SluiceError err;

	(void) state;
	compare("1a2b3c", "", 2, &found);
	compare("", "9z8y", 2, &more);
	assert_true(row_differences_append(&found, &more, &err));
	assert_true(row_differences_settle(&found, &err));
	assert_int_equal(row_differences_total(&found), 5);
	row_differences_free(&found);
	row_differences_free(&more);
}

static void
many_rows_are_all_found(void **state)
{
	RowDifferences found;
	RowSet set;
	SluiceError err;
	char key[16];

	(void) state;
	row_differences_init(&found, MANY);
	row_set_init(&set);
	for (int i = 0; i < MANY; i++)
	{
		const RowImage row = {(const uint8_t *) key, (size_t) snprintf(key, sizeof(key), "%d", i),
							  (uint64_t) i, (uint64_t) i};

		assert_true(row_set_add(&set, &row, &err));
	}
	for (int i = MANY - 1; i >= 0; i -= 2)
	{
		const RowImage row = {(const uint8_t *) key, (size_t) snprintf(key, sizeof(key), "%d", i),
							  (uint64_t) i, (uint64_t) i};

		assert_true(row_set_meet(&set, &row, &found, &err));
	}
	assert_true(row_set_finish(&set, &found, &err));
	assert_int_equal(found.counts[ROW_MISSING], MANY / 2);
	assert_int_equal(row_differences_total(&found), MANY / 2);
	row_set_free(&set);
	row_differences_free(&found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_met_by_key),
		cmocka_unit_test(a_key_that_is_there_twice_is_extra),
		cmocka_unit_test(either_hash_is_enough),
		cmocka_unit_test(what_is_not_kept_is_counted),
		cmocka_unit_test(ranges_are_set_off_against_each_other),
		cmocka_unit_test(settling_keeps_what_is_only_counted),
		cmocka_unit_test(many_rows_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
