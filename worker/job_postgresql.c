/*
 * job_postgresql.c - driving a stream of the extension (job_bodies.h).
 *
 * A wish is acted upon until the source has it as its own (`desired` of sluice.streams: its state is that of a moment
 * before); afterwards the stream is only looked at, and what somebody does to it by SQL is reported as it is.  Which
 * wish was acted upon stands in the report, so that a worker that takes the job over does not act again.
 */
#include "job_bodies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon/retry.h"
#include "common/daemon/trouble.h"
#include "pg_stream.h"

#define LOOK_MS			   1000
#define LOOK_SOON_MS	   150	/* after something was asked of the stream... */
#define SOON_FOR_MS		   5000 /* ...for so long */
#define FAILED_AFTER_TIMES 3
#define PASSING_MS		   2000 /* what is in a stream's way for less is not told */
#define DENIED_MS		   5000 /* between logins that are refused: secrets may be others by then */

static const RetryPolicy policy = {500, 30000};

typedef struct Source
{
	Job *job;
	const JobFacts *facts;
	PgSession session;
	JobWish wish;
	Retry retry;
	int64_t retry_ms;
	int64_t acted_ms; /* when something was asked of the stream last */
	int64_t
		in_the_way_ms; /* since when the stream has an error without having failed; 0: it has none */
	Trouble trouble;
	char state[JOB_WORD]; /* as it was reported last */
} Source;

static bool
wished(const Source *source, const char *desired)
{
	return strcmp(source->wish.desired, desired) == 0;
}

static void
say(Source *source, const char *state, const SluiceError *err)
{
	(void) snprintf(source->state, sizeof(source->state), "%s", state);
	job_state(source->job, state, err);
}

/* Trouble that may pass shows beside the last state; one that stays is a failure until it is over. */
static void
put_off(Source *source, const SluiceError *err)
{
	bool passes = sluice_error_transient(err->code) && source->retry.attempt < FAILED_AFTER_TIMES;

	int64_t wait_ms = retry_next(&source->retry);

	if (err->code == SLUICE_ERROR_DENIED && wait_ms > DENIED_MS)
		wait_ms = DENIED_MS;
	source->retry_ms = job_clock() + wait_ms;
	if (trouble_is_news(&source->trouble, err, job_clock()))
		log_failure(job_tools(source->job)->log, LOG_WARNING, "trouble at a source", err,
					(LogField[]){LOG_TEXT("run", source->facts->run),
								 LOG_TEXT("stream", source->facts->stream), LOG_END});
	say(source, passes && strcmp(source->state, "failed") != 0 ? source->state : "failed", err);
	if (!pg_session_alive(&source->session))
		pg_session_close(&source->session);
}

/* Secrets are fetched anew for each login: they may be others than before. */
static bool
open_endpoint(const Job *job, PgSession *session, const json_t *connection, SluiceError *err)
{
	const JobFacts *facts = job_facts(job);
	char application[128];
	Endpoint endpoint;
	const Endpoint *endpoints = &endpoint;
	Secrets secrets;
	bool good;

	(void) snprintf(application, sizeof(application), "sluice-worker %s", facts->stream);
	if (!endpoint_read(&endpoint, connection, err))
		return false;
	good = secret_desk_fetch(job_tools(job)->secrets, facts, &endpoints, 1, &secrets, err) &&
		   pg_session_open(session, "source", &endpoint, &secrets, application, err);
	secrets_free(&secrets);
	return good;
}

static bool
open_source(const Job *job, PgSession *session, SluiceError *err)
{
	const json_t *source = json_object_get(job_facts(job)->spec, "source");

	return (pg_session_alive(session) ||
			open_endpoint(job, session, json_object_get(source, "connection"), err)) &&
		   pg_stream_check(session, err);
}

