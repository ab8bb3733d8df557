/*
 * pg_identifier.c - cutting names (pg_identifier.h).
 */
#include "pg_identifier.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "crc32c.h"

#define SUFFIX_LENGTH 9 /* "_" and the checksum */

const char *
pg_identifier_fit(const char *name, char fitted[PG_IDENTIFIER_SIZE])
{
	size_t length = strlen(name), kept = PG_IDENTIFIER_SIZE - 1 - SUFFIX_LENGTH;

	if (length < PG_IDENTIFIER_SIZE)
	{
		memcpy(fitted, name, length + 1);
		return fitted;
	}
	/* Not within a character: what follows may not be a byte that goes on with one. */
	while (kept > 0 && ((uint8_t) name[kept] & 0xC0) == 0x80)
		kept--;
	(void) snprintf(fitted, PG_IDENTIFIER_SIZE, "%.*s_%08x", (int) kept, name,
					(unsigned) crc32c(0, name, length));
	return fitted;
}
