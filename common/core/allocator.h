/*
 * allocator.h - where shared code gets memory, so that tests can make every allocation fail in turn
 * and a host (PostgreSQL) can keep account of it.
 *
 * get() returns NULL on failure and never unwinds; put() accepts NULL.  There is no resize: growth
 * is get + copy + put.
 */
#ifndef SLUICE_CORE_ALLOCATOR_H
#define SLUICE_CORE_ALLOCATOR_H

#include <stddef.h>

typedef struct Allocator
{
	void *(*get)(void *context, size_t size);
	void (*put)(void *context, void *pointer);
	void *context;
} Allocator;

/* malloc and free; safe from any thread. */
extern const Allocator allocator_malloc;

#endif
