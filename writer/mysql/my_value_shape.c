/*
 * my_value_shape.c - geometry: the server keeps the SRID as four bytes, least first, then well-known
 * binary in the same order.
 *
 * PostGIS has the SRID inside (EWKB); its types come as the hexadecimal text that they print.
 */
#include "my_value_parts.h"

#include <math.h>

#include "common/core/pg_float.h"

enum
{
	SRID_SIZE = 4,
	WKB_HEAD = 5, /* order of bytes, type */
	WKB_POINT = 1,
	LEAST_FIRST = 1
};

#define EWKB_Z	  0x80000000U
#define EWKB_M	  0x40000000U
#define EWKB_SRID 0x20000000U

/* Types of well-known binary with Z or M are those without and a thousand or more. */
#define WKB_FLAT_TYPES 1000

static void
store_least_first(uint8_t *at, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (uint8_t) (number >> 8 * i);
}

bool
my_encode_point(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				SluiceError *err)
{
	uint8_t *at = (uint8_t *) c->small;

	if (!isfinite(pg_load_float64(data)) || !isfinite(pg_load_float64(data + 8)))
		return my_lose(c, data, length, "its coordinates must be finite", value, err);
	store_least_first(at, 0, SRID_SIZE);
	at[SRID_SIZE] = LEAST_FIRST;
	store_least_first(at + SRID_SIZE + 1, WKB_POINT, 4);
	store_least_first(at + SRID_SIZE + WKB_HEAD, load_u64(data), 8);
	store_least_first(at + SRID_SIZE + WKB_HEAD + 8, load_u64(data + 8), 8);
	return my_give_small(c, MY_BYTES, c->small + SRID_SIZE + WKB_HEAD + 16, value);
}

static int
hex_value(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The bytes of hexadecimal text, with room for the SRID before them; false when it is none. */
static bool
read_hex(MyConverter *c, const uint8_t *data, uint32_t length)
{
	c->scratch.length = SRID_SIZE;
	for (uint32_t i = 0; i + 1 < length; i += 2)
	{
		int high = hex_value(data[i]);
		int low = hex_value(data[i + 1]);

		if (high < 0 || low < 0)
			return false;
		c->scratch.data[c->scratch.length++] = (uint8_t) (high << 4 | low);
	}
	return length % 2 == 0;
}

static bool
take_bytes(MyConverter *c, const uint8_t *data, uint32_t length, SluiceError *err)
{
	c->scratch.length = 0;
	if (!bytebuf_reserve(&c->scratch, SRID_SIZE + (size_t) length, err))
		return false;
	if (c->canon == CANON_OTHER)
		return read_hex(c, data, length) || my_malformed(c, err);
	memcpy(c->scratch.data + SRID_SIZE, data, length);
	c->scratch.length = SRID_SIZE + (size_t) length;
	return true;
}

bool
my_encode_geometry(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				   SluiceError *err)
{
	uint8_t *wkb;
	uint32_t type;

	if (!take_bytes(c, data, length, err))
		return false;
	wkb = c->scratch.data + SRID_SIZE;
	if (c->scratch.length < SRID_SIZE + WKB_HEAD)
		return my_malformed(c, err);
	if (wkb[0] != LEAST_FIRST)
		return my_lose(c, data, length, "its bytes have the highest first", value, err);
	type = wkb[1] | (uint32_t) wkb[2] << 8 | (uint32_t) wkb[3] << 16 | (uint32_t) wkb[4] << 24;
	if ((type & (EWKB_Z | EWKB_M)) != 0 || (type & ~EWKB_SRID) >= WKB_FLAT_TYPES)
		return my_lose(c, data, length, "it has more than two dimensions", value, err);
	store_least_first(c->scratch.data, 0, SRID_SIZE);
	if ((type & EWKB_SRID) == 0)
		return my_give_scratch(c, MY_BYTES, value);
	/* order, type, SRID, rest: the SRID goes to the front */
	if (c->scratch.length < SRID_SIZE + WKB_HEAD + SRID_SIZE)
		return my_malformed(c, err);
	memcpy(c->scratch.data, wkb + WKB_HEAD, SRID_SIZE);
	store_least_first(wkb + 1, type & ~EWKB_SRID, 4);
	memmove(wkb + WKB_HEAD, wkb + WKB_HEAD + SRID_SIZE,
			c->scratch.length - SRID_SIZE - WKB_HEAD - SRID_SIZE);
	c->scratch.length -= SRID_SIZE;
	return my_give_scratch(c, MY_BYTES, value);
}
