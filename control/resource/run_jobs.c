/*
 * run_jobs.c - reports read from the store.
 */
#include "run_jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "control/store/store.h"

typedef struct Reading
{
	RunJobs *jobs;
	Control *control;
} Reading;

bool
worker_is_there(Control *control, const char *worker_id)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;
	bool there;

	if (worker_id == NULL ||
		!store_get(control->store, STORE_STATE, worker_key(key, worker_id), &entry, NULL))
		return false;
	there = timestamp_now() - entry.written_ms < WORKER_LOST_MS;
	store_entry_free(&entry);
	return there;
}

static bool
grow(RunJobs *jobs)
{
	size_t size = jobs->size == 0 ? 8 : jobs->size * 2;
	json_t **documents = realloc(jobs->documents, size * sizeof(json_t *));
	JobReport *reports;

	if (documents == NULL)
		return false;
	jobs->documents = documents;
	reports = realloc(jobs->reports, size * sizeof(JobReport));
	if (reports == NULL)
		return false;
	jobs->reports = reports;
	jobs->size = size;
	return true;
}

static bool
read_report(void *context, const StoreEntry *entry)
{
	Reading *reading = context;
	RunJobs *jobs = reading->jobs;
	const char *job = text_of(entry->value, "job"), *state = text_of(entry->value, "state");

	if (job == NULL || state == NULL)
		return true;
	if (jobs->count == jobs->size && !grow(jobs))
		return false;
	jobs->documents[jobs->count] = json_incref(entry->value);
	jobs->reports[jobs->count++] = (JobReport){
		.job = job,
		.state = state,
		.phase = text_of(entry->value, "phase"),
		.desired_at = text_of(entry->value, "desired_at"),
		.error_at = text_of(json_object_get(entry->value, "error"), "at"),
		.lost = !worker_is_there(reading->control, text_of(entry->value, "worker_id")),
	};
	return true;
}

static const json_t *
targets_of(const json_t *run)
{
	return json_object_get(json_object_get(run, "spec"), "targets");
}

void
run_jobs_read(RunJobs *jobs, Control *control, const json_t *run)
{
	Reading reading = {.jobs = jobs, .control = control};
	char prefix[LAYOUT_KEY_MAXIMUM];
	json_t *target;
	size_t i;

	*jobs = (RunJobs){0};
	json_array_foreach(targets_of(run), i, target)
	{
		const char *name = text_of(target, "name");
		if (name != NULL && jobs->consumer_count < RUN_TARGETS_MAXIMUM)
			jobs->consumers[jobs->consumer_count++] = name;
	}
	if (!store_each(control->store, STORE_STATE,
					key_prefix(prefix, "job", text_of(run, "id"), NULL), NULL, read_report,
					&reading, NULL))
		return;
}

void
run_jobs_free(RunJobs *jobs)
{
	for (size_t i = 0; i < jobs->count; i++)
		json_decref(jobs->documents[i]);
	free(jobs->documents);
	free(jobs->reports);
	*jobs = (RunJobs){0};
}

RunView
run_jobs_view(const RunJobs *jobs, const json_t *run)
{
	const char *desired = text_of(run, "desired"), *reason = text_of(run, "reason"),
			   *mode = text_of(json_object_get(run, "spec"), "mode");
	RunView view = {
		.copies_only = mode != NULL && strcmp(mode, "convert") == 0,
		.limited = reason != NULL && strncmp(reason, "limit_", strlen("limit_")) == 0,
		.jobs = jobs->reports,
		.job_count = jobs->count,
		.consumers = jobs->consumers,
		.consumer_count = jobs->consumer_count,
		.desired_at = text_of(run, "desired_at"),
	};

	if (desired == NULL || !run_desired_parse(desired, &view.desired))
		view.desired = DESIRED_STOPPED;
	return view;
}

const json_t *
run_jobs_document(const RunJobs *jobs, const JobReport *report)
{
	return jobs->documents[report - jobs->reports];
}

/* ---- shown ---- */

