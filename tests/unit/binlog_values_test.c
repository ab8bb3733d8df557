/*
 * binlog_values_test.c - decimals, times and JSON as they lie in a binary log.
 *
 * The bytes are what MariaDB 10.11 and MySQL 9 wrote for these values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mysql_reader/binlog/decimal.h"
#include "mysql_reader/binlog/json.h"
#include "mysql_reader/binlog/temporal.h"

static void
check_decimal(const char *bytes, uint8_t precision, uint8_t scale, const char *expected)
{
	char text[DECIMAL_TEXT_SIZE];

	assert_true(decimal_text((const uint8_t *) bytes, precision, scale, text, NULL));
	assert_string_equal(text, expected);
}

static void
decimals_as_text(void **state)
{
	(void) state;
	check_decimal("\x81\x0D\xFB\x38\xD2\x04\xD2", 14, 4, "1234567890.1234");
	check_decimal("\x7E\xF2\x04\xC7\x2D\xFB\x2D", 14, 4, "-1234567890.1234");
	check_decimal("\x80\x00", 3, 2, "0.00");
	check_decimal("\x7F\xFF", 3, 2, "0.00");
	check_decimal("\x85", 1, 0, "5");
}

static void
wrong_digits_are_refused(void **state)
{
	char text[DECIMAL_TEXT_SIZE];
	SluiceError err;

	(void) state;
	assert_false(decimal_text((const uint8_t *) "\xFF\xFF\xFF\xFF", 9, 0, text, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
}

static void
check_canonical(const char *text, const char *bytes, size_t length)
{
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, 1000);
	assert_true(decimal_canonical(text, strlen(text), &out, NULL));
	assert_int_equal(out.length, length);
	assert_memory_equal(out.data, bytes, length);
	bytebuf_free(&out);
}

static void
decimals_in_canonical_form(void **state)
{
	(void) state;
	check_canonical("0.00", "\0\0\0\0\0\0\0\2", 8);
	check_canonical("-12345.60", "\0\3\0\1\x40\0\0\2\0\1\x09\x29\x17\x70", 14);
	check_canonical("0.0001", "\0\1\xff\xff\0\0\0\4\0\1", 10);
	check_canonical("10000", "\0\1\0\1\0\0\0\0\0\1", 10);
}

static LogTime
read_time(uint8_t kind, uint8_t digits, const char *bytes)
{
	const LogColumn column = {.kind = kind, .scale = digits};
	LogTime time;

	assert_true(log_time_read(&column, (const uint8_t *) bytes, &time, NULL));
	return time;
}

static void
times_below_zero(void **state)
{
	(void) state;
	assert_int_equal(log_time_microseconds(&(LogTime){.hour = 1}), INT64_C(3600000000));
	LogTime time = read_time(COLUMN_TIME, 2, "\x7F\x3C\xB1\xC8");
	assert_int_equal(log_time_microseconds(&time),
					 -((12 * 3600 + 13 * 60 + 14) * INT64_C(1000000) + 560000));
	time = read_time(COLUMN_TIME, 2, "\x7F\xFF\xFF\xFF");
	assert_int_equal(log_time_microseconds(&time), -10000);
	time = read_time(COLUMN_TIME, 2, "\x7F\xFF\xFF\x00");
	assert_int_equal(log_time_microseconds(&time), -1000000);
}

static void
dates(void **state)
{
	LogTime time = read_time(COLUMN_DATETIME, 3, "\x99\xB2\xBA\xD3\x8F\x1A\x7C");
	int32_t days;

	(void) state;
	assert_int_equal(time.year, 2024);
	assert_int_equal(time.month, 2);
	assert_int_equal(time.day, 29);
	assert_int_equal(time.hour, 13);
	assert_int_equal(time.second, 15);
	assert_int_equal(time.microsecond, 678000);
	assert_true(log_time_days(&time, &days));
	assert_int_equal(days, 8825);
	time = read_time(COLUMN_DATE, 0, "\x5D\xD0\x0F");
	assert_int_equal(time.year * 10000 + time.month * 100 + time.day, 20240229);
	time = read_time(COLUMN_TIMESTAMP, 6, "\x65\xE0\x83\x27\x01\xE2\x40");
	assert_int_equal(time.year * 10000 + time.month * 100 + time.day, 20240229);
	assert_int_equal(time.microsecond, 123456);
	time = read_time(COLUMN_TIMESTAMP, 0, "\0\0\0\0");
	assert_true(log_time_zero(&time));
	time = (LogTime){.year = 2026, .month = 2, .day = 31};
	assert_false(log_time_days(&time, &days));
}

static void
check_json(const char *bytes, size_t length, const char *expected)
{
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, 1000);
	assert_true(json_binary_text((const uint8_t *) bytes, length, &out, NULL));
	assert_int_equal(out.length, strlen(expected));
	assert_memory_equal(out.data, expected, out.length);
	bytebuf_free(&out);
}

#define JSON(bytes, expected) check_json(bytes, sizeof(bytes) - 1, expected)

static void
json_values(void **state)
{
	(void) state;
	JSON("", "null");
	JSON("\x04\x01", "true");
	JSON("\x05\xFE\xFF", "-2");
	JSON("\x0C\x03"
		 "a\"\n",
		 "\"a\\\"\\n\"");
	JSON("\x0B\x00\x00\x00\x00\x00\x00\xF0\x3F", "1.0");
	/* {"a": [1, "x"]} */
	JSON("\x00\x01\x00\x18\x00\x0B\x00\x01\x00\x02\x0C\x00"
		 "a"
		 "\x02\x00\x0C\x00\x05\x01\x00\x0C\x0A\x00\x01x",
		 "{\"a\": [1, \"x\"]}");
}

static void
json_beyond_its_end(void **state)
{
	ByteBuf out;
	SluiceError err;

	(void) state;
	bytebuf_init(&out, &allocator_malloc, 1000);
	assert_false(json_binary_text((const uint8_t *) "\x00\x01\x00\xFF\x00", 5, &out, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	bytebuf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_as_text),
		cmocka_unit_test(wrong_digits_are_refused),
		cmocka_unit_test(decimals_in_canonical_form),
		cmocka_unit_test(times_below_zero),
		cmocka_unit_test(dates),
		cmocka_unit_test(json_values),
		cmocka_unit_test(json_beyond_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
