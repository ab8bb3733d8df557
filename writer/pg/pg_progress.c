/*
 * pg_progress.c - the progress row at a PostgreSQL target: making it, owning it, moving it.
 */
#include "pg_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TAKE_OVER_ATTEMPTS 5
#define NUMBER_TEXT		   32

static const char create_sql[] = "CREATE SCHEMA IF NOT EXISTS sluice;"
								 "CREATE TABLE IF NOT EXISTS sluice.progress ("
								 " stream text NOT NULL,"
								 " lane integer NOT NULL,"
								 " consumer text NOT NULL,"
								 " epoch bigint NOT NULL DEFAULT 0,"
								 " owner text NOT NULL DEFAULT '',"
								 " backend_pid integer NOT NULL DEFAULT 0,"
								 " incarnation numeric(20,0) NOT NULL DEFAULT 0,"
								 " commit_lsn pg_lsn NOT NULL DEFAULT '0/0',"
								 " next_sequence bigint NOT NULL DEFAULT 0,"
								 " stream_created bigint NOT NULL DEFAULT 0,"
								 " applied_at timestamptz,"
								 " book bigint NOT NULL DEFAULT 0,"
								 " rows_applied bigint NOT NULL DEFAULT 0,"
								 " bytes_applied bigint NOT NULL DEFAULT 0,"
								 " PRIMARY KEY (stream, lane, consumer)) WITH (fillfactor = 50);"
								 "COMMENT ON TABLE sluice.progress IS 'How far each change stream "
								 "was applied here; changed in the"
								 " transaction of the data. Made by sluice-writer.'";

/* Stream and consumer are of [a-z0-9_], so they may stand in a text as they are. */
#define KEY_FORMAT	  "stream = '%s' AND lane = %d AND consumer = '%s'"
#define KEY_VALUES(s) (s)->stream, (s)->lane, (s)->consumer

/* ---- taking over ---- */

/* What the role may do with the three columns of the total, which a table made before lacks. */
#define TOTAL_COLUMNS 3
static const char find_sql[] =
	"SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid"
	" AND a.attname IN ('book', 'rows_applied', 'bytes_applied') AND NOT a.attisdropped"
	" AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')"
	" AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'UPDATE'))"
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE n.nspname = 'sluice' AND c.relname = 'progress'";

static const char add_sql[] = "BEGIN; SET LOCAL lock_timeout = '2s'; ALTER TABLE sluice.progress"
							  " ADD COLUMN IF NOT EXISTS book bigint NOT NULL DEFAULT 0,"
							  " ADD COLUMN IF NOT EXISTS rows_applied bigint NOT NULL DEFAULT 0,"
							  " ADD COLUMN IF NOT EXISTS bytes_applied bigint NOT NULL DEFAULT 0;"
							  "COMMIT";

static bool
make_table(PgTarget *target, SluiceError *err)
{
	if (pg_query(&target->c, NULL, err, "%s", create_sql))
		return true;
	/* Another writer may have been at it at the same moment. */
	if (strcmp(target->c.sqlstate, SQLSTATE_UNIQUE) == 0)
		err->code = SLUICE_ERROR_IO;
	(void) sluice_prefix(err, "making the table sluice.progress");
	return sluice_hint(err, "the writer's role needs CREATE on the database, or the schema sluice "
							"and the table made for it");
}

/* A writer that may not add them works as before, without a total. */
static bool
add_columns(PgTarget *target, SluiceError *err)
{
	SluiceError denied;

	target->applied.total.kept = pg_query(&target->c, NULL, err, "%s", add_sql);
	if (target->applied.total.kept)
		return true;
	if (err->code != SLUICE_ERROR_DENIED)
		return false;
	denied = *err;
	sluice_error_clear(err);
	applied_tell_missing(target->c.settings->log, "sluice.progress", &denied);
	return pg_query(&target->c, NULL, err, "ROLLBACK");
}

/* The table, with the columns of the total if that can be. */
static bool
ensure_table(PgTarget *target, SluiceError *err)
{
	PGresult *result = NULL;
	bool missing;

	if (!pg_query(&target->c, &result, err, "%s", find_sql))
		return false;
	missing = PQntuples(result) == 0;
	target->applied.total.kept = missing || atoi(PQgetvalue(result, 0, 0)) == TOTAL_COLUMNS;
	PQclear(result);
	if (missing)
		return make_table(target, err);
	return target->applied.total.kept || add_columns(target, err);
}

