/*
 * plan.c - the plan's arrays, plans in source order, and keys of rows (plan.h).
 *
 * The arrays grow by doubling; their bound is that of the batch.
 */
#include "plan.h"

#include <stdlib.h>

void
plan_init(Plan *plan)
{
	*plan = (Plan){0};
}

void
plan_free(Plan *plan)
{
	free(plan->steps);
	free(plan->rows);
	free(plan->changes);
	compact_space_free(plan->space);
	*plan = (Plan){0};
}

void
plan_reset(Plan *plan)
{
	plan->ordered = false;
	plan->step_count = plan->row_count = plan->change_count = 0;
}

/* Makes room for one more item of an array. */
static bool
make_room(void **items, uint32_t count, uint32_t *room, size_t size, SluiceError *err)
{
	uint32_t more = *room == 0 ? 256 : *room * 2;
	void *grown;

	if (count < *room)
		return true;
	grown = realloc(*items, more * size);
	if (grown == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a plan of %u items", more);
	*items = grown;
	*room = more;
	return true;
}

bool
plan_open_step(Plan *plan, StepKind kind, Table *table, SluiceError *err)
{
	bool of_changes = kind == STEP_ORDERED || kind == STEP_TRUNCATE;

	if (!make_room((void **) &plan->steps, plan->step_count, &plan->step_room, sizeof(Step), err))
		return false;
	plan->steps[plan->step_count++] =
		(Step){kind, table, of_changes ? plan->change_count : plan->row_count, 0};
	return true;
}

bool
plan_add_row(Plan *plan, const BundleRow *key, const BundleRow *image, SluiceError *err)
{
	if (!make_room((void **) &plan->rows, plan->row_count, &plan->row_room, sizeof(PlanRow), err))
		return false;
	plan->rows[plan->row_count++] =
		(PlanRow){key != NULL ? *key : (BundleRow){0}, image != NULL ? *image : (BundleRow){0}};
	plan->steps[plan->step_count - 1].count++;
	return true;
}

bool
plan_add_change(Plan *plan, const Change *change, SluiceError *err)
{
	if (!make_room((void **) &plan->changes, plan->change_count, &plan->change_room,
				   sizeof(*plan->changes), err))
		return false;
	plan->changes[plan->change_count++] = change;
	plan->steps[plan->step_count - 1].count++;
	return true;
}

/* The step that a change joins when it can, else a new one. */
static bool
open_ordered(Plan *plan, const Change *change, SluiceError *err)
{
	static const StepKind kinds[] = {
		[CHANGE_INSERT] = STEP_INSERT,
		[CHANGE_UPDATE] = STEP_ORDERED,
		[CHANGE_DELETE] = STEP_ORDERED,
		[CHANGE_TRUNCATE] = STEP_TRUNCATE,
	};
	StepKind kind = kinds[change->action];
	const Step *last = plan->step_count > 0 ? &plan->steps[plan->step_count - 1] : NULL;

	if (last != NULL && last->kind == kind &&
		(kind == STEP_ORDERED || (kind == STEP_INSERT && last->table == change->table)))
		return true;
	return plan_open_step(plan, kind, kind == STEP_ORDERED ? NULL : change->table, err);
}

bool
plan_ordered(Plan *plan, Batch *batch, SluiceError *err)
{
	plan_reset(plan);
	plan->ordered = true;
	for (size_t i = 0; i < batch->count; i++)
	{
		const Change *change = &batch->changes[i];

		if (!open_ordered(plan, change, err))
			return false;
		if (change->action == CHANGE_INSERT ? !plan_add_row(plan, NULL, &change->new_row, err)
											: !plan_add_change(plan, change, err))
			return false;
	}
	return true;
}

bool
row_is_key(const Table *table, const BundleRow *row)
{
	return row->fields < table->relation->column_count;
}

RowField
key_field(const Table *table, const BundleRow *row, uint16_t i)
{
	return row_field(row, row_is_key(table, row) ? table->key_place[i] : table->key[i]);
}

bool
key_unchanged(const Table *table, const BundleRow *old_row, const BundleRow *new_row)
{
	if (old_row->fields == 0)
		return true;
	for (uint16_t i = 0; i < table->key_count; i++)
	{
		RowField before = key_field(table, old_row, i);
		RowField after = key_field(table, new_row, i);

		if (after.length != FIELD_UNCHANGED && !row_field_equal(&before, &after))
			return false;
	}
	return true;
}
