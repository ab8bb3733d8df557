/*
 * bell.h - tells threads that wait that there is something to look at, so that none has to look
 * again and again.
 *
 * A bell only wakes: what there is to see is found where it was found before, and a waiter looks by
 * itself after a while, since other processes ring no bells here.
 */
#ifndef SLUICE_WRITER_BELL_H
#define SLUICE_WRITER_BELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Bell
{
	pthread_mutex_t lock;
	pthread_cond_t rung;
	uint64_t rings;
} Bell;

/* It lives as long as the process. */
extern void bell_init(Bell *bell);

/* Wakes all that wait. */
extern void bell_ring(Bell *bell);

/* How often it was rung: what is heard before one looks. */
extern uint64_t bell_heard(Bell *bell);

/*
 * Waits at most ms until it is rung more often than *heard, and brings that up to date; true when it
 * was rung.  What is rung between a look and the wait is not missed.
 */
extern bool bell_wait(Bell *bell, uint64_t *heard, int64_t ms);

#endif
