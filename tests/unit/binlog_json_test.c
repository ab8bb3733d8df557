/*
 * binlog_json_test.c - MySQL's binary JSON as the server prints it, paths, and changes of documents.
 *
 * The bytes are what MySQL 9.7 logged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mysql_reader/binlog/json_diff.h"
#include "mysql_reader/binlog/json_path.h"
#include "tests/unit/support/event_maker.h"

#include <stdio.h>

#define ROOM ((size_t) 1 << 20)

static void
check_text(const char *hex, const char *expected)
{
	ByteBuf bytes, out;
	SluiceError err;

	bytebuf_init(&bytes, &allocator_malloc, ROOM);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	put_hex(&bytes, hex);
	if (!json_binary_text(bytes.data, bytes.length, &out, &err))
		fail_msg("%s", err.message);
	assert_true(bytebuf_put_u8(&out, 0, NULL));
	assert_string_equal(out.data, expected);
	bytebuf_free(&bytes);
	bytebuf_free(&out);
}

static void
check_double(double value, const char *expected)
{
	char hex[2 + 16 + 1] = "0b";
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	for (int i = 0; i < 8; i++)
		(void) snprintf(hex + 2 + 2 * i, 3, "%02x", (unsigned) (bits >> 8 * i & 0xff));
	check_text(hex, expected);
}

static void
doubles_as_the_server_prints_them(void **state)
{
	(void) state;
	check_double(0.0, "0.0");
	check_double(-0.0, "-0.0");
	check_double(1, "1.0");
	check_double(100, "100.0");
	check_double(0.1, "0.1");
	check_double(-2.5, "-2.5");
	check_double(0.1 + 0.2, "0.30000000000000004");
	check_double(123456.789, "123456.789");
	check_double(1e14, "100000000000000.0");
	check_double(1e15, "1e15");
	check_double(123456789012345.0, "123456789012345.0");
	check_double(1234567890123456.0, "1.234567890123456e15");
	check_double(1234567890123456.5, "1234567890123456.5");
	check_double(1e-14, "0.00000000000001");
	check_double(1e-15, "0.000000000000001");
	check_double(1.5e-15, "0.0000000000000015");
	check_double(1e-16, "1e-16");
	check_double(5e-324, "5e-324");
	check_double(1.7976931348623157e308, "1.7976931348623157e308");
	/* On the border to the next number, and below a power of two. */
	check_double(-6.1746768947905056e16, "-6.174676894790506e16");
	check_double(5.684341886080802e-14, "0.00000000000005684341886080802");
}

static void
values_that_json_does_not_have(void **state)
{
	(void) state;
	check_text("0f f6 04 04 02 8132", "1.50");
	check_text("0f 0a 08 000000000044b219", "\"2024-01-02\"");
	check_text("0f 0b 08 20a1074ec3000000", "\"12:13:14.500000\"");
	check_text("0f 0b 08 e05ef8b13cffffff", "\"-12:13:14.500000\"");
	check_text("0f fc 02 6162", "\"base64:type252:YWI=\"");
	check_text("0f fd 03 616263", "\"base64:type253:YWJj\"");
}

static void
strings_are_escaped(void **state)
{
	(void) state;
	check_text("0c 07 22 5c 2f 01 1f 7f 09", "\"\\\"\\\\/\\u0001\\u001f\x7f\\t\"");
	check_text("0c 06 c3a9 f09f9880", "\"\xc3\xa9\xf0\x9f\x98\x80\"");
}

/* {"a": 1, "bb": [10, 20], "ccc": {"x": "y"}} */
static const char document[] =
	"00 0300 3c00 1900 0100 1a00 0200 1c00 0300 050100 021f00 002d00 61 6262 636363"
	" 0200 0e00 050a00 051400 00000000"
	" 0100 0f00 0b00 0100 0c0c00 78 0179 00";

