/*
 * bundle_test.c - random bundles written, sealed, split, put together and read; limits, failing
 * memory, damage, and records that contradict their relation.
 */
#include "common/core/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/bundle_model.h"
#include "support/bundle_walk.h"
#include "support/checksum.h"
#include "support/failing_allocator.h"

#define MAXIMUM ((size_t) 64 << 20)

static const ModelSize small = {2, 6, 12};
static const ModelSize medium = {6, 24, 60};

/* A model's bundle, sealed, in memory of its own; false when writing failed. */
static bool
write_model(const BundleModel *model, const Allocator *allocator, Compression compression,
			uint8_t **message, size_t *length, SluiceError *err)
{
	const uint8_t *sealed;
	BundleHeader header;
	BundleWriter writer;
	ByteBuf scratch;
	bool done;

	bytebuf_init(&scratch, allocator, MAXIMUM);
	bundle_writer_init(&writer, allocator, MAXIMUM);
	done = bundle_writer_start(&writer, &model->previous, 0, err) &&
		   bundle_model_write(model, &writer, err);
	if (done)
	{
		bundle_writer_header(&writer, model->kind, &header);
		done = bundle_seal(&header, writer.buf.data, writer.buf.length, compression, &scratch,
						   &sealed, length, err);
	}
	if (done)
	{
		*message = malloc(*length);
		memcpy(*message, sealed, *length);
	}
	bundle_writer_free(&writer);
	bytebuf_free(&scratch);
	return done;
}

static bool
read_model(const BundleModel *model, const Allocator *allocator, const uint8_t *message,
		   size_t length, SluiceError *err)
{
	BundleReader reader;
	bool done;

	bundle_reader_init(&reader, allocator, MAXIMUM);
	done =
		bundle_reader_open(&reader, message, length, err) && bundle_model_read(model, &reader, err);
	bundle_reader_free(&reader);
	return done;
}

static void
what_is_written_is_read(void **state)
{
	Random random = random_start();

	(void) state;
	for (int i = 0; i < 300; i++)
	{
		BundleModel model;
		uint8_t *message;
		SluiceError err;
		size_t length;

		bundle_model_make(&model, &random, i % 10 == 0 ? &medium : &small);
		assert_true(
			write_model(&model, &allocator_malloc, (Compression) (i % 3), &message, &length, &err));
		assert_true(read_model(&model, &allocator_malloc, message, length, &err));
		free(message);
		bundle_model_free(&model);
	}
}

/* Splits a message and puts it together again. */
static void
through_parts(Random *random, const uint8_t *message, size_t length, BundleAssembly *assembly)
{
	size_t most = length - 1 - BUNDLE_HEADER_SIZE;
	size_t max_message = BUNDLE_HEADER_SIZE + 1 + random_below(random, (uint32_t) most);
	uint32_t parts = bundle_part_count(length, max_message);
	bool complete = false;
	BundleHeader whole;
	const uint8_t *body;
	ByteBuf part;

	assert_true(bundle_header_read(message, length, &whole, &body, NULL));
	bytebuf_init(&part, &allocator_malloc, max_message);
	for (uint32_t i = 0; i < parts; i++)
	{
		BundleHeader header;

		assert_true(bundle_part_write(&whole, message, length, max_message, i, &part, NULL));
		assert_true(bundle_header_read(part.data, part.length, &header, &body, NULL));
		assert_true(bundle_assembly_add(assembly, &header, body, &complete, NULL));
		assert_int_equal(complete, i + 1 == parts);
	}
	bytebuf_free(&part);
}

static void
what_is_split_is_read(void **state)
{
	Random random = random_start();
	BundleAssembly assembly;

	(void) state;
	bundle_assembly_init(&assembly, &allocator_malloc, MAXIMUM);
	for (int i = 0; i < 100; i++)
	{
		BundleModel model;
		uint8_t *message;
		SluiceError err;
		size_t length;

		bundle_model_make(&model, &random, &small);
		assert_true(
			write_model(&model, &allocator_malloc, (Compression) (i % 3), &message, &length, &err));
		through_parts(&random, message, length, &assembly);
		assert_int_equal(assembly.whole.length, length);
		assert_true(read_model(&model, &allocator_malloc, assembly.whole.data, length, &err));
		free(message);
		bundle_model_free(&model);
	}
	bundle_assembly_free(&assembly);
}

