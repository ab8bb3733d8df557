/*
 * random.c - the splitmix64 generator: one word of state, any seed is as good as another.
 */
#include "random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

Random
random_start(void)
{
	static bool told;
	const char *text = getenv("TEST_SEED");
	uint64_t seed = text == NULL ? 1 : strtoull(text, NULL, 10);

	if (!told)
		(void) printf("# seed %" PRIu64 ", TEST_SEED= sets it\n", seed);
	told = true;
	return random_of(seed);
}

Random
random_of(uint64_t seed)
{
	return (Random){seed};
}

uint64_t
random_u64(Random *random)
{
	uint64_t z = (random->state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

uint32_t
random_below(Random *random, uint32_t limit)
{
	return (uint32_t) (random_u64(random) % limit);
}

bool
random_chance(Random *random, unsigned percent)
{
	return random_below(random, 100) < percent;
}

void
random_fill(Random *random, void *out, size_t length)
{
	uint8_t *at = out;

	for (size_t i = 0; i < length; i++)
		at[i] = (uint8_t) random_u64(random);
}
