/*
 * child_state.h - what a child's figures say of its state, in the words of a job's report.  Pure.
 */
#ifndef SLUICE_WORKER_CHILD_STATE_H
#define SLUICE_WORKER_CHILD_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ChildState
{
	const char *state; /* "starting" for a word that is none */
	const char *phase; /* of a copy; "" : none; in the figures */
	bool works;		   /* whatever was wrong is over */
	int64_t time_ms;   /* when they were made */
	bool drained;	   /* of a writer whose source rests: nothing is left to apply */
} ChildState;

extern void child_state_read(ChildState *state, bool reader, const json_t *figures);

/* The process that published figures, of their owner "HOST-PID-RANDOM"; 0 when it is none of this host. */
extern int child_state_pid(const json_t *figures, const char *host);

#endif
