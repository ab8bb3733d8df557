/*
 * stream_work.c - one capture and perhaps a copy, from the lease to its end (stream_work.h).
 *
 * Invariants:
 * 1. The capture outlives the copy's thread, which calls it.
 * 2. `lock` guards what both threads write.
 */
#include "stream_work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "common/daemon/retry.h"
#include "copy_run.h"

#define ATTEMPTS 10 /* that fail one after the other, before another reader may try */
#define TICK_NS	 50000000
#define FIRST_MS 100
#define MOST_MS	 5000

/* Seconds from 1970 to 2000. */
#define EPOCH_2000 INT64_C(946684800)

struct StreamWork
{
	const StreamSettings *settings;
	const WorkHost *host;
	Capture *capture;
	CopyProgress *progress;
	pthread_t copier;
	atomic_bool copier_started;
	atomic_bool stopping;
	pthread_mutex_t lock;
	bool troubled;	/* trouble() was told of something that is not over */
	bool copy_held; /* by the copy: its own to say that it is over */
	bool copied;	/* the copy is whole */
	bool copy_over; /* copy_run() has returned */
	SluiceError copy_error;
};

/* ---- what is told ---- */

static void
tell_trouble(StreamWork *work, const SluiceError *err)
{
	bool tell;

	pthread_mutex_lock(&work->lock);
	tell = err != NULL || work->troubled;
	work->troubled = err != NULL;
	pthread_mutex_unlock(&work->lock);
	if (tell)
		work->host->trouble(work->host->context, err);
}

/* Nothing fails, and nothing will ever come, unless such a table is made. */
static void
tell_tableless(StreamWork *work)
{
	SluiceError err = {0};

	(void) sluice_fail(&err, SLUICE_ERROR_NOT_FOUND, "no table fits \"%.200s\"",
					   work->settings->tables);
	(void) sluice_hint(&err, "check --tables; tables that the source's user may not read do not "
							 "show; one that is made later joins");
	tell_trouble(work, &err);
}

/* The state that follows from what is under way. */
static StreamState
state_of(StreamWork *work, const CaptureStatus *status)
{
	static const StreamState phases[] = {
		[COPY_PHASE_NONE] = STREAM_STARTING,   [COPY_PHASE_PLANNING] = STREAM_COPYING_SCHEMA,
		[COPY_PHASE_LOADING] = STREAM_LOADING, [COPY_PHASE_INDEXING] = STREAM_INDEXING,
		[COPY_PHASE_DONE] = STREAM_STREAMING,
	};
	CopySummary summary = {.phase = COPY_PHASE_DONE};
	bool copying = false;

	if (work->copier_started)
	{
		pthread_mutex_lock(&work->lock);
		copying = !work->copy_over;
		pthread_mutex_unlock(&work->lock);
		copy_progress_summary(work->progress, &summary);
	}
	if (copying && phases[summary.phase] != STREAM_STREAMING)
		return phases[summary.phase];
	return status->reading ? STREAM_STREAMING : STREAM_STARTING;
}

static bool
copy_held(StreamWork *work)
{
	bool held;

	pthread_mutex_lock(&work->lock);
	held = work->copy_held;
	pthread_mutex_unlock(&work->lock);
	return held;
}

static double
lag_of(const CaptureStatus *status)
{
	struct timespec now;
	double lag;

	if (status->commit_time == 0 || (status->idle && status->publisher.in_flight == 0))
		return 0;
	(void) clock_gettime(CLOCK_REALTIME, &now);
	lag = (double) (now.tv_sec - EPOCH_2000) + (double) now.tv_nsec / 1e9 -
		  (double) status->commit_time / 1e6;
	return lag > 0 ? lag : 0;
}

/* Visits a table's progress. */
static void
show_table(void *context, const CopyTableProgress *table)
{
	const StreamWork *work = context;
	char name[512];

	(void) snprintf(name, sizeof(name), "%s.%s", table->schema, table->name);
	stream_figures_set_copy(work->host->figures,
							&(TableFigures){.name = name,
											.rows = (double) table->rows,
											.rows_expected = (double) table->estimated_rows,
											.bytes = (double) table->bytes,
											.chunks = table->chunks,
											.chunks_done = table->chunks_done});
}

void
stream_work_look(StreamWork *work)
{
	CaptureStatus status;
	CaptureCounts counts;

	capture_status(work->capture, &status);
	counts = (CaptureCounts){
		.transactions = status.counts.transactions,
		.rows = status.counts.inserts + status.counts.updates + status.counts.deletes +
				status.counts.truncates,
		.log_bytes = status.log_bytes,
		.heartbeats = status.heartbeats,
		.messages = status.publisher.messages,
		.bundles = status.publisher.bundles,
		.bytes = status.publisher.bytes,
		.connects = status.publisher.connects,
	};
	stream_figures_set(work->host->figures, &counts, status.reached,
					   status.publisher.in_flight_bytes, lag_of(&status));
	if (work->copier_started)
		copy_progress_each(work->progress, show_table, work);
	work->host->state(work->host->context, state_of(work, &status));
	if (status.publisher.error.code != SLUICE_OK)
		tell_trouble(work, &status.publisher.error);
	else if (status.tableless)
		tell_tableless(work);
	else if (status.reading && !copy_held(work))
		tell_trouble(work, NULL);
}