/* A change: operation, path, value in hexadecimal. */
static void
put_change(ByteBuf *out, uint8_t operation, const char *path, const char *value)
{
	ByteBuf bytes;

	bytebuf_init(&bytes, &allocator_malloc, ROOM);
	put_hex(&bytes, value);
	put_little(out, operation, 1);
	put_little(out, strlen(path), 1);
	assert_true(bytebuf_put(out, path, strlen(path), NULL));
	if (operation != 2)
	{
		put_little(out, bytes.length, 1);
		assert_true(bytebuf_put(out, bytes.data, bytes.length, NULL));
	}
	bytebuf_free(&bytes);
}

typedef struct Change
{
	uint8_t operation; /* 0 replace, 1 insert, 2 remove */
	const char *path, *value;
} Change;

/* The document after the changes; NULL when they must be refused. */
static void
check_changes(const Change *changes, size_t count, const char *expected)
{
	ByteBuf before, diff, out;
	SluiceError err = {0};
	bool good;

	bytebuf_init(&before, &allocator_malloc, ROOM);
	bytebuf_init(&diff, &allocator_malloc, ROOM);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	put_hex(&before, document);
	for (size_t i = 0; i < count; i++)
		put_change(&diff, changes[i].operation, changes[i].path, changes[i].value);
	good = json_diff_text(before.data, before.length, diff.data, diff.length, &out, &err);
	if (good != (expected != NULL))
		fail_msg("%s: %s", changes[0].path, err.message);
	assert_true(bytebuf_put_u8(&out, 0, NULL));
	if (expected != NULL)
		assert_string_equal(out.data, expected);
	for (size_t cut = 1; cut < diff.length && count == 1; cut++)
		assert_false(json_diff_text(before.data, before.length, diff.data, cut, &out, &err));
	bytebuf_free(&before);
	bytebuf_free(&diff);
	bytebuf_free(&out);
}

static void
check_change(uint8_t operation, const char *path, const char *value, const char *expected)
{
	check_changes(&(Change){operation, path, value}, 1, expected);
}

static void
changes_are_applied(void **state)
{
	(void) state;
	check_text(document, "{\"a\": 1, \"bb\": [10, 20], \"ccc\": {\"x\": \"y\"}}");
	check_change(0, "$.a", "0400", "{\"a\": null, \"bb\": [10, 20], \"ccc\": {\"x\": \"y\"}}");
	check_change(0, "$", "050500", "5");
	check_change(0, "$.bb[1]", "0c0161",
				 "{\"a\": 1, \"bb\": [10, \"a\"], \"ccc\": {\"x\": \"y\"}}");
	check_change(0, "$.ccc.x", "0401", "{\"a\": 1, \"bb\": [10, 20], \"ccc\": {\"x\": true}}");
	check_change(0, "$.\"ccc\".\"\\u0078\"", "0401",
				 "{\"a\": 1, \"bb\": [10, 20], \"ccc\": {\"x\": true}}");
	check_change(1, "$.b", "0401",
				 "{\"a\": 1, \"b\": true, \"bb\": [10, 20], \"ccc\": {\"x\": \"y\"}}");
	check_change(1, "$.ccc.\"a b\"", "0401",
				 "{\"a\": 1, \"bb\": [10, 20], \"ccc\": {\"x\": \"y\", \"a b\": true}}");
	check_change(1, "$.bb[0]", "0401",
				 "{\"a\": 1, \"bb\": [true, 10, 20], \"ccc\": {\"x\": \"y\"}}");
	check_change(1, "$.bb[9]", "0401",
				 "{\"a\": 1, \"bb\": [10, 20, true], \"ccc\": {\"x\": \"y\"}}");
	check_change(2, "$.bb[0]", "", "{\"a\": 1, \"bb\": [20], \"ccc\": {\"x\": \"y\"}}");
	check_change(2, "$.bb", "", "{\"a\": 1, \"ccc\": {\"x\": \"y\"}}");
	check_change(0, "$.a[0]", "0401", "{\"a\": true, \"bb\": [10, 20], \"ccc\": {\"x\": \"y\"}}");
}

