/*
 * my_value_number.c - numbers for columns of numbers.
 */
#include "my_value_parts.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/core/pg_float.h"
#include "common/core/pg_number.h"

#define YEAR_LEAST	  1901 /* and 0 */
#define YEAR_MOST	  2155
#define DOUBLE_DIGITS DBL_DIG /* every decimal of so many digits survives a double */

static const char not_in_range[] = "it is out of the column's range";
static const char is_nan[] = "the column has no NaN";
static const char is_infinite[] = "the column has no infinity";
static const char too_many_decimals[] = "it has more decimals than the column";
static const char too_many_digits[] = "it has more digits than the column keeps";

/* ---- whole numbers ---- */

bool
my_encode_bool(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
			   SluiceError *err)
{
	(void) length;
	if (data[0] > 1)
		return my_malformed(c, err);
	*value = (MyValue){MY_NUMBER, data[0] != 0 ? "1" : "0", 1};
	return true;
}

bool
my_encode_signed(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				 SluiceError *err)
{
	int64_t number = length == 4   ? (int32_t) load_u32(data)
					 : length == 8 ? (int64_t) load_u64(data)
								   : (int16_t) load_u16(data);

	if (number < c->low || number > c->high)
	{
		if (c->policy != LOSS_CLAMP)
			return my_lose(c, data, length, not_in_range, value, err);
		number = number < c->low ? c->low : c->high;
	}
	return my_give_small(c, MY_NUMBER, pg_put_int64(number, c->small), value);
}

/* With all its digits: of "0" the server would make 2000. */
bool
my_encode_year(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
			   SluiceError *err)
{
	int number = (int16_t) load_u16(data);

	if (number != 0 && (number < YEAR_LEAST || number > YEAR_MOST))
	{
		if (c->policy != LOSS_CLAMP)
			return my_lose(c, data, length, not_in_range, value, err);
		number = number < YEAR_LEAST ? YEAR_LEAST : YEAR_MOST;
	}
	(void) snprintf(c->small, sizeof(c->small), "%04d", number);
	return my_give_small(c, MY_PLAIN, c->small + 4, value);
}

bool
my_encode_unsigned(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				   SluiceError *err)
{
	uint64_t number = length == 4 ? load_u32(data) : load_u64(data);

	if (number > c->high_unsigned)
	{
		if (c->policy != LOSS_CLAMP)
			return my_lose(c, data, length, not_in_range, value, err);
		number = c->high_unsigned;
	}
	return my_give_small(c, MY_NUMBER, pg_put_uint64(number, c->small), value);
}

bool
my_encode_bits(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
			   SluiceError *err)
{
	uint32_t bits = length >= 4 ? load_u32(data) : 0;
	uint32_t bytes = bits / 8 + (bits % 8 != 0);
	uint64_t number = 0;

	if (length < 4 || length - 4 != bytes)
		return my_malformed(c, err);
	if (bits > (uint32_t) (c->target.length > 0 ? c->target.length : 1))
		return my_lose(c, data, length, "it has more bits than the column", value, err);
	for (uint32_t i = 0; i < bits; i++)
		number = number << 1 | (data[4 + i / 8] >> (7 - i % 8) & 1);
	return my_give_small(c, MY_NUMBER, pg_put_uint64(number, c->small), value);
}

/* ---- DECIMAL, and decimals into other columns ---- */

/* A decimal in the scratch buffer: digits, a point and digits with neither needless zeros nor point. */
typedef struct Decimal
{
	bool negative;
	char *first; /* digit before the point that is not 0, else the point */
	char *point; /* or where it would be */
	char *end;
} Decimal;

static Decimal
look_at_decimal(MyConverter *c)
{
	char *text = (char *) c->scratch.data;
	char *end = text + c->scratch.length;
	Decimal decimal = {.negative = text[0] == '-', .first = text + (text[0] == '-')};

	decimal.point = memchr(text, '.', c->scratch.length);
	if (decimal.point == NULL)
		decimal.point = end;
	while (end > decimal.point && (end[-1] == '0' || end[-1] == '.'))
		end--;
	while (decimal.first < decimal.point && *decimal.first == '0')
		decimal.first++;
	decimal.end = end;
	c->scratch.length = (size_t) (end - text);
	return decimal;
}

static long
decimals_of(const Decimal *decimal)
{
	return decimal->end > decimal->point ? decimal->end - decimal->point - 1 : 0;
}

/* The column's largest number, or its least. */
static bool
give_largest(MyConverter *c, bool negative, MyValue *value, SluiceError *err)
{
	c->scratch.length = 0;
	if (negative && c->target.is_unsigned)
		return bytebuf_put_u8(&c->scratch, '0', err) && my_give_scratch(c, MY_NUMBER, value);
	if (!bytebuf_reserve(&c->scratch, 3 + (size_t) c->integer_digits + (size_t) c->fraction_digits,
						 err))
		return false;
	if (negative)
		c->scratch.data[c->scratch.length++] = '-';
	c->scratch.data[c->scratch.length++] = '0';
	for (int i = 0; i < c->integer_digits + c->fraction_digits; i++)
	{
		if (i == c->integer_digits)
			c->scratch.data[c->scratch.length++] = '.';
		c->scratch.data[c->scratch.length++] = '9';
	}
	return my_give_scratch(c, MY_NUMBER, value);
}

