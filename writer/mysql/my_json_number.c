/*
 * my_json_number.c - looking for numbers in JSON text; the text is taken to be JSON, and if it is
 * not, the server says so.
 */
#include "my_json_number.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/core/pg_float.h"
#include "common/core/pg_number.h"

/* One digit more than tells doubles apart. */
#define DIGITS_LOOKED_AT (DBL_DECIMAL_DIG + 1)

/* A text without sign as 0.digits x 10^exponent; no zeros at either end of the digits. */
typedef struct Decimal
{
	char digits[DIGITS_LOOKED_AT + 1];
	int count;
	bool more;	/* digits than are looked at */
	bool whole; /* it has neither point nor exponent */
	long exponent;
} Decimal;

typedef struct Number
{
	const uint8_t *start, *end;
} Number;

/* ---- finding ---- */

static bool
is_of_number(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

static const uint8_t *
skip_string(const uint8_t *at, const uint8_t *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at < end ? at + 1 : end;
}

/* The next number from `at` on; false when there is none. */
static bool
find_number(const uint8_t *at, const uint8_t *end, Number *number)
{
	while (at < end)
	{
		if (*at == '"')
			at = skip_string(at, end);
		else if (*at == '-' || (*at >= '0' && *at <= '9'))
		{
			number->start = at;
			while (at < end && is_of_number(*at))
				at++;
			number->end = at;
			return true;
		}
		else
			at++;
	}
	return false;
}

/* ---- judging ---- */

/* Exponents beyond what any double has are cut: they are not told apart. */
static long
read_exponent(const uint8_t *at, const uint8_t *end)
{
	bool negative = at < end && *at == '-';
	long exponent = 0;

	for (at += at < end && (*at == '-' || *at == '+'); at < end && exponent < 1000000; at++)
		exponent = exponent * 10 + (*at - '0');
	return negative ? -exponent : exponent;
}

static void
read_decimal(const uint8_t *at, const uint8_t *end, Decimal *decimal)
{
	bool behind_point = false;
	long zeros = 0; /* that count only when another digit follows */

	*decimal = (Decimal){.whole = true};
	for (; at < end && *at != 'e' && *at != 'E'; at++)
	{
		if (*at == '.')
		{
			behind_point = true;
			decimal->whole = false;
			continue;
		}
		if (*at != '0' || decimal->count > 0)
			decimal->exponent += !behind_point;
		else
			decimal->exponent -= behind_point;
		if (*at == '0')
		{
			zeros += decimal->count > 0;
			continue;
		}
		for (; zeros > 0 && decimal->count < DIGITS_LOOKED_AT; zeros--)
			decimal->digits[decimal->count++] = '0';
		zeros = 0;
		if (decimal->count < DIGITS_LOOKED_AT)
			decimal->digits[decimal->count++] = (char) *at;
		else
			decimal->more = true;
	}
	if (at < end)
	{
		decimal->whole = false;
		decimal->exponent += read_exponent(at + 1, end);
	}
}

static double
nearest_double(const Decimal *decimal)
{
	char text[64];

	/* Whatever is behind the digits looked at only matters for which side of a border it is on. */
	(void) snprintf(text, sizeof(text), "0.%s%se%ld", decimal->digits, decimal->more ? "1" : "",
					decimal->exponent);
	return strtod(text, NULL);
}

static bool
is_integer_of_64_bits(const Number *number)
{
	char text[PG_INTEGER_SIZE + 1];
	size_t length = (size_t) (number->end - number->start);

	if (length >= sizeof(text))
		return false;
	memcpy(text, number->start, length);
	text[length] = '\0';
	errno = 0;
	if (text[0] == '-')
		(void) strtoll(text, NULL, 10);
	else
		(void) strtoull(text, NULL, 10);
	return errno == 0;
}

static bool
is_kept(const Number *number)
{
	char text[PG_FLOAT_SIZE];
	Decimal decimal;
	Decimal back;
	double value;

	read_decimal(number->start + (*number->start == '-'), number->end, &decimal);
	if (decimal.count == 0 || (decimal.whole && is_integer_of_64_bits(number)))
		return true;
	if (decimal.more)
		return false;
	if (decimal.count <= DBL_DIG && labs(decimal.exponent) < DBL_MAX_10_EXP - DBL_DIG)
		return true;
	value = nearest_double(&decimal);
	if (!isfinite(value))
		return false;
	read_decimal((const uint8_t *) text, (const uint8_t *) pg_put_float64(value, text), &back);
	return back.exponent == decimal.exponent && strcmp(back.digits, decimal.digits) == 0;
}

bool
my_json_keeps_numbers(const uint8_t *json, size_t length)
{
	const uint8_t *end = json + length;
	Number number = {json, json};

	while (find_number(number.end, end, &number))
	{
		if (!is_kept(&number))
			return false;
	}
	return true;
}

static bool
put_nearest(const Number *number, ByteBuf *out, SluiceError *err)
{
	bool negative = *number->start == '-';
	char text[PG_FLOAT_SIZE];
	Decimal decimal;
	double value;

	read_decimal(number->start + negative, number->end, &decimal);
	value = nearest_double(&decimal);
	if (!isfinite(value))
		value = DBL_MAX;
	return bytebuf_put(out, text, (size_t) (pg_put_float64(negative ? -value : value, text) - text),
					   err);
}

bool
my_json_put_nearest(const uint8_t *json, size_t length, ByteBuf *out, SluiceError *err)
{
	const uint8_t *end = json + length;
	const uint8_t *written = json;
	Number number = {json, json};

	while (find_number(number.end, end, &number))
	{
		if (is_kept(&number))
			continue;
		if (!bytebuf_put(out, written, (size_t) (number.start - written), err) ||
			!put_nearest(&number, out, err))
			return false;
		written = number.end;
	}
	return bytebuf_put(out, written, (size_t) (end - written), err);
}
