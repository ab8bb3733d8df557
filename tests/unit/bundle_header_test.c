/*
 * bundle_header_test.c - the head's bytes, sealing, damage, splitting and putting together.
 */
#include "common/core/bundle_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/checksum.h"
#include "support/failing_allocator.h"
#include "support/random.h"

#define BODY_MAXIMUM 20000

/* A sealed message in memory of its own. */
typedef struct Sealed
{
	BundleHeader header;
	uint8_t *data;
	size_t length;
} Sealed;

static const BundleHeader plain = {
	.kind = BUNDLE_CHANGE,
	.records = 3,
	.previous = {7, 100, CHANGE_INDEX_COMMIT},
	.first = {7, 101, 0},
	.last = {7, 102, 5},
	.commit_time = -1,
};

static void
seal(const BundleHeader *header, const uint8_t *body, size_t length, Compression compression,
	 Sealed *out)
{
	uint8_t *raw = malloc(BUNDLE_HEADER_SIZE + length);
	const uint8_t *sealed;
	ByteBuf scratch;

	bytebuf_init(&scratch, &allocator_malloc, 1 << 20);
	memset(raw, 0xEE, BUNDLE_HEADER_SIZE);
	if (length > 0)
		memcpy(raw + BUNDLE_HEADER_SIZE, body, length);
	out->header = *header;
	assert_true(bundle_seal(&out->header, raw, BUNDLE_HEADER_SIZE + length, compression, &scratch,
							&sealed, &out->length, NULL));
	out->data = malloc(out->length);
	memcpy(out->data, sealed, out->length);
	bytebuf_free(&scratch);
	free(raw);
}

static SluiceErrorCode
reading(const uint8_t *data, size_t length)
{
	BundleHeader header;
	const uint8_t *body;
	SluiceError err;

	return bundle_header_read(data, length, &header, &body, &err) ? SLUICE_OK : err.code;
}

/* docs/bundle-format.md, byte by byte. */
static void
the_layout_is_fixed(void **state)
{
	static const uint8_t expected[] = {
		'S', 'L', 'B', 1,	0,	 96,  1,   0, /* magic, version, head size, kind, compression */
		0,	 0,	  0,   3,	0,	 0,	  0,   2,	0,	 0,	  0,   2, /* records, raw size, stored size */
		0,	 0,	  0,   0,										  /* checksum */
		0,	 0,	  0,   0,	0,	 0,	  0,   1,					  /* part, parts */
		0,	 0,	  0,   0,	0,	 0,	  0,   7,					  /* incarnation */
		0,	 0,	  0,   0,	0,	 0,	  0,   100, 255, 255, 255, 255, 255,
		255, 255, 255, /* previous */
		0,	 0,	  0,   0,	0,	 0,	  0,   101, 0,	 0,	  0,   0,	0,
		0,	 0,	  0, /* first */
		0,	 0,	  0,   0,	0,	 0,	  0,   102, 0,	 0,	  0,   0,	0,
		0,	 0,	  5,							/* last */
		255, 255, 255, 255, 255, 255, 255, 255, /* commit time */
		'h', 'i',
	};
	Sealed sealed;

	(void) state;
	seal(&plain, (const uint8_t *) "hi", 2, COMPRESSION_ZSTD, &sealed);
	assert_int_equal(sealed.length, sizeof(expected));
	store_u32(sealed.data + 20, 0);
	assert_memory_equal(sealed.data, expected, sizeof(expected));
	checksum_mend(sealed.data, sealed.length);
	assert_int_equal(reading(sealed.data, sealed.length), SLUICE_OK);
	free(sealed.data);
}

static void
expect_same_header(const BundleHeader *a, const BundleHeader *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->compression, b->compression);
	assert_int_equal(a->records, b->records);
	assert_int_equal(a->raw_size, b->raw_size);
	assert_int_equal(a->stored_size, b->stored_size);
	assert_int_equal(a->part, b->part);
	assert_int_equal(a->parts, b->parts);
	assert_memory_equal(&a->previous, &b->previous, sizeof(ChangeId));
	assert_memory_equal(&a->first, &b->first, sizeof(ChangeId));
	assert_memory_equal(&a->last, &b->last, sizeof(ChangeId));
	assert_int_equal(a->commit_time, b->commit_time);
}

static void
random_header(Random *random, BundleHeader *header)
{
	uint64_t incarnation = random_u64(random);

	*header = (BundleHeader){
		.kind = random_chance(random, 50) ? BUNDLE_CHANGE : BUNDLE_LOAD,
		.records = (uint32_t) random_u64(random),
		.previous = {incarnation, random_u64(random), random_u64(random)},
		.first = {incarnation, random_u64(random), random_u64(random)},
		.last = {incarnation, random_u64(random), random_u64(random)},
		.commit_time = (int64_t) random_u64(random),
	};
}

