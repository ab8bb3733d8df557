/*
 * json.c - binary JSON as text (json.h).
 *
 * Invariants: values are always found by their offsets, since changes in place leave holes and
 * another order; every offset and length is held against the container it lies in, and what is
 * nested lies in what nests it, so that no document takes longer than its size allows.
 */
#include "json.h"

#include "decimal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum JsonType
{
	JSON_SMALL_OBJECT,
	JSON_LARGE_OBJECT,
	JSON_SMALL_ARRAY,
	JSON_LARGE_ARRAY,
	JSON_LITERAL,
	JSON_INT16,
	JSON_UINT16,
	JSON_INT32,
	JSON_UINT32,
	JSON_INT64,
	JSON_UINT64,
	JSON_DOUBLE,
	JSON_STRING,
	JSON_OPAQUE = 0x0f
} JsonType;

/* Column kinds of opaque values. */
enum
{
	OPAQUE_TIMESTAMP = 7,
	OPAQUE_DATE = 10,
	OPAQUE_TIME = 11,
	OPAQUE_DATETIME = 12,
	OPAQUE_DECIMAL = 246
};

static bool write_value(uint8_t type, ByteCursor value, unsigned depth, ByteBuf *out,
						SluiceError *err);

static bool
put_text(ByteBuf *out, const char *text, SluiceError *err)
{
	return bytebuf_put(out, text, strlen(text), err);
}

/* ---- scalars ---- */

static bool
write_string(const uint8_t *text, size_t length, ByteBuf *out, SluiceError *err)
{
	static const char escapes[256] = {['"'] = '"',	['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
									  ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};

	if (!bytebuf_reserve(out, length + 2, err) || !bytebuf_put_u8(out, '"', err))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		char escape[8];
		int size = 1;

		escape[0] = (char) text[i];
		if (escapes[text[i]] != 0)
			size = snprintf(escape, sizeof(escape), "\\%c", escapes[text[i]]);
		else if (text[i] < 0x20)
			size = snprintf(escape, sizeof(escape), "\\u%04x", text[i]);
		if (!bytebuf_put(out, escape, (size_t) size, err))
			return false;
	}
	return bytebuf_put_u8(out, '"', err);
}

