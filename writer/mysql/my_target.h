/*
 * my_target.h - a MySQL or MariaDB target from the inside: what target_mysql.c and the my_ files
 * share.
 *
 * A batch is tried in up to three ways, each from the same starting point (the chunk's savepoint,
 * or a new transaction when it began with the chunk): by net effect, with LOAD DATA and statements
 * of many rows (my_apply.c); in source order, when a unique key got in the way; and row by row
 * (my_rows.c), which applies the conflict policy and finds the row to name in an error.
 */
#ifndef SLUICE_WRITER_MY_TARGET_H
#define SLUICE_WRITER_MY_TARGET_H

#include "my_catalog.h"
#include "my_session.h"
#include "common/mysql/my_sql.h"
#include "writer/applied.h"
#include "writer/counts.h"
#include "writer/plan.h"

/*
 * How much of the source's transaction behind the position is in.  Committed before its end only when
 * it changes the structure, which commits by itself (my_alter.h).
 */
typedef struct PartDone
{
	uint64_t changes, alters;
} PartDone;

typedef struct MyTarget
{
	Target base;
	MyConnection c;
	MySession session;
	Plan plan, redo;
	Progress progress; /* as committed, by all this process knows */
	Applied applied;
	PartDone part_before; /* what was committed before this process */
	PartDone part;		  /* what is in by now */
	bool open; /* chunks before were applied in the open transaction, up to the savepoint "chunk" */
	bool begun;		 /* a transaction is open */
	bool sent;		 /* a script is on its way: its results are to be taken before anything else */
	Batch *batch;	 /* the one being applied */
	int64_t started; /* when its transaction was, monotonic microseconds */
	CountList touched;
	ByteBuf script;		 /* statements on their way, each with a ';' */
	uint64_t flushed_at; /* of InnoDB's log, when `flushing` was the last commit */
	TargetMark flushing; /* 0: nothing is waited for */
} MyTarget;

static inline MyTarget *
my_target(Target *target)
{
	return (MyTarget *) target;
}

/* ---- my_progress.c ---- */

/* See TargetOps.take_over; fills target->progress. */
extern bool my_take_over(MyTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/* Hands the total to the figures. */
extern void my_tell_applied(const MyTarget *target);

/*
 * Appends to the script: the progress row has so much more; and that the script fails unless the
 * statement before met that many rows.
 */
extern bool my_put_applied(MyTarget *target, Amount amount, SluiceError *err) SLUICE_MUST_CHECK;
extern bool my_put_met(MyTarget *target, uint64_t rows, SluiceError *err) SLUICE_MUST_CHECK;

/* Appends to the script: the progress row goes to `end`, and it fails unless that was ours. */
extern bool my_put_fence(MyTarget *target, const BatchEnd *end, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Commits what is in of a transaction whose end has not come, and notes how much that is; what is in
 * from before this process is passed over.
 */
extern bool my_commit_part(MyTarget *target, SluiceError *err) SLUICE_MUST_CHECK;
extern void my_pass_part(MyTarget *target, Batch *batch);

/* Whether the last failure was that of the fence; fills err for it, always false. */
extern bool my_failed_fence(const MyTarget *target);
extern bool my_fail_fenced(const MyTarget *target, SluiceError *err);

/* ---- my_apply.c ---- */

/* Sends a plan and waits for it; with commit it only sends, and the outcome is outstanding. */
extern bool my_send_plan(MyTarget *target, const Plan *plan, bool commit,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Progress row and COMMIT for the batch; the outcome is outstanding. */
extern bool my_send_commit(MyTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/* Waits for what is outstanding. */
extern bool my_await(MyTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/* ---- my_rows.c ---- */

/* Applies a batch row by row in the open transaction, by the conflict policy. */
extern bool my_apply_rows(MyTarget *target, Batch *batch, SluiceError *err) SLUICE_MUST_CHECK;

/* ---- my_durable.c ---- */

/* See TargetOps.flush. */
extern bool my_flush(MyTarget *target, bool now, SluiceError *err) SLUICE_MUST_CHECK;

/* A transaction has committed: moves the marks. */
extern void my_note_commit(MyTarget *target);

/* ---- target_mysql.c ---- */

/* Counts for when the transaction commits. */
extern void my_count(MyTarget *target, Table *table, TableCount kind, uint64_t more);

/* It has committed; it was rolled back. */
extern void my_publish_counts(MyTarget *target);
extern void my_forget_counts(MyTarget *target);

/* Reads the table's definition unless it is known: table->at_target is then a MyTable. */
extern bool my_target_describe(MyTarget *target, Table *table, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether another way of doing the same may avoid an error, or tell it better. */
extern bool my_can_redo(const MyTarget *target, const SluiceError *err);

#endif
