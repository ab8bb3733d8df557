/*
 * random_value.c - one maker per shape of value.
 */
#include "random_value.h"

#include <string.h>

#include "common/core/bytebuf.h"

#define DIGITS_MAXIMUM	 40
#define ELEMENTS_MAXIMUM 12
#define INT4_OID		 23

static uint32_t
random_length(Random *random)
{
	static const uint32_t lengths[] = {0, 1, 2, 3, 7, 8, 255, 256, 257, 1024};

	if (random_chance(random, 5))
		return random_below(random, RANDOM_VALUE_MAXIMUM + 1);
	if (random_chance(random, 50))
		return random_below(random, 24);
	return lengths[random_below(random, sizeof(lengths) / sizeof(lengths[0]))];
}

/* Whole words of zeros, ones, sign bits or chance: NaN, infinities, the first and last date. */
static uint32_t
make_fixed(Random *random, CanonType type, uint8_t *out)
{
	uint32_t length = canon_fixed_length(type);

	switch (random_below(random, 5))
	{
		case 0: memset(out, 0, length); break;
		case 1: memset(out, 0xFF, length); break;
		case 2:
			memset(out, 0, length);
			out[0] = 0x80;
			break;
		case 3:
			memset(out, 0xFF, length);
			out[0] = 0x7F;
			break;
		default: random_fill(random, out, length);
	}
	if (type == CANON_BOOL)
		out[0] &= 1;
	return length;
}

static uint32_t
make_decimal(Random *random, uint8_t *out)
{
	static const uint16_t signs[] = {0x0000, 0x4000, 0xC000, 0xD000, 0xF000};
	uint16_t sign = signs[random_below(random, 5)];
	uint16_t digits = sign >= 0xC000 ? 0 : (uint16_t) random_below(random, DIGITS_MAXIMUM);

	store_u16(out, digits);
	store_u16(out + 2, (uint16_t) random_u64(random));
	store_u16(out + 4, sign);
	store_u16(out + 6, (uint16_t) random_below(random, 16384));
	for (uint16_t i = 0; i < digits; i++)
		store_u16(out + 8 + 2 * i, (uint16_t) random_below(random, 10000));
	return 8 + 2 * (uint32_t) digits;
}

static uint32_t
make_bits(Random *random, uint8_t *out)
{
	uint32_t bits = random_below(random, 200);
	uint32_t bytes = (bits + 7) / 8;

	store_u32(out, bits);
	random_fill(random, out + 4, bytes);
	return 4 + bytes;
}

/* array_send of integers: dimensions, has-nulls, element type, (length, lower bound), elements. */
static uint32_t
make_array(Random *random, uint8_t *out)
{
	uint32_t elements = random_below(random, ELEMENTS_MAXIMUM);
	uint8_t *at = out;

	store_u32(at, elements > 0);
	store_u32(at + 4, 1);
	store_u32(at + 8, INT4_OID);
	at += 12;
	if (elements > 0)
	{
		store_u32(at, elements);
		store_u32(at + 4, (uint32_t) random_u64(random));
		at += 8;
	}
	for (uint32_t i = 0; i < elements; i++)
	{
		bool null = random_chance(random, 30);

		store_u32(at, null ? UINT32_MAX : 4);
		at += 4;
		if (!null)
		{
			random_fill(random, at, 4);
			at += 4;
		}
	}
	return (uint32_t) (at - out);
}

static uint32_t
make_bytes(Random *random, uint8_t *out)
{
	uint32_t length = random_length(random);

	/* Half of them compress well. */
	if (random_chance(random, 50))
		memset(out, (int) random_below(random, 256), length);
	else
		random_fill(random, out, length);
	return length;
}

uint32_t
random_value(Random *random, CanonType type, uint8_t *out)
{
	uint32_t length;

	if (canon_fixed_length(type) != 0)
		return make_fixed(random, type, out);
	if (type == CANON_DECIMAL)
		return make_decimal(random, out);
	if (type == CANON_BITS)
		return make_bits(random, out);
	if (type == CANON_ARRAY)
		return make_array(random, out);
	length = make_bytes(random, out);
	if (type == CANON_JSONB)
	{
		length += length == 0;
		out[0] = 1;
	}
	return length;
}
