/*
 * stream_work.h - what a stream does while its lease is held: the capture of changes, and the copy
 * before them where the mode asks for one.
 *
 * The capture runs in the caller's thread, the copy in one of its own; each makes the other end when
 * it fails for good.
 */
#ifndef SLUICE_MYSQL_READER_STREAM_WORK_H
#define SLUICE_MYSQL_READER_STREAM_WORK_H

#include "common/core/stream_state.h"
#include "common/daemon/log.h"
#include "stream_figures.h"
#include "stream_settings.h"

/* Who it is done for; the calls may come from several threads. */
typedef struct WorkHost
{
	void *context;
	void (*state)(void *context, StreamState state);
	void (*trouble)(void *context, const SluiceError *err); /* NULL: it is over */
	Log *log;
	StreamFigures *figures;
} WorkHost;

typedef struct StreamWork StreamWork;

/* Settings and host must stay; NULL on error. */
extern StreamWork *stream_work_open(const StreamSettings *settings, const WorkHost *host,
									SluiceError *err);

/*
 * Works until it is stopped (true), the copy of a stream that is only a copy is whole (true,
 * *finished), or something fails that does not pass by itself soon.
 */
extern bool stream_work_run(StreamWork *work, bool *finished, SluiceError *err) SLUICE_MUST_CHECK;

/* Sets the figures, and tells the host of state and trouble; from any one thread, every second or so. */
extern void stream_work_look(StreamWork *work);

/* Makes it end; from any thread. */
extern void stream_work_stop(StreamWork *work);

/* Whether anything was published since it was opened. */
extern bool stream_work_worked(StreamWork *work);

/* Waits up to drain_ms for what is not acknowledged; NULL is fine. */
extern void stream_work_close(StreamWork *work, int drain_ms);

#endif
