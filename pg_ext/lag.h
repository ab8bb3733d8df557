/*
 * lag.h - how long ago the oldest change was committed that is not durable yet.
 *
 * Positions and their commit times are noted as bundles go out and forgotten as they become
 * durable.  When the notes run out the newest ones are left out, so the answer stays exact for the
 * oldest.
 */
#ifndef SLUICE_LAG_H
#define SLUICE_LAG_H

#include "postgres.h"

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

#define LAG_NOTES 256

typedef struct Lag
{
	struct
	{
		XLogRecPtr commit;
		TimestampTz time;
	} notes[LAG_NOTES]; /* a ring, oldest first */
	int first, count;
} Lag;

extern void lag_note(Lag *lag, XLogRecPtr commit, TimestampTz time);

/* Forgets what is durable up to a position; the lag in microseconds, 0 when nothing is open. */
extern int64 lag_settle(Lag *lag, XLogRecPtr durable, TimestampTz now);

/* Rows and bytes per second over about the last second. */
typedef struct Rates
{
	TimestampTz since;
	uint64 rows_then, bytes_then;
	double rows, bytes;
} Rates;

extern void rates_update(Rates *rates, uint64 rows, uint64 bytes, TimestampTz now);

#endif
