/*
 * left_out.c - defaults as values (left_out.h).
 */
#include "left_out.h"

#include "text_value.h"

#include <string.h>

static bool
put_text(const char *text, ByteBuf *field, SluiceError *err)
{
	return bytebuf_put_u32(field, (uint32_t) strlen(text), err) &&
		   bytebuf_put(field, text, strlen(text), err);
}

/* As a query would print it; what does not read like that stays unknown. */
static bool
put_printed(const char *text, ValueReader *reader, ByteBuf *field, SluiceError *err)
{
	bool null = false;

	if (!bytebuf_put_u32(field, (uint32_t) FIELD_NULL, err))
		return false;
	if (!text_value_append(reader, text, strlen(text), field, &null, err))
	{
		field->length = 0;
		return err->code != SLUICE_ERROR_MEMORY;
	}
	if (!null)
		store_u32(field->data, (uint32_t) (field->length - 4));
	return true;
}

static bool
put_literal(const char *text, ValueReader *reader, ByteBuf *field, SluiceError *err)
{
	switch (reader->canon)
	{
		case CANON_TEXT:
		case CANON_ENUM:
		case CANON_SET: return put_text(text, field, err); /* the catalog has it in UTF-8 */
		case CANON_INT16:
		case CANON_INT32:
		case CANON_INT64:
		case CANON_UINT64:
		case CANON_FLOAT32:
		case CANON_FLOAT64:
		case CANON_DECIMAL:
		case CANON_DATE:
		case CANON_TIMESTAMP:
		case CANON_TIMESTAMPTZ:
		case CANON_INTERVAL: return put_printed(text, reader, field, err);
		default: return true;
	}
}

bool
left_out_value(const SchemaColumn *column, ValueReader *reader, ByteBuf *field, SluiceError *err)
{
	if (column->generated != SCHEMA_NOT_GENERATED)
		return bytebuf_put_u32(field, (uint32_t) FIELD_NULL, err);
	if (column->default_kind == SCHEMA_DEFAULT_LITERAL && column->default_literal != NULL)
		return put_literal(column->default_literal, reader, field, err);
	if (column->default_kind == SCHEMA_DEFAULT_NONE && !column->not_null)
		return bytebuf_put_u32(field, (uint32_t) FIELD_NULL, err);
	return true;
}
