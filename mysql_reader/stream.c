/*
 * stream.c - a stream's thread (stream.h).
 *
 * Invariants:
 * 1. `lock` guards all but the settings and what only the thread uses.
 * 2. `work` is there while the thread is at work.  Whoever holds `lock` may stop it, whoever holds
 *    `looking` may look at it, which takes `lock`; both are held when it comes or goes.
 */
#include "stream.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/daemon/retry.h"
#include "common/daemon/trouble.h"
#include "settings.h"
#include "stream_work.h"

#define DRAIN_MS	   5000
#define YIELD_MS	   1500
#define YIELD_ATTEMPTS 3

/* What follows from an error. */
typedef enum Consequence
{
	PASSES,	  /* by itself */
	GIVE_WAY, /* another reader is at work */
	MENDED,	  /* by somebody, then it goes on */
	FOR_GOOD, /* hardly ever passes */
	CONSEQUENCES
} Consequence;

static const Consequence meanings[] = {
	[SLUICE_OK] = PASSES,
	[SLUICE_ERROR_MEMORY] = PASSES,
	[SLUICE_ERROR_LIMIT] = MENDED,
	[SLUICE_ERROR_CORRUPT] = FOR_GOOD,
	[SLUICE_ERROR_VERSION] = FOR_GOOD,
	[SLUICE_ERROR_ARGUMENT] = MENDED,
	[SLUICE_ERROR_IO] = PASSES,
	[SLUICE_ERROR_TIMEOUT] = PASSES,
	[SLUICE_ERROR_CONFLICT] = GIVE_WAY,
	[SLUICE_ERROR_NOT_FOUND] = MENDED,
	[SLUICE_ERROR_DENIED] = MENDED,
	[SLUICE_ERROR_FULL] = PASSES,
	[SLUICE_ERROR_STATE] = FOR_GOOD,
	[SLUICE_ERROR_DATA] = MENDED,
};

/* What is done about it. */
static const struct Measure
{
	RetryPolicy retry;
	LogLevel level;
	StreamState state;
	const char *words;
} measures[CONSEQUENCES] = {
	[PASSES] = {{100, 3000}, LOG_WARNING, STREAM_STARTING, "starting over"},
	[GIVE_WAY] = {{500, 3000}, LOG_WARNING, STREAM_STARTING, "giving way to another reader"},
	[MENDED] = {{1000, 5000}, LOG_ERROR, STREAM_FAILED, "stopped by an error"},
	[FOR_GOOD] = {{30000, 60000}, LOG_ERROR, STREAM_FAILED, "cannot go on"},
};

struct Stream
{
	StreamSettings settings;
	Log *log;
	StreamFigures figures;
	pthread_t thread;
	pthread_mutex_t looking, lock;
	pthread_cond_t changed;
	bool held, end, ended;
	int64_t yield_until;
	int state;
	SluiceError error;
	StreamWork *work;

	/* of the thread */
	Retry retries[CONSEQUENCES];
	Trouble trouble;
};

