/*
 * retry.c - backoff: the arithmetic is pure, the counter beside it is a convenience.
 */
#include "retry.h"

#include <limits.h>

int64_t
retry_delay(const RetryPolicy *policy, unsigned attempt, uint32_t random)
{
	int64_t whole = policy->first;

	while (attempt-- > 0 && whole < policy->most)
		whole = whole > policy->most / 2 ? policy->most : whole * 2;
	if (whole > policy->most)
		whole = policy->most;
	return whole - (int64_t) ((double) (whole / 2) * ((double) random / UINT32_MAX));
}

/* splitmix64: any seed will do, 0 included. */
static uint32_t
next_random(uint64_t *state)
{
	uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (uint32_t) ((mixed ^ (mixed >> 31)) >> 32);
}

void
retry_init(Retry *retry, RetryPolicy policy, uint64_t seed)
{
	retry->policy = policy;
	retry->attempt = 0;
	retry->state = seed;
}

int64_t
retry_next(Retry *retry)
{
	int64_t delay = retry_delay(&retry->policy, retry->attempt, next_random(&retry->state));

	if (retry->attempt < UINT_MAX)
		retry->attempt++;
	return delay;
}

void
retry_reset(Retry *retry)
{
	retry->attempt = 0;
}
