/*
 * target_mysql.c - MySQL and MariaDB as targets (target.h): batches from their plan to their commit.
 *
 * Invariants:
 * 1. `progress` only changes after the server said that the COMMIT is done.
 * 2. A chunk is redone only from the point where it began: everything it did is rolled back before.
 * 3. After an error that was given out, the connection is only good for being closed.
 */
#include "target_mysql.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "my_alter.h"
#include "my_hold.h"
#include "my_load.h"
#include "my_target.h"

#define LOCK_ATTEMPTS 5 /* how often a transaction is begun anew because of others' locks */

/* ---- counts ---- */

void
my_count(MyTarget *target, Table *table, TableCount kind, uint64_t more)
{
	counts_add(&target->touched, table, kind, more);
}

void
my_publish_counts(MyTarget *target)
{
	counts_publish(&target->touched, my_settings(&target->c)->stats);
}

void
my_forget_counts(MyTarget *target)
{
	counts_forget(&target->touched);
}

/* ---- life ---- */

static void
target_mysql_close(Target *base)
{
	MyTarget *target = my_target(base);

	my_disconnect(&target->c);
	plan_free(&target->plan);
	plan_free(&target->redo);
	bytebuf_free(&target->script);
	free(target);
}

static bool
target_mysql_take_over(Target *base, Progress *progress, SluiceError *err)
{
	MyTarget *target = my_target(base);

	if (!my_take_over(target, err))
		return false;
	*progress = target->progress;
	return true;
}

static void
target_mysql_forget(Target *base, Table *table)
{
	(void) base;
	my_table_free(table->at_target);
	table->at_target = NULL;
}

/* ---- batches ---- */

bool
my_target_describe(MyTarget *target, Table *table, SluiceError *err)
{
	if (table->at_target != NULL)
		return true;
	/* A query cannot be sent while another one's results are to come. */
	if (target->base.outstanding && !target->base.ops->settle(&target->base, err))
		return false;
	table->at_target = my_describe(&target->c, table, err);
	return table->at_target != NULL;
}

static bool
describe(Target *base, Table *table, SluiceError *err)
{
	return my_target_describe(my_target(base), table, err);
}

/* Where foreign keys are checked the order of tables matters. */
static bool
make_plan(MyTarget *target, Plan *plan, Batch *batch, SluiceError *err)
{
	return target->session.foreign_keys ? plan_ordered(plan, batch, err)
										: plan_compact(plan, batch, err);
}

/* The batch is applied; `committed` when its transaction is, too. */
static void
finish_batch(MyTarget *target, bool committed)
{
	Batch *batch = target->batch;
	Stats *stats = my_settings(&target->c)->stats;

	counts_add_batch(&target->touched, batch);
	counter_add(stats->bytes, batch->bytes);
	target->open = target->begun = !committed;
	target->part.changes += batch->count;
	target->base.outstanding = false;
	target->batch = NULL;
	applied_end(&target->applied, committed);
	if (!committed)
		return;
	target->progress.position = batch->end.position;
	target->progress.next_sequence = batch->end.next_sequence;
	target->progress.stream_created = target->base.stream_created;
	target->part = target->part_before = (PartDone){0};
	my_note_commit(target);
	stats_batch(stats, batch->transactions, target->started);
	my_publish_counts(target);
	my_tell_applied(target);
}

bool
my_can_redo(const MyTarget *target, const SluiceError *err)
{
	return my_alive(&target->c) && !sluice_error_transient(err->code) &&
		   err->code != SLUICE_ERROR_CONFLICT && err->code != SLUICE_ERROR_MEMORY;
}

/* Back to where the chunk began. */
static bool
roll_back(MyTarget *target, SluiceError *err)
{
	target->begun = true;
	return my_exec(&target->c, err, "%s",
				   target->open ? "ROLLBACK TO SAVEPOINT chunk" : "ROLLBACK;START TRANSACTION");
}

/* In source order, still many at a time. */
static bool
redo_ordered(MyTarget *target, SluiceError *err)
{
	return plan_ordered(&target->redo, target->batch, err) &&
		   my_send_plan(target, &target->redo, false, err);
}

static bool
redo_rows(MyTarget *target, SluiceError *err)
{
	/* The next chunk's savepoint is set as behind every chunk. */
	static const Plan nothing = {0};

	return my_apply_rows(target, target->batch, err) && my_send_plan(target, &nothing, false, err);
}

/*
 * Others' locks ended the transaction that began with this chunk: the same again.  The plan is made
 * anew, because `plan` may be that of the next batch already.
 */
