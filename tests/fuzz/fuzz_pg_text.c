/*
 * fuzz_pg_text.c - any bytes as a value: an oid of two bytes, then the value; printed or refused.
 */
#include "common/core/bytebuf.h"
#include "common/core/pg_text.h"
#include "fuzz.h"

#define ROOM (1 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SluiceError err = {0};
	ByteBuf out;
	PgType type;

	if (size < 2 || !pg_type_find(load_u16(data), &type))
		return 0;
	bytebuf_init(&out, &allocator_malloc, ROOM);
	if (!pg_text(&type, data + 2, (uint32_t) size - 2, &out, &err))
		FUZZ_ASSERT(err.code == SLUICE_ERROR_DATA || err.code == SLUICE_ERROR_LIMIT);
	bytebuf_free(&out);
	return 0;
}