static size_t
random_body(Random *random, uint8_t *body)
{
	size_t length = random_below(random, random_chance(random, 50) ? 600 : BODY_MAXIMUM);

	if (random_chance(random, 50))
		random_fill(random, body, length);
	else
		memset(body, (int) random_below(random, 256), length);
	return length;
}

/* The body a header and its stored bytes stand for. */
static void
expect_body(const BundleHeader *header, const uint8_t *stored, const uint8_t *body, size_t length)
{
	static uint8_t unpacked[BODY_MAXIMUM];

	assert_int_equal(header->raw_size, length);
	if (header->compression != COMPRESSION_NONE)
	{
		assert_true(header->stored_size < header->raw_size);
		assert_true(compress_restore(header->compression, stored, header->stored_size, unpacked,
									 length, NULL));
		stored = unpacked;
	}
	assert_memory_equal(stored, body, length);
}

static void
seal_and_read(void **state)
{
	static uint8_t body[BODY_MAXIMUM];
	Random random = random_start();
	int compressed = 0;

	(void) state;
	for (int i = 0; i < 600; i++)
	{
		const uint8_t *stored;
		BundleHeader header;
		size_t length = random_body(&random, body);
		Sealed sealed;

		random_header(&random, &header);
		seal(&header, body, length, (Compression) (i % 3), &sealed);
		assert_true(bundle_header_read(sealed.data, sealed.length, &header, &stored, NULL));
		expect_same_header(&header, &sealed.header);
		expect_body(&header, stored, body, length);
		compressed += header.compression != COMPRESSION_NONE;
		free(sealed.data);
	}
	assert_in_range(compressed, 100, 300);
}

static void
damage_is_refused(void **state)
{
	Random random = random_start();
	uint8_t body[300];
	Sealed sealed;

	(void) state;
	random_fill(&random, body, sizeof(body));
	seal(&plain, body, sizeof(body), COMPRESSION_NONE, &sealed);
	for (size_t length = 0; length < sealed.length; length++)
		assert_int_equal(reading(sealed.data, length), SLUICE_ERROR_CORRUPT);
	for (size_t at = 0; at < sealed.length; at++)
	{
		for (unsigned flip = 1; flip < 256; flip++)
		{
			sealed.data[at] ^= (uint8_t) flip;
			assert_int_not_equal(reading(sealed.data, sealed.length), SLUICE_OK);
			sealed.data[at] ^= (uint8_t) flip;
		}
	}
	assert_int_equal(reading(sealed.data, sealed.length), SLUICE_OK);
	free(sealed.data);
}

/* Fields that contradict each other, under a checksum that is right. */
static void
contradictions_are_named(void **state)
{
	static const struct
	{
		size_t at;
		uint32_t value;
		SluiceErrorCode code;
	} changes[] = {
		{0, 0x534C4202, SLUICE_ERROR_VERSION},	/* version 2 */
		{0, 0x534C4100, SLUICE_ERROR_CORRUPT},	/* magic */
		{4, 0x00610100, SLUICE_ERROR_VERSION},	/* head size */
		{4, 0x00600000, SLUICE_ERROR_VERSION},	/* kind 0 */
		{4, 0x00600400, SLUICE_ERROR_VERSION},	/* kind 4 */
		{4, 0x00600103, SLUICE_ERROR_VERSION},	/* compression 3 */
		{4, 0x00600104, SLUICE_ERROR_VERSION},	/* a flag */
		{12, 0x00000001, SLUICE_ERROR_CORRUPT}, /* raw size is not stored size */
		{12, 0x80000000, SLUICE_ERROR_LIMIT},	/* raw size beyond the maximum */
		{16, 0x00000003, SLUICE_ERROR_CORRUPT}, /* stored size */
		{24, 0x00000001, SLUICE_ERROR_CORRUPT}, /* part 1 of 1 */
		{28, 0x00000000, SLUICE_ERROR_CORRUPT}, /* of none */
		{28, 0x00000002, SLUICE_ERROR_CORRUPT}, /* of 2, but no part */
	};
	uint8_t kept[BUNDLE_HEADER_SIZE];
	Sealed sealed;

	(void) state;
	seal(&plain, (const uint8_t *) "hi", 2, COMPRESSION_NONE, &sealed);
	memcpy(kept, sealed.data, sizeof(kept));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
	{
		memcpy(sealed.data, kept, sizeof(kept));
		store_u32(sealed.data + changes[i].at, changes[i].value);
		checksum_mend(sealed.data, sealed.length);
		assert_int_equal(reading(sealed.data, sealed.length), changes[i].code);
	}
	free(sealed.data);
}