int64_t
stream_clock(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- state ---- */

static void
set_state(Stream *stream, int state, const SluiceError *err)
{
	bool changed;

	pthread_mutex_lock(&stream->lock);
	changed = stream->state != state;
	stream->state = state;
	if (err != NULL)
		stream->error = *err;
	pthread_mutex_unlock(&stream->lock);
	if (!changed)
		return;
	stream_figures_set_state(&stream->figures, state);
	log_event(stream->log, LOG_INFO, reader_state_name(state), NULL);
}

/* Of WorkHost; while there is work. */
static void
work_state(void *context, StreamState state)
{
	set_state(context, (int) state, NULL);
}

static void
work_trouble(void *context, const SluiceError *err)
{
	static const SluiceError none = {0};
	Stream *stream = context;
	bool news;

	pthread_mutex_lock(&stream->lock);
	stream->error = err != NULL ? *err : none;
	news = err != NULL && trouble_is_news(&stream->trouble, err, stream_clock());
	if (err == NULL)
		trouble_over(&stream->trouble);
	pthread_mutex_unlock(&stream->lock);
	if (news)
		log_failure(stream->log, LOG_WARNING, "held up", err, NULL);
}

/* ---- waiting ---- */

/* Until the time, a change of the lease, or the end; the lock is held. */
static void
wait_until(Stream *stream, int64_t until)
{
	int64_t left = until - stream_clock();
	struct timespec deadline;

	(void) clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += left / 1000;
	deadline.tv_nsec += left % 1000 * 1000000;
	if (deadline.tv_nsec >= 1000000000)
	{
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000;
	}
	(void) pthread_cond_timedwait(&stream->changed, &stream->lock, &deadline);
}

/* False when the end was asked for. */
static bool
await_lease(Stream *stream)
{
	bool end, held;

	pthread_mutex_lock(&stream->lock);
	held = stream->held;
	end = stream->end;
	pthread_mutex_unlock(&stream->lock);
	if (!held && !end)
		set_state(stream, READER_STANDBY, &(SluiceError){0});
	pthread_mutex_lock(&stream->lock);
	while (!stream->held && !stream->end)
		(void) pthread_cond_wait(&stream->changed, &stream->lock);
	end = stream->end;
	pthread_mutex_unlock(&stream->lock);
	return !end;
}

/* As long as the lease is ours. */
static void
pause_ms(Stream *stream, int64_t ms)
{
	int64_t until = stream_clock() + ms;

	pthread_mutex_lock(&stream->lock);
	while (stream->held && !stream->end && stream_clock() < until)
		wait_until(stream, until);
	pthread_mutex_unlock(&stream->lock);
}

static void
yield(Stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->yield_until = stream_clock() + YIELD_MS;
	stream->held = false;
	pthread_mutex_unlock(&stream->lock);
}

/* ---- work ---- */

static void
face_error(Stream *stream, const SluiceError *err)
{
	const Consequence consequence = meanings[err->code];
	const struct Measure *measure = &measures[consequence];
	Retry *retry = &stream->retries[consequence];
	int64_t pause;

	stream_figures_count_error(&stream->figures, err->code);
	trouble_tell(&stream->trouble, stream->log, measure->level, measure->words, err,
				 stream_clock());
	set_state(stream, (int) measure->state, err);
	pause = retry_next(retry);
	if (consequence == GIVE_WAY || (consequence == PASSES && retry->attempt >= YIELD_ATTEMPTS))
		yield(stream);
	else
		pause_ms(stream, pause);
}

/* The work is there for others to stop, unless that was asked for already. */
static bool
publish_work(Stream *stream, StreamWork *work)
{
	bool go;

	pthread_mutex_lock(&stream->looking);
	pthread_mutex_lock(&stream->lock);
	go = stream->held && !stream->end;
	stream->work = go ? work : NULL;
	pthread_mutex_unlock(&stream->lock);
	pthread_mutex_unlock(&stream->looking);
	return go;
}

static void
withdraw_work(Stream *stream)
{
	pthread_mutex_lock(&stream->looking);
	pthread_mutex_lock(&stream->lock);
	stream->work = NULL;
	pthread_mutex_unlock(&stream->lock);
	pthread_mutex_unlock(&stream->looking);
}

static bool
work_once(Stream *stream, bool *finished, SluiceError *err)
{
	const WorkHost host = {
		.context = stream,
		.state = work_state,
		.trouble = work_trouble,
		.log = stream->log,
		.figures = &stream->figures,
	};
	StreamWork *work;
	bool good = true;

	*finished = false;
	set_state(stream, STREAM_STARTING, NULL);
	work = stream_work_open(&stream->settings, &host, err);
	if (work == NULL)
		return false;
	if (publish_work(stream, work))
		good = stream_work_run(work, finished, err);
	withdraw_work(stream);
	if (stream_work_worked(work))
	{
		for (int i = 0; i < CONSEQUENCES; i++)
			retry_reset(&stream->retries[i]);
	}
	stream_work_close(work, DRAIN_MS);
	return good;
}

/* Nothing is left to do: stays so, with the lease, until the end is asked for. */
static void
finish(Stream *stream)
{
	set_state(stream, STREAM_FINISHED, &(SluiceError){0});
	pthread_mutex_lock(&stream->lock);
	while (!stream->end)
		(void) pthread_cond_wait(&stream->changed, &stream->lock);
	pthread_mutex_unlock(&stream->lock);
}

static void *
run(void *argument)
{
	Stream *stream = argument;

	pthread_setname_np(pthread_self(), "stream");
	while (await_lease(stream))
	{
		SluiceError err = {0};
		bool finished;

		if (!work_once(stream, &finished, &err))
			face_error(stream, &err);
		else if (finished)
			finish(stream);
	}
	set_state(stream, stream->state == STREAM_FINISHED ? STREAM_FINISHED : STREAM_STOPPED, NULL);
	pthread_mutex_lock(&stream->lock);
	stream->ended = true;
	pthread_mutex_unlock(&stream->lock);
	return NULL;
}

/* ---- from outside ---- */

static void
make_sync(Stream *stream)
{
	pthread_condattr_t attributes;

	(void) pthread_condattr_init(&attributes);
	(void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void) pthread_mutex_init(&stream->looking, NULL);
	(void) pthread_mutex_init(&stream->lock, NULL);
	(void) pthread_cond_init(&stream->changed, &attributes);
	(void) pthread_condattr_destroy(&attributes);
}

static void
release(Stream *stream)
{
	log_free(stream->log);
	stream_figures_free(&stream->figures);
	(void) pthread_cond_destroy(&stream->changed);
	(void) pthread_mutex_destroy(&stream->lock);
	(void) pthread_mutex_destroy(&stream->looking);
	stream_settings_free(&stream->settings);
	free(stream);
}

static bool
prepare(Stream *stream, const StreamHost *host, SluiceError *err)
{
	const LogField fields[] = {LOG_TEXT("program", reader_program.name),
							   LOG_TEXT("stream", stream->settings.stream), LOG_END};

	stream->log = log_new(STDERR_FILENO, host->log_format, host->log_level, fields, err);
	if (stream->log == NULL ||
		!stream_figures_init(&stream->figures, host->metrics, stream->settings.stream, err))
		return false;
	for (int i = 0; i < CONSEQUENCES; i++)
		retry_init(&stream->retries[i], measures[i].retry, (uint64_t) stream_clock());
	stream->state = STREAM_CREATED;
	stream_figures_set_state(&stream->figures, stream->state);
	return true;
}

Stream *
stream_start(const StreamHost *host, StreamSettings *settings, SluiceError *err)
{
	Stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
	{
		stream_settings_free(settings);
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a stream");
		return NULL;
	}
	stream->settings = *settings;
	*settings = (StreamSettings){0};
	make_sync(stream);
	if (prepare(stream, host, err))
	{
		if (pthread_create(&stream->thread, NULL, run, stream) == 0)
			return stream;
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "cannot start a thread: %m");
	}
	release(stream);
	return NULL;
}

