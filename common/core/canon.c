/*
 * canon.c - one row per canonical type: its name, its length, its shape.
 */
#include "canon.h"

#include <stddef.h>

#include "bytebuf.h"

#define NUMERIC_POSITIVE	0x0000
#define NUMERIC_NEGATIVE	0x4000
#define NUMERIC_SIGN_NAN	0xC000
#define NUMERIC_SIGN_PINF	0xD000
#define NUMERIC_SIGN_NINF	0xF000
#define NUMERIC_HEADER		8
#define NUMERIC_DIGIT_LIMIT 10000

static bool
valid_bool(const uint8_t *data, uint32_t length)
{
	return length == 1 && data[0] <= 1;
}

static bool
valid_decimal(const uint8_t *data, uint32_t length)
{
	uint16_t digits;
	uint16_t sign;

	if (length < NUMERIC_HEADER)
		return false;
	digits = load_u16(data);
	sign = load_u16(data + 4);
	if (length != NUMERIC_HEADER + 2 * (uint32_t) digits)
		return false;
	if (sign != NUMERIC_POSITIVE && sign != NUMERIC_NEGATIVE)
		return sign == NUMERIC_SIGN_NAN || sign == NUMERIC_SIGN_PINF || sign == NUMERIC_SIGN_NINF;
	for (uint32_t i = 0; i < digits; i++)
	{
		if (load_u16(data + NUMERIC_HEADER + 2 * i) >= NUMERIC_DIGIT_LIMIT)
			return false;
	}
	return true;
}

static bool
valid_bits(const uint8_t *data, uint32_t length)
{
	return length >= 4 && length - 4 == load_u32(data) / 8 + (load_u32(data) % 8 != 0);
}

static bool
valid_jsonb(const uint8_t *data, uint32_t length)
{
	return length >= 1 && data[0] == 1;
}

static const struct
{
	const char *name;
	uint32_t length;
	bool (*valid)(const uint8_t *data, uint32_t length); /* beyond the length; may be NULL */
} types[] = {
	[CANON_BOOL] = {"bool", 1, valid_bool},
	[CANON_INT16] = {"int16", 2, NULL},
	[CANON_INT32] = {"int32", 4, NULL},
	[CANON_INT64] = {"int64", 8, NULL},
	[CANON_UINT64] = {"uint64", 8, NULL},
	[CANON_FLOAT32] = {"float32", 4, NULL},
	[CANON_FLOAT64] = {"float64", 8, NULL},
	[CANON_DECIMAL] = {"decimal", 0, valid_decimal},
	[CANON_TEXT] = {"text", 0, NULL},
	[CANON_BYTES] = {"bytes", 0, NULL},
	[CANON_DATE] = {"date", 4, NULL},
	[CANON_TIME] = {"time", 8, NULL},
	[CANON_TIMETZ] = {"timetz", 12, NULL},
	[CANON_TIMESTAMP] = {"timestamp", 8, NULL},
	[CANON_TIMESTAMPTZ] = {"timestamptz", 8, NULL},
	[CANON_INTERVAL] = {"interval", 16, NULL},
	[CANON_UUID] = {"uuid", 16, NULL},
	[CANON_JSON] = {"json", 0, NULL},
	[CANON_JSONB] = {"jsonb", 0, valid_jsonb},
	[CANON_BITS] = {"bits", 0, valid_bits},
	[CANON_ENUM] = {"enum", 0, NULL},
	[CANON_SET] = {"set", 0, NULL},
	[CANON_ARRAY] = {"array", 0, NULL},
	[CANON_GEOMETRY] = {"geometry", 0, NULL},
	[CANON_NETWORK] = {"network", 0, NULL},
	[CANON_BUILTIN] = {"builtin", 0, NULL},
	[CANON_OTHER] = {"other", 0, NULL},
};

const char *
canon_name(unsigned type)
{
	return type <= CANON_LAST ? types[type].name : NULL;
}

uint32_t
canon_fixed_length(CanonType type)
{
	return types[type].length;
}

bool
canon_valid(CanonType type, const uint8_t *data, uint32_t length)
{
	if (types[type].length != 0 && length != types[type].length)
		return false;
	return types[type].valid == NULL || types[type].valid(data, length);
}
