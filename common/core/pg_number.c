/*
 * pg_number.c - integers and numerics as text.
 */
#include "pg_number.h"

/* ---- integers ---- */

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324252627282930"
								  "31323334353637383940414243444546474849505152535455565758596061"
								  "62636465666768697071727374757677787980818283848586878889909192"
								  "93949596979899";

char *
pg_put_uint64(uint64_t value, char *at)
{
	char digits[PG_INTEGER_SIZE];
	char *first = digits + sizeof(digits);
	size_t length;

	while (value >= 100)
	{
		first -= 2;
		memcpy(first, digit_pairs + 2 * (value % 100), 2);
		value /= 100;
	}
	if (value >= 10)
	{
		first -= 2;
		memcpy(first, digit_pairs + 2 * value, 2);
	}
	else
		*--first = (char) ('0' + value);
	length = (size_t) (digits + sizeof(digits) - first);
	memcpy(at, first, length);
	return at + length;
}

char *
pg_put_int64(int64_t value, char *at)
{
	if (value >= 0)
		return pg_put_uint64((uint64_t) value, at);
	*at++ = '-';
	return pg_put_uint64(-(uint64_t) value, at);
}

/* ---- numeric ---- */

#define NUMERIC_HEADER	 8
#define NUMERIC_SCALES	 0x4000 /* display scales there are */
#define GROUP_DIGITS	 4
#define NUMERIC_NEGATIVE 0x4000

bool
pg_numeric_read(const uint8_t *data, uint32_t length, PgNumeric *numeric)
{
	unsigned sign;

	if (length < NUMERIC_HEADER)
		return false;
	numeric->groups = load_u16(data);
	numeric->weight = (int16_t) load_u16(data + 2);
	sign = load_u16(data + 4);
	numeric->scale = load_u16(data + 6);
	numeric->digits = data + NUMERIC_HEADER;
	numeric->negative = sign == NUMERIC_NEGATIVE;
	if (length != NUMERIC_HEADER + 2 * numeric->groups || numeric->scale >= NUMERIC_SCALES)
		return false;
	for (unsigned i = 0; i < numeric->groups; i++)
	{
		if (load_u16(numeric->digits + 2 * i) > 9999)
			return false;
	}
	switch (sign)
	{
		case 0:
		case NUMERIC_NEGATIVE: numeric->kind = PG_NUMERIC_FINITE; return true;
		case 0xC000: numeric->kind = PG_NUMERIC_NAN; return true;
		case 0xD000: numeric->kind = PG_NUMERIC_INFINITY; return true;
		case 0xF000: numeric->kind = PG_NUMERIC_MINUS_INFINITY; return true;
		default: return false;
	}
}

/* The group of a weight, 0 beyond both ends. */
static unsigned
group_at(const PgNumeric *numeric, int weight)
{
	int i = numeric->weight - weight;

	return i >= 0 && i < (int) numeric->groups ? load_u16(numeric->digits + 2 * i) : 0;
}

unsigned
pg_numeric_integer_digits(const PgNumeric *numeric)
{
	for (int weight = numeric->weight; weight >= 0; weight--)
	{
		unsigned group = group_at(numeric, weight);

		if (group != 0)
			return (unsigned) weight * GROUP_DIGITS + (group >= 1000  ? 4
													   : group >= 100 ? 3
													   : group >= 10  ? 2
																	  : 1);
	}
	return 0;
}

unsigned
pg_numeric_fraction_digits(const PgNumeric *numeric)
{
	for (int weight = numeric->weight - (int) numeric->groups + 1; weight < 0; weight++)
	{
		unsigned group = group_at(numeric, weight);
		unsigned digits = (unsigned) -weight * GROUP_DIGITS;

		if (group == 0)
			continue;
		for (; group % 10 == 0; group /= 10)
			digits--;
		return digits;
	}
	return 0;
}

static char *
put_group(unsigned group, char *at)
{
	memcpy(at, digit_pairs + 2 * (group / 100), 2);
	memcpy(at + 2, digit_pairs + 2 * (group % 100), 2);
	return at + GROUP_DIGITS;
}

static char *
put_integer_part(const PgNumeric *numeric, char *at)
{
	if (numeric->weight < 0)
	{
		*at++ = '0';
		return at;
	}
	at = pg_put_uint64(group_at(numeric, numeric->weight), at);
	for (int weight = numeric->weight - 1; weight >= 0; weight--)
		at = put_group(group_at(numeric, weight), at);
	return at;
}

bool
pg_numeric_put(const PgNumeric *numeric, unsigned scale, ByteBuf *out, SluiceError *err)
{
	static const char *const words[] = {[PG_NUMERIC_NAN] = "NaN",
										[PG_NUMERIC_INFINITY] = "Infinity",
										[PG_NUMERIC_MINUS_INFINITY] = "-Infinity"};
	size_t whole = (size_t) (numeric->weight < 0 ? 1 : numeric->weight + 1) * GROUP_DIGITS;
	char *at;
	char *point;

	if (numeric->kind != PG_NUMERIC_FINITE)
		return bytebuf_put(out, words[numeric->kind], strlen(words[numeric->kind]), err);
	if (!bytebuf_reserve(out, 2 + whole + scale + GROUP_DIGITS, err))
		return false;
	at = (char *) out->data + out->length;
	if (numeric->negative)
		*at++ = '-';
	at = put_integer_part(numeric, at);
	if (scale > 0)
	{
		*at++ = '.';
		point = at;
		for (int weight = -1; at < point + scale; weight--)
			at = put_group(group_at(numeric, weight), at);
		at = point + scale;
	}
	out->length = (size_t) ((uint8_t *) at - out->data);
	return true;
}
