/*
 * unpack.c - zlib and zstd inside of events (unpack.h).
 *
 * Invariant: a length that a log announces is never allocated beyond the buffer's maximum, and a
 * stream that gives more or less than it announced is corrupt.
 */
#include "unpack.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define RAW_DEFLATE (-MAX_WBITS)

/* Inflates to exactly `length` bytes, which take the place of what is in *out. */
static bool
inflate_to(ByteCursor packed, int window, uint64_t length, ByteBuf *out, SluiceError *err)
{
	z_stream stream = {.next_in = (Bytef *) packed.at, .avail_in = (uInt) little_left(&packed)};
	int status;

	out->length = 0;
	if (length > UINT32_MAX || little_left(&packed) > UINT32_MAX)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "a compressed value of more than 4 GiB");
	if (!bytebuf_reserve(out, (size_t) length + 1, err))
		return false;
	if (inflateInit2(&stream, window) != Z_OK)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for zlib");
	stream.next_out = out->data;
	stream.avail_out = (uInt) length + 1; /* one more, to see what is too long */
	status = inflate(&stream, Z_FINISH);
	(void) inflateEnd(&stream);
	if (status != Z_STREAM_END || stream.total_out != length)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "compressed bytes that cannot be unpacked");
	out->length = (size_t) length;
	return true;
}

bool
unpack_event(ByteCursor packed, ByteBuf *out, SluiceError *err)
{
	uint8_t head;
	const uint8_t *length;

	if (!little_u8(&packed, &head, err))
		return false;
	if ((head & 0xf0) != 0x80 || (head & 0x0f) < 1 || (head & 0x0f) > 4)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "an unknown compression 0x%02x", head);
	return cursor_take(&packed, head & 0x0f, &length, err) &&
		   inflate_to(packed, MAX_WBITS, big_load(length, head & 0x0f), out, err);
}

bool
unpack_column(const uint8_t *stored, size_t length, ByteBuf *out, const uint8_t **value,
			  size_t *value_length, SluiceError *err)
{
	ByteCursor packed = {stored, stored + length};
	uint8_t head;
	const uint8_t *raw_length;

	*value = stored;
	*value_length = 0;
	if (length == 0)
		return true;
	if (!little_u8(&packed, &head, err))
		return false;
	if (head >> 4 == 0)
	{
		*value = packed.at;
		*value_length = little_left(&packed);
		return true;
	}
	if (head >> 4 != 8 || (head & 7) < 1)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "an unknown compression 0x%02x", head);
	if (!cursor_take(&packed, head & 7, &raw_length, err) ||
		!inflate_to(packed, (head & 8) != 0 ? RAW_DEFLATE : MAX_WBITS,
					big_load(raw_length, head & 7), out, err))
		return false;
	*value = out->data;
	*value_length = out->length;
	return true;
}

/* ---- whole transactions ---- */

enum
{
	FIELD_END,
	FIELD_SIZE,
	FIELD_COMPRESSION,
	FIELD_RAW_SIZE
};

enum
{
	PAYLOAD_ZSTD = 0,
	PAYLOAD_PLAIN = 255
};

struct PayloadReader
{
	ByteCursor packed;	  /* what was not unpacked yet */
	ZSTD_DStream *stream; /* NULL: it is not compressed */
	bool ended;			  /* a frame of the stream is whole */
	ByteBuf buf;		  /* unpacked: [done, buf.length) is not given out yet */
	size_t done;
};

static bool
read_payload_fields(ByteCursor *body, uint64_t *size, uint64_t *compression, SluiceError *err)
{
	*compression = PAYLOAD_PLAIN;
	*size = UINT64_MAX;
	for (;;)
	{
		uint64_t field;
		const uint8_t *data;
		size_t length;
		ByteCursor value;

		if (!little_packed(body, &field, err))
			return false;
		if (field == FIELD_END)
			break;
		if (!little_packed_bytes(body, &data, &length, err))
			return false;
		value = (ByteCursor){data, data + length};
		if ((field == FIELD_SIZE && !little_packed(&value, size, err)) ||
			(field == FIELD_COMPRESSION && !little_packed(&value, compression, err)))
			return false;
	}
	if (*size != little_left(body))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a transaction of another size than it says");
	return true;
}

