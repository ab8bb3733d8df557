/*
 * copy_key_test.c - what tables are cut by, and chunks as conditions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mysql_reader/copy_key.h"
#include "mysql_reader/copy_plan.h"

static SchemaColumn columns[] = {
	{.name = "a", .canon = CANON_INT32, .not_null = true},
	{.name = "b",
	 .canon = CANON_TEXT,
	 .not_null = true,
	 .charset = "latin1",
	 .collation = "latin1_bin"},
	{.name = "c", .canon = CANON_TIMESTAMP, .not_null = true},
	{.name = "d", .canon = CANON_ENUM, .not_null = true},
};

static SchemaTable
table_with(SchemaIndex *index, SchemaIndexColumn *of, size_t count)
{
	*index = (SchemaIndex){
		.name = "PRIMARY", .primary = true, .unique = true, .columns = of, .column_count = count};
	return (SchemaTable){.schema = "s",
						 .name = "t",
						 .columns = columns,
						 .column_count = 4,
						 .indexes = index,
						 .index_count = 1};
}

static CopyKey
key_of(size_t first, size_t count)
{
	static SchemaIndexColumn all[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
	static SchemaIndex index;
	static SchemaTable table;
	CopyKey key;

	table = table_with(&index, all + first, count);
	copy_key_of(&table, &key);
	return key;
}

static void
check(const CopyKey *key, const char *chunk, const char *expected)
{
	ByteBuf sql;

	bytebuf_init(&sql, &allocator_malloc, 10000);
	SluiceError err = {0};

	if (!copy_key_condition(key, chunk, &sql, &err))
		fail_msg("%s", err.message);
	assert_int_equal(sql.length, strlen(expected));
	assert_memory_equal(sql.data, expected, sql.length);
	bytebuf_free(&sql);
}

static void
check_refused(const CopyKey *key, const char *chunk)
{
	ByteBuf sql;
	SluiceError err;

	bytebuf_init(&sql, &allocator_malloc, 10000);
	assert_false(copy_key_condition(key, chunk, &sql, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	bytebuf_free(&sql);
}

static void
the_leading_columns_count(void **state)
{
	SchemaIndexColumn prefixed[] = {{.name = "a"}, {.name = "b", .length = 10}, {.name = "c"}};
	SchemaIndexColumn of_enum[] = {{.name = "d"}, {.name = "a"}};
	SchemaIndex index;
	SchemaTable table;
	CopyKey key = key_of(0, 3);

	(void) state;
	assert_int_equal(key.count, 3);
	assert_int_equal(key.forms[0], KEY_INTEGER);
	assert_int_equal(key.forms[1], KEY_TEXT);
	assert_int_equal(key.forms[2], KEY_QUOTED);
	table = table_with(&index, prefixed, 3);
	copy_key_of(&table, &key);
	assert_int_equal(key.count, 1);
	table = table_with(&index, of_enum, 2);
	copy_key_of(&table, &key);
	assert_int_equal(key.count, 0);
	table.index_count = 0;
	copy_key_of(&table, &key);
	assert_int_equal(key.count, 0);
}

static void
one_column(void **state)
{
	const CopyKey key = key_of(0, 1);

	(void) state;
	check(&key, ";", "(1 = 1)");
	check(&key, ";-5", "(((`a` < -5)))");
	check(&key, "7;", "(((`a` >= 7)))");
	check(&key, "7;20", "(((`a` >= 7)) AND ((`a` < 20)))");
}

static void
several_columns(void **state)
{
	const CopyKey key = key_of(0, 2);

	(void) state;
	check(&key, "7,x'e9';",
		  "(`a` >= 7 AND ((`a` > 7) OR (`a` = 7 AND `b` >= _latin1 x'e9' COLLATE latin1_bin)))");
	check(&key, ";7,x''",
		  "(`a` <= 7 AND ((`a` < 7) OR (`a` = 7 AND `b` < _latin1 x'' COLLATE latin1_bin)))");
	/* Cut by its leading column alone. */
	check(&key, "7;", "(((`a` >= 7)))");
}

