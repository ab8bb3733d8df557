/*
 * canon.h - the canonical types: what a value is on its way, whatever database it came from.
 *
 * A reader maps its source's types to these, a writer maps these to its target's.  The encoding is
 * PostgreSQL's binary send format wherever one exists, in network byte order:
 *
 *   bool        1 byte, 0 or 1                int16/32/64, uint64   two's complement / unsigned
 *   float32/64  IEEE 754                      decimal      numeric_send: ndigits, weight, sign, dscale,
 *   text, bytes, json, enum   the bytes                    base-10000 digits, each int16
 *   jsonb       version byte 1, JSON text     date         int32 days since 2000-01-01
 *   time        int64 us since midnight       timetz       time, int32 seconds west of UTC
 *   timestamp, timestamptz   int64 us since 2000-01-01 (UTC); INT64_MIN/MAX are -/+infinity
 *   interval    int64 us, int32 days, int32 months        uuid   16 bytes
 *   bits        int32 number of bits, bytes    array        array_send of a built-in element type
 *   network     inet_send/cidr_send            set          text labels joined by ','
 *   geometry    well-known binary with SRID    builtin      the send format of the PostgreSQL built-in
 *   other       source text                                 type that the column's type oid names
 *
 * `builtin` is for what only PostgreSQL has (ranges, tsvector, point, ...); `other` for types whose
 * meaning only the source knows (extensions' and users' types), carried as text with their name.
 */
#ifndef SLUICE_CORE_CANON_H
#define SLUICE_CORE_CANON_H

#include <stdbool.h>
#include <stdint.h>

typedef enum CanonType
{
	CANON_BOOL = 1,
	CANON_INT16 = 2,
	CANON_INT32 = 3,
	CANON_INT64 = 4,
	CANON_UINT64 = 5,
	CANON_FLOAT32 = 6,
	CANON_FLOAT64 = 7,
	CANON_DECIMAL = 8,
	CANON_TEXT = 9,
	CANON_BYTES = 10,
	CANON_DATE = 11,
	CANON_TIME = 12,
	CANON_TIMETZ = 13,
	CANON_TIMESTAMP = 14,
	CANON_TIMESTAMPTZ = 15,
	CANON_INTERVAL = 16,
	CANON_UUID = 17,
	CANON_JSON = 18,
	CANON_JSONB = 19,
	CANON_BITS = 20,
	CANON_ENUM = 21,
	CANON_SET = 22,
	CANON_ARRAY = 23,
	CANON_GEOMETRY = 24,
	CANON_NETWORK = 25,
	CANON_BUILTIN = 26,
	CANON_OTHER = 27,
	CANON_LAST = CANON_OTHER
} CanonType;

/* "bool", "int16", ...; NULL for a number that is no canonical type. */
extern const char *canon_name(unsigned type);

/* Bytes of every value of the type, 0 when they vary. */
extern uint32_t canon_fixed_length(CanonType type);

/*
 * Whether `length` bytes at `data` can be a value of the type: lengths and the inner sizes of
 * decimals, bits and jsonb are held against each other.  It does not judge what a database would.
 */
extern bool canon_valid(CanonType type, const uint8_t *data, uint32_t length);

#endif
