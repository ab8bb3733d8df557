/*
 * decimal.h - MySQL's packed decimals, as canonical ones (canon.h: PostgreSQL's numeric_send) and as
 * text.
 */
#ifndef SLUICE_MYSQL_READER_DECIMAL_H
#define SLUICE_MYSQL_READER_DECIMAL_H

#include "common/core/bytebuf.h"

#define DECIMAL_DIGITS_MAXIMUM 81 /* of any column; current servers have 65 */

/* Bytes of a packed decimal. */
extern uint32_t decimal_packed_size(uint8_t precision, uint8_t scale);

/*
 * Reads a packed decimal of that size: its digits as text, "-12.340", with `scale` of them behind the
 * point.  The text has room for DECIMAL_TEXT_SIZE.  CORRUPT when a group of digits is none.
 */
#define DECIMAL_TEXT_SIZE (DECIMAL_DIGITS_MAXIMUM + 4)
extern bool decimal_text(const uint8_t *packed, uint8_t precision, uint8_t scale, char *text,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Appends the canonical form of digits like those, without exponent: also of a server's own text. */
extern bool decimal_canonical(const char *text, size_t length, ByteBuf *out,
							  SluiceError *err) SLUICE_MUST_CHECK;

#endif
