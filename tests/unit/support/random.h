/*
 * random.h - random numbers that can be repeated: a test prints its seed, TEST_SEED sets it.
 */
#ifndef SLUICE_TESTS_RANDOM_H
#define SLUICE_TESTS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Random
{
	uint64_t state;
} Random;

/* The seed of the environment variable TEST_SEED, 1 without it, printed as a comment. */
extern Random random_start(void);
extern Random random_of(uint64_t seed);

extern uint64_t random_u64(Random *random);

/* 0 .. limit - 1; limit is not 0. */
extern uint32_t random_below(Random *random, uint32_t limit);

/* True in so many of a hundred cases. */
extern bool random_chance(Random *random, unsigned percent);

extern void random_fill(Random *random, void *out, size_t length);

#endif
