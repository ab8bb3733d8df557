/*
 * run_state.c - rules in the order in which they count; the first that fits tells the state.
 */
#include "run_state.h"

#include <string.h>

const char *const run_desired_names[RUN_DESIRES] = {
	[DESIRED_RUNNING] = "running",
	[DESIRED_PAUSED] = "paused",
	[DESIRED_STOPPED] = "stopped",
	[DESIRED_DROPPED] = "dropped",
};

#define AT(state) (1u << STREAM_##state)

/* What is wished by a command, and the states in which it makes sense. */
static const struct
{
	const char *name;
	RunDesired desired;
	unsigned states;
} commands[RUN_COMMANDS] = {
	[RUN_PAUSE] = {"pause", DESIRED_PAUSED,
				   AT(CREATED) | AT(STARTING) | AT(COPYING_SCHEMA) | AT(LOADING) | AT(INDEXING) |
					   AT(STREAMING) | AT(PAUSED)},
	[RUN_RESUME] = {"resume", DESIRED_RUNNING,
					AT(CREATED) | AT(STARTING) | AT(COPYING_SCHEMA) | AT(LOADING) | AT(INDEXING) |
						AT(STREAMING) | AT(PAUSED) | AT(STOPPED) | AT(FAILED)},
	[RUN_STOP] = {"stop", DESIRED_STOPPED, ~(AT(DROPPING))},
	[RUN_CANCEL] = {"cancel", DESIRED_STOPPED, ~(AT(DROPPING))},
};

const char *const run_command_names[RUN_COMMANDS] = {"pause", "resume", "stop", "cancel"};

bool
run_desired_parse(const char *name, RunDesired *desired)
{
	for (int i = 0; i < RUN_DESIRES; i++)
	{
		if (strcmp(run_desired_names[i], name) == 0)
		{
			*desired = (RunDesired) i;
			return true;
		}
	}
	return false;
}

RunDesired
run_command_desired(RunCommand command)
{
	return commands[command].desired;
}

bool
run_command_allowed(RunCommand command, RunDesired desired, StreamState state, bool ended)
{
	if (desired == DESIRED_DROPPED)
		return false;
	if (ended || desired == DESIRED_STOPPED)
		return commands[command].desired == DESIRED_STOPPED;
	return (commands[command].states & (1u << state)) != 0;
}

/* ---- jobs ---- */

static bool
is(const JobReport *job, const char *state)
{
	return job != NULL && strcmp(job->state, state) == 0;
}

static bool
at_rest(const JobReport *job)
{
	return is(job, "stopped") || is(job, "finished") || is(job, "failed");
}

static bool
is_writer(const JobReport *job)
{
	return strncmp(job->job, "writer-", strlen("writer-")) == 0;
}

/* Whether the job is one of a target's writers: "writer-<consumer>-<n>". */
static bool
writes_for(const JobReport *job, const char *consumer)
{
	size_t length = strlen(consumer);
	return is_writer(job) && strncmp(job->job + strlen("writer-"), consumer, length) == 0 &&
		   job->job[strlen("writer-") + length] == '-' &&
		   strchr(job->job + strlen("writer-") + length + 1, '-') == NULL;
}

static const JobReport *
find(const RunView *view, const char *name)
{
	for (size_t i = 0; i < view->job_count; i++)
	{
		if (strcmp(view->jobs[i].job, name) == 0)
			return &view->jobs[i];
	}
	return NULL;
}

/* The first writer that says so, and whose worker is there. */
static const JobReport *
writer_that(const RunView *view, const char *state, const char *phase)
{
	for (size_t i = 0; i < view->job_count; i++)
	{
		const JobReport *job = &view->jobs[i];
		if (is_writer(job) && !job->lost && is(job, state) &&
			(phase == NULL || (job->phase != NULL && strcmp(job->phase, phase) == 0)))
			return job;
	}
	return NULL;
}

static const JobReport *
failed_job(const RunView *view)
{
	const JobReport *reader = find(view, "reader");
	return is(reader, "failed") && !reader->lost ? reader : writer_that(view, "failed", NULL);
}

/* A target has all of a stream that finished as soon as one of its writers says so. */
static bool
targets_finished(const RunView *view)
{
	for (size_t i = 0; i < view->consumer_count; i++)
	{
		bool finished = false;
		for (size_t j = 0; j < view->job_count && !finished; j++)
			finished =
				writes_for(&view->jobs[j], view->consumers[i]) && is(&view->jobs[j], "finished");
		if (!finished)
			return false;
	}
	return true;
}