const StreamSettings *
stream_settings(const Stream *stream)
{
	return &stream->settings;
}

/* The lock is held. */
static void
stop_work(Stream *stream)
{
	if (stream->work != NULL)
		stream_work_stop(stream->work);
	pthread_cond_broadcast(&stream->changed);
}

void
stream_hold(Stream *stream, bool held)
{
	pthread_mutex_lock(&stream->lock);
	held = held && stream_clock() >= stream->yield_until;
	if (held != stream->held)
	{
		stream->held = held;
		if (held)
			pthread_cond_broadcast(&stream->changed);
		else
			stop_work(stream);
	}
	pthread_mutex_unlock(&stream->lock);
}

bool
stream_wants(Stream *stream)
{
	bool wants;

	pthread_mutex_lock(&stream->lock);
	wants = stream_clock() >= stream->yield_until;
	pthread_mutex_unlock(&stream->lock);
	return wants;
}

void
stream_look(Stream *stream, StreamLook *look)
{
	pthread_mutex_lock(&stream->looking);
	if (stream->work != NULL)
		stream_work_look(stream->work);
	pthread_mutex_unlock(&stream->looking);
	pthread_mutex_lock(&stream->lock);
	*look = (StreamLook){.state = stream->state, .error = stream->error, .ended = stream->ended};
	pthread_mutex_unlock(&stream->lock);
}

const StreamFigures *
stream_figures(const Stream *stream)
{
	return &stream->figures;
}

void
stream_log_level(Stream *stream, LogLevel level)
{
	log_set_level(stream->log, level);
}

void
stream_end(Stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->end = true;
	stop_work(stream);
	pthread_mutex_unlock(&stream->lock);
}

void
stream_free(Stream *stream)
{
	if (stream == NULL)
		return;
	stream_end(stream);
	(void) pthread_join(stream->thread, NULL);
	release(stream);
}
