/*
 * charset.c - character sets (charset.h).
 */
#include "charset.h"

#include "charset_exceptions.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

typedef enum CharsetKind
{
	CHARSET_UTF8 = 1,
	CHARSET_SINGLE,
	CHARSET_MANY, /* one or several bytes a character, those of ASCII as in ASCII */
	CHARSET_WIDE  /* two or four bytes at least */
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
	{"ucs2", "UCS-2BE", CHARSET_WIDE},
	{"utf16", "UTF-16BE", CHARSET_WIDE},
	{"utf16le", "UTF-16LE", CHARSET_WIDE},
	{"utf32", "UTF-32BE", CHARSET_WIDE},
	{"big5", "BIG5", CHARSET_MANY},
	{"gb2312", "EUC-CN", CHARSET_MANY},
	{"gbk", "GBK", CHARSET_MANY},
	{"gb18030", "GB18030", CHARSET_MANY},
	{"sjis", "SHIFT_JIS", CHARSET_MANY},
	{"cp932", "CP932", CHARSET_MANY},
	{"ujis", "EUC-JP", CHARSET_MANY},
	{"eucjpms", "EUC-JP-MS", CHARSET_MANY},
	{"euckr", "CP949", CHARSET_MANY},
};

struct Charset
{
	const char *name;
	CharsetKind kind;
	bool ascii;							 /* bytes below 0x80 are what they are in UTF-8 */
	iconv_t iconv;						 /* of CHARSET_MANY and CHARSET_WIDE */
	const CharsetExceptions *exceptions; /* what iconv must not read; NULL: none */
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
		charset->ascii = charset->kind != CHARSET_WIDE;
		charset->exceptions = charset_exceptions_find(charset->name);
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
	if (charset->kind == CHARSET_MANY || charset->kind == CHARSET_WIDE)
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
	if (byte < 0x80 && (length != 1 || utf8[0] != (char) byte))
		charset->ascii = false;
}

/* ---- texts ---- */

