/*
 * pg_apply.c - sending a plan: what can be pipelined in a pipeline, long runs of inserts by COPY.
 *
 * Deletes and updates assert in their own text how many rows they meet, so nothing need be waited
 * for before COMMIT: a batch is one pipeline, or a pipeline and one query of COPYs that ends with
 * COMMIT, and the last of them is outstanding when pg_send_plan() returns.
 */
#include "pg_target.h"

#include <stdio.h>
#include <stdlib.h>

#define ARRAY_MINIMUM_ROWS 6				  /* fewer go faster as single statements */
#define ARRAY_PIECE_BYTES  ((size_t) 4 << 20) /* of rows in one statement */

PgStatement *
pg_target_statement(PgTarget *target, const Table *table, PgStatementKind kind, bool asserted,
					const BundleRow *image, SluiceError *err)
{
	PgStatement *statement =
		pg_statement(table, kind, asserted, image, &target->statement_numbers, err);

	if (target->statement_numbers > PG_STATEMENTS_MAXIMUM)
		target->base.worn = true;
	return statement;
}

bool
pg_refuse_value(PgTarget *target)
{
	target->refused = true;
	return false;
}

bool
pg_target_row(PgTarget *target, const Table *table, const PgStatement *statement,
			  const BundleRow *key, const BundleRow *image, SluiceError *err)
{
	return pg_values_row(&target->values, table, statement, key, image, err) ||
		   pg_refuse_value(target);
}

static bool
send_change(PgTarget *target, PgStatement *statement, SluiceError *err)
{
	if (target->values.bytes > PG_STATEMENT_BYTES)
		target->base.worn = true;
	return pg_pipeline_change(&target->pipeline, statement, &target->values, err);
}

/* ---- single rows ---- */

/* asserted: it fails unless it meets its row. */
static bool
send_row(PgTarget *target, const Table *table, PgStatementKind kind, bool asserted,
		 const BundleRow *key, const BundleRow *image, SluiceError *err)
{
	PgStatement *statement = pg_target_statement(target, table, kind, asserted, image, err);

	if (statement == NULL)
		return false;
	return pg_target_row(target, table, statement, key, image, err) &&
		   send_change(target, statement, err);
}

static bool
send_update(PgTarget *target, const Change *change, SluiceError *err)
{
	const Table *table = change->table;
	bool stays = table->key_count > 0 && key_unchanged(table, &change->old_row, &change->new_row);

	return send_row(target, table, stays ? PG_UPDATE : PG_UPDATE_MOVE, true,
					change->old_row.fields > 0 ? &change->old_row : &change->new_row,
					&change->new_row, err);
}

static bool
send_change_of_row(PgTarget *target, const Change *change, SluiceError *err)
{
	switch (change->action)
	{
		case CHANGE_INSERT:
			return send_row(target, change->table, PG_INSERT, false, NULL, &change->new_row, err);
		case CHANGE_UPDATE: return send_update(target, change, err);
		default:
			return send_row(target, change->table, PG_DELETE, true, &change->old_row, NULL, err);
	}
}

/* ---- many rows ---- */

/* How many of the rows make one statement: neither too many bytes nor less than one row. */
static uint32_t
piece_of(const PlanRow *rows, uint32_t count)
{
	size_t bytes = 0;
	uint32_t i = 0;

	while (i < count && (i == 0 || bytes < ARRAY_PIECE_BYTES))
	{
		bytes += rows[i].key.length + rows[i].image.length;
		i++;
	}
	return i;
}

static bool
send_array(PgTarget *target, const Table *table, PgStatementKind kind, const PlanRow *rows,
		   uint32_t count, SluiceError *err)
{
	PgStatement *statement =
		pg_target_statement(target, table, kind, !table->lenient, &rows[0].image, err);

	if (statement == NULL)
		return false;
	if (!pg_values_rows(&target->values, table, statement, rows, count, err))
		return pg_refuse_value(target);
	return send_change(target, statement, err);
}

/* A step of keyed deletes or updates. */
static bool
send_keyed(PgTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	const PlanRow *rows = plan->rows + step->first;
	bool is_update = step->kind == STEP_UPDATE;
	bool arrays = step->count >= ARRAY_MINIMUM_ROWS &&
				  pg_can_array(step->table, is_update ? &rows[0].image : NULL);
	bool good = true;

	for (uint32_t i = 0; good && i < step->count;)
	{
		uint32_t piece = arrays ? piece_of(rows + i, step->count - i) : 1;

		if (arrays && piece > 1)
			good = send_array(target, step->table, is_update ? PG_UPDATE_ARRAY : PG_DELETE_ARRAY,
							  rows + i, piece, err);
		else
			good = send_row(target, step->table, is_update ? PG_UPDATE : PG_DELETE,
							!step->table->lenient, &rows[i].key, is_update ? &rows[i].image : NULL,
							err);
		i += piece;
	}
	return good;
}

static bool
send_inserts(PgTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	bool good = true;

	for (uint32_t i = 0; good && i < step->count; i++)
		good = send_row(target, step->table, PG_INSERT, false, NULL,
						&plan->rows[step->first + i].image, err);
	return good;
}

