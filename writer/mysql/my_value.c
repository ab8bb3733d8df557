/*
 * my_value.c - writing what the encoder of a column made of a value, and refusing what it cannot have.
 */
#include "my_value_parts.h"

#include <stdio.h>

#include "common/mysql/my_sql.h"

/* ---- what does not fit ---- */

bool
my_malformed(const MyConverter *c, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_DATA, "column %s: bytes that are no value of type %s",
					   c->column, c->source_type);
}

#define SHOWN 60 /* bytes of a value in a message */

/* The value as the source prints it, or how long it is, shortened. */
static void
show_value(const MyConverter *c, const uint8_t *data, uint32_t length, char *text, size_t size)
{
	ByteBuf printed;
	size_t shown;

	bytebuf_init(&printed, &allocator_malloc, MY_VALUE_MAXIMUM);
	if (c->type.scalar == NULL || !pg_text(&c->type, data, length, &printed, NULL))
		(void) snprintf(text, size, "of %u bytes", length);
	else
	{
		shown = printed.length > SHOWN ? SHOWN : printed.length;
		while (shown < printed.length && shown > 0 && (printed.data[shown] & 0xC0) == 0x80)
			shown--;
		(void) snprintf(text, size, "%.*s%s", (int) shown,
						printed.length > 0 ? (const char *) printed.data : "",
						shown < printed.length ? "..." : "");
	}
	bytebuf_free(&printed);
}

bool
my_lose(MyConverter *c, const uint8_t *data, uint32_t length, const char *why, MyValue *value,
		SluiceError *err)
{
	char text[SHOWN + 8];

	if (c->policy == LOSS_NULL && c->nullable)
	{
		*value = (MyValue){MY_NULL, NULL, 0};
		return true;
	}
	show_value(c, data, length, text, sizeof(text));
	(void) sluice_fail(err, SLUICE_ERROR_DATA, "column %s %s cannot have the value %s: %s",
					   c->column, c->full_type, text, why);
	return sluice_hint(err, "%s",
					   c->identifies ? "the column is in a key, where values stay as they are lest "
									   "rows become one: change the value at the source, or give "
									   "the column a type that has it"
									 : "give the column a wider type or text, or say with --types "
									   "what becomes of such values: clamp or null");
}

/* ---- writing ---- */

static bool
encode(MyConverter *c, const RowField *field, MyValue *value, SluiceError *err)
{
	if (c->length != 0 && (uint32_t) field->length != c->length)
		return my_malformed(c, err);
	return c->encode(c, field->data, (uint32_t) field->length, value, err);
}

static bool
put_quoted(const MyConverter *c, const MyValue *value, ByteBuf *out, SluiceError *err)
{
	if (!bytebuf_reserve(out, strlen(c->before) + value->length + strlen(c->behind) + 2, err))
		return false;
	return bytebuf_put(out, c->before, strlen(c->before), err) && bytebuf_put_u8(out, '\'', err) &&
		   bytebuf_put(out, value->data, value->length, err) && bytebuf_put_u8(out, '\'', err) &&
		   bytebuf_put(out, c->behind, strlen(c->behind), err);
}

static bool
put_text(const MyConverter *c, const MyValue *value, ByteBuf *out, SluiceError *err)
{
	return bytebuf_put(out, c->before, strlen(c->before), err) &&
		   my_put_text(out, value->data, value->length, err) &&
		   bytebuf_put(out, c->behind, strlen(c->behind), err);
}

bool
my_value_literal(MyConverter *c, const RowField *field, ByteBuf *out, SluiceError *err)
{
	MyValue value = {MY_NULL, NULL, 0};

	if (field->length != FIELD_NULL && !encode(c, field, &value, err))
		return false;
	switch (value.shape)
	{
		case MY_NULL: return bytebuf_put(out, "NULL", 4, err);
		case MY_NUMBER: return bytebuf_put(out, value.data, value.length, err);
		case MY_PLAIN: return put_quoted(c, &value, out, err);
		case MY_TEXT: return put_text(c, &value, out, err);
		case MY_BYTES: return my_put_hex(out, value.data, value.length, err);
	}
	return false;
}

bool
my_value_load_field(MyConverter *c, const RowField *field, ByteBuf *out, SluiceError *err)
{
	MyValue value = {MY_NULL, NULL, 0};

	if (field->length != FIELD_NULL && !encode(c, field, &value, err))
		return false;
	switch (value.shape)
	{
		case MY_NULL: return bytebuf_put(out, "\\N", 2, err);
		case MY_NUMBER:
		case MY_PLAIN: return bytebuf_put(out, value.data, value.length, err);
		case MY_TEXT:
		case MY_BYTES: return my_put_field(out, value.data, value.length, err);
	}
	return false;
}
