/*
 * job_keep.c - a program that runs as long as the run's wish says so (job_bodies.h).
 *
 * Of ends that nobody asked for some pass and the program is started again after a while, some
 * are for somebody to look at; these wait for another wish.  A child that is refused somewhere is started anew now and
 * then, with secrets that are fetched again: they may have been changed.  One that fails at its work and tries again
 * by itself is failed until it has got past that (child_state.h).
 */
#include "job_bodies.h"

#include <string.h>
#include <sys/wait.h>

#include "child_run.h"
#include "child_state.h"
#include "common/daemon/retry.h"
#include "common/daemon/service.h"

#define LOOK_MS			   1000
#define FAILED_AFTER_TIMES 3
#define DENIED_MS		   5000 /* most between tries of one that is refused somewhere */

static const RetryPolicy policy = {500, 30000};
static const RetryPolicy renewal_policy = {2000, DENIED_MS};

typedef enum Rest
{
	NOT_AT_REST,
	REST_FINISHED, /* nothing more to do */
	REST_FAILED,   /* somebody must look */
	REST_DRAINED   /* all that was published is applied */
} Rest;

typedef struct Keeper
{
	Job *job;
	bool reader;
	ChildRun run;
	JobWish wish;
	Rest rest;
	Retry retry;
	int64_t retry_ms; /* not before */
	int64_t
		rests_ms; /* since when the reader was seen to rest, by the clock of figures; 0: it was not */
	bool ran;	  /* it was started before */
	Retry renewal;		/* of a child that was refused somewhere: with secrets that are new */
	int64_t renew_ms;	/* not before */
	int64_t started_ms; /* the child, by the clock of figures */
	bool renewing;
	SluiceError refusal;
	ChildFailure failure;
	SluiceError
		failed_with; /* what it told last, also when it told nothing since; code SLUICE_OK: nothing */
} Keeper;

/* ---- what is wished ---- */

static bool
wished(const Keeper *keeper, const char *desired)
{
	return strcmp(keeper->wish.desired, desired) == 0;
}

static bool
wants_child(const Keeper *keeper)
{
	if (keeper->wish.end || keeper->rest != NOT_AT_REST)
		return false;
	if (keeper->reader)
		return wished(keeper, "running");
	return wished(keeper, "running") || wished(keeper, "paused") ||
		   (wished(keeper, "stopped") && keeper->wish.drain);
}

/* A new wish: what came to rest under the one before may go on. */
static void
take_wish(Keeper *keeper)
{
	if (strcmp(job_acted(keeper->job), keeper->wish.desired_at) == 0)
		return;
	keeper->rest = NOT_AT_REST;
	keeper->failure = (ChildFailure){.stands = false};
	if (!child_run_going(&keeper->run))
		sluice_error_clear(&keeper->run.trouble);
	keeper->retry_ms = 0;
	retry_reset(&keeper->retry);
	job_set_acted(keeper->job, keeper->wish.desired_at);
}

/* The state without a child that nothing is wrong with. */
static const char *
resting_state(const Keeper *keeper)
{
	if (keeper->rest == REST_FINISHED)
		return "finished";
	if (keeper->reader && wished(keeper, "paused"))
		return "paused";
	return wished(keeper, "stopped") ? "stopped" : "starting";
}

/* ---- the child ---- */

/* Trouble that may pass: told, and tried again later. */
static void
put_off(Keeper *keeper, const SluiceError *err)
{
	int64_t wait_ms = retry_next(&keeper->retry);

	if (err->code == SLUICE_ERROR_DENIED && wait_ms > DENIED_MS)
		wait_ms = DENIED_MS;
	keeper->retry_ms = job_clock() + wait_ms;
	job_state(keeper->job,
			  keeper->retry.attempt >= FAILED_AFTER_TIMES ? "failed"
			  : keeper->reader							  ? "starting"
														  : "retrying",
			  err);
}

static void
give_up(Keeper *keeper, const SluiceError *err)
{
	keeper->rest = REST_FAILED;
	job_state(keeper->job, "failed", err);
}

static void
start_child(Keeper *keeper)
{
	const SluiceError before = keeper->renewing ? keeper->refusal : keeper->run.trouble;
	SluiceError err;

	keeper->started_ms = timestamp_now();
	if (child_run_start(&keeper->run, keeper->ran && !keeper->renewing, &err))
	{
		keeper->ran = true;
		keeper->renew_ms = job_clock() + retry_next(&keeper->renewal);
		keeper->run.trouble = before;
		keeper->renewing = false;
		if (before.code != SLUICE_OK)
			return; /* it shows until the child works */
		job_state(keeper->job, "starting", NULL);
		return;
	}
	log_failure(job_tools(keeper->job)->log, LOG_ERROR, "cannot start a child", &err,
				(LogField[]){LOG_TEXT("run", job_facts(keeper->job)->run),
							 LOG_TEXT("job", job_facts(keeper->job)->name), LOG_END});
	if (err.code == SLUICE_ERROR_ARGUMENT)
		give_up(keeper, &err);
	else
		put_off(keeper, &err);
}

