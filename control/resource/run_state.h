/*
 * run_state.h - what state a run is in: of what is wished and what its jobs report.  Pure.
 */
#ifndef SLUICE_CONTROL_RUN_STATE_H
#define SLUICE_CONTROL_RUN_STATE_H

#include <stddef.h>

#include "common/core/stream_state.h"

typedef enum RunDesired
{
	DESIRED_RUNNING,
	DESIRED_PAUSED,
	DESIRED_STOPPED,
	DESIRED_DROPPED,
	RUN_DESIRES
} RunDesired;

/* "running", "paused", "stopped", "dropped". */
extern const char *const run_desired_names[RUN_DESIRES];

/* False for a word that is none. */
extern bool run_desired_parse(const char *name, RunDesired *desired);

/* What a job's latest report says; texts are the caller's. */
typedef struct JobReport
{
	const char *job;		/* "reader", "writer-<consumer>-<n>", "drop", "verify-<id>" */
	const char *state;		/* of a reader: a word of stream_state.h; of others: docs/control.md */
	const char *phase;		/* NULL: none */
	const char *desired_at; /* of the wish that it acted upon last; NULL: none */
	const char
		*error_at; /* since when it has the error it has, RFC 3339 in UTC; NULL: it has none */
	bool lost;	   /* its worker is gone: what it says is of the past */
} JobReport;

typedef struct RunView
{
	RunDesired desired;
	bool copies_only; /* mode convert */
	bool limited;	  /* stopped because a limit was reached */
	const JobReport *jobs;
	size_t job_count;
	const char *const *consumers; /* names of the run's targets */
	size_t consumer_count;
	const char *desired_at; /* of the wish; NULL: not told */
} RunView;

typedef struct RunSight
{
	StreamState state;
	const char *phase; /* one of the jobs' or NULL */
	/* The job whose error is the run's: the one that makes it failed, else the newest error of those that go on; NULL:
	 * none. */
	const JobReport *cause;
	bool ended;	  /* nothing will move any more: stopped or finished as was wished */
	bool dropped; /* what there was is gone from the source and NATS */
} RunSight;

/* As docs/control.md, "A run's state", says. */
extern RunSight run_state_compose(const RunView *view);

/* What may be asked of a run. */
typedef enum RunCommand
{
	RUN_PAUSE,
	RUN_RESUME,
	RUN_STOP,
	RUN_CANCEL, /* stop without waiting until targets have what was read */
	RUN_COMMANDS
} RunCommand;

/* "pause", ... */
extern const char *const run_command_names[RUN_COMMANDS];

/* Whether it makes sense for a run that is wished and is so; a command whose wish is already there may be repeated. */
extern bool run_command_allowed(RunCommand command, RunDesired desired, StreamState state,
								bool ended);

/* What is wished then. */
extern RunDesired run_command_desired(RunCommand command);

#endif