/* ---- acting ---- */

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
	{
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

static bool
start_stream(Source *source, const PgStreamLook *look, SluiceError *err)
{
	if (strcmp(look->desired, "dropped") == 0)
		return sluice_fail(err, SLUICE_ERROR_FULL,
						   "the stream of before is still being dropped at the source");
	if (!look->there && !pg_stream_create(&source->session, source->facts, err))
		return false;
	if (look->there && !pg_stream_adapt(&source->session, source->facts, err))
		return false;
	return strcmp(look->desired, "running") == 0 ||
		   pg_stream_ask(&source->session, source->facts->stream, "start", err);
}

/* Whether the source wants it to rest; what is stopped is as good as paused. */
static bool
is_at_rest(const PgStreamLook *look, bool pause)
{
	static const char *const rests[] = {"created", "stopped", "dropped", NULL};

	return !look->there || is_one_of(look->desired, rests) ||
		   (pause && strcmp(look->desired, "paused") == 0);
}

static bool
rest_stream(Source *source, const PgStreamLook *look, const char *verb, SluiceError *err)
{
	return is_at_rest(look, strcmp(verb, "pause") == 0) ||
		   pg_stream_ask(&source->session, source->facts->stream, verb, err);
}

/* Whether the source has the wish as its own; one that came to its end is not running any more. */
static bool
has_wish(const Source *source, const PgStreamLook *look)
{
	static const char *const ends[] = {"failed", "finished", NULL};

	if (wished(source, "running"))
		return look->there &&
			   (strcmp(look->desired, "running") == 0 || is_one_of(look->state, ends));
	return is_at_rest(look, wished(source, "paused"));
}

static bool
act(Source *source, const PgStreamLook *look, SluiceError *err)
{
	if (wished(source, "running"))
		return start_stream(source, look, err);
	if (wished(source, "paused"))
		return rest_stream(source, look, "pause", err);
	return rest_stream(source, look, "stop", err);
}

/* ---- telling ---- */

static void
publish_figures(Source *source, json_t *figures, const char *state)
{
	(void) json_object_set_new(figures, "role", json_string("reader"));
	(void) json_object_set_new(figures, "stream", json_string(source->facts->stream));
	(void) json_object_set_new(figures, "owner", json_string(job_tools(source->job)->worker));
	(void) json_object_set_new(figures, "time_ms", json_integer(timestamp_now()));
	(void) json_object_set_new(figures, "state", json_string(state));
	job_publish(source->job, JOB_FIGURES, json_dumps(figures, JSON_COMPACT));
}

/* One that is not there rests as well as one that is; only who is to run it misses it. */
static void
tell_missing(Source *source)
{
	SluiceError err;

	if (!wished(source, "running"))
	{
		say(source, wished(source, "paused") ? "paused" : "stopped", NULL);
		return;
	}
	(void) sluice_fail(&err, SLUICE_ERROR_NOT_FOUND,
					   "stream %s is not at the source any more: somebody dropped it",
					   source->facts->stream);
	(void) sluice_hint(&err, "resume the run to make it anew, or stop it");
	say(source, "failed", &err);
}

/* The state to be told. */
static const char *
state_of(const Source *source, const PgStreamLook *look)
{
	static const char *const rests[] = {"created", "paused", "stopped", "failed", NULL};
	static const char *const stopped[] = {"created", "failed", NULL};

	if (strcmp(look->desired, "running") == 0 && is_one_of(look->state, rests))
		return "starting"; /* the state is that of before */
	/* Asked to stop, it stays failed there, which is as much at rest. */
	return wished(source, "stopped") && is_one_of(look->state, stopped) ? "stopped" : look->state;
}

/* What is in its way; NULL for nothing, and for what may be over in a moment. */
static const SluiceError *
error_of(Source *source, const PgStreamLook *look)
{
	if (look->error.code == SLUICE_OK)
	{
		source->in_the_way_ms = 0;
		return NULL;
	}
	if (source->in_the_way_ms == 0)
		source->in_the_way_ms = job_clock();
	return strcmp(look->state, "failed") == 0 || job_clock() - source->in_the_way_ms >= PASSING_MS
			   ? &look->error
			   : NULL;
}

static void
tell(Source *source, PgStreamLook *look)
{
	const char *state = state_of(source, look);

	if (!look->there)
	{
		tell_missing(source);
		return;
	}
	if (look->figures != NULL)
		publish_figures(source, look->figures, state);
	say(source, state, error_of(source, look));
}

/* ---- rounds ---- */

static bool
do_round(Source *source, SluiceError *err)
{
	bool acts = strcmp(job_acted(source->job), source->wish.desired_at) != 0;
	PgStreamLook look;

	if (!open_source(source->job, &source->session, err) ||
		!pg_stream_look(&source->session, source->facts->stream, &look, err))
		return false;
	if (acts)
	{
		bool good = act(source, &look, err);

		pg_stream_look_free(&look);
		if (!good)
			return false;
		source->acted_ms = job_clock();
		if (!pg_stream_look(&source->session, source->facts->stream, &look, err))
			return false;
	}
	tell(source, &look);
	if (acts && has_wish(source, &look))
		job_set_acted(source->job, source->wish.desired_at);
	pg_stream_look_free(&look);
	return true;
}

/* What was asked for shows a moment later. */
static int64_t
look_again(const Source *source)
{
	static const char *const at_work[] = {"streaming", "loading", "indexing", "finished", NULL};
	bool reached = wished(source, source->state) ||
				   (wished(source, "running") && is_one_of(source->state, at_work));

	return reached || job_clock() - source->acted_ms > SOON_FOR_MS ? LOOK_MS : LOOK_SOON_MS;
}

/* Nobody will ask for anything any more: the stream is not to go on for ever. */
static void
leave_at_rest(Source *source)
{
	PgStreamLook look;
	SluiceError err;
	bool good = open_source(source->job, &source->session, &err) &&
				pg_stream_look(&source->session, source->facts->stream, &look, &err);

	if (good)
	{
		good = rest_stream(source, &look, "stop", &err);
		pg_stream_look_free(&look);
	}
	if (!good)
		log_failure(job_tools(source->job)->log, LOG_WARNING,
					"run is gone, and its stream goes on at the source", &err,
					(LogField[]){LOG_TEXT("run", source->facts->run),
								 LOG_TEXT("stream", source->facts->stream), LOG_END});
}

void
job_postgresql(Job *job)
{
	Source source = {.job = job, .facts = job_facts(job), .state = "starting"};
	char seen[sizeof(source.wish.desired_at)] = "";
	SluiceError err;

	retry_init(&source.retry, policy, (uint64_t) job_clock());
	job_wait(job, NULL, 0, 0, &source.wish);
	while (!source.wish.end)
	{
		int64_t left = source.retry_ms - job_clock();

		if (left <= 0 || strcmp(seen, source.wish.desired_at) != 0)
		{
			(void) snprintf(seen, sizeof(seen), "%s", source.wish.desired_at);
			if (do_round(&source, &err))
			{
				retry_reset(&source.retry);
				trouble_over(&source.trouble);
				source.retry_ms = job_clock() + look_again(&source);
			}
			else
				put_off(&source, &err);
			left = source.retry_ms - job_clock();
		}
		job_wait(job, NULL, 0, left > 0 ? (int) left : 0, &source.wish);
	}
	if (source.wish.gone && *seen != '\0')
		leave_at_rest(&source);
	pg_session_close(&source.session);
}

/* ---- the drop ---- */

/* True when nothing is left at the source. */
static bool
drop_round(Source *source, bool *gone, SluiceError *err)
{
	PgStreamLook look;
	bool good;

	*gone = false;
	if (!open_source(source->job, &source->session, err))
	{
		*gone = err->code == SLUICE_ERROR_NOT_FOUND && pg_session_alive(&source->session);
		return *gone; /* without the extension there is no stream */
	}
	if (!pg_stream_look(&source->session, source->facts->stream, &look, err))
		return false;
	*gone = !look.there;
	good = *gone || strcmp(look.desired, "dropped") == 0 ||
		   pg_stream_ask(&source->session, source->facts->stream, "drop", err);
	pg_stream_look_free(&look);
	return good;
}

void
job_postgresql_drop(Job *job)
{
	Source source = {.job = job, .facts = job_facts(job)};
	SluiceError err;
	bool gone = false;

	retry_init(&source.retry, policy, (uint64_t) job_clock());
	say(&source, "running", NULL);
	job_wait(job, NULL, 0, 0, &source.wish);
	while (!source.wish.end)
	{
		int wait_ms = LOOK_MS / 10;

		if (gone)
			wait_ms = -1;
		else if (!drop_round(&source, &gone, &err))
		{
			put_off(&source, &err);
			wait_ms = (int) (source.retry_ms - job_clock());
		}
		else if (gone)
		{
			job_forget(job);
			say(&source, "finished", NULL);
		}
		job_wait(job, NULL, 0, wait_ms, &source.wish);
	}
	pg_session_close(&source.session);
}
