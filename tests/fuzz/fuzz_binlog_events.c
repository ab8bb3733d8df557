/*
 * fuzz_binlog_events.c - any bytes as a binary log without its magic: all groups, rows and values are
 * read until something is wrong.
 */
#include "tests/unit/support/log_walk.h"

#include "fuzz.h"

#define ROOM (1 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SluiceError err = {0};
	LogCounts counts;

	if (!log_walk(data, size, ROOM, &counts, &err))
		FUZZ_ASSERT(err.code != SLUICE_OK && err.message[0] != '\0');
	FUZZ_ASSERT(counts.ends[0] + counts.ends[1] + counts.ends[2] + counts.ends[3] <= counts.groups);
	return 0;
}
