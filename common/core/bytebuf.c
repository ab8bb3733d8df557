/*
 * bytebuf.c - growth, puts and takes of bytebuf.h.
 *
 * Capacity doubles until the maximum; a failed growth leaves the buffer as it was.
 */
#include "bytebuf.h"

#define BYTEBUF_FIRST 512

void
bytebuf_init(ByteBuf *buf, const Allocator *allocator, size_t maximum)
{
	*buf = (ByteBuf){.maximum = maximum, .allocator = allocator};
}

void
bytebuf_free(ByteBuf *buf)
{
	if (buf->allocator != NULL)
		buf->allocator->put(buf->allocator->context, buf->data);
	buf->data = NULL;
	buf->length = buf->capacity = 0;
}

bool
bytebuf_grow(ByteBuf *buf, size_t more, SluiceError *err)
{
	size_t wanted = buf->capacity < BYTEBUF_FIRST ? BYTEBUF_FIRST : buf->capacity;
	uint8_t *data;

	if (more > buf->maximum - buf->length)
		return sluice_fail(err, SLUICE_ERROR_LIMIT,
						   "buffer of %zu bytes cannot take %zu more, its maximum is %zu",
						   buf->length, more, buf->maximum);
	while (wanted < buf->length + more)
		wanted = wanted > buf->maximum / 2 ? buf->maximum : wanted * 2;
	if (wanted > buf->maximum)
		wanted = buf->maximum;
	data = buf->allocator->get(buf->allocator->context, wanted);
	if (data == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %zu bytes", wanted);
	if (buf->length > 0)
		memcpy(data, buf->data, buf->length);
	buf->allocator->put(buf->allocator->context, buf->data);
	buf->data = data;
	buf->capacity = wanted;
	return true;
}

bool
bytebuf_put(ByteBuf *buf, const void *data, size_t length, SluiceError *err)
{
	if (!bytebuf_reserve(buf, length, err))
		return false;
	if (length > 0)
		memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	return true;
}

bool
bytebuf_put_u8(ByteBuf *buf, uint8_t value, SluiceError *err)
{
	return bytebuf_put(buf, &value, 1, err);
}

bool
bytebuf_put_u16(ByteBuf *buf, uint16_t value, SluiceError *err)
{
	if (!bytebuf_reserve(buf, sizeof(value), err))
		return false;
	store_u16(buf->data + buf->length, value);
	buf->length += sizeof(value);
	return true;
}

bool
bytebuf_put_u32(ByteBuf *buf, uint32_t value, SluiceError *err)
{
	if (!bytebuf_reserve(buf, sizeof(value), err))
		return false;
	store_u32(buf->data + buf->length, value);
	buf->length += sizeof(value);
	return true;
}

bool
bytebuf_put_u64(ByteBuf *buf, uint64_t value, SluiceError *err)
{
	if (!bytebuf_reserve(buf, sizeof(value), err))
		return false;
	store_u64(buf->data + buf->length, value);
	buf->length += sizeof(value);
	return true;
}

bool
bytebuf_put_text(ByteBuf *buf, const char *text, SluiceError *err)
{
	size_t length = strlen(text);

	if (length > UINT16_MAX)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "text of %zu bytes, at most %u fit", length,
						   UINT16_MAX);
	if (!bytebuf_reserve(buf, sizeof(uint16_t) + length + 1, err))
		return false;
	return bytebuf_put_u16(buf, (uint16_t) length, err) && bytebuf_put(buf, text, length + 1, err);
}

bool
cursor_take(ByteCursor *cursor, size_t length, const uint8_t **out, SluiceError *err)
{
	if ((size_t) (cursor->end - cursor->at) < length)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%zu bytes expected, %zu left", length,
						   (size_t) (cursor->end - cursor->at));
	*out = cursor->at;
	cursor->at += length;
	return true;
}

bool
cursor_u8(ByteCursor *cursor, uint8_t *out, SluiceError *err)
{
	const uint8_t *at;

	if (!cursor_take(cursor, sizeof(*out), &at, err))
		return false;
	*out = *at;
	return true;
}

bool
cursor_u16(ByteCursor *cursor, uint16_t *out, SluiceError *err)
{
	const uint8_t *at;

	if (!cursor_take(cursor, sizeof(*out), &at, err))
		return false;
	*out = load_u16(at);
	return true;
}

bool
cursor_u32(ByteCursor *cursor, uint32_t *out, SluiceError *err)
{
	const uint8_t *at;

	if (!cursor_take(cursor, sizeof(*out), &at, err))
		return false;
	*out = load_u32(at);
	return true;
}

bool
cursor_u64(ByteCursor *cursor, uint64_t *out, SluiceError *err)
{
	const uint8_t *at;

	if (!cursor_take(cursor, sizeof(*out), &at, err))
		return false;
	*out = load_u64(at);
	return true;
}

bool
cursor_text(ByteCursor *cursor, const char **out, SluiceError *err)
{
	const uint8_t *at;
	uint16_t length;

	if (!cursor_u16(cursor, &length, err) || !cursor_take(cursor, (size_t) length + 1, &at, err))
		return false;
	if (at[length] != '\0' || memchr(at, '\0', length) != NULL)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "text without its end mark");
	*out = (const char *) at;
	return true;
}
