/*
 * sql_text.c - literals and names of the servers' own SQL (sql_text.h).
 */
#include "sql_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- literals ---- */

/* What stands for the character behind a backslash; other characters stand for themselves. */
static char
escaped(char c)
{
	static const char codes[] = "0nrtbZ", values[] = {'\0', '\n', '\r', '\t', '\b', '\x1A'};
	const char *found = c != '\0' ? strchr(codes, c) : NULL;

	return found != NULL ? values[found - codes] : c;
}

const char *
sql_text_read(const char *text, ByteBuf *out, SluiceError *err)
{
	const char quote = *text++;

	while (*text != '\0')
	{
		char c = *text++;

		if (c == quote && *text != quote)
			return text;
		if (c == quote)
			text++;
		else if (c == '\\' && *text != '\0')
			c = escaped(*text++);
		if (!bytebuf_put_u8(out, (uint8_t) c, err))
			return NULL;
	}
	(void) sluice_fail(err, SLUICE_ERROR_DATA, "a text is not closed");
	return NULL;
}

/* A doubled quote is two texts side by side here. */
const char *
sql_text_skip(const char *text)
{
	const char quote = *text++;

	while (*text != '\0' && *text != quote)
		text += *text == '\\' && quote != '`' && text[1] != '\0' ? 2 : 1;
	return *text != '\0' ? text + 1 : text;
}

bool
sql_text_unescape(const char *text, ByteBuf *out, SluiceError *err)
{
	while (*text != '\0')
	{
		char c = *text++;

		if (c == '\\' && *text != '\0')
			c = escaped(*text++);
		if (!bytebuf_put_u8(out, (uint8_t) c, err))
			return false;
	}
	return true;
}

/* ---- SHOW CREATE TABLE ---- */

static bool
is_quote(char c)
{
	return c == '\'' || c == '"' || c == '`';
}

/* The next of `text` on that begins with `wanted` outside of quotes; NULL when there is none. */
static const char *
find_outside(const char *text, const char *wanted)
{
	size_t length = strlen(wanted);

	while (*text != '\0')
	{
		if (strncmp(text, wanted, length) == 0)
			return text;
		text = is_quote(*text) ? sql_text_skip(text) : text + 1;
	}
	return NULL;
}

const char *
show_create_partitioning(const char *statement, size_t *length)
{
	static const char mysql_words[] = "\n/*!50100 PARTITION BY ", words[] = "\n PARTITION BY ";
	static const char comment_end[] = " */";
	const char *at = find_outside(statement, mysql_words);
	bool comment = at != NULL;

	*length = 0;
	if (at == NULL && (at = find_outside(statement, words)) == NULL)
		return NULL;
	at += comment ? sizeof(mysql_words) - 1 : sizeof(words) - 1;
	*length = strlen(at);
	if (comment && *length > sizeof(comment_end) - 1 &&
		strcmp(at + *length - (sizeof(comment_end) - 1), comment_end) == 0)
		*length -= sizeof(comment_end) - 1;
	return at;
}

/* Behind the name in backticks, if it is this one; else NULL. */
static const char *
take_name(const char *text, const char *name)
{
	if (*text++ != '`')
		return NULL;
	for (; *name != '\0'; name++)
	{
		if (*text++ != *name || (*name == '`' && *text++ != '`'))
			return NULL;
	}
	return *text == '`' ? text + 1 : NULL;
}

/* Behind "  `column` " at the beginning of one of the statement's lines; NULL without it. */
static const char *
find_column(const char *statement, const char *column)
{
	static const char line[] = "\n  ";

	for (const char *at = statement; (at = find_outside(at, line)) != NULL; at++)
	{
		const char *behind = take_name(at + sizeof(line) - 1, column);

		if (behind != NULL && *behind == ' ')
			return behind;
	}
	return NULL;
}

static int
digit_value(char c)
{
	return isdigit((unsigned char) c) ? c - '0' : tolower((unsigned char) c) - 'a' + 10;
}

static bool
read_hex(const char *text, ByteBuf *out, SluiceError *err)
{
	for (; isxdigit((unsigned char) text[0]) && isxdigit((unsigned char) text[1]); text += 2)
	{
		if (!bytebuf_put_u8(out, (uint8_t) (digit_value(text[0]) << 4 | digit_value(text[1])), err))
			return false;
	}
	return true;
}

bool
show_create_default(const char *statement, const char *column, ByteBuf *out, bool *found,
					SluiceError *err)
{
	static const char words[] = " DEFAULT ";
	const char *at = find_column(statement, column), *value, *end;

	*found = false;
	if (at == NULL)
		return true;
	value = find_outside(at, words);
	end = find_outside(at, "\n");
	if (value == NULL || (end != NULL && value > end))
		return true;
	value += sizeof(words) - 1;
	*found = *value == '\'' || strncasecmp(value, "0x", 2) == 0;
	if (!*found)
		return true;
	return *value == '\'' ? sql_text_read(value, out, err) != NULL : read_hex(value + 2, out, err);
}

const char *
show_create_rule(const char *statement, const char *key, const char *event)
{
	static const char line[] = "\n  CONSTRAINT ", foreign[] = " FOREIGN KEY ", on[] = " ON ";

	for (const char *at = statement; (at = find_outside(at, line)) != NULL; at++)
	{
		const char *behind = take_name(at + sizeof(line) - 1, key);
		const char *end = behind != NULL ? find_outside(behind, "\n") : NULL;

		if (behind == NULL || strncmp(behind, foreign, sizeof(foreign) - 1) != 0)
			continue;
		while ((behind = find_outside(behind, on)) != NULL && (end == NULL || behind < end))
		{
			behind += sizeof(on) - 1;
			if (strncmp(behind, event, strlen(event)) == 0 && behind[strlen(event)] == ' ')
				return behind + strlen(event) + 1;
		}
		return NULL;
	}
	return NULL;
}
