/*
 * history.h - figures of the past: the server that leads publishes the points of each step, all servers read them back.
 */
#ifndef SLUICE_CONTROL_LIVE_HISTORY_H
#define SLUICE_CONTROL_LIVE_HISTORY_H

#include "directory.h"
#include "figures.h"
#include "journal.h"
#include "rings.h"

extern const JournalPlan history_plans[RING_STEPS];

typedef struct History History;

/* For at most `maximum` streams.  NULL without memory. */
extern History *history_new(size_t maximum);
extern void history_free(History *history);

/* Takes a message of any of the journals. */
extern bool history_take(History *history, const void *data, size_t length,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* rings_read() and rings_purge() with the lock. */
extern void history_read(History *history, const char *stream_id, RingStep step, int64_t from_s,
						 LiveSeries series, float *values, size_t count);
extern void history_purge(History *history, int64_t now_s);

/*
 * Publishes the point of this second, and those of longer steps that are over, from the seconds that were read
 * back.  By the server that leads, once a second; what is published twice counts once.
 */
extern bool history_publish(History *history, NatsSession *session, Directory *directory,
							Figures *figures, int64_t now_ms, SluiceError *err) SLUICE_MUST_CHECK;

#endif
