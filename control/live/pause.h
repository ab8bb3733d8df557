/*
 * pause.h - what a thread waits in between rounds: a time, being woken, or the end.
 */
#ifndef SLUICE_CONTROL_LIVE_PAUSE_H
#define SLUICE_CONTROL_LIVE_PAUSE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Pause
{
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ended, woken;
} Pause;

extern void pause_init(Pause *pause);
extern void pause_free(Pause *pause);

/* Waits so many milliseconds, or less when woken; false when the end was asked for. */
extern bool pause_for(Pause *pause, int64_t ms);

/* Whether the end was asked for; never waits. */
extern bool pause_ended(Pause *pause);

/* From any thread; who is not waiting does not wait the next time. */
extern void pause_wake(Pause *pause);

/* Asks for the end. */
extern void pause_end(Pause *pause);

#endif
