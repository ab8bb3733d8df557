/*
 * json.c - binary JSON as text (json.h).
 */
#include "json.h"

#include "decimal.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Column kinds of opaque values. */
enum
{
	OPAQUE_TIMESTAMP = 7,
	OPAQUE_DATE = 10,
	OPAQUE_TIME = 11,
	OPAQUE_DATETIME = 12,
	OPAQUE_DECIMAL = 246
};

static bool
put_text(ByteBuf *out, const char *text, SluiceError *err)
{
	return bytebuf_put(out, text, strlen(text), err);
}

/* ---- strings ---- */

/* What stands behind the backslash; 'u' for four hexadecimal digits. */
static const char escapes[256] = {
	['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
	['\t'] = 't', [0] = 'u',	 [1] = 'u',	   [2] = 'u',	 [3] = 'u',	   [4] = 'u',
	[5] = 'u',	  [6] = 'u',	 [7] = 'u',	   [11] = 'u',	 [14] = 'u',   [15] = 'u',
	[16] = 'u',	  [17] = 'u',	 [18] = 'u',   [19] = 'u',	 [20] = 'u',   [21] = 'u',
	[22] = 'u',	  [23] = 'u',	 [24] = 'u',   [25] = 'u',	 [26] = 'u',   [27] = 'u',
	[28] = 'u',	  [29] = 'u',	 [30] = 'u',   [31] = 'u'};

static bool
put_escape(uint8_t byte, ByteBuf *out, SluiceError *err)
{
	char text[8];
	int size = escapes[byte] == 'u' ? snprintf(text, sizeof(text), "\\u%04x", byte)
									: snprintf(text, sizeof(text), "\\%c", escapes[byte]);

	return bytebuf_put(out, text, (size_t) size, err);
}

bool
json_string_text(const uint8_t *text, size_t length, ByteBuf *out, SluiceError *err)
{
	size_t done = 0;

	if (!bytebuf_reserve(out, length + 2, err) || !bytebuf_put_u8(out, '"', err))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (escapes[text[i]] == 0)
			continue;
		if (!bytebuf_put(out, text + done, i - done, err) || !put_escape(text[i], out, err))
			return false;
		done = i + 1;
	}
	return bytebuf_put(out, text + done, length - done, err) && bytebuf_put_u8(out, '"', err);
}

/* ---- numbers ---- */

#define DIGITS_ALWAYS 15 /* so many digits survive being read */
#define DIGITS_MOST	  17 /* so many tell all numbers apart */

/* Significant digits of a number and the place of its point among them: 0.d1d2... x 10^point. */
typedef struct Digits
{
	char digits[DIGITS_MOST + 1];
	int count, point;
} Digits;

static double
digits_value(const Digits *digits)
{
	char text[40];

	(void) snprintf(text, sizeof(text), "0.%se%d", digits->digits, digits->point);
	return strtod(text, NULL);
}

/* The decimal of `count` digits that is nearest. */
static void
nearest_digits(double value, int count, Digits *digits)
{
	char text[40];
	const char *exponent;

	(void) snprintf(text, sizeof(text), "%.*e", count - 1, value);
	exponent = strchr(text, 'e');
	*digits = (Digits){.count = count, .point = (int) strtol(exponent + 1, NULL, 10) + 1};
	digits->digits[0] = text[0];
	if (count > 1)
		memcpy(digits->digits + 1, text + 2, (size_t) count - 1);
}

/*
 * Below a power of two the next number is nearer than above, so that the decimal above may stand for it
 * when the nearest does not.
 */
static bool
take_next(double value, Digits *digits)
{
	Digits next = *digits;
	int exponent;

	if (frexp(value, &exponent) != 0.5 || next.digits[next.count - 1] == '9')
		return false;
	next.digits[next.count - 1]++;
	if (digits_value(&next) != value)
		return false;
	*digits = next;
	return true;
}

/* The fewest digits that read back as the number, which is positive. */
static void
shortest_digits(double value, Digits *digits)
{
	for (int count = value < DBL_MIN ? 1 : DIGITS_ALWAYS; count <= DIGITS_MOST; count++)
	{
		nearest_digits(value, count, digits);
		if (digits_value(digits) == value || take_next(value, digits))
			break;
	}
	while (digits->count > 1 && digits->digits[digits->count - 1] == '0')
		digits->count--;
}

/*
 * Where MySQL puts the point: without an exponent while that takes no more than a few zeros.  "1.0"
 * keeps its ".0" to stay a number with a fraction.
 */