/* One writer and one reader for many bundles, as programs use them. */
static void
writer_and_reader_are_reused(void **state)
{
	Random random = random_start();
	BundleWriter writer;
	BundleReader reader;
	SluiceError err;

	(void) state;
	bundle_writer_init(&writer, &allocator_malloc, MAXIMUM);
	bundle_reader_init(&reader, &allocator_malloc, MAXIMUM);
	for (int i = 0; i < 100; i++)
	{
		const uint8_t *sealed;
		BundleHeader header;
		BundleModel model;
		size_t length;

		bundle_model_make(&model, &random, &small);
		assert_true(bundle_writer_start(&writer, &model.previous, 1000, &err));
		assert_true(bundle_model_write(&model, &writer, &err));
		bundle_writer_header(&writer, model.kind, &header);
		assert_true(bundle_seal(&header, writer.buf.data, writer.buf.length, COMPRESSION_NONE, NULL,
								&sealed, &length, &err));
		assert_true(bundle_reader_open(&reader, sealed, length, &err));
		assert_true(bundle_model_read(&model, &reader, &err));
		bundle_model_free(&model);
	}
	bundle_writer_free(&writer);
	bundle_reader_free(&reader);
}

/* Whatever the maximum, a record is in the bundle whole or not at all (bundle_model_write asserts). */
static void
the_maximum_holds(void **state)
{
	Random random = random_start();
	BundleModel model;
	SluiceError err;
	bool done = false;

	(void) state;
	bundle_model_make(&model, &random, &(ModelSize){2, 4, 20});
	for (size_t maximum = BUNDLE_HEADER_SIZE; !done; maximum += 7)
	{
		BundleWriter writer;

		bundle_writer_init(&writer, &allocator_malloc, maximum);
		assert_true(bundle_writer_start(&writer, &model.previous, 0, &err));
		done = bundle_model_write(&model, &writer, &err);
		if (!done)
			assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
		assert_true(writer.buf.length <= maximum);
		bundle_writer_free(&writer);
	}
	bundle_model_free(&model);
}

