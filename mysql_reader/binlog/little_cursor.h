/*
 * little_cursor.h - reads the integers and texts of MySQL's formats, which are little-endian.
 *
 * Every get fails with SLUICE_ERROR_CORRUPT when the bytes are not there; lengths are compared with
 * what is left, never added to a pointer first.
 */
#ifndef SLUICE_MYSQL_READER_LITTLE_CURSOR_H
#define SLUICE_MYSQL_READER_LITTLE_CURSOR_H

#include "common/core/bytebuf.h"

static inline size_t
little_left(const ByteCursor *cursor)
{
	return (size_t) (cursor->end - cursor->at);
}

/* An unsigned integer of 1 to 8 bytes that are known to be there. */
static inline uint64_t
little_load(const uint8_t *at, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = bytes; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

/* The same, most significant byte first. */
static inline uint64_t
big_load(const uint8_t *at, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

/* An integer of 1 to 8 bytes. */
extern bool little_unsigned(ByteCursor *cursor, unsigned bytes, uint64_t *out,
							SluiceError *err) SLUICE_MUST_CHECK;
extern bool little_u8(ByteCursor *cursor, uint8_t *out, SluiceError *err) SLUICE_MUST_CHECK;
extern bool little_u16(ByteCursor *cursor, uint16_t *out, SluiceError *err) SLUICE_MUST_CHECK;
extern bool little_u32(ByteCursor *cursor, uint32_t *out, SluiceError *err) SLUICE_MUST_CHECK;
extern bool little_u64(ByteCursor *cursor, uint64_t *out, SluiceError *err) SLUICE_MUST_CHECK;

/* MySQL's length-encoded integer: 0..250 itself, 0xfc, 0xfd, 0xfe and 2, 3, 8 bytes. */
extern bool little_packed(ByteCursor *cursor, uint64_t *out, SluiceError *err) SLUICE_MUST_CHECK;

/* A packed length and so many bytes, which stay where they are. */
extern bool little_packed_bytes(ByteCursor *cursor, const uint8_t **out, size_t *length,
								SluiceError *err) SLUICE_MUST_CHECK;

/* A cursor over the next `length` bytes, which are passed. */
extern bool little_part(ByteCursor *cursor, uint64_t length, ByteCursor *part,
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
