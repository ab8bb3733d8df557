/*
 * stats.h - the writer's metrics.
 *
 * Series per table are made when a table is first applied; when the registry is full, further
 * tables are counted under the name "other".
 */
#ifndef SLUICE_WRITER_STATS_H
#define SLUICE_WRITER_STATS_H

#include <pthread.h>

#include "applied.h"
#include "common/core/change_id.h"
#include "common/daemon/metrics.h"
#include "table.h"

/* What the writer is doing; the words are shown in /metrics and logs. */
typedef enum WriterState
{
	WRITER_STARTING,
	WRITER_STANDBY, /* another process holds the lease */
	WRITER_CONNECTING,
	WRITER_LOADING, /* a copy is under way */
	WRITER_APPLYING,
	WRITER_RETRYING, /* trouble that passes by itself */
	WRITER_STOPPED,	 /* stopped by an error that somebody must mend; tries again */
	WRITER_DRAINING,
	WRITER_REFUSED, /* for good: a gap, another source */
	WRITER_STATES
} WriterState;

extern const char *const writer_state_names[WRITER_STATES];

typedef struct Stats
{
	Metrics *metrics;
	Counter *transactions, *batches, *bytes, *bundles;
	Counter *redone; /* batches that had to be applied again in source order */
	Counter *reconnects;
	Gauge *lag, *epoch, *position, *pending;
	Gauge *states[WRITER_STATES];
	Histogram *apply_seconds;
	_Atomic int64_t applied_commit_time; /* microseconds since 2000-01-01 UTC, 0 before the first */
	_Atomic int64_t level_at;			 /* likewise: when all there was, was known to be applied */
	_Atomic bool behind;				 /* there is something that is not applied yet */
	_Atomic int state;					 /* a WriterState */
	_Atomic uint64_t rows;				 /* inserted, updated, deleted by this process */
	Counter *applied_rows, *applied_bytes;
	pthread_mutex_t applied_lock;
	AppliedTotal applied; /* of the target this process owned last */
} Stats;

extern bool stats_init(Stats *stats, Metrics *metrics, SluiceError *err) SLUICE_MUST_CHECK;

extern void stats_set_state(Stats *stats, WriterState state);

/* An error, by the name of its code. */
extern void stats_count_error(Stats *stats, SluiceErrorCode code);

/* Adds to one of the table's counters, making its series when needed. */
extern void stats_count(Stats *stats, Table *table, TableCount kind, uint64_t more);

/* Whether all that is in the stream now is applied. */
extern void stats_set_level(Stats *stats, bool level);

/* Microseconds of a clock that only goes forward. */
extern int64_t stats_clock(void);

/* A batch of so many transactions was committed, whose own was begun at `started` (stats_clock()). */
extern void stats_batch(Stats *stats, uint32_t transactions, int64_t started);

/* What the target took in all, as far as it is known; what it is. */
extern void stats_set_applied(Stats *stats, const AppliedTotal *total);
extern AppliedTotal stats_applied(const Stats *stats);

/* How far the target is behind the source; NAN: this writer stands by and does not know. */
extern double stats_lag_seconds(const Stats *stats);

/* Messages that are not applied yet: at least 1 as long as there is anything. */
extern uint64_t stats_pending(const Stats *stats);

/* What is applied, and its commit time at the source; 0 leaves the time as it is. */
extern void stats_set_position(Stats *stats, const ChangeId *position, int64_t commit_time);

#endif
