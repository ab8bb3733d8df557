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
#include "pg_sql.h"
#include "pg_values.h"
#include "plan.h"

/* Statements of one connection; beyond it the target is worn. */
#define PG_STATEMENTS_MAXIMUM 2000

/* A statement with more bytes than this leaves libpq's buffer long: the target is worn. */
#define PG_STATEMENT_BYTES ((size_t) 8 << 20)

/* What was sent last and not waited for. */
typedef enum PgOutstanding
{
	PG_NOTHING,
	PG_PIPELINE,
	PG_COPIES /* a query of COPYs, the progress row and COMMIT */
} PgOutstanding;

typedef struct PgTarget
{
	Target base;
	PgConnection c;
	PgPipeline pipeline;
	PgValues values;
	Plan plan, redo;
	Progress progress; /* committed, as this process knows it */
	unsigned statement_numbers;
	bool open;		   /* a transaction is open at the server, of chunks before */
	bool began;		   /* the current chunk opened it */
	PgOutstanding outstanding;
	Batch *batch;	   /* the one outstanding */
	uint32_t copies;   /* COPYs of the query outstanding */
	int64_t started;   /* when the batch was, monotonic microseconds */
	ByteBuf staging;   /* COPY data on its way */
} PgTarget;

/* ---- pg_progress.c ---- */

extern bool pg_take_over(PgTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * The statement that moves the progress row to a batch's end and fails (division by zero) unless
 * exactly that row was at the position and epoch known here.  Literals; to be freed, NULL without memory.
 */
extern char *pg_fence_sql(const PgTarget *target, const BatchEnd *end);

/* Prepares the same, and BEGIN, COMMIT and the question for the log positions, for the pipeline. */
extern bool pg_prepare_controls(PgTarget *target, SluiceError *err) SLUICE_MUST_CHECK;
extern bool pg_queue_fence(PgTarget *target, const BatchEnd *end, SluiceError *err) SLUICE_MUST_CHECK;

extern bool pg_fail_fenced(const PgTarget *target, SluiceError *err);

/* ---- pg_copy.c ---- */

/* Whether a step is worth a COPY of its own. */
extern bool pg_step_copies(const Step *step);

/*
 * Sends one query: `head`, a COPY for each of the steps, `tail`; streams the rows.  The results
 * behind the last COPY are still to be taken.  On failure the query's results are all taken.
 */
extern bool pg_copy_steps(PgTarget *target, const Plan *plan, const Step *steps, uint32_t count,
						  const char *head, const char *tail, SluiceError *err) SLUICE_MUST_CHECK;

/* ---- pg_apply.c ---- */

/* Sends a plan; with commit the outcome is outstanding on return, else it was waited for. */
extern bool pg_send_plan(PgTarget *target, const Plan *plan, const BatchEnd *end, bool commit,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Waits for what is outstanding. */
extern bool pg_await(PgTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/* ---- pg_rows.c ---- */

/* Applies a batch row by row in the open transaction, by the conflict policy. */
extern bool pg_apply_rows(PgTarget *target, Batch *batch, SluiceError *err) SLUICE_MUST_CHECK;

/* ---- statements ---- */

/* A statement of a table, or NULL on error; makes the target worn when there are too many. */
extern PgStatement *pg_target_statement(PgTarget *target, const Table *table, PgStatementKind kind,
										bool asserted, const BundleRow *image, SluiceError *err);

/* TRUNCATE for a change, to be freed; NULL without memory. */
extern char *pg_truncate_sql(const Change *change);

#endif
