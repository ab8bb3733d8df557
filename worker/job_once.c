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
		if (!prints)
			job_forget(errand->job);
		errand->done = true;
		job_state(errand->job, "finished", NULL);
	}
}

/* ---- forgetting at targets ---- */

/* False with the reason when the target did not do it. */
static bool
forget_at(ChildRun *run, const json_t *target, SluiceError *err)
{
	JobWish wish = {.end = false};
	int status;

	if (!child_run_forget(run, target, err))
		return false;
	while (!child_run_wait(run, LOOK_MS, &wish, &status))
	{
		if (wish.end)
			child_run_end(run);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == SERVICE_OK)
		return true;
	child_run_reason(run, status, err);
	return false;
}

void
job_forget(Job *job)
{
	const JobFacts *facts = job_facts(job);
	ChildRun run;
	size_t i;
	json_t *target;

	child_run_init(&run, job);
	json_array_foreach(json_object_get(facts->spec, "targets"), i, target)
	{
		SluiceError err;

		if (!forget_at(&run, target, &err))
			log_failure(job_tools(job)->log, LOG_WARNING,
						"what a target noted of a dropped stream stays there", &err,
						(LogField[]){LOG_TEXT("stream", facts->stream),
									 LOG_TEXT("target", run_text(target, "name")), LOG_END});
	}
	child_run_free(&run);
}

/* ---- rounds ---- */

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
