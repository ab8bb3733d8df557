/*
 * compact.c - plans by net effect: many changes of one key become at most one delete and one insert,
 * or one update.
 *
 * Every key met gets an entry, which goes through the states of the table `moves`.  Keys are
 * compared by their bytes: the source wrote both sides.
 *
 * Invariants: an entry's image is the newest known row of its key, laid over the older images; the
 * entry list is in the order of first appearance, and a table's entries stay in it.
 */
#include "plan.h"

#include <stdlib.h>

#include "common/core/crc32c.h"

typedef enum KeyState
{
	KEY_FRESH,	  /* just met */
	KEY_INSERTED, /* was not there before, is now */
	KEY_UPDATED,  /* was there before, with other values */
	KEY_DELETED,  /* was there before, is not now */
	KEY_REPLACED, /* was there before, was deleted, is there again */
	KEY_NOTHING,  /* was not there before and is not now */
	KEY_STATES,
	KEY_IMPOSSIBLE
} KeyState;

static const uint8_t moves[KEY_STATES][3] = {
	/*                CHANGE_INSERT   CHANGE_UPDATE   CHANGE_DELETE */
	[KEY_FRESH] = {KEY_INSERTED, KEY_UPDATED, KEY_DELETED},
	[KEY_INSERTED] = {KEY_IMPOSSIBLE, KEY_INSERTED, KEY_NOTHING},
	[KEY_UPDATED] = {KEY_IMPOSSIBLE, KEY_UPDATED, KEY_DELETED},
	[KEY_DELETED] = {KEY_REPLACED, KEY_IMPOSSIBLE, KEY_IMPOSSIBLE},
	[KEY_REPLACED] = {KEY_IMPOSSIBLE, KEY_REPLACED, KEY_DELETED},
	[KEY_NOTHING] = {KEY_INSERTED, KEY_IMPOSSIBLE, KEY_IMPOSSIBLE},
};

typedef struct Entry
{
	Table *table;
	uint32_t hash;
	uint8_t state;
	BundleRow key, image;
} Entry;

/* How the changes of one table between two truncates are told. */
typedef enum TableMode
{
	MODE_INSERTS, /* nothing but inserts: as they come */
	MODE_KEYED,	  /* through entries */
	MODE_ORDERED  /* no key, or no way to set all columns: one after the other */
} TableMode;

typedef struct TableUse
{
	Table *table;
	TableMode mode;
} TableUse;

typedef struct CompactSpace
{
	Entry *entries;
	uint32_t entry_count, entry_room;
	uint32_t *slots; /* entry number + 1, 0 is empty */
	uint32_t slot_count;
	TableUse *uses;
	uint32_t use_count, use_room;
	RowField fields[2][BUNDLE_COLUMNS_MAXIMUM];
} CompactSpace;

/* The outcome of a piece of work that may find that it cannot be done this way. */
typedef enum Compacted
{
	COMPACTED,
	CANNOT_COMPACT,
	COMPACT_FAILED
} Compacted;

void
compact_space_free(CompactSpace *space)
{
	if (space == NULL)
		return;
	free(space->entries);
	free(space->slots);
	free(space->uses);
	free(space);
}

/* ---- room ---- */

