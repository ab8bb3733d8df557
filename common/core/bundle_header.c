/*
 * bundle_header.c - writing and reading the head of a message, sealing, splitting, reassembly.
 *
 * The checksum covers the head with the checksum field zero, then the stored body.
 */
#include "bundle_header.h"

#include "crc32c.h"

#define CRC_AT			 20
#define COMPRESSION_BITS 0x03
#define COMPRESS_MINIMUM 256 /* shorter bodies are not worth the call */

static const uint8_t magic[3] = {'S', 'L', 'B'};

static uint32_t
checksum(const uint8_t *head, const uint8_t *body, size_t length)
{
	static const uint8_t zero[4] = {0};
	uint32_t crc = crc32c(0, head, CRC_AT);

	crc = crc32c(crc, zero, sizeof(zero));
	crc = crc32c(crc, head + CRC_AT + 4, BUNDLE_HEADER_SIZE - CRC_AT - 4);
	return crc32c(crc, body, length);
}

static void
header_write(const BundleHeader *header, uint8_t *at, const uint8_t *body)
{
	memcpy(at, magic, sizeof(magic));
	at[3] = BUNDLE_VERSION;
	store_u16(at + 4, BUNDLE_HEADER_SIZE);
	at[6] = (uint8_t) header->kind;
	at[7] = (uint8_t) header->compression;
	store_u32(at + 8, header->records);
	store_u32(at + 12, header->raw_size);
	store_u32(at + 16, header->stored_size);
	store_u32(at + CRC_AT, 0);
	store_u32(at + 24, header->part);
	store_u32(at + 28, header->parts);
	store_u64(at + 32, header->last.incarnation);
	store_u64(at + 40, header->previous.commit);
	store_u64(at + 48, header->previous.index);
	store_u64(at + 56, header->first.commit);
	store_u64(at + 64, header->first.index);
	store_u64(at + 72, header->last.commit);
	store_u64(at + 80, header->last.index);
	store_u64(at + 88, (uint64_t) header->commit_time);
	store_u32(at + CRC_AT, checksum(at, body, header->stored_size));
}

static void
header_fields_read(const uint8_t *at, BundleHeader *header)
{
	uint64_t incarnation = load_u64(at + 32);

	header->kind = (BundleKind) at[6];
	header->compression = (Compression) (at[7] & COMPRESSION_BITS);
	header->records = load_u32(at + 8);
	header->raw_size = load_u32(at + 12);
	header->stored_size = load_u32(at + 16);
	header->part = load_u32(at + 24);
	header->parts = load_u32(at + 28);
	header->previous = (ChangeId){incarnation, load_u64(at + 40), load_u64(at + 48)};
	header->first = (ChangeId){incarnation, load_u64(at + 56), load_u64(at + 64)};
	header->last = (ChangeId){incarnation, load_u64(at + 72), load_u64(at + 80)};
	header->commit_time = (int64_t) load_u64(at + 88);
}

/* What a head must satisfy whatever its checksum says. */
static bool
header_sane(const BundleHeader *header, SluiceError *err)
{
	if (header->kind < BUNDLE_CHANGE || header->kind > BUNDLE_PART)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "unknown bundle kind %d", header->kind);
	if (compression_name(header->compression) == NULL)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "unknown bundle compression %d",
						   header->compression);
	if (header->raw_size > BUNDLE_MAXIMUM - BUNDLE_HEADER_SIZE)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "bundle body of %u bytes", header->raw_size);
	if (header->compression == COMPRESSION_NONE && header->raw_size != header->stored_size)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "bundle sizes %u and %u do not agree",
						   header->raw_size, header->stored_size);
	if (header->part >= header->parts || (header->kind != BUNDLE_PART && header->parts != 1))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "bundle part %u of %u", header->part,
						   header->parts);
	return true;
}

bool
bundle_header_read(const uint8_t *data, size_t length, BundleHeader *header, const uint8_t **body,
				   SluiceError *err)
{
	if (length < BUNDLE_HEADER_SIZE || memcmp(data, magic, sizeof(magic)) != 0)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%zu bytes that are no bundle", length);
	if (data[3] != BUNDLE_VERSION || load_u16(data + 4) != BUNDLE_HEADER_SIZE ||
		(data[7] & ~COMPRESSION_BITS) != 0)
		return sluice_fail(err, SLUICE_ERROR_VERSION,
						   "bundle format version %u with flags %u, this build knows version %u",
						   data[3], data[7], BUNDLE_VERSION);
	header_fields_read(data, header);
	if (!header_sane(header, err))
		return false;
	*body = data + BUNDLE_HEADER_SIZE;
	if (length - BUNDLE_HEADER_SIZE != header->stored_size)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "bundle body of %zu bytes, head says %u",
						   length - BUNDLE_HEADER_SIZE, header->stored_size);
	if (checksum(data, *body, header->stored_size) != load_u32(data + CRC_AT))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "bundle checksum does not match");
	return true;
}

/*
 * The compressed form into scratch; true in *smaller only when it is worth using.  A body whose
 * compressed form might not fit is not compressed: that must not be what stops a stream.
 */
