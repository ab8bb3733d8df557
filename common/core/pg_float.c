/*
 * pg_float.c - the shortest decimals that tell floats apart.
 *
 * A decimal stands for a number when it lies strictly inside the interval that reaches half way to
 * the neighbours on both sides.  Of the shortest such decimals PostgreSQL prints the one nearest to
 * the number.  printf() gives the nearest decimal of a length, which is that one but in two cases,
 * both looked after: it may lie exactly on the border (reading it back then gives the number only
 * if that is even), and below a power of two, where the interval is narrower than above, the decimal
 * next above may be inside when the nearest is not.  Borders are held exactly in a wider type.
 */
#include "pg_float.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytebuf.h"
#include "pg_number.h"

/* Digits of a decimal: d.ddd x 10^exponent, without zeros at the end. */
typedef struct Digits
{
	char digits[24];
	int count;
	int exponent;
} Digits;

/* What one width of float needs; values are positive and finite. */
typedef struct FloatWidth
{
	int sure;		   /* every decimal of so many digits survives going through the type */
	int most;		   /* so many digits always tell */
	int exponent_from; /* from so many digits before the point on it is written with an exponent */
	double least;	   /* below it precision shrinks, and `sure` does not hold */
} FloatWidth;

static const FloatWidth width32 = {FLT_DIG, FLT_DECIMAL_DIG, FLT_DIG, FLT_MIN};
static const FloatWidth width64 = {DBL_DIG, DBL_DECIMAL_DIG, DBL_DIG, DBL_MIN};

/* The numbers half way to the neighbours. */
typedef struct Borders
{
	long double low, high;
} Borders;

/* The number so many places further; positive ones are in the order of their bits. */
static float
step32(float value, int places)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bits += (uint32_t) places;
	memcpy(&value, &bits, sizeof(bits));
	return value;
}

static double
step64(double value, int places)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bits += (uint64_t) places;
	memcpy(&value, &bits, sizeof(bits));
	return value;
}

/* Beyond the greatest number the step is that below it. */
static Borders
borders_of(long double below, long double value, long double above)
{
	if (isinf(above))
		above = value + (value - below);
	return (Borders){(below + value) / 2, (value + above) / 2};
}

static Borders
borders32(float value)
{
	return borders_of(step32(value, -1), value, step32(value, 1));
}

static Borders
borders64(double value)
{
	return borders_of(step64(value, -1), value, step64(value, 1));
}

/* Digits of a text made by %e. */
static void
take_digits(const char *text, Digits *out)
{
	out->count = 0;
	for (; *text != 'e'; text++)
	{
		if (*text != '.')
			out->digits[out->count++] = *text;
	}
	out->exponent = (int) strtol(text + 1, NULL, 10);
	while (out->count > 1 && out->digits[out->count - 1] == '0')
		out->count--;
}

/* The decimal next above of the same length. */
static void
next_above(Digits *digits, int length)
{
	int i = length;

	while (digits->count < length)
		digits->digits[digits->count++] = '0';
	while (i > 0 && digits->digits[i - 1] == '9')
		i--;
	digits->count = i;
	if (i > 0)
		digits->digits[i - 1]++;
	else
	{
		digits->digits[0] = '1';
		digits->count = 1;
		digits->exponent++;
	}
}

static long double
read_digits(const Digits *digits)
{
	char text[40];

	(void) snprintf(text, sizeof(text), "%.1s.%.*se%d", digits->digits, digits->count - 1,
					digits->digits + 1, digits->exponent);
	return strtold(text, NULL);
}

/* Compares a decimal with the border that it reads as, digit by digit. */
static int
compare_exactly(const Digits *digits, long double border)
{
	char text[1100]; /* the border has at most 768 digits */
	int i = 0;

	(void) snprintf(text, sizeof(text), "%.1000Le", border);
	for (const char *at = text; *at != 'e'; at++)
	{
		char ours;

		if (*at == '.')
			continue;
		ours = i < digits->count ? digits->digits[i] : '0';
		if (ours != *at)
			return ours < *at ? -1 : 1;
		i++;
	}
	return 0;
}

