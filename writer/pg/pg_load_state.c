/*
 * pg_load_state.c - a copy's state at a PostgreSQL target: the tables sluice.load, load_chunk and
 * load_bundle (load_target.h).
 *
 * Invariant: whoever changes the state holds the progress row in share mode at its own epoch, so
 * that an owner who was replaced changes nothing.
 */
#include "pg_load.h"
#include "pg_structure.h"

#include <inttypes.h>
#include <stdlib.h>

#define NUMBER_TEXT 24

/* Rows of complete chunks are removed from load_bundle when there are so many. */
#define BUNDLES_KEPT "2000"

static const char create_sql[] =
	"CREATE TABLE IF NOT EXISTS sluice.load ("
	" stream text NOT NULL,"
	" consumer text NOT NULL,"
	" incarnation numeric(20,0) NOT NULL,"
	" generation bigint NOT NULL,"
	" phase text NOT NULL,"
	" document text NOT NULL,"
	" prepared boolean NOT NULL DEFAULT false,"
	" error text NOT NULL DEFAULT '',"
	" started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),"
	" changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),"
	" PRIMARY KEY (stream, consumer));"
	"CREATE TABLE IF NOT EXISTS sluice.load_chunk ("
	" stream text NOT NULL,"
	" consumer text NOT NULL,"
	" generation bigint NOT NULL,"
	" chunk bigint NOT NULL,"
	" table_id oid NOT NULL,"
	" bundles bigint NOT NULL,"
	" rows bigint NOT NULL,"
	" bytes bigint NOT NULL,"
	" complete boolean NOT NULL DEFAULT false,"
	" PRIMARY KEY (stream, consumer, generation, chunk));"
	"CREATE TABLE IF NOT EXISTS sluice.load_bundle ("
	" stream text NOT NULL,"
	" consumer text NOT NULL,"
	" generation bigint NOT NULL,"
	" chunk bigint NOT NULL,"
	" bundle bigint NOT NULL,"
	" rows bigint NOT NULL,"
	" bytes bigint NOT NULL,"
	" PRIMARY KEY (stream, consumer, generation, chunk, bundle));"
	"COMMENT ON TABLE sluice.load IS 'Copies of streams into this database, and how far they are."
	" Made by sluice-writer.';"
	"COMMENT ON TABLE sluice.load_chunk IS 'Chunks of copies whose end has come; complete when all"
	" their bundles are in.';"
	"COMMENT ON TABLE sluice.load_bundle IS 'Bundles of copies that are in, so that none is loaded"
	" twice; those of complete chunks go.'";

/* FNV-1a over the stream's and the consumer's name. */
int64_t
pg_load_lock(const TargetSettings *settings)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	char text[128];

	(void) snprintf(text, sizeof(text), "sluice.load %s %s", settings->stream, settings->consumer);
	for (const char *at = text; *at != '\0'; at++)
		hash = (hash ^ (uint8_t) *at) * UINT64_C(0x100000001b3);
	return (int64_t) hash;
}

static PgTarget *
pg_of(Target *target)
{
	return (PgTarget *) target;
}

/* ---- looking ---- */

/* *there tells whether Sluice's tables for copies are at the target. */
static bool
find_tables(PgTarget *target, bool *there, SluiceError *err)
{
	PGresult *result = NULL;

	if (!pg_query(&target->c, &result, err,
				  "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
				  " ON n.oid = c.relnamespace WHERE n.nspname = 'sluice'"
				  " AND c.relname = 'load_bundle'"))
		return false;
	*there = PQntuples(result) > 0;
	PQclear(result);
	return true;
}

static bool
read_row(const PGresult *result, LoadState *state, SluiceError *err)
{
	state->exists = PQntuples(result) > 0;
	if (!state->exists)
		return true;
	state->incarnation = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
	state->generation = (uint32_t) strtoul(PQgetvalue(result, 0, 1), NULL, 10);
	(void) snprintf(state->error, sizeof(state->error), "%s", PQgetvalue(result, 0, 3));
	state->prepared = *PQgetvalue(result, 0, 4) == 't';
	state->newest = (uint32_t) strtoul(PQgetvalue(result, 0, 5), NULL, 10);
	return load_phase_parse(PQgetvalue(result, 0, 2), &state->phase, err);
}

static bool
load_read(Target *base, LoadState *state, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	PGresult *result = NULL;
	bool there, good;

	*state = (LoadState){0};
	if (!find_tables(target, &there, err))
		return false;
	if (!there)
		return true;
	if (!pg_query(&target->c, &result, err,
				  "SELECT incarnation, generation, phase, error, prepared, greatest("
				  "(SELECT pg_catalog.max(generation) FROM sluice.load_bundle WHERE " PG_LOAD_KEY
				  "), (SELECT pg_catalog.max(generation) FROM sluice.load_chunk WHERE " PG_LOAD_KEY
				  ")) FROM sluice.load WHERE " PG_LOAD_KEY,
				  PG_LOAD_KEY_VALUES(target->c.settings), PG_LOAD_KEY_VALUES(target->c.settings),
				  PG_LOAD_KEY_VALUES(target->c.settings)))
		return false;
	good = read_row(result, state, err);
	PQclear(result);
	return good;
}

