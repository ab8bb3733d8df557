/*
 * my_sql.c - names, literals and LOAD DATA fields as text (my_sql.h).
 */
#include "my_sql.h"

#include <stdio.h>
#include <stdlib.h>

/* What stands behind a backslash for a byte; 0: the byte as it is. */
static const uint8_t text_escapes[256] = {
	[0] = '0', ['\n'] = 'n', ['\r'] = 'r', ['\\'] = '\\', ['\''] = '\'', [26] = 'Z',
};

static const uint8_t field_escapes[256] = {
	[0] = '0', ['\n'] = 'n', ['\t'] = 't', ['\r'] = 'r', ['\\'] = '\\',
};

bool
my_put(ByteBuf *out, SluiceError *err, const char *format, ...)
{
	va_list arguments, again;
	int length;
	bool good;

	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	good = length >= 0 && bytebuf_reserve(out, (size_t) length + 1, err);
	if (good)
	{
		(void) vsnprintf((char *) out->data + out->length, (size_t) length + 1, format, again);
		out->length += (size_t) length;
	}
	va_end(again);
	return good;
}

bool
my_put_word(ByteBuf *out, const char *word, SluiceError *err)
{
	return bytebuf_put(out, word, strlen(word), err);
}

/* Room for twice the length and a little: what any of the escapings needs at most. */
static bool
reserve_escaped(ByteBuf *out, size_t length, SluiceError *err)
{
	return bytebuf_reserve(out, length * 2 + 4, err);
}

bool
my_put_name(ByteBuf *out, const char *name, SluiceError *err)
{
	if (!reserve_escaped(out, strlen(name), err))
		return false;
	out->data[out->length++] = '`';
	for (; *name != '\0'; name++)
	{
		if (*name == '`')
			out->data[out->length++] = '`';
		out->data[out->length++] = (uint8_t) *name;
	}
	out->data[out->length++] = '`';
	return true;
}

bool
my_put_table(ByteBuf *out, const char *database, const char *name, SluiceError *err)
{
	return my_put_name(out, database, err) && bytebuf_put_u8(out, '.', err) &&
		   my_put_name(out, name, err);
}

/* The bytes of a buffer as a text of its own; frees the buffer. */
static char *
take_text(ByteBuf *out, bool good)
{
	char *text = good ? strndup((const char *) out->data, out->length) : NULL;

	bytebuf_free(out);
	return text;
}

char *
my_name(const char *name)
{
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, SIZE_MAX);
	return take_text(&out, my_put_name(&out, name, NULL));
}

char *
my_table_name(const char *database, const char *name)
{
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, SIZE_MAX);
	return take_text(&out, my_put_table(&out, database, name, NULL));
}

#define EACH_BYTE(byte) ((uint64_t) (byte) *UINT64_C(0x0101010101010101))

/* Nonzero when a byte of `word` is below `limit`, which is 0x80 at most. */
static inline uint64_t
any_below(uint64_t word, uint8_t limit)
{
	return (word - EACH_BYTE(limit)) & ~word & EACH_BYTE(0x80);
}

/* Whether none of the eight bytes can be one that is escaped. */
static inline bool
are_plain(const uint8_t *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	return (any_below(word, ' ') | any_below(word ^ EACH_BYTE('\\'), 1) |
			any_below(word ^ EACH_BYTE('\''), 1)) == 0;
}

/* Room is there for all. */
static void
put_escaped(ByteBuf *out, const uint8_t escapes[256], const uint8_t *data, size_t length)
{
	uint8_t *at = out->data + out->length;
	size_t i = 0;

	while (i < length)
	{
		uint8_t escape;

		while (length - i >= sizeof(uint64_t) && are_plain(data + i))
		{
			memcpy(at, data + i, sizeof(uint64_t));
			at += sizeof(uint64_t);
			i += sizeof(uint64_t);
		}
		if (i == length)
			break;
		escape = escapes[data[i]];
		if (escape != 0)
			*at++ = '\\';
		*at++ = escape != 0 ? escape : data[i];
		i++;
	}
	out->length = (size_t) (at - out->data);
}

bool
my_put_text(ByteBuf *out, const void *data, size_t length, SluiceError *err)
{
	if (!reserve_escaped(out, length, err))
		return false;
	out->data[out->length++] = '\'';
	put_escaped(out, text_escapes, data, length);
	out->data[out->length++] = '\'';
	return true;
}

bool
my_put_field(ByteBuf *out, const void *data, size_t length, SluiceError *err)
{
	if (!reserve_escaped(out, length, err))
		return false;
	put_escaped(out, field_escapes, data, length);
	return true;
}

bool
my_put_hex(ByteBuf *out, const void *data, size_t length, SluiceError *err)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;
	uint8_t *at;

	if (!reserve_escaped(out, length, err))
		return false;
	at = out->data + out->length;
	*at++ = 'x';
	*at++ = '\'';
	for (size_t i = 0; i < length; i++)
	{
		*at++ = (uint8_t) digits[bytes[i] >> 4];
		*at++ = (uint8_t) digits[bytes[i] & 15];
	}
	*at++ = '\'';
	out->length = (size_t) (at - out->data);
	return true;
}

const char *
my_database_of(const char *schema, const char *uri_database)
{
	return strcmp(schema, "public") == 0 ? uri_database : schema;
}
