/*
 * run_jobs.c - jobs out of a run's document (run_jobs.h).
 */
#include "run_jobs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const JobRole roles[JOB_KINDS] = {
	[JOB_READER] = ROLE_READER,
	[JOB_WRITER] = ROLE_WRITER,
	[JOB_DROP] = ROLE_READER,
	[JOB_VERIFICATION] = ROLE_WRITER,
};

JobRole
job_kind_role(JobKind kind)
{
	return roles[kind];
}

const char *
job_role_name(JobRole role)
{
	return role == ROLE_READER ? "reader" : "writer";
}

const char *
run_text(const json_t *run, const char *name)
{
	const char *text = json_string_value(json_object_get(run, name));

	return text != NULL ? text : "";
}

bool
run_ended(const json_t *run)
{
	return json_is_string(json_object_get(run, "ended_at"));
}

/* ---- the list ---- */

typedef struct JobList
{
	RunJob *jobs;
	size_t size, count;
} JobList;

static void
add_job(JobList *list, JobKind kind, const char *name, const json_t *target,
		const json_t *verification)
{
	RunJob *job;

	if (list->count == list->size || strlen(name) > JOB_NAME_MAXIMUM)
		return;
	job = &list->jobs[list->count++];
	*job = (RunJob){.kind = kind, .target = target, .verification = verification};
	(void) snprintf(job->name, sizeof(job->name), "%s", name);
}

static void
add_writers(JobList *list, const json_t *target)
{
	json_int_t writers = json_integer_value(json_object_get(target, "writers"));
	char name[2 * JOB_NAME_MAXIMUM];

	for (json_int_t n = 1; n <= (writers < 1 ? 1 : writers) && n <= RUN_WRITERS_MAXIMUM; n++)
	{
		(void) snprintf(name, sizeof(name), "writer-%.60s-%" JSON_INTEGER_FORMAT,
						run_text(target, "name"), n);
		add_job(list, JOB_WRITER, name, target, NULL);
	}
}

/* The target of that name; NULL when there is none. */
static const json_t *
find_target(const json_t *targets, const char *name)
{
	size_t i;
	json_t *target;

	json_array_foreach(targets, i, target)
	{
		if (strcmp(run_text(target, "name"), name) == 0)
			return target;
	}
	return NULL;
}

static void
add_verification(JobList *list, const json_t *targets, const json_t *verification)
{
	const json_t *target = find_target(targets, run_text(verification, "target"));
	char name[2 * JOB_NAME_MAXIMUM];

	(void) snprintf(name, sizeof(name), "verify-%.60s", run_text(verification, "id"));
	if (target != NULL)
		add_job(list, JOB_VERIFICATION, name, target, verification);
}

size_t
run_jobs(const json_t *run, RunJob *jobs, size_t size)
{
	const json_t *targets = json_object_get(json_object_get(run, "spec"), "targets");
	JobList list = {jobs, size, 0};
	size_t i;
	json_t *each;

	if (run == NULL || run_ended(run) || !json_is_array(targets))
		return 0;
	if (strcmp(run_text(run, "desired"), "dropped") == 0)
	{
		add_job(&list, JOB_DROP, "drop", NULL, NULL);
		return list.count;
	}
	add_job(&list, JOB_READER, "reader", NULL, NULL);
	json_array_foreach(targets, i, each) add_writers(&list, each);
	json_array_foreach(json_object_get(run, "verifications"), i, each)
		add_verification(&list, targets, each);
	return list.count;
}

bool
run_has_job(const json_t *run, const char *name, RunJob *job)
{
	RunJob jobs[RUN_JOBS_MAXIMUM];
	size_t count = run_jobs(run, jobs, RUN_JOBS_MAXIMUM);

	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(jobs[i].name, name) != 0)
			continue;
		*job = jobs[i];
		return true;
	}
	return false;
}
