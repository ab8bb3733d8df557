/*
 * point.c - points and their folding (point.h).
 */
#include "point.h"

#include <math.h>
#include <string.h>

const char *const live_series_names[LIVE_SERIES] = {
	[SERIES_ROWS_READ] = "rows_read_per_second",
	[SERIES_BYTES_READ] = "bytes_read_per_second",
	[SERIES_ROWS_APPLIED] = "rows_applied_per_second",
	[SERIES_BYTES_APPLIED] = "bytes_applied_per_second",
	[SERIES_LAG_SECONDS] = "lag_seconds",
	[SERIES_LAG_BYTES] = "lag_bytes",
	[SERIES_KEPT_BYTES] = "kept_bytes",
	[SERIES_PENDING] = "pending_messages",
};

/* Series that are folded to their mean; the others to their maximum. */
static const bool is_rate[LIVE_SERIES] = {
	[SERIES_ROWS_READ] = true,
	[SERIES_BYTES_READ] = true,
	[SERIES_ROWS_APPLIED] = true,
	[SERIES_BYTES_APPLIED] = true,
};

bool
live_series_parse(const char *name, size_t length, LiveSeries *series)
{
	for (size_t i = 0; i < LIVE_SERIES; i++)
	{
		if (strlen(live_series_names[i]) == length &&
			memcmp(live_series_names[i], name, length) == 0)
		{
			*series = (LiveSeries) i;
			return true;
		}
	}
	return false;
}

void
point_clear(LivePoint *point)
{
	for (size_t i = 0; i < LIVE_SERIES; i++)
		point->values[i] = NAN;
}

bool
point_known(const LivePoint *point)
{
	for (size_t i = 0; i < LIVE_SERIES; i++)
	{
		if (!isnan(point->values[i]))
			return true;
	}
	return false;
}

void
point_fold_add(PointFold *fold, const LivePoint *point)
{
	for (size_t i = 0; i < LIVE_SERIES; i++)
	{
		double value = (double) point->values[i];

		if (isnan(value))
			continue;
		if (fold->counts[i] == 0 || value > fold->maxima[i])
			fold->maxima[i] = value;
		fold->sums[i] += value;
		fold->counts[i]++;
	}
}

LivePoint
point_fold_take(PointFold *fold)
{
	LivePoint point;

	point_clear(&point);
	for (size_t i = 0; i < LIVE_SERIES; i++)
	{
		if (fold->counts[i] > 0)
			point.values[i] =
				(float) (is_rate[i] ? fold->sums[i] / fold->counts[i] : fold->maxima[i]);
	}
	*fold = (PointFold){0};
	return point;
}
