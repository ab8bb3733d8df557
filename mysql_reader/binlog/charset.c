/*
 * charset.c - character sets (charset.h).
 */
#include "charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

typedef enum CharsetKind
{
	CHARSET_UTF8 = 1,
	CHARSET_SINGLE,
	CHARSET_ICONV
} CharsetKind;

/* MySQL's names; of those with several bytes a character iconv's, of the others what comes nearest. */
static const struct
{
	const char *name, *iconv;
	CharsetKind kind;
} charsets[] = {
	{"utf8mb4", NULL, CHARSET_UTF8},
	{"utf8mb3", NULL, CHARSET_UTF8},
	{"utf8", NULL, CHARSET_UTF8},
	{"ascii", "ASCII", CHARSET_SINGLE},
	{"latin1", "CP1252", CHARSET_SINGLE},
	{"latin2", "ISO-8859-2", CHARSET_SINGLE},
	{"latin5", "ISO-8859-9", CHARSET_SINGLE},
	{"latin7", "ISO-8859-13", CHARSET_SINGLE},
	{"greek", "ISO-8859-7", CHARSET_SINGLE},
	{"hebrew", "ISO-8859-8", CHARSET_SINGLE},
	{"cp1250", "CP1250", CHARSET_SINGLE},
	{"cp1251", "CP1251", CHARSET_SINGLE},
	{"cp1256", "CP1256", CHARSET_SINGLE},
	{"cp1257", "CP1257", CHARSET_SINGLE},
	{"cp850", "CP850", CHARSET_SINGLE},
	{"cp852", "CP852", CHARSET_SINGLE},
	{"cp866", "CP866", CHARSET_SINGLE},
	{"koi8r", "KOI8-R", CHARSET_SINGLE},
	{"koi8u", "KOI8-U", CHARSET_SINGLE},
	{"tis620", "TIS-620", CHARSET_SINGLE},
	{"macroman", "MACINTOSH", CHARSET_SINGLE},
	{"macce", "MAC-CENTRALEUROPE", CHARSET_SINGLE},
	{"armscii8", "ARMSCII-8", CHARSET_SINGLE},
	{"hp8", "HP-ROMAN8", CHARSET_SINGLE},
	{"dec8", NULL, CHARSET_SINGLE},
	{"swe7", NULL, CHARSET_SINGLE},
	{"keybcs2", NULL, CHARSET_SINGLE},
	{"geostd8", NULL, CHARSET_SINGLE},
	{"ucs2", "UCS-2BE", CHARSET_ICONV},
	{"utf16", "UTF-16BE", CHARSET_ICONV},
	{"utf16le", "UTF-16LE", CHARSET_ICONV},
	{"utf32", "UTF-32BE", CHARSET_ICONV},
	{"big5", "BIG5", CHARSET_ICONV},
	{"gb2312", "EUC-CN", CHARSET_ICONV},
	{"gbk", "GBK", CHARSET_ICONV},
	{"gb18030", "GB18030", CHARSET_ICONV},
	{"sjis", "SHIFT_JIS", CHARSET_ICONV},
	{"cp932", "CP932", CHARSET_ICONV},
	{"ujis", "EUC-JP", CHARSET_ICONV},
	{"eucjpms", "EUC-JP-MS", CHARSET_ICONV},
	{"euckr", "CP949", CHARSET_ICONV},
};

struct Charset
{
	const char *name;
	CharsetKind kind;
	iconv_t iconv; /* of CHARSET_ICONV */
	struct
	{
		uint8_t length; /* 0: no character */
		char utf8[4];
	} bytes[256]; /* of CHARSET_SINGLE */
};

static bool
open_iconv(const char *from, iconv_t *converter, SluiceError *err)
{
	*converter = iconv_open("UTF-8", from);
	return *converter != (iconv_t) -1 ||
		   sluice_fail(err, SLUICE_ERROR_ARGUMENT, "this system cannot convert from %s", from);
}

/* What iconv knows of single bytes: good enough until the server is asked. */
static bool
fill_table(Charset *charset, const char *from, SluiceError *err)
{
	iconv_t converter;

	if (from == NULL)
	{
		for (unsigned byte = 0; byte < 0x80; byte++)
			charset_learn(charset, (uint8_t) byte, &(char){(char) byte}, 1);
		return true;
	}
	if (!open_iconv(from, &converter, err))
		return false;
	for (unsigned byte = 0; byte < 256; byte++)
	{
		char in = (char) byte, utf8[4], *at = &in, *out = utf8;
		size_t left = 1, room = sizeof(utf8);

		if (iconv(converter, &at, &left, &out, &room) == 0)
			charset_learn(charset, (uint8_t) byte, utf8, sizeof(utf8) - room);
		else
			(void) iconv(converter, NULL, NULL, NULL, NULL);
	}
	(void) iconv_close(converter);
	return true;
}

