/*
 * utf8.c - the well-formed byte sequences of the Unicode standard, table 3-7.
 */
#include "utf8.h"

size_t
utf8_sequence(const char *text, size_t left)
{
	const unsigned char *at = (const unsigned char *) text;
	size_t length = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;

	if (at[0] > 0xF4 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xC0) != 0x80)
			return 0;
	if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
		(at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
		return 0;
	return length;
}