static bool
is_inside(const Digits *digits, Borders borders)
{
	long double read = read_digits(digits);

	return (read > borders.low ||
			(read == borders.low && compare_exactly(digits, borders.low) > 0)) &&
		   (read < borders.high ||
			(read == borders.high && compare_exactly(digits, borders.high) < 0));
}

/* The nearest decimal of so many digits, or the one above it; false when both are outside. */
static bool
try_length(double value, Borders borders, int length, const FloatWidth *width, Digits *out)
{
	char text[40];

	(void) snprintf(text, sizeof(text), "%.*e", length - 1, value);
	take_digits(text, out);
	if (length == width->most || is_inside(out, borders))
		return true;
	next_above(out, length);
	return is_inside(out, borders);
}

static void
shortest_digits(double value, Borders borders, const FloatWidth *width, Digits *out)
{
	int length = value < width->least ? 1 : width->sure;

	while (!try_length(value, borders, length, width, out))
		length++;
}

/* "e+07": a sign and at least two digits. */
static char *
put_exponent(int exponent, char *at)
{
	*at++ = 'e';
	*at++ = exponent < 0 ? '-' : '+';
	if (abs(exponent) < 10)
		*at++ = '0';
	return pg_put_uint64((uint64_t) abs(exponent), at);
}

static char *
put_digits(const Digits *digits, const FloatWidth *width, char *at)
{
	int whole = digits->exponent + 1; /* digits before the point */

	if (digits->exponent < -4 || digits->exponent >= width->exponent_from)
	{
		*at++ = digits->digits[0];
		if (digits->count > 1)
		{
			*at++ = '.';
			memcpy(at, digits->digits + 1, (size_t) digits->count - 1);
			at += digits->count - 1;
		}
		return put_exponent(digits->exponent, at);
	}
	if (whole <= 0)
	{
		*at++ = '0';
		*at++ = '.';
		for (int i = whole; i < 0; i++)
			*at++ = '0';
	}
	for (int i = 0; i < digits->count || i < whole; i++)
	{
		if (i == whole && whole > 0)
			*at++ = '.';
		*at++ = i < digits->count ? digits->digits[i] : '0';
	}
	return at;
}

static char *
put_word(const char *word, char *at)
{
	size_t length = strlen(word);

	memcpy(at, word, length);
	return at + length;
}

/* NaN, infinities and zeros; NULL for other numbers. */
static char *
put_special(double value, char *at)
{
	if (isnan(value))
		return put_word("NaN", at);
	if (isinf(value))
		return put_word(value < 0 ? "-Infinity" : "Infinity", at);
	if (value == 0)
		return put_word(signbit(value) ? "-0" : "0", at);
	return NULL;
}

char *
pg_put_float32(float value, char *at)
{
	char *end = put_special(value, at);
	Digits digits;

	if (end != NULL)
		return end;
	if (value < 0)
		*at++ = '-';
	value = fabsf(value);
	shortest_digits(value, borders32(value), &width32, &digits);
	return put_digits(&digits, &width32, at);
}

char *
pg_put_float64(double value, char *at)
{
	char *end = put_special(value, at);
	Digits digits;

	if (end != NULL)
		return end;
	if (value < 0)
		*at++ = '-';
	value = fabs(value);
	/* Whole numbers that a double has exactly need no search. */
	if (value < 1e15 && value == (double) (int64_t) value)
		return pg_put_uint64((uint64_t) value, at);
	shortest_digits(value, borders64(value), &width64, &digits);
	return put_digits(&digits, &width64, at);
}

float
pg_load_float32(const uint8_t *data)
{
	uint32_t bits = load_u32(data);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

double
pg_load_float64(const uint8_t *data)
{
	uint64_t bits = load_u64(data);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}
