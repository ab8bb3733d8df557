/*
 * run_jobs.h - which jobs a run has, as its document tells: pure.
 *
 *     reader               drives the source                                          while it is to run, rest or stop
 *     writer-<target>-<n>  applies to a target, the n-th of so many writers           likewise
 *     drop                 removes the stream at its source and in NATS               once it is to be dropped
 *     verify-<id>          compares source and target once                            as long as no drop is asked for
 *
 * A run that has ended has none.
 */
#ifndef SLUICE_WORKER_RUN_JOBS_H
#define SLUICE_WORKER_RUN_JOBS_H

#include <jansson.h>

#include "common/control/secret_request.h"

typedef enum JobKind
{
	JOB_READER,
	JOB_WRITER,
	JOB_DROP,
	JOB_VERIFICATION,
	JOB_KINDS
} JobKind;

/* What a worker does; bits. */
typedef enum JobRole
{
	ROLE_READER = 1,
	ROLE_WRITER = 2
} JobRole;

/* Whose job it is, and its word in reports. */
extern JobRole job_kind_role(JobKind kind);
extern const char *job_role_name(JobRole role);

#define RUN_JOBS_MAXIMUM	1024
#define RUN_WRITERS_MAXIMUM 64 /* of one target */

typedef struct RunJob
{
	JobKind kind;
	char name[JOB_NAME_MAXIMUM + 1];
	const json_t *target;		/* of a writer or verification, in the document */
	const json_t *verification; /* likewise */
} RunJob;

/* Fills at most `size` jobs and returns how many. */
extern size_t run_jobs(const json_t *run, RunJob *jobs, size_t size);

/* Whether the run (NULL: it is gone) has that job; `job` is filled when it has. */
extern bool run_has_job(const json_t *run, const char *name, RunJob *job);

/* A text of the document; "" when it is not there. */
extern const char *run_text(const json_t *run, const char *name);

/* Whether the run is over. */
extern bool run_ended(const json_t *run);

#endif