/* Ends the session of the owner before, which is fenced but may hold locks. */
static bool
end_former(PgTarget *target, const char *pid, SluiceError *err)
{
	const TargetSettings *settings = target->c.settings;
	bool done = pg_query(&target->c, NULL, err,
						 "SELECT pg_catalog.pg_terminate_backend(a.pid)"
						 " FROM pg_catalog.pg_stat_activity a WHERE a.pid = %s"
						 " AND a.pid <> pg_catalog.pg_backend_pid()"
						 " AND a.application_name = 'sluice-writer %s'",
						 pid, settings->stream);

	if (done || PQstatus(target->c.conn) == CONNECTION_BAD)
		return done;
	log_failure(settings->log, LOG_WARNING, "cannot end the session of the writer before", err,
				(LogField[]){LOG_TEXT("backend", pid), LOG_END});
	sluice_error_clear(err);
	return true;
}

/* The row is locked: by a session of the owner before that hangs. */
static bool
end_holder(PgTarget *target, SluiceError *err)
{
	PGresult *result = NULL;
	bool good;

	if (!pg_query(&target->c, NULL, err, "ROLLBACK") ||
		!pg_query(&target->c, &result, err,
				  "SELECT backend_pid FROM sluice.progress WHERE " KEY_FORMAT,
				  KEY_VALUES(target->c.settings)))
		return false;
	good = PQntuples(result) == 0 || end_former(target, PQgetvalue(result, 0, 0), err);
	PQclear(result);
	return good;
}

static void
read_row(PgTarget *target, const PGresult *row)
{
	Progress *progress = &target->progress;
	uint64_t position = 0;
	uint32_t high = 0, low = 0;

	progress->epoch = strtoll(PQgetvalue(row, 0, 0), NULL, 10);
	progress->position.incarnation = strtoull(PQgetvalue(row, 0, 1), NULL, 10);
	if (sscanf(PQgetvalue(row, 0, 2), "%" SCNx32 "/%" SCNx32, &high, &low) == 2)
		position = (uint64_t) high << 32 | low;
	progress->position.commit = position;
	progress->position.index = position == 0 ? 0 : CHANGE_INDEX_COMMIT;
	progress->next_sequence = strtoull(PQgetvalue(row, 0, 3), NULL, 10);
	progress->stream_created = strtoll(PQgetvalue(row, 0, 4), NULL, 10);
	target->applied.total.book = strtoull(PQgetvalue(row, 0, 6), NULL, 10);
	target->applied.total.sum = (Amount){strtoull(PQgetvalue(row, 0, 7), NULL, 10),
										 strtoull(PQgetvalue(row, 0, 8), NULL, 10)};
}

/* What raising the epoch does to the total's columns, and gives of them. */
#define OPEN_BOOK	", book = CASE p.book WHEN 0 THEN %" PRIu64 " ELSE p.book END"
#define TOTAL_GIVEN ", p.book, p.rows_applied, p.bytes_applied"

/* Raises the epoch; leaves the transaction open.  *pid is the backend of the owner before. */
static bool
raise_epoch(PgTarget *target, char pid[NUMBER_TEXT], SluiceError *err)
{
	const TargetSettings *settings = target->c.settings;
	const char *const owner[] = {settings->owner};
	const bool kept = target->applied.total.kept;
	char open_book[100] = "";
	PGresult *result = NULL;
	char *sql = NULL;
	bool good;

	if (!pg_query(&target->c, NULL, err,
				  "BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL synchronous_commit = on;"
				  "INSERT INTO sluice.progress (stream, lane, consumer) VALUES ('%s', %d, '%s')"
				  " ON CONFLICT DO NOTHING",
				  KEY_VALUES(settings)))
		return false;
	if (kept)
		(void) snprintf(open_book, sizeof(open_book), OPEN_BOOK, applied_new_book());
	if (asprintf(&sql,
				 "UPDATE sluice.progress AS p SET epoch = p.epoch + 1, owner = $1,"
				 " backend_pid = pg_catalog.pg_backend_pid()%s FROM (SELECT backend_pid"
				 " FROM sluice.progress WHERE " KEY_FORMAT " FOR UPDATE) AS o WHERE " KEY_FORMAT
				 " RETURNING p.epoch, p.incarnation, p.commit_lsn, p.next_sequence,"
				 " p.stream_created, o.backend_pid%s",
				 open_book, KEY_VALUES(settings), KEY_VALUES(settings),
				 kept ? TOTAL_GIVEN : ", 0, 0, 0") < 0)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = pg_query_params(&target->c, sql, 1, owner, &result, err);
	free(sql);
	if (!good)
		return false;
	good = PQntuples(result) == 1;
	if (good)
	{
		read_row(target, result);
		(void) snprintf(pid, NUMBER_TEXT, "%s", PQgetvalue(result, 0, 5));
	}
	PQclear(result);
	return good || sluice_fail(err, SLUICE_ERROR_IO, "the progress row vanished");
}

