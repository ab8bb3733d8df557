/*
 * fuzz_durable.c - any text as a durable mark; one that is read must survive being written.
 */
#include "common/nats/durable.h"
#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char again[KV_VALUE_MAXIMUM];
	SluiceError err;
	DurableMark back;
	DurableMark mark;

	FUZZ_ASSERT(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (durable_parse(text, &mark, &err))
	{
		FUZZ_ASSERT(durable_parse(durable_format(&mark, again), &back, &err));
		FUZZ_ASSERT(mark.id.incarnation == back.id.incarnation);
		FUZZ_ASSERT(change_id_compare(&mark.id, &back.id) == 0);
		FUZZ_ASSERT(mark.sequence == back.sequence);
		FUZZ_ASSERT(mark.stream_created == back.stream_created);
	}
	free(text);
	return 0;
}