static void
format_digits(const Digits *digits, char *text, size_t room)
{
	static const char zeros[] = "000000000000000";
	const int most = DIGITS_ALWAYS;
	int count = digits->count, point = digits->point;
	const char *at = digits->digits;

	if (point < 1 - most || (point > most && count <= point))
		(void) snprintf(text, room, "%.1s%s%.*se%d", at, count > 1 ? "." : "", count - 1, at + 1,
						point - 1);
	else if (point <= 0)
		(void) snprintf(text, room, "0.%.*s%.*s", -point, zeros, count, at);
	else if (count <= point)
		(void) snprintf(text, room, "%.*s%.*s.0", count, at, point - count, zeros);
	else
		(void) snprintf(text, room, "%.*s.%.*s", point, at, count - point, at + point);
}

static bool
write_double(uint64_t bits, ByteBuf *out, SluiceError *err)
{
	double value;
	char text[64] = "0.0";
	Digits digits;

	memcpy(&value, &bits, sizeof(value));
	if (!isfinite(value))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a number in JSON that is not finite");
	if (value != 0)
	{
		shortest_digits(fabs(value), &digits);
		format_digits(&digits, text, sizeof(text));
	}
	return (!signbit(value) || bytebuf_put_u8(out, '-', err)) && put_text(out, text, err);
}

/* Whole numbers: their bytes, and whether they have a sign; the rest is no number. */
static const struct
{
	uint8_t bytes;
	bool sign;
} numbers[] = {[JSON_INT16] = {2, true},   [JSON_UINT16] = {2, false}, [JSON_INT32] = {4, true},
			   [JSON_UINT32] = {4, false}, [JSON_INT64] = {8, true},   [JSON_UINT64] = {8, false}};

static bool
write_number(uint8_t type, ByteCursor value, ByteBuf *out, SluiceError *err)
{
	unsigned bits = numbers[type].bytes * 8u;
	uint64_t number;
	char text[24];

	if (!little_unsigned(&value, numbers[type].bytes, &number, err))
		return false;
	if (numbers[type].sign)
		(void) snprintf(text, sizeof(text), "%" PRId64,
						(int64_t) (number << (64 - bits)) >> (64 - bits));
	else
		(void) snprintf(text, sizeof(text), "%" PRIu64, number);
	return put_text(out, text, err);
}

static bool
write_literal(uint64_t value, ByteBuf *out, SluiceError *err)
{
	static const char *const literals[] = {"null", "true", "false"};

	if (value > 2)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON with literal %u", (unsigned) value);
	return put_text(out, literals[value], err);
}

/* ---- opaque values ---- */

/* "2024-02-29 13:14:15.000000": years and months in one number, then smaller and smaller parts. */
static bool
write_date(uint8_t kind, uint64_t packed, ByteBuf *out, SluiceError *err)
{
	uint64_t whole = packed >> 24, month = whole >> 22;
	char text[80];
	int length = snprintf(text, sizeof(text), "\"%04u-%02u-%02u", (unsigned) (month / 13),
						  (unsigned) (month % 13), (unsigned) (whole >> 17 & 31));

	if (kind != OPAQUE_DATE)
		(void) snprintf(text + length, sizeof(text) - (size_t) length, " %02u:%02u:%02u.%06u",
						(unsigned) (whole >> 12 & 31), (unsigned) (whole >> 6 & 63),
						(unsigned) (whole & 63), (unsigned) (packed & 0xffffff));
	return put_text(out, text, err) && bytebuf_put_u8(out, '"', err);
}

static bool
write_time(uint64_t packed, ByteBuf *out, SluiceError *err)
{
	bool negative = (packed & UINT64_C(1) << 63) != 0;
	uint64_t value = negative ? 0 - packed : packed, whole = value >> 24;
	char text[48];

	(void) snprintf(text, sizeof(text), "\"%s%02u:%02u:%02u.%06u\"", negative ? "-" : "",
					(unsigned) (whole >> 12 & 1023), (unsigned) (whole >> 6 & 63),
					(unsigned) (whole & 63), (unsigned) (value & 0xffffff));
	return put_text(out, text, err);
}

static bool
write_decimal(ByteCursor value, ByteBuf *out, SluiceError *err)
{
	uint8_t precision, scale;
	const uint8_t *packed;
	char text[DECIMAL_TEXT_SIZE];

	if (!little_u8(&value, &precision, err) || !little_u8(&value, &scale, err))
		return false;
	if (precision > DECIMAL_DIGITS_MAXIMUM || scale > precision)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON with a decimal(%u,%u)", precision,
						   scale);
	return cursor_take(&value, decimal_packed_size(precision, scale), &packed, err) &&
		   decimal_text(packed, precision, scale, text, err) && put_text(out, text, err);
}