/* ---- the fence ---- */

#define TOTAL_TEXT		 160
#define FENCE_PARAMETERS 9
#define FENCE_TOTAL		 2 /* the last of them, where a total is kept */

#define TOTAL_FORMAT "rows_applied = rows_applied + %s, bytes_applied = bytes_applied + %s, "

/* The fence with its values, or their places, filled in; the first of all is TOTAL_FORMAT or "". */
#define FENCE_FORMAT                                                                               \
	"WITH x AS (UPDATE sluice.progress SET %scommit_lsn = %s, incarnation = %s,"                   \
	" next_sequence = %s, stream_created = %s, applied_at = pg_catalog.clock_timestamp()"          \
	" WHERE " KEY_FORMAT " AND epoch = %s AND commit_lsn = %s AND incarnation = %s RETURNING 1)"   \
	" SELECT 1 / pg_catalog.count(*) FROM x"

/* What the owner prepares: before, it is not known whether there is a total. */
static bool
make_fence(PgTarget *target, SluiceError *err)
{
	const bool kept = target->applied.total.kept;
	PgStatement *fence = &target->controls[PG_FENCE];
	char total[TOTAL_TEXT];

	(void) snprintf(total, sizeof(total), TOTAL_FORMAT, "$8", "$9");
	free(fence->sql);
	if (asprintf(&fence->sql, FENCE_FORMAT, kept ? total : "", "$1", "$2", "$3", "$4",
				 KEY_VALUES(target->c.settings), "$5", "$6", "$7") < 0)
		fence->sql = NULL;
	fence->parameter_count = FENCE_PARAMETERS - (kept ? 0 : FENCE_TOTAL);
	return fence->sql != NULL ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
}

/* ---- the whole ---- */

/* The row could be neither read nor changed; what passes by itself needs no advice. */
static bool
fail_row(SluiceError *err)
{
	const char *advice = NULL;

	if (err->code == SLUICE_ERROR_DENIED)
		advice = "grant the writer's role SELECT, INSERT and UPDATE on the table";
	else if (err->code == SLUICE_ERROR_NOT_FOUND || err->code == SLUICE_ERROR_DATA)
		advice = "it was made by hand or for another version: give it the columns and the primary "
				 "key of the documentation, and keep its rows";
	(void) sluice_prefix(err, "the table sluice.progress");
	return advice != NULL && sluice_hint(err, "%s", advice);
}

void
pg_tell_applied(const PgTarget *target)
{
	stats_set_applied(target->c.settings->stats, &target->applied.total);
}

bool
pg_take_over(PgTarget *target, SluiceError *err)
{
	char pid[NUMBER_TEXT];
	bool raised = false;

	for (int attempt = 0; !raised && attempt < TAKE_OVER_ATTEMPTS; attempt++)
	{
		bool there = ensure_table(target, err);

		raised = there && raise_epoch(target, pid, err);
		if (raised)
			break;
		if (strcmp(target->c.sqlstate, SQLSTATE_LOCK_TIMEOUT) != 0)
			return there ? fail_row(err) : false;
		if (!end_holder(target, err))
			return false;
	}
	if (!raised || !pg_query(&target->c, NULL, err, "COMMIT") || !make_fence(target, err))
		return false;
	pg_tell_applied(target);
	return end_former(target, pid, err);
}

/* ---- moving ---- */

