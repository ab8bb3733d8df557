/*
 * rings.h - the history of every stream's figures: 5 minutes by the second, 6 hours by 10 seconds, 7 days by the minute.
 * Pure: no clock, no I/O, no lock.
 *
 * A time for which nothing was put is a gap.  What is put twice counts once; order does not matter.
 */
#ifndef SLUICE_CONTROL_LIVE_RINGS_H
#define SLUICE_CONTROL_LIVE_RINGS_H

#include <stdint.h>

#include "common/core/error.h"
#include "point.h"

typedef enum RingStep
{
	STEP_SECOND,
	STEP_TEN_SECONDS,
	STEP_MINUTE,
	RING_STEPS
} RingStep;

/* Seconds of a step, and how many points are kept. */
typedef struct RingSize
{
	int seconds;
	size_t points;
} RingSize;

extern const RingSize ring_sizes[RING_STEPS];

typedef struct Rings Rings;

/* For at most `maximum` streams.  NULL without memory. */
extern Rings *rings_new(size_t maximum);
extern void rings_free(Rings *rings);

/*
 * The point of a stream for the step that time_s (seconds since 1970) lies in.  What is older than the newest of the
 * stream by more than is kept is left out, which is no error; LIMIT beyond the maximum of streams.
 */
extern bool rings_put(Rings *rings, const char *stream_id, RingStep step, int64_t time_s,
					  const LivePoint *point, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * `count` values of a series from the step in which from_s lies, NAN for gaps and for a stream that is not known;
 * count is at most the step's points.
 */
extern void rings_read(const Rings *rings, const char *stream_id, RingStep step, int64_t from_s,
					   LiveSeries series, float *values, size_t count);

/* Forgets what is older than is kept, and streams of which nothing is left. */
extern void rings_purge(Rings *rings, int64_t now_s);

extern size_t rings_streams(const Rings *rings);

#endif
