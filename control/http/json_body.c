/*
 * json_body.c - jansson, behind a look at the depth, which it does not bound tightly.
 */
#include "json_body.h"

#include <string.h>

/* The deepest nesting of brackets outside of texts. */
static size_t
depth_of(const char *text, size_t length)
{
	size_t depth = 0;
	size_t deepest = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++)
	{
		if (quoted)
		{
			if (text[i] == '\\')
				i++;
			else
				quoted = text[i] != '"';
		}
		else if (text[i] == '"')
			quoted = true;
		else if (text[i] == '{' || text[i] == '[')
		{
			depth++;
			deepest = depth > deepest ? depth : deepest;
		}
		else if ((text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
	}
	return deepest;
}

/* What jansson's codes say, without what it quotes of the text. */
static const char *
reason_of(enum json_error_code code)
{
	switch (code)
	{
		case json_error_invalid_utf8: return "it is no UTF-8";
		case json_error_premature_end_of_input: return "it ends too early";
		case json_error_end_of_input_expected: return "something comes behind its end";
		case json_error_null_character: return "a text has a NUL character in it";
		case json_error_null_byte_in_key: return "a member's name has a NUL character in it";
		case json_error_duplicate_key: return "a member is there twice";
		case json_error_numeric_overflow: return "a number is too large";
		case json_error_out_of_memory: return "there is no memory for it";
		default: return "it is no JSON";
	}
}

json_t *
json_body_read(const char *text, size_t length, SluiceError *err)
{
	json_error_t error;
	json_t *value;

	if (depth_of(text, length) > JSON_DEPTH_MAXIMUM)
	{
		(void) sluice_fail(err, SLUICE_ERROR_CORRUPT, "it is nested deeper than %d levels",
						   JSON_DEPTH_MAXIMUM);
		return NULL;
	}
	value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (value == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_CORRUPT, "line %d, column %d: %s", error.line,
						   error.column, reason_of(json_error_code(&error)));
	return value;
}
