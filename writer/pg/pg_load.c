/*
 * pg_load.c - taking in the bundles of a copy at a PostgreSQL target (load_target.h).
 *
 * Invariants:
 * 1. A bundle's row in sluice.load_bundle and its rows come in one transaction, so a bundle that
 *    comes again meets its row and does nothing.
 * 2. Every such transaction holds the copy's advisory lock in share mode and looks at the state
 *    after it has it; whoever changes the state holds it exclusively.
 */
#include "pg_load.h"

#include <inttypes.h>
#include <stdlib.h>

#include "pg_copy_stream.h"
#include "writer/load_take.h"

/* ---- which are new ---- */

static void
put_places(FILE *out, const LoadTake *take)
{
	for (uint32_t i = 0; i < take->count; i++)
	{
		const LoadPiece *piece = take->pieces[i];

		(void) fprintf(out,
					   "%s(%" PRIu32 "::bigint,%" PRIu32 "::bigint,%" PRIu32 "::bigint,%" PRIu32
					   "::bigint,%" PRIu64 "::bigint)",
					   i == 0 ? "" : ",", piece->place.generation, piece->place.chunk,
					   piece->place.bundle, piece->row_count, piece->bytes);
	}
}

/*
 * Begins the transaction; the query gives a row with generation 0 when the state is the plan's, and
 * one for each bundle that was not in.
 */
static char *
begin_sql(const PgTarget *target, const LoadTake *take)
{
	const TargetSettings *settings = target->c.settings;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	(void) fprintf(
		out,
		"BEGIN;SELECT pg_catalog.pg_advisory_xact_lock_shared(%" PRId64 ");"
		"WITH s AS (SELECT FROM sluice.load WHERE " PG_LOAD_KEY " AND incarnation = %" PRIu64
		" AND generation = %" PRIu32 " AND phase = 'loading'),"
		"i AS (INSERT INTO sluice.load_bundle (stream, consumer, generation, chunk,"
		" bundle, rows, bytes) SELECT '%s', '%s', v.* FROM (VALUES ",
		pg_load_lock(settings), PG_LOAD_KEY_VALUES(settings), take->plan->load->incarnation,
		take->plan->generation, PG_LOAD_KEY_VALUES(settings));
	put_places(out, take);
	(void) fprintf(
		out,
		") AS v(g, c, b, r, n) WHERE EXISTS (SELECT FROM s) AND NOT EXISTS (SELECT FROM"
		" sluice.load_chunk WHERE " PG_LOAD_KEY
		" AND generation = v.g AND chunk = v.c AND complete)"
		" ORDER BY v.g, v.c, v.b ON CONFLICT DO NOTHING RETURNING generation, chunk,"
		" bundle) SELECT generation, chunk, bundle FROM i UNION ALL SELECT 0, 0, 0 FROM s",
		PG_LOAD_KEY_VALUES(settings));
	return fclose(out) == 0 ? text : (free(text), NULL);
}

static uint32_t
number_at(const PGresult *result, int row, int column)
{
	return (uint32_t) strtoul(PQgetvalue(result, row, column), NULL, 10);
}

/* Marks the piece a row names; false for the row that tells of the state. */
static bool
mark_fresh(const LoadTake *take, const PGresult *result, int row)
{
	return load_take_mark(take, (LoadPlace){number_at(result, row, 0), number_at(result, row, 1),
											number_at(result, row, 2)});
}

