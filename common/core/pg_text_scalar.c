/*
 * pg_text_scalar.c - numbers, texts, bytes, bits and times.
 */
#include "pg_float.h"
#include "pg_number.h"
#include "pg_text_parts.h"
#include "pg_time.h"

static const char hex_digits[] = "0123456789abcdef";

/* ---- what is text already ---- */

bool
pg_print_text(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	(void) type;
	return bytebuf_put(out, data, length, err);
}

/* jsonb, jsonpath: a version, then text. */
bool
pg_print_versioned(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
				   SluiceError *err)
{
	if (length < 1 || data[0] != 1)
		return pg_malformed(type, err);
	return bytebuf_put(out, data + 1, length - 1, err);
}

bool
pg_print_bool(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	(void) length;
	if (data[0] > 1)
		return pg_malformed(type, err);
	return bytebuf_put_u8(out, data[0] != 0 ? 't' : 'f', err);
}

/* "char" is a byte: none when zero, octal when no character, as from PostgreSQL 16 on. */
bool
pg_print_char(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	uint8_t octal[4] = {'\\', (uint8_t) ('0' + (data[0] >> 6)),
						(uint8_t) ('0' + (data[0] >> 3 & 7)), (uint8_t) ('0' + (data[0] & 7))};

	(void) type;
	if (data[0] >= 0x80)
		return bytebuf_put(out, octal, sizeof(octal), err);
	return bytebuf_put(out, data, data[0] != 0 ? length : 0, err);
}

/* ---- bytes and bits ---- */

static char *
put_hex(const uint8_t *data, size_t length, char *at)
{
	for (size_t i = 0; i < length; i++)
	{
		*at++ = hex_digits[data[i] >> 4];
		*at++ = hex_digits[data[i] & 15];
	}
	return at;
}

bool
pg_print_bytea(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			   SluiceError *err)
{
	char *at;

	(void) type;
	if (!bytebuf_reserve(out, 2 + 2 * (size_t) length, err))
		return false;
	at = (char *) out->data + out->length;
	*at++ = '\\';
	*at++ = 'x';
	(void) put_hex(data, length, at);
	out->length += 2 + 2 * (size_t) length;
	return true;
}

bool
pg_print_uuid(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	char text[36];
	char *at = text;

	(void) type;
	for (uint32_t i = 0; i < length; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at = put_hex(data + i, 1, at);
	}
	return bytebuf_put(out, text, sizeof(text), err);
}

bool
pg_print_bits(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	uint32_t bits = length >= 4 ? load_u32(data) : 0;
	uint8_t *at;

	if (length < 4 || bits > INT32_MAX || (bits + 7) / 8 != length - 4)
		return pg_malformed(type, err);
	if (!bytebuf_reserve(out, (size_t) bits + 1, err)) /* a place to begin at even for none */
		return false;
	at = out->data + out->length;
	for (uint32_t i = 0; i < bits; i++)
		at[i] = (uint8_t) ('0' + (data[4 + i / 8] >> (7 - i % 8) & 1));
	out->length += bits;
	return true;
}

/* ---- numbers and times: short texts ---- */

/* Appends what lies between text and end; NULL is malformed. */
static bool
put_short(const PgScalar *type, const char *text, const char *end, ByteBuf *out, SluiceError *err)
{
	if (end == NULL)
		return pg_malformed(type, err);
	return bytebuf_put(out, text, (size_t) (end - text), err);
}

/* The function of a type whose text is short: `put` is an expression of `data` and `text`. */
#define PRINT_SHORT(function, put)                                                                 \
	bool function(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,        \
				  SluiceError *err)                                                                \
	{                                                                                              \
		char text[PG_TIME_SIZE];                                                                   \
                                                                                                   \
		(void) length;                                                                             \
		return put_short(type, text, put, out, err);                                               \
	}

PRINT_SHORT(pg_print_int2, pg_put_int64((int16_t) load_u16(data), text))
PRINT_SHORT(pg_print_int4, pg_put_int64((int32_t) load_u32(data), text))
PRINT_SHORT(pg_print_int8, pg_put_int64((int64_t) load_u64(data), text))
PRINT_SHORT(pg_print_uint4, pg_put_uint64(load_u32(data), text))
PRINT_SHORT(pg_print_uint8, pg_put_uint64(load_u64(data), text))
PRINT_SHORT(pg_print_float4, pg_put_float32(pg_load_float32(data), text))
PRINT_SHORT(pg_print_float8, pg_put_float64(pg_load_float64(data), text))
PRINT_SHORT(pg_print_date, pg_put_date((int32_t) load_u32(data), text))
PRINT_SHORT(pg_print_time, pg_put_time((int64_t) load_u64(data), text))
PRINT_SHORT(pg_print_timetz,
			pg_put_timetz((int64_t) load_u64(data), (int32_t) load_u32(data + 8), text))
PRINT_SHORT(pg_print_timestamp, pg_put_timestamp((int64_t) load_u64(data), text))
PRINT_SHORT(pg_print_timestamptz, pg_put_timestamptz((int64_t) load_u64(data), text))

bool
pg_print_interval(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
				  SluiceError *err)
{
	PgInterval interval = pg_load_interval(data);
	char text[PG_TIME_SIZE];

	(void) length;
	return put_short(type, text, pg_put_interval(&interval, text), out, err);
}

bool
pg_print_numeric(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
				 SluiceError *err)
{
	PgNumeric numeric;

	if (!pg_numeric_read(data, length, &numeric))
		return pg_malformed(type, err);
	return pg_numeric_put(&numeric, numeric.scale, out, err);
}

/* Cents; "-$1,234.50". */
bool
pg_print_money(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			   SluiceError *err)
{
	int64_t cents = (int64_t) load_u64(data);
	uint64_t size = cents < 0 ? -(uint64_t) cents : (uint64_t) cents;
	char digits[PG_INTEGER_SIZE];
	size_t count = (size_t) (pg_put_uint64(size / 100, digits) - digits);
	char text[40];
	char *at = text;

	(void) length;
	if (cents < 0)
		*at++ = '-';
	*at++ = '$';
	for (size_t i = 0; i < count; i++)
	{
		if (i > 0 && (count - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at++ = '.';
	*at++ = (char) ('0' + size % 100 / 10);
	*at++ = (char) ('0' + size % 10);
	return put_short(type, text, at, out, err);
}
