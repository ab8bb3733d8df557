/*
 * failing_allocator.h - an allocator that counts what it gave and fails the n-th time it is asked.
 *
 *     for (unsigned n = 1;; n++)
 *     {
 *         failing_allocator_init(&failing, n);
 *         done = the_thing(&failing.allocator);    must free all it took either way
 *         assert_int_equal(failing.live, 0);
 *         if (done)
 *             break;
 *     }
 */
#ifndef SLUICE_TESTS_FAILING_ALLOCATOR_H
#define SLUICE_TESTS_FAILING_ALLOCATOR_H

#include "common/core/allocator.h"

typedef struct FailingAllocator
{
	Allocator allocator; /* its context is this struct, which must not move */
	unsigned fail_at;	 /* 0: never */
	unsigned asked;
	unsigned live; /* given and not yet taken back */
} FailingAllocator;

extern void failing_allocator_init(FailingAllocator *failing, unsigned fail_at);

#endif