static void
changes_follow_one_another(void **state)
{
	const Change changes[] = {
		{2, "$.a", ""},
		{0, "$.bb", "02 0000 0400"},
		{1, "$.bb[0]", "050700"},
		{1, "$.bb[1]", "00 0100 0c00 0b00 0100 040000 71"}, /* {"q": null} */
		{0, "$.bb[1].q", "0401"},
		{1, "$.ccc.z", "0402"},
		{2, "$.ccc.x", ""},
	};

	(void) state;
	check_changes(changes, sizeof(changes) / sizeof(changes[0]),
				  "{\"bb\": [7, {\"q\": true}], \"ccc\": {\"z\": false}}");
	check_changes(changes, 0, "{\"a\": 1, \"bb\": [10, 20], \"ccc\": {\"x\": \"y\"}}");
}

static void
changes_of_what_is_not_there_are_refused(void **state)
{
	(void) state;
	check_change(0, "$.q", "0401", NULL);
	check_change(0, "$.bb[2]", "0401", NULL);
	check_change(1, "$.a", "0401", NULL);
	check_change(1, "$.q.r", "0401", NULL);
	check_change(1, "$.a.r", "0401", NULL);
	check_change(1, "$", "0401", NULL);
	check_change(2, "$", "", NULL);
	check_change(2, "$.bb[2]", "", NULL);
	check_change(3, "$.a", "0401", NULL);
	check_change(0, "a", "0401", NULL);
}

static void
paths(void **state)
{
	static const char *const wrong[] = {
		"",		 "x",		 "$x",			"$.",	"$[",		 "$[1",	  "$[]",		   "$[a]",
		"$.\"a", "$.\"\\\"", "$.\"\\u12\"", "$[*]", "$.a[last]", "$**.a", "$.\"\\ud800\"", "$..a"};
	static const char right[] = "$.a[12].\"b.\\\"c\\ud83d\\ude00\".d";
	JsonPath path;
	SluiceError err;

	(void) state;
	json_path_init(&path);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		if (json_path_read(&path, (const uint8_t *) wrong[i], strlen(wrong[i]), &err))
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	}
	assert_true(json_path_read(&path, (const uint8_t *) right, strlen(right), NULL));
	assert_int_equal(path.count, 4);
	assert_int_equal(path.legs[1].index, 12);
	assert_int_equal(path.legs[2].name_length, 8);
	assert_memory_equal(path.legs[2].name, "b.\"c\xf0\x9f\x98\x80", 8);
	assert_int_equal(path.legs[3].name_length, 1);
	json_path_free(&path);
}

static void
each_cut_and_changed_byte_is_safe(void **state)
{
	ByteBuf bytes, out;
	SluiceError err;

	(void) state;
	bytebuf_init(&bytes, &allocator_malloc, ROOM);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	put_hex(&bytes, document);
	for (size_t i = 0; i < bytes.length; i++)
	{
		for (unsigned bit = 0; bit < 8; bit++)
		{
			bytes.data[i] ^= (uint8_t) (1u << bit);
			out.length = 0;
			(void) !json_binary_text(bytes.data, bytes.length, &out, &err);
			bytes.data[i] ^= (uint8_t) (1u << bit);
		}
		/* What lies behind the last value is part of no other. */
		out.length = 0;
		if (i > 0 && json_binary_text(bytes.data, i, &out, &err))
			fail_msg("%zu bytes were taken", i);
	}
	bytebuf_free(&bytes);
	bytebuf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_as_the_server_prints_them),
		cmocka_unit_test(values_that_json_does_not_have),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(changes_are_applied),
		cmocka_unit_test(changes_follow_one_another),
		cmocka_unit_test(changes_of_what_is_not_there_are_refused),
		cmocka_unit_test(paths),
		cmocka_unit_test(each_cut_and_changed_byte_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
