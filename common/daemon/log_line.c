/*
 * log_line.c - rendering and escaping of log lines.
 *
 * 1. The last LINE_RESERVE bytes of the buffer are only used by log_line_end().
 * 2. Texts come out as valid UTF-8 without control characters, whatever bytes came in: a byte that
 *    is not UTF-8 becomes U+FFFD, so nobody's table name can forge a line or drive a terminal.
 */
#include "log_line.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "log_redact.h"
#include "utf8.h"

#define LINE_RESERVE 32

static const char hidden[] = "***";

static bool
put(LogLine *line, const char *data, size_t length)
{
	if (line->length + length > sizeof(line->data) - LINE_RESERVE)
		return false;
	memcpy(line->data + line->length, data, length);
	line->length += length;
	return true;
}

static bool
put_string(LogLine *line, const char *text)
{
	return put(line, text, strlen(text));
}

/* C0 and C1 controls and DEL; the code point of one, or -1. */
static int
control_code(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *) text;

	if (length == 1 && (at[0] < 0x20 || at[0] == 0x7F))
		return at[0];
	if (length == 2 && at[0] == 0xC2 && at[1] < 0xA0)
		return at[1];
	return -1;
}

/* The letter of the short escape, or 0. */
static char
short_escape(int code)
{
	switch (code)
	{
		case '\n': return 'n';
		case '\r': return 'r';
		case '\t': return 't';
		case '"':
		case '\\': return (char) code;
		default: return '\0';
	}
}

static bool
put_escape(LogLine *line, int code)
{
	char text[8];
	char letter = short_escape(code);

	if (letter != '\0')
		(void) snprintf(text, sizeof(text), "\\%c", letter);
	else
		(void) snprintf(text, sizeof(text), "\\u%04x", (unsigned) code);
	return put_string(line, text);
}

/* The inside of a quoted text; both formats escape alike. */
static bool
put_escaped(LogLine *line, const char *text, size_t size)
{
	bool good = true;

	while (good && size > 0)
	{
		size_t length = utf8_sequence(text, size);
		int control = control_code(text, length);

		if (length == 0)
			good = put_string(line, UTF8_REPLACEMENT);
		else if (control >= 0 || *text == '"' || *text == '\\')
			good = put_escape(line, control >= 0 ? control : *text);
		else
			good = put(line, text, length);
		length = length == 0 ? 1 : length;
		text += length;
		size -= length;
	}
	return good;
}

/* True for texts logfmt takes without quotes. */
static bool
is_plain(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if (!isgraph((unsigned char) *at) || strchr("\"\\=", *at) != NULL)
			return false;
	return *text != '\0';
}

/* The text's length, cut to the maximum between two characters. */
static size_t
text_length(const char *text)
{
	size_t length = strnlen(text, LOG_TEXT_MAXIMUM + 1);

	if (length <= LOG_TEXT_MAXIMUM)
		return length;
	for (length = LOG_TEXT_MAXIMUM; length > LOG_TEXT_MAXIMUM - 4; length--)
		if (((unsigned char) text[length] & 0xC0) != 0x80)
			return length;
	return LOG_TEXT_MAXIMUM;
}

static bool
put_text(LogLine *line, const char *key, const char *text)
{
	char shown[LOG_TEXT_MAXIMUM + 2];
	size_t length;

	if (log_key_is_secret(key))
		(void) snprintf(shown, sizeof(shown), "%s", hidden);
	else
		log_redact_url(text, shown, sizeof(shown));
	if (line->format == LOG_FORMAT_LOGFMT && is_plain(shown) && strlen(shown) <= LOG_TEXT_MAXIMUM)
		return put_string(line, shown);
	length = text_length(shown);
	line->truncated = line->truncated || shown[length] != '\0';
	return put_string(line, "\"") && put_escaped(line, shown, length) && put_string(line, "\"");
}

static bool
put_real(LogLine *line, double real)
{
	char text[40];

	if (!isfinite(real) && line->format == LOG_FORMAT_JSON)
		return put_string(line, "null");
	(void) snprintf(text, sizeof(text), "%.6g", real);
	return put_string(line, text);
}

static bool
put_value(LogLine *line, const LogField *field)
{
	char text[32];

	switch (field->type)
	{
		case LOG_FIELD_TEXT: return put_text(line, field->key, field->value.text);
		case LOG_FIELD_INTEGER:
			(void) snprintf(text, sizeof(text), "%" PRId64, field->value.integer);
			return put_string(line, text);
		case LOG_FIELD_UNSIGNED:
			(void) snprintf(text, sizeof(text), "%" PRIu64, field->value.natural);
			return put_string(line, text);
		case LOG_FIELD_REAL: return put_real(line, field->value.real);
		case LOG_FIELD_BOOL: return put_string(line, field->value.flag ? "true" : "false");
		case LOG_FIELD_END: break;
	}
	return false;
}

/* Keys are the program's own words; anything a format could trip over becomes '_'. */
static bool
put_key(LogLine *line, const char *key)
{
	bool json = line->format == LOG_FORMAT_JSON;
	bool good =
		put_string(line, json ? (line->length > 1 ? ",\"" : "\"") : (line->length > 0 ? " " : ""));

	for (const char *at = key; good && *at != '\0'; at++)
	{
		bool fine = isalnum((unsigned char) *at) || strchr("_.-", *at) != NULL;

		good = put(line, fine ? at : "_", 1);
	}
	return good && put_string(line, json ? "\":" : "=");
}

void
log_line_begin(LogLine *line, LogFormat format)
{
	line->format = format;
	line->length = 0;
	line->truncated = false;
	if (format == LOG_FORMAT_JSON)
		line->data[line->length++] = '{';
}

void
log_line_field(LogLine *line, const LogField *field)
{
	size_t before = line->length;

	if (field->type == LOG_FIELD_TEXT && field->value.text == NULL)
		return;
	if (put_key(line, field->key) && put_value(line, field))
		return;
	line->length = before;
	line->truncated = true;
}

void
log_line_fields(LogLine *line, const LogField *fields)
{
	for (; fields != NULL && fields->type != LOG_FIELD_END; fields++)
		log_line_field(line, fields);
}

void
log_line_rendered(LogLine *line, const char *data, size_t length)
{
	line->truncated = !put(line, data, length) || line->truncated;
}

void
log_line_end(LogLine *line)
{
	bool json = line->format == LOG_FORMAT_JSON;
	const char *mark = json ? ",\"truncated\":true" : " truncated=true";

	/* Into the reserve, which is why it always fits. */
	line->length += (size_t) snprintf(line->data + line->length, LINE_RESERVE, "%s%s\n",
									  line->truncated ? mark : "", json ? "}" : "");
}
