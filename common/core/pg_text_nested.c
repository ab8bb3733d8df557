/*
 * pg_text_nested.c - arrays, ranges and multiranges: values inside of a value, quoted where their
 * text could be misread.
 */
#include <stdio.h>

#include "pg_array.h"
#include "pg_text_parts.h"

/* How a text inside of another is quoted: when it is empty or has one of these characters. */
typedef struct Quoting
{
	const char *special; /* beside " and \, blanks and the delimiter */
	char delimiter;
	char escape_quote; /* what goes before a " */
	bool null_word;	   /* NULL means something */
} Quoting;

static const Quoting in_range = {"()[]", ',', '"', false};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_null_word(const uint8_t *text, size_t length)
{
	static const char word[] = "NULL";

	for (size_t i = 0; i < length; i++)
	{
		if (length != 4 || (text[i] & ~0x20) != word[i])
			return false;
	}
	return length == 4;
}

static bool
needs_quotes(const Quoting *quoting, const uint8_t *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		uint8_t c = text[i];

		if (c == '"' || c == '\\' || c == (uint8_t) quoting->delimiter || is_blank(c) ||
			(c != 0 && strchr(quoting->special, c) != NULL))
			return true;
	}
	return length == 0 || (quoting->null_word && is_null_word(text, length));
}

/* Quotes what was put behind `start`, in place, from its end. */
static bool
quote_from(size_t start, const Quoting *quoting, ByteBuf *out, SluiceError *err)
{
	size_t length = out->length - start;
	size_t more = 2;
	uint8_t *from;
	uint8_t *to;

	if (!needs_quotes(quoting, out->data + start, length))
		return true;
	for (size_t i = 0; i < length; i++)
		more += out->data[start + i] == '"' || out->data[start + i] == '\\';
	if (!bytebuf_reserve(out, more, err))
		return false;
	from = out->data + out->length;
	out->length += more;
	to = out->data + out->length;
	*--to = '"';
	while (from > out->data + start)
	{
		*--to = *--from;
		if (*to == '"')
			*--to = (uint8_t) quoting->escape_quote;
		else if (*to == '\\')
			*--to = '\\';
	}
	*--to = '"';
	return true;
}

/* ---- arrays ---- */

/* "[2:3][0:1]=" when a lower bound is not 1. */
static bool
put_bounds(const PgArray *array, ByteBuf *out, SluiceError *err)
{
	bool needed = false;

	for (unsigned i = 0; i < array->dimensions; i++)
		needed = needed || array->bounds[i] != 1;
	for (unsigned i = 0; needed && i < array->dimensions; i++)
	{
		char text[32];
		int64_t upper = (int64_t) array->bounds[i] + array->lengths[i] - 1;

		(void) snprintf(text, sizeof(text), "[%d:%lld]", array->bounds[i], (long long) upper);
		if (!pg_put_word(text, out, err))
			return false;
	}
	return !needed || bytebuf_put_u8(out, '=', err);
}

static bool
put_repeated(char c, unsigned times, ByteBuf *out, SluiceError *err)
{
	while (times-- > 0)
	{
		if (!bytebuf_put_u8(out, (uint8_t) c, err))
			return false;
	}
	return true;
}

static bool
put_element(const PgScalar *type, const Quoting *quoting, const PgElement *element, ByteBuf *out,
			SluiceError *err)
{
	size_t start = out->length;

	if (element->length < 0)
		return pg_put_word("NULL", out, err);
	return pg_print(type, element->data, (uint32_t) element->length, out, err) &&
		   quote_from(start, quoting, out, err);
}

bool
pg_print_array(const PgScalar *element_type, const uint8_t *data, uint32_t length, ByteBuf *out,
			   SluiceError *err)
{
	/* Boxes have commas inside, so that their arrays go by another delimiter. */
	Quoting quoting = {"{}", element_type->oid == PG_TYPE_OID_BOX ? ';' : ',', '\\', true};
	PgArray array;
	PgElement element;

	if (!pg_array_open(&array, data, length) || array.type != element_type->oid)
		return pg_malformed(element_type, err);
	if (array.count == 0)
		return pg_array_closed(&array) ? pg_put_word("{}", out, err)
									   : pg_malformed(element_type, err);
	if (!put_bounds(&array, out, err))
		return false;
	while (pg_array_next(&array, &element))
	{
		if (!put_repeated('{', element.opens, out, err) ||
			!put_element(element_type, &quoting, &element, out, err) ||
			!put_repeated('}', element.closes, out, err) ||
			(!element.last && !bytebuf_put_u8(out, (uint8_t) quoting.delimiter, err)))
			return false;
	}
	return pg_array_closed(&array) || pg_malformed(element_type, err);
}

/* ---- ranges ---- */

enum
{
	RANGE_EMPTY = 1,
	RANGE_LOWER_INCLUSIVE = 2,
	RANGE_UPPER_INCLUSIVE = 4,
	RANGE_LOWER_INFINITE = 8,
	RANGE_UPPER_INFINITE = 16,
	RANGE_FLAGS = 31
};

/* A length and so many bytes. */
static bool
take_sized(ByteCursor *cursor, const uint8_t **data, uint32_t *length)
{
	return cursor_u32(cursor, length, NULL) && cursor_take(cursor, *length, data, NULL);
}

static bool
put_bound(const PgScalar *type, ByteCursor *cursor, ByteBuf *out, SluiceError *err)
{
	const PgScalar *part = pg_scalar_find(type->part);
	size_t start = out->length;
	const uint8_t *data;
	uint32_t length;

	if (!take_sized(cursor, &data, &length))
		return pg_malformed(type, err);
	return pg_print(part, data, length, out, err) && quote_from(start, &in_range, out, err);
}

bool
pg_print_range(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			   SluiceError *err)
{
	ByteCursor cursor = {data, data + length};
	uint8_t flags;

	if (!cursor_u8(&cursor, &flags, NULL) || (flags & ~RANGE_FLAGS) != 0)
		return pg_malformed(type, err);
	if (flags & RANGE_EMPTY)
		return cursor.at == cursor.end ? pg_put_word("empty", out, err) : pg_malformed(type, err);
	if (!bytebuf_put_u8(out, flags & RANGE_LOWER_INCLUSIVE ? '[' : '(', err) ||
		(!(flags & RANGE_LOWER_INFINITE) && !put_bound(type, &cursor, out, err)) ||
		!bytebuf_put_u8(out, ',', err) ||
		(!(flags & RANGE_UPPER_INFINITE) && !put_bound(type, &cursor, out, err)))
		return false;
	if (cursor.at != cursor.end)
		return pg_malformed(type, err);
	return bytebuf_put_u8(out, flags & RANGE_UPPER_INCLUSIVE ? ']' : ')', err);
}

bool
pg_print_multirange(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
					SluiceError *err)
{
	const PgScalar *part = pg_scalar_find(type->part);
	ByteCursor cursor = {data, data + length};
	uint32_t count;

	if (!cursor_u32(&cursor, &count, NULL))
		return pg_malformed(type, err);
	if (!bytebuf_put_u8(out, '{', err))
		return false;
	for (uint32_t i = 0; i < count; i++)
	{
		const uint8_t *range;
		uint32_t size;

		if (!take_sized(&cursor, &range, &size))
			return pg_malformed(type, err);
		if ((i > 0 && !bytebuf_put_u8(out, ',', err)) || !pg_print(part, range, size, out, err))
			return false;
	}
	if (cursor.at != cursor.end)
		return pg_malformed(type, err);
	return bytebuf_put_u8(out, '}', err);
}
