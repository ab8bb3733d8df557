/*
 * url.c - decoding addresses.
 */
#include "url.h"

#include <string.h>

#include "common/daemon/utf8.h"

static int
hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit = (char) (digit | 0x20);
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool
is_utf8(const char *text, size_t length)
{
	while (length > 0)
	{
		size_t sequence = utf8_sequence(text, length);

		if (sequence == 0)
			return false;
		text += sequence;
		length -= sequence;
	}
	return true;
}

bool
url_decode(const char *text, size_t length, char *out, size_t size)
{
	const char *end = text + length;
	size_t used = 0;

	while (text < end)
	{
		char byte = *text++;

		if (byte == '%')
		{
			int high = end - text >= 2 ? hex_digit(text[0]) : -1;
			int low = high >= 0 ? hex_digit(text[1]) : -1;

			if (low < 0)
				return false;
			byte = (char) (high * 16 + low);
			text += 2;
		}
		if (byte == '\0' || used + 1 >= size)
			return false;
		out[used++] = byte;
	}
	out[used] = '\0';
	return is_utf8(out, used);
}

/* Decodes one side of a pair to `room`, which moves on behind it. */
static const char *
take(const char *text, size_t length, char **room)
{
	char *out = *room;

	if (!url_decode(text, length, out, length + 1))
		return NULL;
	*room += strlen(out) + 1;
	return out;
}

static bool
is_there(const NamedText *pairs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return true;
	return false;
}

/* Blanks are + in queries only, and before decoding: %2B is a plus. */
static void
put_blanks(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] == '+')
			text[i] = ' ';
}

bool
url_query(const char *query, char *room, NamedText *pairs, size_t maximum, size_t *count)
{
	*count = 0;
	while (*query != '\0')
	{
		size_t length = strcspn(query, "&");
		size_t name_length = strcspn(query, "=&");
		const char *value = query + name_length + (name_length < length);
		NamedText pair;

		if (length > 0)
		{
			if (*count == maximum || (pair.name = take(query, name_length, &room)) == NULL)
				return false;
			memcpy(room, value, (size_t) (query + length - value));
			put_blanks(room, (size_t) (query + length - value));
			pair.text = take(room, (size_t) (query + length - value), &room);
			if (pair.text == NULL || is_there(pairs, *count, pair.name))
				return false;
			pairs[(*count)++] = pair;
		}
		query += length + (query[length] == '&');
	}
	return true;
}
