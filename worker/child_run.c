/*
 * child_run.c - a child's life (child_run.h).
 */
#include "child_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "launch.h"

#define CHUNK		   4096
#define CHUNKS_AT_ONCE 64 /* before others are looked at again */
#define FINISHED	   "finished"

void
child_run_init(ChildRun *run, Job *job)
{
	*run = (ChildRun){.job = job, .child = {.process = -1, .errors = -1, .output = -1}};
}

void
child_run_free(ChildRun *run)
{
	child_close(&run->child);
	bytebuf_free(&run->output);
}

bool
child_run_going(const ChildRun *run)
{
	return run->child.pid > 0;
}

static void
begin(ChildRun *run)
{
	run->lines.length = 0;
	run->lines.skipping = false;
	run->finished = run->output_too_long = false;
	run->kill_ms = 0;
	sluice_error_clear(&run->trouble);
	bytebuf_free(&run->output);
	bytebuf_init(&run->output, &allocator_malloc, JOB_RESULT_MAXIMUM + CHUNK);
}

static void
tell_start(const ChildRun *run, bool again)
{
	const JobFacts *facts = job_facts(run->job);

	job_child(run->job, run->child.pid, again);
	log_event(job_tools(run->job)->log, LOG_INFO, "started a child",
			  (LogField[]){LOG_TEXT("run", facts->run), LOG_TEXT("job", facts->name),
						   LOG_TEXT("stream", facts->stream), LOG_INTEGER("child", run->child.pid),
						   LOG_END});
}

bool
child_run_start(ChildRun *run, bool again, SluiceError *err)
{
	begin(run);
	if (!launch_program(run->job, &run->child, err))
		return false;
	tell_start(run, again);
	return true;
}

bool
child_run_forget(ChildRun *run, const json_t *target, SluiceError *err)
{
	begin(run);
	if (!launch_forget(run->job, target, &run->child, err))
		return false;
	tell_start(run, false);
	return true;
}

void
child_run_end(ChildRun *run)
{
	if (!child_run_going(run))
		return;
	if (run->kill_ms == 0)
	{
		run->kill_ms = job_clock() + job_tools(run->job)->stop_ms;
		child_signal(&run->child, SIGTERM);
	}
	else if (job_clock() >= run->kill_ms)
		child_signal(&run->child, SIGKILL);
}

/* ---- its log ---- */

static void
pass_on(ChildRun *run, const json_t *entry)
{
	int64_t now_ms = timestamp_now();
	char time[TIMESTAMP_TEXT];
	json_t *gap;

	if (!child_log_passes(&run->rate, now_ms))
		return;
	if (run->rate.left_out > 0)
	{
		gap = json_pack("{s:s, s:s, s:s, s:I}", "time", timestamp_format(time, now_ms), "level",
						"warning", "msg", "lines were left out", "lines",
						(json_int_t) run->rate.left_out);
		job_publish(run->job, JOB_LOG, json_dumps(gap, JSON_COMPACT));
		json_decref(gap);
		run->rate.left_out = 0;
	}
	job_publish(run->job, JOB_LOG, json_dumps(entry, JSON_COMPACT));
}

static const char *
text_or_null(const json_t *entry, const char *name)
{
	const char *text = child_log_text(entry, name);

	return *text != '\0' ? text : NULL;
}

/* The same in the worker's own log. */
static void
echo(const ChildRun *run, const json_t *entry)
{
	const JobFacts *facts = job_facts(run->job);

	log_event(job_tools(run->job)->log, child_log_level(entry), child_log_text(entry, "msg"),
			  (LogField[]){LOG_TEXT("run", facts->run), LOG_TEXT("job", facts->name),
						   LOG_INTEGER("child", run->child.pid),
						   LOG_TEXT("error", text_or_null(entry, "error")),
						   LOG_TEXT("code", text_or_null(entry, "code")),
						   LOG_TEXT("hint", text_or_null(entry, "hint")),
						   LOG_TEXT("table", text_or_null(entry, "table")), LOG_END});
}

/* A ChildLine. */
static void
take_line(void *context, const char *line)
{
	ChildRun *run = context;
	json_t *entry = child_log_entry(line, timestamp_now());

	if (entry == NULL)
		return;
	if (child_log_trouble(entry, &run->trouble))
		run->trouble_ms = timestamp_now();
	run->finished |= strcmp(child_log_text(entry, "msg"), FINISHED) == 0;
	echo(run, entry);
	pass_on(run, entry);
	json_decref(entry);
}

/* ---- what it writes ---- */

static void
take_output(ChildRun *run, const char *data, size_t length)
{
	SluiceError ignored;

	if (run->output.length + length > JOB_RESULT_MAXIMUM)
		run->output_too_long = true;
	else if (!bytebuf_put(&run->output, data, length, &ignored))
		run->output_too_long = true;
}

/* Reads what is there now; closes a stream that has ended. */
static void
take_stream(ChildRun *run, int *fd, bool is_log)
{
	char chunk[CHUNK];

	for (int i = 0; *fd >= 0 && i < CHUNKS_AT_ONCE; i++)
	{
		ssize_t got = read(*fd, chunk, sizeof(chunk));

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got > 0 && is_log)
			child_lines_add(&run->lines, chunk, (size_t) got, take_line, run);
		else if (got > 0)
			take_output(run, chunk, (size_t) got);
		else
		{
			(void) close(*fd);
			*fd = -1;
		}
	}
}

bool
child_run_wait(ChildRun *run, int timeout_ms, JobWish *wish, int *status)
{
	struct pollfd polls[] = {{.fd = run->child.errors, .events = POLLIN},
							 {.fd = run->child.output, .events = POLLIN},
							 {.fd = run->child.process, .events = POLLIN}};
	bool ended;

	job_wait(run->job, polls, sizeof(polls) / sizeof(polls[0]), timeout_ms, wish);
	ended = child_ended(&run->child, status);
	take_stream(run, &run->child.errors, true);
	take_stream(run, &run->child.output, false);
	if (!ended)
		return false;
	child_lines_end(&run->lines, take_line, run);
	child_close(&run->child);
	job_child(run->job, 0, false);
	return true;
}

void
child_run_reason(const ChildRun *run, int status, SluiceError *reason)
{
	char end[CHILD_END_TEXT];

	*reason = run->trouble;
	if (reason->code == SLUICE_OK)
		(void) sluice_fail(reason, SLUICE_ERROR_STATE, "the program ended by itself: %s",
						   child_end_text(status, end));
}