static const struct ControlText
{
	const char *name, *sql;
} control_texts[PG_CONTROLS] = {
	[PG_BEGIN] = {"sluice_begin", "BEGIN"},
	[PG_COMMIT] = {"sluice_commit", "COMMIT"},
	[PG_SAVEPOINT] = {"sluice_savepoint", "SAVEPOINT chunk"},
	[PG_NEXT_SAVEPOINT] = {"sluice_release", "RELEASE SAVEPOINT chunk"},
	[PG_FENCE] = {"sluice_fence", NULL},
	[PG_LOG] = {"sluice_log", "SELECT pg_catalog.pg_current_wal_insert_lsn(),"
							  " pg_catalog.pg_current_wal_flush_lsn()"},
};

bool
pg_controls_init(PgTarget *target, SluiceError *err)
{
	for (int i = 0; i < PG_CONTROLS; i++)
	{
		PgStatement *control = &target->controls[i];

		(void) snprintf(control->name, sizeof(control->name), "%s", control_texts[i].name);
		if (control_texts[i].sql == NULL)
			continue;
		control->sql = strdup(control_texts[i].sql);
		if (control->sql == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for statements");
	}
	return true;
}

void
pg_controls_free(PgTarget *target)
{
	for (int i = 0; i < PG_CONTROLS; i++)
		free(target->controls[i].sql);
}

/* The fence's values in the order of its parameters. */
static void
fence_values(const PgTarget *target, const BatchEnd *end,
			 char values[FENCE_PARAMETERS][NUMBER_TEXT])
{
	const ChangeId *old = &target->progress.position;
	const Amount due = applied_due(&target->applied);

	(void) snprintf(values[0], NUMBER_TEXT, "%" PRIX32 "/%" PRIX32,
					(uint32_t) (end->position.commit >> 32), (uint32_t) end->position.commit);
	(void) snprintf(values[1], NUMBER_TEXT, "%" PRIu64, end->position.incarnation);
	(void) snprintf(values[2], NUMBER_TEXT, "%" PRIu64, end->next_sequence);
	(void) snprintf(values[3], NUMBER_TEXT, "%" PRId64, target->base.stream_created);
	(void) snprintf(values[4], NUMBER_TEXT, "%" PRId64, target->progress.epoch);
	(void) snprintf(values[5], NUMBER_TEXT, "%" PRIX32 "/%" PRIX32, (uint32_t) (old->commit >> 32),
					(uint32_t) old->commit);
	(void) snprintf(values[6], NUMBER_TEXT, "%" PRIu64, old->incarnation);
	(void) snprintf(values[7], NUMBER_TEXT, "%" PRIu64, due.rows);
	(void) snprintf(values[8], NUMBER_TEXT, "%" PRIu64, due.bytes);
}

char *
pg_fence_sql(const PgTarget *target, const BatchEnd *end)
{
	char values[FENCE_PARAMETERS][NUMBER_TEXT], lsn[NUMBER_TEXT + 2], old[NUMBER_TEXT + 2];
	char total[TOTAL_TEXT] = "", *sql = NULL;

	fence_values(target, end, values);
	(void) snprintf(lsn, sizeof(lsn), "'%s'", values[0]);
	(void) snprintf(old, sizeof(old), "'%s'", values[5]);
	if (target->applied.total.kept)
		(void) snprintf(total, sizeof(total), TOTAL_FORMAT, values[7], values[8]);
	return asprintf(&sql, FENCE_FORMAT, total, lsn, values[1], values[2], values[3],
					KEY_VALUES(target->c.settings), values[4], old, values[6]) < 0
			   ? NULL
			   : sql;
}

bool
pg_queue_fence(PgTarget *target, const BatchEnd *end, SluiceError *err)
{
	char values[FENCE_PARAMETERS][NUMBER_TEXT];
	const char *pointers[FENCE_PARAMETERS];

	fence_values(target, end, values);
	for (int i = 0; i < FENCE_PARAMETERS; i++)
		pointers[i] = values[i];
	return pg_pipeline_control(&target->pipeline, PG_ITEM_FENCE, &target->controls[PG_FENCE],
							   pointers, err);
}

bool
pg_fail_fenced(const PgTarget *target, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_CONFLICT,
					   "another writer took over: the progress row is not at epoch %" PRId64
					   " any more",
					   target->progress.epoch);
}