static bool
seal_compressed(BundleHeader *header, const uint8_t *body, Compression compression,
				ByteBuf *scratch, bool *smaller, SluiceError *err)
{
	size_t bound = compress_bound(compression, header->raw_size);

	*smaller = false;
	scratch->length = 0;
	if (bound == 0 || bound + BUNDLE_HEADER_SIZE > scratch->maximum)
		return true;
	if (!bytebuf_reserve(scratch, BUNDLE_HEADER_SIZE, err))
		return false;
	scratch->length = BUNDLE_HEADER_SIZE;
	if (!compress_append(compression, body, header->raw_size, scratch, err))
		return false;
	if (scratch->length - BUNDLE_HEADER_SIZE >= header->raw_size)
		return true;
	header->compression = compression;
	header->stored_size = (uint32_t) (scratch->length - BUNDLE_HEADER_SIZE);
	*smaller = true;
	return true;
}

bool
bundle_seal(BundleHeader *header, uint8_t *data, size_t length, Compression compression,
			ByteBuf *scratch, const uint8_t **sealed, size_t *sealed_length, SluiceError *err)
{
	const uint8_t *body = data + BUNDLE_HEADER_SIZE;
	bool smaller = false;

	if (length < BUNDLE_HEADER_SIZE || length > BUNDLE_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "bundle of %zu bytes, the maximum is %zu",
						   length, BUNDLE_MAXIMUM);
	header->part = 0;
	header->parts = 1;
	header->compression = COMPRESSION_NONE;
	header->raw_size = header->stored_size = (uint32_t) (length - BUNDLE_HEADER_SIZE);
	if (compression != COMPRESSION_NONE && header->raw_size >= COMPRESS_MINIMUM &&
		!seal_compressed(header, body, compression, scratch, &smaller, err))
		return false;
	if (smaller)
	{
		header_write(header, scratch->data, scratch->data + BUNDLE_HEADER_SIZE);
		*sealed = scratch->data;
		*sealed_length = scratch->length;
		return true;
	}
	header_write(header, data, body);
	*sealed = data;
	*sealed_length = length;
	return true;
}

uint32_t
bundle_part_count(size_t sealed_length, size_t max_message)
{
	size_t slice;

	if (sealed_length <= max_message)
		return 1;
	if (max_message <= BUNDLE_HEADER_SIZE)
		return 0;
	slice = max_message - BUNDLE_HEADER_SIZE;
	return (uint32_t) ((sealed_length + slice - 1) / slice);
}

bool
bundle_part_write(const BundleHeader *whole, const uint8_t *sealed, size_t sealed_length,
				  size_t max_message, uint32_t part, ByteBuf *out, SluiceError *err)
{
	uint32_t parts = bundle_part_count(sealed_length, max_message);
	size_t slice = max_message - BUNDLE_HEADER_SIZE;
	size_t from = slice * part;
	size_t length = sealed_length - from < slice ? sealed_length - from : slice;
	BundleHeader header = *whole;

	if (part >= parts || max_message <= BUNDLE_HEADER_SIZE)
		return sluice_fail(err, SLUICE_ERROR_LIMIT,
						   "no part %u of a bundle of %zu bytes in messages of %zu", part,
						   sealed_length, max_message);
	header.kind = BUNDLE_PART;
	header.compression = COMPRESSION_NONE;
	header.records = 0;
	header.part = part;
	header.parts = parts;
	header.raw_size = header.stored_size = (uint32_t) length;
	out->length = 0;
	if (!bytebuf_reserve(out, BUNDLE_HEADER_SIZE + length, err))
		return false;
	header_write(&header, out->data, sealed + from);
	memcpy(out->data + BUNDLE_HEADER_SIZE, sealed + from, length);
	out->length = BUNDLE_HEADER_SIZE + length;
	return true;
}

void
bundle_assembly_init(BundleAssembly *assembly, const Allocator *allocator, size_t maximum)
{
	*assembly = (BundleAssembly){0};
	bytebuf_init(&assembly->whole, allocator, maximum);
}

void
bundle_assembly_free(BundleAssembly *assembly)
{
	bytebuf_free(&assembly->whole);
	assembly->next = 0;
}

void
bundle_assembly_reset(BundleAssembly *assembly)
{
	bundle_assembly_free(assembly);
}

bool
bundle_assembly_add(BundleAssembly *assembly, const BundleHeader *header, const uint8_t *body,
					bool *complete, SluiceError *err)
{
	const BundleHeader *before = &assembly->header;

	*complete = false;
	if (header->part == 0)
	{
		assembly->next = 0;
		assembly->whole.length = 0;
	}
	else if (header->part != assembly->next || header->parts != before->parts ||
			 change_id_compare(&header->last, &before->last) != 0 ||
			 header->last.incarnation != before->last.incarnation)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "bundle part %u of %u where part %u belongs",
						   header->part, header->parts, assembly->next);
	if (!bytebuf_put(&assembly->whole, body, header->stored_size, err))
		return false;
	assembly->header = *header;
	assembly->next = header->part + 1;
	*complete = assembly->next == header->parts;
	return true;
}
