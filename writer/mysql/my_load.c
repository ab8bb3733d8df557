/*
 * my_load.c - taking in the bundles of a copy at a MySQL or MariaDB target (load_target.h).
 *
 * Invariants:
 * 1. A bundle's row in sluice_load_bundle and its rows come in one transaction, so a bundle that
 *    comes again meets its row and does nothing.
 * 2. Every such transaction locks the copy's row in sluice_load in share mode, where it is as the
 *    plan says; whoever changes the state locks it exclusively.
 */
#include "my_load.h"

#include <inttypes.h>
#include <stdlib.h>

#include "my_infile.h"
#include "writer/load_take.h"

#define LOCK_ATTEMPTS 5 /* of a transaction that meets deadlocks */

/* ---- which are new ---- */

static bool
check_state(MyTarget *target, const LoadTake *take, SluiceError *err)
{
	MYSQL_RES *result = NULL;
	bool valid;

	if (!my_query(&target->c, &result, err,
				  "SELECT 1 FROM sluice_load WHERE " MY_LOAD_KEY " AND incarnation = %" PRIu64
				  " AND generation = %" PRIu32 " AND phase = 'loading' LOCK IN SHARE MODE",
				  MY_LOAD_KEY_VALUES(my_settings(&target->c)), take->plan->load->incarnation,
				  take->plan->generation))
		return false;
	valid = mysql_num_rows(result) == 1;
	mysql_free_result(result);
	return valid ||
		   sluice_fail(err, SLUICE_ERROR_STATE, "the copy's state at the target has changed");
}

/* Those of complete chunks are in, and their rows in sluice_load_bundle perhaps gone. */
static bool
leave_out_complete(MyTarget *target, const LoadTake *take, SluiceError *err)
{
	ByteBuf *script = &target->script;
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;
	bool good;

	script->length = 0;
	good = my_put(script, err,
				  "SELECT generation, chunk FROM sluice_load_chunk WHERE " MY_LOAD_KEY
				  " AND complete AND (",
				  MY_LOAD_KEY_VALUES(my_settings(&target->c)));
	for (uint32_t i = 0; good && i < take->count; i++)
		good = my_put(script, err, "%s(generation = %" PRIu32 " AND chunk = %" PRIu32 ")",
					  i == 0 ? "" : " OR ", take->pieces[i]->place.generation,
					  take->pieces[i]->place.chunk);
	if (!good || !my_put(script, err, ")%c", '\0') ||
		!my_query(&target->c, &result, err, "%s", (const char *) script->data))
		return false;
	while ((row = mysql_fetch_row(result)) != NULL)
	{
		for (uint32_t i = 0; i < take->count; i++)
		{
			LoadPiece *piece = take->pieces[i];

			if (piece->place.generation == strtoul(row[0], NULL, 10) &&
				piece->place.chunk == strtoul(row[1], NULL, 10))
				piece->fresh = false;
		}
	}
	mysql_free_result(result);
	return true;
}

/* Inserts the rows of fresh pieces from `first` on, no more than `most`. */
static bool
insert_bundles(MyTarget *target, const LoadTake *take, uint32_t first, uint32_t most,
			   SluiceError *err)
{
	ByteBuf *script = &target->script;
	const char *joint = "";
	bool good;

	script->length = 0;
	good = my_put(script, err,
				  "INSERT INTO sluice_load_bundle (stream, consumer, generation, chunk,"
				  " bundle, `rows`, bytes) VALUES ");
	for (uint32_t i = first; good && i < take->count && i - first < most; i++)
	{
		const LoadPiece *piece = take->pieces[i];

		if (!piece->fresh)
			continue;
		good = my_put(script, err,
					  "%s('%s', '%s', %" PRIu32 ", %" PRIu32 ", %" PRIu32 ", %" PRIu32 ", %" PRIu64
					  ")",
					  joint, MY_LOAD_KEY_VALUES(my_settings(&target->c)), piece->place.generation,
					  piece->place.chunk, piece->place.bundle, piece->row_count, piece->bytes);
		joint = ",";
	}
	if (!good)
		return false;
	return *joint == '\0' ||
		   my_run(&target->c, (const char *) script->data, script->length, NULL, err);
}

