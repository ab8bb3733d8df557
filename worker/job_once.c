/*
 * job_once.c - a program that runs until it has done its work (job_bodies.h).
 *
 * A verification ends with a result whatever its exit status, as long as it printed one; without one it has failed, and a
 * trouble that passes (no server, no secrets) is tried a few times.
 */
#include "job_bodies.h"

#include <string.h>
#include <sys/wait.h>

#include "child_run.h"
#include "common/daemon/retry.h"
#include "common/daemon/service.h"

#define LOOK_MS		 1000
#define TRIES_AT_ALL 5

static const RetryPolicy policy = {500, 5000};

typedef struct Errand
{
	Job *job;
	ChildRun run;
	JobWish wish;
	Retry retry;
	int64_t retry_ms;
	bool done;
} Errand;

static void
fail(Errand *errand, const SluiceError *err, bool for_good)
{
	errand->done = for_good || errand->retry.attempt + 1 >= TRIES_AT_ALL;
	errand->retry_ms = job_clock() + retry_next(&errand->retry);
	job_state(errand->job, errand->done ? "failed" : "starting", err);
}

static void
start_child(Errand *errand)
{
	SluiceError err;

	if (child_run_start(&errand->run, false, &err))
		job_state(errand->job, "running", NULL);
	else
		fail(errand, &err, err.code == SLUICE_ERROR_ARGUMENT);
}

/* What it printed, which must be one JSON object. */
static json_t *
read_result(const ChildRun *run, SluiceError *err)
{
	json_t *result = NULL;

	if (run->output_too_long)
		(void) sluice_fail(err, SLUICE_ERROR_LIMIT, "the result is longer than %d bytes",
						   JOB_RESULT_MAXIMUM);
	else
		result = json_loadb((const char *) run->output.data, run->output.length, 0, NULL);
	return result;
}

static void
face_end(Errand *errand, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	bool prints = job_facts(errand->job)->kind == JOB_VERIFICATION;
	SluiceError reason;
	json_t *result;

	if (errand->run.kill_ms != 0)
		return;
	child_run_reason(&errand->run, status, &reason);
	result = prints ? read_result(&errand->run, &reason) : NULL;
	if (result != NULL)
		job_result(errand->job, result);
	if (prints ? result == NULL : code != SERVICE_OK)
		fail(errand, &reason, prints || code == SERVICE_USAGE);
	else
	{
		errand->done = true;
		job_state(errand->job, "finished", NULL);
	}
}

void
job_once(Job *job)
{
	Errand errand = {.job = job};
	int status;

	retry_init(&errand.retry, policy, (uint64_t) job_clock());
	child_run_init(&errand.run, job);
	for (bool first = true; first || !errand.wish.end || child_run_going(&errand.run);
		 first = false)
	{
		if (child_run_wait(&errand.run, first ? 0 : LOOK_MS, &errand.wish, &status))
			face_end(&errand, status);
		if (errand.wish.end)
			child_run_end(&errand.run);
		else if (!errand.done && !child_run_going(&errand.run) && job_clock() >= errand.retry_ms)
			start_child(&errand);
	}
	child_run_free(&errand.run);
}
