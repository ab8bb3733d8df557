/*
 * stats.c - the writer's metrics (stats.h).
 */
#include "stats.h"

#include <math.h>
#include <time.h>

/* Microseconds between 1970-01-01 and 2000-01-01. */
#define EPOCH_SHIFT INT64_C(946684800000000)

const char *const writer_state_names[WRITER_STATES] = {
	[WRITER_STARTING] = "starting",		[WRITER_STANDBY] = "standby",
	[WRITER_CONNECTING] = "connecting", [WRITER_LOADING] = "loading",
	[WRITER_APPLYING] = "applying",		[WRITER_RETRYING] = "retrying",
	[WRITER_STOPPED] = "stopped",		[WRITER_DRAINING] = "draining",
	[WRITER_REFUSED] = "refused",
};

static const char rows_name[] = "sluice_writer_rows_total";
static const char rows_help[] = "Changes applied, by table and action.";
static const char conflicts_name[] = "sluice_writer_conflicts_total";
static const char conflicts_help[] =
	"Rows that were not at the target as the change expected them.";

/* The series behind each TableCount. */
static const struct TableSeries
{
	const char *name, *help, *label, *value;
} table_series[COUNT_KINDS] = {
	[COUNT_INSERT] = {rows_name, rows_help, "action", "insert"},
	[COUNT_UPDATE] = {rows_name, rows_help, "action", "update"},
	[COUNT_DELETE] = {rows_name, rows_help, "action", "delete"},
	[COUNT_TRUNCATE] = {rows_name, rows_help, "action", "truncate"},
	[COUNT_INSERT_EXISTS] = {conflicts_name, conflicts_help, "kind", "insert_exists"},
	[COUNT_UPDATE_MISSING] = {conflicts_name, conflicts_help, "kind", "update_missing"},
	[COUNT_DELETE_MISSING] = {conflicts_name, conflicts_help, "kind", "delete_missing"},
};

static int64_t
now_microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000 - EPOCH_SHIFT;
}

/*
 * While all is applied the target is not behind, however long ago the last commit was.  A writer that
 * is not at work does not know: the lag is the age of the last it knew; one that stands by knows
 * nothing.
 */
double
stats_lag_seconds(const Stats *stats)
{
	int state = atomic_load(&stats->state);
	int64_t since = atomic_load(&stats->applied_commit_time);
	int64_t level_at = atomic_load(&stats->level_at);
	int64_t now = now_microseconds();

	if (state == WRITER_STANDBY)
		return NAN;
	if ((state == WRITER_APPLYING || state == WRITER_DRAINING) && !atomic_load(&stats->behind))
		return 0;
	if (since < level_at)
		since = level_at;
	return now > since ? (double) (now - since) / 1e6 : 0;
}

static void
collect(void *context)
{
	Stats *stats = context;
	AppliedTotal applied = stats_applied(stats);

	gauge_set(stats->lag, stats_lag_seconds(stats));
	atomic_store(&stats->applied_rows->value, applied.sum.rows);
	atomic_store(&stats->applied_bytes->value, applied.sum.bytes);
}

static bool
make_states(Stats *stats, SluiceError *err)
{
	for (int i = 0; i < WRITER_STATES; i++)
	{
		stats->states[i] = metrics_gauge(
			stats->metrics, "sluice_writer_state", "1 for the state the writer is in.",
			(MetricLabel[]){{"state", writer_state_names[i]}, {NULL, NULL}}, err);
		if (stats->states[i] == NULL)
			return false;
	}
	return true;
}

