/*
 * checksum.c - the checksum by docs/bundle-format.md, written apart from the code under test.
 */
#include "checksum.h"

#include "common/core/bundle_header.h"
#include "common/core/crc32c.h"

#define COMPRESSION_AT 7
#define RAW_SIZE_AT	   12
#define STORED_SIZE_AT 16
#define CHECKSUM_AT	   20

void
checksum_mend(uint8_t *message, size_t length)
{
	if (length < BUNDLE_HEADER_SIZE)
		return;
	store_u32(message + CHECKSUM_AT, 0);
	store_u32(message + CHECKSUM_AT, crc32c_portable(0, message, length));
}

void
checksum_mend_sizes(uint8_t *message, size_t length)
{
	if (length < BUNDLE_HEADER_SIZE)
		return;
	message[COMPRESSION_AT] = COMPRESSION_NONE;
	store_u32(message + RAW_SIZE_AT, (uint32_t) (length - BUNDLE_HEADER_SIZE));
	store_u32(message + STORED_SIZE_AT, (uint32_t) (length - BUNDLE_HEADER_SIZE));
	checksum_mend(message, length);
}
