/*
 * text_value_test.c - columns of a query's answer: what they are asked for by, and their canonical values,
 * which are those of the log's bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mysql_reader/text_value.h"

/* The value of a text, as a field's bytes; NULL when it became NULL, an error fails. */
typedef struct Result
{
	ByteBuf out;
	bool good, null;
	SluiceError err;
} Result;

static Result
read_source(const ValueSource *source, const char *text, size_t length)
{
	Result result = {.good = false};
	ValueReader reader;

	bytebuf_init(&result.out, &allocator_malloc, 10000);
	assert_true(value_reader_init(&reader, source, 10000, NULL));
	result.good = text_value_append(&reader, text, length, &result.out, &result.null, &result.err);
	value_reader_free(&reader);
	return result;
}

static void
check_source(const ValueSource *source, const char *text, const void *expected, size_t length)
{
	Result result = read_source(source, text, strlen(text));

	if (!result.good)
		fail_msg("\"%s\": %s", text, result.err.message);
	assert_false(result.null);
	assert_int_equal(result.out.length, length);
	assert_memory_equal(result.out.data, expected, length);
	bytebuf_free(&result.out);
}

static void
check(const LogColumn *column, const char *text, const void *expected, size_t length)
{
	const ValueSource source = {.column = column};

	check_source(&source, text, expected, length);
}

/* The same value in the log's bytes has the same canonical form. */
static void
check_like_log(const LogColumn *column, const char *text, const char *bytes, size_t length)
{
	const ValueSource source = {.column = column};
	ValueReader reader;
	ByteBuf out;
	bool null;

	bytebuf_init(&out, &allocator_malloc, 1000);
	assert_true(value_reader_init(&reader, &source, 1000, NULL));
	assert_true(value_append(&reader, (const uint8_t *) bytes, length, &out, &null, NULL));
	check(column, text, out.data, out.length);
	value_reader_free(&reader);
	bytebuf_free(&out);
}

static void
check_refused(const LogColumn *column, const char *text)
{
	const ValueSource source = {.column = column};
	Result result = read_source(&source, text, strlen(text));

	assert_false(result.good);
	assert_int_equal(result.err.code, SLUICE_ERROR_CORRUPT);
	bytebuf_free(&result.out);
}

