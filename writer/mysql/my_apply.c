/*
 * my_apply.c - sending a plan: statements in scripts, long runs of inserts by LOAD DATA LOCAL.
 *
 * A script is one text of many statements, so few changes need one round trip up to their COMMIT.
 * The server stops at the first statement that fails; behind each that must meet a number of rows
 * stands one that fails when it did not.  While the server works at a script the next is made.
 */
#include <mysqld_error.h>
#include <stdlib.h>

#include "my_infile.h"
#include "my_statement.h"

#define SCRIPT_BYTES	 ((size_t) 1 << 20) /* about: then it is sent */
#define LOAD_MINIMUM	 200				/* fewer rows go faster as INSERTs */
#define JOIN_MINIMUM	 4					/* fewer go faster as single statements */
#define STATEMENT_ROWS	 2000
#define LARGE_ROWS_SHARE 4 /* a row with more than this part of a script goes alone */

/* ---- scripts ---- */

static size_t
script_bytes(const MyTarget *target)
{
	size_t quarter = target->c.packet / 4;

	return quarter < SCRIPT_BYTES ? quarter : SCRIPT_BYTES;
}

static bool
is_large(const MyTarget *target, size_t bytes)
{
	return bytes > script_bytes(target) / LARGE_ROWS_SHARE;
}

bool
my_await(MyTarget *target, SluiceError *err)
{
	if (!target->sent)
		return true;
	target->sent = false;
	if (my_take(&target->c, NULL, err))
		return true;
	return my_failed_fence(target) ? my_fail_fenced(target, err) : false;
}

static bool
send_script(MyTarget *target, SluiceError *err)
{
	ByteBuf *script = &target->script;

	if (script->length == 0)
		return true;
	if (!my_await(target, err) ||
		!my_send(&target->c, (const char *) script->data, script->length, err))
		return false;
	script->length = 0;
	target->sent = true;
	return true;
}

/* Begins a statement for a row of that many bytes: what is there already may have to go first. */
static bool
make_room(MyTarget *target, size_t bytes, SluiceError *err)
{
	return (target->script.length < script_bytes(target) && !is_large(target, bytes)) ||
		   send_script(target, err);
}

/* Ends a statement; with rows it must have met that many. */
static bool
end_statement(MyTarget *target, uint32_t rows, SluiceError *err)
{
	if (rows == 0)
		return my_put_word(&target->script, ";", err);
	return my_put(&target->script, err, ";SET @sluice = 9223372036854775807 + (ROW_COUNT() <> %u);",
				  rows);
}

static bool
put_begin(MyTarget *target, SluiceError *err)
{
	if (target->begun)
		return true;
	target->begun = true;
	return my_put_word(&target->script, "START TRANSACTION;", err);
}

/* ---- single rows ---- */

static bool
put_insert(MyTarget *target, const Table *table, const BundleRow *image, SluiceError *err)
{
	return make_room(target, image->length, err) &&
		   my_put_insert_head(&target->script, table, err) &&
		   my_put_insert_row(&target->script, table, image, err) && end_statement(target, 0, err);
}

static bool
put_update(MyTarget *target, const Table *table, const BundleRow *key, const BundleRow *image,
		   bool move, SluiceError *err)
{
	return make_room(target, key->length + image->length, err) &&
		   my_put_update(&target->script, table, key, image, move, err) &&
		   end_statement(target, !table->lenient, err);
}

static bool
put_delete(MyTarget *target, const Table *table, const BundleRow *key, SluiceError *err)
{
	return make_room(target, key->length, err) && my_put_delete(&target->script, table, key, err) &&
		   end_statement(target, !table->lenient, err);
}

static bool
put_changed(MyTarget *target, const Change *change, SluiceError *err)
{
	const Table *table = change->table;
	const BundleRow *old_row = change->old_row.fields > 0 ? &change->old_row : &change->new_row;
	bool stays = table->key_count > 0 && key_unchanged(table, &change->old_row, &change->new_row);

	return put_update(target, table, old_row, &change->new_row, !stays, err);
}

static bool
put_change(MyTarget *target, const Change *change, SluiceError *err)
{
	switch (change->action)
	{
		case CHANGE_INSERT: return put_insert(target, change->table, &change->new_row, err);
		case CHANGE_UPDATE: return put_changed(target, change, err);
		default: return put_delete(target, change->table, &change->old_row, err);
	}
}

/* ---- many rows ---- */

/* How many of the rows make one statement: no large one beside others. */
static uint32_t
piece_of(const MyTarget *target, const PlanRow *rows, uint32_t count)
{
	size_t bytes = 0;
	uint32_t i = 0;

	while (i < count && i < STATEMENT_ROWS && bytes < script_bytes(target) / LARGE_ROWS_SHARE)
	{
		size_t more = rows[i].key.length + rows[i].image.length;

		if (i > 0 && is_large(target, more))
			break;
		bytes += more;
		i++;
	}
	return i;
}