Charset *
charset_open(const char *name, SluiceError *err)
{
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
	{
		Charset *charset;

		if (strcmp(charsets[i].name, name) != 0)
			continue;
		if ((charset = calloc(1, sizeof(*charset))) == NULL)
		{
			sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a character set");
			return NULL;
		}
		charset->name = charsets[i].name;
		charset->kind = charsets[i].kind;
		if (charset->kind == CHARSET_UTF8 ||
			(charset->kind == CHARSET_SINGLE ? fill_table(charset, charsets[i].iconv, err)
											 : open_iconv(charsets[i].iconv, &charset->iconv, err)))
			return charset;
		free(charset);
		return NULL;
	}
	sluice_error_fill(err, SLUICE_ERROR_ARGUMENT, "unknown character set \"%s\"", name);
	return NULL;
}

void
charset_close(Charset *charset)
{
	if (charset == NULL)
		return;
	if (charset->kind == CHARSET_ICONV)
		(void) iconv_close(charset->iconv);
	free(charset);
}

const char *
charset_name(const Charset *charset)
{
	return charset->name;
}

bool
charset_is_single(const Charset *charset)
{
	return charset->kind == CHARSET_SINGLE;
}

void
charset_learn(Charset *charset, uint8_t byte, const char *utf8, size_t length)
{
	if (length > sizeof(charset->bytes[byte].utf8))
		length = 0;
	charset->bytes[byte].length = (uint8_t) length;
	memcpy(charset->bytes[byte].utf8, utf8, length);
}

/* ---- texts ---- */

/* Bytes of the character that begins at *text, 0 when it is none. */
static size_t
utf8_character(const uint8_t *text, size_t left)
{
	static const uint8_t lowest[] = {0, 0, 0x80, 0xa0, 0x90};
	size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	uint8_t low, high = 0xbf;

	if (text[0] < 0xc2 || text[0] > 0xf4 || left < length)
		return 0;
	low = text[0] == 0xe0 || text[0] == 0xf0 ? lowest[length] : 0x80;
	if (text[0] == 0xed) /* surrogates */
		high = 0x9f;
	else if (text[0] == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
	{
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

size_t
charset_utf8_valid(const uint8_t *text, size_t length)
{
	const uint64_t high_bits = UINT64_C(0x8080808080808080);
	size_t at = 0;

	while (at < length)
	{
		uint64_t word;
		size_t more;

		if (length - at >= sizeof(word))
		{
			memcpy(&word, text + at, sizeof(word));
			if ((word & high_bits) == 0)
			{
				at += sizeof(word);
				continue;
			}
		}
		if (text[at] < 0x80)
		{
			at++;
			continue;
		}
		if ((more = utf8_character(text + at, length - at)) == 0)
			return at;
		at += more;
	}
	return length;
}

static bool
fail_byte(const Charset *charset, const uint8_t *text, size_t at, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_DATA, "byte 0x%02x at place %zu is no text in %s",
					   text[at], at + 1, charset->name);
}

static bool
read_single(const Charset *charset, const uint8_t *text, size_t length, ByteBuf *scratch,
			SluiceError *err)
{
	for (size_t i = 0; i < length; i++)
	{
		uint8_t bytes = charset->bytes[text[i]].length;

		if (bytes == 0)
			return fail_byte(charset, text, i, err);
		if (!bytebuf_put(scratch, charset->bytes[text[i]].utf8, bytes, err))
			return false;
	}
	return true;
}

static bool
read_iconv(Charset *charset, const uint8_t *text, size_t length, ByteBuf *scratch, SluiceError *err)
{
	char *in = (char *) text;
	size_t left = length;

	(void) iconv(charset->iconv, NULL, NULL, NULL, NULL);
	while (left > 0)
	{
		char *out;
		size_t room, converted;

		if (!bytebuf_reserve(scratch, left + 16, err))
			return false;
		out = (char *) scratch->data + scratch->length;
		room = scratch->capacity - scratch->length;
		converted = iconv(charset->iconv, &in, &left, &out, &room);
		scratch->length = scratch->capacity - room;
		if (converted == (size_t) -1 && errno != E2BIG)
			return fail_byte(charset, text, length - left, err);
	}
	return true;
}

bool
charset_read(Charset *charset, const uint8_t *text, size_t length, ByteBuf *scratch,
			 const uint8_t **utf8, size_t *utf8_length, SluiceError *err)
{
	if (charset->kind == CHARSET_UTF8)
	{
		size_t valid = charset_utf8_valid(text, length);

		*utf8 = text;
		*utf8_length = length;
		return valid == length || fail_byte(charset, text, valid, err);
	}
	scratch->length = 0;
	if (!(charset->kind == CHARSET_SINGLE ? read_single(charset, text, length, scratch, err)
										  : read_iconv(charset, text, length, scratch, err)))
		return false;
	*utf8 = scratch->data;
	*utf8_length = scratch->length;
	return true;
}