static bool
load_read_document(Target *base, ByteBuf *json, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	PGresult *result = NULL;
	bool good;

	if (!pg_query(&target->c, &result, err, "SELECT document FROM sluice.load WHERE " PG_LOAD_KEY,
				  PG_LOAD_KEY_VALUES(target->c.settings)))
		return false;
	good =
		PQntuples(result) == 1
			? bytebuf_put(json, PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0), err)
			: sluice_fail(err, SLUICE_ERROR_STATE, "the copy's state is gone from the target");
	PQclear(result);
	return good;
}

/* ---- changing ---- */

static bool
load_ensure(Target *base, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	bool there;

	if (!find_tables(target, &there, err))
		return false;
	if (there || pg_query(&target->c, NULL, err, "%s", create_sql))
		return true;
	/* Another writer may have been at it at the same moment. */
	if (strcmp(target->c.sqlstate, SQLSTATE_UNIQUE) == 0)
		err->code = SLUICE_ERROR_IO;
	(void) sluice_prefix(err, "making the tables sluice.load, load_chunk and load_bundle");
	return sluice_hint(err, "the writer's role needs CREATE on the schema sluice");
}

static bool
load_begin(Target *base, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	const TargetSettings *settings = target->c.settings;
	PGresult *result = NULL;
	bool owner;

	target->begun = true;
	if (!pg_query(&target->c, &result, err,
				  "BEGIN; SET LOCAL synchronous_commit = on;"
				  "SELECT pg_catalog.pg_advisory_xact_lock(%" PRId64 ");"
				  "SELECT 1 FROM sluice.progress WHERE stream = '%s' AND lane = %d"
				  " AND consumer = '%s' AND epoch = %" PRId64 " FOR SHARE",
				  pg_load_lock(settings), settings->stream, settings->lane, settings->consumer,
				  target->progress.epoch))
		return false;
	owner = PQntuples(result) == 1;
	PQclear(result);
	return owner || pg_fail_fenced(target, err);
}

static bool
load_commit(Target *base, SluiceError *err)
{
	PgTarget *target = pg_of(base);

	target->begun = false;
	return pg_query(&target->c, NULL, err, "COMMIT");
}

static void
load_abandon(Target *base)
{
	PgTarget *target = pg_of(base);

	target->begun = false;
	if (PQstatus(target->c.conn) == CONNECTION_OK)
		(void) !pg_query(&target->c, NULL, NULL, "ROLLBACK");
}

/* Nothing of another incarnation counts any more, its position neither. */
static bool
forget_former(PgTarget *target, uint64_t incarnation, SluiceError *err)
{
	const TargetSettings *settings = target->c.settings;

	if (!pg_query(&target->c, NULL, err,
				  "DELETE FROM sluice.load_bundle WHERE " PG_LOAD_KEY ";"
				  "DELETE FROM sluice.load_chunk WHERE " PG_LOAD_KEY ";"
				  "UPDATE sluice.progress SET commit_lsn = '0/0', incarnation = 0,"
				  " next_sequence = 0, stream_created = 0 WHERE stream = '%s' AND lane = %d"
				  " AND consumer = '%s' AND incarnation <> %" PRIu64,
				  PG_LOAD_KEY_VALUES(settings), PG_LOAD_KEY_VALUES(settings), settings->stream,
				  settings->lane, settings->consumer, incarnation))
		return false;
	if (target->progress.position.incarnation != incarnation)
	{
		target->progress.position = (ChangeId){0};
		target->progress.next_sequence = 0;
		target->progress.stream_created = 0;
	}
	return true;
}