/* What it says was so before it heard of the wish; who failed rests whatever is wished. */
static bool
is_outdated(const RunView *view, const JobReport *job)
{
	return view->desired_at != NULL && job->desired_at != NULL && !job->lost &&
		   !is(job, "failed") && strcmp(view->desired_at, job->desired_at) != 0;
}

static bool
all_at_rest(const RunView *view)
{
	for (size_t i = 0; i < view->job_count; i++)
	{
		const JobReport *job = &view->jobs[i];
		if ((is_writer(job) || strcmp(job->job, "reader") == 0) &&
			(!at_rest(job) || is_outdated(view, job)))
			return false;
	}
	return true;
}

/* ---- the run ---- */

static RunSight
sight(StreamState state, const JobReport *job)
{
	return (RunSight){.state = state, .phase = job != NULL ? job->phase : NULL};
}

static RunSight
ended(StreamState state)
{
	return (RunSight){.state = state, .ended = true};
}

static RunSight
failed(const JobReport *job)
{
	RunSight seen = sight(STREAM_FAILED, job);
	seen.cause = job;
	return seen;
}

static bool
is_in_trouble(const JobReport *job)
{
	return job != NULL && !job->lost && job->error_at != NULL;
}

/* Whoever says last what is in its way: trouble that passes does not change the state. */
static const JobReport *
newest_trouble(const RunView *view)
{
	const JobReport *newest = NULL;

	for (size_t i = 0; i < view->job_count; i++)
	{
		const JobReport *job = &view->jobs[i];
		if ((is_writer(job) || strcmp(job->job, "reader") == 0) && is_in_trouble(job) &&
			(newest == NULL || strcmp(job->error_at, newest->error_at) > 0))
			newest = job;
	}
	return newest;
}

static RunSight
dropping(const RunView *view)
{
	const JobReport *job = find(view, "drop");
	RunSight seen = sight(STREAM_DROPPING, job);
	seen.dropped = is(job, "finished");
	seen.cause = is(job, "failed") || is_in_trouble(job) ? job : NULL;
	return seen;
}

/* How far writers are, where that says more than the reader does. */
static const JobReport *
copying_writer(const RunView *view, StreamState *state)
{
	const JobReport *job = writer_that(view, "loading", "indexing");
	*state = STREAM_INDEXING;
	if (job == NULL)
	{
		job = writer_that(view, "loading", NULL);
		*state = STREAM_LOADING;
	}
	return job;
}

/* The reader has nothing more to send. */
static RunSight
draining(const RunView *view, const JobReport *reader)
{
	StreamState state;
	const JobReport *writer = copying_writer(view, &state);
	if (writer != NULL)
		return sight(state, writer);
	return sight(view->copies_only ? STREAM_LOADING : STREAM_STREAMING, reader);
}

/* Reader and writers shall come to rest. */
static RunSight
stopping(const RunView *view, const JobReport *reader)
{
	RunSight seen;
	if (all_at_rest(view))
		return ended(view->limited ? STREAM_FINISHED : STREAM_STOPPED);
	seen = sight(STREAM_STOPPING, reader);
	seen.cause = newest_trouble(view);
	return seen;
}

/* What the reader says, made more exact by the writers. */
static RunSight
going(const RunView *view, const JobReport *reader)
{
	StreamState state, of_writers;
	if (reader == NULL || reader->lost || !stream_state_parse(reader->state, &state, NULL))
		return sight(STREAM_STARTING, NULL);
	if (state == STREAM_FINISHED)
		return draining(view, reader);
	const JobReport *writer = copying_writer(view, &of_writers);
	if (writer != NULL && (state == STREAM_STREAMING || state == STREAM_LOADING))
		return sight(of_writers, writer);
	return sight(state, reader);
}

RunSight
run_state_compose(const RunView *view)
{
	const JobReport *reader = find(view, "reader"), *failure = failed_job(view);
	RunSight seen;

	if (view->desired == DESIRED_DROPPED)
		return dropping(view);
	if (is(reader, "finished") && targets_finished(view))
		return ended(STREAM_FINISHED);
	if (view->desired == DESIRED_STOPPED)
		return stopping(view, reader);
	if (failure != NULL)
		return failed(failure);
	seen = going(view, reader);
	seen.cause = newest_trouble(view);
	return seen;
}
