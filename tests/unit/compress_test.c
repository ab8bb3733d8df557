/*
 * compress_test.c - each compression there and back, and bytes that are none.
 */
#include "common/core/compress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/failing_allocator.h"
#include "support/random.h"

static const Compression both[] = {COMPRESSION_LZ4, COMPRESSION_ZSTD};

static void
there_and_back(void **state)
{
	static const size_t lengths[] = {1, 2, 100, 4096, 100000, 1 << 20};
	Random random = random_start();
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < 2 * sizeof(lengths) / sizeof(lengths[0]); i++)
	{
		size_t length = lengths[i / 2];
		uint8_t *data = malloc(length);
		uint8_t *back = malloc(length);
		ByteBuf out;

		if (random_chance(&random, 50))
			random_fill(&random, data, length);
		else
			memset(data, 'z', length);
		bytebuf_init(&out, &allocator_malloc, 4 << 20);
		assert_true(bytebuf_put_u32(&out, 0xFEEDBEEF, &err));
		assert_true(compress_append(both[i % 2], data, length, &out, &err));
		assert_int_equal(load_u32(out.data), 0xFEEDBEEF);
		assert_true(
			compress_restore(both[i % 2], out.data + 4, out.length - 4, back, length, &err));
		assert_memory_equal(data, back, length);
		bytebuf_free(&out);
		free(data);
		free(back);
	}
}

/* Shorter, longer, cut and changed: never more bytes than there is room for. */
static void
what_does_not_fit_is_refused(void **state)
{
	Random random = random_start();
	uint8_t data[1000];
	uint8_t back[1001];
	int restored = 0;
	SluiceError err;

	(void) state;
	memset(data, 'a', sizeof(data));
	random_fill(&random, data, 300);
	for (int i = 0; i < 2; i++)
	{
		ByteBuf out;

		bytebuf_init(&out, &allocator_malloc, 4096);
		assert_true(compress_append(both[i], data, sizeof(data), &out, &err));
		assert_false(compress_restore(both[i], out.data, out.length, back, 999, &err));
		assert_false(compress_restore(both[i], out.data, out.length, back, 1001, &err));
		assert_false(compress_restore(both[i], out.data, out.length, back, 0, &err));
		for (size_t length = 0; length < out.length; length++)
			assert_false(compress_restore(both[i], out.data, length, back, 1000, &err));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
		for (int n = 0; n < 2000; n++)
		{
			size_t at = random_below(&random, (uint32_t) out.length);
			uint8_t kept = out.data[at];

			out.data[at] = (uint8_t) random_u64(&random);
			restored += compress_restore(both[i], out.data, out.length, back, 1000, &err);
			out.data[at] = kept;
		}
		bytebuf_free(&out);
	}
	assert_true(restored < 4000);
}

static void
limits_and_memory(void **state)
{
	FailingAllocator failing;
	uint8_t data[1000] = {0};
	SluiceError err;
	ByteBuf out;

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		bytebuf_init(&out, &allocator_malloc, 100);
		assert_false(compress_append(both[i], data, sizeof(data), &out, &err));
		assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
		assert_int_equal(out.length, 0);
		bytebuf_free(&out);
		failing_allocator_init(&failing, 1);
		bytebuf_init(&out, &failing.allocator, 4096);
		assert_false(compress_append(both[i], data, sizeof(data), &out, &err));
		assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
		assert_int_equal(failing.live, 0);
	}
	assert_int_equal(compress_bound(COMPRESSION_LZ4, (size_t) 1 << 32), 0);
	assert_true(compress_bound(COMPRESSION_ZSTD, sizeof(data)) > sizeof(data));
	bytebuf_init(&out, &allocator_malloc, 4096);
	assert_false(compress_append(COMPRESSION_LZ4, data, (size_t) 1 << 32, &out, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
}

static void
names(void **state)
{
	Compression compression;
	SluiceError err;

	(void) state;
	for (unsigned i = COMPRESSION_NONE; i <= COMPRESSION_ZSTD; i++)
	{
		assert_true(compression_parse(compression_name(i), &compression, &err));
		assert_int_equal(compression, i);
	}
	assert_null(compression_name(COMPRESSION_ZSTD + 1));
	assert_false(compression_parse("gzip", &compression, &err));
	assert_false(compression_parse("", &compression, &err));
	assert_false(compression_parse("LZ4", &compression, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(limits_and_memory),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