/* ---- the copy ---- */

static bool
copy_stopping(void *context)
{
	const StreamWork *work = context;

	return atomic_load(&work->stopping);
}

static void
copy_trouble(void *context, const SluiceError *err)
{
	StreamWork *work = context;

	pthread_mutex_lock(&work->lock);
	work->copy_held = err != NULL;
	pthread_mutex_unlock(&work->lock);
	tell_trouble(work, err);
}

static bool
copy_begin(void *context, const LogPosition *place, uint64_t *incarnation, SluiceError *err)
{
	StreamWork *work = context;

	return capture_begin(work->capture, place, incarnation, err);
}

static uint64_t
copy_number(void *context, const LogPosition *place)
{
	StreamWork *work = context;

	return capture_number(work->capture, place);
}

static bool
copy_copied(void *context, uint32_t generation, SluiceError *err)
{
	StreamWork *work = context;

	(void) err;
	capture_copied(work->capture, generation);
	return true;
}

static void *
copy_main(void *argument)
{
	StreamWork *work = argument;
	const CopyHost host = {
		.context = work,
		.log = work->host->log,
		.stopping = copy_stopping,
		.trouble = copy_trouble,
		.begin = copy_begin,
		.number = copy_number,
		.copied = copy_copied,
	};
	SluiceError err = {0};
	bool good;

	pthread_setname_np(pthread_self(), "copy");
	good = copy_run(work->settings, &host, work->progress, &err);
	pthread_mutex_lock(&work->lock);
	work->copied = good && !atomic_load(&work->stopping);
	work->copy_over = true;
	work->copy_error = err;
	pthread_mutex_unlock(&work->lock);
	/* What only is a copy ends with it. */
	if (!good || work->settings->mode == MODE_CONVERT)
		capture_stop(work->capture);
	return NULL;
}

static bool
start_copy(StreamWork *work, SluiceError *err)
{
	if (work->settings->mode == MODE_CDC)
		return true;
	work->copier_started = pthread_create(&work->copier, NULL, copy_main, work) == 0;
	return work->copier_started ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "cannot start a thread: %m");
}

/* ---- the whole ---- */

StreamWork *
stream_work_open(const StreamSettings *settings, const WorkHost *host, SluiceError *err)
{
	StreamWork *work = calloc(1, sizeof(*work));

	if (work == NULL || (work->progress = copy_progress_new()) == NULL)
	{
		free(work);
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a stream");
		return NULL;
	}
	work->settings = settings;
	work->host = host;
	work->troubled = true; /* what was told before is over once this works */
	(void) pthread_mutex_init(&work->lock, NULL);
	stream_figures_begin(host->figures);
	work->capture = capture_open(settings, host->log, err);
	if (work->capture != NULL)
		return work;
	stream_work_close(work, 0);
	return NULL;
}

void
stream_work_stop(StreamWork *work)
{
	atomic_store(&work->stopping, true);
	capture_stop(work->capture);
}

static void
pause_ms(const StreamWork *work, int64_t ms)
{
	const struct timespec tick = {.tv_nsec = TICK_NS};

	for (; ms > 0 && !atomic_load(&work->stopping); ms -= TICK_NS / 1000000)
		(void) nanosleep(&tick, NULL);
}

static bool
has_moved(StreamWork *work, uint64_t *reached)
{
	CaptureStatus status;
	uint64_t before = *reached;

	capture_status(work->capture, &status);
	*reached = status.log_bytes;
	return status.log_bytes != before;
}

/* Until it is stopped; what passes by itself is waited for here, with the capture's place kept. */
static bool
run_capture(StreamWork *work, SluiceError *err)
{
	uint64_t reached = 0;
	Retry retry;

	retry_init(&retry, (RetryPolicy){FIRST_MS, MOST_MS}, (uintptr_t) work);
	while (!capture_run(work->capture, err))
	{
		if (has_moved(work, &reached))
			retry_reset(&retry);
		if (!sluice_error_transient(err->code) || retry.attempt >= ATTEMPTS)
			return false;
		stream_figures_count_error(work->host->figures, err->code);
		tell_trouble(work, err);
		pause_ms(work, retry_next(&retry));
		if (atomic_load(&work->stopping))
			return true;
	}
	return true;
}

bool
stream_work_run(StreamWork *work, bool *finished, SluiceError *err)
{
	bool good = start_copy(work, err) && run_capture(work, err);

	*finished = false;
	if (!work->copier_started)
		return good;
	if (!good)
		stream_work_stop(work);
	/* The copy may have stopped the capture; then it is over or will be at once. */
	(void) pthread_join(work->copier, NULL);
	work->copier_started = false;
	if (good && work->copy_error.code != SLUICE_OK && !work->copied)
	{
		*err = work->copy_error;
		good = atomic_load(&work->stopping);
	}
	*finished = good && work->copied && work->settings->mode == MODE_CONVERT;
	return good;
}

bool
stream_work_worked(StreamWork *work)
{
	CaptureStatus status;

	capture_status(work->capture, &status);
	return status.log_bytes > 0;
}

void
stream_work_close(StreamWork *work, int drain_ms)
{
	if (work == NULL)
		return;
	capture_close(work->capture, drain_ms);
	copy_progress_free(work->progress);
	(void) pthread_mutex_destroy(&work->lock);
	free(work);
}
