/*
 * verify_crew.c - comparing ranges in parallel (verify_crew.h).
 *
 * Invariants:
 * 1. A table's bound, begun, ended and findings change only under the lock.
 * 2. Each range is read in transactions of its own, so that locks on tables are short.
 */
#include "verify_crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define LOOK_MS 200

typedef struct Crew
{
	const VerifyCrewSettings *settings;
	VerifyTables *tables;
	bool repaired;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int running;
	bool failed;
	SluiceError error; /* the first */
} Crew;

typedef struct Job
{
	Crew *crew;
	pthread_t thread;
	PgConnection source, target;
	VerifyRange range;
} Job;

/* ---- which range is next ---- */

static bool
is_due(const Crew *crew, const VerifyTable *table)
{
	return !table->ended && table->verdict != VERIFY_BROKEN &&
		   (!crew->repaired || table->repaired > 0);
}

static VerifyTable *
next_table(const Crew *crew)
{
	for (size_t i = 0; i < crew->tables->count; i++)
	{
		if (is_due(crew, &crew->tables->items[i]))
			return &crew->tables->items[i];
	}
	return NULL;
}

static bool
copy_bound(const char *bound, char **copy, SluiceError *err)
{
	*copy = bound != NULL ? strdup(bound) : NULL;
	return bound == NULL || *copy != NULL ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a range");
}

/* Under the lock; range.table is NULL when nothing is left. */
static bool
take_range(Job *job, SluiceError *err)
{
	VerifyTable *table = next_table(job->crew);
	char *bound = NULL;

	job->range = (VerifyRange){.table = table};
	if (table == NULL)
		return true;
	if (!copy_bound(table->bound, &job->range.from, err) ||
		(table->walked && !verify_scan_bound(&job->source, table, table->bound,
											 job->crew->settings->range_rows, &bound, err)))
		return false;
	free(table->bound);
	table->bound = bound;
	table->ended = bound == NULL;
	table->ranges++;
	return copy_bound(bound, &job->range.to, err);
}

static void
free_range(VerifyRange *range)
{
	free(range->from);
	free(range->to);
	*range = (VerifyRange){0};
}

/* ---- a range ---- */

/* Both servers work at once. */
static bool
send_both(Job *job, bool detail, SluiceError *err)
{
	return verify_scan_send(&job->source, &job->range, VERIFY_SOURCE, detail, err) &&
		   verify_scan_send(&job->target, &job->range, VERIFY_TARGET, detail, err);
}

typedef struct Meeting
{
	RowSet set;
	RowDifferences found;
} Meeting;

static bool
add_source(void *context, const RowImage *row, SluiceError *err)
{
	return row_set_add(&((Meeting *) context)->set, row, err);
}

static bool
meet_target(void *context, const RowImage *row, SluiceError *err)
{
	Meeting *meeting = context;

	return row_set_meet(&meeting->set, row, &meeting->found, err);
}

/* The range differs: which rows? */
static bool
find_differences(Job *job, SluiceError *err)
{
	VerifyTable *table = job->range.table;
	Meeting meeting;
	bool good;

	row_set_init(&meeting.set);
	row_differences_init(&meeting.found, VERIFY_KEPT);
	good = send_both(job, true, err) &&
		   verify_scan_rows(&job->source, table, add_source, &meeting, err) &&
		   verify_scan_rows(&job->target, table, meet_target, &meeting, err) &&
		   row_set_finish(&meeting.set, &meeting.found, err);
	if (good)
	{
		(void) pthread_mutex_lock(&job->crew->lock);
		good = row_differences_append(&table->differences, &meeting.found, err);
		(void) pthread_mutex_unlock(&job->crew->lock);
	}
	row_set_free(&meeting.set);
	row_differences_free(&meeting.found);
	return good;
}

static bool
compare(Job *job, SluiceError *err)
{
	VerifyTable *table = job->range.table;
	RowSum source, target;

	if (!send_both(job, false, err) || !verify_scan_sum(&job->source, &source, err) ||
		!verify_scan_sum(&job->target, &target, err))
		return false;
	(void) pthread_mutex_lock(&job->crew->lock);
	row_sum_merge(&table->source, &source);
	row_sum_merge(&table->target, &target);
	(void) pthread_mutex_unlock(&job->crew->lock);
	return row_sum_equal(&source, &target) || table->key_count == 0 || find_differences(job, err);
}

static bool
import(PgConnection *c, const char *snapshot, SluiceError *err)
{
	return pg_query(
		c, NULL, err,
		"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '%s'", snapshot);
}

static bool
connect_both(Job *job, SluiceError *err)
{
	const VerifyEnds *ends = job->crew->settings->ends;

	return pg_connect(&job->source, &ends->source, err) &&
		   pg_connect(&job->target, &ends->target, err);
}

/* One table's failure is not the others': it is told, and the connections are made anew. */
static bool
break_off(Job *job, SluiceError *err)
{
	VerifyTable *table = job->range.table;

	if (!verify_table_failed(err))
		return sluice_prefix(err, "table %s", table->name);
	(void) pthread_mutex_lock(&job->crew->lock);
	verify_table_break(table, err);
	(void) pthread_mutex_unlock(&job->crew->lock);
	pg_disconnect(&job->source);
	pg_disconnect(&job->target);
	return connect_both(job, err);
}