static bool
load_replace(Target *base, const LoadPlan *plan, const char *json, size_t length, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	char incarnation[NUMBER_TEXT], generation[NUMBER_TEXT];
	const char *const values[] = {target->c.settings->stream, target->c.settings->consumer,
								  incarnation, generation, json};
	PGresult *result = NULL;
	bool same;

	(void) length; /* the text ends with a NUL */
	(void) snprintf(incarnation, sizeof(incarnation), "%" PRIu64, plan->load->incarnation);
	(void) snprintf(generation, sizeof(generation), "%" PRIu32, plan->generation);
	if (!pg_query(&target->c, &result, err,
				  "SELECT 1 FROM sluice.load WHERE " PG_LOAD_KEY " AND incarnation = %" PRIu64,
				  PG_LOAD_KEY_VALUES(target->c.settings), plan->load->incarnation))
		return false;
	same = PQntuples(result) == 1;
	PQclear(result);
	return (same || forget_former(target, plan->load->incarnation, err)) &&
		   pg_query_params(
			   &target->c,
			   "INSERT INTO sluice.load AS l (stream, consumer, incarnation, generation,"
			   " phase, document) VALUES ($1, $2, $3, $4, 'structure', $5)"
			   " ON CONFLICT (stream, consumer) DO UPDATE SET incarnation = $3,"
			   " generation = $4, phase = 'structure', document = $5, error = '',"
			   " changed_at = pg_catalog.now(), prepared = l.prepared"
			   " AND l.incarnation = $3 AND l.phase <> 'done', started_at = CASE WHEN"
			   " l.incarnation = $3 THEN l.started_at ELSE pg_catalog.now() END",
			   5, values, NULL, err);
}

/* With the end of a copy its bundles and chunks are not looked at any more. */
static bool
load_set_phase(Target *base, LoadPhase phase, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	const TargetSettings *settings = target->c.settings;

	if (!pg_query(&target->c, NULL, err,
				  "UPDATE sluice.load SET phase = '%s', error = '', changed_at = pg_catalog.now(),"
				  " prepared = prepared OR %s WHERE " PG_LOAD_KEY,
				  load_phase_name(phase), phase == LOAD_LOADING ? "true" : "false",
				  PG_LOAD_KEY_VALUES(settings)))
		return false;
	return phase != LOAD_DONE ||
		   pg_query(&target->c, NULL, err, "DELETE FROM sluice.load_bundle WHERE " PG_LOAD_KEY,
					PG_LOAD_KEY_VALUES(settings));
}

static bool
load_empty(Target *base, const char *schema, const char *name, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	char *quoted_schema = PQescapeIdentifier(target->c.conn, schema, strlen(schema));
	char *quoted = PQescapeIdentifier(target->c.conn, name, strlen(name));
	bool good = quoted_schema != NULL && quoted != NULL
					? pg_query(&target->c, NULL, err, "TRUNCATE ONLY %s.%s", quoted_schema, quoted)
					: sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");

	PQfreemem(quoted_schema);
	PQfreemem(quoted);
	return good || sluice_prefix(err, "emptying table %s.%s to load it anew", schema, name);
}

static bool
load_set_error(Target *base, const char *text, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	const char *const values[] = {target->c.settings->stream, target->c.settings->consumer, text};

	return pg_query_params(&target->c,
						   "UPDATE sluice.load SET error = $3 WHERE stream = $1 AND consumer = $2"
						   " AND error <> $3",
						   3, values, NULL, err);
}

/* ---- counting ---- */

typedef void (*TakeCount)(LoadTally *tally, uint32_t generation, uint32_t chunk, uint64_t rows,
						  uint64_t bytes);

static void
take_counts(LoadTally *tally, const PGresult *result, TakeCount take)
{
	for (int row = 0; row < PQntuples(result); row++)
		take(tally, (uint32_t) strtoul(PQgetvalue(result, row, 0), NULL, 10),
			 (uint32_t) strtoul(PQgetvalue(result, row, 1), NULL, 10),
			 strtoull(PQgetvalue(result, row, 2), NULL, 10),
			 strtoull(PQgetvalue(result, row, 3), NULL, 10));
}

/* Gives "generation, chunk, rows, bytes" of chunks to the tally. */
static bool
count_by(PgTarget *target, LoadTally *tally, TakeCount take, const char *sql, SluiceError *err)
{
	const char *const values[] = {target->c.settings->stream, target->c.settings->consumer};
	PGresult *result = NULL;

	if (!pg_query_params(&target->c, sql, 2, values, &result, err))
		return false;
	take_counts(tally, result, take);
	PQclear(result);
	return true;
}

static const char marked_sql[] = "SELECT generation, chunk, rows, bytes FROM sluice.load_chunk"
								 " WHERE stream = $1 AND consumer = $2 AND complete";

#define MARK_SQL                                                                                   \
	"UPDATE sluice.load_chunk AS c SET complete = true WHERE c.stream = $1 AND c.consumer = $2"    \
	" AND NOT c.complete AND c.bundles = (SELECT pg_catalog.count(*) FROM sluice.load_bundle AS b" \
	" WHERE b.stream = $1 AND b.consumer = $2 AND b.generation = c.generation"                     \
	" AND b.chunk = c.chunk) RETURNING c.generation, c.chunk, c.rows, c.bytes"

static const char mark_sql[] = MARK_SQL;