static void
integers(void **state)
{
	const LogColumn tiny = {.kind = COLUMN_TINY},
					utiny = {.kind = COLUMN_TINY, .is_unsigned = true},
					big = {.kind = COLUMN_LONGLONG},
					ubig = {.kind = COLUMN_LONGLONG, .is_unsigned = true},
					medium = {.kind = COLUMN_INT24},
					uint = {.kind = COLUMN_LONG, .is_unsigned = true};

	(void) state;
	check(&tiny, "-128", "\xff\x80", 2);
	check(&utiny, "255", "\0\xff", 2);
	check(&medium, "-8388608", "\xff\x80\0\0", 4);
	check(&uint, "4294967295", "\0\0\0\0\xff\xff\xff\xff", 8);
	check(&uint, "0000000007", "\0\0\0\0\0\0\0\x07", 8);
	check(&big, "-9223372036854775808", "\x80\0\0\0\0\0\0\0", 8);
	check(&ubig, "18446744073709551615", "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	check_like_log(&tiny, "-128", "\x80", 1);
	check_like_log(&medium, "-8388608", "\0\0\x80", 3);
	check_like_log(&ubig, "18446744073709551615", "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	check_refused(&big, "");
	check_refused(&big, "1.5");
	check_refused(&big, "7 ");
}

static void
years(void **state)
{
	const LogColumn year = {.kind = COLUMN_YEAR};

	(void) state;
	check_like_log(&year, "2024", "\x7c", 1);
	check_like_log(&year, "0000", "\0", 1);
	check_refused(&year, "1900");
	check_refused(&year, "2156");
}

static void
floats_are_exact(void **state)
{
	const LogColumn narrow = {.kind = COLUMN_FLOAT}, wide = {.kind = COLUMN_DOUBLE};

	(void) state;
	check(&narrow, "0.10000000149011612", "\x3d\xcc\xcc\xcd", 4);
	check(&narrow, "3.4028234663852886e38", "\x7f\x7f\xff\xff", 4);
	check(&narrow, "-0", "\x80\0\0\0", 4);
	check(&narrow, "1.401298464324817e-45", "\0\0\0\1", 4);
	check(&wide, "1.7976931348623157e308", "\x7f\xef\xff\xff\xff\xff\xff\xff", 8);
	check(&wide, "4.9406564584124654e-324", "\0\0\0\0\0\0\0\1", 8);
	check_refused(&wide, "1e");
	check_refused(&wide, "");
}

static void
decimals(void **state)
{
	const LogColumn plain = {.kind = COLUMN_DECIMAL, .precision = 14, .scale = 4};

	(void) state;
	check_like_log(&plain, "1234567890.1234", "\x81\x0D\xFB\x38\xD2\x04\xD2", 7);
	check_like_log(&plain, "-1234567890.1234", "\x7E\xF2\x04\xC7\x2D\xFB\x2D", 7);
	check_like_log(&plain, "0001234567890.1234", "\x81\x0D\xFB\x38\xD2\x04\xD2", 7);
	check_refused(&plain, "1,5");
}

static void
dates_and_times(void **state)
{
	const LogColumn date = {.kind = COLUMN_DATE}, moment = {.kind = COLUMN_DATETIME, .scale = 3},
					stamp = {.kind = COLUMN_TIMESTAMP, .scale = 6},
					time = {.kind = COLUMN_TIME, .scale = 2};

	(void) state;
	check_like_log(&date, "2024-02-29", "\x5D\xD0\x0F", 3);
	check_like_log(&moment, "2024-02-29 13:14:15.678", "\x99\xB2\xBA\xD3\x8F\x1A\x7C", 7);
	check_like_log(&stamp, "2024-02-29 13:14:15.123456", "\x65\xE0\x83\x27\x01\xE2\x40", 7);
	check_like_log(&time, "-12:13:14.56", "\x7F\x3C\xB1\xC8", 4);
	check_like_log(&time, "-00:00:00.01", "\x7F\xFF\xFF\xFF", 4);
	check(&time, "838:59:59", "\0\0\x02\xbf\x3d\xcf\x39\xc0\0\0\0\0\0\0\0\0", 16);
	check_refused(&date, "2024-02");
	check_refused(&date, "2024-02-29 00:00:00");
	check_refused(&moment, "2024-02-29");
	check_refused(&moment, "2024-02-29 12:60:00");
	check_refused(&time, "12:00");
}

static void
dates_that_are_none(void **state)
{
	const LogColumn date = {.kind = COLUMN_DATE};
	ValueSource source = {.column = &date, .dates = DATE_NULL};
	Result result = read_source(&source, "0000-00-00", 10);

	(void) state;
	assert_true(result.good && result.null);
	bytebuf_free(&result.out);
	source.dates = DATE_INFINITY;
	check_source(&source, "2024-00-10", "\x80\0\0\0", 4);
	source.dates = DATE_ERROR;
	result = read_source(&source, "2024-02-30", 10);
	assert_false(result.good);
	assert_int_equal(result.err.code, SLUICE_ERROR_DATA);
	bytebuf_free(&result.out);
}

static void
labels_by_number(void **state)
{
	static const uint8_t labels[] = "\1a\1b\1c";
	LogColumn column = {.kind = COLUMN_ENUM,
						.length = 1,
						.labels = {labels, labels + sizeof(labels) - 1},
						.label_count = 3};

	(void) state;
	check(&column, "3", "c", 1);
	check(&column, "0", "", 0);
	column.kind = COLUMN_SET;
	check(&column, "5", "a,c", 3);
	check(&column, "0", "", 0);
}

static void
addresses(void **state)
{
	const LogColumn sixteen = {.kind = COLUMN_STRING, .length = 16},
					four = {.kind = COLUMN_STRING, .length = 4};
	ValueSource source = {.column = &sixteen, .special = SPECIAL_UUID};

	(void) state;
	check_source(&source, "00112233-4455-6677-8899-aabbccddeeff",
				 "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
	source.special = SPECIAL_INET6;
	check_source(&source, "2001:db8::1", "\x03\x80\x00\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1",
				 20);
	source = (ValueSource){.column = &four, .special = SPECIAL_INET4};
	check_source(&source, "192.0.2.1", "\x02\x20\x00\x04\xc0\0\2\1", 8);
}

static void
bytes(void **state)
{
	const LogColumn bits = {.kind = COLUMN_BIT, .length = 12},
					binary = {.kind = COLUMN_STRING, .length = 4, .collation = COLLATION_BINARY};

	(void) state;
	check(&bits, "\x0f\xff", "\0\0\0\x0c\xff\xf0", 6);
	check(&binary, "ab", "ab\0\0", 4);
}

static void
check_select(uint8_t kind, const char *expected)
{
	const LogColumn column = {.kind = kind};
	ByteBuf sql;

	bytebuf_init(&sql, &allocator_malloc, 1000);
	assert_true(text_value_select(&column, "`c`", &sql, NULL));
	assert_int_equal(sql.length, strlen(expected));
	assert_memory_equal(sql.data, expected, sql.length);
	bytebuf_free(&sql);
}

static void
what_columns_are_asked_for_by(void **state)
{
	(void) state;
	check_select(COLUMN_LONG, "`c`");
	check_select(COLUMN_VARCHAR, "`c`");
	check_select(COLUMN_FLOAT, "`c` * 1e0");
	check_select(COLUMN_DOUBLE, "`c` * 1e0");
	check_select(COLUMN_ENUM, "CAST(`c` AS UNSIGNED)");
	check_select(COLUMN_SET, "CAST(`c` AS UNSIGNED)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(years),
		cmocka_unit_test(floats_are_exact),
		cmocka_unit_test(decimals),
		cmocka_unit_test(dates_and_times),
		cmocka_unit_test(dates_that_are_none),
		cmocka_unit_test(labels_by_number),
		cmocka_unit_test(addresses),
		cmocka_unit_test(bytes),
		cmocka_unit_test(what_columns_are_asked_for_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
