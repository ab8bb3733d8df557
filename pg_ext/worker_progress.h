/*
 * worker_progress.h - how far a stream is: for the slot, for the consumers, for sluice.stat_streams.
 */
#ifndef SLUICE_WORKER_PROGRESS_H
#define SLUICE_WORKER_PROGRESS_H

#include "postgres.h"

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

/* With the slot held and before anything is decoded: what it is confirmed to is durable. */
extern void worker_progress_start(void);

/* A commit that is on its way from now on: the lag is the age of the oldest that is not safe. */
extern void worker_note_commit(XLogRecPtr commit, TimestampTz time);

/* Confirms and saves the slot, publishes a mark when one is due, shares the counters; with the slot
 * held, outside of the output plugin's callbacks. */
extern void worker_upkeep(void);

/* The same when the last time is long enough ago, or the stream is at its limit. */
extern void worker_upkeep_when_due(void);

#endif
