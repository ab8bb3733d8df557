/*
 * pause.c - waiting on a condition (pause.h).
 */
#include "pause.h"

#include <time.h>

void
pause_init(Pause *pause)
{
	pthread_condattr_t attributes;

	(void) pthread_condattr_init(&attributes);
	(void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void) pthread_mutex_init(&pause->lock, NULL);
	(void) pthread_cond_init(&pause->changed, &attributes);
	(void) pthread_condattr_destroy(&attributes);
	pause->ended = pause->woken = false;
}

void
pause_free(Pause *pause)
{
	(void) pthread_cond_destroy(&pause->changed);
	(void) pthread_mutex_destroy(&pause->lock);
}

static struct timespec
deadline(int64_t ms)
{
	struct timespec until;

	(void) clock_gettime(CLOCK_MONOTONIC, &until);
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
pause_for(Pause *pause, int64_t ms)
{
	struct timespec until = deadline(ms > 0 ? ms : 0);
	int status = 0;
	bool ended;

	pthread_mutex_lock(&pause->lock);
	while (ms > 0 && !pause->ended && !pause->woken && status == 0)
		status = pthread_cond_timedwait(&pause->changed, &pause->lock, &until);
	pause->woken = false;
	ended = pause->ended;
	pthread_mutex_unlock(&pause->lock);
	return !ended;
}

bool
pause_ended(Pause *pause)
{
	bool ended;

	pthread_mutex_lock(&pause->lock);
	ended = pause->ended;
	pthread_mutex_unlock(&pause->lock);
	return ended;
}

static void
signal_it(Pause *pause, bool *what)
{
	pthread_mutex_lock(&pause->lock);
	*what = true;
	pthread_cond_broadcast(&pause->changed);
	pthread_mutex_unlock(&pause->lock);
}

void
pause_wake(Pause *pause)
{
	signal_it(pause, &pause->woken);
}

void
pause_end(Pause *pause)
{
	signal_it(pause, &pause->ended);
}
