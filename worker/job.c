/*
 * job.c - a job's thread and its letter box (job.h).
 *
 * Invariants:
 * 1. `lock` guards everything below it; facts, tools and wake do not change while the thread runs.
 * 2. The thread's last act is to set `over`; nothing of the job is touched by it afterwards.
 */
#include "job.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "job_bodies.h"

#define MESSAGES_MAXIMUM 256

struct Job
{
	JobFacts facts;
	const Tools *tools;
	int wake; /* eventfd */
	pthread_t thread;

	pthread_mutex_t lock;
	JobWish wish;
	JobReport report;
	bool changed;	 /* the report, since it was taken */
	json_t *figures; /* of the child */
	JobMessage messages[MESSAGES_MAXIMUM];
	size_t first_message, message_count;
	bool over;
};

int64_t
job_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- life ---- */

static void *
run_thread(void *context)
{
	Job *job = context;

	job_body (&job->facts)(job);
	(void) pthread_mutex_lock(&job->lock);
	job->over = true;
	(void) pthread_mutex_unlock(&job->lock);
	return NULL;
}

/* A copy of what points into the first document, in the second of the same shape. */
static bool
set_facts(JobFacts *facts, const json_t *run, const RunJob *job, SluiceError *err)
{
	const json_t *source;
	RunJob own;

	facts->run_document = json_deep_copy(run);
	if (facts->run_document == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a job");
	if (!run_has_job(facts->run_document, job->name, &own))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "the run has no such job");
	facts->kind = own.kind;
	facts->target = own.target;
	facts->verification = own.verification;
	facts->spec = json_object_get(facts->run_document, "spec");
	source = json_object_get(json_object_get(facts->spec, "source"), "connection");
	facts->postgresql = strcmp(run_text(source, "type"), "postgresql") == 0;
	(void) snprintf(facts->run, sizeof(facts->run), "%s", run_text(facts->run_document, "id"));
	(void) snprintf(facts->name, sizeof(facts->name), "%s", own.name);
	(void) snprintf(facts->tenant, sizeof(facts->tenant), "%s",
					run_text(facts->run_document, "tenant"));
	(void) snprintf(facts->stream, sizeof(facts->stream), "%s",
					run_text(facts->run_document, "stream"));
	return stream_name_check(facts->stream, err);
}

static void
free_all(Job *job)
{
	if (job->wake >= 0)
		(void) close(job->wake);
	for (size_t i = 0; i < job->message_count; i++)
		free(job->messages[(job->first_message + i) % MESSAGES_MAXIMUM].text);
	json_decref(job->figures);
	job_report_free(&job->report);
	json_decref((json_t *) (size_t) job->facts.run_document);
	(void) pthread_mutex_destroy(&job->lock);
	free(job);
}

