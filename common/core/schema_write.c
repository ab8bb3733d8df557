/*
 * schema_write.c - schema documents and changes of structure to JSON, along the rows of schema_shape.c.
 *
 * Written without a tree of JSON values in between: every field goes straight to the buffer.
 */
#include <inttypes.h>
#include <stdio.h>

#include "schema_change.h"
#include "schema_shape.h"

#define NUMBER_SIZE 24 /* digits of an int64_t, or two halves of a position in quotes */

static bool write_fields(ByteBuf *out, const Shape *shape, const char *base, bool first,
						 SluiceError *err);

/* ---- pieces ---- */

static bool
put(ByteBuf *out, const char *text, SluiceError *err)
{
	return bytebuf_put(out, text, strlen(text), err);
}

static bool
put_string(ByteBuf *out, const char *text, SluiceError *err)
{
	if (!put(out, "\"", err))
		return false;
	while (*text != '\0')
	{
		size_t plain = 0;
		char escaped[8];

		while ((unsigned char) text[plain] >= ' ' && text[plain] != '"' && text[plain] != '\\')
			plain++;
		if (!bytebuf_put(out, text, plain, err))
			return false;
		text += plain;
		if (*text == '\0')
			break;
		(void) snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned char) *text++);
		if (!put(out, escaped, err))
			return false;
	}
	return put(out, "\"", err);
}

static bool
put_number(ByteBuf *out, int64_t number, SluiceError *err)
{
	char digits[NUMBER_SIZE];

	(void) snprintf(digits, sizeof(digits), "%" PRId64, number);
	return put(out, digits, err);
}

static bool
fail_missing(const Field *field, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "schema document: \"%s\" has no value that can be written", field->name);
}

/* ---- one kind each: `from` is the member ---- */

typedef bool (*WriteKind)(ByteBuf *out, const Field *field, const char *from, size_t count,
						  SluiceError *err);

static bool
write_text(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	const char *text;

	(void) count;
	memcpy(&text, from, sizeof(text));
	if (text == NULL)
		return field->kind == FIELD_TEXT_OR_NULL ? put(out, "null", err) : fail_missing(field, err);
	return put_string(out, text, err);
}

static bool
write_bool(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	(void) field, (void) count;
	return put(out, *(const bool *) from ? "true" : "false", err);
}

static bool
write_integer(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	int64_t number;

	(void) count;
	memcpy(&number, from, sizeof(number));
	if (field->kind == FIELD_COUNT_OR_NULL && number == SCHEMA_NO_COUNT)
		return put(out, "null", err);
	if (field->kind != FIELD_INTEGER && number < 0)
		return fail_missing(field, err);
	return put_number(out, number, err);
}

static bool
write_id(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	uint32_t id;

	(void) field, (void) count;
	memcpy(&id, from, sizeof(id));
	return put_number(out, id, err);
}

static bool
write_position(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	char text[NUMBER_SIZE];
	uint64_t position;

	(void) field, (void) count;
	memcpy(&position, from, sizeof(position));
	(void) snprintf(text, sizeof(text), "\"%" PRIX64 "/%" PRIX64 "\"", position >> 32,
					position & UINT32_MAX);
	return put(out, text, err);
}

static bool
write_hex(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	char text[NUMBER_SIZE];
	uint64_t number;

	(void) field, (void) count;
	memcpy(&number, from, sizeof(number));
	(void) snprintf(text, sizeof(text), "\"%" PRIx64 "\"", number);
	return put(out, text, err);
}

static bool
write_choice(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	const char *word;
	unsigned value;

	(void) count;
	memcpy(&value, from, sizeof(value));
	if (value == 0 && field->kind == FIELD_CHOICE_OR_NULL)
		return put(out, "null", err);
	word = value != 0 ? field->word(value) : NULL;
	return word != NULL ? put_string(out, word, err) : fail_missing(field, err);
}

static bool
write_texts(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	const char *texts;

	memcpy(&texts, from, sizeof(texts));
	if (!put(out, "[", err))
		return false;
	for (size_t i = 0; i < count; i++)
	{
		if ((i > 0 && !put(out, ",", err)) ||
			!write_text(out, field, texts + i * sizeof(const char *), 0, err))
			return false;
	}
	return put(out, "]", err);
}

static bool
write_object(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	(void) count;
	return put(out, "{", err) && write_fields(out, field->shape, from, true, err) &&
		   put(out, "}", err);
}