static bool
redo_locked(MyTarget *target, bool commit, SluiceError *err)
{
	for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++)
	{
		if (target->open || !my_alive(&target->c) || !my_failed_lock(&target->c) ||
			!roll_back(target, err) || !make_plan(target, &target->redo, target->batch, err))
			return false;
		if (my_send_plan(target, &target->redo, commit, err) && (!commit || my_await(target, err)))
			return true;
	}
	return false;
}

/* LOAD DATA tells only that rows were left out, not why. */
static bool
may_be_unique(const MyTarget *target)
{
	return my_failed_unique(&target->c) || target->c.error == 0;
}

/* The batch failed with *err: does it again in slower ways, up to its commit when `commit`. */
static bool
redo(MyTarget *target, bool commit, SluiceError *err)
{
	bool good = false;

	counter_add(my_settings(&target->c)->stats->redone, 1);
	log_failure(my_settings(&target->c)->log, LOG_DEBUG, "applying a batch again", err, NULL);
	if (my_failed_lock(&target->c) && redo_locked(target, commit, err))
		return true;
	if (!my_can_redo(target, err))
		return false;
	if (may_be_unique(target) && !target->plan.ordered)
	{
		if (!roll_back(target, err))
			return false;
		good = redo_ordered(target, err);
		if (!good && !my_can_redo(target, err))
			return false;
	}
	if (!good && (!roll_back(target, err) || !redo_rows(target, err)))
		return false;
	return !commit || (my_send_commit(target, err) && my_await(target, err));
}

static bool
target_mysql_settle(Target *base, SluiceError *err)
{
	MyTarget *target = my_target(base);

	if (!base->outstanding)
		return true;
	if (!my_await(target, err) && !redo(target, true, err))
		return false;
	finish_batch(target, true);
	return true;
}

static bool
target_mysql_apply(Target *base, Batch *batch, bool commit, SluiceError *err)
{
	MyTarget *target = my_target(base);
	bool sent;

	my_pass_part(target, batch);
	if (!target_describe_batch(base, batch, describe, err) ||
		!make_plan(target, &target->plan, batch, err) || !target_mysql_settle(base, err))
		return false;
	target->batch = batch;
	applied_begin(&target->applied, batch);
	if (!target->open)
		target->started = stats_clock();
	sent = my_send_plan(target, &target->plan, commit, err);
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
target_mysql_alter(Target *base, const SchemaChange *change, bool tell, SluiceError *err)
{
	return my_alter(my_target(base), change, tell, err);
}

/* ---- durability ---- */

static bool
target_mysql_flush(Target *base, bool now, SluiceError *err)
{
	return my_flush(my_target(base), now, err);
}

static const TargetOps mysql_ops = {
	.close = target_mysql_close,
	.take_over = target_mysql_take_over,
	.apply = target_mysql_apply,
	.alter = target_mysql_alter,
	.settle = target_mysql_settle,
	.flush = target_mysql_flush,
	.forget = target_mysql_forget,
};

/* What makes this server slower or less sure than it could be; once is enough. */
static void
tell_server(const MyTarget *target)
{
	static atomic_bool told_infile, told_durable;
	Log *log = my_settings(&target->c)->log;

	if (log == NULL)
		return;
	if (!target->session.local_infile && !atomic_exchange(&told_infile, true))
		log_event(log, LOG_WARNING,
				  "the target takes no LOAD DATA LOCAL, so rows come as INSERTs, which is slower: "
				  "SET GLOBAL local_infile = 1 there",
				  NULL);
	if (!target->session.durable && !atomic_exchange(&told_durable, true))
		log_event(log, LOG_INFO,
				  "commits at the target are not on its disk at once "
				  "(innodb_flush_log_at_trx_commit, sync_binlog): they count as durable when its "
				  "log is flushed",
				  NULL);
}

Target *
target_mysql_open(const TargetSettings *settings, SluiceError *err)
{
	MyTarget *target = calloc(1, sizeof(*target));

	if (target == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a target");
		return NULL;
	}
	target->base.ops = &mysql_ops;
	target->base.load = &my_load_ops;
	target->base.hold = &my_hold_ops;
	plan_init(&target->plan);
	plan_init(&target->redo);
	bytebuf_init(&target->script, &allocator_malloc, SIZE_MAX);
	if (my_session_open(&target->c, &target->session, settings, err))
	{
		/* Text of a value may be twice its bytes. */
		target->script.maximum = target->c.packet * 3;
		tell_server(target);
		return &target->base;
	}
	target_mysql_close(&target->base);
	return NULL;
}
