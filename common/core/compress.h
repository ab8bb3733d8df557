/*
 * compress.h - the compressions a bundle may use, behind one table: none, lz4 (block format), zstd.
 */
#ifndef SLUICE_CORE_COMPRESS_H
#define SLUICE_CORE_COMPRESS_H

#include "bytebuf.h"

typedef enum Compression
{
	COMPRESSION_NONE = 0,
	COMPRESSION_LZ4 = 1,
	COMPRESSION_ZSTD = 2
} Compression;

/* "none", "lz4", "zstd"; NULL for a number that is no compression. */
extern const char *compression_name(unsigned compression);

/* The reverse; SLUICE_ERROR_ARGUMENT for another name. */
extern bool compression_parse(const char *name, Compression *out,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* The most bytes that `length` bytes can become; 0 when they are too many for it.  Not for COMPRESSION_NONE. */
extern size_t compress_bound(Compression compression, size_t length);

/* Appends the compressed form of data to out.  Not for COMPRESSION_NONE. */
extern bool compress_append(Compression compression, const uint8_t *data, size_t length,
							ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

/* Fills exactly raw_length bytes at out, or fails with SLUICE_ERROR_CORRUPT. */
extern bool compress_restore(Compression compression, const uint8_t *data, size_t length,
							 uint8_t *out, size_t raw_length, SluiceError *err) SLUICE_MUST_CHECK;

/* What a frame of zstd says it unpacks to; CORRUPT when it does not say. */
extern bool compress_frame_length(const uint8_t *data, size_t length, size_t *raw_length,
								  SluiceError *err) SLUICE_MUST_CHECK;

#endif