/* Some are there already: one by one, to see which. */
static bool
note_bundles_singly(MyTarget *target, const LoadTake *take, SluiceError *err)
{
	for (uint32_t i = 0; i < take->count; i++)
	{
		if (insert_bundles(target, take, i, 1, err))
			continue;
		if (!my_failed_unique(&target->c))
			return false;
		take->pieces[i]->fresh = false;
	}
	return true;
}

static bool
begin_take(MyTarget *target, const LoadTake *take, SluiceError *err)
{
	for (uint32_t i = 0; i < take->count; i++)
		take->pieces[i]->fresh = true;
	target->begun = true;
	target->open = false;
	if (!my_exec(&target->c, err, "START TRANSACTION") || !check_state(target, take, err) ||
		!leave_out_complete(target, take, err))
		return false;
	if (!insert_bundles(target, take, 0, take->count, err) &&
		(!my_failed_unique(&target->c) || !note_bundles_singly(target, take, err)))
		return false;
	return load_take_check(take, err);
}

/* ---- the end of the transaction ---- */

/* Chunks whose end is among the bundles, and COMMIT. */
static bool
end_take(MyTarget *target, const LoadTake *take, SluiceError *err)
{
	ByteBuf *script = &target->script;
	bool good = true;

	script->length = 0;
	for (uint32_t i = 0; good && i < take->count; i++)
	{
		const LoadPiece *piece = take->pieces[i];

		if (!piece->fresh || !piece->ends)
			continue;
		good =
			my_put(script, err,
				   "INSERT INTO sluice_load_chunk (stream, consumer, generation, chunk, table_id,"
				   " bundles, `rows`, bytes) VALUES ('%s', '%s', %" PRIu32 ", %" PRIu32 ", %" PRIu32
				   ", %" PRIu32 ", %" PRIu64 ", %" PRIu64 ") ON DUPLICATE KEY UPDATE chunk ="
				   " sluice_load_chunk.chunk;",
				   MY_LOAD_KEY_VALUES(my_settings(&target->c)), piece->place.generation,
				   piece->place.chunk, load_piece_table_id(take, piece), piece->end.bundles,
				   piece->end.rows, piece->end.bytes);
	}
	return good && my_put(script, err, "COMMIT") &&
		   my_run(&target->c, (const char *) script->data, script->length, NULL, err);
}

/* ---- rows ---- */

static const MyInsertKind kinds[] = {
	[LOAD_WAY_COPY] = MY_INSERT,
	[LOAD_WAY_UPSERT] = MY_INSERT_REPLACING,
	[LOAD_WAY_FILL] = MY_INSERT_MISSING,
};

static bool
check_table(const LoadTake *take, const LoadPiece *piece, SluiceError *err)
{
	return load_piece_way(take, piece) == LOAD_WAY_COPY || piece->table->keyed ||
		   sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
					   "table %s has no unique key of the source's key columns",
					   piece->table->name);
}

static bool
describe(MyTarget *target, const LoadTake *take, SluiceError *err)
{
	for (uint32_t i = 0; i < take->count; i++)
	{
		LoadPiece *piece = take->pieces[i];

		if (piece->row_count > 0 &&
			(!my_target_describe(target, piece->table, err) || !check_table(take, piece, err)))
			return false;
	}
	return true;
}

/* The rows of pieces that lie next to each other, of one table and one way. */
typedef struct Run
{
	const LoadTake *take;
	uint32_t piece, end;
	uint32_t row;
} Run;

/* A MyRowSource. */
static bool
next_row(void *context, BundleRow *row)
{
	Run *run = context;

	while (run->piece < run->end)
	{
		const LoadPiece *piece = run->take->pieces[run->piece];

		if (piece->fresh && run->row < piece->row_count)
		{
			*row = piece->rows[run->row++];
			return true;
		}
		run->piece++;
		run->row = 0;
	}
	return false;
}

