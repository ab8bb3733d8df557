/*
 * holdings.c - taking jobs, keeping their leases, telling them what is wished, letting them go (worker.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nats/bucket.h"
#include "worker.h"

#define ASK_MS 500 /* between looks at the report of a reader that a writer waits for */

/* ---- what planning sees ---- */

PlanSelf
holdings_self(const Worker *worker, PlanHeld *held)
{
	for (size_t i = 0; i < worker->count; i++)
	{
		const JobFacts *facts = job_facts(worker->holdings[i].job);

		held[i] = (PlanHeld){facts->run, facts->name, worker->holdings[i].target};
	}
	return (PlanSelf){.worker = worker->settings.id,
					  .roles = worker->settings.roles,
					  .slots = worker->settings.slots,
					  .held = held,
					  .held_count = worker->count,
					  .ending = worker->ending,
					  .ttl_ms = worker->settings.lease_ms};
}

static void
done_key(char *key, size_t size, const char *run, const char *job)
{
	(void) snprintf(key, size, "%s/%s", run, job);
}

/* A PlanDone. */
static bool
is_done(const void *context, const char *run, const char *job)
{
	char key[LAYOUT_KEY_MAXIMUM];

	done_key(key, sizeof(key), run, job);
	return json_object_get(context, key) != NULL;
}

/* ---- wishes ---- */

static void
copy_text(char *to, size_t size, const char *from)
{
	memset(to, 0, size);
	(void) snprintf(to, size, "%s", from);
}

static void
read_wish(JobWish *wish, const json_t *run)
{
	memset(wish, 0, sizeof(*wish));
	copy_text(wish->desired, sizeof(wish->desired), run_text(run, "desired"));
	copy_text(wish->desired_at, sizeof(wish->desired_at), run_text(run, "desired_at"));
	wish->drain = json_is_true(json_object_get(run, "drain"));
}

/* Reads the report of a job; NULL when there is none. */
static bool
read_report(Worker *worker, const char *run, const char *job, json_t **report, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	BucketEntry entry;

	*report = NULL;
	if (!bucket_get(&worker->session, STATE_BUCKET, job_key(key, run, job), &entry, err))
		return err->code == SLUICE_ERROR_NOT_FOUND;
	*report = json_loadb(entry.value, entry.length, 0, NULL);
	bucket_entry_free(&entry);
	return true;
}

/* Whether the reader of a run has come to rest under this wish. */
static bool
ask_reader(Worker *worker, Holding *holding, JobWish *wish, SluiceError *err)
{
	static const char *const at_rest[] = {"stopped", "finished", "failed"};
	int64_t now_ms = job_clock();
	json_t *report;

	wish->reader_rests =
		holding->wish.reader_rests && strcmp(holding->wish.desired_at, wish->desired_at) == 0;
	if (wish->reader_rests || now_ms - holding->asked_ms < ASK_MS)
		return true;
	holding->asked_ms = now_ms;
	if (!read_report(worker, job_facts(holding->job)->run, "reader", &report, err))
		return false;
	for (size_t i = 0; i < sizeof(at_rest) / sizeof(at_rest[0]); i++)
		wish->reader_rests |= strcmp(run_text(report, "state"), at_rest[i]) == 0 &&
							  strcmp(run_text(report, "desired_at"), wish->desired_at) == 0;
	json_decref(report);
	return true;
}

static void
tell(Holding *holding, const JobWish *wish)
{
	holding->wish = *wish;
	holding->ending |= wish->end;
	job_tell(holding->job, wish);
}

static bool
tell_wish(Worker *worker, Holding *holding, const PlanSelf *self, SluiceError *err)
{
	const JobFacts *facts = job_facts(holding->job);
	const PlanHeld held = {facts->run, facts->name, holding->target};
	const BoardRun *run = board_run(&worker->board, facts->run);
	JobWish wish = holding->wish;

	if (run != NULL)
		read_wish(&wish, run->document);
	if (facts->kind == JOB_WRITER && wish.drain && strcmp(wish.desired, "stopped") == 0 &&
		!ask_reader(worker, holding, &wish, err))
		return false;
	wish.gone = run == NULL && !self->ending;
	wish.end = holding->ending || !plan_keeps(&worker->board, self, &held);
	tell(holding, &wish);
	return true;
}

void
holdings_end_all(Worker *worker)
{
	for (size_t i = 0; i < worker->count; i++)
	{
		JobWish wish = worker->holdings[i].wish;

		wish.end = true;
		tell(&worker->holdings[i], &wish);
	}
}

/* ---- leases ---- */

static void
log_job(const Worker *worker, LogLevel level, const char *message, const char *run, const char *job)
{
	log_event(worker->service->log, level, message,
			  (LogField[]){LOG_TEXT("run", run), LOG_TEXT("job", job), LOG_END});
}

/* A lease that another has by now ends the job. */
static bool
keep_lease(Worker *worker, Holding *holding, SluiceError *err)
{
	const JobFacts *facts = job_facts(holding->job);
	JobWish wish = holding->wish;

	if (!lease_step(&holding->lease, &worker->session, job_clock(), err))
		return false;
	if (holding->lease.held || holding->ending)
		return true;
	log_job(worker, LOG_WARNING, "another worker has the job by now", facts->run, facts->name);
	counter_add(worker->lost, 1);
	wish.end = true;
	tell(holding, &wish);
	return true;
}

/* ---- letting go ---- */

