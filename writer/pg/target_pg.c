/*
 * target_pg.c - PostgreSQL as a target (target.h): batches from their plan to their commit.
 *
 * Invariants:
 * 1. `progress` only changes after the server said that the COMMIT is done.
 * 2. A chunk is redone only from the point where it began: everything it did is rolled back before.
 * 3. After an error that was given out, the connection is only good for being closed.
 */
#include "target_pg.h"

#include <stdlib.h>

#include "pg_facts.h"
#include "pg_hold.h"
#include "pg_load.h"
#include "pg_target.h"

#define STAGING_MAXIMUM ((size_t) 1 << 20)

static PgTarget *
pg_of(Target *target)
{
	return (PgTarget *) target;
}

/* ---- counts ---- */

void
pg_count(PgTarget *target, Table *table, TableCount kind, uint64_t more)
{
	counts_add(&target->touched, table, kind, more);
}

void
pg_publish_counts(PgTarget *target)
{
	counts_publish(&target->touched, target->c.settings->stats);
}

void
pg_forget_counts(PgTarget *target)
{
	counts_forget(&target->touched);
}

/* ---- life ---- */

static void
target_pg_close(Target *base)
{
	PgTarget *target = pg_of(base);

	pg_disconnect(&target->c);
	pg_controls_free(target);
	pg_values_free(&target->values);
	plan_free(&target->plan);
	plan_free(&target->redo);
	bytebuf_free(&target->staging);
	free(target);
}

static bool
target_pg_take_over(Target *base, Progress *progress, SluiceError *err)
{
	PgTarget *target = pg_of(base);

	if (!pg_take_over(target, err))
		return false;
	*progress = target->progress;
	return true;
}

static void
target_pg_forget(Target *base, Table *table)
{
	(void) base;
	pg_table_free(table->at_target);
	table->at_target = NULL;
}

/* ---- batches ---- */

bool
pg_target_describe(PgTarget *target, Table *table, SluiceError *err)
{
	if (table->at_target != NULL)
		return true;
	/* A query cannot be sent while another one's results are to come. */
	if (target->base.outstanding && !target->base.ops->settle(&target->base, err))
		return false;
	table->at_target = pg_describe(&target->c, table, err);
	return table->at_target != NULL;
}

static bool
describe(Target *base, Table *table, SluiceError *err)
{
	return pg_target_describe(pg_of(base), table, err);
}

/* Without replication role the order of tables matters to foreign keys and triggers. */
static bool
make_plan(PgTarget *target, Plan *plan, Batch *batch, SluiceError *err)
{
	return target->c.replica_role ? plan_compact(plan, batch, err) : plan_ordered(plan, batch, err);
}

/* The batch is applied; `committed` when its transaction is, too. */
static void
finish_batch(PgTarget *target, bool committed)
{
	Batch *batch = target->batch;
	Stats *stats = target->c.settings->stats;

	counts_add_batch(&target->touched, batch);
	counter_add(stats->bytes, batch->bytes);
	target->open = target->begun = !committed;
	target->base.outstanding = false;
	target->batch = NULL;
	applied_end(&target->applied, committed);
	if (!committed)
		return;
	target->progress.position = batch->end.position;
	target->progress.next_sequence = batch->end.next_sequence;
	target->progress.stream_created = target->base.stream_created;
	if (target->c.synchronous)
		target->base.committed = ++target->base.durable;
	stats_batch(stats, batch->transactions, target->started);
	pg_publish_counts(target);
	pg_tell_applied(target);
}

bool
pg_can_redo(const PgTarget *target, const SluiceError *err)
{
	return PQstatus(target->c.conn) == CONNECTION_OK &&
		   (target->c.sqlstate[0] != '\0' || target->refused) &&
		   !sluice_error_transient(err->code) && err->code != SLUICE_ERROR_CONFLICT &&
		   err->code != SLUICE_ERROR_MEMORY;
}

/*
 * Back to where the chunk began.  Constraints that can wait for the commit do from here on, as they
 * may have at the source.
 */
static bool
roll_back(PgTarget *target, SluiceError *err)
{
	target->outstanding = PG_NOTHING;
	target->begun = true;
	return pg_query(&target->c, NULL, err, "%s; SET CONSTRAINTS ALL DEFERRED",
					target->open ? "ROLLBACK TO SAVEPOINT chunk" : "ROLLBACK; BEGIN");
}

/* In source order, still many at a time. */
static bool
redo_ordered(PgTarget *target, SluiceError *err)
{
	return plan_ordered(&target->redo, target->batch, err) &&
		   pg_send_plan(target, &target->redo, false, err);
}

