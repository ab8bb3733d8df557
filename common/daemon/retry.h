/*
 * retry.h - how long to wait before trying again: exponential backoff with jitter and a cap.
 *
 * The n-th wait is between half and the whole of first * 2^n, at most `most`; the random part keeps
 * many clients of one restarted server from coming back in step.
 */
#ifndef SLUICE_DAEMON_RETRY_H
#define SLUICE_DAEMON_RETRY_H

#include <stdint.h>

typedef struct RetryPolicy
{
	int64_t first; /* milliseconds, > 0 */
	int64_t most;  /* milliseconds, >= first */
} RetryPolicy;

/* The wait in milliseconds before attempt + 1 (the first attempt is 0), for any random number. */
extern int64_t retry_delay(const RetryPolicy *policy, unsigned attempt, uint32_t random);

/* Counts attempts for one peer. */
typedef struct Retry
{
	RetryPolicy policy;
	unsigned attempt; /* failed ones since the last success */
	uint64_t state;	  /* of the random numbers */
} Retry;

/* `seed` may be anything that differs between processes. */
extern void retry_init(Retry *retry, RetryPolicy policy, uint64_t seed);

/* After a failure: the wait in milliseconds; each one counts as an attempt. */
extern int64_t retry_next(Retry *retry);

/* After a success. */
extern void retry_reset(Retry *retry);

#endif