static void
start_needs_room_for_the_head(void **state)
{
	const ChangeId none = {0};
	BundleWriter writer;
	SluiceError err;

	(void) state;
	bundle_writer_init(&writer, &allocator_malloc, BUNDLE_HEADER_SIZE - 1);
	assert_false(bundle_writer_start(&writer, &none, 0, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	bundle_writer_free(&writer);
}

/* An unpacked body has its maximum at the reader. */
static void
a_reader_unpacks_no_more_than_its_maximum(void **state)
{
	const BundleMessage content = {1, "prefix", calloc(1, 100000), 100000};
	const ChangeId id = {1, 1, CHANGE_INDEX_COMMIT};
	const uint8_t *sealed;
	BundleWriter writer;
	BundleReader reader;
	BundleHeader header;
	ByteBuf scratch;
	SluiceError err;
	size_t length;

	(void) state;
	bytebuf_init(&scratch, &allocator_malloc, MAXIMUM);
	bundle_writer_init(&writer, &allocator_malloc, MAXIMUM);
	assert_true(bundle_writer_start(&writer, &(ChangeId){1, 0, 0}, 0, &err));
	assert_true(bundle_add_message(&writer, 0, &content, &id, &err));
	bundle_writer_header(&writer, BUNDLE_CHANGE, &header);
	assert_true(bundle_seal(&header, writer.buf.data, writer.buf.length, COMPRESSION_ZSTD, &scratch,
							&sealed, &length, &err));
	assert_true(length < 1000);
	bundle_reader_init(&reader, &allocator_malloc, 100000);
	assert_false(bundle_reader_open(&reader, sealed, length, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	bundle_reader_free(&reader);
	bundle_writer_free(&writer);
	bytebuf_free(&scratch);
	free((void *) content.content);
}

static void
writing_without_memory(void **state)
{
	Random random = random_start();
	FailingAllocator failing;
	BundleModel model;
	uint8_t *message;
	SluiceError err;
	size_t length;
	unsigned n = 0;
	bool done;

	(void) state;
	bundle_model_make(&model, &random, &medium);
	do
	{
		failing_allocator_init(&failing, ++n);
		done = write_model(&model, &failing.allocator, COMPRESSION_ZSTD, &message, &length, &err);
		assert_int_equal(failing.live, 0);
		if (!done)
			assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
	} while (!done);
	assert_true(n > 5);
	assert_true(read_model(&model, &allocator_malloc, message, length, &err));
	free(message);
	bundle_model_free(&model);
}

static void
reading_without_memory(void **state)
{
	Random random = random_start();
	FailingAllocator failing;
	BundleModel model;
	uint8_t *message;
	SluiceError err;
	size_t length;
	unsigned n = 0;
	bool done;

	(void) state;
	bundle_model_make(&model, &random, &(ModelSize){40, 5, 20});
	assert_true(write_model(&model, &allocator_malloc, COMPRESSION_LZ4, &message, &length, &err));
	do
	{
		failing_allocator_init(&failing, ++n);
		done = read_model(&model, &failing.allocator, message, length, &err);
		assert_int_equal(failing.live, 0);
		if (!done)
			assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
	} while (!done);
	assert_true(n > model.relation_count);
	free(message);
	bundle_model_free(&model);
}

/* A small message, whatever the model: what the tests below damage. */
static void
small_message(Random *random, Compression compression, uint8_t **message, size_t *length)
{
	BundleModel model;
	SluiceError err;

	for (;;)
	{
		bundle_model_make(&model, random, &(ModelSize){2, 4, 10});
		assert_true(write_model(&model, &allocator_malloc, compression, message, length, &err));
		bundle_model_free(&model);
		if (*length > 300 && *length < 1500)
			return;
		free(*message);
	}
}

static void
damage_is_refused(void **state)
{
	Random random = random_start();
	BundleReader reader;
	uint8_t *message;
	size_t length;

	(void) state;
	bundle_reader_init(&reader, &allocator_malloc, MAXIMUM);
	for (Compression compression = COMPRESSION_NONE; compression <= COMPRESSION_ZSTD; compression++)
	{
		SluiceError err;

		small_message(&random, compression, &message, &length);
		for (size_t cut = 0; cut < length; cut++)
			assert_false(bundle_reader_open(&reader, message, cut, &err));
		for (size_t at = 0; at < length; at++)
		{
			uint8_t kept = message[at];

			message[at] ^= (uint8_t) (1 + random_below(&random, 255));
			assert_false(bundle_reader_open(&reader, message, length, &err));
			message[at] = kept;
		}
		assert_true(bundle_reader_open(&reader, message, length, &err));
		free(message);
	}
	bundle_reader_free(&reader);
}

/* The same with a checksum that is right: a sanitizer sees what reading does with it. */
static void
forged_bundles_break_nothing(void **state)
{
	Random random = random_start();
	BundleReader reader;
	uint32_t records = 0;

	(void) state;
	bundle_reader_init(&reader, &allocator_malloc, 1 << 20);
	for (int i = 0; i < 60; i++)
	{
		uint8_t *message;
		uint8_t *forged;
		size_t length;

		small_message(&random, (Compression) (i % 3), &message, &length);
		forged = malloc(length);
		for (int n = 0; n < 400; n++)
		{
			size_t cut =
				random_chance(&random, 20) ? random_below(&random, (uint32_t) length + 1) : length;

			memcpy(forged, message, length);
			for (uint32_t k = 1 + random_below(&random, 4); k > 0; k--)
				forged[random_below(&random, (uint32_t) length)] = (uint8_t) random_u64(&random);
			if (i % 3 == 0)
				checksum_mend_sizes(forged, cut);
			else
				checksum_mend(forged, cut);
			records += bundle_walk(&reader, forged, cut);
		}
		free(forged);
		free(message);
	}
	assert_true(records > 1000); /* some of it was read */
	bundle_reader_free(&reader);
}

/* The example of docs/bundle-format.md, byte by byte. */
static void
the_layout_is_fixed(void **state)
{
	/* clang-format off */
	static const char expected[] =
		"R\0\0\0" "\0\0\0\x44"
			"\0\0\x40\0" "d" "\0" "\0\2" "\0\6public\0" "\0\1t\0"
			"\3\3\0\0" "\0\0\0\x17" "\xFF\xFF\xFF\xFF" "\0\2id\0" "\0\4int4\0"
			"\0\x09\0\0" "\0\0\0\x19" "\xFF\xFF\xFF\xFF" "\0\1v\0" "\0\4text\0"
		"B\0\0\0" "\0\0\0\x17"
			"\0\0\0\0\x01\x6B\x37\x48" "\x00\x02\xFB\x0D\xEE\x0E\x91\x20" "\0\0\x02\xE5" "\0\0\0"
		"I\0\0\0" "\0\0\0\x0E"
			"\0\2" "\0\0\0\4" "\0\0\0\1" "\xFF\xFF\xFF\xFF"
		"C\0\0\0" "\0\0\0\x08"
			"\x00\x02\xFB\x0D\xEE\x0E\x91\x20";
	/* clang-format on */
	const size_t length = sizeof(expected) - 1;
	const BundleColumn two[] = {
		{"id", "int4", 23, -1, CANON_INT32, 0, COLUMN_KEY | COLUMN_PRIMARY},
		{"v", "text", 25, -1, CANON_TEXT, 0, 0},
	};
	const BundleRelation relation = {16384, IDENTITY_DEFAULT, 2, "public", "t", two, NULL, 0};
	const BundleBegin begin = {0x16B3748, INT64_C(0x0002FB0DEE0E9120), 741, ""};
	ChangeId id = {1, begin.commit, 0};
	BundleWriter writer;
	uint16_t number;

	(void) state;
	bundle_writer_init(&writer, &allocator_malloc, MAXIMUM);
	assert_true(bundle_writer_start(&writer, &id, 0, NULL));
	assert_true(bundle_add_relation(&writer, &relation, &number, NULL));
	assert_true(bundle_add_begin(&writer, &begin, &id, NULL));
	id.index++;
	assert_true(bundle_open(&writer, RECORD_INSERT, 0, number, NULL));
	assert_true(bundle_row(&writer, 2, NULL));
	assert_true(bundle_field(&writer, "\0\0\0\1", 4, NULL));
	assert_true(bundle_field_mark(&writer, FIELD_NULL, NULL));
	assert_true(bundle_close(&writer, &id, NULL));
	id.index = CHANGE_INDEX_COMMIT;
	assert_true(bundle_add_commit(&writer, begin.commit_time, &id, NULL));
	assert_int_equal(writer.buf.length, BUNDLE_HEADER_SIZE + length);
	assert_memory_equal(writer.buf.data + BUNDLE_HEADER_SIZE, expected, length);
	assert_int_equal(writer.records, 4);
	assert_int_equal(writer.changes, 3);
	bundle_writer_free(&writer);
}

/* ---- records that contradict their relation or themselves ---- */

static const BundleColumn columns[] = {
	{"id", "int4", 23, -1, CANON_INT32, 0, COLUMN_KEY},
	{"v", "text", 25, -1, CANON_TEXT, 0, 0},
};
static const BundleRelation table = {1, IDENTITY_DEFAULT, 2, "public", "t", columns, NULL, 0};
static const ChangeId begun = {1, 10, 0};

/* A started bundle with the table in it. */
static void
start(BundleWriter *writer)
{
	SluiceError err;
	uint16_t number;

	bundle_writer_init(writer, &allocator_malloc, MAXIMUM);
	assert_true(bundle_writer_start(writer, &(ChangeId){1, 0, 0}, 0, &err));
	assert_true(bundle_add_relation(writer, &table, &number, &err));
}

static void
add_nulls(BundleWriter *writer, uint16_t count, int32_t mark)
{
	assert_true(bundle_row(writer, count, NULL));
	for (uint16_t i = 0; i < count; i++)
		assert_true(bundle_field_mark(writer, mark, NULL));
}

/* Seals, reads the relation and then one record, and ends the writer; the error's code. */
static SluiceErrorCode
reading(BundleWriter *writer)
{
	const uint8_t *sealed;
	BundleReader reader;
	BundleHeader header;
	BundleRecord record;
	SluiceError err = {.code = SLUICE_OK};
	size_t length;
	bool end;

	bundle_writer_header(writer, BUNDLE_CHANGE, &header);
	assert_true(bundle_seal(&header, writer->buf.data, writer->buf.length, COMPRESSION_NONE, NULL,
							&sealed, &length, &err));
	bundle_reader_init(&reader, &allocator_malloc, MAXIMUM);
	assert_true(bundle_reader_open(&reader, sealed, length, &err));
	assert_true(bundle_next(&reader, &record, &end, &err));
	if (bundle_next(&reader, &record, &end, &err))
		err.code = SLUICE_OK;
	bundle_reader_free(&reader);
	bundle_writer_free(writer);
	return err.code;
}

static void
rows_fit_their_relation(void **state)
{
	static const struct
	{
		RecordType type;
		uint8_t flags;
		uint16_t relation;
		int old_fields, new_fields; /* -1: no such row */
		int32_t mark;
		SluiceErrorCode code;
	} cases[] = {
		{RECORD_INSERT, 0, 0, -1, 2, FIELD_NULL, SLUICE_OK},
		{RECORD_INSERT, 0, 0, -1, 1, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_INSERT, 0, 0, -1, 3, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_INSERT, 0, 0, -1, -1, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_INSERT, 0, 0, 2, 2, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_INSERT, 0, 1, -1, 2, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_INSERT, 1, 0, -1, 2, FIELD_NULL, SLUICE_ERROR_VERSION},
		{RECORD_INSERT, 0, 0, -1, 2, FIELD_UNCHANGED, SLUICE_ERROR_CORRUPT},
		{RECORD_INSERT, 0, 0, -1, 2, -3, SLUICE_ERROR_CORRUPT},
		{RECORD_INSERT, 0, 0, -1, 2, INT32_MIN, SLUICE_ERROR_CORRUPT},
		{RECORD_INSERT, 0, 0, -1, 2, INT32_MAX, SLUICE_ERROR_CORRUPT},
		{RECORD_ROW, 0, 0, -1, 2, FIELD_NULL, SLUICE_OK},
		{RECORD_ROW, 0, 0, -1, 2, FIELD_UNCHANGED, SLUICE_ERROR_CORRUPT},
		{RECORD_UPDATE, 0, 0, -1, 2, FIELD_UNCHANGED, SLUICE_OK},
		{RECORD_UPDATE, RECORD_OLD_KEY, 0, 1, 2, FIELD_NULL, SLUICE_OK},
		{RECORD_UPDATE, RECORD_OLD_KEY, 0, 2, 2, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_UPDATE, RECORD_OLD_KEY, 0, 1, 2, FIELD_UNCHANGED, SLUICE_ERROR_CORRUPT},
		{RECORD_UPDATE, RECORD_OLD_ROW, 0, 2, 2, FIELD_NULL, SLUICE_OK},
		{RECORD_UPDATE, RECORD_OLD_ROW, 0, 1, 2, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_UPDATE, RECORD_OLD_ROW, 0, 2, 2, FIELD_UNCHANGED, SLUICE_ERROR_CORRUPT},
		{RECORD_UPDATE, RECORD_OLD_KEY | RECORD_OLD_ROW, 0, 2, 2, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_DELETE, RECORD_OLD_KEY, 0, 1, -1, FIELD_NULL, SLUICE_OK},
		{RECORD_DELETE, RECORD_OLD_ROW, 0, 2, -1, FIELD_NULL, SLUICE_OK},
		{RECORD_DELETE, 0, 0, -1, -1, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_DELETE, RECORD_OLD_KEY, 0, 1, 2, FIELD_NULL, SLUICE_ERROR_CORRUPT},
		{RECORD_DELETE, 4, 0, -1, -1, FIELD_NULL, SLUICE_ERROR_VERSION},
		{(RecordType) 'Z', 0, 0, -1, -1, FIELD_NULL, SLUICE_ERROR_VERSION},
		{(RecordType) 0xFF, 0, 0, -1, -1, FIELD_NULL, SLUICE_ERROR_VERSION},
		{RECORD_COMMIT, 0, 0, -1, -1, FIELD_NULL, SLUICE_ERROR_CORRUPT},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		BundleWriter writer;

		start(&writer);
		assert_true(bundle_open(&writer, cases[i].type, cases[i].flags, cases[i].relation, NULL));
		if (cases[i].old_fields >= 0)
			add_nulls(&writer, (uint16_t) cases[i].old_fields, cases[i].mark);
		if (cases[i].new_fields >= 0)
			add_nulls(&writer, (uint16_t) cases[i].new_fields, cases[i].mark);
		assert_true(bundle_close(&writer, &begun, NULL));
		if (reading(&writer) != cases[i].code)
			fail_msg("case %zu is not read as it should be", i);
	}
}

static void
a_truncate_names_relations(void **state)
{
	const uint16_t known = 0;
	const uint16_t unknown[] = {0, 1};
	BundleWriter writer;
	SluiceError err;

	(void) state;
	start(&writer);
	assert_true(bundle_add_truncate(&writer, RECORD_CASCADE, &known, 1, &begun, &err));
	assert_int_equal(reading(&writer), SLUICE_OK);
	start(&writer);
	assert_true(bundle_add_truncate(&writer, 0, unknown, 2, &begun, &err));
	assert_int_equal(reading(&writer), SLUICE_ERROR_CORRUPT);
}

static void
the_number_of_records_counts(void **state)
{
	BundleWriter writer;

	(void) state;
	start(&writer);
	writer.records++;
	assert_int_equal(reading(&writer), SLUICE_ERROR_CORRUPT);
	start(&writer);
	assert_true(bundle_add_commit(&writer, 0, &begun, NULL));
	writer.records--;
	assert_int_equal(reading(&writer), SLUICE_ERROR_CORRUPT);
}

static void
a_part_is_no_bundle(void **state)
{
	uint8_t message[BUNDLE_HEADER_SIZE] = {0};
	BundleHeader header = {.kind = BUNDLE_PART};
	const uint8_t *sealed;
	BundleReader reader;
	SluiceError err;
	size_t length;

	(void) state;
	assert_true(bundle_seal(&header, message, sizeof(message), COMPRESSION_NONE, NULL, &sealed,
							&length, &err));
	bundle_reader_init(&reader, &allocator_malloc, MAXIMUM);
	assert_false(bundle_reader_open(&reader, sealed, length, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	bundle_reader_free(&reader);
}

static void
relations_have_a_maximum(void **state)
{
	const BundleRelation bare = {1, IDENTITY_FULL, 0, "", "", NULL, NULL, 0};
	const uint8_t *sealed;
	BundleWriter writer;
	BundleReader reader;
	BundleRecord record;
	BundleHeader header;
	uint16_t number;
	SluiceError err;
	size_t length;
	bool end;

	(void) state;
	bundle_writer_init(&writer, &allocator_malloc, MAXIMUM);
	assert_true(bundle_writer_start(&writer, &begun, 0, &err));
	for (uint32_t i = 0; i < UINT16_MAX; i++)
		assert_true(bundle_add_relation(&writer, &bare, &number, &err));
	assert_false(bundle_add_relation(&writer, &bare, &number, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	bundle_writer_header(&writer, BUNDLE_CHANGE, &header);
	assert_true(bundle_seal(&header, writer.buf.data, writer.buf.length, COMPRESSION_NONE, NULL,
							&sealed, &length, &err));
	bundle_reader_init(&reader, &allocator_malloc, MAXIMUM);
	assert_true(bundle_reader_open(&reader, sealed, length, &err));
	do
		assert_true(bundle_next(&reader, &record, &end, &err));
	while (!end);
	assert_int_equal(reader.relation_count, UINT16_MAX);
	bundle_reader_free(&reader);
	bundle_writer_free(&writer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_split_is_read),
		cmocka_unit_test(writer_and_reader_are_reused),
		cmocka_unit_test(the_maximum_holds),
		cmocka_unit_test(start_needs_room_for_the_head),
		cmocka_unit_test(a_reader_unpacks_no_more_than_its_maximum),
		cmocka_unit_test(writing_without_memory),
		cmocka_unit_test(reading_without_memory),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(forged_bundles_break_nothing),
		cmocka_unit_test(the_layout_is_fixed),
		cmocka_unit_test(rows_fit_their_relation),
		cmocka_unit_test(a_truncate_names_relations),
		cmocka_unit_test(the_number_of_records_counts),
		cmocka_unit_test(a_part_is_no_bundle),
		cmocka_unit_test(relations_have_a_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