static bool
redo_rows(PgTarget *target, SluiceError *err)
{
	/* The next chunk's savepoint is set as behind every chunk. */
	static const Plan nothing = {0};

	return pg_apply_rows(target, target->batch, err) && pg_send_plan(target, &nothing, false, err);
}

/* The batch failed with *err: does it again in slower ways, up to its commit when `commit`. */
static bool
redo(PgTarget *target, bool commit, SluiceError *err)
{
	bool unique = strcmp(target->c.sqlstate, SQLSTATE_UNIQUE) == 0 ||
				  strcmp(target->c.sqlstate, SQLSTATE_EXCLUSION) == 0;
	bool good = false;

	if (!pg_can_redo(target, err))
		return false;
	counter_add(target->c.settings->stats->redone, 1);
	log_failure(target->c.settings->log, LOG_DEBUG, "applying a batch again", err, NULL);
	if (unique && target->c.replica_role && !target->plan.ordered)
	{
		if (!roll_back(target, err))
			return false;
		good = redo_ordered(target, err);
		if (!good && !pg_can_redo(target, err))
			return false;
	}
	if (!good && (!roll_back(target, err) || !redo_rows(target, err)))
		return false;
	return !commit || (pg_send_commit(target, err) && pg_await(target, err));
}

static bool
target_pg_settle(Target *base, SluiceError *err)
{
	PgTarget *target = pg_of(base);

	if (!base->outstanding)
		return true;
	if (!pg_await(target, err) && !redo(target, true, err))
		return false;
	finish_batch(target, true);
	return true;
}

static bool
target_pg_apply(Target *base, Batch *batch, bool commit, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	bool sent;

	if (!target_describe_batch(base, batch, describe, err) ||
		!make_plan(target, &target->plan, batch, err) || !target_pg_settle(base, err))
		return false;
	target->batch = batch;
	applied_begin(&target->applied, batch);
	target->refused = false;
	if (!target->open)
		target->started = stats_clock();
	sent = pg_send_plan(target, &target->plan, commit, err);
	if (sent && commit)
	{
		base->outstanding = true;
		return true;
	}
	if (!sent && !redo(target, commit, err))
		return false;
	finish_batch(target, commit);
	return true;
}

/* ---- structure ---- */

static bool
target_pg_alter(Target *base, const SchemaChange *change, bool tell, SluiceError *err)
{
	PgTarget *target = pg_of(base);

	if (!target->open)
		target->started = stats_clock();
	return pg_alter(target, change, tell, err);
}

static bool
target_pg_set_sequences(Target *base, const char *list, char **left, SluiceError *err)
{
	return pg_set_sequences(pg_of(base), list, left, err);
}

static bool
target_pg_know(Target *base, PgFacts *facts, SluiceError *err)
{
	return pg_know(&pg_of(base)->c, facts, err);
}

/* ---- durability ---- */

static bool
target_pg_flush(Target *base, bool now, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	TargetMark written = 0;
	PGresult *result = NULL;

	if (target->c.synchronous)
		return true;
	/*
	 * A transaction that waits for the disk brings all before it there; only one that wrote something
	 * besides its commit waits.
	 */
	if (now && !pg_query(&target->c, NULL, err,
						 "BEGIN; SET LOCAL synchronous_commit = on; SELECT"
						 " pg_catalog.pg_logical_emit_message(true, 'sluice.flush', ''); COMMIT"))
		return false;
	if (!pg_query(&target->c, &result, err, "%s", target->controls[PG_LOG].sql))
		return false;
	pg_read_marks(result, &written, &base->durable);
	PQclear(result);
	return true;
}

static const TargetOps pg_ops = {
	.close = target_pg_close,
	.take_over = target_pg_take_over,
	.apply = target_pg_apply,
	.alter = target_pg_alter,
	.set_sequences = target_pg_set_sequences,
	.know = target_pg_know,
	.settle = target_pg_settle,
	.flush = target_pg_flush,
	.forget = target_pg_forget,
};

Target *
target_pg_open(const TargetSettings *settings, SluiceError *err)
{
	PgTarget *target = calloc(1, sizeof(*target));

	if (target == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a target");
		return NULL;
	}
	target->base.ops = &pg_ops;
	target->base.load = &pg_load_ops;
	target->base.hold = &pg_hold_ops;
	pg_values_init(&target->values);
	plan_init(&target->plan);
	plan_init(&target->redo);
	bytebuf_init(&target->staging, &allocator_malloc, STAGING_MAXIMUM);
	if (pg_connect(&target->c, settings, err) && pg_controls_init(target, err))
		return &target->base;
	target_pg_close(&target->base);
	return NULL;
}
