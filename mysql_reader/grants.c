/*
 * grants.c - reading rows of SHOW GRANTS (grants.h).
 */
#include "grants.h"

#include <stddef.h>
#include <string.h>

const char grants_account_query[] =
	"SELECT CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', "
	"CHAR_LENGTH(CURRENT_USER()) - CHAR_LENGTH(REPLACE(CURRENT_USER(), '@', '')))), '@', "
	"QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))";

static bool
has_word(const char *list, size_t length, const char *word)
{
	size_t size = strlen(word);

	for (size_t at = 0; at < length;)
	{
		size_t end = at;

		while (end < length && list[end] != ',')
			end++;
		if (end - at == size && memcmp(list + at, word, size) == 0)
			return true;
		at = end + 1;
		while (at < length && list[at] == ' ')
			at++;
	}
	return false;
}

bool
grants_everywhere(const char *row, const char *privilege)
{
	static const char grant[] = "GRANT ", on[] = " ON *.* TO ";
	const char *list = row + sizeof(grant) - 1;
	const char *end = strstr(row, on);

	if (strncmp(row, grant, sizeof(grant) - 1) != 0 || end == NULL || end < list)
		return false;
	return has_word(list, (size_t) (end - list), privilege) ||
		   has_word(list, (size_t) (end - list), "ALL PRIVILEGES");
}
