/*
 * bell.c - a count of rings, and who waits for the next one (bell.h).
 */
#include "bell.h"

#include <time.h>

void
bell_init(Bell *bell)
{
	pthread_condattr_t attributes;

	*bell = (Bell){0};
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&bell->lock, NULL);
	pthread_cond_init(&bell->rung, &attributes);
	pthread_condattr_destroy(&attributes);
}

void
bell_ring(Bell *bell)
{
	pthread_mutex_lock(&bell->lock);
	bell->rings++;
	pthread_cond_broadcast(&bell->rung);
	pthread_mutex_unlock(&bell->lock);
}

uint64_t
bell_heard(Bell *bell)
{
	uint64_t rings;

	pthread_mutex_lock(&bell->lock);
	rings = bell->rings;
	pthread_mutex_unlock(&bell->lock);
	return rings;
}

static struct timespec
deadline(int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000)
	{
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return until;
}

bool
bell_wait(Bell *bell, uint64_t *heard, int64_t ms)
{
	const struct timespec until = deadline(ms);
	bool rung;

	pthread_mutex_lock(&bell->lock);
	while (bell->rings == *heard && pthread_cond_timedwait(&bell->rung, &bell->lock, &until) == 0)
		;
	rung = bell->rings != *heard;
	*heard = bell->rings;
	pthread_mutex_unlock(&bell->lock);
	return rung;
}