/* Where the run that begins with this piece ends. */
static uint32_t
end_of_run(const LoadTake *take, uint32_t first)
{
	const LoadPiece *head = take->pieces[first];
	uint32_t i = first + 1;

	while (i < take->count && take->pieces[i]->table == head->table &&
		   take->pieces[i]->way == head->way)
		i++;
	return i;
}

static bool
apply_row(MyTarget *target, Table *table, const BundleRow *row, SluiceError *err)
{
	Change change = {.action = CHANGE_INSERT, .table = table, .new_row = *row};
	Batch batch = {.changes = &change, .count = 1};

	return my_apply_rows(target, &batch, err);
}

/* Row by row: each as the way wants, and one that is refused is named. */
static bool
apply_run(MyTarget *target, Table *table, LoadWay way, Run *run, SluiceError *err)
{
	void *settings = target->c.settings.context;
	TargetSettings own = *my_settings(&target->c);
	BundleRow row;
	bool good = true;

	own.conflicts = load_way_policy(way);
	target->c.settings.context = &own;
	while (good && next_row(run, &row))
		good = apply_row(target, table, &row, err);
	target->c.settings.context = settings;
	return good;
}

/* Another unique key must not make of a row one with another key. */
static bool
send_run(MyTarget *target, Table *table, LoadWay way, Run *run, SluiceError *err)
{
	const MyTable *at_target = table->at_target;

	if (way == LOAD_WAY_COPY)
		return my_infile(target, table, next_row, run, err);
	return at_target->other_keys ? apply_run(target, table, way, run, err)
								 : my_insert_rows(target, table, kinds[way], next_row, run, err);
}

typedef bool (*RunRows)(MyTarget *target, Table *table, LoadWay way, Run *run, SluiceError *err);

static bool
take_rows(MyTarget *target, const LoadTake *take, RunRows rows, SluiceError *err)
{
	bool good = true;

	for (uint32_t i = 0; good && i < take->count;)
	{
		const LoadPiece *piece = take->pieces[i];
		Run run = {.take = take, .piece = i, .end = i + 1};

		if (!load_piece_has_rows(piece))
		{
			i++;
			continue;
		}
		run.end = end_of_run(take, i);
		i = run.end;
		good = rows(target, piece->table, load_piece_way(take, piece), &run, err);
	}
	return good;
}

/* ---- the transaction ---- */

/* Back to where nothing is open, as far as the connection allows. */
static bool
give_up(MyTarget *target)
{
	if (my_alive(&target->c))
		(void) !my_exec(&target->c, NULL, "ROLLBACK");
	target->begun = false;
	my_forget_counts(target);
	return false;
}

/* Deadlocks, and whoever held a lock too long, pass. */
static bool
take_by(MyTarget *target, const LoadTake *take, RunRows rows, SluiceError *err)
{
	for (int attempt = 1;; attempt++)
	{
		bool locked;

		if (begin_take(target, take, err) && take_rows(target, take, rows, err) &&
			end_take(target, take, err))
			return true;
		locked = my_alive(&target->c) && my_failed_lock(&target->c);
		if (!locked || attempt == LOCK_ATTEMPTS)
			return false;
		(void) give_up(target);
	}
}

/* What rows are refused for is said of one of them. */
static bool
can_name_row(const MyTarget *target, const SluiceError *err)
{
	return my_alive(&target->c) && !my_failed_lock(&target->c) &&
		   !sluice_error_transient(err->code) && err->code != SLUICE_ERROR_STATE &&
		   err->code != SLUICE_ERROR_CORRUPT && err->code != SLUICE_ERROR_MEMORY;
}

bool
my_load_take(Target *base, const LoadTake *take, SluiceError *err)
{
	MyTarget *target = my_target(base);
	bool good;

	if (!describe(target, take, err))
		return false;
	good = take_by(target, take, send_run, err);
	if (!good && can_name_row(target, err))
	{
		(void) give_up(target);
		good = take_by(target, take, apply_run, err);
	}
	if (!good)
		return give_up(target);
	target->begun = false;
	my_note_commit(target);
	my_publish_counts(target);
	return true;
}
