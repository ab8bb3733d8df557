/*
 * clean_text.c - U+FFFD for what is no UTF-8 (clean_text.h).
 */
#include "clean_text.h"

#include <stdlib.h>
#include <string.h>

#include "common/daemon/utf8.h"

json_t *
clean_text(const char *text)
{
	size_t length = strlen(text), used = 0, replacement = strlen(UTF8_REPLACEMENT);
	char *clean = malloc(length * replacement + 1);
	json_t *string;

	while (clean != NULL && length > 0)
	{
		size_t sequence = utf8_sequence(text, length);
		size_t taken = sequence > 0 ? sequence : 1;

		memcpy(clean + used, sequence > 0 ? text : UTF8_REPLACEMENT,
			   sequence > 0 ? sequence : replacement);
		used += sequence > 0 ? sequence : replacement;
		text += taken;
		length -= taken;
	}
	string = clean != NULL ? json_stringn(clean, used) : NULL;
	free(clean);
	return string;
}