/* Adds one at the last digit of the scratch buffer; there may be one more before the point then. */
static bool
add_at_end(MyConverter *c, SluiceError *err)
{
	size_t sign = c->scratch.data[0] == '-';
	size_t at = c->scratch.length;

	while (at > sign)
	{
		uint8_t *digit = &c->scratch.data[--at];

		if (*digit != '9' && *digit != '.')
		{
			(*digit)++;
			return true;
		}
		if (*digit == '9')
			*digit = '0';
	}
	if (!bytebuf_put_u8(&c->scratch, 0, err))
		return false;
	memmove(c->scratch.data + sign + 1, c->scratch.data + sign, c->scratch.length - sign - 1);
	c->scratch.data[sign] = '1';
	return true;
}

/* Rounds the decimal to the column's digits, half away from zero. */
static bool
round_decimal(MyConverter *c, Decimal *decimal, SluiceError *err)
{
	const char *cut = decimal->point + 1 + c->fraction_digits;
	bool up = *cut >= '5';

	c->scratch.length = (size_t) (cut - (const char *) c->scratch.data);
	if (c->fraction_digits == 0)
		c->scratch.length--;
	if (up && !add_at_end(c, err))
		return false;
	*decimal = look_at_decimal(c);
	return true;
}

/* What the scratch buffer has, if the column takes it. */
static bool
give_decimal(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value, SluiceError *err)
{
	Decimal decimal = look_at_decimal(c);

	if (decimals_of(&decimal) > c->fraction_digits)
	{
		if (c->policy != LOSS_CLAMP)
			return my_lose(c, data, length, too_many_decimals, value, err);
		if (!round_decimal(c, &decimal, err))
			return false;
	}
	if (decimal.point - decimal.first > c->integer_digits ||
		(decimal.negative && c->target.is_unsigned && c->target.kind == KIND_DECIMAL))
	{
		if (c->policy != LOSS_CLAMP)
			return my_lose(c, data, length, not_in_range, value, err);
		return give_largest(c, decimal.negative, value, err);
	}
	return my_give_scratch(c, MY_NUMBER, value);
}

/* The same for integers: their range is no number of digits. */
static bool
give_integer(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value, SluiceError *err)
{
	const char *text;
	bool below;
	bool above;

	if (!give_decimal(c, data, length, value, err))
		return false;
	if (value->shape == MY_NULL)
		return true;
	if (!bytebuf_put_u8(&c->scratch, 0, err))
		return false;
	text = (const char *) c->scratch.data;
	errno = 0;
	below = text[0] == '-' && (strtoll(text, NULL, 10) < c->low || errno != 0);
	above = text[0] != '-' && (strtoull(text, NULL, 10) > c->high_unsigned || errno != 0);
	value->data = c->scratch.data;
	if (!below && !above)
		return true;
	if (c->policy != LOSS_CLAMP)
		return my_lose(c, data, length, not_in_range, value, err);
	return my_give_small(
		c, MY_NUMBER,
		below ? pg_put_int64(c->low, c->small) : pg_put_uint64(c->high_unsigned, c->small), value);
}

/* The same for floats: what has more digits than they keep may come back as another decimal. */
static bool
give_float(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value, SluiceError *err)
{
	int kept = c->target.kind == KIND_FLOAT ? FLT_DIG : DOUBLE_DIGITS;
	double most = c->target.kind == KIND_FLOAT ? FLT_MAX : DBL_MAX;
	Decimal decimal = look_at_decimal(c);
	double number;

	if (decimal.end - decimal.first - (decimal.end > decimal.point) > kept &&
		c->policy != LOSS_CLAMP)
		return my_lose(c, data, length, too_many_digits, value, err);
	if (!bytebuf_put(&c->scratch, "e0", 3, err))
		return false;
	number = strtod((const char *) c->scratch.data, NULL);
	if (number > most || number < -most)
	{
		if (c->policy != LOSS_CLAMP)
			return my_lose(c, data, length, not_in_range, value, err);
		return my_give_small(c, MY_NUMBER, pg_put_float64(number < 0 ? -most : most, c->small),
							 value);
	}
	c->scratch.length--;
	return my_give_scratch(c, MY_NUMBER, value);
}

static bool
give_by_target(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
			   SluiceError *err)
{
	switch (c->target.kind)
	{
		case KIND_DECIMAL: return give_decimal(c, data, length, value, err);
		case KIND_FLOAT:
		case KIND_DOUBLE: return give_float(c, data, length, value, err);
		default: return give_integer(c, data, length, value, err);
	}
}