static json_t *
show_report(const JobReport *report, const json_t *document, bool over)
{
	return json_pack("{s:s, s:s?, s:s?, s:s, s:s?, s:O?, s:s?, s:s?}", "job", report->job, "role",
					 text_of(document, "role"), "worker_id", text_of(document, "worker_id"),
					 "state", report->lost && !over ? "lost" : report->state, "phase",
					 report->phase, "error", json_object_get(document, "error"), "since",
					 text_of(document, "since"), "at", text_of(document, "at"));
}

/* A job that has no report yet. */
static json_t *
show_waiting(const char *job, const char *role)
{
	return json_pack("{s:s, s:s, s:n, s:s, s:n, s:n, s:n, s:n}", "job", job, "role", role,
					 "worker_id", "state", "waiting", "phase", "error", "since", "at");
}

static const JobReport *
find(const RunJobs *jobs, const char *job)
{
	for (size_t i = 0; i < jobs->count; i++)
		if (strcmp(jobs->reports[i].job, job) == 0)
			return &jobs->reports[i];
	return NULL;
}

static void
add_job(json_t *shown, const RunJobs *jobs, const char *job, const char *role, bool over,
		bool expected)
{
	const JobReport *report = find(jobs, job);

	if (report != NULL)
		(void) json_array_append_new(shown,
									 show_report(report, run_jobs_document(jobs, report), over));
	else if (expected)
		(void) json_array_append_new(shown, show_waiting(job, role));
}

json_t *
run_jobs_show(const RunJobs *jobs, const json_t *run)
{
	bool over = text_of(run, "ended_at") != NULL;
	const char *desired = text_of(run, "desired");
	bool goes = desired != NULL && strcmp(desired, "dropped") == 0;
	json_t *shown = json_array(), *target;
	size_t i;

	add_job(shown, jobs, "reader", "reader", over, !over && !goes);
	json_array_foreach(targets_of(run), i, target)
	{
		json_int_t writers = json_integer_value(json_object_get(target, "writers"));
		for (json_int_t n = 1; n <= writers && n <= RUN_WRITERS_MAXIMUM; n++)
		{
			char job[80];
			(void) snprintf(job, sizeof(job), "writer-%.40s-%d", text_of(target, "name"), (int) n);
			add_job(shown, jobs, job, "writer", over, !over && !goes);
		}
	}
	add_job(shown, jobs, "drop", "reader", over, goes);
	return shown;
}

/* ---- what is waited for ---- */

typedef struct RoleWanted
{
	const char *role;
	bool found;
} RoleWanted;

static bool
has_role(void *context, const StoreEntry *entry)
{
	RoleWanted *wanted = context;
	const char *state = text_of(entry->value, "state");
	json_t *role;
	size_t i;

	if (timestamp_now() - entry->written_ms >= WORKER_LOST_MS ||
		(state != NULL && strcmp(state, "draining") == 0))
		return true;
	json_array_foreach(json_object_get(entry->value, "roles"), i, role)
	{
		wanted->found = wanted->found || strcmp(json_string_value(role), wanted->role) == 0;
	}
	return !wanted->found;
}

const char *
run_jobs_awaited(const RunJobs *jobs, Control *control, const json_t *run)
{
	static const char *const reasons[] = {"no worker of role reader has a place for it",
										  "no worker of role writer has a place for it"};
	json_t *shown = run_jobs_show(jobs, run), *job;
	const char *reason = NULL;
	size_t i;

	json_array_foreach(shown, i, job)
	{
		const char *state = text_of(job, "state"), *role = text_of(job, "role");
		RoleWanted wanted = {.role = role};

		if (reason != NULL || role == NULL ||
			(strcmp(state, "waiting") != 0 && strcmp(state, "lost") != 0))
			continue;
		if (store_each(control->store, STORE_STATE, "worker.", NULL, has_role, &wanted, NULL) &&
			!wanted.found)
			reason = reasons[strcmp(role, "reader") == 0 ? 0 : 1];
	}
	json_decref(shown);
	return reason;
}