static bool
put_join(MyTarget *target, const Table *table, const PlanRow *rows, uint32_t count, bool is_update,
		 SluiceError *err)
{
	const BundleRow *image = is_update ? &rows[0].image : NULL;
	bool good = make_room(target, rows[0].key.length + rows[0].image.length, err) &&
				my_put_join_head(&target->script, table, image, err);

	for (uint32_t i = 0; good && i < count; i++)
		good = my_put_join_row(&target->script, target, table, &rows[i], is_update, i == 0, err);
	return good && my_put_join_tail(&target->script, table, image, err) &&
		   end_statement(target, table->lenient ? 0 : count, err);
}

/* A step of keyed deletes or updates. */
static bool
put_keyed(MyTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	const PlanRow *rows = plan->rows + step->first;
	bool is_update = step->kind == STEP_UPDATE, good = true;
	bool joins = my_can_join(step->table, is_update ? &rows[0].image : NULL);

	for (uint32_t i = 0; good && i < step->count;)
	{
		uint32_t piece = joins ? piece_of(target, rows + i, step->count - i) : 1;

		if (piece >= JOIN_MINIMUM)
			good = put_join(target, step->table, rows + i, piece, is_update, err);
		else
		{
			piece = 1;
			good = is_update
					   ? put_update(target, step->table, &rows[i].key, &rows[i].image, false, err)
					   : put_delete(target, step->table, &rows[i].key, err);
		}
		i += piece;
	}
	return good;
}

/* The rows of a step, one after the other: a MyRowSource. */
typedef struct StepRows
{
	const PlanRow *next, *end;
} StepRows;

static bool
next_image(void *context, BundleRow *row)
{
	StepRows *rows = context;

	if (rows->next == rows->end)
		return false;
	*row = rows->next++->image;
	return true;
}

static bool
load_step(MyTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	StepRows rows = {plan->rows + step->first, plan->rows + step->first + step->count};
	bool good = send_script(target, err) && my_await(target, err) &&
				my_infile(target, step->table, next_image, &rows, err);

	target->script.length = 0;
	return good;
}

static bool
put_inserts(MyTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	const PlanRow *rows = plan->rows + step->first;
	bool good = true;

	if (target->session.local_infile && step->count >= LOAD_MINIMUM)
		return load_step(target, plan, step, err);
	for (uint32_t i = 0; good && i < step->count;)
	{
		uint32_t piece = piece_of(target, rows + i, step->count - i);

		good = make_room(target, rows[i].image.length, err) &&
			   my_put_insert_head(&target->script, step->table, err);
		for (uint32_t k = 0; good && k < piece; k++)
			good = (k == 0 || my_put_word(&target->script, ",", err)) &&
				   my_put_insert_row(&target->script, step->table, &rows[i + k].image, err);
		good = good && end_statement(target, 0, err);
		i += piece;
	}
	return good;
}

/* ---- steps ---- */

static bool
put_ordered(MyTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	bool good = true;

	for (uint32_t i = 0; good && i < step->count; i++)
		good = put_change(target, plan->changes[step->first + i], err);
	return good;
}

static bool
put_truncate(MyTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	const Change *change = plan->changes[step->first];
	bool good = true;

	for (uint16_t i = 0; good && i < change->table_count; i++)
		good =
			my_put_empty(&target->script, change->tables[i], err) && end_statement(target, 0, err);
	return good;
}

static bool
put_step(MyTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	static bool (*const puts[])(MyTarget *, const Plan *, const Step *, SluiceError *) = {
		[STEP_DELETE] = put_keyed,	  [STEP_UPDATE] = put_keyed,	  [STEP_INSERT] = put_inserts,
		[STEP_ORDERED] = put_ordered, [STEP_TRUNCATE] = put_truncate,
	};

	return put_begin(target, err) && puts[step->kind](target, plan, step, err);
}

/* ---- plans ---- */

/* Ends a plan whose sending failed; the failure of a statement counts more than what came of it. */
static bool
give_up(MyTarget *target, SluiceError *err)
{
	SluiceError statement;

	target->script.length = 0;
	if (target->sent && my_alive(&target->c) && !my_await(target, &statement) && err != NULL)
		*err = statement;
	return false;
}

bool
my_send_commit(MyTarget *target, SluiceError *err)
{
	return (put_begin(target, err) && my_put_fence(target, &target->batch->end, err) &&
			my_put_word(&target->script, "COMMIT", err) && send_script(target, err)) ||
		   give_up(target, err);
}

bool
my_send_plan(MyTarget *target, const Plan *plan, bool commit, SluiceError *err)
{
	for (uint32_t i = 0; i < plan->step_count; i++)
	{
		if (!put_step(target, plan, &plan->steps[i], err))
			return give_up(target, err);
	}
	if (commit)
		return my_send_commit(target, err);
	return (put_begin(target, err) && my_put_word(&target->script, "SAVEPOINT chunk", err) &&
			send_script(target, err) && my_await(target, err)) ||
		   give_up(target, err);
}