static bool
do_range(Job *job, bool *any, SluiceError *err)
{
	const VerifyPosition *position = job->crew->settings->position;
	bool good = import(&job->source, position->source_snapshot, err) &&
				import(&job->target, position->target_snapshot, err);

	if (!good)
		return false;
	(void) pthread_mutex_lock(&job->crew->lock);
	good = take_range(job, err);
	(void) pthread_mutex_unlock(&job->crew->lock);
	*any = job->range.table != NULL;
	if (good && (!*any || compare(job, err)))
		good = pg_query(&job->source, NULL, err, "COMMIT") &&
			   pg_query(&job->target, NULL, err, "COMMIT");
	else
		good = *any && break_off(job, err);
	free_range(&job->range);
	return good;
}

/* ---- threads ---- */

static bool
has_failed(Crew *crew)
{
	bool failed;

	(void) pthread_mutex_lock(&crew->lock);
	failed = crew->failed;
	(void) pthread_mutex_unlock(&crew->lock);
	return failed;
}

static bool
work(Job *job, SluiceError *err)
{
	bool any = true;

	if (!connect_both(job, err))
		return false;
	while (any && !has_failed(job->crew))
	{
		if (!do_range(job, &any, err))
			return false;
	}
	return true;
}

static void *
run(void *argument)
{
	Job *job = argument;
	Crew *crew = job->crew;
	SluiceError err = {0};
	bool good = work(job, &err);

	pg_disconnect(&job->source);
	pg_disconnect(&job->target);
	(void) pthread_mutex_lock(&crew->lock);
	if (!good && !crew->failed)
		crew->error = err;
	crew->failed |= !good;
	crew->running--;
	(void) pthread_cond_signal(&crew->ended);
	(void) pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* Waits until all threads are through; go_on() makes them give up. */
static void
await(Crew *crew)
{
	(void) pthread_mutex_lock(&crew->lock);
	while (crew->running > 0)
	{
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		(void) pthread_cond_timedwait(&crew->ended, &crew->lock, &until);
		if (!crew->settings->go_on(crew->settings->context) && !crew->failed)
		{
			crew->failed = true;
			(void) sluice_fail(&crew->error, SLUICE_ERROR_TIMEOUT, "interrupted");
		}
	}
	(void) pthread_mutex_unlock(&crew->lock);
}

static void
start(Crew *crew, Job *jobs)
{
	for (int i = 0; i < crew->settings->jobs; i++)
	{
		jobs[i] = (Job){.crew = crew};
		(void) pthread_mutex_lock(&crew->lock);
		crew->running++;
		(void) pthread_mutex_unlock(&crew->lock);
		if (pthread_create(&jobs[i].thread, NULL, run, &jobs[i]) == 0)
			continue;
		(void) pthread_mutex_lock(&crew->lock);
		crew->running--;
		crew->failed = true;
		(void) sluice_fail(&crew->error, SLUICE_ERROR_MEMORY, "cannot start a thread");
		(void) pthread_mutex_unlock(&crew->lock);
		jobs[i].crew = NULL;
	}
}

static bool
judge(VerifyTable *table, VerifyPosition *position, SluiceError *err)
{
	bool rewritten = false;

	if (!row_differences_settle(&table->differences, err))
		return false;
	if (table->key_count > 0 ? row_differences_total(&table->differences) == 0
							 : row_sum_equal(&table->source, &table->target))
	{
		table->verdict = VERIFY_EQUAL;
		return true;
	}
	table->verdict = VERIFY_DIFFERS;
	if (!verify_table_rewritten(table, &position->source_control, &position->target_control,
								&rewritten, err))
		return false;
	if (rewritten)
		table->verdict = VERIFY_CHANGED;
	return true;
}

bool
verify_crew_run(const VerifyCrewSettings *settings, VerifyTables *tables, bool repaired,
				SluiceError *err)
{
	Crew crew = {.settings = settings, .tables = tables, .repaired = repaired};
	Job *jobs = calloc((size_t) settings->jobs, sizeof(*jobs));

	if (jobs == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for threads");
	(void) pthread_mutex_init(&crew.lock, NULL);
	(void) pthread_cond_init(&crew.ended, NULL);
	start(&crew, jobs);
	await(&crew);
	for (int i = 0; i < settings->jobs; i++)
	{
		if (jobs[i].crew != NULL)
			(void) pthread_join(jobs[i].thread, NULL);
	}
	free(jobs);
	(void) pthread_cond_destroy(&crew.ended);
	(void) pthread_mutex_destroy(&crew.lock);
	if (crew.failed)
	{
		*err = crew.error;
		return false;
	}
	for (size_t i = 0; i < tables->count; i++)
	{
		VerifyTable *table = &tables->items[i];

		if (table->verdict != VERIFY_BROKEN && (!repaired || table->repaired > 0) &&
			!judge(table, settings->position, err))
			return false;
	}
	return true;
}
