/*
 * bytebuf_test.c - growth up to the maximum, failing memory, and every get against every put.
 */
#include "common/core/bytebuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "support/failing_allocator.h"
#include "support/random.h"

static void
what_is_put_is_got(void **state)
{
	const uint8_t expected[] = {1,	2,	3,	4,	5,	6, 7, 8,   9,	10,
								11, 12, 13, 14, 15, 0, 2, 'h', 'i', 0};
	const char *text;
	SluiceError err;
	ByteCursor in;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;
	ByteBuf buf;

	(void) state;
	bytebuf_init(&buf, &allocator_malloc, 100);
	assert_true(bytebuf_put_u8(&buf, 1, &err) && bytebuf_put_u16(&buf, 0x0203, &err) &&
				bytebuf_put_u32(&buf, 0x04050607, &err) &&
				bytebuf_put_u64(&buf, UINT64_C(0x08090A0B0C0D0E0F), &err) &&
				bytebuf_put_text(&buf, "hi", &err));
	assert_int_equal(buf.length, sizeof(expected));
	assert_memory_equal(buf.data, expected, sizeof(expected));
	in = (ByteCursor){buf.data, buf.data + buf.length};
	assert_true(cursor_u8(&in, &u8, &err) && cursor_u16(&in, &u16, &err) &&
				cursor_u32(&in, &u32, &err) && cursor_u64(&in, &u64, &err) &&
				cursor_text(&in, &text, &err));
	assert_int_equal(u8, 1);
	assert_int_equal(u16, 0x0203);
	assert_int_equal(u32, 0x04050607);
	assert_int_equal(u64, UINT64_C(0x08090A0B0C0D0E0F));
	assert_string_equal(text, "hi");
	assert_ptr_equal(in.at, in.end);
	bytebuf_free(&buf);
	bytebuf_free(&buf);
}

static void
no_get_goes_beyond_the_end(void **state)
{
	uint8_t bytes[8] = {0, 1, 'x', 0, 0, 0, 0, 0};
	const uint8_t *at;
	const char *text;
	SluiceError err;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	(void) state;
	for (size_t length = 0; length <= sizeof(bytes); length++)
	{
		const ByteCursor start = {bytes, bytes + length};
		ByteCursor in;

		assert_int_equal((in = start, cursor_u8(&in, &u8, &err)), length >= 1);
		assert_int_equal((in = start, cursor_u16(&in, &u16, &err)), length >= 2);
		assert_int_equal((in = start, cursor_u32(&in, &u32, &err)), length >= 4);
		assert_int_equal((in = start, cursor_u64(&in, &u64, &err)), length >= 8);
		assert_int_equal((in = start, cursor_text(&in, &text, &err)), length >= 4);
		assert_int_equal((in = start, cursor_take(&in, 3, &at, &err)), length >= 3);
		assert_false((in = start, cursor_take(&in, SIZE_MAX, &at, &err)));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
		assert_ptr_equal(in.at, start.at);
	}
}

static void
a_text_has_one_end_mark(void **state)
{
	const char *const bad[] = {"\0\1xy", "\0\2\0y\0", "\0\0x"};
	const size_t lengths[] = {4, 5, 3};
	const char *text;
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < 3; i++)
	{
		ByteCursor in = {(const uint8_t *) bad[i], (const uint8_t *) bad[i] + lengths[i]};

		assert_false(cursor_text(&in, &text, &err));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	}
}

static void
the_longest_text_fits(void **state)
{
	static char text[UINT16_MAX + 2];
	SluiceError err;
	ByteBuf buf;

	(void) state;
	memset(text, 't', sizeof(text) - 1);
	bytebuf_init(&buf, &allocator_malloc, 1 << 20);
	assert_false(bytebuf_put_text(&buf, text, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	assert_int_equal(buf.length, 0);
	assert_true(bytebuf_put_text(&buf, text + 1, &err));
	assert_int_equal(buf.length, UINT16_MAX + 3);
	bytebuf_free(&buf);
}

/* Every maximum is reached to the byte and never passed. */
static void
the_maximum_holds(void **state)
{
	static const size_t maxima[] = {0, 1, 7, 511, 512, 513, 1023, 1024, 1025, 5000};
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++)
	{
		ByteBuf buf;

		bytebuf_init(&buf, &allocator_malloc, maxima[i]);
		for (size_t n = 0; n < maxima[i]; n++)
			assert_true(bytebuf_put_u8(&buf, (uint8_t) n, &err));
		assert_false(bytebuf_put_u8(&buf, 0, &err));
		assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
		assert_false(bytebuf_reserve(&buf, SIZE_MAX, &err));
		assert_true(bytebuf_reserve(&buf, 0, &err));
		assert_int_equal(buf.length, maxima[i]);
		assert_true(buf.capacity <= maxima[i]);
		for (size_t n = 0; n < maxima[i]; n++)
			assert_int_equal(buf.data[n], (uint8_t) n);
		bytebuf_free(&buf);
	}
}

static void
failed_growth_changes_nothing(void **state)
{
	FailingAllocator failing;
	uint8_t before[512];
	SluiceError err;
	ByteBuf buf;

	(void) state;
	memset(before, 7, sizeof(before));
	failing_allocator_init(&failing, 2);
	bytebuf_init(&buf, &failing.allocator, 1 << 20);
	assert_true(bytebuf_put(&buf, before, sizeof(before), &err));
	assert_int_equal(buf.capacity, sizeof(before));
	assert_false(bytebuf_put_text(&buf, "more", &err));
	assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
	assert_int_equal(buf.length, sizeof(before));
	assert_memory_equal(buf.data, before, sizeof(before));
	assert_true(bytebuf_put_text(&buf, "more", &err));
	assert_memory_equal(buf.data, before, sizeof(before));
	bytebuf_free(&buf);
	assert_int_equal(failing.live, 0);
}

/* Doubling: the number of allocations grows with the logarithm. */
static void
growth_is_cheap(void **state)
{
	FailingAllocator counting;
	SluiceError err;
	ByteBuf buf;

	(void) state;
	failing_allocator_init(&counting, 0);
	bytebuf_init(&buf, &counting.allocator, 1 << 20);
	for (uint32_t i = 0; i < (1 << 20) / 4; i++)
		assert_true(bytebuf_put_u32(&buf, i, &err));
	assert_int_equal(counting.asked, 12);
	for (uint32_t i = 0; i < (1 << 20) / 4; i++)
		assert_int_equal(load_u32(buf.data + 4 * i), i);
	bytebuf_free(&buf);
}

/* What failed before its buffers were begun is freed like everything else. */
static void
nothing_is_freed_as_well(void **state)
{
	ByteBuf buf = {0};

	(void) state;
	bytebuf_free(&buf);
	bytebuf_init(&buf, &allocator_malloc, 100);
	bytebuf_free(&buf);
	bytebuf_free(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_is_got),	   cmocka_unit_test(no_get_goes_beyond_the_end),
		cmocka_unit_test(a_text_has_one_end_mark), cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(the_maximum_holds),	   cmocka_unit_test(failed_growth_changes_nothing),
		cmocka_unit_test(growth_is_cheap),		   cmocka_unit_test(nothing_is_freed_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
