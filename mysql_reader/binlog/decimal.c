/*
 * decimal.c - packed decimals (decimal.h).
 *
 * Nine digits lie in four bytes, most significant first, the digits left over at both ends in fewer.
 * The sign is the highest bit, turned round; a negative number has all its bits turned round.
 */
#include "decimal.h"

#include <string.h>

#define GROUP			 9
#define NUMERIC_NEGATIVE 0x4000

static const uint8_t group_bytes[GROUP + 1] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
static const uint32_t powers[GROUP + 1] = {1,	   10,		100,	  1000,		 10000,
										   100000, 1000000, 10000000, 100000000, 1000000000};

uint32_t
decimal_packed_size(uint8_t precision, uint8_t scale)
{
	unsigned whole = (unsigned) precision - scale;

	return whole / GROUP * 4u + group_bytes[whole % GROUP] + scale / GROUP * 4u +
		   group_bytes[scale % GROUP];
}

/* Writes `digits` digits of the next group; *packed is passed behind it. */
static bool
unpack_group(const uint8_t **packed, uint8_t mask, bool first, unsigned digits, char **text,
			 SluiceError *err)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < group_bytes[digits]; i++)
	{
		uint8_t byte = (uint8_t) (**packed ^ mask);

		if (first && i == 0)
			byte ^= 0x80;
		value = value << 8 | byte;
		(*packed)++;
	}
	if (value >= powers[digits])
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%u is no group of %u decimal digits", value,
						   digits);
	for (unsigned i = digits; i-- > 0; value /= 10)
		(*text)[i] = (char) ('0' + value % 10);
	*text += digits;
	return true;
}

/* All digits, the sign left out. */
static bool
unpack_digits(const uint8_t *packed, uint8_t precision, uint8_t scale, uint8_t mask, char *text,
			  SluiceError *err)
{
	unsigned whole = (unsigned) precision - scale;
	unsigned groups[4] = {whole % GROUP, whole / GROUP, scale / GROUP, scale % GROUP};
	bool first = true;

	for (int part = 0; part < 4; part++)
	{
		bool single = part == 0 || part == 3;
		unsigned count = single ? groups[part] > 0 : groups[part];

		for (; count > 0; count--, first = false)
		{
			if (!unpack_group(&packed, mask, first, single ? groups[part] : GROUP, &text, err))
				return false;
		}
	}
	*text = '\0';
	return true;
}

bool
decimal_text(const uint8_t *packed, uint8_t precision, uint8_t scale, char *text, SluiceError *err)
{
	char digits[DECIMAL_TEXT_SIZE];
	unsigned whole = (unsigned) precision - scale, zeros = 0;
	bool negative;

	if (precision == 0)
	{
		strcpy(text, "0");
		return true;
	}
	negative = (packed[0] & 0x80) == 0;
	if (!unpack_digits(packed, precision, scale, negative ? 0xff : 0, digits, err))
		return false;
	negative = negative && strspn(digits, "0") < precision;
	while (zeros + 1 < whole && digits[zeros] == '0')
		zeros++;
	if (negative)
		*text++ = '-';
	if (whole == 0)
		*text++ = '0';
	memcpy(text, digits + zeros, whole - zeros);
	text += whole - zeros;
	if (scale > 0)
		*text++ = '.';
	memcpy(text, digits + whole, scale + 1u);
	return true;
}

/* ---- canonical ---- */

/* A decimal digit of text by its place: 0 is that before the point, -1 that behind it. */
typedef struct Digits
{
	const char *whole, *fraction;
	int whole_count, fraction_count;
} Digits;

static unsigned
digit_at(const Digits *digits, int place)
{
	if (place >= 0)
		return place < digits->whole_count
				   ? (unsigned) (digits->whole[digits->whole_count - 1 - place] - '0')
				   : 0;
	place = -place - 1;
	return place < digits->fraction_count ? (unsigned) (digits->fraction[place] - '0') : 0;
}

static unsigned
canonical_digit(const Digits *digits, int weight)
{
	unsigned value = 0;

	for (int i = 3; i >= 0; i--)
		value = value * 10 + digit_at(digits, weight * 4 + i);
	return value;
}

static bool
all_digits(const char *text, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return true;
}

static bool
split_digits(const char *text, size_t length, Digits *digits)
{
	const char *point = memchr(text, '.', length);

	digits->whole = text;
	digits->whole_count = (int) (point != NULL ? (size_t) (point - text) : length);
	digits->fraction = point != NULL ? point + 1 : "";
	digits->fraction_count = point != NULL ? (int) (length - (size_t) digits->whole_count - 1) : 0;
	return digits->whole_count + digits->fraction_count > 0 && length <= INT16_MAX &&
		   all_digits(digits->whole, digits->whole_count) &&
		   all_digits(digits->fraction, digits->fraction_count);
}

bool
decimal_canonical(const char *text, size_t length, ByteBuf *out, SluiceError *err)
{
	bool negative = length > 0 && text[0] == '-';
	Digits digits;
	int high, low;
	uint16_t head[4];

	if (!split_digits(text + negative, length - negative, &digits))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.*s\" is no decimal number",
						   (int) (length < 80 ? length : 80), text);
	high = (digits.whole_count + 3) / 4 - 1;
	low = -((digits.fraction_count + 3) / 4);
	while (high >= low && canonical_digit(&digits, high) == 0)
		high--;
	while (low <= high && canonical_digit(&digits, low) == 0)
		low++;
	head[0] = (uint16_t) (high - low + 1);
	head[1] = (uint16_t) (head[0] > 0 ? high : 0);
	head[2] = negative && head[0] > 0 ? NUMERIC_NEGATIVE : 0;
	head[3] = (uint16_t) digits.fraction_count;
	for (int i = 0; i < 4; i++)
	{
		if (!bytebuf_put_u16(out, head[i], err))
			return false;
	}
	for (int weight = high; weight >= low; weight--)
	{
		if (!bytebuf_put_u16(out, (uint16_t) canonical_digit(&digits, weight), err))
			return false;
	}
	return true;
}
