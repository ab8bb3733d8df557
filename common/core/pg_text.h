/*
 * pg_text.h - values of PostgreSQL's built-in types from their binary send format to the text that
 * their output function prints, without a server.
 *
 * The text is that of DateStyle ISO, IntervalStyle postgres, TimeZone UTC, extra_float_digits 3,
 * bytea_output hex and lc_monetary C.  Types that travel as text anyway (their binary form names
 * objects of one database, or cannot be received) are not known here.
 */
#ifndef SLUICE_CORE_PG_TEXT_H
#define SLUICE_CORE_PG_TEXT_H

#include "bytebuf.h"

/* A built-in type, or arrays of it. */
typedef struct PgType
{
	const struct PgScalar *scalar;
	bool array;
} PgType;

/* The type of an oid; false when it is not known. */
extern bool pg_type_find(uint32_t oid, PgType *type) SLUICE_MUST_CHECK;

/* Whether a type that is known here has that name, in any case: "int4". */
extern bool pg_type_is_named(const char *name);

/* Bytes of every value, 0 when they vary. */
extern uint32_t pg_type_length(const PgType *type);

/*
 * Appends the text of a value.  DATA when the bytes are no value of the type; `out` may then have
 * a part of it.  Any bytes are safe.
 */
extern bool pg_text(const PgType *type, const uint8_t *data, uint32_t length, ByteBuf *out,
					SluiceError *err) SLUICE_MUST_CHECK;

#endif
