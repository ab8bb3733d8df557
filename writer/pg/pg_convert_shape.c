/*
 * pg_convert_shape.c - lists, vectors and points as PostgreSQL's types (pg_convert.h).
 */
#include <endian.h>

#include "pg_convert.h"
#include "pg_type_oid.h"

#define FLOAT_BYTES	   4
#define VECTOR_LONGEST 16000 /* numbers of a pgvector */

/* ---- arrays ---- */

/* The head of an array in its send format; an empty one has no dimension. */
static bool
put_array_head(ByteBuf *out, Oid element, uint32_t count, SluiceError *err)
{
	return bytebuf_put_u32(out, count > 0 ? 1 : 0, err) && bytebuf_put_u32(out, 0, err) &&
		   bytebuf_put_u32(out, element, err) &&
		   (count == 0 || (bytebuf_put_u32(out, count, err) && bytebuf_put_u32(out, 1, err)));
}

static uint32_t
count_labels(const uint8_t *data, uint32_t length)
{
	uint32_t count = length > 0 ? 1 : 0;

	for (uint32_t i = 0; i < length; i++)
		count += data[i] == ',';
	return count;
}

bool
pg_write_labels(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
				SluiceError *err)
{
	Oid element = convert->sent == PG_OID_TEXTS ? PG_OID_TEXT : PG_OID_VARCHAR;
	const uint8_t *end = data + length;
	uint32_t count = count_labels(data, length);
	bool good = put_array_head(out, element, count, err);

	for (uint32_t i = 0; good && i < count; i++)
	{
		const uint8_t *comma = memchr(data, ',', (size_t) (end - data));
		size_t label = (size_t) ((comma != NULL ? comma : end) - data);

		good = bytebuf_put_u32(out, (uint32_t) label, err) && bytebuf_put(out, data, label, err);
		data = comma != NULL ? comma + 1 : end;
	}
	return good;
}

/* ---- vectors: floats with the lowest byte first ---- */

static bool
count_floats(uint32_t length, uint32_t *count, SluiceError *err)
{
	*count = length / FLOAT_BYTES;
	return length % FLOAT_BYTES == 0 ||
		   sluice_fail(err, SLUICE_ERROR_DATA, "%u bytes, which are no list of floats", length);
}

static bool
put_float(ByteBuf *out, const uint8_t *data, SluiceError *err)
{
	uint32_t bits;

	memcpy(&bits, data, sizeof(bits));
	return bytebuf_put_u32(out, le32toh(bits), err);
}

bool
pg_write_floats(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
				SluiceError *err)
{
	uint32_t count;
	bool good = count_floats(length, &count, err) && put_array_head(out, PG_OID_FLOAT4, count, err);

	(void) convert;
	for (uint32_t i = 0; good && i < count; i++)
		good = bytebuf_put_u32(out, FLOAT_BYTES, err) &&
			   put_float(out, data + (size_t) i * FLOAT_BYTES, err);
	return good;
}

bool
pg_write_vector(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
				SluiceError *err)
{
	uint32_t count;
	bool good = count_floats(length, &count, err);

	(void) convert;
	if (good && count > VECTOR_LONGEST)
		return sluice_fail(err, SLUICE_ERROR_DATA, "%u numbers, where a vector has at most %d",
						   count, VECTOR_LONGEST);
	good = good && bytebuf_put_u16(out, (uint16_t) count, err) && bytebuf_put_u16(out, 0, err);
	for (uint32_t i = 0; good && i < count; i++)
		good = put_float(out, data + (size_t) i * FLOAT_BYTES, err);
	return good;
}

/* ---- points ---- */

/* A double of well-known binary. */
static uint64_t
load_double(const uint8_t *data, bool little)
{
	uint64_t bits;

	memcpy(&bits, data, sizeof(bits));
	return little ? le64toh(bits) : be64toh(bits);
}

bool
pg_write_point(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
			   SluiceError *err)
{
	static const uint32_t with_srid = 0x20000000, point = 1;
	bool little = length > 0 && data[0] == 1;
	uint32_t type = 0, head = 1 + 4;

	(void) convert;
	if (length > head)
	{
		memcpy(&type, data + 1, sizeof(type));
		type = little ? le32toh(type) : be32toh(type);
		head += (type & with_srid) != 0 ? 4 : 0;
	}
	if ((type & ~with_srid) != point || length != head + 16)
		return sluice_fail(err, SLUICE_ERROR_DATA, "a geometry that is no point");
	return bytebuf_put_u64(out, load_double(data + head, little), err) &&
		   bytebuf_put_u64(out, load_double(data + head + 8, little), err);
}