static void
chunks_are_checked(void **state)
{
	const CopyKey one = key_of(0, 1), text = key_of(1, 1), two = key_of(0, 2), time = key_of(2, 1);

	(void) state;
	check_refused(&one, "");
	check_refused(&one, "1");
	check_refused(&one, "1 OR 1=1;");
	check_refused(&one, "1,2;");
	check_refused(&one, "x'31';");
	check_refused(&text, "'a';");
	check_refused(&text, "x'6';");
	check_refused(&text, "x'6g';");
	check_refused(&text, "x'61' OR 1=1 -- ';");
	check_refused(&two, "1,;");
	check_refused(&time, "'2024-01-01' OR '1';");
	check(&time, "'2024-01-31 00:00:00.5';", "(((`c` >= '2024-01-31 00:00:00.5')))");
}

static void
values_of_rows(void **state)
{
	const CopyKey key = key_of(0, 3);
	ByteBuf out;
	SluiceError err;

	(void) state;
	bytebuf_init(&out, &allocator_malloc, 1000);
	assert_true(copy_key_value(&key, 0, "-12", 3, &out, NULL));
	assert_true(copy_key_value(&key, 1, "a'\\\0", 4, &out, NULL));
	assert_true(copy_key_value(&key, 2, "2024-01-01 00:00:00", 19, &out, NULL));
	assert_int_equal(out.length, 3 + 11 + 21);
	assert_memory_equal(out.data, "-12x'61275c00''2024-01-01 00:00:00'", out.length);
	assert_false(copy_key_value(&key, 0, "1;2", 3, &out, &err));
	assert_false(copy_key_value(&key, 2, "'", 1, &out, &err));
	bytebuf_free(&out);
}

static KeyNumber
number(const char *text)
{
	KeyNumber value;

	assert_true(key_number_parse(text, strlen(text), &value));
	return value;
}

static void
check_number(KeyNumber value, const char *expected)
{
	char text[KEY_NUMBER_SIZE + 1];

	*key_number_put(value, text) = '\0';
	assert_string_equal(text, expected);
}

static void
extreme_numbers(void **state)
{
	const KeyNumber least = number("-9223372036854775808"),
					greatest = number("18446744073709551615");
	KeyNumber none;

	(void) state;
	check_number(least, "-9223372036854775808");
	check_number(greatest, "18446744073709551615");
	check_number(0, "0");
	check_number(key_number_cut(0, greatest, 1, 2), "9223372036854775808");
	check_number(key_number_cut(0, greatest, 1000000, 1000000), "18446744073709551616");
	check_number(key_number_cut(least, number("9223372036854775807"), 1, 2), "0");
	check_number(key_number_cut(1, 10, 0, 3), "1");
	check_number(key_number_cut(1, 10, 1, 3), "4");
	assert_false(key_number_parse("", 0, &none));
	assert_false(key_number_parse("-", 1, &none));
	assert_false(key_number_parse("1.5", 3, &none));
}

static void
rows_of_a_chunk(void **state)
{
	(void) state;
	assert_int_equal(copy_plan_rows(1000000, 200000000, 64 << 20), 335544);
	assert_int_equal(copy_plan_rows(10, INT64_C(1) << 40, 64 << 20), 1000);
	assert_true(copy_plan_rows(0, 16384, 64 << 20) > 0);
	assert_true(copy_plan_rows(INT64_MAX, 1, SIZE_MAX >> 1) != 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_leading_columns_count),
		cmocka_unit_test(one_column),
		cmocka_unit_test(several_columns),
		cmocka_unit_test(chunks_are_checked),
		cmocka_unit_test(values_of_rows),
		cmocka_unit_test(extreme_numbers),
		cmocka_unit_test(rows_of_a_chunk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