/* The fewest digits that read back as the same number; a whole one keeps its ".0". */
static bool
write_double(uint64_t bits, ByteBuf *out, SluiceError *err)
{
	double value;
	char text[40];

	memcpy(&value, &bits, sizeof(value));
	if (!isfinite(value))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a number in JSON that is not finite");
	for (int digits = 15; digits <= 17; digits++)
	{
		(void) snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	if (strpbrk(text, ".e") == NULL)
		(void) strcat(text, ".0");
	return put_text(out, text, err);
}

static bool
write_signed(int64_t value, ByteBuf *out, SluiceError *err)
{
	char text[24];

	(void) snprintf(text, sizeof(text), "%" PRId64, value);
	return put_text(out, text, err);
}

static bool
write_unsigned(uint64_t value, ByteBuf *out, SluiceError *err)
{
	char text[24];

	(void) snprintf(text, sizeof(text), "%" PRIu64, value);
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

/* Seven bits a byte, the lowest first. */
static bool
take_variable(ByteCursor *cursor, uint64_t *value, SluiceError *err)
{
	*value = 0;
	for (unsigned shift = 0; shift < 35; shift += 7)
	{
		uint8_t byte;

		if (!little_u8(cursor, &byte, err))
			return false;
		*value |= (uint64_t) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return true;
	}
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON with a length that does not end");
}

/* ---- opaque values ---- */

/* "2024-02-29 13:14:15.000000": years and months in one number, then smaller and smaller parts. */
static bool
write_date(uint8_t kind, uint64_t packed, ByteBuf *out, SluiceError *err)
{
	uint64_t whole = packed >> 24, month = whole >> 22;
	char text[80];

	if (kind == OPAQUE_DATE)
		(void) snprintf(text, sizeof(text), "\"%04u-%02u-%02u\"", (unsigned) (month / 13),
						(unsigned) (month % 13), (unsigned) (whole >> 17 & 31));
	else
		(void) snprintf(
			text, sizeof(text), "\"%04u-%02u-%02u %02u:%02u:%02u.%06u\"", (unsigned) (month / 13),
			(unsigned) (month % 13), (unsigned) (whole >> 17 & 31), (unsigned) (whole >> 12 & 31),
			(unsigned) (whole >> 6 & 63), (unsigned) (whole & 63), (unsigned) (packed & 0xffffff));
	return put_text(out, text, err);
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

static bool
write_base64(uint8_t kind, ByteCursor value, ByteBuf *out, SluiceError *err)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char head[32];

	(void) snprintf(head, sizeof(head), "\"base64:type%u:", kind);
	if (!put_text(out, head, err))
		return false;
	while (value.at < value.end)
	{
		size_t left = little_left(&value), bytes = left < 3 ? left : 3;
		uint8_t three[3] = {0};
		uint32_t bits;
		char four[4];

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

	if (!little_u8(&value, &kind, err) || !take_variable(&value, &length, err) ||
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

/* ---- objects and arrays ---- */

typedef struct Container
{
	ByteCursor whole; /* from the count on, as long as it says it is */
	unsigned size;	  /* of a count and an offset: 2 or 4 bytes */
	bool object;
	uint64_t count;
} Container;

static bool
open_container(uint8_t type, ByteCursor value, Container *container, SluiceError *err)
{
	uint64_t length, entry;
	ByteCursor head = value;

	container->size = type == JSON_LARGE_OBJECT || type == JSON_LARGE_ARRAY ? 4 : 2;
	container->object = type == JSON_SMALL_OBJECT || type == JSON_LARGE_OBJECT;
	if (!little_unsigned(&head, container->size, &container->count, err) ||
		!little_unsigned(&head, container->size, &length, err) ||
		!little_part(&value, length, &container->whole, err))
		return false;
	entry = 1u + container->size + (container->object ? container->size + 2u : 0);
	if (length < 2u * container->size || container->count > (length - 2u * container->size) / entry)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "JSON with more members than it has room for");
	return true;
}

/* What lies at an offset of the container, to its end. */
static bool
locate(const Container *container, uint64_t offset, ByteCursor *value, SluiceError *err)
{
	if (offset > little_left(&container->whole))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON with an offset beyond its end");
	*value = (ByteCursor){container->whole.at + offset, container->whole.end};
	return true;
}

/* Whether a value lies in the entry itself, where others have their offset. */
static bool
is_inlined(const Container *container, uint8_t type)
{
	return type == JSON_LITERAL || type == JSON_INT16 || type == JSON_UINT16 ||
		   (container->size == 4 && (type == JSON_INT32 || type == JSON_UINT32));
}

static bool
write_key(const Container *container, uint64_t i, ByteBuf *out, SluiceError *err)
{
	const uint8_t *entry = container->whole.at + 2u * container->size + i * (container->size + 2u);
	uint64_t length = little_load(entry + container->size, 2);
	ByteCursor value, key;

	return locate(container, little_load(entry, container->size), &value, err) &&
		   little_part(&value, length, &key, err) &&
		   write_string(key.at, (size_t) length, out, err) && put_text(out, ": ", err);
}

static bool
write_member(const Container *container, uint64_t i, unsigned depth, ByteBuf *out, SluiceError *err)
{
	const uint8_t *entry = container->whole.at + 2u * container->size +
						   (container->object ? container->count * (container->size + 2u) : 0) +
						   i * (container->size + 1u);
	uint8_t type = *entry++;
	ByteCursor value = {entry, entry + container->size};

	return (is_inlined(container, type) ||
			locate(container, little_load(entry, container->size), &value, err)) &&
		   write_value(type, value, depth, out, err);
}

static bool
write_container(uint8_t type, ByteCursor value, unsigned depth, ByteBuf *out, SluiceError *err)
{
	Container container;

	if (depth > JSON_DEPTH_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON nested deeper than %d",
						   JSON_DEPTH_MAXIMUM);
	if (!open_container(type, value, &container, err) ||
		!put_text(out, container.object ? "{" : "[", err))
		return false;
	for (uint64_t i = 0; i < container.count; i++)
	{
		if ((i > 0 && !put_text(out, ", ", err)) ||
			(container.object && !write_key(&container, i, out, err)) ||
			!write_member(&container, i, depth, out, err))
			return false;
	}
	return put_text(out, container.object ? "}" : "]", err);
}

/* ---- any value ---- */

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

	if (!little_unsigned(&value, numbers[type].bytes, &number, err))
		return false;
	if (!numbers[type].sign)
		return write_unsigned(number, out, err);
	return write_signed((int64_t) (number << (64 - bits)) >> (64 - bits), out, err);
}

static bool
write_value(uint8_t type, ByteCursor value, unsigned depth, ByteBuf *out, SluiceError *err)
{
	uint64_t number;
	ByteCursor text;

	switch (type)
	{
		case JSON_SMALL_OBJECT:
		case JSON_LARGE_OBJECT:
		case JSON_SMALL_ARRAY:
		case JSON_LARGE_ARRAY: return write_container(type, value, depth + 1, out, err);
		case JSON_LITERAL:
			return little_unsigned(&value, 1, &number, err) && write_literal(number, out, err);
		case JSON_DOUBLE: return little_u64(&value, &number, err) && write_double(number, out, err);
		case JSON_STRING:
			return take_variable(&value, &number, err) && little_part(&value, number, &text, err) &&
				   write_string(text.at, (size_t) number, out, err);
		case JSON_OPAQUE: return write_opaque(value, out, err);
		case JSON_INT16:
		case JSON_UINT16:
		case JSON_INT32:
		case JSON_UINT32:
		case JSON_INT64:
		case JSON_UINT64: return write_number(type, value, out, err);
		default:
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON with an unknown type %u", type);
	}
}

bool
json_text(const uint8_t *data, size_t length, ByteBuf *out, SluiceError *err)
{
	ByteCursor value = {data, data + length};
	uint8_t type;

	if (length == 0)
		return put_text(out, "null", err);
	return little_u8(&value, &type, err) && write_value(type, value, 0, out, err);
}
