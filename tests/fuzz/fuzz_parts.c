/*
 * fuzz_parts.c - a sequence of messages, each behind a length of two bytes, as a consumer gets
 * them: parts go to the assembly, whole bundles and assembled ones to the reader.
 */
#include "common/core/bundle.h"
#include "fuzz.h"
#include "tests/unit/support/bundle_walk.h"
#include "tests/unit/support/checksum.h"

#define ASSEMBLED_MAXIMUM (1 << 16)

/* One message, in memory of its own so that nothing may be read behind it. */
static void
consume(BundleAssembly *assembly, BundleReader *reader, uint8_t *message, size_t length)
{
	BundleHeader header;
	const uint8_t *body;
	SluiceError err;
	bool complete;

	checksum_mend(message, length);
	if (!bundle_header_read(message, length, &header, &body, &err))
		return;
	if (header.kind != BUNDLE_PART)
	{
		(void) bundle_walk(reader, message, length);
		return;
	}
	if (!bundle_assembly_add(assembly, &header, body, &complete, &err))
		return;
	FUZZ_ASSERT(assembly->whole.length <= ASSEMBLED_MAXIMUM);
	FUZZ_ASSERT(complete == (header.part + 1 == header.parts));
	if (complete)
	{
		checksum_mend(assembly->whole.data, assembly->whole.length);
		(void) bundle_walk(reader, assembly->whole.data, assembly->whole.length);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	BundleAssembly assembly;
	BundleReader reader;

	bundle_assembly_init(&assembly, &allocator_malloc, ASSEMBLED_MAXIMUM);
	bundle_reader_init(&reader, &allocator_malloc, ASSEMBLED_MAXIMUM);
	while (end - data >= 2)
	{
		size_t length = load_u16(data);
		uint8_t *message;

		data += 2;
		if (length > (size_t) (end - data))
			length = (size_t) (end - data);
		message = malloc(length + 1);
		FUZZ_ASSERT(message != NULL);
		if (length > 0)
			memcpy(message, data, length);
		consume(&assembly, &reader, message, length);
		free(message);
		data += length;
	}
	bundle_reader_free(&reader);
	bundle_assembly_free(&assembly);
	return 0;
}