static bool
begin_take(PgTarget *target, const LoadTake *take, SluiceError *err)
{
	char *sql = begin_sql(target, take);
	PGresult *result = NULL;
	bool valid = false, good;

	for (uint32_t i = 0; i < take->count; i++)
		take->pieces[i]->fresh = false;
	if (sql == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = pg_query(&target->c, &result, err, "%s", sql);
	free(sql);
	target->begun = true;
	target->open = false;
	if (!good)
		return false;
	for (int row = 0; row < PQntuples(result); row++)
		valid |= !mark_fresh(take, result, row);
	PQclear(result);
	if (!valid)
		return sluice_fail(err, SLUICE_ERROR_STATE, "the copy's state at the target has changed");
	return load_take_check(take, err);
}

/* ---- the end of the transaction ---- */

/* Chunks whose end is among the bundles, and COMMIT; then how far the log is. */
static char *
end_sql(const PgTarget *target, const LoadTake *take)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	for (uint32_t i = 0; i < take->count; i++)
	{
		const LoadPiece *piece = take->pieces[i];

		if (!piece->fresh || !piece->ends)
			continue;
		(void) fprintf(
			out,
			"INSERT INTO sluice.load_chunk (stream, consumer, generation, chunk, table_id, bundles,"
			" rows, bytes) VALUES ('%s', '%s', %" PRIu32 ", %" PRIu32 ", %" PRIu32 ", %" PRIu32
			", %" PRIu64 ", %" PRIu64 ") ON CONFLICT DO NOTHING;",
			PG_LOAD_KEY_VALUES(target->c.settings), piece->place.generation, piece->place.chunk,
			load_piece_table_id(take, piece), piece->end.bundles, piece->end.rows,
			piece->end.bytes);
	}
	(void) fprintf(out, "COMMIT;%s", target->c.synchronous ? "" : target->controls[PG_LOG].sql);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

/* ---- rows ---- */

static bool
by_copy(const LoadTake *take, const LoadPiece *piece)
{
	return load_piece_way(take, piece) == LOAD_WAY_COPY &&
		   ((const PgTable *) piece->table->at_target)->copyable;
}

static bool
describe(PgTarget *target, const LoadTake *take, SluiceError *err)
{
	for (uint32_t i = 0; i < take->count; i++)
	{
		LoadPiece *piece = take->pieces[i];

		if (piece->row_count == 0)
			continue;
		if (!pg_target_describe(target, piece->table, err))
			return false;
		if (by_copy(take, piece) && !pg_copy_prepare(target, piece->table, err))
			return false;
		if (load_piece_way(take, piece) == LOAD_WAY_UPSERT && !piece->table->keyed)
			return sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
							   "table %s has no unique key of the source's key columns",
							   piece->table->name);
	}
	return true;
}

/* ---- by COPY ---- */

/* The piece a COPY begins with, from i on; take->count when there is none. */
static uint32_t
next_copy(const LoadTake *take, uint32_t i)
{
	while (i < take->count &&
		   (!load_piece_has_rows(take->pieces[i]) || !by_copy(take, take->pieces[i])))
		i++;
	return i;
}

/* Whether piece i goes into the COPY that piece `first` begins. */
static bool
same_copy(const LoadTake *take, uint32_t first, uint32_t i)
{
	return i < take->count && take->pieces[i]->table == take->pieces[first]->table;
}

