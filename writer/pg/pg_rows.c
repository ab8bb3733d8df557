/*
 * pg_rows.c - the slow way: one change after the other, each waited for, with the conflict policy.
 *
 * An insert is tried with ON CONFLICT DO NOTHING, so that meeting a row costs no failed statement.
 */
#include "pg_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_TEXT 120

/* ---- naming rows ---- */

/* A value as people know it, where that is easy; otherwise its bytes. */
static void
put_value(FILE *out, const BundleColumn *column, const RowField *field)
{
	if (field->length < 0)
		(void) fputs("NULL", out);
	else if (column->canon == CANON_INT16 && field->length == 2)
		(void) fprintf(out, "%" PRId16, (int16_t) load_u16(field->data));
	else if (column->canon == CANON_INT32 && field->length == 4)
		(void) fprintf(out, "%" PRId32, (int32_t) load_u32(field->data));
	else if (column->canon == CANON_INT64 && field->length == 8)
		(void) fprintf(out, "%" PRId64, (int64_t) load_u64(field->data));
	else if (column->canon == CANON_TEXT || column->canon == CANON_ENUM ||
			 column->canon == CANON_OTHER)
		(void) fprintf(out, "%.*s", field->length, (const char *) field->data);
	else
	{
		(void) fputs("\\x", out);
		for (int32_t i = 0; i < field->length && i < 32; i++)
			(void) fprintf(out, "%02x", field->data[i]);
	}
}

/* "(id, part)=(5, x)"; "" for a table without a key. */
static void
key_text(const Table *table, const BundleRow *row, char text[KEY_TEXT])
{
	FILE *out = fmemopen(text, KEY_TEXT, "w");

	text[0] = '\0';
	if (out == NULL)
		return;
	for (uint16_t i = 0; i < table->key_count; i++)
		(void) fprintf(out, "%s%s", i == 0 ? " (" : ", ",
					   table->relation->columns[table->key[i]].name);
	for (uint16_t i = 0; i < table->key_count; i++)
	{
		RowField field = key_field(table, row, i);

		(void) fputs(i == 0 ? ")=(" : ", ", out);
		put_value(out, &table->relation->columns[table->key[i]], &field);
	}
	(void) fputs(table->key_count > 0 ? ")" : "", out);
	(void) fclose(out);
	text[KEY_TEXT - 1] = '\0';
}

static const BundleRow *
row_of(const Change *change)
{
	return change->old_row.fields > 0 ? &change->old_row : &change->new_row;
}

/* Puts table, action and key before the target's message. */
static bool
name_row(const Change *change, SluiceError *err)
{
	static const char *const actions[] = {
		[CHANGE_INSERT] = "insert into",
		[CHANGE_UPDATE] = "update of",
		[CHANGE_DELETE] = "delete from",
	};
	char key[KEY_TEXT];

	key_text(change->table, row_of(change), key);
	return sluice_prefix(err, "%s %s%s", actions[change->action], change->table->name, key);
}

static bool
fail_conflict(const Change *change, const char *what, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_DATA, "%s", what);
	(void) name_row(change, err);
	return sluice_hint(err, "mend the row at the target, or set --on-conflict");
}

/* ---- one statement ---- */

static bool
prepare(PgTarget *target, PgStatement *statement, SluiceError *err)
{
	if (statement->prepared)
		return true;
	if (PQsendPrepare(target->c.conn, statement->name, statement->sql, statement->parameter_count,
					  statement->types) != 1)
		return pg_fail_lost(&target->c, err);
	statement->prepared = pg_flush(&target->c, err) && pg_take_all(&target->c, NULL, err);
	return statement->prepared;
}

