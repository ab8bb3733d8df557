/*
 * failing_allocator.c - malloc behind a counter.
 */
#include "failing_allocator.h"

#include <stdlib.h>

static void *
get_or_fail(void *context, size_t size)
{
	FailingAllocator *failing = context;
	void *pointer;

	if (++failing->asked == failing->fail_at)
		return NULL;
	pointer = malloc(size);
	failing->live += pointer != NULL;
	return pointer;
}

static void
put_counted(void *context, void *pointer)
{
	FailingAllocator *failing = context;

	failing->live -= pointer != NULL;
	free(pointer);
}

void
failing_allocator_init(FailingAllocator *failing, unsigned fail_at)
{
	*failing = (FailingAllocator){{get_or_fail, put_counted, failing}, fail_at, 0, 0};
}
