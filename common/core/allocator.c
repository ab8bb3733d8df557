/*
 * allocator.c - the malloc-backed allocator.
 */
#include "allocator.h"

#include <stdlib.h>

static void *
get_malloc(void *context, size_t size)
{
	(void) context;
	return malloc(size);
}

static void
put_malloc(void *context, void *pointer)
{
	(void) context;
	free(pointer);
}

const Allocator allocator_malloc = {get_malloc, put_malloc, NULL};
