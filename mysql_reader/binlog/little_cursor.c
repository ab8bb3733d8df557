/*
 * little_cursor.c - the slow halves of little_cursor.h.
 */
#include "little_cursor.h"

bool
little_unsigned(ByteCursor *cursor, unsigned bytes, uint64_t *out, SluiceError *err)
{
	const uint8_t *at;

	if (!cursor_take(cursor, bytes, &at, err))
		return false;
	*out = little_load(at, bytes);
	return true;
}

bool
little_u8(ByteCursor *cursor, uint8_t *out, SluiceError *err)
{
	return cursor_u8(cursor, out, err);
}

bool
little_u16(ByteCursor *cursor, uint16_t *out, SluiceError *err)
{
	uint64_t value;

	if (!little_unsigned(cursor, 2, &value, err))
		return false;
	*out = (uint16_t) value;
	return true;
}

bool
little_u32(ByteCursor *cursor, uint32_t *out, SluiceError *err)
{
	uint64_t value;

	if (!little_unsigned(cursor, 4, &value, err))
		return false;
	*out = (uint32_t) value;
	return true;
}

bool
little_u64(ByteCursor *cursor, uint64_t *out, SluiceError *err)
{
	return little_unsigned(cursor, 8, out, err);
}

bool
little_packed(ByteCursor *cursor, uint64_t *out, SluiceError *err)
{
	uint8_t first;

	if (!cursor_u8(cursor, &first, err))
		return false;
	switch (first)
	{
		case 0xfc: return little_unsigned(cursor, 2, out, err);
		case 0xfd: return little_unsigned(cursor, 3, out, err);
		case 0xfe: return little_unsigned(cursor, 8, out, err);
		case 0xfb:
		case 0xff:
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "byte 0x%02x begins no packed integer",
							   first);
		default: *out = first; return true;
	}
}

bool
little_part(ByteCursor *cursor, uint64_t length, ByteCursor *part, SluiceError *err)
{
	const uint8_t *at;

	if (length > little_left(cursor))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%llu bytes announced, %zu there",
						   (unsigned long long) length, little_left(cursor));
	if (!cursor_take(cursor, (size_t) length, &at, err))
		return false;
	*part = (ByteCursor){at, at + length};
	return true;
}

bool
little_packed_bytes(ByteCursor *cursor, const uint8_t **out, size_t *length, SluiceError *err)
{
	uint64_t announced;
	ByteCursor part;

	if (!little_packed(cursor, &announced, err) || !little_part(cursor, announced, &part, err))
		return false;
	*out = part.at;
	*length = (size_t) announced;
	return true;
}