static void
sealing_has_limits(void **state)
{
	uint8_t data[BUNDLE_HEADER_SIZE + 1000] = {0};
	BundleHeader header = plain;
	FailingAllocator failing;
	const uint8_t *sealed;
	ByteBuf scratch;
	SluiceError err;
	size_t length;

	(void) state;
	bytebuf_init(&scratch, &allocator_malloc, 1 << 20);
	assert_false(bundle_seal(&header, data, BUNDLE_HEADER_SIZE - 1, COMPRESSION_NONE, &scratch,
							 &sealed, &length, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	assert_false(bundle_seal(&header, data, BUNDLE_MAXIMUM + 1, COMPRESSION_NONE, &scratch, &sealed,
							 &length, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	failing_allocator_init(&failing, 1);
	bytebuf_init(&scratch, &failing.allocator, 1 << 20);
	assert_false(bundle_seal(&header, data, sizeof(data), COMPRESSION_LZ4, &scratch, &sealed,
							 &length, &err));
	assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
	assert_true(bundle_seal(&header, data, sizeof(data), COMPRESSION_LZ4, &scratch, &sealed,
							&length, &err));
	assert_int_equal(header.compression, COMPRESSION_LZ4);
	bytebuf_free(&scratch);
	assert_int_equal(failing.live, 0);
	/* What might not fit the scratch goes as it is. */
	bytebuf_init(&scratch, &allocator_malloc, sizeof(data));
	assert_true(bundle_seal(&header, data, sizeof(data), COMPRESSION_LZ4, &scratch, &sealed,
							&length, &err));
	assert_int_equal(header.compression, COMPRESSION_NONE);
	assert_ptr_equal(sealed, data);
	bytebuf_free(&scratch);
}

/* ---- parts ---- */

/* Writes part `number` and feeds it to the assembly as a reader would. */
static bool
pass_part(const Sealed *sealed, size_t max_message, uint32_t number, BundleAssembly *assembly,
		  bool *complete, SluiceError *err)
{
	BundleHeader header;
	const uint8_t *body;
	ByteBuf message;
	bool added;

	bytebuf_init(&message, &allocator_malloc, max_message);
	assert_true(bundle_part_write(&sealed->header, sealed->data, sealed->length, max_message,
								  number, &message, err));
	assert_true(message.length <= max_message);
	assert_true(bundle_header_read(message.data, message.length, &header, &body, err));
	assert_int_equal(header.kind, BUNDLE_PART);
	assert_memory_equal(&header.last, &sealed->header.last, sizeof(ChangeId));
	assert_memory_equal(&header.previous, &sealed->header.previous, sizeof(ChangeId));
	added = bundle_assembly_add(assembly, &header, body, complete, err);
	bytebuf_free(&message);
	return added;
}

static void
split_and_assemble(void **state)
{
	static uint8_t body[BODY_MAXIMUM];
	Random random = random_start();
	BundleAssembly assembly;
	SluiceError err;

	(void) state;
	bundle_assembly_init(&assembly, &allocator_malloc, 1 << 20);
	for (int i = 0; i < 200; i++)
	{
		size_t max_message = BUNDLE_HEADER_SIZE + 1 + random_below(&random, BODY_MAXIMUM / 4);
		size_t length = random_body(&random, body);
		BundleHeader header;
		bool complete = false;
		uint32_t parts;
		Sealed sealed;

		random_header(&random, &header);
		seal(&header, body, length, (Compression) (i % 3), &sealed);
		parts = bundle_part_count(sealed.length, max_message);
		assert_int_equal(parts == 1, sealed.length <= max_message);
		for (uint32_t part = 0; parts > 1 && part < parts; part++)
		{
			assert_false(complete);
			assert_true(pass_part(&sealed, max_message, part, &assembly, &complete, &err));
		}
		if (parts > 1)
		{
			assert_true(complete);
			assert_int_equal(assembly.whole.length, sealed.length);
			assert_memory_equal(assembly.whole.data, sealed.data, sealed.length);
		}
		free(sealed.data);
	}
	bundle_assembly_free(&assembly);
}

static void
part_counts_at_the_edges(void **state)
{
	(void) state;
	assert_int_equal(bundle_part_count(1000, 1000), 1);
	assert_int_equal(bundle_part_count(1001, 1000), 2);
	assert_int_equal(bundle_part_count(2 * 904, 1000), 2);
	assert_int_equal(bundle_part_count(2 * 904 + 1, 1000), 3);
	assert_int_equal(bundle_part_count(BUNDLE_MAXIMUM, BUNDLE_HEADER_SIZE + 1), BUNDLE_MAXIMUM);
	assert_int_equal(bundle_part_count(1000, BUNDLE_HEADER_SIZE), 0);
	assert_int_equal(bundle_part_count(1000, 0), 0);
}

static void
parts_that_cannot_be_are_refused(void **state)
{
	uint8_t data[1000] = {0};
	BundleHeader header = plain;
	ByteBuf part;
	SluiceError err;

	(void) state;
	bytebuf_init(&part, &allocator_malloc, sizeof(data));
	for (size_t room = 0; room <= BUNDLE_HEADER_SIZE; room++)
	{
		assert_false(bundle_part_write(&header, data, sizeof(data), room, 0, &part, &err));
		assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	}
	assert_false(bundle_part_write(&header, data, sizeof(data), 1096 - 500, 2, &part, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	bytebuf_free(&part);
}

static void
parts_out_of_order_are_refused(void **state)
{
	uint8_t body[1000] = {1, 2, 3};
	BundleHeader header = plain;
	BundleAssembly assembly;
	Sealed sealed;
	Sealed other;
	SluiceError err;
	bool complete;

	(void) state;
	seal(&plain, body, sizeof(body), COMPRESSION_NONE, &sealed);
	header.last.index++;
	seal(&header, body, sizeof(body), COMPRESSION_NONE, &other);
	bundle_assembly_init(&assembly, &allocator_malloc, 1 << 20);
	assert_false(pass_part(&sealed, 400, 1, &assembly, &complete, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	assert_true(pass_part(&sealed, 400, 0, &assembly, &complete, &err));
	assert_false(pass_part(&sealed, 400, 2, &assembly, &complete, &err));
	assert_false(pass_part(&other, 400, 1, &assembly, &complete, &err));
	assert_false(pass_part(&sealed, 300, 1, &assembly, &complete, &err)); /* another split */
	assert_true(pass_part(&sealed, 400, 1, &assembly, &complete, &err));
	assert_true(pass_part(&other, 300, 0, &assembly, &complete, &err)); /* starts over */
	for (uint32_t part = 1; part < bundle_part_count(other.length, 300); part++)
		assert_true(pass_part(&other, 300, part, &assembly, &complete, &err));
	assert_true(complete);
	assert_memory_equal(assembly.whole.data, other.data, other.length);
	bundle_assembly_free(&assembly);
	free(sealed.data);
	free(other.data);
}

static void
assembling_has_limits(void **state)
{
	uint8_t body[1000] = {0};
	FailingAllocator failing;
	BundleAssembly assembly;
	Sealed sealed;
	SluiceError err;
	bool complete;

	(void) state;
	seal(&plain, body, sizeof(body), COMPRESSION_NONE, &sealed);
	bundle_assembly_init(&assembly, &allocator_malloc, sealed.length - 1);
	for (uint32_t part = 0; part < 3; part++)
		assert_true(pass_part(&sealed, 400, part, &assembly, &complete, &err));
	assert_false(pass_part(&sealed, 400, 3, &assembly, &complete, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	bundle_assembly_reset(&assembly);
	assert_null(assembly.whole.data);
	/* The second allocation comes with the second part, which may then be given again. */
	failing_allocator_init(&failing, 2);
	bundle_assembly_init(&assembly, &failing.allocator, 1 << 20);
	assert_true(pass_part(&sealed, 400, 0, &assembly, &complete, &err));
	assert_false(pass_part(&sealed, 400, 1, &assembly, &complete, &err));
	assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
	for (uint32_t part = 1; part < 4; part++)
		assert_true(pass_part(&sealed, 400, part, &assembly, &complete, &err));
	assert_true(complete);
	assert_memory_equal(assembly.whole.data, sealed.data, sealed.length);
	bundle_assembly_free(&assembly);
	assert_int_equal(failing.live, 0);
	free(sealed.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_layout_is_fixed),
		cmocka_unit_test(seal_and_read),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(contradictions_are_named),
		cmocka_unit_test(sealing_has_limits),
		cmocka_unit_test(split_and_assemble),
		cmocka_unit_test(part_counts_at_the_edges),
		cmocka_unit_test(parts_that_cannot_be_are_refused),
		cmocka_unit_test(parts_out_of_order_are_refused),
		cmocka_unit_test(assembling_has_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
