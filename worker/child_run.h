/*
 * child_run.h - a job's child from start to end: its log passed on, what it prints kept, its end told.
 */
#ifndef SLUICE_WORKER_CHILD_RUN_H
#define SLUICE_WORKER_CHILD_RUN_H

#include "child_log.h"
#include "common/control/child.h"
#include "common/core/bytebuf.h"
#include "job.h"

typedef struct ChildRun
{
	Job *job;
	Child child;
	ChildLines lines;
	ChildLogRate rate;
	SluiceError trouble; /* the last it told of; code SLUICE_OK: none */
	int64_t trouble_ms;	 /* when, by the clock of figures */
	bool finished;		 /* it said that there is nothing more to do */
	ByteBuf output;		 /* what it printed, at most JOB_RESULT_MAXIMUM */
	bool output_too_long;
	int64_t kill_ms; /* when it is killed, since it was told to end; 0: it was not */
} ChildRun;

extern void child_run_init(ChildRun *run, Job *job);
extern void child_run_free(ChildRun *run);

/* Starts the job's program; `again`: it ran before and ended by itself. */
extern bool child_run_start(ChildRun *run, bool again, SluiceError *err) SLUICE_MUST_CHECK;

/* Starts the program that forgets the stream at a target instead. */
extern bool child_run_forget(ChildRun *run, const json_t *target,
							 SluiceError *err) SLUICE_MUST_CHECK;

extern bool child_run_going(const ChildRun *run);

/* Asks it to end, and kills it when the time for that is over; may be called again and again. */
extern void child_run_end(ChildRun *run);

/*
 * Waits as job_wait() does, also for the child, and takes what it writes.  True when it has ended, with *status as
 * waitpid() gives it; then all it wrote was taken.
 */
extern bool child_run_wait(ChildRun *run, int timeout_ms, JobWish *wish, int *status);

/* Why it ended, for a report: the last trouble, or how it ended; always filled. */
extern void child_run_reason(const ChildRun *run, int status, SluiceError *reason);

#endif
