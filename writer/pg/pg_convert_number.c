/*
 * pg_convert_number.c - whole numbers, bits and floats as PostgreSQL's types (pg_convert.h).
 */
#include "common/core/pg_number.h"
#include "pg_convert.h"
#include "pg_type_oid.h"

#define GROUP	   10000 /* numeric's digits */
#define GROUPS	   5	 /* of 64 bits */
#define BITS_HEAD  4
#define BITS_WHOLE 64

/* A whole number of any of the types. */
typedef struct Whole
{
	bool negative;
	uint64_t size;
} Whole;

static Whole
of_signed(int64_t value)
{
	return (Whole){value < 0, value < 0 ? 0 - (uint64_t) value : (uint64_t) value};
}

/* Bits, padded with zeros behind the last. */
static bool
read_bits(const uint8_t *data, uint32_t length, Whole *whole, SluiceError *err)
{
	uint32_t bits = load_u32(data), bytes = length - BITS_HEAD;

	*whole = (Whole){false, 0};
	if (bits == 0 || bits > BITS_WHOLE || bytes > sizeof(whole->size))
		return sluice_fail(err, SLUICE_ERROR_DATA, "%u bits, which are no number", bits);
	for (uint32_t i = 0; i < bytes; i++)
		whole->size = whole->size << 8 | data[BITS_HEAD + i];
	whole->size >>= bytes * 8 - bits;
	return true;
}

static bool
read_whole(CanonType canon, const uint8_t *data, uint32_t length, Whole *whole, SluiceError *err)
{
	switch (canon)
	{
		case CANON_INT16: *whole = of_signed((int16_t) load_u16(data)); return true;
		case CANON_INT32: *whole = of_signed((int32_t) load_u32(data)); return true;
		case CANON_INT64: *whole = of_signed((int64_t) load_u64(data)); return true;
		case CANON_UINT64: *whole = (Whole){false, load_u64(data)}; return true;
		default: return read_bits(data, length, whole, err);
	}
}

static bool
fail_whole(const Whole *whole, const char *what, SluiceError *err)
{
	char text[PG_INTEGER_SIZE + 1];

	*pg_put_uint64(whole->size, text) = '\0';
	return sluice_fail(err, SLUICE_ERROR_DATA, "%s%s %s", whole->negative ? "-" : "", text, what);
}

bool
pg_write_bool(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	Whole whole;

	if (!read_whole(convert->canon, data, length, &whole, err))
		return false;
	if (whole.size > 1 || whole.negative)
	{
		(void) fail_whole(&whole, "is neither true (1) nor false (0)", err);
		return sluice_hint(err, "make the column smallint at the target, or mend the row at the "
								"source");
	}
	return bytebuf_put_u8(out, (uint8_t) whole.size, err);
}

/* Bytes of the type that is written. */
static unsigned
width_of(Oid type)
{
	return type == PG_OID_INT2 ? 2 : type == PG_OID_INT4 ? 4 : 8;
}

bool
pg_write_integer(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
				 SluiceError *err)
{
	unsigned width = width_of(convert->sent);
	uint64_t limit;
	uint8_t bytes[8];
	Whole whole;

	if (!read_whole(convert->canon, data, length, &whole, err))
		return false;
	limit = (UINT64_C(1) << (width * 8 - 1)) - !whole.negative;
	if (whole.size > limit)
	{
		if (convert->policy != LOSS_CLAMP)
		{
			(void) fail_whole(&whole, "is beyond what the target's column can have", err);
			return sluice_hint(err, "make the column numeric or a wider integer at the target");
		}
		whole.size = limit;
	}
	store_u64(bytes, whole.negative ? 0 - whole.size : whole.size);
	return bytebuf_put(out, bytes + sizeof(bytes) - width, width, err);
}

bool
pg_write_numeric(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
				 SluiceError *err)
{
	uint16_t groups[GROUPS];
	unsigned count = 0, zeros = 0;
	Whole whole;

	if (!read_whole(convert->canon, data, length, &whole, err))
		return false;
	for (uint64_t rest = whole.size; rest > 0; rest /= GROUP)
		groups[count++] = (uint16_t) (rest % GROUP);
	while (zeros < count && groups[zeros] == 0)
		zeros++;
	if (!bytebuf_put_u16(out, (uint16_t) (count - zeros), err) ||
		!bytebuf_put_u16(out, (uint16_t) (count > 0 ? count - 1 : 0), err) ||
		!bytebuf_put_u16(out, whole.negative ? 0x4000 : 0, err) || !bytebuf_put_u16(out, 0, err))
		return false;
	while (count > zeros)
	{
		if (!bytebuf_put_u16(out, groups[--count], err))
			return false;
	}
	return true;
}

bool
pg_write_digits(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
				SluiceError *err)
{
	char text[PG_INTEGER_SIZE];
	Whole whole;

	if (!read_whole(convert->canon, data, length, &whole, err))
		return false;
	return bytebuf_put(out, text, (size_t) (pg_put_uint64(whole.size, text) - text), err);
}

bool
pg_write_float8(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
				SluiceError *err)
{
	uint32_t bits = load_u32(data);
	uint64_t wide_bits;
	float value;
	double wide;

	(void) convert;
	(void) length;
	memcpy(&value, &bits, sizeof(value));
	wide = (double) value;
	memcpy(&wide_bits, &wide, sizeof(wide_bits));
	return bytebuf_put_u64(out, wide_bits, err);
}
