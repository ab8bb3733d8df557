/*
 * plan.h - which job a worker takes next, and which of its own it lets go: pure.
 *
 * A job is free when nobody holds its lease, or when the lease has stood still for its time to live.  Each worker waits a
 * little before it takes one, the longer the fuller it is, so that who has least takes most; who is drained or full takes
 * none.  Writers of one target would rather be at different workers.  A drop waits until no other job of its run is held.
 */
#ifndef SLUICE_WORKER_PLAN_H
#define SLUICE_WORKER_PLAN_H

#include "board.h"
#include "run_jobs.h"

/* A job that this worker has. */
typedef struct PlanHeld
{
	const char *run, *job;
	const char *target; /* the target's name of a writer, else "" */
} PlanHeld;

typedef struct PlanSelf
{
	const char *worker;
	unsigned roles; /* of JobRole */
	size_t slots;
	const PlanHeld *held;
	size_t held_count;
	bool ending; /* takes no more */
	int64_t ttl_ms;
} PlanSelf;

/* What is not to be looked at again: a verification that has its result. */
typedef bool (*PlanDone)(const void *context, const char *run, const char *job);

typedef struct PlanChoice
{
	const BoardRun *run;
	RunJob job;
	const BoardLease *lease; /* that of the holder that was, or NULL */
} PlanChoice;

/* The job to take now; false: none. */
extern bool plan_choose(const Board *board, const PlanSelf *self, PlanDone done,
						const void *context, int64_t now_ms, PlanChoice *choice);

/* Whether a job that is held is still wanted, by this worker. */
extern bool plan_keeps(const Board *board, const PlanSelf *self, const PlanHeld *held);

/* How long a worker leaves a free job to others, in milliseconds. */
extern int64_t plan_patience(const PlanSelf *self, const char *run, const RunJob *job);

#endif
