/*
 * job.h - one job that this worker holds: a thread that makes true what is wished, and what goes to and fro.
 *
 * The worker's main thread has the lease and NATS; it tells the job what is wished, hands in the figures its child
 * publishes, and takes out what is to be published: the report, log lines, figures.  The job's thread has the child or
 * the connection to the source; it never touches NATS but for secrets.  All that both use is under the job's lock.
 */
#ifndef SLUICE_WORKER_JOB_H
#define SLUICE_WORKER_JOB_H

#include <poll.h>

#include "common/nats/jetstream.h"
#include "job_report.h"
#include "run_jobs.h"
#include "tools.h"

typedef struct Job Job;

/* What is to be, as the run's document says. */
typedef struct JobWish
{
	char desired[JOB_WORD];
	char desired_at[2 * TIMESTAMP_TEXT];
	bool drain;		   /* with desired stopped: what is published is applied first */
	bool reader_rests; /* the run's reader has come to rest */
	bool gone;		   /* nobody is to have the job: the run is not there any more */
	bool end; /* another is to have the job, or nobody: stop what runs, then the thread is over */
} JobWish;

/* What does not change in a job's life; texts and documents are its own. */
typedef struct JobFacts
{
	char run[ID_MAXIMUM + 1];
	char name[JOB_NAME_MAXIMUM + 1];
	char tenant[TENANT_MAXIMUM + 1];
	char stream[STREAM_NAME_MAXIMUM + 1]; /* its name in NATS */
	JobKind kind;
	bool postgresql;			/* the source is */
	const json_t *run_document; /* as it was when the job was taken */
	const json_t *spec;
	const json_t *target;		/* of writers and verifications */
	const json_t *verification; /* of those */
} JobFacts;

/* ---- the worker's side ---- */

/* Starts the thread; `written` is the job's report of before, NULL: none.  NULL on error. */
extern Job *job_start(const Tools *tools, const json_t *run, const RunJob *job,
					  const json_t *written, const JobWish *wish, SluiceError *err);

extern const JobFacts *job_facts(const Job *job);

extern void job_tell(Job *job, const JobWish *wish);

/* Figures that a process of that number published for the stream in that role; taken when it is the job's child. */
extern void job_hear(Job *job, int pid, json_t *figures);

/* Something to publish. */
typedef struct JobMessage
{
	enum
	{
		JOB_LOG,	/* on the job's subject */
		JOB_FIGURES /* on the stream's, of role reader */
	} what;
	char *text;
} JobMessage;

/* Takes at most `size` messages; texts are to be freed. */
extern size_t job_take_messages(Job *job, JobMessage *messages, size_t size);

/* The report when it changed or `due`; NULL else. */
extern json_t *job_take_report(Job *job, bool due, int64_t now_ms);

/* The number of its child's process, 0: none; and whether it came to its end for good. */
extern int job_pid(Job *job);
extern bool job_is_final(Job *job);

/* Whether the thread is over; then the lease may be given up. */
extern bool job_over(Job *job);

/* Waits for the thread, which must have been told to end, and frees all. */
extern void job_free(Job *job);

/* ---- the thread's side ---- */

extern const Tools *job_tools(const Job *job);

/*
 * Waits until something is told, one of the descriptors is ready, or timeout_ms have passed (-1: for ever), and gives the
 * wish of now.  At most JOB_POLLS descriptors.
 */
#define JOB_POLLS 4
extern void job_wait(Job *job, struct pollfd *polls, size_t count, int timeout_ms, JobWish *wish);

/* Reports a state, with what is in the way (NULL: nothing). */
extern void job_state(Job *job, const char *state, const SluiceError *error);
extern void job_phase(Job *job, const char *phase);
extern void job_child(Job *job, int pid, bool again);
extern void job_result(Job *job, json_t *result); /* takes it */

/* Which wish was acted upon last; the text stays until the next. */
extern const char *job_acted(const Job *job);
extern void job_set_acted(Job *job, const char *desired_at);

/* Takes the text (to be freed); the oldest goes when too many wait. */
extern void job_publish(Job *job, int what, char *text);

/* The newest figures of the child that came since the last call; NULL: none. */
extern json_t *job_figures(Job *job);

/* Milliseconds of a clock that only goes forward. */
extern int64_t job_clock(void);

#endif
