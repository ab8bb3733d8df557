/*
 * point.h - what is kept of a stream for one moment: a number for each series.  Pure.
 */
#ifndef SLUICE_CONTROL_LIVE_POINT_H
#define SLUICE_CONTROL_LIVE_POINT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum LiveSeries
{
	SERIES_ROWS_READ, /* each second, like the three that follow */
	SERIES_BYTES_READ,
	SERIES_ROWS_APPLIED,
	SERIES_BYTES_APPLIED,
	SERIES_LAG_SECONDS,
	SERIES_LAG_BYTES,
	SERIES_KEPT_BYTES,
	SERIES_PENDING,
	LIVE_SERIES
} LiveSeries;

/* The words of the API: "rows_read_per_second", ... */
extern const char *const live_series_names[LIVE_SERIES];

/* False for a word that is none. */
extern bool live_series_parse(const char *name, size_t length, LiveSeries *series);

/* NAN is "not known", which is not 0. */
typedef struct LivePoint
{
	float values[LIVE_SERIES];
} LivePoint;

extern void point_clear(LivePoint *point);

/* Whether anything of it is known. */
extern bool point_known(const LivePoint *point);

/* Several moments as one: rates as their mean, lags and what waits as their maximum. */
typedef struct PointFold
{
	double sums[LIVE_SERIES], maxima[LIVE_SERIES];
	unsigned counts[LIVE_SERIES];
} PointFold;

extern void point_fold_add(PointFold *fold, const LivePoint *point);

/* The one point; *fold begins anew. */
extern LivePoint point_fold_take(PointFold *fold);

#endif