static bool
give_infinite(MyConverter *c, const uint8_t *data, uint32_t length, bool negative, MyValue *value,
			  SluiceError *err)
{
	double most = c->target.kind == KIND_FLOAT ? FLT_MAX : DBL_MAX;

	if (c->policy != LOSS_CLAMP)
		return my_lose(c, data, length, is_infinite, value, err);
	if (c->target.kind == KIND_DECIMAL)
		return give_largest(c, negative, value, err);
	if (c->target.kind == KIND_FLOAT || c->target.kind == KIND_DOUBLE)
		return my_give_small(c, MY_NUMBER, pg_put_float64(negative ? -most : most, c->small),
							 value);
	return my_give_small(c, MY_NUMBER,
						 negative ? pg_put_int64(c->low, c->small)
								  : pg_put_uint64(c->high_unsigned, c->small),
						 value);
}

bool
my_encode_numeric(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				  SluiceError *err)
{
	PgNumeric numeric;

	if (!pg_numeric_read(data, length, &numeric))
		return my_malformed(c, err);
	if (numeric.kind == PG_NUMERIC_NAN)
		return my_lose(c, data, length, is_nan, value, err);
	if (numeric.kind != PG_NUMERIC_FINITE)
		return give_infinite(c, data, length, numeric.kind == PG_NUMERIC_MINUS_INFINITY, value,
							 err);
	c->scratch.length = 0;
	return pg_numeric_put(&numeric, pg_numeric_fraction_digits(&numeric), &c->scratch, err) &&
		   give_by_target(c, data, length, value, err);
}

/* Hundredths. */
bool
my_encode_money(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				SluiceError *err)
{
	int64_t amount = (int64_t) load_u64(data);
	uint64_t size = amount < 0 ? -(uint64_t) amount : (uint64_t) amount;
	char *at = c->small;

	if (amount < 0)
		*at++ = '-';
	at = pg_put_uint64(size / 100, at);
	*at++ = '.';
	*at++ = (char) ('0' + size % 100 / 10);
	*at++ = (char) ('0' + size % 10);
	c->scratch.length = 0;
	return bytebuf_put(&c->scratch, c->small, (size_t) (at - c->small), err) &&
		   give_decimal(c, data, length, value, err);
}

/* ---- floats ---- */

/* "1.5e-07" without exponent, into the scratch buffer. */
static bool
put_without_exponent(MyConverter *c, const char *text, const char *end, SluiceError *err)
{
	const char *mark = memchr(text, 'e', (size_t) (end - text));
	long exponent = mark != NULL ? strtol(mark + 1, NULL, 10) : 0;
	long zeros;

	c->scratch.length = 0;
	if (mark == NULL)
		return bytebuf_put(&c->scratch, text, (size_t) (end - text), err);
	if (*text == '-' && !bytebuf_put_u8(&c->scratch, (uint8_t) *text++, err))
		return false;
	if (exponent < 0 && !bytebuf_put(&c->scratch, "0.", 2, err))
		return false;
	for (zeros = exponent + 1; zeros < 0; zeros++)
	{
		if (!bytebuf_put_u8(&c->scratch, '0', err))
			return false;
	}
	for (; text < mark || exponent >= 0; text += text < mark)
	{
		if (text < mark && *text == '.')
			continue;
		if (exponent-- == -1 && zeros > 0 && !bytebuf_put_u8(&c->scratch, '.', err))
			return false;
		if (!bytebuf_put_u8(&c->scratch, text < mark ? (uint8_t) *text : '0', err))
			return false;
	}
	return true;
}

static bool
give_finite(MyConverter *c, const uint8_t *data, uint32_t length, double number, MyValue *value,
			SluiceError *err)
{
	char *end;

	if (c->target.kind == KIND_FLOAT && length == sizeof(double) &&
		(double) (float) number != number)
	{
		if (c->policy != LOSS_CLAMP)
			return my_lose(c, data, length, too_many_digits, value, err);
		if (fabs(number) > FLT_MAX)
			return give_infinite(c, data, length, number < 0, value, err);
	}
	end = pg_put_float64(number, c->small);
	/* A number without exponent would be a DECIMAL in comparisons. */
	if (memchr(c->small, 'e', (size_t) (end - c->small)) == NULL)
	{
		*end++ = 'e';
		*end++ = '0';
	}
	return my_give_small(c, MY_NUMBER, end, value);
}

/*
 * Into FLOAT the digits of the double of the same value go: the server rounds what it reads as a
 * double to a float, and those of the float itself might be rounded twice.
 */
bool
my_encode_float(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				SluiceError *err)
{
	double number = length == sizeof(float) ? pg_load_float32(data) : pg_load_float64(data);
	char *end;

	if (isnan(number))
		return my_lose(c, data, length, is_nan, value, err);
	if (isinf(number))
		return give_infinite(c, data, length, number < 0, value, err);
	if (c->target.kind != KIND_DECIMAL)
		return give_finite(c, data, length, number, value, err);
	end = length == sizeof(float) ? pg_put_float32(pg_load_float32(data), c->small)
								  : pg_put_float64(number, c->small);
	*end = '\0';
	return put_without_exponent(c, c->small, end, err) && give_decimal(c, data, length, value, err);
}
