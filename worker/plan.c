/*
 * plan.c - choosing jobs (plan.h).
 */
#include "plan.h"

#include <string.h>

/* What a worker waits when it is all but full, and when it has a writer of that target already. */
#define PATIENCE_FULL_MS  1500
#define PATIENCE_TWICE_MS 1000

static const char *
target_name(const RunJob *job)
{
	return job->kind == JOB_WRITER ? run_text(job->target, "name") : "";
}

int64_t
plan_patience(const PlanSelf *self, const char *run, const RunJob *job)
{
	int64_t patience = PATIENCE_FULL_MS * (int64_t) self->held_count /
					   (int64_t) (self->slots > 0 ? self->slots : 1);
	const char *target = target_name(job);

	for (size_t i = 0; *target != '\0' && i < self->held_count; i++)
	{
		if (strcmp(self->held[i].run, run) == 0 && strcmp(self->held[i].target, target) == 0)
			return patience + PATIENCE_TWICE_MS;
	}
	return patience;
}

static bool
holds(const PlanSelf *self, const char *run, const char *job)
{
	for (size_t i = 0; i < self->held_count; i++)
	{
		if (strcmp(self->held[i].run, run) == 0 && strcmp(self->held[i].job, job) == 0)
			return true;
	}
	return false;
}

/* When the job became free; false: it is held.  An entry of our own that we do not act upon is one that was left behind. */
static bool
free_since(const PlanSelf *self, const BoardRun *run, const BoardLease *lease, int64_t now_ms,
		   int64_t *since)
{
	*since = run->seen_ms;
	if (lease == NULL)
		return true;
	if (*lease->owner == '\0' || strcmp(lease->owner, self->worker) == 0)
		*since = lease->seen_ms;
	else
		*since = lease->seen_ms + self->ttl_ms;
	return *since <= now_ms;
}

static bool
may_take(const Board *board, const PlanSelf *self, const BoardRun *run, PlanChoice *choice,
		 int64_t now_ms)
{
	const RunJob *job = &choice->job;
	char key[LAYOUT_KEY_MAXIMUM];
	int64_t since;

	if ((self->roles & job_kind_role(job->kind)) == 0 || holds(self, run->id, job->name))
		return false;
	choice->lease = board_lease(board, job_lease_key(key, run->id, job->name));
	return free_since(self, run, choice->lease, now_ms, &since) &&
		   now_ms >= since + plan_patience(self, run->id, job) &&
		   (job->kind != JOB_DROP ||
			!board_others_hold(board, run->id, job->name, self->ttl_ms, now_ms));
}

/* Workers that look at the same moment begin at different runs. */
static size_t
first_run(const Board *board, const PlanSelf *self)
{
	uint32_t hash = 2166136261u;

	for (const char *at = self->worker; *at != '\0'; at++)
		hash = (hash ^ (unsigned char) *at) * 16777619u;
	return board->run_count > 0 ? hash % board->run_count : 0;
}

bool
plan_choose(const Board *board, const PlanSelf *self, PlanDone done, const void *context,
			int64_t now_ms, PlanChoice *choice)
{
	RunJob jobs[RUN_JOBS_MAXIMUM];
	size_t first = first_run(board, self);

	if (self->ending || board->drained || self->held_count >= self->slots)
		return false;
	for (size_t i = 0; i < board->run_count; i++)
	{
		const BoardRun *run = &board->runs[(first + i) % board->run_count];
		size_t count = run_jobs(run->document, jobs, RUN_JOBS_MAXIMUM);

		for (size_t k = 0; k < count; k++)
		{
			*choice = (PlanChoice){.run = run, .job = jobs[k]};
			if (may_take(board, self, run, choice, now_ms) && !done(context, run->id, jobs[k].name))
				return true;
		}
	}
	return false;
}

bool
plan_keeps(const Board *board, const PlanSelf *self, const PlanHeld *held)
{
	const BoardRun *run = board_run(board, held->run);
	RunJob job;

	return !self->ending && !board->drained && run != NULL &&
		   run_has_job(run->document, held->job, &job);
}
