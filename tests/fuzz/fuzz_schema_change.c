/*
 * fuzz_schema_change.c - any bytes as a change of structure: read whole or refused.
 */
#include "common/core/schema_change.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SluiceError err;
	SchemaChange *change = schema_change_read((const char *) data, size, &allocator_malloc, &err);

	if (change == NULL)
		return 0;
	FUZZ_ASSERT(change->stream != NULL && change->command != NULL);
	FUZZ_ASSERT(change->before.stream != NULL && change->after.stream != NULL);
	for (size_t i = 0; i < change->fill_count; i++)
		FUZZ_ASSERT(schema_change_fill(change, change->fills[i].table, change->fills[i].position) !=
					NULL);
	schema_change_free(change);
	return 0;
}
