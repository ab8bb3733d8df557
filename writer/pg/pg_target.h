/*
 * pg_target.h - a PostgreSQL target from the inside: what target_pg.c and the pg_ files share.
 *
 * A batch is tried in up to three ways, each from the same starting point (the chunk's savepoint, or
 * a new transaction when it began with the chunk): by net effect, with COPY and arrays (pg_apply.c);
 * in source order, in a pipeline, when a unique key got in the way; and row by row (pg_rows.c),
 * which applies the conflict policy and finds the row to name in an error.
 */
#ifndef SLUICE_WRITER_PG_TARGET_H
#define SLUICE_WRITER_PG_TARGET_H

#include "pg_pipeline.h"
#include "writer/applied.h"
#include "writer/counts.h"
#include "writer/plan.h"

/* Statements of one connection; beyond it the target is worn. */
#define PG_STATEMENTS_MAXIMUM 2000

/* A statement with more bytes than this leaves libpq's buffer long: the target is worn. */
#define PG_STATEMENT_BYTES ((size_t) 12 << 20)

/* What was sent last and not waited for. */
typedef enum PgOutstanding
{
	PG_NOTHING,
	PG_PIPELINE,
	PG_COPIES /* a query of COPYs, the progress row and COMMIT */
} PgOutstanding;

/* Statements that every batch needs; prepared like the others, when first used. */
typedef enum PgControl
{
	PG_BEGIN,
	PG_COMMIT,
	PG_SAVEPOINT,
	PG_NEXT_SAVEPOINT, /* releases the one before; to be sent before PG_SAVEPOINT */
	PG_FENCE,
	PG_LOG,
	PG_CONTROLS
} PgControl;

typedef struct PgTarget
{
	Target base;
	PgConnection c;
	PgPipeline pipeline;
	PgValues values;
	Plan plan, redo;
	PgStatement controls[PG_CONTROLS];
	unsigned statement_numbers;
	Progress progress; /* as committed, by all this process knows */
	Applied applied;

	bool open; /* chunks before were applied in the open transaction, up to the savepoint "chunk" */
	bool begun; /* a transaction is open */
	PgOutstanding outstanding;
	Batch *batch;	 /* the one being applied */
	int64_t started; /* when its transaction was, monotonic microseconds */
	bool copied;	 /* the last COPY of the outstanding query has ended well */
	bool refused;	 /* a value was, before the server was given it */
	CountList touched;
	ByteBuf staging; /* COPY data on its way */
} PgTarget;

/* ---- pg_progress.c ---- */

/* See TargetOps.take_over; fills target->progress. */
extern bool pg_take_over(PgTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

extern bool pg_controls_init(PgTarget *target, SluiceError *err) SLUICE_MUST_CHECK;
extern void pg_controls_free(PgTarget *target);

/* Hands the total to the figures. */
extern void pg_tell_applied(const PgTarget *target);

/*
 * Moves the progress row to the batch's end and fails (division by zero) unless exactly that row was
 * at the position and epoch known here: as text to be freed (NULL without memory), or queued.
 */
extern char *pg_fence_sql(const PgTarget *target, const BatchEnd *end);
extern bool pg_queue_fence(PgTarget *target, const BatchEnd *end,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* Fills err for a fence that failed; always false. */
extern bool pg_fail_fenced(const PgTarget *target, SluiceError *err);

/* ---- pg_copy.c ---- */

/* Whether a step of inserts goes by COPY. */
extern bool pg_step_copies(const Plan *plan, const Step *step);

/*
 * Sends one query: `head`, a COPY for each of the steps, `tail`, and streams the rows.  The results
 * from that of the last COPY on are still to be taken.  After a failure there is nothing to take.
 */
extern bool pg_copy_steps(PgTarget *target, const Plan *plan, const Step *steps, uint32_t count,
						  const char *head, const char *tail, SluiceError *err) SLUICE_MUST_CHECK;

/* ---- pg_apply.c ---- */

/* Sends a plan and waits for it; with commit it only sends, and the outcome is outstanding. */
extern bool pg_send_plan(PgTarget *target, const Plan *plan, bool commit,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Progress row and COMMIT for the batch; the outcome is outstanding. */
extern bool pg_send_commit(PgTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/* Waits for what is outstanding. */
extern bool pg_await(PgTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/* A statement of a table, or NULL on error; makes the target worn when there are too many. */
extern PgStatement *pg_target_statement(PgTarget *target, const Table *table, PgStatementKind kind,
										bool asserted, const BundleRow *image, SluiceError *err);

/* Sets target->values for a single row's statement; pg_refuse_value() when that fails. */
extern bool pg_target_row(PgTarget *target, const Table *table, const PgStatement *statement,
						  const BundleRow *key, const BundleRow *image,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* Notes that a value made the failure, not the server or the connection to it.  False. */
extern bool pg_refuse_value(PgTarget *target);

/* TRUNCATE for a change, to be freed; NULL without memory. */
extern char *pg_truncate_sql(const Change *change);

/* ---- pg_keyless.c ---- */

/* How many changes, from the first on, one array statement is to make; 0 when none is. */
extern uint32_t pg_keyless_run(const PgTarget *target, const Change *const *changes,
							   uint32_t count);

/* ---- pg_rows.c ---- */

/* Applies a batch row by row in the open transaction, by the conflict policy. */
extern bool pg_apply_rows(PgTarget *target, Batch *batch, SluiceError *err) SLUICE_MUST_CHECK;

/* ---- pg_alter.c ---- */

/* See TargetOps.alter. */
extern bool pg_alter(PgTarget *target, const SchemaChange *change, bool tell,
					 SluiceError *err) SLUICE_MUST_CHECK;

/* ---- pg_sequences.c ---- */

/* See TargetOps.set_sequences. */
extern bool pg_set_sequences(PgTarget *target, const char *list, char **left,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* ---- target_pg.c ---- */

/* Counts for when the transaction commits. */
extern void pg_count(PgTarget *target, Table *table, TableCount kind, uint64_t more);

/* It has committed; it was rolled back. */
extern void pg_publish_counts(PgTarget *target);
extern void pg_forget_counts(PgTarget *target);

/* Reads the table's definition unless it is known. */
extern bool pg_target_describe(PgTarget *target, Table *table, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether another way of doing the same may avoid an error of the server, or tell it better. */
extern bool pg_can_redo(const PgTarget *target, const SluiceError *err);

#endif
