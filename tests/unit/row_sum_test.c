/*
 * row_sum_test.c - hashes of rows and sums of them.
 */
#include "writer/row_sum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* Of SipHash-2-4 of the bytes 0, 1, 2, ... */
static const struct Vector
{
	size_t length;
	uint64_t hash;
} vectors[] = {
	{0, UINT64_C(0x726fdb47dd0e0e31)},
	{1, UINT64_C(0x74f839c593dc67fd)},
	{8, UINT64_C(0x93f5f5799a932462)},
	{15, UINT64_C(0xa129ca6149be45e5)},
};

static void
hashes_are_those_of_the_published_vectors(void **state)
{
	uint8_t data[16];

	(void) state;
	for (uint8_t i = 0; i < sizeof(data); i++)
		data[i] = i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_true(row_hash(data, vectors[i].length) == vectors[i].hash);
}

static RowSum
sum_of(const char *rows)
{
	RowSum sum = {0};

	for (; *rows != '\0'; rows++)
		row_sum_add(&sum, row_hash(rows, 1));
	return sum;
}

static bool
same(const char *a, const char *b)
{
	const RowSum left = sum_of(a), right = sum_of(b);

	return row_sum_equal(&left, &right);
}

static void
order_makes_no_difference(void **state)
{
	(void) state;
	assert_true(same("abcd", "dcab"));
	assert_true(same("", ""));
	assert_false(same("abcd", "abce"));
}

static void
each_repetition_counts(void **state)
{
	(void) state;
	assert_false(same("aab", "abb"));
	assert_false(same("ab", "aab"));
	assert_false(same("aa", ""));
}

static void
parts_add_up_to_the_whole(void **state)
{
	RowSum all = sum_of("abc");
	const RowSum part = sum_of("dbe"), whole = sum_of("abcdbe");

	(void) state;
	row_sum_merge(&all, &part);
	assert_true(row_sum_equal(&all, &whole));
	assert_int_equal(all.rows, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_those_of_the_published_vectors),
		cmocka_unit_test(order_makes_no_difference),
		cmocka_unit_test(each_repetition_counts),
		cmocka_unit_test(parts_add_up_to_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