static bool
write_pointed(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	const char *object;

	memcpy(&object, from, sizeof(object));
	return object != NULL ? write_object(out, field, object, count, err) : put(out, "null", err);
}

static bool
write_list(ByteBuf *out, const Field *field, const char *from, size_t count, SluiceError *err)
{
	const char *items;

	memcpy(&items, from, sizeof(items));
	if (!put(out, "[", err))
		return false;
	for (size_t i = 0; i < count; i++)
	{
		if ((i > 0 && !put(out, ",", err)) ||
			!write_object(out, field, items + i * field->shape->size, 0, err))
			return false;
	}
	return put(out, "]", err);
}

static const WriteKind kinds[FIELD_KINDS] = {
	[FIELD_TEXT] = write_text,
	[FIELD_TEXT_OR_NULL] = write_text,
	[FIELD_BOOL] = write_bool,
	[FIELD_INTEGER] = write_integer,
	[FIELD_COUNT] = write_integer,
	[FIELD_COUNT_OR_NULL] = write_integer,
	[FIELD_ID] = write_id,
	[FIELD_POSITION] = write_position,
	[FIELD_HEX] = write_hex,
	[FIELD_CHOICE] = write_choice,
	[FIELD_CHOICE_OR_NULL] = write_choice,
	[FIELD_TEXTS] = write_texts,
	[FIELD_LIST] = write_list,
	[FIELD_OBJECT] = write_object,
	[FIELD_OBJECT_OR_NULL] = write_pointed,
};

/* Whether an optional field has nothing to say; zeroes are nothing in all kinds but one. */
static bool
is_empty(const Field *field, const char *from, size_t count)
{
	static const size_t sizes[FIELD_KINDS] = {
		[FIELD_TEXT_OR_NULL] = sizeof(const char *),
		[FIELD_BOOL] = sizeof(bool),
		[FIELD_COUNT] = sizeof(int64_t),
		[FIELD_OBJECT_OR_NULL] = sizeof(void *),
	};
	static const char zeroes[sizeof(int64_t)];
	const int64_t no_count = SCHEMA_NO_COUNT;

	if (field->kind == FIELD_COUNT_OR_NULL)
		return memcmp(from, &no_count, sizeof(no_count)) == 0;
	if (field->kind == FIELD_TEXTS)
		return count == 0;
	return sizes[field->kind] > 0 && memcmp(from, zeroes, sizes[field->kind]) == 0;
}

static bool
write_field(ByteBuf *out, const Field *field, const char *base, bool *first, SluiceError *err)
{
	const bool leading = *first;
	size_t count; /* means something for lists only */

	memcpy(&count, base + field->count_offset, sizeof(count));
	if (field->optional && is_empty(field, base + field->offset, count))
		return true;
	*first = false;
	return (leading || put(out, ",", err)) && put_string(out, field->name, err) &&
		   put(out, ":", err) && kinds[field->kind](out, field, base + field->offset, count, err);
}

static bool
write_fields(ByteBuf *out, const Shape *shape, const char *base, bool first, SluiceError *err)
{
	for (const Field *field = shape->fields; field < shape->fields + shape->field_count; field++)
	{
		unsigned variant;

		if (field->kind != FIELD_VARIANT)
		{
			if (!write_field(out, field, base, &first, err))
				return false;
			continue;
		}
		/* Its choice was written before, so it is one of them. */
		memcpy(&variant, base + field->offset, sizeof(variant));
		if (!write_fields(out, field->variants[variant], base, first, err))
			return false;
	}
	return true;
}

/* An object with its format's name and version before its fields. */
static bool
write_whole(const char *format, int version, const Shape *shape, const void *from, ByteBuf *out,
			SluiceError *err)
{
	const size_t before = out->length;

	if (put(out, "{\"format\":", err) && put_string(out, format, err) &&
		put(out, ",\"version\":", err) && put_number(out, version, err) &&
		write_fields(out, shape, from, false, err) && put(out, "}", err))
		return true;
	out->length = before;
	return false;
}

bool
schema_document_write(const SchemaDocument *document, ByteBuf *out, SluiceError *err)
{
	return write_whole(SCHEMA_DOCUMENT_FORMAT, SCHEMA_DOCUMENT_VERSION, &schema_document_shape,
					   document, out, err);
}

bool
schema_change_write(const SchemaChange *change, ByteBuf *out, SluiceError *err)
{
	return write_whole(SCHEMA_CHANGE_FORMAT, SCHEMA_CHANGE_VERSION, &schema_change_shape, change,
					   out, err);
}
