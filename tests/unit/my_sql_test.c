/*
 * my_sql_test.c - names, literals and LOAD DATA fields for MySQL and MariaDB.
 */
#include "common/mysql/my_sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static ByteBuf out;

static int
set_up(void **state)
{
	(void) state;
	bytebuf_init(&out, &allocator_malloc, 4096);
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	bytebuf_free(&out);
	return 0;
}

static void
expect(const char *text)
{
	assert_int_equal(out.length, strlen(text));
	assert_memory_equal(out.data, text, out.length);
	out.length = 0;
}

static void
quotes_names(void **state)
{
	char *name = my_table_name("Da`ta", "t able");

	(void) state;
	assert_true(my_put_name(&out, "plain", NULL));
	expect("`plain`");
	assert_true(my_put_name(&out, "a`b``", NULL));
	expect("`a``b`````");
	assert_true(my_put_table(&out, "select", "\"x\"", NULL));
	expect("`select`.`\"x\"`");
	assert_string_equal(name, "`Da``ta`.`t able`");
	free(name);
}

static void
escapes_texts(void **state)
{
	(void) state;
	assert_true(my_put_text(&out, "it's \\ \"q\"\n\r\t\x1a", 14, NULL));
	expect("'it\\'s \\\\ \"q\"\\n\\r\t\\Z'");
	assert_true(my_put_text(&out, "a\0b", 3, NULL));
	expect("'a\\0b'");
	assert_true(my_put_text(&out, "", 0, NULL));
	expect("''");
}

static void
escapes_fields(void **state)
{
	(void) state;
	assert_true(my_put_field(&out, "a\tb\nc\\d\0'e\r", 11, NULL));
	expect("a\\tb\\nc\\\\d\\0'e\\r");
	assert_true(my_put_field(&out, "\\N", 2, NULL));
	expect("\\\\N");
}

/* What is looked at eight bytes at a time finds each special byte at each place. */
static void
escapes_at_every_place(void **state)
{
	static const struct
	{
		char byte, field[3], text[3];
	} cases[] = {
		{'\\', "\\\\", "\\\\"},	 {'\n', "\\n", "\\n"},	   {'\t', "\\t", "\t"},
		{'\0', "\\0", "\\0"},	 {'\r', "\\r", "\\r"},	   {'\'', "'", "\\'"},
		{'\x1a', "\x1a", "\\Z"}, {'\xc3', "\xc3", "\xc3"},
	};
	char in[20], expected[128];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		for (int place = 0; place < 20; place++)
		{
			memset(in, 'x', sizeof(in));
			in[place] = cases[i].byte;
			assert_true(my_put_field(&out, in, sizeof(in), NULL));
			(void) snprintf(expected, sizeof(expected), "%.*s%s%.*s", place, "xxxxxxxxxxxxxxxxxxxx",
							cases[i].field, 19 - place, "xxxxxxxxxxxxxxxxxxxx");
			expect(expected);
			assert_true(my_put_text(&out, in, sizeof(in), NULL));
			(void) snprintf(expected, sizeof(expected), "'%.*s%s%.*s'", place,
							"xxxxxxxxxxxxxxxxxxxx", cases[i].text, 19 - place,
							"xxxxxxxxxxxxxxxxxxxx");
			expect(expected);
		}
	}
}

static void
writes_hexadecimal(void **state)
{
	(void) state;
	assert_true(my_put_hex(&out, "\x00\xff\x1a", 3, NULL));
	expect("x'00ff1a'");
	assert_true(my_put_hex(&out, "", 0, NULL));
	expect("x''");
}

static void
formats(void **state)
{
	(void) state;
	assert_true(my_put(&out, NULL, "%s=%d", "a", 5));
	assert_true(my_put(&out, NULL, ";"));
	expect("a=5;");
}

static void
keeps_to_its_maximum(void **state)
{
	ByteBuf small;
	SluiceError err = {0};
	static const char text[64] = "";

	(void) state;
	bytebuf_init(&small, &allocator_malloc, 16);
	assert_false(my_put_text(&small, text, sizeof(text), &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	assert_false(my_put(&small, &err, "%s", "a text that is longer than there is room for"));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	assert_int_equal(small.length, 0);
	bytebuf_free(&small);
}

static void
schemas_are_databases(void **state)
{
	(void) state;
	assert_string_equal(my_database_of("public", "shop"), "shop");
	assert_string_equal(my_database_of("sales", "shop"), "sales");
	assert_string_equal(my_database_of("Public", "shop"), "Public");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(quotes_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(escapes_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(escapes_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(escapes_at_every_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(writes_hexadecimal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(formats, set_up, tear_down),
		cmocka_unit_test(keeps_to_its_maximum),
		cmocka_unit_test(schemas_are_databases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