Job *
job_start(const Tools *tools, const json_t *run, const RunJob *about, const json_t *written,
		  const JobWish *wish, SluiceError *err)
{
	Job *job = calloc(1, sizeof(*job));

	if (job == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a job");
		return NULL;
	}
	job->tools = tools;
	job->wish = *wish;
	job->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void) pthread_mutex_init(&job->lock, NULL);
	job_report_take_over(&job->report, written);
	job->changed = job_report_set(&job->report, "starting", NULL, timestamp_now());
	if (job->wake < 0)
		(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot make an eventfd: %s", strerror(errno));
	else if (set_facts(&job->facts, run, about, err))
	{
		if (pthread_create(&job->thread, NULL, run_thread, job) == 0)
			return job;
		(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot start a thread: %s", strerror(errno));
	}
	free_all(job);
	return NULL;
}

bool
job_over(Job *job)
{
	bool over;

	(void) pthread_mutex_lock(&job->lock);
	over = job->over;
	(void) pthread_mutex_unlock(&job->lock);
	return over;
}

int
job_pid(Job *job)
{
	int pid;

	(void) pthread_mutex_lock(&job->lock);
	pid = job->report.pid;
	(void) pthread_mutex_unlock(&job->lock);
	return pid;
}

bool
job_is_final(Job *job)
{
	bool final;

	(void) pthread_mutex_lock(&job->lock);
	final = job_state_is_final(job->report.state);
	(void) pthread_mutex_unlock(&job->lock);
	return final;
}

void
job_free(Job *job)
{
	if (job == NULL)
		return;
	(void) pthread_join(job->thread, NULL);
	free_all(job);
}

const JobFacts *
job_facts(const Job *job)
{
	return &job->facts;
}

const Tools *
job_tools(const Job *job)
{
	return job->tools;
}

/* ---- what is told ---- */

static void
wake(Job *job)
{
	uint64_t one = 1;

	(void) !write(job->wake, &one, sizeof(one));
}

void
job_tell(Job *job, const JobWish *wish)
{
	bool other;

	(void) pthread_mutex_lock(&job->lock);
	other = memcmp(&job->wish, wish, sizeof(*wish)) != 0;
	job->wish = *wish;
	(void) pthread_mutex_unlock(&job->lock);
	if (other)
		wake(job);
}

void
job_hear(Job *job, int pid, json_t *figures)
{
	bool ours;

	(void) pthread_mutex_lock(&job->lock);
	ours = job->report.pid > 0 && job->report.pid == pid;
	if (ours)
	{
		json_decref(job->figures);
		job->figures = json_incref(figures);
	}
	(void) pthread_mutex_unlock(&job->lock);
	if (ours)
		wake(job);
}

void
job_wait(Job *job, struct pollfd *polls, size_t count, int timeout_ms, JobWish *wish)
{
	struct pollfd all[JOB_POLLS + 1];
	uint64_t times;

	if (count > 0)
		memcpy(all, polls, count * sizeof(*polls));
	all[count] = (struct pollfd){.fd = job->wake, .events = POLLIN};
	(void) poll(all, count + 1, timeout_ms);
	if (count > 0)
		memcpy(polls, all, count * sizeof(*polls));
	(void) !read(job->wake, &times, sizeof(times));
	(void) pthread_mutex_lock(&job->lock);
	*wish = job->wish;
	(void) pthread_mutex_unlock(&job->lock);
}

/* ---- what is reported ---- */

void
job_state(Job *job, const char *state, const SluiceError *error)
{
	(void) pthread_mutex_lock(&job->lock);
	job->changed |= job_report_set(&job->report, state, error, timestamp_now());
	(void) pthread_mutex_unlock(&job->lock);
}

void
job_phase(Job *job, const char *phase)
{
	(void) pthread_mutex_lock(&job->lock);
	if (strcmp(job->report.phase, phase) != 0)
	{
		(void) snprintf(job->report.phase, sizeof(job->report.phase), "%s", phase);
		job->changed = true;
	}
	(void) pthread_mutex_unlock(&job->lock);
}

void
job_child(Job *job, int pid, bool again)
{
	(void) pthread_mutex_lock(&job->lock);
	job->changed |= job->report.pid != pid;
	job->report.pid = pid;
	job->report.restarts += again;
	json_decref(job->figures);
	job->figures = NULL;
	(void) pthread_mutex_unlock(&job->lock);
}

void
job_result(Job *job, json_t *result)
{
	(void) pthread_mutex_lock(&job->lock);
	json_decref(job->report.result);
	job->report.result = result;
	job->changed = true;
	(void) pthread_mutex_unlock(&job->lock);
}

/* Only the job's thread writes it. */
const char *
job_acted(const Job *job)
{
	return job->report.acted_at;
}

void
job_set_acted(Job *job, const char *desired_at)
{
	(void) pthread_mutex_lock(&job->lock);
	(void) snprintf(job->report.acted_at, sizeof(job->report.acted_at), "%s", desired_at);
	job->changed = true;
	(void) pthread_mutex_unlock(&job->lock);
}

json_t *
job_figures(Job *job)
{
	json_t *figures;

	(void) pthread_mutex_lock(&job->lock);
	figures = job->figures;
	job->figures = NULL;
	(void) pthread_mutex_unlock(&job->lock);
	return figures;
}

/* ---- what goes out ---- */

void
job_publish(Job *job, int what, char *text)
{
	JobMessage *place;

	if (text == NULL)
		return;
	(void) pthread_mutex_lock(&job->lock);
	if (job->message_count == MESSAGES_MAXIMUM)
	{
		free(job->messages[job->first_message].text);
		job->first_message = (job->first_message + 1) % MESSAGES_MAXIMUM;
		job->message_count--;
	}
	place = &job->messages[(job->first_message + job->message_count++) % MESSAGES_MAXIMUM];
	*place = (JobMessage){.what = what, .text = text};
	(void) pthread_mutex_unlock(&job->lock);
}

size_t
job_take_messages(Job *job, JobMessage *messages, size_t size)
{
	size_t count = 0;

	(void) pthread_mutex_lock(&job->lock);
	while (count < size && job->message_count > 0)
	{
		messages[count++] = job->messages[job->first_message];
		job->first_message = (job->first_message + 1) % MESSAGES_MAXIMUM;
		job->message_count--;
	}
	(void) pthread_mutex_unlock(&job->lock);
	return count;
}

json_t *
job_take_report(Job *job, bool due, int64_t now_ms)
{
	const JobIdentity identity = {
		.tenant = job->facts.tenant,
		.run = job->facts.run,
		.job = job->facts.name,
		.role = job_role_name(job_kind_role(job->facts.kind)),
		.worker = job->tools->worker,
	};
	json_t *report = NULL;

	(void) pthread_mutex_lock(&job->lock);
	if (due || job->changed)
	{
		report = job_report_json(&job->report, &identity, now_ms);
		job->changed = false;
	}
	(void) pthread_mutex_unlock(&job->lock);
	return report;
}
