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
	bool works;		   /* at its work, or at rest: what was wrong seems to be over */
	bool rests;		   /* at rest: it tries nothing */
	int64_t done;	   /* transactions that this process applied */
	int64_t time_ms;   /* when they were made */
	bool drained;	   /* of a writer whose source rests: nothing is left to apply */
} ChildState;

extern void child_state_read(ChildState *state, bool reader, const json_t *figures);

/*
 * A failure that is not over yet.  A child that tries again looks well until it meets again what it failed at, so the failure stands until
 * something was applied, it came to rest, or it has worked for longer than it took to fail the last time.
 */
typedef struct ChildFailure
{
	bool stands;
	int64_t
		works_ms; /* since when it has worked without a break; 0: it does not; by the clock of its figures */
	int64_t proves_ms; /* how long it must work before the failure is over */
	int64_t done;	   /* as it was when it failed */
} ChildFailure;

/* Takes what was read; while the failure stands the state is "failed", nothing works and nothing is drained. */
extern void child_failure_take(ChildFailure *failure, ChildState *state);

/* The process that published figures, of their owner "HOST-PID-RANDOM"; 0 when it is none of this host. */
extern int child_state_pid(const json_t *figures, const char *host);

#endif