static void
remove_holding(Worker *worker, size_t at)
{
	job_free(worker->holdings[at].job);
	worker->holdings[at] = worker->holdings[--worker->count];
}

/* The last report goes out while the lease is still ours. */
static bool
let_go(Worker *worker, size_t at, SluiceError *err)
{
	Holding *holding = &worker->holdings[at];
	const JobFacts *facts = job_facts(holding->job);
	bool good = !holding->lease.held || outlet_report(worker, holding, false, err);

	log_job(worker, LOG_INFO, "let a job go", facts->run, facts->name);
	lease_release(&holding->lease, &worker->session);
	remove_holding(worker, at);
	return good;
}

void
holdings_free_over(Worker *worker)
{
	for (size_t i = worker->count; i > 0; i--)
	{
		if (job_over(worker->holdings[i - 1].job))
			remove_holding(worker, i - 1);
	}
}

/* ---- taking ---- */

static void
begin_lease(const Worker *worker, const PlanChoice *choice, Lease *lease)
{
	char key[LAYOUT_KEY_MAXIMUM];

	lease_init(lease, job_lease_key(key, choice->run->id, choice->job.name), worker->settings.id,
			   (int) worker->settings.lease_ms);
	if (choice->lease != NULL)
	{
		/* The watch has seen for how long it has stood still. */
		lease->revision = choice->lease->revision;
		lease->seen_ms = choice->lease->seen_ms;
	}
}

/* Others need not try it either: the report says how it ended. */
static void
note_done(Worker *worker, const PlanChoice *choice)
{
	char key[LAYOUT_KEY_MAXIMUM];

	done_key(key, sizeof(key), choice->run->id, choice->job.name);
	(void) json_object_set_new(worker->done, key, json_true());
}

static bool
ends_once(const PlanChoice *choice)
{
	return choice->job.kind == JOB_VERIFICATION;
}

static bool
start_job(Worker *worker, const PlanChoice *choice, const Lease *lease, const json_t *report,
		  SluiceError *err)
{
	Holding *holding = &worker->holdings[worker->count];
	JobWish wish;

	read_wish(&wish, choice->run->document);
	*holding = (Holding){.lease = *lease, .wish = wish};
	if (choice->job.kind == JOB_WRITER)
		copy_text(holding->target, sizeof(holding->target), run_text(choice->job.target, "name"));
	holding->job =
		job_start(&worker->tools, choice->run->document, &choice->job, report, &wish, err);
	if (holding->job == NULL)
		return false;
	worker->count++;
	counter_add(worker->taken, 1);
	log_job(worker, LOG_INFO, "took a job", choice->run->id, choice->job.name);
	return true;
}

/* A job that cannot be started is left to others. */
static bool
begin_job(Worker *worker, const PlanChoice *choice, Lease *lease, SluiceError *err)
{
	json_t *report;
	bool good;

	if (!read_report(worker, choice->run->id, choice->job.name, &report, err))
		return false;
	if (ends_once(choice) && job_report_is_final(report))
	{
		note_done(worker, choice);
		lease_release(lease, &worker->session);
		json_decref(report);
		return true;
	}
	good = start_job(worker, choice, lease, report, err);
	json_decref(report);
	if (good)
		return outlet_report(worker, &worker->holdings[worker->count - 1], true, err);
	log_failure(
		worker->service->log, LOG_ERROR, "cannot start a job", err,
		(LogField[]){LOG_TEXT("run", choice->run->id), LOG_TEXT("job", choice->job.name), LOG_END});
	note_done(worker, choice);
	lease_release(lease, &worker->session);
	return true;
}

static bool
take_one(Worker *worker, const PlanSelf *self, SluiceError *err)
{
	PlanChoice choice;
	Lease lease;

	if (!plan_choose(&worker->board, self, is_done, worker->done, job_clock(), &choice))
		return true;
	begin_lease(worker, &choice, &lease);
	return lease_step(&lease, &worker->session, job_clock(), err) &&
		   (!lease.held || begin_job(worker, &choice, &lease, err));
}

/* A verification is over with its result: its place is for others. */
static void
end_finished(Worker *worker, Holding *holding)
{
	const JobFacts *facts = job_facts(holding->job);
	char key[LAYOUT_KEY_MAXIMUM];
	JobWish wish = holding->wish;

	if (holding->ending || facts->kind != JOB_VERIFICATION || !job_is_final(holding->job))
		return;
	done_key(key, sizeof(key), facts->run, facts->name);
	(void) json_object_set_new(worker->done, key, json_true());
	wish.end = true;
	tell(holding, &wish);
}

bool
holdings_round(Worker *worker, SluiceError *err)
{
	PlanHeld *held = calloc(worker->settings.slots, sizeof(*held));
	PlanSelf self;
	bool good = held != NULL || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for jobs");

	for (size_t i = worker->count; good && i > 0; i--)
	{
		Holding *holding = &worker->holdings[i - 1];

		good = keep_lease(worker, holding, err);
		if (good && job_over(holding->job))
			good = let_go(worker, i - 1, err);
		else if (good)
			end_finished(worker, holding);
	}
	if (good)
		self = holdings_self(worker, held);
	for (size_t i = 0; good && worker->watches.current && i < worker->count; i++)
		good = tell_wish(worker, &worker->holdings[i], &self, err);
	good = good && (!worker->watches.current || take_one(worker, &self, err));
	free(held);
	return good;
}
