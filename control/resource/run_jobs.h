/*
 * run_jobs.h - what the jobs of a run report, beside what jobs it should have.
 */
#ifndef SLUICE_CONTROL_RUN_JOBS_H
#define SLUICE_CONTROL_RUN_JOBS_H

#include <jansson.h>

#include "control/control.h"
#include "run_state.h"

#define RUN_TARGETS_MAXIMUM 16 /* the schema's */
#define RUN_WRITERS_MAXIMUM 16 /* of one target, likewise */

/* Reports, in their order by name; what `reports` points to are the documents'. */
typedef struct RunJobs
{
	json_t **documents;
	JobReport *reports;
	size_t count, size;
	const char *consumers[RUN_TARGETS_MAXIMUM];
	size_t consumer_count;
} RunJobs;

/* What cannot be read is not there. */
extern void run_jobs_read(RunJobs *jobs, Control *control, const json_t *run);
extern void run_jobs_free(RunJobs *jobs);

/* The run beside them, as run_state_compose() takes it. */
extern RunView run_jobs_view(const RunJobs *jobs, const json_t *run);

/* The document of a report of this RunJobs. */
extern const json_t *run_jobs_document(const RunJobs *jobs, const JobReport *report);

/*
 * Schema RunJob for every job the run has or should have: a job nobody reported is `waiting`, one whose worker is gone
 * `lost`.
 */
extern json_t *run_jobs_show(const RunJobs *jobs, const json_t *run);

/* What a run that does not begin waits for; NULL: nothing. */
extern const char *run_jobs_awaited(const RunJobs *jobs, Control *control, const json_t *run);

/* Whether a worker's registration moves: else the worker is lost. */
extern bool worker_is_there(Control *control, const char *worker_id);

#define WORKER_LOST_MS 20000

#endif