#define BASE64_LINE 76 /* characters; the servers break lines there */

static bool
write_base64(uint8_t kind, ByteCursor value, ByteBuf *out, SluiceError *err)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char head[32];
	unsigned column = 0;

	(void) snprintf(head, sizeof(head), "\"base64:type%u:", kind);
	if (!put_text(out, head, err))
		return false;
	for (; value.at < value.end; column += 4)
	{
		size_t left = little_left(&value), bytes = left < 3 ? left : 3;
		uint8_t three[3] = {0};
		uint32_t bits;
		char four[4];

		if (column == BASE64_LINE && !put_text(out, "\\n", err))
			return false;
		column = column == BASE64_LINE ? 0 : column;
		memcpy(three, value.at, bytes);
		value.at += bytes;
		bits = (uint32_t) big_load(three, 3);
		for (unsigned i = 0; i < 4; i++)
			four[i] = i <= bytes ? letters[bits >> (18 - 6 * i) & 63] : '=';
		if (!bytebuf_put(out, four, sizeof(four), err))
			return false;
	}
	return bytebuf_put_u8(out, '"', err);
}

static bool
write_opaque(ByteCursor value, ByteBuf *out, SluiceError *err)
{
	uint8_t kind;
	uint64_t length, packed;
	ByteCursor content;

	if (!little_u8(&value, &kind, err) || !json_length(&value, &length, err) ||
		!little_part(&value, length, &content, err))
		return false;
	switch (kind)
	{
		case OPAQUE_DECIMAL: return write_decimal(content, out, err);
		case OPAQUE_TIME: return little_u64(&content, &packed, err) && write_time(packed, out, err);
		case OPAQUE_DATE:
		case OPAQUE_DATETIME:
		case OPAQUE_TIMESTAMP:
			return little_u64(&content, &packed, err) && write_date(kind, packed, out, err);
		default: return write_base64(kind, content, out, err);
	}
}

/* ---- any value ---- */

static bool
write_container(const JsonValue *value, unsigned depth, ByteBuf *out, SluiceError *err)
{
	JsonContainer container;

	if (depth > JSON_DEPTH_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON nested deeper than %d",
						   JSON_DEPTH_MAXIMUM);
	if (!json_container(value, &container, err) ||
		!put_text(out, container.object ? "{" : "[", err))
		return false;
	for (uint64_t i = 0; i < container.count; i++)
	{
		ByteCursor key;
		JsonValue member;

		if ((i > 0 && !put_text(out, ", ", err)) ||
			(container.object && (!json_key(&container, i, &key, err) ||
								  !json_string_text(key.at, little_left(&key), out, err) ||
								  !put_text(out, ": ", err))) ||
			!json_member(&container, i, &member, err) || !json_value_text(&member, depth, out, err))
			return false;
	}
	return put_text(out, container.object ? "}" : "]", err);
}

bool
json_value_text(const JsonValue *value, unsigned depth, ByteBuf *out, SluiceError *err)
{
	ByteCursor bytes = value->bytes, text;
	uint64_t number;

	switch (value->type)
	{
		case JSON_SMALL_OBJECT:
		case JSON_LARGE_OBJECT:
		case JSON_SMALL_ARRAY:
		case JSON_LARGE_ARRAY: return write_container(value, depth + 1, out, err);
		case JSON_LITERAL:
			return little_unsigned(&bytes, 1, &number, err) && write_literal(number, out, err);
		case JSON_DOUBLE: return little_u64(&bytes, &number, err) && write_double(number, out, err);
		case JSON_STRING:
			return json_length(&bytes, &number, err) && little_part(&bytes, number, &text, err) &&
				   json_string_text(text.at, (size_t) number, out, err);
		case JSON_OPAQUE: return write_opaque(bytes, out, err);
		case JSON_INT16:
		case JSON_UINT16:
		case JSON_INT32:
		case JSON_UINT32:
		case JSON_INT64:
		case JSON_UINT64: return write_number(value->type, bytes, out, err);
		default:
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON with an unknown type %u",
							   value->type);
	}
}

bool
json_binary_text(const uint8_t *data, size_t length, ByteBuf *out, SluiceError *err)
{
	JsonValue value;

	return json_open(data, length, &value, err) && json_value_text(&value, 0, out, err);
}
