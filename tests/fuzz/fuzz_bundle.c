/*
 * fuzz_bundle.c - any bytes as a message: as they are, then with sizes made to agree; the checksum
 * is mended both times, so that mutation gets past it.
 */
#include "common/core/bundle.h"
#include "fuzz.h"
#include "tests/unit/support/bundle_walk.h"
#include "tests/unit/support/checksum.h"

#define UNPACKED_MAXIMUM (1 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *message = malloc(size > 0 ? size : 1);
	BundleReader reader;

	FUZZ_ASSERT(message != NULL);
	if (size > 0)
		memcpy(message, data, size);
	bundle_reader_init(&reader, &allocator_malloc, UNPACKED_MAXIMUM);
	checksum_mend(message, size);
	(void) bundle_walk(&reader, message, size);
	checksum_mend_sizes(message, size);
	(void) bundle_walk(&reader, message, size);
	bundle_reader_free(&reader);
	free(message);
	return 0;
}