#define HIGH_BITS UINT64_C(0x8080808080808080) /* of eight bytes */

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
	size_t at = 0;

	while (at < length)
	{
		uint64_t word;
		size_t more;

		if (length - at >= sizeof(word))
		{
			memcpy(&word, text + at, sizeof(word));
			if ((word & HIGH_BITS) == 0)
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

/* The first byte above those of ASCII, or `length`. */
static size_t
ascii_length(const uint8_t *text, size_t length)
{
	size_t at = 0;

	for (uint64_t word; length - at >= sizeof(word); at += sizeof(word))
	{
		memcpy(&word, text + at, sizeof(word));
		if ((word & HIGH_BITS) != 0)
			break;
	}
	while (at < length && text[at] < 0x80)
		at++;
	return at;
}

/* A text that is being converted. */
typedef struct Conversion
{
	Charset *charset;
	TextPolicy policy;
	const uint8_t *text;
	size_t length, at; /* at: how much of it is done */
	ByteBuf *out;
} Conversion;

/* What is at hand is no character: it is passed, so many bytes of it, or ends the conversion. */
static bool
face_no_text(Conversion *work, size_t bytes, SluiceError *err)
{
	static const char replacement[] = "\xef\xbf\xbd";

	if (work->policy == TEXT_ERROR)
		return sluice_fail(err, SLUICE_ERROR_DATA, "byte 0x%02x at place %zu is no text in %s",
						   work->text[work->at], work->at + 1, work->charset->name);
	work->at += bytes < work->length - work->at ? bytes : work->length - work->at;
	return bytebuf_put(work->out, replacement, sizeof(replacement) - 1, err);
}

static bool
read_utf8(Conversion *work, SluiceError *err)
{
	while (work->at < work->length)
	{
		const uint8_t *text = work->text + work->at;
		size_t valid = charset_utf8_valid(text, work->length - work->at);

		if (!bytebuf_put(work->out, text, valid, err))
			return false;
		work->at += valid;
		if (work->at < work->length && !face_no_text(work, 1, err))
			return false;
	}
	return true;
}

static bool
read_single(Conversion *work, SluiceError *err)
{
	ByteBuf *out = work->out;

	while (work->at < work->length)
	{
		const uint8_t byte = work->text[work->at];
		const size_t bytes = work->charset->bytes[byte].length;

		if (bytes == 0)
		{
			if (!face_no_text(work, 1, err))
				return false;
			continue;
		}
		if (!bytebuf_put(out, work->charset->bytes[byte].utf8, bytes, err))
			return false;
		work->at++;
	}
	return true;
}

/* Bytes of the least character. */
static size_t
unit_of(const Charset *charset)
{
	if (charset->kind != CHARSET_WIDE)
		return 1;
	return strcmp(charset->name, "utf32") == 0 ? 4 : 2;
}

/* What lies before `end`. */
static bool
read_iconv(Conversion *work, size_t end, SluiceError *err)
{
	iconv_t converter = work->charset->iconv;

	(void) iconv(converter, NULL, NULL, NULL, NULL);
	while (work->at < end)
	{
		char *in = (char *) work->text + work->at, *to;
		size_t left = end - work->at, room, converted;

		if (!bytebuf_reserve(work->out, left + 16, err))
			return false;
		to = (char *) work->out->data + work->out->length;
		room = work->out->capacity - work->out->length;
		converted = iconv(converter, &in, &left, &to, &room);
		work->out->length = work->out->capacity - room;
		work->at = end - left;
		if (converted == (size_t) -1 && errno != E2BIG &&
			!face_no_text(work, unit_of(work->charset), err))
			return false;
	}
	return true;
}

/* Exceptions have up to three bytes of UTF-8. */
static bool
put_character(uint32_t unicode, ByteBuf *out, SluiceError *err)
{
	const uint8_t three[] = {(uint8_t) (0xe0 | unicode >> 12),
							 (uint8_t) (0x80 | (unicode >> 6 & 0x3f)),
							 (uint8_t) (0x80 | (unicode & 0x3f))};
	const uint8_t two[] = {(uint8_t) (0xc0 | unicode >> 6), three[2]};

	if (unicode < 0x80)
		return bytebuf_put_u8(out, (uint8_t) unicode, err);
	return unicode < 0x800 ? bytebuf_put(out, two, sizeof(two), err)
						   : bytebuf_put(out, three, sizeof(three), err);
}

/* Character by character: those of ASCII and exceptions here, what lies between them by iconv. */
static bool
read_exceptions(Conversion *work, SluiceError *err)
{
	const CharsetExceptions *exceptions = work->charset->exceptions;
	size_t end = work->at, length;

	for (; end < work->length; end += length)
	{
		const uint8_t *text = work->text + end;
		uint32_t unicode = text[0];

		length = exceptions->length(text, work->length - end);
		if (length > work->length - end)
			length = work->length - end;
		if (length > 1 && !charset_exception_look(exceptions, text, length, &unicode))
			continue;
		if (length == 1 && text[0] >= 0x80)
			continue;
		if (!read_iconv(work, end, err) || !put_character(unicode, work->out, err))
			return false;
		work->at = end + length;
	}
	return read_iconv(work, work->length, err);
}

bool
charset_read(Charset *charset, TextPolicy policy, const uint8_t *text, size_t length,
			 ByteBuf *scratch, const uint8_t **utf8, size_t *utf8_length, SluiceError *err)
{
	Conversion work = {charset, policy, text, length, 0, scratch};
	bool good;

	*utf8 = text;
	*utf8_length = length;
	if (charset->kind == CHARSET_UTF8 ? charset_utf8_valid(text, length) == length
									  : charset->ascii && ascii_length(text, length) == length)
		return true;
	scratch->length = 0;
	if (charset->kind == CHARSET_UTF8)
		good = read_utf8(&work, err);
	else if (charset->kind == CHARSET_SINGLE)
		good = read_single(&work, err);
	else
		good = charset->exceptions != NULL ? read_exceptions(&work, err)
										   : read_iconv(&work, length, err);
	*utf8 = scratch->data;
	*utf8_length = scratch->length;
	return good;
}
