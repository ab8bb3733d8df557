/*
 * canon_test.c - names, lengths, and which bytes can be a value of which type.
 */
#include "common/core/canon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "support/random_value.h"

static void
every_type_has_a_name_of_its_own(void **state)
{
	(void) state;
	for (unsigned type = 1; type <= CANON_LAST; type++)
	{
		assert_non_null(canon_name(type));
		for (unsigned other = 1; other < type; other++)
			assert_string_not_equal(canon_name(type), canon_name(other));
	}
	assert_null(canon_name(0));
	assert_null(canon_name(CANON_LAST + 1));
	assert_null(canon_name(UINT32_MAX));
}

/* The numbers are in every stored bundle: they never change. */
static void
numbers_are_fixed(void **state)
{
	static const struct
	{
		unsigned number;
		const char *name;
		uint32_t length;
	} types[] = {
		{1, "bool", 1},		{2, "int16", 2},	  {3, "int32", 4},		  {4, "int64", 8},
		{5, "uint64", 8},	{6, "float32", 4},	  {7, "float64", 8},	  {8, "decimal", 0},
		{9, "text", 0},		{10, "bytes", 0},	  {11, "date", 4},		  {12, "time", 8},
		{13, "timetz", 12}, {14, "timestamp", 8}, {15, "timestamptz", 8}, {16, "interval", 16},
		{17, "uuid", 16},	{18, "json", 0},	  {19, "jsonb", 0},		  {20, "bits", 0},
		{21, "enum", 0},	{22, "set", 0},		  {23, "array", 0},		  {24, "geometry", 0},
		{25, "network", 0}, {26, "builtin", 0},	  {27, "other", 0},
	};

	(void) state;
	assert_int_equal(sizeof(types) / sizeof(types[0]), CANON_LAST);
	for (size_t i = 0; i < CANON_LAST; i++)
	{
		assert_string_equal(canon_name(types[i].number), types[i].name);
		assert_int_equal(canon_fixed_length(types[i].number), types[i].length);
	}
}

static void
random_values_are_valid(void **state)
{
	Random random = random_start();
	uint8_t value[RANDOM_VALUE_MAXIMUM + 64];

	(void) state;
	for (int i = 0; i < 20000; i++)
	{
		CanonType type = 1 + random_below(&random, CANON_LAST);
		uint32_t length = random_value(&random, type, value);

		assert_true(length <= RANDOM_VALUE_MAXIMUM);
		assert_true(canon_valid(type, value, length));
	}
}

static void
another_length_is_not_valid(void **state)
{
	uint8_t zeros[32] = {0};

	(void) state;
	for (CanonType type = 1; type <= CANON_LAST; type++)
	{
		for (uint32_t length = 0; canon_fixed_length(type) != 0 && length <= sizeof(zeros);
			 length++)
			assert_int_equal(canon_valid(type, zeros, length), length == canon_fixed_length(type));
	}
	assert_false(canon_valid(CANON_BOOL, (const uint8_t *) "\x02", 1));
}

static void
a_decimal_is_as_long_as_its_digits(void **state)
{
	const uint8_t two[] = {0, 2, 0, 0, 0x40, 0, 0, 3, 0x27, 0x0F, 0, 1};
	uint8_t value[sizeof(two)];

	(void) state;
	assert_true(canon_valid(CANON_DECIMAL, two, sizeof(two)));
	for (uint32_t length = 0; length < sizeof(two); length++)
		assert_false(canon_valid(CANON_DECIMAL, two, length));
	memcpy(value, two, sizeof(two));
	value[8] = 0x27; /* 10000, one more than a digit can be */
	value[9] = 0x10;
	assert_false(canon_valid(CANON_DECIMAL, value, sizeof(value)));
	memcpy(value, two, sizeof(two));
	value[4] = 0x80; /* no sign */
	assert_false(canon_valid(CANON_DECIMAL, value, sizeof(value)));
}

static void
bits_and_jsonb_are_held_against_themselves(void **state)
{
	const uint8_t nine[] = {0, 0, 0, 9, 0xFF, 0x80};
	const uint8_t huge[] = {0xFF, 0xFF, 0xFF, 0xFF, 0};

	(void) state;
	assert_true(canon_valid(CANON_BITS, nine, 6));
	assert_false(canon_valid(CANON_BITS, nine, 5));
	assert_false(canon_valid(CANON_BITS, nine, 3));
	assert_false(canon_valid(CANON_BITS, huge, 5));
	assert_true(canon_valid(CANON_JSONB, (const uint8_t *) "\x01{}", 3));
	assert_false(canon_valid(CANON_JSONB, (const uint8_t *) "\x02{}", 3));
	assert_false(canon_valid(CANON_JSONB, (const uint8_t *) "", 0));
	assert_true(canon_valid(CANON_TEXT, (const uint8_t *) "", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_a_name_of_its_own),
		cmocka_unit_test(numbers_are_fixed),
		cmocka_unit_test(random_values_are_valid),
		cmocka_unit_test(another_length_is_not_valid),
		cmocka_unit_test(a_decimal_is_as_long_as_its_digits),
		cmocka_unit_test(bits_and_jsonb_are_held_against_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
