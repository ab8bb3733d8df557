/*
 * config_file.c - the lexer of configuration files.  It works in place on the file's text: a name
 * and a value are cut out of the line by writing NULs, and unquoting only ever shortens.
 */
#include "config_file.h"

#include <ctype.h>
#include <string.h>

#include "file.h"

#define CONFIG_FILE_MAXIMUM (1024 * 1024)

static char *
skip_blanks(char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\r')
		at++;
	return at;
}

static void
trim_end(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
		text[--length] = '\0';
}

/* Cuts a bare value at the first '#' that follows a blank. */
static void
cut_comment(char *value)
{
	for (char *at = value; *at != '\0'; at++)
		if (*at == '#' && (at == value || isblank((unsigned char) at[-1])))
		{
			*at = '\0';
			return;
		}
}

/* The character a backslash escape stands for, or -1. */
static int
unescape(char letter)
{
	switch (letter)
	{
		case 'n': return '\n';
		case 't': return '\t';
		case '"':
		case '\\': return letter;
		default: return -1;
	}
}

/* Unquotes a "..." value in place; *end is left behind the closing quote. */
static bool
unquote_double(char *value, char **end, SluiceError *err)
{
	char *from = value + 1;
	char *to = value;

	while (*from != '"')
	{
		int letter = (unsigned char) *from;

		if (letter == '\\')
		{
			letter = unescape(*++from);
			if (letter < 0)
				return sluice_fail(
					err, SLUICE_ERROR_ARGUMENT,
					"unknown escape in a quoted value, only \\\" \\\\ \\n \\t exist");
		}
		if (letter == '\0')
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "the quoted value is not closed");
		*to++ = (char) letter;
		from++;
	}
	*end = from + 1;
	*to = '\0';
	return true;
}

/* Unquotes a '...' value in place, where only '' is special. */
static bool
unquote_single(char *value, char **end, SluiceError *err)
{
	char *from = value + 1;
	char *to = value;

	while (*from != '\'' || from[1] == '\'')
	{
		if (*from == '\0')
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "the quoted value is not closed");
		if (*from == '\'')
			from++;
		*to++ = *from++;
	}
	*end = from + 1;
	*to = '\0';
	return true;
}

static bool
read_value(char *value, SluiceError *err)
{
	char *end = NULL;
	bool good;

	if (*value != '"' && *value != '\'')
	{
		cut_comment(value);
		trim_end(value);
		return true;
	}
	good = *value == '"' ? unquote_double(value, &end, err) : unquote_single(value, &end, err);
	if (!good)
		return false;
	end = skip_blanks(end);
	if (*end != '\0' && *end != '#')
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "text after the closing quote");
	return true;
}

static bool
read_line(char *text, int line, ConfigFileSetting setting, void *context, SluiceError *err)
{
	char *name = skip_blanks(text);
	char *equals;

	if (*name == '\0' || *name == '#')
		return true;
	equals = strchr(name, '=');
	if (equals == NULL || equals == name)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "not of the form \"name = value\"");
	*equals = '\0';
	trim_end(name);
	equals = skip_blanks(equals + 1);
	return read_value(equals, err) && setting(context, line, name, equals, err);
}

bool
config_text_read(const char *name, char *text, ConfigFileSetting setting, void *context,
				 SluiceError *err)
{
	char *rest = text;
	char *line;
	bool good = true;

	for (int number = 1; good && (line = strsep(&rest, "\n")) != NULL; number++)
	{
		good = read_line(line, number, setting, context, err);
		if (!good)
			(void) sluice_prefix(err, "%s:%d", name, number);
	}
	return good;
}

bool
config_file_read(const char *path, ConfigFileSetting setting, void *context, SluiceError *err)
{
	char *text = file_read(path, CONFIG_FILE_MAXIMUM, err);
	bool good;

	if (text == NULL)
		return sluice_prefix(err, "configuration");
	good = config_text_read(path, text, setting, context, err);
	file_free(text);
	return good;
}
