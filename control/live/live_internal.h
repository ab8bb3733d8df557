/*
 * live_internal.h - the parts of Live, for the files of this folder alone.
 */
#ifndef SLUICE_CONTROL_LIVE_INTERNAL_H
#define SLUICE_CONTROL_LIVE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "chronicle.h"
#include "common/nats/session_pool.h"
#include "directory.h"
#include "event_window.h"
#include "feed.h"
#include "figures.h"
#include "hearing.h"
#include "history.h"
#include "live.h"
#include "log_lines.h"
#include "run_events.h"
#include "schema_lines.h"
#include "sockets.h"

#define LIVE_STREAMS 20000 /* whose figures and history are kept */

/* Frames of figures that many clients ask for at once: made once (sources.c). */
typedef struct FrameCache FrameCache;

struct Live
{
	Control *control;
	Directory *directory;
	Figures *figures;
	History *history;
	LogLines *lines;
	EventWindow *events;
	RunEvents *run_events;
	SchemaLines *schema_lines;
	FrameCache *cache;
	FeedSources sources;
	Sockets *sockets;
	SessionPool *sessions;
	Hearing *hears_figures, *hears_lines;
	Chronicle *chronicle;
	char incarnation[ID_MAXIMUM + 1]; /* of this server: what its cursors count for */
	_Atomic int64_t purged_ms;
	atomic_uint keys_changed; /* so often did API keys */
	pthread_mutex_t lock;	  /* of what follows */
	void (*wake)(void *context);
	void *wake_context;
};

/* ---- for the leader ---- */

/* Told of changes that tick_events has something to do with; NULL: nobody. */
extern void live_on_change(Live *live, void (*wake)(void *context), void *context);

extern bool live_tick_history(Live *live, NatsSession *session, int64_t now_ms,
							  SluiceError *err) SLUICE_MUST_CHECK;
extern bool live_tick_events(Live *live, NatsSession *session, int64_t now_ms,
							 SluiceError *err) SLUICE_MUST_CHECK;
extern void live_rest_events(Live *live);

/* ---- for clients: sources.c ---- */

/* NULL without memory. */
extern FrameCache *frame_cache_new(void);
extern void frame_cache_free(FrameCache *cache);

/* Fills live->sources. */
extern void live_make_sources(Live *live);

/* Whether the API key that a client came with still counts. */
extern bool live_key_counts(void *live, const Caller *caller, SluiceError *err);

#endif
