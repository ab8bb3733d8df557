/*
 * charset.h - texts of any of MySQL's character sets to UTF-8.
 *
 * A log has texts in the character set of their column.  UTF-8 ones are only checked; those of one
 * byte a character are looked up in a table, which the server itself fills (so that a text comes out
 * as a query would have given it); the others go through iconv.
 */
#ifndef SLUICE_MYSQL_READER_CHARSET_H
#define SLUICE_MYSQL_READER_CHARSET_H

#include "common/core/bytebuf.h"

typedef struct Charset Charset;

/* By MySQL's name ("latin1"); ARGUMENT for one that is not known.  NULL on error. */
extern Charset *charset_open(const char *name, SluiceError *err);
extern void charset_close(Charset *charset);

/* What becomes of bytes that are no text. */
typedef enum TextPolicy
{
	TEXT_ERROR,
	TEXT_REPLACE /* U+FFFD */
} TextPolicy;

extern const char *charset_name(const Charset *charset);

/* Whether every character has one byte: then charset_learn() can make it exact. */
extern bool charset_is_single(const Charset *charset);

/* What the server makes of one byte; up to 4 bytes of UTF-8, none when it is no character. */
extern void charset_learn(Charset *charset, uint8_t byte, const char *utf8, size_t length);

/*
 * Gives the text in UTF-8: in place when it is that already, else in *scratch, whose content is
 * replaced.  DATA when the bytes are no text of the character set, naming the first wrong one, unless
 * the policy replaces it.
 */
extern bool charset_read(Charset *charset, TextPolicy policy, const uint8_t *text, size_t length,
						 ByteBuf *scratch, const uint8_t **utf8, size_t *utf8_length,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* The first byte that belongs to no well-formed UTF-8, or `length`. */
extern size_t charset_utf8_valid(const uint8_t *text, size_t length);

#endif
