/*
 * json_path.c - paths into JSON documents (json_path.h).
 */
#include "json_path.h"

#include <ctype.h>

#define UTF8_MAXIMUM 4

void
json_path_init(JsonPath *path)
{
	*path = (JsonPath){0};
	bytebuf_init(&path->names, &allocator_malloc, (size_t) 1 << 20);
}

void
json_path_free(JsonPath *path)
{
	bytebuf_free(&path->names);
}

/* ---- names in quotation marks ---- */

static bool
take_hex(ByteCursor *at, unsigned *unit)
{
	*unit = 0;
	for (int i = 0; i < 4; i++)
	{
		unsigned c = at->at < at->end ? *at->at++ : 0u;

		if (!isxdigit((int) c))
			return false;
		*unit = *unit << 4 | (isdigit((int) c) ? c - '0' : (unsigned) tolower((int) c) - 'a' + 10);
	}
	return true;
}

static size_t
put_utf8(unsigned character, uint8_t *out)
{
	if (character < 0x80)
	{
		out[0] = (uint8_t) character;
		return 1;
	}
	if (character < 0x800)
	{
		out[0] = (uint8_t) (0xc0 | character >> 6);
		out[1] = (uint8_t) (0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000)
	{
		out[0] = (uint8_t) (0xe0 | character >> 12);
		out[1] = (uint8_t) (0x80 | (character >> 6 & 0x3f));
		out[2] = (uint8_t) (0x80 | (character & 0x3f));
		return 3;
	}
	out[0] = (uint8_t) (0xf0 | character >> 18);
	out[1] = (uint8_t) (0x80 | (character >> 12 & 0x3f));
	out[2] = (uint8_t) (0x80 | (character >> 6 & 0x3f));
	out[3] = (uint8_t) (0x80 | (character & 0x3f));
	return 4;
}

/* Four digits, or twice four of a pair of surrogates. */
static bool
take_unicode(ByteCursor *at, unsigned *character)
{
	unsigned low;

	if (!take_hex(at, character))
		return false;
	if (*character < 0xd800 || *character > 0xdbff)
		return *character < 0xdc00 || *character > 0xdfff;
	if (little_left(at) < 2 || at->at[0] != '\\' || at->at[1] != 'u')
		return false;
	at->at += 2;
	if (!take_hex(at, &low) || low < 0xdc00 || low > 0xdfff)
		return false;
	*character = 0x10000 + ((*character - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* What a backslash and what follows it stand for; the backslash was passed. */
static bool
take_escape(ByteCursor *at, uint8_t *out, size_t *length)
{
	static const uint8_t plain[256] = {['"'] = '"',	 ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
									   ['f'] = '\f', ['n'] = '\n',	['r'] = '\r', ['t'] = '\t'};
	uint8_t c = at->at < at->end ? *at->at++ : 0;
	unsigned character = plain[c];

	if (character == 0 && (c != 'u' || !take_unicode(at, &character)))
		return false;
	*length = put_utf8(character, out);
	return true;
}

/* The opening mark was passed; names lie one behind the other in the path's own bytes. */
static bool
take_quoted(JsonPath *path, ByteCursor *at, JsonLeg *leg)
{
	uint8_t *name = path->names.data + path->names.length, *to = name;

	while (at->at < at->end && *at->at != '"')
	{
		uint8_t c = *at->at++;
		size_t length = 1;

		if (c != '\\')
			*to = c;
		else if (!take_escape(at, to, &length))
			return false;
		to += length;
	}
	if (at->at == at->end)
		return false;
	at->at++;
	leg->name = name;
	leg->name_length = (size_t) (to - name);
	path->names.length += leg->name_length;
	return true;
}

/* ---- legs ---- */

static void
take_plain(ByteCursor *at, JsonLeg *leg)
{
	leg->name = at->at;
	while (at->at < at->end && *at->at != '.' && *at->at != '[')
		at->at++;
	leg->name_length = (size_t) (at->at - leg->name);
}

static bool
take_index(ByteCursor *at, JsonLeg *leg)
{
	const uint8_t *digits = at->at;

	for (; at->at < at->end && isdigit(*at->at) && leg->index < UINT32_MAX; at->at++)
		leg->index = leg->index * 10 + (uint64_t) (*at->at - '0');
	return at->at > digits && at->at < at->end && *at->at++ == ']';
}

static bool
take_leg(JsonPath *path, ByteCursor *at)
{
	JsonLeg *leg = &path->legs[path->count++];
	uint8_t kind = *at->at++;

	*leg = (JsonLeg){0};
	if (kind == '[')
		return take_index(at, leg);
	if (kind != '.' || at->at == at->end)
		return false;
	if (*at->at == '"')
	{
		at->at++;
		return take_quoted(path, at, leg);
	}
	take_plain(at, leg);
	return leg->name_length > 0;
}

bool
json_path_read(JsonPath *path, const uint8_t *text, size_t length, SluiceError *err)
{
	ByteCursor at = {text, text + length};
	bool good = length > 0 && text[0] == '$';

	path->text = (const char *) text;
	path->text_length = length;
	path->count = 0;
	path->names.length = 0;
	/* What is in quotation marks never gets longer, so that names stay where they are. */
	if (!bytebuf_reserve(&path->names, length + UTF8_MAXIMUM, err))
		return false;
	at.at += good;
	while (good && at.at < at.end)
		good = path->count < JSON_LEGS_MAXIMUM && take_leg(path, &at);
	return good || sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.*s\" is no path into JSON",
							   (int) (length < 100 ? length : 100), (const char *) text);
}