static char *
copies_sql(const LoadTake *take, const char *tail)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	for (uint32_t i = next_copy(take, 0); i < take->count;)
	{
		uint32_t first = i;

		pg_copy_put_sql(out, take->pieces[first]->table);
		while (same_copy(take, first, i))
			i = next_copy(take, i + 1);
	}
	(void) fputs(tail, out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

static bool
copy_piece(PgTarget *target, const LoadPiece *piece, SluiceError *err)
{
	for (uint32_t i = 0; i < piece->row_count; i++)
	{
		if (!pg_copy_row(target, piece->table, &piece->rows[i], err))
			return pg_copy_give_up(target);
	}
	return true;
}

static bool
copy_table(PgTarget *target, const LoadTake *take, uint32_t *i, SluiceError *err)
{
	uint32_t first = *i;
	bool good = pg_copy_open(target, err);

	while (good && same_copy(take, first, *i))
	{
		good = copy_piece(target, take->pieces[*i], err);
		*i = next_copy(take, *i + 1);
	}
	return (good && pg_copy_close(target, err)) ||
		   sluice_prefix(err, "table %s", take->pieces[first]->table->name);
}

/* Sends one query of all COPYs that ends with `tail`, and waits for it: *last is the tail's result. */
static bool
send_copies(PgTarget *target, const LoadTake *take, const char *tail, PGresult **last,
			SluiceError *err)
{
	char *sql = copies_sql(take, tail);
	bool good;

	if (sql == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = pg_copy_query(target, sql, err);
	free(sql);
	for (uint32_t i = next_copy(take, 0); good && i < take->count;)
		good = copy_table(target, take, &i, err);
	return good && pg_take_all(&target->c, last, err);
}

/* ---- by statements ---- */

static PgStatementKind
kind_of(LoadWay way)
{
	return way == LOAD_WAY_UPSERT ? PG_UPSERT : way == LOAD_WAY_FILL ? PG_INSERT_NEW : PG_INSERT;
}

static bool
send_piece(PgTarget *target, const LoadTake *take, const LoadPiece *piece, SluiceError *err)
{
	PgStatementKind kind = kind_of(load_piece_way(take, piece));
	bool good = true;

	for (uint32_t i = 0; good && i < piece->row_count; i++)
	{
		PgStatement *statement =
			pg_target_statement(target, piece->table, kind, false, &piece->rows[i], err);

		if (statement == NULL)
			return false;
		good = pg_target_row(target, piece->table, statement, NULL, &piece->rows[i], err) &&
			   pg_pipeline_change(&target->pipeline, statement, &target->values, err);
	}
	return good;
}

static bool
send_statements(PgTarget *target, const LoadTake *take, SluiceError *err)
{
	SluiceError first;
	bool good = true, any = false;

	for (uint32_t i = 0; good && i < take->count; i++)
	{
		const LoadPiece *piece = take->pieces[i];

		if (!load_piece_has_rows(piece) || by_copy(take, piece))
			continue;
		any = true;
		good = pg_pipeline_start(&target->pipeline, &target->c, err) &&
			   send_piece(target, take, piece, err);
	}
	if (!any)
		return true;
	/* The failure of a statement counts more than what came of it. */
	if (!pg_pipeline_finish(&target->pipeline, &first))
	{
		*err = first;
		return false;
	}
	return good;
}

/* ---- row by row ---- */

/* Finds the row to name; should all of them go well, that is fine too. */
static bool
apply_rows(PgTarget *target, const LoadTake *take, SluiceError *err)
{
	const TargetSettings *settings = target->c.settings;
	TargetSettings own = *settings;
	bool good = true;

	target->c.settings = &own;
	for (uint32_t i = 0; good && i < take->count; i++)
	{
		const LoadPiece *piece = take->pieces[i];

		if (!load_piece_has_rows(piece))
			continue;
		own.conflicts = load_way_policy(load_piece_way(take, piece));
		for (uint32_t row = 0; good && row < piece->row_count; row++)
		{
			Change change = {
				.action = CHANGE_INSERT, .table = piece->table, .new_row = piece->rows[row]};
			Batch batch = {.changes = &change, .count = 1};

			good = pg_apply_rows(target, &batch, err);
		}
	}
	target->c.settings = settings;
	return good;
}

/* ---- the transaction ---- */

/* It is committed; the last result tells where. */
static void
note_commit(PgTarget *target, PGresult *last)
{
	if (target->c.synchronous)
		target->base.committed = ++target->base.durable;
	else
		pg_read_marks(last, &target->base.committed, &target->base.durable);
	PQclear(last);
}

static bool
take_fast(PgTarget *target, const LoadTake *take, SluiceError *err)
{
	PGresult *last = NULL;
	char *tail;
	bool good;

	if (!begin_take(target, take, err) || !send_statements(target, take, err))
		return false;
	if ((tail = end_sql(target, take)) == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = send_copies(target, take, tail, &last, err);
	free(tail);
	if (good)
		note_commit(target, last);
	return good;
}

static bool
take_rows(PgTarget *target, const LoadTake *take, SluiceError *err)
{
	PGresult *last = NULL;
	char *tail;
	bool good;

	if (!pg_query(&target->c, NULL, err, "ROLLBACK") || !begin_take(target, take, err) ||
		!apply_rows(target, take, err))
		return false;
	if ((tail = end_sql(target, take)) == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = pg_query(&target->c, &last, err, "%s", tail);
	free(tail);
	if (good)
		note_commit(target, last);
	return good;
}

/* Back to where nothing is open, as far as the connection allows. */
static bool
give_up(PgTarget *target)
{
	if (PQstatus(target->c.conn) == CONNECTION_OK)
		(void) !pg_query(&target->c, NULL, NULL, "ROLLBACK");
	target->begun = false;
	pg_forget_counts(target);
	return false;
}

bool
pg_load_take(Target *base, const LoadTake *take, SluiceError *err)
{
	PgTarget *target = (PgTarget *) base;
	bool good;

	target->c.sqlstate[0] = '\0';
	target->refused = false;
	if (!describe(target, take, err))
		return false;
	good = take_fast(target, take, err);
	if (!good && pg_can_redo(target, err) && err->code != SLUICE_ERROR_STATE &&
		err->code != SLUICE_ERROR_CORRUPT)
		good = take_rows(target, take, err);
	if (!good)
		return give_up(target);
	target->begun = false;
	pg_publish_counts(target);
	return true;
}
