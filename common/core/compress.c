/*
 * compress.c - one row per compression: its name, its bound, its two directions.
 */
#include "compress.h"

#include <limits.h>
#include <lz4.h>
#include <zstd.h>

#define ZSTD_LEVEL 1 /* the stream's speed matters more than its last percent */

typedef struct Codec
{
	const char *name;
	size_t (*bound)(size_t length);
	/* Both return the bytes written, 0 for failure. */
	size_t (*pack)(const uint8_t *data, size_t length, uint8_t *out, size_t room);
	size_t (*unpack)(const uint8_t *data, size_t length, uint8_t *out, size_t room);
} Codec;

static size_t
lz4_bound(size_t length)
{
	return length > LZ4_MAX_INPUT_SIZE ? 0 : (size_t) LZ4_compressBound((int) length);
}

static size_t
lz4_pack(const uint8_t *data, size_t length, uint8_t *out, size_t room)
{
	int n = LZ4_compress_default((const char *) data, (char *) out, (int) length, (int) room);

	return n > 0 ? (size_t) n : 0;
}

static size_t
lz4_unpack(const uint8_t *data, size_t length, uint8_t *out, size_t room)
{
	int n;

	if (length > INT_MAX || room > INT_MAX)
		return 0;
	n = LZ4_decompress_safe((const char *) data, (char *) out, (int) length, (int) room);
	return n > 0 ? (size_t) n : 0;
}

static size_t
zstd_pack(const uint8_t *data, size_t length, uint8_t *out, size_t room)
{
	size_t n = ZSTD_compress(out, room, data, length, ZSTD_LEVEL);

	return ZSTD_isError(n) ? 0 : n;
}

static size_t
zstd_unpack(const uint8_t *data, size_t length, uint8_t *out, size_t room)
{
	size_t n = ZSTD_decompress(out, room, data, length);

	return ZSTD_isError(n) ? 0 : n;
}

static const Codec codecs[] = {
	[COMPRESSION_NONE] = {"none", NULL, NULL, NULL},
	[COMPRESSION_LZ4] = {"lz4", lz4_bound, lz4_pack, lz4_unpack},
	[COMPRESSION_ZSTD] = {"zstd", ZSTD_compressBound, zstd_pack, zstd_unpack},
};

#define CODEC_COUNT (sizeof(codecs) / sizeof(codecs[0]))

const char *
compression_name(unsigned compression)
{
	return compression < CODEC_COUNT ? codecs[compression].name : NULL;
}

bool
compression_parse(const char *name, Compression *out, SluiceError *err)
{
	for (unsigned i = 0; i < CODEC_COUNT; i++)
	{
		if (strcmp(name, codecs[i].name) == 0)
		{
			*out = (Compression) i;
			return true;
		}
	}
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "unknown compression \"%s\": it is none, lz4 or zstd", name);
}

size_t
compress_bound(Compression compression, size_t length)
{
	return codecs[compression].bound(length);
}

bool
compress_append(Compression compression, const uint8_t *data, size_t length, ByteBuf *out,
				SluiceError *err)
{
	const Codec *codec = &codecs[compression];
	size_t bound = codec->bound(length);
	size_t written;

	if (bound == 0)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "%zu bytes are too many for %s", length,
						   codec->name);
	if (!bytebuf_reserve(out, bound, err))
		return false;
	written = codec->pack(data, length, out->data + out->length, bound);
	if (written == 0)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "%s could not compress %zu bytes", codec->name,
						   length);
	out->length += written;
	return true;
}

bool
compress_restore(Compression compression, const uint8_t *data, size_t length, uint8_t *out,
				 size_t raw_length, SluiceError *err)
{
	const Codec *codec = &codecs[compression];

	/* Nothing is never compressed, and 0 is what a failed unpack() returns. */
	if (raw_length == 0 || codec->unpack(data, length, out, raw_length) != raw_length)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%s data does not unpack to its %zu bytes",
						   codec->name, raw_length);
	return true;
}

bool
compress_frame_length(const uint8_t *data, size_t length, size_t *raw_length, SluiceError *err)
{
	unsigned long long size = ZSTD_getFrameContentSize(data, length);

	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > SIZE_MAX)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "no zstd frame that says its size");
	*raw_length = (size_t) size;
	return true;
}