/* With what they add to the total, in the same statement. */
#define MARK_AND_ADD_FORMAT                                                                        \
	"WITH m AS (" MARK_SQL "), a AS (UPDATE sluice.progress SET"                                   \
	" rows_applied = rows_applied + s.r, bytes_applied = bytes_applied + s.b"                      \
	" FROM (SELECT pg_catalog.sum(m.rows) AS r, pg_catalog.sum(m.bytes) AS b FROM m"               \
	" HAVING pg_catalog.count(*) > 0) AS s"                                                        \
	" WHERE stream = $1 AND consumer = $2 AND lane = %d) SELECT generation, chunk, rows, bytes"    \
	" FROM m"

static const char more_sql[] =
	"SELECT b.generation, b.chunk, pg_catalog.sum(b.rows), pg_catalog.sum(b.bytes)"
	" FROM sluice.load_bundle b WHERE b.stream = $1 AND b.consumer = $2 AND NOT EXISTS (SELECT"
	" FROM sluice.load_chunk c WHERE c.stream = $1 AND c.consumer = $2"
	" AND c.generation = b.generation AND c.chunk = b.chunk AND c.complete)"
	" GROUP BY b.generation, b.chunk";

static const char spare_sql[] =
	"SELECT b.generation, b.chunk, 0, 0 FROM sluice.load_bundle b JOIN sluice.load_chunk c"
	" USING (stream, consumer, generation, chunk)"
	" WHERE b.stream = $1 AND b.consumer = $2 AND c.complete OFFSET " BUNDLES_KEPT " LIMIT 1";

/* A complete chunk's bundles are known by the chunk alone; nobody may be taking one in meanwhile. */
static bool
remove_spare(PgTarget *target, SluiceError *err)
{
	const char *const values[] = {target->c.settings->stream, target->c.settings->consumer};
	PGresult *result = NULL;
	bool spare;

	if (!pg_query_params(&target->c, spare_sql, 2, values, &result, err))
		return false;
	spare = PQntuples(result) > 0;
	PQclear(result);
	if (!spare)
		return true;
	if (load_begin(&target->base, err) &&
		pg_query_params(&target->c,
						"DELETE FROM sluice.load_bundle AS b USING sluice.load_chunk AS c"
						" WHERE b.stream = $1 AND b.consumer = $2 AND c.stream = $1"
						" AND c.consumer = $2 AND c.generation = b.generation"
						" AND c.chunk = b.chunk AND c.complete",
						2, values, NULL, err))
		return load_commit(&target->base, err);
	load_abandon(&target->base);
	return false;
}

static Amount
sum_of(const PGresult *result)
{
	Amount sum = {0};

	for (int row = 0; row < PQntuples(result); row++)
	{
		sum.rows += strtoull(PQgetvalue(result, row, 2), NULL, 10);
		sum.bytes += strtoull(PQgetvalue(result, row, 3), NULL, 10);
	}
	return sum;
}

/* Marks chunks that have become complete, and takes them into the total. */
static bool
mark(PgTarget *target, LoadTally *tally, SluiceError *err)
{
	const TargetSettings *settings = target->c.settings;
	const char *const values[] = {settings->stream, settings->consumer};
	char sql[sizeof(MARK_AND_ADD_FORMAT) + NUMBER_TEXT];
	PGresult *result = NULL;

	(void) snprintf(sql, sizeof(sql), MARK_AND_ADD_FORMAT, settings->lane);
	if (!pg_query_params(&target->c, target->applied.total.kept ? sql : mark_sql, 2, values,
						 &result, err))
		return false;
	take_counts(tally, result, load_tally_complete);
	applied_add(&target->applied, sum_of(result));
	pg_tell_applied(target);
	PQclear(result);
	return true;
}

static bool
load_count(Target *base, LoadTally *tally, bool all, SluiceError *err)
{
	PgTarget *target = pg_of(base);
	uint32_t before;

	if (all && !count_by(target, tally, load_tally_complete, marked_sql, err))
		return false;
	before = tally->complete;
	return mark(target, tally, err) &&
		   (tally->complete == before || base->ops->flush(base, true, err));
}

static bool
load_count_more(Target *base, LoadTally *tally, SluiceError *err)
{
	PgTarget *target = pg_of(base);

	load_tally_forget_more(tally);
	return count_by(target, tally, load_tally_more, more_sql, err) && remove_spare(target, err);
}

static Structure *
load_structure(Target *base, const SchemaDocument *document, const StructureSettings *settings,
			   SluiceError *err)
{
	return pg_structure_open(&pg_of(base)->c, document, settings, err);
}

const LoadOps pg_load_ops = {
	.read = load_read,
	.read_document = load_read_document,
	.begin = load_begin,
	.commit = load_commit,
	.abandon = load_abandon,
	.replace = load_replace,
	.set_phase = load_set_phase,
	.empty = load_empty,
	.ensure = load_ensure,
	.set_error = load_set_error,
	.structure = load_structure,
	.count = load_count,
	.count_more = load_count_more,
	.take = pg_load_take,
};
