/*
 * pg_number.h - integers and numerics as PostgreSQL prints them.
 *
 * The functions that take `at` write there and return the end of what they wrote, without a NUL.
 */
#ifndef SLUICE_CORE_PG_NUMBER_H
#define SLUICE_CORE_PG_NUMBER_H

#include "bytebuf.h"

#define PG_INTEGER_SIZE 20 /* room that every integer fits */

extern char *pg_put_uint64(uint64_t value, char *at);
extern char *pg_put_int64(int64_t value, char *at);

/* A numeric in its send format. */
typedef enum PgNumericKind
{
	PG_NUMERIC_FINITE,
	PG_NUMERIC_NAN,
	PG_NUMERIC_INFINITY,
	PG_NUMERIC_MINUS_INFINITY
} PgNumericKind;

typedef struct PgNumeric
{
	PgNumericKind kind;
	bool negative;
	int weight; /* of the first group, in powers of 10000 */
	unsigned scale;
	unsigned groups; /* digits of base 10000, each a u16 at `digits` */
	const uint8_t *digits;
} PgNumeric;

/* False when the bytes are none. */
extern bool pg_numeric_read(const uint8_t *data, uint32_t length, PgNumeric *numeric);

/* How many digits stand before the point (0 for 0.5), and how many behind it up to the last that is not 0. */
extern unsigned pg_numeric_integer_digits(const PgNumeric *numeric);
extern unsigned pg_numeric_fraction_digits(const PgNumeric *numeric);

/* Appends it with `scale` digits behind the point, cut off or filled with zeros; its own: numeric->scale. */
extern bool pg_numeric_put(const PgNumeric *numeric, unsigned scale, ByteBuf *out,
						   SluiceError *err) SLUICE_MUST_CHECK;

#endif
