/*
 * source_position_test.c - places in logs as numbers and as text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mysql_reader/source_position.h"

#define UUID  "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define OTHER "4e11fa47-71ca-11e1-9e33-c80aa9429562"

static SourcePosition
parse(const char *text)
{
	SourcePosition position;
	SluiceError err = {0};

	source_position_init(&position);
	if (!source_position_parse(&position, text, &err))
		fail_msg("%s", err.message);
	return position;
}

static void
expect_again(const char *text, uint64_t number)
{
	SourcePosition position = parse(text);
	SluiceError err;
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, POSITION_MAXIMUM);
	assert_true(source_position_format(&position, &out, &err));
	assert_string_equal((const char *) out.data, text);
	assert_int_equal(position_number(&position.log, position.mode), number);
	bytebuf_free(&out);
	source_position_free(&position);
}

static void
texts_come_back_as_they_were(void **state)
{
	(void) state;
	expect_again("product=mysql mode=gtid server=" UUID " gtids=" UUID ":1-5:7," OTHER
				 ":a_tag:1-3 offset=157 file=binlog.000042",
				 10);
	expect_again("product=mysql mode=gtid server=" UUID " gtids=- offset=4 file=b.000001", 1);
	expect_again("product=mysql mode=gtid server=" UUID " gtids=" UUID ":1-5 interrupted=" UUID
				 ":6 offset=157 file=binlog.000042",
				 6);
	expect_again("product=mariadb mode=gtid server=id-1 gtids=0-1-100,1-2-7 offset=4 file=b.000001",
				 108);
	expect_again("product=mariadb mode=file server=id-1 gtids=0-1-100 offset=4294967300"
				 " file=my log.000003",
				 (UINT64_C(3) << 40) + 4294967300);
}

static void
numbers_order_places(void **state)
{
	(void) state;
	assert_true(file_position_number("a.000002", 4) > file_position_number("a.000001", 1u << 31));
	assert_true(file_position_number("a.9", 5) > file_position_number("a.9", 4));
	assert_true(file_position_number("a.999999", 4) < file_position_number("a.1000000", 4));
}

static void
expect_refused(const char *text, const char *words)
{
	SourcePosition position;
	SluiceError err = {0};

	source_position_init(&position);
	assert_false(source_position_parse(&position, text, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	if (strstr(err.message, words) == NULL)
		fail_msg("%s", err.message);
	source_position_free(&position);
}

static void
what_is_no_position_is_refused(void **state)
{
	(void) state;
	expect_refused("", "product=");
	expect_refused("product=oracle", "no such product");
	expect_refused("product=mysql mode=time", "no such mode");
	expect_refused("product=mysql mode=gtid server=x gtids=nonsense offset=4 file=b.1", "gtids=");
	expect_refused("product=mysql mode=gtid server=x gtids=- offset=-4 file=b.1", "no number");
	expect_refused("product=mysql mode=gtid server=x gtids=- offset= file=b.1", "no number");
	expect_refused("product=mysql mode=gtid server=x gtids=-", "offset=");
	expect_refused("product=mysql mode=gtid server="
				   "0123456789012345678901234567890123456789012345678901234567890123456789 gtids=-",
				   "too long");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_come_back_as_they_were),
		cmocka_unit_test(numbers_order_places),
		cmocka_unit_test(what_is_no_position_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
