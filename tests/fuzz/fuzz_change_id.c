/*
 * fuzz_change_id.c - any text as a change identity; one that is read must survive being written.
 */
#include "common/core/change_id.h"
#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char again[CHANGE_ID_TEXT];
	SluiceError err;
	ChangeId back;
	ChangeId id;

	FUZZ_ASSERT(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (change_id_parse(text, &id, &err))
	{
		FUZZ_ASSERT(change_id_parse(change_id_format(&id, again), &back, &err));
		FUZZ_ASSERT(id.incarnation == back.incarnation && change_id_compare(&id, &back) == 0);
	}
	free(text);
	return 0;
}
