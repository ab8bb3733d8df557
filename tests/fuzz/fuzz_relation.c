/*
 * fuzz_relation.c - any bytes as the body of a relation record; what can be read must come out the
 * same when written again.
 */
#include "common/core/bundle_relation.h"
#include "fuzz.h"

#define BODY_MAXIMUM (1 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SluiceError err;
	BundleRelation *relation = bundle_relation_read(data, size, &allocator_malloc, &err);
	ByteBuf again;

	if (relation == NULL)
		return 0;
	bytebuf_init(&again, &allocator_malloc, BODY_MAXIMUM);
	FUZZ_ASSERT(bundle_relation_write(relation, &again, &err));
	FUZZ_ASSERT(again.length == size && memcmp(again.data, data, size) == 0);
	bytebuf_free(&again);
	bundle_relation_free(relation, &allocator_malloc);
	return 0;
}
