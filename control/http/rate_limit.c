/*
 * rate_limit.c - groups of buckets, one lock.
 */
#include "rate_limit.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS	   1024
#define GROUP_SIZE 8

typedef struct Bucket
{
	uint64_t who; /* hash of the name; 0: nobody's */
	double tokens;
	int64_t at_ms; /* when there were so many */
} Bucket;

struct RateLimit
{
	double per_ms, burst;
	unsigned char key[crypto_shorthash_KEYBYTES];
	pthread_mutex_t lock; /* guards the buckets */
	Bucket buckets[GROUPS][GROUP_SIZE];
};

RateLimit *
rate_limit_new(unsigned per_second, unsigned burst, SluiceError *err)
{
	RateLimit *limit = calloc(1, sizeof(*limit));

	if (limit == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making rate limits");
		return NULL;
	}
	limit->per_ms = per_second / 1000.0;
	limit->burst = burst;
	crypto_shorthash_keygen(limit->key);
	(void) pthread_mutex_init(&limit->lock, NULL);
	return limit;
}

void
rate_limit_free(RateLimit *limit)
{
	if (limit == NULL)
		return;
	(void) pthread_mutex_destroy(&limit->lock);
	free(limit);
}

static void
refill(const RateLimit *limit, Bucket *bucket, int64_t now_ms)
{
	if (now_ms > bucket->at_ms)
	{
		bucket->tokens += (double) (now_ms - bucket->at_ms) * limit->per_ms;
		bucket->at_ms = now_ms;
	}
	if (bucket->tokens > limit->burst)
		bucket->tokens = limit->burst;
}

/* The caller's bucket, else a free one, else the fullest. */
static Bucket *
find(RateLimit *limit, uint64_t who, int64_t now_ms)
{
	Bucket *group = limit->buckets[who % GROUPS];
	Bucket *fullest = group;

	for (size_t i = 0; i < GROUP_SIZE; i++)
	{
		if (group[i].who == who)
			return &group[i];
		if (group[i].who == 0)
			group[i] = (Bucket){.tokens = limit->burst, .at_ms = now_ms};
		refill(limit, &group[i], now_ms);
		if (group[i].tokens > fullest->tokens || (group[i].who == 0 && fullest->who != 0))
			fullest = &group[i];
	}
	*fullest = (Bucket){.who = who, .tokens = limit->burst, .at_ms = now_ms};
	return fullest;
}

bool
rate_limit_take(RateLimit *limit, const char *who, int64_t now_ms, int *retry_after)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t number;
	Bucket *bucket;
	bool allowed;

	(void) crypto_shorthash(hash, (const unsigned char *) who, strlen(who), limit->key);
	memcpy(&number, hash, sizeof(number));
	number += number == 0;
	(void) pthread_mutex_lock(&limit->lock);
	bucket = find(limit, number, now_ms);
	refill(limit, bucket, now_ms);
	allowed = bucket->tokens >= 1;
	if (allowed)
		bucket->tokens -= 1;
	else
		*retry_after = 1 + (int) ((1 - bucket->tokens) / limit->per_ms / 1000);
	(void) pthread_mutex_unlock(&limit->lock);
	return allowed;
}
