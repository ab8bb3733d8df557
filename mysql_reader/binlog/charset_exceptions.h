/*
 * charset_exceptions.h - characters of several bytes that MySQL and MariaDB read in another way than
 * iconv does.
 *
 * Both servers agree, and test_mysql_source_oracle.py holds all characters of these sets against them.
 */
#ifndef SLUICE_MYSQL_READER_CHARSET_EXCEPTIONS_H
#define SLUICE_MYSQL_READER_CHARSET_EXCEPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters that lie one behind the other on both sides; bytes as one number, the first the highest. */
typedef struct CharsetException
{
	uint32_t first, last, unicode;
} CharsetException;

typedef struct CharsetExceptions
{
	const char *name;				/* MySQL's name of the character set */
	const CharsetException *ranges; /* in the order of their bytes */
	size_t count;

	/* Bytes of the character that begins there, as far as its first two tell. */
	size_t (*length)(const uint8_t *text, size_t left);
} CharsetExceptions;

/* NULL where iconv and the servers agree. */
extern const CharsetExceptions *charset_exceptions_find(const char *name);

/* What the servers make of a character of so many bytes; false when it is no exception. */
extern bool charset_exception_look(const CharsetExceptions *exceptions, const uint8_t *text,
								   size_t length, uint32_t *unicode);

#endif
