/*
 * my_rows.c - the slow way: one change after the other, each waited for, with the conflict policy.
 *
 * A statement that InnoDB refuses leaves the transaction as it was before, so an insert is just
 * tried: meeting a row costs one failed statement.
 */
#include "my_statement.h"

#include "writer/change_name.h"

/* ---- one statement ---- */

/* What is to be run for a change. */
typedef enum RowAction
{
	ROW_INSERT,
	ROW_UPDATE,
	ROW_MOVE, /* an update of the key too */
	ROW_DELETE
} RowAction;

static size_t
key_and_image(const BundleRow *key, const BundleRow *image)
{
	return (key != NULL ? key->length : 0) + (image != NULL ? image->length : 0);
}

/* Runs a statement; *affected is how many rows it met. */
static bool
run(MyTarget *target, const Table *table, RowAction action, const BundleRow *key,
	const BundleRow *image, uint64_t *affected, SluiceError *err)
{
	ByteBuf *sql = &target->script;
	MyOutcome outcome = {0};
	bool good;

	*affected = 0;
	sql->length = 0;
	if (action == ROW_INSERT)
		good = my_put_insert_head(sql, table, err) && my_put_insert_row(sql, table, image, err);
	else if (action == ROW_DELETE)
		good = my_put_delete(sql, table, key, err);
	else
		good = my_put_update(sql, table, key, image, action == ROW_MOVE, err);
	if (!good && err->code == SLUICE_ERROR_LIMIT)
		return my_fail_packet(&target->c, key_and_image(key, image), err);
	good = good && my_run(&target->c, (const char *) sql->data, sql->length, &outcome, err);
	sql->length = 0;
	*affected = outcome.affected;
	return good;
}

/* ---- changes ---- */

static ConflictPolicy
policy_of(const MyTarget *target, const Table *table)
{
	return table->lenient ? CONFLICT_UPSERT : my_settings(&target->c)->conflicts;
}

/* Of a lenient table it was to be expected. */
static void
count_conflict(MyTarget *target, Table *table, TableCount kind)
{
	if (!table->lenient)
		my_count(target, table, kind, 1);
}

/* Inserts an image of the change's table, by policy when it meets a row. */
static bool
insert_image(MyTarget *target, const Change *change, const BundleRow *image, SluiceError *err)
{
	ConflictPolicy policy = policy_of(target, change->table);
	SluiceError met;
	uint64_t affected = 0;

	if (run(target, change->table, ROW_INSERT, NULL, image, &affected, err))
		return true;
	if (policy == CONFLICT_ERROR || !my_failed_unique(&target->c))
		return false;
	met = *err;
	sluice_error_clear(err);
	count_conflict(target, change->table, COUNT_INSERT_EXISTS);
	if (policy == CONFLICT_SKIP)
		return true;
	if (change->table->keyed &&
		!run(target, change->table, ROW_UPDATE, image, image, &affected, err))
		return false;
	if (affected > 0)
		return true;
	/* Another unique key is in the way: the target's own message says which. */
	*err = met;
	return false;
}

static bool
apply_insert(MyTarget *target, const Change *change, SluiceError *err)
{
	return insert_image(target, change, &change->new_row, err);
}

static bool
update_missed(MyTarget *target, const Change *change, SluiceError *err)
{
	ConflictPolicy policy = policy_of(target, change->table);

	if (policy == CONFLICT_ERROR)
		return change_conflict("there is no such row", err);
	count_conflict(target, change->table, COUNT_UPDATE_MISSING);
	if (policy == CONFLICT_SKIP || change->new_row.unchanged)
		return true;
	return insert_image(target, change, &change->new_row, err);
}

/* The row may be there under its old key, its new one, or both. */
static bool
move_leniently(MyTarget *target, const Change *change, SluiceError *err)
{
	const BundleRow *image = &change->new_row, *old_row = change_row(change);
	uint64_t affected;

	if (!run(target, change->table, ROW_UPDATE, image, image, &affected, err))
		return false;
	if (affected > 0)
		return run(target, change->table, ROW_DELETE, old_row, NULL, &affected, err);
	if (!run(target, change->table, ROW_MOVE, old_row, image, &affected, err))
		return false;
	return affected > 0 || update_missed(target, change, err);
}

static bool
apply_update(MyTarget *target, const Change *change, SluiceError *err)
{
	Table *table = change->table;
	bool stays = table->key_count > 0 && key_unchanged(table, &change->old_row, &change->new_row);
	uint64_t affected = 0;

	if (!stays && table->lenient && table->keyed)
		return move_leniently(target, change, err);
	if (run(target, table, stays ? ROW_UPDATE : ROW_MOVE, change_row(change), &change->new_row,
			&affected, err))
		return affected > 0 || update_missed(target, change, err);
	/* With CONFLICT_SKIP an update that meets another row's unique key is left out too. */
	if (policy_of(target, table) != CONFLICT_SKIP || !my_failed_unique(&target->c))
		return false;
	sluice_error_clear(err);
	count_conflict(target, table, COUNT_INSERT_EXISTS);
	return true;
}

static bool
apply_delete(MyTarget *target, const Change *change, SluiceError *err)
{
	uint64_t affected;

	if (!run(target, change->table, ROW_DELETE, &change->old_row, NULL, &affected, err))
		return false;
	if (affected > 0)
		return true;
	if (policy_of(target, change->table) == CONFLICT_ERROR)
		return change_conflict("there is no such row", err);
	count_conflict(target, change->table, COUNT_DELETE_MISSING);
	return true;
}

static bool
apply_truncate(MyTarget *target, const Change *change, SluiceError *err)
{
	ByteBuf *sql = &target->script;
	bool good = true;

	for (uint16_t i = 0; good && i < change->table_count; i++)
	{
		sql->length = 0;
		good = my_put_empty(sql, change->tables[i], err) &&
			   my_run(&target->c, (const char *) sql->data, sql->length, NULL, err);
		if (!good)
			(void) sluice_prefix(err, "truncate of %s", change->tables[i]->name);
	}
	sql->length = 0;
	return good;
}

bool
my_apply_rows(MyTarget *target, Batch *batch, SluiceError *err)
{
	static bool (*const applies[])(MyTarget *, const Change *, SluiceError *) = {
		[CHANGE_INSERT] = apply_insert,
		[CHANGE_UPDATE] = apply_update,
		[CHANGE_DELETE] = apply_delete,
		[CHANGE_TRUNCATE] = apply_truncate,
	};

	for (size_t i = 0; i < batch->count; i++)
	{
		const Change *change = &batch->changes[i];

		target->c.error = 0;
		if (!applies[change->action](target, change, err))
			return change->action != CHANGE_TRUNCATE && my_can_redo(target, err)
					   ? change_name(change, err)
					   : false;
	}
	return true;
}
