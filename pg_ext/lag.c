/*
 * lag.c - the ring of open commits, and rates.
 */
#include "pg_ext/lag.h"

#define RATE_WINDOW_US INT64CONST(1000000)

void
lag_note(Lag *lag, XLogRecPtr commit, TimestampTz time)
{
	int at = (lag->first + lag->count) % LAG_NOTES;

	if (time == 0 || lag->count == LAG_NOTES)
		return;
	lag->notes[at].commit = commit;
	lag->notes[at].time = time;
	lag->count++;
}

int64
lag_settle(Lag *lag, XLogRecPtr durable, TimestampTz now)
{
	while (lag->count > 0 && lag->notes[lag->first].commit <= durable)
	{
		lag->first = (lag->first + 1) % LAG_NOTES;
		lag->count--;
	}
	return lag->count > 0 ? Max(now - lag->notes[lag->first].time, 0) : 0;
}

void
rates_update(Rates *rates, uint64 rows, uint64 bytes, TimestampTz now)
{
	int64 passed = now - rates->since;

	if (passed < RATE_WINDOW_US)
		return;
	if (rates->since != 0)
	{
		rates->rows = (double) (rows - rates->rows_then) * 1e6 / (double) passed;
		rates->bytes = (double) (bytes - rates->bytes_then) * 1e6 / (double) passed;
	}
	rates->since = now;
	rates->rows_then = rows;
	rates->bytes_then = bytes;
}
