/*
 * bundle_relation_test.c - relation records there and back, and those that are refused.
 */
#include "common/core/bundle_relation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "support/bundle_model.h"
#include "support/failing_allocator.h"

static const BundleColumn columns[] = {
	{"id", "int8", 20, -1, CANON_INT64, 0, COLUMN_KEY | COLUMN_PRIMARY},
	{"tags", "_text", 1009, -1, CANON_ARRAY, CANON_TEXT, 0},
};
static const BundleRelation table = {16384, IDENTITY_DEFAULT, 2, "public", "t", columns, NULL, 0};

static void
written(const BundleRelation *relation, ByteBuf *out)
{
	SluiceError err;

	bytebuf_init(out, &allocator_malloc, 1 << 20);
	assert_true(bundle_relation_write(relation, out, &err));
}

/* Reads; the error's code, SLUICE_OK when there was none. */
static SluiceErrorCode
reading(const uint8_t *body, size_t length)
{
	SluiceError err;
	BundleRelation *relation = bundle_relation_read(body, length, &allocator_malloc, &err);

	if (relation == NULL)
		return err.code;
	bundle_relation_free(relation, &allocator_malloc);
	return SLUICE_OK;
}

/* docs/bundle-format.md, byte by byte. */
static void
the_layout_is_fixed(void **state)
{
	static const char expected[] = "\x00\x00\x40\x00"
								   "d"
								   "\0"
								   "\0\2"
								   "\0\6public\0"
								   "\0\1t\0"
								   "\3\4\0\0"
								   "\0\0\0\x14"
								   "\xFF\xFF\xFF\xFF"
								   "\0\2id\0"
								   "\0\4int8\0"
								   "\0\x17\x09\0"
								   "\0\0\3\xF1"
								   "\xFF\xFF\xFF\xFF"
								   "\0\4tags\0"
								   "\0\5_text";
	ByteBuf out;

	(void) state;
	written(&table, &out);
	assert_int_equal(out.length, sizeof(expected));
	assert_memory_equal(out.data, expected, sizeof(expected));
	bytebuf_free(&out);
}

/* Random relations in random bundles are read in bundle_test; here the bytes must come out the same. */
static void
reading_and_writing_again_gives_the_same_bytes(void **state)
{
	Random random = random_start();

	(void) state;
	for (int i = 0; i < 300; i++)
	{
		BundleRelation *relation;
		BundleModel model;
		ByteBuf again;
		ByteBuf out;

		bundle_model_make(&model, &random, &(ModelSize){1, 40, 0});
		written(&model.relations[0], &out);
		relation = bundle_relation_read(out.data, out.length, &allocator_malloc, NULL);
		assert_non_null(relation);
		assert_ptr_equal(relation->encoded, out.data);
		assert_int_equal(relation->encoded_length, out.length);
		written(relation, &again);
		assert_int_equal(again.length, out.length);
		assert_memory_equal(again.data, out.data, out.length);
		bundle_relation_free(relation, &allocator_malloc);
		bytebuf_free(&again);
		bytebuf_free(&out);
		bundle_model_free(&model);
	}
}

static void
cut_and_lengthened_bodies_are_refused(void **state)
{
	SluiceError err;
	ByteBuf out;

	(void) state;
	written(&table, &out);
	for (size_t length = 0; length < out.length; length++)
		assert_int_equal(reading(out.data, length), SLUICE_ERROR_CORRUPT);
	assert_int_equal(reading(out.data, out.length), SLUICE_OK);
	assert_true(bytebuf_put_u8(&out, 0, &err));
	assert_int_equal(reading(out.data, out.length), SLUICE_ERROR_CORRUPT);
	bytebuf_free(&out);
}

static void
unknown_values_are_another_version(void **state)
{
	/* identity, reserved; then of the first column: flags, type, element type, reserved */
	static const struct
	{
		size_t at;
		uint8_t value;
	} changes[] = {{4, 'x'},   {4, 0}, {5, 1}, {21, 8}, {22, 0}, {22, CANON_LAST + 1},
				   {23, 0x80}, {24, 1}};
	ByteBuf out;

	(void) state;
	written(&table, &out);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
	{
		uint8_t kept = out.data[changes[i].at];

		out.data[changes[i].at] = changes[i].value;
		assert_int_equal(reading(out.data, out.length), SLUICE_ERROR_VERSION);
		out.data[changes[i].at] = kept;
	}
	bytebuf_free(&out);
}

static void
columns_have_a_maximum(void **state)
{
	static BundleColumn many[BUNDLE_COLUMNS_MAXIMUM + 1];
	BundleRelation wide = {1, IDENTITY_FULL, BUNDLE_COLUMNS_MAXIMUM, "s", "wide", many, NULL, 0};
	SluiceError err;
	ByteBuf out;

	(void) state;
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = columns[0];
	written(&wide, &out);
	assert_int_equal(reading(out.data, out.length), SLUICE_OK);
	store_u16(out.data + 6, BUNDLE_COLUMNS_MAXIMUM + 1);
	assert_int_equal(reading(out.data, out.length), SLUICE_ERROR_LIMIT);
	out.length = 0;
	wide.column_count++;
	assert_false(bundle_relation_write(&wide, &out, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	assert_int_equal(out.length, 0);
	bytebuf_free(&out);
}

static void
without_memory_nothing_stays(void **state)
{
	FailingAllocator failing;
	SluiceError err;
	ByteBuf out;

	(void) state;
	written(&table, &out);
	failing_allocator_init(&failing, 1);
	assert_null(bundle_relation_read(out.data, out.length, &failing.allocator, &err));
	assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
	assert_null(bundle_relation_read(out.data, out.length - 1, &failing.allocator, &err));
	assert_int_equal(failing.asked, 2);
	assert_int_equal(failing.live, 0);
	bytebuf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_layout_is_fixed),
		cmocka_unit_test(reading_and_writing_again_gives_the_same_bytes),
		cmocka_unit_test(cut_and_lengthened_bodies_are_refused),
		cmocka_unit_test(unknown_values_are_another_version),
		cmocka_unit_test(columns_have_a_maximum),
		cmocka_unit_test(without_memory_nothing_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
