/*
 * text.c - cleaning and measuring (text.h).
 */
#include "text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon/utf8.h"

#define ESCAPE_MAXIMUM 10 /* bytes of "\U0001f600" */
#define MARK_SIZE	   4  /* of the ellipsis, with the NUL */

typedef struct Range
{
	uint32_t first, last;
} Range;

/* Characters that take two columns: East Asian wide and full-width ones, and pictures. */
static const Range wide[] = {
	{0x1100, 0x115F},	{0x2E80, 0x303E},	{0x3041, 0x33FF},	{0x3400, 0x4DBF},
	{0x4E00, 0x9FFF},	{0xA000, 0xA4CF},	{0xA960, 0xA97C},	{0xAC00, 0xD7A3},
	{0xF900, 0xFAFF},	{0xFE30, 0xFE6F},	{0xFF01, 0xFF60},	{0xFFE0, 0xFFE6},
	{0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

/* Those that take none: they go with the one before. */
static const Range combining[] = {
	{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
	{0x06D6, 0x06DC}, {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D},
	{0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
	{0x20D0, 0x20FF}, {0x302A, 0x302D}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0x1F3FB, 0x1F3FF},
};

/* Those a terminal acts on, or that are not seen: C0, DEL and C1, marks of direction, joiners, tags. */
static const Range unseen[] = {
	{0x0000, 0x001F}, {0x007F, 0x009F}, {0x00AD, 0x00AD},	{0x061C, 0x061C},
	{0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},	{0x2060, 0x206F},
	{0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF},
};

#define IS_IN(ranges, c) is_in(ranges, sizeof(ranges) / sizeof((ranges)[0]), c)

static bool
is_in(const Range *ranges, size_t count, uint32_t c)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* The character of a sequence that utf8_sequence() has found good. */
static uint32_t
decode(const char *at, size_t length)
{
	static const uint8_t masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	uint32_t c = (uint8_t) at[0] & masks[length];

	for (size_t i = 1; i < length; i++)
		c = c << 6 | ((uint8_t) at[i] & 0x3F);
	return c;
}

/* How a character is told that must not be written as it is. */
static int
escape(char *out, uint32_t c)
{
	const char *format = c < 0x80 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";

	switch (c)
	{
		case '\n': return snprintf(out, ESCAPE_MAXIMUM + 1, "\\n");
		case '\r': return snprintf(out, ESCAPE_MAXIMUM + 1, "\\r");
		case '\t': return snprintf(out, ESCAPE_MAXIMUM + 1, "\\t");
		default: return snprintf(out, ESCAPE_MAXIMUM + 1, format, c);
	}
}

char *
text_clean(const char *text)
{
	size_t left = strlen(text);
	char *out = malloc(left * ESCAPE_MAXIMUM + MARK_SIZE), *to = out;

	if (out == NULL)
		return NULL;
	while (left > 0)
	{
		size_t length = utf8_sequence(text, left);
		uint32_t c = length > 0 ? decode(text, length) : 0;

		if (length == 0)
			to = stpcpy(to, UTF8_REPLACEMENT);
		else if (IS_IN(unseen, c))
			to += escape(to, c);
		else
			to = mempcpy(to, text, length);
		length += length == 0;
		text += length;
		left -= length;
	}
	*to = '\0';
	return out;
}

size_t
text_width(const char *text)
{
	size_t width = 0;

	for (size_t left = strlen(text); left > 0;)
	{
		size_t length = utf8_sequence(text, left);
		uint32_t c = length > 0 ? decode(text, length) : 0;

		width += length == 0 ? 1 : IS_IN(combining, c) ? 0 : IS_IN(wide, c) ? 2 : 1;
		length += length == 0;
		text += length;
		left -= length;
	}
	return width;
}

void
text_cut(char *text, size_t columns, bool utf8)
{
	const char *mark = utf8 ? "\xE2\x80\xA6" : "~";
	size_t width = 0;

	if (text_width(text) <= columns)
		return;
	for (size_t left = strlen(text); left > 0;)
	{
		size_t length = utf8_sequence(text, left);
		char one[5] = "";

		length += length == 0;
		memcpy(one, text, length);
		width += text_width(one);
		if (width + 1 > columns)
			break;
		text += length;
		left -= length;
	}
	(void) stpcpy(text, columns == 0 ? "" : mark);
}

void
text_put(FILE *out, const char *text)
{
	char *clean = text_clean(text);

	(void) fputs(clean != NULL ? clean : "?", out);
	free(clean);
}

char *
text_clean_json(const char *json)
{
	size_t left = strlen(json);
	char *out = malloc(left * 6 + 1), *to = out;

	if (out == NULL)
		return NULL;
	while (left > 0)
	{
		size_t length = utf8_sequence(json, left);
		uint32_t c = length > 0 ? decode(json, length) : 0;

		if (c >= 0x10000 && IS_IN(unseen, c))
			to += sprintf(to, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10),
						  0xDC00 + ((c - 0x10000) & 0x3FF));
		else if (c >= 0x7F && IS_IN(unseen, c))
			to += sprintf(to, "\\u%04x", c);
		else
			to = mempcpy(to, json, length + (length == 0));
		length += length == 0;
		json += length;
		left -= length;
	}
	*to = '\0';
	return out;
}
