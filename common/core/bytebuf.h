/*
 * bytebuf.h - a growing byte buffer with a maximum, and a cursor to read one back.
 *
 * Every buffer is born with the most it may ever hold; asking for more is SLUICE_ERROR_LIMIT, never
 * an unbounded allocation.  All integers are written and read in network byte order.
 */
#ifndef SLUICE_CORE_BYTEBUF_H
#define SLUICE_CORE_BYTEBUF_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "allocator.h"
#include "error.h"

typedef struct ByteBuf
{
	uint8_t *data; /* NULL until the first byte */
	size_t length;
	size_t capacity;
	size_t maximum;
	const Allocator *allocator;
} ByteBuf;

extern void bytebuf_init(ByteBuf *buf, const Allocator *allocator, size_t maximum);
/* May be called again, and on a buffer of zeroes that was never begun. */
extern void bytebuf_free(ByteBuf *buf);

/* Makes room for `more` bytes beyond length; the slow path of bytebuf_reserve(). */
extern bool bytebuf_grow(ByteBuf *buf, size_t more, SluiceError *err) SLUICE_MUST_CHECK;

static inline bool SLUICE_MUST_CHECK
bytebuf_reserve(ByteBuf *buf, size_t more, SluiceError *err)
{
	if (buf->capacity - buf->length >= more)
		return true;
	return bytebuf_grow(buf, more, err);
}

/* Stores at a place that is known to be there; the caller reserved or wrote it before. */
static inline void
store_u16(uint8_t *at, uint16_t value)
{
	value = htobe16(value);
	memcpy(at, &value, sizeof(value));
}

static inline void
store_u32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof(value));
}

static inline void
store_u64(uint8_t *at, uint64_t value)
{
	value = htobe64(value);
	memcpy(at, &value, sizeof(value));
}

static inline uint16_t
load_u16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return be16toh(value);
}

static inline uint32_t
load_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

static inline uint64_t
load_u64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return be64toh(value);
}

extern bool bytebuf_put(ByteBuf *buf, const void *data, size_t length,
						SluiceError *err) SLUICE_MUST_CHECK;
extern bool bytebuf_put_u8(ByteBuf *buf, uint8_t value, SluiceError *err) SLUICE_MUST_CHECK;
extern bool bytebuf_put_u16(ByteBuf *buf, uint16_t value, SluiceError *err) SLUICE_MUST_CHECK;
extern bool bytebuf_put_u32(ByteBuf *buf, uint32_t value, SluiceError *err) SLUICE_MUST_CHECK;
extern bool bytebuf_put_u64(ByteBuf *buf, uint64_t value, SluiceError *err) SLUICE_MUST_CHECK;

/* A text as u16 length, bytes and a NUL that the length leaves out, so that a reader may use it in place. */
extern bool bytebuf_put_text(ByteBuf *buf, const char *text, SluiceError *err) SLUICE_MUST_CHECK;

/* Reading: every get fails with SLUICE_ERROR_CORRUPT when the bytes are not there. */
typedef struct ByteCursor
{
	const uint8_t *at;
	const uint8_t *end;
} ByteCursor;

extern bool cursor_take(ByteCursor *cursor, size_t length, const uint8_t **out,
						SluiceError *err) SLUICE_MUST_CHECK;
extern bool cursor_u8(ByteCursor *cursor, uint8_t *out, SluiceError *err) SLUICE_MUST_CHECK;
extern bool cursor_u16(ByteCursor *cursor, uint16_t *out, SluiceError *err) SLUICE_MUST_CHECK;
extern bool cursor_u32(ByteCursor *cursor, uint32_t *out, SluiceError *err) SLUICE_MUST_CHECK;
extern bool cursor_u64(ByteCursor *cursor, uint64_t *out, SluiceError *err) SLUICE_MUST_CHECK;

/* The text stays inside the cursor's bytes, NUL-terminated there. */
extern bool cursor_text(ByteCursor *cursor, const char **out, SluiceError *err) SLUICE_MUST_CHECK;

#endif