/* Runs a statement; *affected is how many rows it met. */
static bool
run(PgTarget *target, const Change *change, PgStatementKind kind, const BundleRow *key,
	const BundleRow *image, uint64_t *affected, SluiceError *err)
{
	PgStatement *statement = pg_target_statement(target, change->table, kind, false, image, err);
	PgValues *values = &target->values;
	PGresult *result = NULL;

	if (statement == NULL || !prepare(target, statement, err))
		return false;
	pg_values_row(values, change->table, statement, key, image);
	target->base.worn |= values->bytes > PG_STATEMENT_BYTES;
	if (PQsendQueryPrepared(target->c.conn, statement->name, values->count, values->values,
							values->lengths, values->formats, 0) != 1)
		return pg_fail_lost(&target->c, err);
	if (!pg_flush(&target->c, err) || !pg_take_all(&target->c, &result, err))
		return false;
	*affected = strtoull(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	return true;
}

/* ---- changes ---- */

/* PostgreSQL 10 has no ON CONFLICT for partitioned tables, nor unique keys of theirs. */
static bool
can_ignore_conflict(const PgTarget *target, const Table *table)
{
	const PgTable *at_target = table->at_target;

	return !at_target->partitioned || target->c.version >= 110000;
}

static ConflictPolicy
policy_of(const PgTarget *target, const Table *table)
{
	return table->lenient ? CONFLICT_UPSERT : target->c.settings->conflicts;
}

/* Of a lenient table it was to be expected. */
static void
count_conflict(PgTarget *target, Table *table, TableCount kind)
{
	if (!table->lenient)
		pg_count(target, table, kind, 1);
}

/* Inserts an image of the change's table, by policy when it meets a row. */
static bool
insert_image(PgTarget *target, const Change *change, const BundleRow *image, bool replace,
			 SluiceError *err)
{
	ConflictPolicy policy = policy_of(target, change->table);
	uint64_t affected;

	if (policy == CONFLICT_ERROR || !can_ignore_conflict(target, change->table))
		return run(target, change, PG_INSERT, NULL, image, &affected, err);
	if (!run(target, change, PG_INSERT_NEW, NULL, image, &affected, err))
		return false;
	if (affected > 0)
		return true;
	count_conflict(target, change->table, COUNT_INSERT_EXISTS);
	if (policy == CONFLICT_SKIP)
		return true;
	if (replace && change->table->keyed &&
		!run(target, change, PG_UPDATE, image, image, &affected, err))
		return false;
	/* Another unique key is in the way: the target's own message says which. */
	return affected > 0 || run(target, change, PG_INSERT, NULL, image, &affected, err);
}

static bool
apply_insert(PgTarget *target, const Change *change, SluiceError *err)
{
	return insert_image(target, change, &change->new_row, true, err);
}

static bool
update_missed(PgTarget *target, const Change *change, SluiceError *err)
{
	ConflictPolicy policy = policy_of(target, change->table);

	if (policy == CONFLICT_ERROR)
		return fail_conflict(change, "there is no such row", err);
	count_conflict(target, change->table, COUNT_UPDATE_MISSING);
	if (policy == CONFLICT_SKIP || change->new_row.unchanged)
		return true;
	return insert_image(target, change, &change->new_row, true, err);
}

/* With CONFLICT_SKIP an update that meets another row's unique key is left out too. */
static bool
update_or_skip(PgTarget *target, const Change *change, bool moved, SluiceError *err)
{
	if (!moved && policy_of(target, change->table) == CONFLICT_SKIP &&
		strcmp(target->c.sqlstate, SQLSTATE_UNIQUE) == 0)
	{
		count_conflict(target, change->table, COUNT_INSERT_EXISTS);
		return pg_query(&target->c, NULL, err, "ROLLBACK TO SAVEPOINT change");
	}
	return moved;
}

/* The row may be there under its old key, its new one, or both. */
static bool
move_leniently(PgTarget *target, const Change *change, SluiceError *err)
{
	const BundleRow *image = &change->new_row;
	uint64_t affected;

	if (!run(target, change, PG_UPDATE, image, image, &affected, err))
		return false;
	if (affected > 0)
		return run(target, change, PG_DELETE, row_of(change), NULL, &affected, err);
	if (!run(target, change, PG_UPDATE_MOVE, row_of(change), image, &affected, err))
		return false;
	return affected > 0 || update_missed(target, change, err);
}

static bool
apply_update(PgTarget *target, const Change *change, SluiceError *err)
{
	bool skip = policy_of(target, change->table) == CONFLICT_SKIP;
	bool stays = change->table->key_count > 0 &&
				 key_unchanged(change->table, &change->old_row, &change->new_row);
	uint64_t affected = 1;
	bool good;

	if (!stays && change->table->lenient && change->table->keyed)
		return move_leniently(target, change, err);
	if (skip && !pg_query(&target->c, NULL, err, "SAVEPOINT change"))
		return false;
	good = run(target, change, stays ? PG_UPDATE : PG_UPDATE_MOVE, row_of(change), &change->new_row,
			   &affected, err);
	good = update_or_skip(target, change, good, err);
	if (good && skip)
		good = pg_query(&target->c, NULL, err, "RELEASE SAVEPOINT change");
	return good && (affected > 0 || update_missed(target, change, err));
}

static bool
apply_delete(PgTarget *target, const Change *change, SluiceError *err)
{
	uint64_t affected;

	if (!run(target, change, PG_DELETE, &change->old_row, NULL, &affected, err))
		return false;
	if (affected > 0)
		return true;
	if (policy_of(target, change->table) == CONFLICT_ERROR)
		return fail_conflict(change, "there is no such row", err);
	count_conflict(target, change->table, COUNT_DELETE_MISSING);
	return true;
}

static bool
apply_truncate(PgTarget *target, const Change *change, SluiceError *err)
{
	char *sql = pg_truncate_sql(change);
	bool good;

	if (sql == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = pg_query(&target->c, NULL, err, "%s", sql);
	free(sql);
	return good || sluice_prefix(err, "truncate of %s", change->table->name);
}

bool
pg_apply_rows(PgTarget *target, Batch *batch, SluiceError *err)
{
	static bool (*const applies[])(PgTarget *, const Change *, SluiceError *) = {
		[CHANGE_INSERT] = apply_insert,
		[CHANGE_UPDATE] = apply_update,
		[CHANGE_DELETE] = apply_delete,
		[CHANGE_TRUNCATE] = apply_truncate,
	};

	for (size_t i = 0; i < batch->count; i++)
	{
		const Change *change = &batch->changes[i];
		bool named = change->action == CHANGE_TRUNCATE;

		target->c.sqlstate[0] = '\0';
		if (!applies[change->action](target, change, err))
			return !named && target->c.sqlstate[0] != '\0' ? name_row(change, err) : false;
	}
	return true;
}