static bool
reserve_entries(CompactSpace *space, size_t changes, SluiceError *err)
{
	size_t wanted = changes * 2; /* a change of key has two */
	uint32_t slots = 1024;

	if (wanted > space->entry_room)
	{
		Entry *entries = realloc(space->entries, wanted * sizeof(*entries));

		if (entries == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %zu keys", wanted);
		space->entries = entries;
		space->entry_room = (uint32_t) wanted;
	}
	while (slots < wanted * 2)
		slots *= 2;
	if (slots != space->slot_count)
	{
		free(space->slots);
		space->slots = malloc(slots * sizeof(*space->slots));
		space->slot_count = space->slots != NULL ? slots : 0;
		if (space->slots == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %zu keys", wanted);
	}
	memset(space->slots, 0, slots * sizeof(*space->slots));
	space->entry_count = 0;
	return true;
}

static bool
add_use(CompactSpace *space, Table *table, SluiceError *err)
{
	if (space->use_count == space->use_room)
	{
		uint32_t room = space->use_room == 0 ? 64 : space->use_room * 2;
		TableUse *uses = realloc(space->uses, room * sizeof(*uses));

		if (uses == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %u tables", room);
		space->uses = uses;
		space->use_room = room;
	}
	space->uses[space->use_count++] = (TableUse){table, MODE_INSERTS};
	return true;
}

/* ---- entries ---- */

static uint32_t
hash_key(const Table *table, const BundleRow *row)
{
	uint32_t hash = table->relation->id * UINT32_C(2654435761);

	for (uint16_t i = 0; i < table->key_count; i++)
	{
		RowField field = key_field(table, row, i);

		if (field.length > 0)
			hash = crc32c(hash, field.data, (size_t) field.length);
		hash += (uint32_t) field.length;
	}
	return hash * UINT32_C(2246822519);
}

static bool
same_key(const Entry *entry, const Table *table, const BundleRow *row)
{
	for (uint16_t i = 0; i < table->key_count; i++)
	{
		RowField a = key_field(table, &entry->key, i);
		RowField b = key_field(table, row, i);

		if (!row_field_equal(&a, &b))
			return false;
	}
	return true;
}

/* The entry of a key; a new one is KEY_FRESH. */
static Entry *
find_entry(CompactSpace *space, Table *table, const BundleRow *key)
{
	uint32_t hash = hash_key(table, key);
	uint32_t mask = space->slot_count - 1;
	uint32_t slot = hash & mask;
	Entry *entry;

	for (; space->slots[slot] != 0; slot = (slot + 1) & mask)
	{
		entry = &space->entries[space->slots[slot] - 1];
		if (entry->hash == hash && entry->table == table && same_key(entry, table, key))
			return entry;
	}
	entry = &space->entries[space->entry_count++];
	space->slots[slot] = space->entry_count;
	*entry = (Entry){.table = table, .hash = hash, .state = KEY_FRESH, .key = *key};
	return entry;
}

/* Fills what `over` left unchanged from `base`. */
static Compacted
merge_rows(CompactSpace *space, Batch *batch, const BundleRow *base, const BundleRow *over,
		   BundleRow *merged, SluiceError *err)
{
	RowField *old = space->fields[0], *new = space->fields[1];
	size_t length;
	uint8_t *room;

	*merged = *over;
	if (!over->unchanged || base->fields != over->fields)
		return COMPACTED;
	row_fields(base, old);
	row_fields(over, new);
	for (uint16_t i = 0; i < over->fields; i++)
	{
		if (new[i].length == FIELD_UNCHANGED)
			new[i] = old[i];
	}
	length = row_length(new, over->fields);
	if (length > BATCH_PIN_BYTES)
		return CANNOT_COMPACT;
	if ((room = batch_room(batch, length)) == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a row of %zu bytes",
						   length);
		return COMPACT_FAILED;
	}
	*merged = row_build(new, over->fields, room);
	return COMPACTED;
}

/* One step of a key's life; image is NULL for a delete. */
static Compacted
move_key(CompactSpace *space, Batch *batch, Table *table, ChangeAction action, const BundleRow *key,
		 const BundleRow *image, SluiceError *err)
{
	Entry *entry = find_entry(space, table, key);
	uint8_t state = moves[entry->state][action];
	Compacted done = COMPACTED;

	if (state == KEY_IMPOSSIBLE)
		return CANNOT_COMPACT;
	if (action == CHANGE_UPDATE)
	{
		BundleRow base = entry->image, over = *image;

		done = merge_rows(space, batch, &base, &over, &entry->image, err);
	}
	else
		entry->image = image != NULL ? *image : (BundleRow){0};
	entry->state = state;
	return done;
}

/* ---- changes ---- */

static Compacted
take_update(CompactSpace *space, Batch *batch, const Change *change, SluiceError *err)
{
	Table *table = change->table;
	const BundleRow *old_row = &change->old_row;
	BundleRow image = change->new_row;
	Compacted done = COMPACTED;

	if (old_row->fields == table->relation->column_count)
		done = merge_rows(space, batch, old_row, &change->new_row, &image, err);
	if (done != COMPACTED)
		return done;
	if (key_unchanged(table, old_row, &image))
		return move_key(space, batch, table, CHANGE_UPDATE, old_row->fields > 0 ? old_row : &image,
						&image, err);
	if (image.unchanged)
		return CANNOT_COMPACT;
	done = move_key(space, batch, table, CHANGE_DELETE, old_row, NULL, err);
	return done != COMPACTED ? done
							 : move_key(space, batch, table, CHANGE_INSERT, &image, &image, err);
}

static Compacted
take_change(CompactSpace *space, Batch *batch, const Change *change, SluiceError *err)
{
	switch (change->action)
	{
		case CHANGE_INSERT:
			return move_key(space, batch, change->table, CHANGE_INSERT, &change->new_row,
							&change->new_row, err);
		case CHANGE_UPDATE: return take_update(space, batch, change, err);
		default:
			return move_key(space, batch, change->table, CHANGE_DELETE, &change->old_row, NULL,
							err);
	}
}

/* ---- one stretch between truncates ---- */

/* Lists the tables of the stretch and settles how each is told; Table.scratch is its place. */
static bool
find_uses(CompactSpace *space, const Change *changes, size_t count, SluiceError *err)
{
	space->use_count = 0;
	for (size_t i = 0; i < count; i++)
	{
		Table *table = changes[i].table;

		if (table->scratch >= space->use_count || space->uses[table->scratch].table != table)
		{
			table->scratch = space->use_count;
			if (!add_use(space, table, err))
				return false;
		}
		if (changes[i].action != CHANGE_INSERT || table->lenient)
			space->uses[table->scratch].mode =
				table->keyed && !table->fixed ? MODE_KEYED : MODE_ORDERED;
	}
	return true;
}

static Compacted
take_stretch(CompactSpace *space, Batch *batch, size_t first, size_t count, SluiceError *err)
{
	size_t keyed = 0;
	Compacted done = COMPACTED;

	for (size_t i = first; i < first + count; i++)
		keyed += space->uses[batch->changes[i].table->scratch].mode == MODE_KEYED;
	if (!reserve_entries(space, keyed, err))
		return COMPACT_FAILED;
	for (size_t i = first; keyed > 0 && done == COMPACTED && i < first + count; i++)
	{
		if (space->uses[batch->changes[i].table->scratch].mode == MODE_KEYED)
			done = take_change(space, batch, &batch->changes[i], err);
	}
	return done;
}

/* ---- steps ---- */

/* A whole row of a lenient table: takes the place of whatever is there. */
static bool
is_replaced(const Entry *entry)
{
	return entry->state == KEY_REPLACED ||
		   (entry->table->lenient && (entry->state == KEY_INSERTED ||
									  (entry->state == KEY_UPDATED && !entry->image.unchanged)));
}

static bool
is_update(const Entry *entry)
{
	return entry->state == KEY_UPDATED && !is_replaced(entry);
}

static bool
is_delete(const Entry *entry)
{
	return entry->state == KEY_DELETED || is_replaced(entry) ||
		   (entry->table->lenient && entry->state == KEY_NOTHING);
}

static bool
is_insert(const Entry *entry)
{
	return entry->state == KEY_INSERTED || is_replaced(entry);
}

/* Adds a table's entries of one kind as a step; none gives no step. */
static bool
add_entries(Plan *plan, const TableUse *use, StepKind kind, bool (*wanted)(const Entry *),
			SluiceError *err)
{
	const CompactSpace *space = plan->space;
	bool open = false;

	for (uint32_t i = 0; i < space->entry_count; i++)
	{
		const Entry *entry = &space->entries[i];

		if (entry->table != use->table || !wanted(entry))
			continue;
		if (!open && !plan_open_step(plan, kind, use->table, err))
			return false;
		open = true;
		if (!plan_add_row(plan, &entry->key, &entry->image, err))
			return false;
	}
	return true;
}

/* True when two images leave the same fields out. */
static bool
same_shape(const BundleRow *a, const BundleRow *b)
{
	const uint8_t *at_a = a->data + 2, *at_b = b->data + 2;

	if (!a->unchanged || !b->unchanged)
		return a->unchanged == b->unchanged;
	for (uint16_t i = 0; i < a->fields; i++)
	{
		int32_t length_a, length_b;

		(void) bundle_row_field(&at_a, &length_a);
		(void) bundle_row_field(&at_b, &length_b);
		if ((length_a == FIELD_UNCHANGED) != (length_b == FIELD_UNCHANGED))
			return false;
	}
	return true;
}

/* Splits the step just added so that each one's images have one shape; shapes are few. */
static bool
split_shapes(Plan *plan, SluiceError *err)
{
	Step *step = &plan->steps[plan->step_count - 1];
	uint32_t end = step->first + step->count, same = step->first + 1;
	PlanRow *rows = plan->rows;

	for (uint32_t i = same; i < end; i++)
	{
		if (same_shape(&rows[step->first].image, &rows[i].image))
		{
			PlanRow row = rows[i];

			rows[i] = rows[same];
			rows[same++] = row;
		}
	}
	if (same == end)
		return true;
	step->count = same - step->first;
	if (!plan_open_step(plan, STEP_UPDATE, step->table, err))
		return false;
	plan->steps[plan->step_count - 1].first = same;
	plan->steps[plan->step_count - 1].count = end - same;
	return split_shapes(plan, err);
}

static bool
add_updates(Plan *plan, const TableUse *use, SluiceError *err)
{
	uint32_t before = plan->step_count;

	return add_entries(plan, use, STEP_UPDATE, is_update, err) &&
		   (plan->step_count == before || split_shapes(plan, err));
}

/* Adds a table's changes as they came: its inserts, or everything. */
static bool
add_as_is(Plan *plan, const TableUse *use, const Change *changes, size_t count, StepKind kind,
		  SluiceError *err)
{
	if (!plan_open_step(plan, kind, use->table, err))
		return false;
	for (size_t i = 0; i < count; i++)
	{
		if (changes[i].table != use->table)
			continue;
		if (kind == STEP_INSERT ? !plan_add_row(plan, NULL, &changes[i].new_row, err)
								: !plan_add_change(plan, &changes[i], err))
			return false;
	}
	return true;
}

static bool
add_stretch(Plan *plan, const Change *changes, size_t count, SluiceError *err)
{
	const CompactSpace *space = plan->space;
	bool good = true;

	for (uint32_t i = 0; good && i < space->use_count; i++)
	{
		const TableUse *use = &space->uses[i];

		if (use->mode == MODE_KEYED)
			good =
				add_entries(plan, use, STEP_DELETE, is_delete, err) && add_updates(plan, use, err);
		else if (use->mode == MODE_ORDERED)
			good = add_as_is(plan, use, changes, count, STEP_ORDERED, err);
	}
	for (uint32_t i = 0; good && i < space->use_count; i++)
	{
		const TableUse *use = &space->uses[i];

		if (use->mode == MODE_KEYED)
			good = add_entries(plan, use, STEP_INSERT, is_insert, err);
		else if (use->mode == MODE_INSERTS)
			good = add_as_is(plan, use, changes, count, STEP_INSERT, err);
	}
	return good;
}

static Compacted
compact_stretch(Plan *plan, Batch *batch, size_t first, size_t count, SluiceError *err)
{
	Compacted done;

	if (!find_uses(plan->space, batch->changes + first, count, err))
		return COMPACT_FAILED;
	done = take_stretch(plan->space, batch, first, count, err);
	if (done != COMPACTED)
		return done;
	return add_stretch(plan, batch->changes + first, count, err) ? COMPACTED : COMPACT_FAILED;
}

static bool
add_truncate(Plan *plan, const Change *change, SluiceError *err)
{
	return plan_open_step(plan, STEP_TRUNCATE, change->table, err) &&
		   plan_add_change(plan, change, err);
}

bool
plan_compact(Plan *plan, Batch *batch, SluiceError *err)
{
	Compacted done = COMPACTED;

	plan_reset(plan);
	if (plan->space == NULL && (plan->space = calloc(1, sizeof(*plan->space))) == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a plan");
	for (size_t i = 0; done == COMPACTED && i < batch->count;)
	{
		size_t first = i;

		while (i < batch->count && batch->changes[i].action != CHANGE_TRUNCATE)
			i++;
		if (i > first)
			done = compact_stretch(plan, batch, first, i - first, err);
		if (done == COMPACTED && i < batch->count && !add_truncate(plan, &batch->changes[i++], err))
			done = COMPACT_FAILED;
	}
	if (done == CANNOT_COMPACT)
		return plan_ordered(plan, batch, err);
	return done == COMPACTED;
}
