/*
 * health.c - a tick and a reason.
 */
#include "health.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static int64_t
now_milliseconds(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
health_init(Health *health, int64_t within)
{
	health->within = within;
	(void) pthread_mutex_init(&health->lock, NULL);
	health_tick(health);
	health_set_reason(health, "starting");
}

void
health_free(Health *health)
{
	(void) pthread_mutex_destroy(&health->lock);
}

void
health_tick(Health *health)
{
	atomic_store_explicit(&health->ticked, now_milliseconds(), memory_order_relaxed);
}

void
health_set_reason(Health *health, const char *reason)
{
	(void) pthread_mutex_lock(&health->lock);
	health->ready = reason == NULL;
	(void) snprintf(health->reason, sizeof(health->reason), "%s", reason != NULL ? reason : "");
	(void) pthread_mutex_unlock(&health->lock);
}

bool
health_live(void *context, char *reason, size_t size)
{
	Health *health = context;
	int64_t age = now_milliseconds() - atomic_load_explicit(&health->ticked, memory_order_relaxed);

	if (age <= health->within)
		return true;
	(void) snprintf(reason, size, "the main loop has not moved for %" PRId64 " ms", age);
	return false;
}

bool
health_ready(void *context, char *reason, size_t size)
{
	Health *health = context;
	bool ready;

	(void) pthread_mutex_lock(&health->lock);
	ready = health->ready;
	(void) snprintf(reason, size, "%s", health->reason);
	(void) pthread_mutex_unlock(&health->lock);
	return ready;
}