PayloadReader *
payload_open(const Event *event, size_t maximum, SluiceError *err)
{
	ByteCursor body = event->body;
	uint64_t size, compression;
	PayloadReader *reader;

	if (!read_payload_fields(&body, &size, &compression, err))
		return NULL;
	if (compression != PAYLOAD_ZSTD && compression != PAYLOAD_PLAIN)
	{
		sluice_error_fill(err, SLUICE_ERROR_VERSION, "a transaction with unknown compression %u",
						  (unsigned) compression);
		return NULL;
	}
	reader = calloc(1, sizeof(*reader));
	if (reader != NULL)
	{
		reader->packed = body;
		bytebuf_init(&reader->buf, &allocator_malloc, maximum);
		if (compression == PAYLOAD_PLAIN || (reader->stream = ZSTD_createDStream()) != NULL)
			return reader;
	}
	payload_close(reader);
	sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a compressed transaction");
	return NULL;
}

void
payload_close(PayloadReader *reader)
{
	if (reader == NULL)
		return;
	ZSTD_freeDStream(reader->stream);
	bytebuf_free(&reader->buf);
	free(reader);
}

/* What was given out goes; what is left moves to the front. */
static void
drop_done(PayloadReader *reader)
{
	if (reader->done == 0)
		return;
	reader->buf.length -= reader->done;
	memmove(reader->buf.data, reader->buf.data + reader->done, reader->buf.length);
	reader->done = 0;
}

static bool
unpack_more(PayloadReader *reader, SluiceError *err)
{
	ByteBuf *buf = &reader->buf;
	ZSTD_inBuffer in = {reader->packed.at, little_left(&reader->packed), 0};
	ZSTD_outBuffer out;
	size_t status;

	if (!bytebuf_reserve(buf, 1, err))
		return false;
	out = (ZSTD_outBuffer){buf->data + buf->length, buf->capacity - buf->length, 0};
	status = ZSTD_decompressStream(reader->stream, &out, &in);
	if (ZSTD_isError(status))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a compressed transaction: %s",
						   ZSTD_getErrorName(status));
	reader->packed.at += in.pos;
	buf->length += out.pos;
	reader->ended = status == 0;
	if (in.pos == 0 && out.pos == 0)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a compressed transaction that is cut off");
	return true;
}

/* At least so many bytes that were not given out; *enough is false when the end came before. */
static bool
want(PayloadReader *reader, size_t bytes, bool *enough, SluiceError *err)
{
	ByteBuf *buf = &reader->buf;

	*enough = true;
	if (buf->length - reader->done >= bytes)
		return true;
	drop_done(reader);
	if (buf->capacity < bytes && !bytebuf_reserve(buf, bytes - buf->length, err))
		return false;
	while (buf->length < bytes)
	{
		if (reader->ended && reader->packed.at == reader->packed.end)
		{
			*enough = false;
			return true;
		}
		if (!unpack_more(reader, err))
			return false;
	}
	return true;
}

/* Uncompressed ones lie in the event as they are. */
static bool
next_plain(PayloadReader *reader, const uint8_t **data, size_t *length, SluiceError *err)
{
	uint32_t announced;

	*length = 0;
	if (reader->packed.at == reader->packed.end)
		return true;
	if (!event_length(&reader->packed, &announced, err))
		return false;
	*data = reader->packed.at;
	*length = announced;
	reader->packed.at += announced;
	return true;
}

bool
payload_next(PayloadReader *reader, const uint8_t **data, size_t *length, SluiceError *err)
{
	bool enough;
	uint32_t announced;

	*length = 0;
	if (reader->stream == NULL)
		return next_plain(reader, data, length, err);
	if (!want(reader, EVENT_HEADER_SIZE, &enough, err))
		return false;
	if (!enough)
		return reader->buf.length == reader->done ||
			   sluice_fail(err, SLUICE_ERROR_CORRUPT, "a transaction that ends within an event");
	announced = (uint32_t) little_load(reader->buf.data + reader->done + 9, 4);
	if (announced < EVENT_HEADER_SIZE)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "an event of %u bytes", announced);
	if (!want(reader, announced, &enough, err))
		return false;
	if (!enough)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a transaction that ends within an event");
	*data = reader->buf.data + reader->done;
	*length = announced;
	reader->done += announced;
	return true;
}
