/*
 * pg_alter.c - doing a change of structure at the target, in the open transaction (TargetOps.alter).
 */
#include "pg_target.h"
#include "writer/ddl_run.h"

#define LABELS_IN_TRANSACTIONS                                                                     \
	120000 /* the release whose ALTER TYPE ... ADD VALUE may stand in one */

/* ---- parts ---- */

static bool
is_needed(DdlRun *run, const char *question, bool *needed, SluiceError *err)
{
	PgTarget *target = run->context;
	PGresult *result = NULL;

	if (!pg_query(&target->c, &result, err, "%s", question))
		return false;
	*needed = PQntuples(result) == 1 && *PQgetvalue(result, 0, 0) == 't';
	PQclear(result);
	return true;
}

/* Some changes do not do without: then it is said, and the rest goes on. */
static bool
try_step(PgConnection *c, const char *sql, SluiceError *err)
{
	if (!pg_query(c, NULL, err, "SAVEPOINT step"))
		return false;
	if (!pg_query(c, NULL, err, "%s", sql))
	{
		if (PQstatus(c->conn) != CONNECTION_OK || sluice_error_transient(err->code))
			return false;
		log_failure(c->settings->log, LOG_WARNING, "left out of a change of structure", err,
					(LogField[]){LOG_TEXT("statement", sql), LOG_END});
		sluice_error_clear(err);
		if (!pg_query(c, NULL, err, "ROLLBACK TO SAVEPOINT step"))
			return false;
	}
	return pg_query(c, NULL, err, "RELEASE SAVEPOINT step");
}

/* On a connection of its own, where it commits at once. */
static bool
run_outside(const TargetSettings *settings, const char *sql, SluiceError *err)
{
	PgConnection other;
	bool good;

	if (!pg_connect(&other, settings, err))
	{
		pg_disconnect(&other);
		return false;
	}
	good = pg_query(&other, NULL, err, "%s", sql);
	pg_disconnect(&other);
	return good;
}

static bool
run_step(DdlRun *run, const DdlPart *part, size_t step, SluiceError *err)
{
	PgTarget *target = run->context;
	const char *sql = script_sql(&run->ddl->script, step);

	if (part->outside && target->c.version < LABELS_IN_TRANSACTIONS)
		return run_outside(run->settings, sql, err);
	if (run->ddl->script.steps[step].failure == STEP_WARNS)
		return try_step(&target->c, sql, err);
	return pg_query(&target->c, NULL, err, "%s", sql);
}

/* ---- the session around it ---- */

/* Expressions are understood as at the source; tables are read as they should be, not by index only. */
static bool
enter(PgTarget *target, const SchemaChange *change, SluiceError *err)
{
	const SchemaSessionSettings *settings = &change->settings;
	const char *const values[] = {settings->time_zone, settings->date_style,
								  settings->interval_style};

	return pg_query_params(&target->c,
						   "SELECT pg_catalog.set_config('timezone', $1, true),"
						   " pg_catalog.set_config('datestyle', $2, true),"
						   " pg_catalog.set_config('intervalstyle', $3, true)",
						   3, values, NULL, err) &&
		   pg_query(&target->c, NULL, err,
					"SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;"
					"SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on");
}

/* Where a later chunk that fails goes back to. */
static bool
leave(PgTarget *target, SluiceError *err)
{
	if (!pg_session_settings(&target->c, err) ||
		!pg_query(&target->c, NULL, err, "%sSAVEPOINT chunk",
				  target->open ? "RELEASE SAVEPOINT chunk;" : ""))
		return false;
	target->open = true;
	return true;
}

static bool
begin(PgTarget *target, SluiceError *err)
{
	if (target->begun)
		return true;
	target->begun = pg_query(&target->c, NULL, err, "BEGIN");
	return target->begun;
}

bool
pg_alter(PgTarget *target, const SchemaChange *change, bool tell, SluiceError *err)
{
	static const DdlRunOps ops = {.is_needed = is_needed, .run = run_step};
	DdlChange ddl;
	DdlRun run = {
		.ops = &ops, .context = target, .settings = target->c.settings, .ddl = &ddl, .tell = tell};
	bool good = ddl_change_make(&ddl, change, target->c.version, target->c.settings->create, err);

	if (good && ddl.count > 0)
		good = begin(target, err) && enter(target, change, err) && ddl_run(&run, err) &&
			   leave(target, err);
	ddl_change_free(&ddl);
	return good;
}