bool
stats_init(Stats *stats, Metrics *metrics, SluiceError *err)
{
	const struct
	{
		Counter **counter;
		const char *name, *help;
	} counters[] = {
		{&stats->transactions, "sluice_writer_transactions_total", "Source transactions applied."},
		{&stats->batches, "sluice_writer_batches_total", "Target transactions committed."},
		{&stats->bytes, "sluice_writer_bytes_total", "Bytes of rows applied."},
		{&stats->bundles, "sluice_writer_bundles_total", "Bundles read."},
		{&stats->redone, "sluice_writer_redone_total",
		 "Batches applied again in source order, because the fast way met a conflict."},
		{&stats->reconnects, "sluice_writer_reconnects_total",
		 "Times the writer started over after trouble."},
		{&stats->applied_rows, "sluice_writer_applied_rows_total",
		 "Rows applied and loaded by all writers there were, as the target's own books have it; 0 "
		 "where they do not."},
		{&stats->applied_bytes, "sluice_writer_applied_bytes_total", "Bytes of those rows."},
	};
	const struct
	{
		Gauge **gauge;
		const char *name, *help;
	} gauges[] = {
		{&stats->lag, "sluice_writer_lag_seconds",
		 "0 while all that is in the stream is applied; otherwise the age of the last source "
		 "commit "
		 "applied or, when that is later, of the moment all was applied. Grows while NATS or the "
		 "target is away; NaN while standing by."},
		{&stats->epoch, "sluice_writer_epoch", "Epoch of this writer's ownership."},
		{&stats->position, "sluice_writer_position", "Source commit position applied last."},
		{&stats->pending, "sluice_writer_pending_messages", "Messages waiting in the stream."},
	};

	*stats = (Stats){.metrics = metrics,
					 .level_at = now_microseconds(),
					 .behind = true,
					 .applied_lock = PTHREAD_MUTEX_INITIALIZER};
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
	{
		*counters[i].counter =
			metrics_counter(metrics, counters[i].name, counters[i].help, NULL, err);
		if (*counters[i].counter == NULL)
			return false;
	}
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
	{
		*gauges[i].gauge = metrics_gauge(metrics, gauges[i].name, gauges[i].help, NULL, err);
		if (*gauges[i].gauge == NULL)
			return false;
	}
	stats->apply_seconds = metrics_histogram(
		metrics, "sluice_writer_apply_seconds", "From the start of a batch to its commit.", NULL,
		metrics_second_bounds, metrics_second_bound_count, err);
	return stats->apply_seconds != NULL && make_states(stats, err) &&
		   metrics_on_collect(metrics, collect, stats, err);
}

void
stats_set_state(Stats *stats, WriterState state)
{
	/* Until now another writer saw to it. */
	if (atomic_exchange(&stats->state, (int) state) == WRITER_STANDBY && state != WRITER_STANDBY)
		atomic_store(&stats->level_at, now_microseconds());
	for (int i = 0; i < WRITER_STATES; i++)
		gauge_set(stats->states[i], i == (int) state ? 1 : 0);
}

void
stats_count_error(Stats *stats, SluiceErrorCode code)
{
	Counter *counter = metrics_counter(
		stats->metrics, "sluice_writer_errors_total", "Errors that ended a session, by kind.",
		(MetricLabel[]){{"code", sluice_error_name(code)}, {NULL, NULL}}, NULL);

	if (counter != NULL)
		counter_add(counter, 1);
}

static Counter *
table_counter(Stats *stats, const char *table, TableCount kind)
{
	const struct TableSeries *series = &table_series[kind];

	return metrics_counter(
		stats->metrics, series->name, series->help,
		(MetricLabel[]){{"table", table}, {series->label, series->value}, {NULL, NULL}}, NULL);
}

void
stats_count(Stats *stats, Table *table, TableCount kind, uint64_t more)
{
	if (table->counters[kind] == NULL)
		table->counters[kind] = table_counter(stats, table->name, kind);
	if (table->counters[kind] == NULL)
		table->counters[kind] = table_counter(stats, "other", kind);
	if (table->counters[kind] != NULL)
		counter_add(table->counters[kind], more);
	if (kind <= COUNT_DELETE)
		atomic_fetch_add(&stats->rows, more);
}

/* A batch that is fetched waits no longer in the stream, and is not applied yet. */
uint64_t
stats_pending(const Stats *stats)
{
	double waiting = gauge_value(stats->pending);

	if (!atomic_load(&stats->behind))
		return 0;
	return waiting >= 1 ? (uint64_t) waiting : 1;
}

void
stats_set_level(Stats *stats, bool level)
{
	if (level)
		atomic_store(&stats->level_at, now_microseconds());
	atomic_store(&stats->behind, !level);
}

int64_t
stats_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
stats_batch(Stats *stats, uint32_t transactions, int64_t started)
{
	counter_add(stats->transactions, transactions);
	counter_add(stats->batches, 1);
	histogram_observe(stats->apply_seconds, (double) (stats_clock() - started) / 1e6);
}

void
stats_set_applied(Stats *stats, const AppliedTotal *total)
{
	pthread_mutex_lock(&stats->applied_lock);
	stats->applied = total->kept ? *total : (AppliedTotal){0};
	pthread_mutex_unlock(&stats->applied_lock);
}

AppliedTotal
stats_applied(const Stats *stats)
{
	pthread_mutex_t *lock = (pthread_mutex_t *) &stats->applied_lock;
	AppliedTotal total;

	pthread_mutex_lock(lock);
	total = stats->applied;
	pthread_mutex_unlock(lock);
	return total;
}

void
stats_set_position(Stats *stats, const ChangeId *position, int64_t commit_time)
{
	gauge_set(stats->position, (double) position->commit);
	if (commit_time != 0)
		atomic_store(&stats->applied_commit_time, commit_time);
}
