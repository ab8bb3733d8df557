/*
 * plan.h - what is to be done at the target for a batch: steps, each for many rows of one table.
 *
 * Two ways lead to a plan: plan_compact() (compact.c) keeps only the net effect per key and groups
 * by table; plan_ordered() keeps every change in the source's order.  Everything in a plan lives as
 * long as the batch it was made from is neither reset nor added to.
 */
#ifndef SLUICE_WRITER_PLAN_H
#define SLUICE_WRITER_PLAN_H

#include "batch.h"
#include "row.h"

typedef enum StepKind
{
	STEP_DELETE,  /* rows: keys */
	STEP_UPDATE,  /* rows: keys and images with the same set of unchanged fields */
	STEP_INSERT,  /* rows: images */
	STEP_ORDERED, /* changes, one after the other */
	STEP_TRUNCATE /* changes: the one */
} StepKind;

typedef struct PlanRow
{
	BundleRow key;	 /* a whole row or an old key: row_is_key() */
	BundleRow image; /* fields is 0 when there is none */
} PlanRow;

typedef struct Step
{
	StepKind kind;
	Table *table; /* NULL for ordered changes of several tables */
	uint32_t first, count;
} Step;

typedef struct Plan
{
	bool ordered; /* made by plan_ordered(): the order of steps must be kept */
	Step *steps;
	uint32_t step_count, step_room;
	PlanRow *rows;
	uint32_t row_count, row_room;
	const Change **changes;
	uint32_t change_count, change_room;
	struct CompactSpace *space; /* of compact.c, kept for the next batch */
} Plan;

extern void plan_init(Plan *plan);
extern void plan_free(Plan *plan);

/* Keeps the source's order; runs of inserts into one table become one step. */
extern bool plan_ordered(Plan *plan, Batch *batch, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Net effect per key.  Between two truncates: first the deletes and updates of all tables, then
 * changes of tables without a key in their order, then the inserts of all tables.  A batch that
 * cannot be told by net effects (a key that moves without its whole row, images that contradict
 * each other) gives what plan_ordered() would.  Needs Table.keyed of every table in it.
 */
extern bool plan_compact(Plan *plan, Batch *batch, SluiceError *err) SLUICE_MUST_CHECK;

/* For those who make plans: empty it, add to it, open a step that takes what is added next. */
extern void plan_reset(Plan *plan);
extern bool plan_open_step(Plan *plan, StepKind kind, Table *table,
						   SluiceError *err) SLUICE_MUST_CHECK;
extern bool plan_add_row(Plan *plan, const BundleRow *key, const BundleRow *image,
						 SluiceError *err) SLUICE_MUST_CHECK;
extern bool plan_add_change(Plan *plan, const Change *change, SluiceError *err) SLUICE_MUST_CHECK;

/* ---- keys ---- */

/* True when the row holds only the key columns. */
extern bool row_is_key(const Table *table, const BundleRow *row);

/* The i-th key field of a whole row or an old key. */
extern RowField key_field(const Table *table, const BundleRow *row, uint16_t i);

/*
 * True when an update leaves the key as it was; a key field the source did not log counts as
 * unchanged.  Without an old key there was no change.
 */
extern bool key_unchanged(const Table *table, const BundleRow *old_row, const BundleRow *new_row);

/* compact.c */
extern void compact_space_free(struct CompactSpace *space);

#endif
