/*
 * health.h - whether a daemon is alive and ready, as its main loop tells and others ask.
 *
 * Alive: the main loop has ticked within the time given.  Ready: it said so; otherwise there is a
 * reason.  A fresh Health is alive and not ready ("starting").  All functions are thread-safe, and
 * they take the Health as void * so that the asking ones fit HttpCheck (http.h).
 */
#ifndef SLUICE_DAEMON_HEALTH_H
#define SLUICE_DAEMON_HEALTH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEALTH_REASON_SIZE 800 /* an error's message and hint */

typedef struct Health
{
	_Atomic int64_t ticked; /* milliseconds of the monotonic clock */
	int64_t within;			/* milliseconds a tick is good for */
	pthread_mutex_t lock;	/* guards the rest */
	bool ready;
	char reason[HEALTH_REASON_SIZE];
} Health;

extern void health_init(Health *health, int64_t within);
extern void health_free(Health *health);

/* The main loop went round once. */
extern void health_tick(Health *health);

/* NULL is ready, anything else the reason why not (a text for people, without secrets). */
extern void health_set_reason(Health *health, const char *reason);

/* True, or false with the reason in `reason`. */
extern bool health_live(void *health, char *reason, size_t size);
extern bool health_ready(void *health, char *reason, size_t size);

#endif
