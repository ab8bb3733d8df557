/*
 * my_value_json.c - arrays as JSON arrays in each other.
 *
 * Numbers that a double does not have exactly, and those that JSON does not know, are strings;
 * elements that are JSON stand as they are; whatever else is a string as PostgreSQL prints it.
 * Lower bounds are left out.
 */
#include "my_value_parts.h"

#include <math.h>
#include <stdio.h>

#include "common/core/pg_array.h"
#include "common/core/pg_float.h"
#include "common/core/pg_number.h"
#include "my_json_number.h"

#define EXACT_INTEGERS (INT64_C(1) << 53)
#define EXACT_DIGITS   15

/* ---- elements that are no strings ---- */

/* Whether PostgreSQL's text of an element is JSON already. */
typedef bool (*IsJson)(const uint8_t *data, uint32_t length);

static bool
always(const uint8_t *data, uint32_t length)
{
	(void) data;
	(void) length;
	return true;
}

static bool
is_exact_int8(const uint8_t *data, uint32_t length)
{
	int64_t number = length == 8 ? (int64_t) load_u64(data) : INT64_MAX;

	return number >= -EXACT_INTEGERS && number <= EXACT_INTEGERS;
}

static bool
is_finite_float(const uint8_t *data, uint32_t length)
{
	return isfinite(length == 8	  ? pg_load_float64(data)
					: length == 4 ? pg_load_float32(data)
								  : NAN);
}

static bool
is_exact_numeric(const uint8_t *data, uint32_t length)
{
	PgNumeric numeric;

	return pg_numeric_read(data, length, &numeric) && numeric.kind == PG_NUMERIC_FINITE &&
		   numeric.scale == 0 && pg_numeric_integer_digits(&numeric) <= EXACT_DIGITS;
}

static const struct
{
	uint32_t oid;
	IsJson is_json;
} bare[] = {
	{21, always},			  /* int2 */
	{23, always},			  /* int4 */
	{26, always},			  /* oid */
	{114, always},			  /* json */
	{3802, always},			  /* jsonb */
	{20, is_exact_int8},	  /* int8 */
	{700, is_finite_float},	  /* float4 */
	{701, is_finite_float},	  /* float8 */
	{1700, is_exact_numeric}, /* numeric */
};

#define OID_BOOL 16

static bool
is_bare(uint32_t oid, const uint8_t *data, uint32_t length)
{
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
	{
		if (bare[i].oid == oid)
			return bare[i].is_json(data, length);
	}
	return false;
}

/* ---- strings ---- */

/* Bytes of a byte in a JSON string. */
static size_t
width_in_string(uint8_t byte)
{
	return byte == '"' || byte == '\\' ? 2 : byte < ' ' ? 6 : 1;
}

/* Makes a string of what was put behind `start`, in place, from its end. */
static bool
quote_from(size_t start, ByteBuf *out, SluiceError *err)
{
	size_t length = out->length - start;
	size_t width = 2;
	uint8_t *to;

	for (size_t i = 0; i < length; i++)
		width += width_in_string(out->data[start + i]);
	if (!bytebuf_reserve(out, width - length, err))
		return false;
	out->length = start + width;
	to = out->data + out->length;
	*--to = '"';
	for (size_t i = length; i-- > 0;)
	{
		uint8_t byte = out->data[start + i];
		char escaped[8];

		to -= width_in_string(byte);
		if (byte < ' ')
		{
			(void) snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
			memcpy(to, escaped, 6);
		}
		else if (byte == '"' || byte == '\\')
		{
			to[1] = byte;
			to[0] = '\\';
		}
		else
			*to = byte;
	}
	*--to = '"';
	return true;
}

/* ---- arrays ---- */

static bool
put_word(const char *word, ByteBuf *out, SluiceError *err)
{
	return bytebuf_put(out, word, strlen(word), err);
}

static bool
put_element(const PgType *type, uint32_t oid, const PgElement *element, ByteBuf *out,
			SluiceError *err)
{
	size_t start = out->length;
	uint32_t length = (uint32_t) element->length;

	if (element->length < 0)
		return put_word("null", out, err);
	if (oid == OID_BOOL && length == 1)
		return put_word(element->data[0] != 0 ? "true" : "false", out, err);
	if (!pg_text(type, element->data, length, out, err))
		return false;
	return is_bare(oid, element->data, length) || quote_from(start, out, err);
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
put_array(PgArray *array, const PgType *type, ByteBuf *out, SluiceError *err)
{
	PgElement element;

	if (array->count == 0)
		return put_word("[]", out, err);
	while (pg_array_next(array, &element))
	{
		if (!put_repeated('[', element.opens, out, err) ||
			!put_element(type, array->type, &element, out, err) ||
			!put_repeated(']', element.closes, out, err) ||
			(!element.last && !bytebuf_put_u8(out, ',', err)))
			return false;
	}
	return true;
}

bool
my_give_json(MyConverter *c, const uint8_t *json, uint32_t length, const RowField *field,
			 MyValue *value, SluiceError *err)
{
	*value = (MyValue){MY_TEXT, json, length};
	if (!c->doubles_only || my_json_keeps_numbers(json, length))
		return true;
	if (c->policy != LOSS_CLAMP)
		return my_lose(c, field->data, (uint32_t) field->length,
					   "it has a number that is no double", value, err);
	c->nearest.length = 0;
	if (!my_json_put_nearest(json, length, &c->nearest, err))
		return false;
	*value = (MyValue){MY_TEXT, c->nearest.data, c->nearest.length};
	return true;
}

bool
my_encode_array(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				SluiceError *err)
{
	RowField field = {data, (int32_t) length};
	PgArray array;
	PgType type;

	if (!pg_array_open(&array, data, length) || !pg_type_find(array.type, &type) || type.array)
		return my_malformed(c, err);
	c->scratch.length = 0;
	if (!put_array(&array, &type, &c->scratch, err))
		return sluice_prefix(err, "column %s", c->column);
	if (!pg_array_closed(&array))
		return my_malformed(c, err);
	return my_give_json(c, c->scratch.data, (uint32_t) c->scratch.length, &field, value, err);
}