/* It ended; asked for or not. */
static void
face_end(Keeper *keeper, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	SluiceError reason;

	job_phase(keeper->job, "");
	if (code == SERVICE_OK && keeper->run.finished)
		keeper->rest = REST_FINISHED;
	if (keeper->run.kill_ms != 0 || keeper->rest == REST_FINISHED)
		return;
	child_run_reason(&keeper->run, status, &reason);
	if (code == SERVICE_USAGE || code == SERVICE_REFUSED)
		give_up(keeper, &reason);
	else
		put_off(keeper, &reason);
}

/* What is wrong: what the child told last, or what it failed with before it was started anew. */
static const SluiceError *
told_trouble(Keeper *keeper)
{
	if (keeper->run.trouble.code != SLUICE_OK)
		keeper->failed_with = keeper->run.trouble;
	else if (!keeper->failure.stands)
		return NULL;
	return keeper->failed_with.code != SLUICE_OK ? &keeper->failed_with : NULL;
}

/* What it published of itself. */
static void
take_figures(Keeper *keeper)
{
	json_t *figures = job_figures(keeper->job);
	ChildState state;

	if (figures == NULL)
		return;
	child_state_read(&state, keeper->reader, figures);
	child_failure_take(&keeper->failure, &state);
	if (state.works && state.time_ms > keeper->run.trouble_ms)
	{
		sluice_error_clear(&keeper->run.trouble);
		retry_reset(&keeper->retry);
		retry_reset(&keeper->renewal);
	}
	else if (keeper->run.trouble.code == SLUICE_ERROR_DENIED &&
			 keeper->run.trouble_ms >= keeper->started_ms && job_clock() >= keeper->renew_ms)
	{
		keeper->refusal = keeper->run.trouble;
		keeper->renewing = true;
	}
	if (state.drained && keeper->rests_ms != 0 && state.time_ms > keeper->rests_ms)
		keeper->rest = REST_DRAINED;
	job_phase(keeper->job, state.phase);
	job_state(keeper->job, keeper->run.kill_ms != 0 && !keeper->renewing ? "stopping" : state.state,
			  told_trouble(keeper));
	json_decref(figures);
}

/* Figures of after this moment count for whether all is applied. */
static void
note_rest(Keeper *keeper)
{
	bool rests = !keeper->reader && keeper->wish.drain && keeper->wish.reader_rests &&
				 wished(keeper, "stopped");

	if (!rests)
		keeper->rests_ms = 0;
	else if (keeper->rests_ms == 0)
		keeper->rests_ms = timestamp_now();
}

static void
step(Keeper *keeper)
{
	bool wants = wants_child(keeper);

	note_rest(keeper);
	if (child_run_going(&keeper->run))
	{
		take_figures(keeper);
		if (keeper->renewing || !wants_child(keeper))
			child_run_end(&keeper->run);
	}
	else if (wants && job_clock() >= keeper->retry_ms)
		start_child(keeper);
	else if (!wants && keeper->rest != REST_FAILED)
		job_state(keeper->job, resting_state(keeper), NULL);
}

/* Until something may be due. */
static int
patience(const Keeper *keeper)
{
	int64_t left = keeper->retry_ms - job_clock();

	if (!child_run_going(&keeper->run) && wants_child(keeper) && left < LOOK_MS)
		return left > 0 ? (int) left : 0;
	return LOOK_MS;
}

void
job_keep(Job *job)
{
	Keeper keeper = {.job = job, .reader = job_facts(job)->kind == JOB_READER};
	int status;

	retry_init(&keeper.retry, policy, (uint64_t) job_clock());
	retry_init(&keeper.renewal, renewal_policy, (uint64_t) job_clock());
	child_run_init(&keeper.run, job);
	for (bool first = true; first || !keeper.wish.end || child_run_going(&keeper.run);
		 first = false)
	{
		if (child_run_wait(&keeper.run, first ? 0 : patience(&keeper), &keeper.wish, &status))
			face_end(&keeper, status);
		take_wish(&keeper);
		step(&keeper);
	}
	child_run_free(&keeper.run);
}
