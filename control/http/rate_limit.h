/*
 * rate_limit.h - token buckets for any number of callers in a fixed amount of memory.
 *
 * A bucket holds `burst` tokens and gets `per_second` of them back; a request takes one.  Buckets lie in small groups by a
 * keyed hash of the caller's name; a newcomer to a full group takes the place of the bucket with the most tokens, so
 * that who is at the limit stays there.  Safe in any thread.
 */
#ifndef SLUICE_CONTROL_RATE_LIMIT_H
#define SLUICE_CONTROL_RATE_LIMIT_H

#include <stdint.h>

#include "common/core/error.h"

typedef struct RateLimit RateLimit;

extern RateLimit *rate_limit_new(unsigned per_second, unsigned burst,
								 SluiceError *err) SLUICE_MUST_CHECK;
extern void rate_limit_free(RateLimit *limit);

/* Takes a token of `who`; false with the seconds after which there is one again.  `now_ms` never goes back. */
extern bool rate_limit_take(RateLimit *limit, const char *who, int64_t now_ms, int *retry_after);

#endif
