/*
 * words.c - words, names and comments of statements (words.h).
 */
#include "words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

Words
words_of(const QueryEvent *query, const char *at, size_t length)
{
	return (Words){at, at + length, (query->sql_mode & SQL_MODE_ANSI_QUOTES) != 0};
}

/* Behind a comment that begins here; executable ones only lose their marks. */
static const char *
skip_comment(const Words *words)
{
	const char *at = words->at, *close;

	if (words->end - at >= 3 && at[0] == '/' && at[1] == '*' &&
		(at[2] == '!' || (words->end - at >= 4 && at[2] == 'M' && at[3] == '!')))
	{
		at += at[2] == '!' ? 3 : 4;
		while (at < words->end && isdigit((unsigned char) *at))
			at++;
		return at;
	}
	if (words->end - at >= 2 && at[0] == '/' && at[1] == '*')
	{
		close = memmem(at + 2, (size_t) (words->end - at - 2), "*/", 2);
		return close != NULL ? close + 2 : words->end;
	}
	if (words->end - at >= 2 && at[0] == '*' && at[1] == '/')
		return at + 2; /* the end of an executable one */
	if (*at == '#' ||
		(words->end - at >= 3 && at[0] == '-' && at[1] == '-' && isspace((unsigned char) at[2])))
	{
		close = memchr(at, '\n', (size_t) (words->end - at));
		return close != NULL ? close + 1 : words->end;
	}
	return at;
}

void
words_skip_space(Words *words)
{
	const char *before;

	do
	{
		before = words->at;
		while (words->at < words->end && isspace((unsigned char) *words->at))
			words->at++;
		if (words->at < words->end)
			words->at = skip_comment(words);
	} while (words->at != before);
}

bool
word_character(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '$' || (c & 0x80) != 0;
}

bool
words_take(Words *words, const char *word)
{
	size_t length = strlen(word);

	words_skip_space(words);
	if ((size_t) (words->end - words->at) < length || strncasecmp(words->at, word, length) != 0 ||
		((size_t) (words->end - words->at) > length && word_character(words->at[length]) &&
		 word_character(word[length - 1])))
		return false;
	words->at += length;
	return true;
}

bool
words_take_all(Words *words, const char *list)
{
	Words before = *words;
	char word[32];

	while (*list != '\0')
	{
		size_t length = strcspn(list, " ");

		memcpy(word, list, length);
		word[length] = '\0';
		if (!words_take(words, word))
		{
			*words = before;
			return false;
		}
		list += length + (list[length] == ' ');
	}
	return true;
}

static bool
add_character(StatementName *name, size_t *length, char c)
{
	if (*length + 1 >= sizeof(name->text))
		return false;
	name->text[(*length)++] = c;
	return true;
}

bool
words_take_quoted(Words *words, StatementName *name)
{
	char quote = *words->at++;
	size_t length = 0;

	while (words->at < words->end)
	{
		char c = *words->at++;

		if (c == quote)
		{
			if (words->at == words->end || *words->at != quote)
			{
				name->text[length] = '\0';
				return true;
			}
			words->at++;
		}
		if (!add_character(name, &length, c))
			return false;
	}
	return false;
}

bool
words_take_name(Words *words, StatementName *name)
{
	size_t length = 0;

	name->text[0] = '\0';
	words_skip_space(words);
	if (words->at == words->end)
		return false;
	if (*words->at == '`' || (*words->at == '"' && words->ansi_quotes))
		return words_take_quoted(words, name);
	while (words->at < words->end && word_character(*words->at))
	{
		if (!add_character(name, &length, *words->at++))
			return false;
	}
	name->text[length] = '\0';
	return length > 0;
}

bool
words_take_table(Words *words, StatementName *schema, StatementName *name)
{
	schema->text[0] = '\0';
	if (!words_take_name(words, name))
		return false;
	words_skip_space(words);
	if (words->at == words->end || *words->at != '.')
		return true;
	words->at++;
	*schema = *name;
	return words_take_name(words, name);
}