/* A run of changes without a key; only here a hash join with the whole table is right. */
static bool
send_run(PgTarget *target, const Change *const *changes, uint32_t count, SluiceError *err)
{
	bool is_update = changes[0]->action == CHANGE_UPDATE;
	PlanRow *rows = calloc(count, sizeof(*rows));
	bool good;

	if (rows == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %u rows", count);
	for (uint32_t i = 0; i < count; i++)
	{
		rows[i].key = changes[i]->old_row;
		if (is_update)
			rows[i].image = changes[i]->new_row;
	}
	good = pg_pipeline_text(&target->pipeline, PG_ITEM_CONTROL, "SET LOCAL enable_hashjoin = on",
							err) &&
		   send_array(target, changes[0]->table, is_update ? PG_UPDATE_ARRAY : PG_DELETE_ARRAY,
					  rows, count, err) &&
		   pg_pipeline_text(&target->pipeline, PG_ITEM_CONTROL, "SET LOCAL enable_hashjoin = off",
							err);
	free(rows);
	return good;
}

static bool
send_ordered(PgTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	const Change *const *changes = plan->changes + step->first;
	bool good = true;

	for (uint32_t i = 0; good && i < step->count;)
	{
		uint32_t run = pg_keyless_run(target, changes + i, step->count - i);

		good = run > 0 ? send_run(target, changes + i, run, err)
					   : send_change_of_row(target, changes[i], err);
		i += run > 0 ? run : 1;
	}
	return good;
}

/* ---- truncate ---- */

/* MySQL empties a table that others refer to, when it is told not to look. */
static void
put_delete_all(FILE *out, const PgTable *table)
{
	(void) fprintf(out, "DELETE FROM %s%s", table->partitioned ? "" : "ONLY ", table->name);
}

char *
pg_truncate_sql(const Change *change)
{
	const PgTable *first = change->tables[0]->at_target;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	if (change->table_count == 1 && first->referenced && (change->flags & RECORD_CASCADE) == 0)
	{
		put_delete_all(out, first);
		return fclose(out) == 0 ? text : (free(text), NULL);
	}
	(void) fputs("TRUNCATE ", out);
	for (uint16_t i = 0; i < change->table_count; i++)
	{
		const PgTable *table = change->tables[i]->at_target;

		(void) fprintf(out, "%s%s%s", i == 0 ? "" : ", ", table->partitioned ? "" : "ONLY ",
					   table->name);
	}
	if ((change->flags & RECORD_RESTART_IDENTITY) != 0)
		(void) fputs(" RESTART IDENTITY", out);
	if ((change->flags & RECORD_CASCADE) != 0)
		(void) fputs(" CASCADE", out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

static bool
send_truncate(PgTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	char *sql = pg_truncate_sql(plan->changes[step->first]);
	bool good;

	if (sql == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = pg_pipeline_text(&target->pipeline, PG_ITEM_CHANGE, sql, err);
	free(sql);
	return good;
}

/* ---- transactions ---- */

/* Opens the transaction when none is. */
static bool
queue_begin(PgTarget *target, SluiceError *err)
{
	if (!pg_pipeline_start(&target->pipeline, &target->c, err))
		return false;
	if (target->begun)
		return true;
	target->begun = true;
	return pg_pipeline_control(&target->pipeline, PG_ITEM_CONTROL, &target->controls[PG_BEGIN],
							   NULL, err);
}

/* The point to come back to when the next chunk fails. */
static bool
queue_savepoint(PgTarget *target, SluiceError *err)
{
	if (target->open && !pg_pipeline_control(&target->pipeline, PG_ITEM_CONTROL,
											 &target->controls[PG_NEXT_SAVEPOINT], NULL, err))
		return false;
	return pg_pipeline_control(&target->pipeline, PG_ITEM_CONTROL, &target->controls[PG_SAVEPOINT],
							   NULL, err);
}

static bool
queue_commit(PgTarget *target, SluiceError *err)
{
	PgPipeline *pipeline = &target->pipeline;

	return pg_queue_fence(target, &target->batch->end, err) &&
		   pg_pipeline_control(pipeline, PG_ITEM_CONTROL, &target->controls[PG_COMMIT], NULL,
							   err) &&
		   (target->c.synchronous ||
			pg_pipeline_control(pipeline, PG_ITEM_LOG, &target->controls[PG_LOG], NULL, err));
}

bool
pg_send_commit(PgTarget *target, SluiceError *err)
{
	if (!queue_begin(target, err) || !queue_commit(target, err) ||
		!pg_pipeline_sync(&target->pipeline, err))
		return false;
	target->outstanding = PG_PIPELINE;
	return true;
}

/* What ends a query of COPYs; NULL without memory. */
static char *
tail_sql(const PgTarget *target, bool commit)
{
	char *fence, *tail = NULL;

	if (!commit)
		return strdup(target->open ? "RELEASE SAVEPOINT chunk;SAVEPOINT chunk" : "SAVEPOINT chunk");
	if ((fence = pg_fence_sql(target, &target->batch->end)) == NULL)
		return NULL;
	if (asprintf(&tail, "%s;COMMIT;%s", fence,
				 target->c.synchronous ? "" : target->controls[PG_LOG].sql) < 0)
		tail = NULL;
	free(fence);
	return tail;
}

/* ---- plans ---- */

/* The first of the COPY steps that end the plan; plan->step_count when there are none. */
static uint32_t
find_tail(const Plan *plan)
{
	uint32_t first = plan->step_count;

	while (first > 0 && pg_step_copies(plan, &plan->steps[first - 1]))
		first--;
	return first;
}

/* A COPY with other steps behind it: a query of its own. */
static bool
copy_between(PgTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	if (!pg_pipeline_finish(&target->pipeline, err) ||
		!pg_copy_steps(target, plan, step, 1, "", "", err))
		return false;
	return pg_take_all(&target->c, NULL, err) || sluice_prefix(err, "table %s", step->table->name);
}

static bool
send_step(PgTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	static bool (*const sends[])(PgTarget *, const Plan *, const Step *, SluiceError *) = {
		[STEP_DELETE] = send_keyed,		 [STEP_UPDATE] = send_keyed,
		[STEP_INSERT] = send_inserts,	 [STEP_ORDERED] = send_ordered,
		[STEP_TRUNCATE] = send_truncate,
	};

	if (!queue_begin(target, err))
		return false;
	if (pg_step_copies(plan, step))
		return copy_between(target, plan, step, err);
	return sends[step->kind](target, plan, step, err);
}

static bool
send_tail(PgTarget *target, const Plan *plan, uint32_t first, bool commit, SluiceError *err)
{
	char *tail = tail_sql(target, commit);
	const char *head = target->begun ? "" : "BEGIN;";
	bool good;

	if (tail == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	target->begun = true;
	good =
		pg_copy_steps(target, plan, plan->steps + first, plan->step_count - first, head, tail, err);
	free(tail);
	if (!good)
		return false;
	target->outstanding = PG_COPIES;
	return commit || pg_await(target, err);
}

/* Ends a pipeline whose sending failed; the failure of a statement counts more than what came of it. */
static bool
give_up(PgTarget *target, SluiceError *err)
{
	SluiceError statement;

	if (target->pipeline.active && PQstatus(target->c.conn) == CONNECTION_OK &&
		!pg_pipeline_finish(&target->pipeline, &statement))
		*err = statement;
	return false;
}

bool
pg_send_plan(PgTarget *target, const Plan *plan, bool commit, SluiceError *err)
{
	uint32_t tail = find_tail(plan);

	for (uint32_t i = 0; i < tail; i++)
	{
		if (!send_step(target, plan, &plan->steps[i], err))
			return give_up(target, err);
	}
	if (tail < plan->step_count)
		return (pg_pipeline_finish(&target->pipeline, err) &&
				send_tail(target, plan, tail, commit, err)) ||
			   give_up(target, err);
	if (commit)
		return pg_send_commit(target, err) || give_up(target, err);
	return (queue_begin(target, err) && queue_savepoint(target, err) &&
			pg_pipeline_finish(&target->pipeline, err)) ||
		   give_up(target, err);
}

/* ---- outcomes ---- */

static void
take_marks(PgTarget *target)
{
	target->base.committed = target->pipeline.written;
	target->base.durable = target->pipeline.flushed;
}

static bool
await_pipeline(PgTarget *target, SluiceError *err)
{
	PgPipeline *pipeline = &target->pipeline;

	if (pg_pipeline_finish(pipeline, err))
		return true;
	if (pipeline->failed && pipeline->failed_kind == PG_ITEM_FENCE &&
		strcmp(pipeline->sqlstate, SQLSTATE_DIVISION) == 0)
		return pg_fail_fenced(target, err);
	return false;
}

/* The results behind the last COPY's data: its own, the fence's, COMMIT's, the log's. */
static bool
await_copies(PgTarget *target, SluiceError *err)
{
	bool good = true;
	PGresult *result;

	for (;;)
	{
		if (!pg_take(&target->c, &result, err))
			return false;
		if (result == NULL)
			break;
		if (good && !pg_good(result))
		{
			good = pg_fail_result(&target->c, result, err);
			if (target->copied && strcmp(target->c.sqlstate, SQLSTATE_DIVISION) == 0)
				(void) pg_fail_fenced(target, err);
		}
		target->copied |= good;
		if (good && PQnfields(result) == 2)
			pg_read_marks(result, &target->pipeline.written, &target->pipeline.flushed);
		PQclear(result);
	}
	return good && (PQstatus(target->c.conn) == CONNECTION_OK || pg_fail_lost(&target->c, err));
}

bool
pg_await(PgTarget *target, SluiceError *err)
{
	PgOutstanding outstanding = target->outstanding;
	bool good;

	target->outstanding = PG_NOTHING;
	if (outstanding == PG_NOTHING)
		return true;
	good = outstanding == PG_PIPELINE ? await_pipeline(target, err) : await_copies(target, err);
	if (good)
		take_marks(target);
	return good;
}
