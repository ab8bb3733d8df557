/*
 * pg_alter.c - doing a change of structure at the target, in the open transaction (TargetOps.alter).
 *
 * A part whose question says that there is nothing to do is passed over; the others are done, or,
 * when they are not to be or cannot be, told to whoever has to do them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "writer/ddl_change.h"
#include "pg_target.h"

#define LABELS_IN_TRANSACTIONS                                                                     \
	120000 /* the release whose ALTER TYPE ... ADD VALUE may stand in one */

typedef struct Alteration
{
	PgTarget *target;
	const SchemaChange *change;
	bool tell;
	DdlChange ddl;
	FILE *told; /* the statements that were, or are to be, run */
	char *text;
	size_t size;
	size_t statements;
} Alteration;

/* ---- what is told ---- */

static void
tell(Alteration *a, const char *sql)
{
	(void) fprintf(a->told, "%s%s", a->statements > 0 ? "; " : "", sql);
	a->statements++;
}

static void
tell_part(Alteration *a, const DdlPart *part)
{
	for (size_t step = part->question + 1; step < part->end; step++)
		tell(a, script_sql(&a->ddl.script, step));
}

/* Ends the text; "" without memory. */
static const char *
told(Alteration *a)
{
	return fflush(a->told) == 0 && a->text != NULL ? a->text : "";
}

static void
log_statements(Alteration *a, LogLevel level, const char *message)
{
	if (a->tell)
		log_event(a->target->c.settings->log, level, message,
				  (LogField[]){LOG_TEXT("command", a->change->command),
							   LOG_TEXT("statements", told(a)), LOG_END});
}

static bool
fail_stopped(Alteration *a, SluiceError *err)
{
	const char *text = told(a);

	log_statements(a, LOG_WARNING, "a change of structure is to be done by hand");
	(void) sluice_fail(err, SLUICE_ERROR_DATA,
					   "%s at the source changed the structure, and --on-ddl is stop; to be run at "
					   "the target: %.300s",
					   a->change->command, text);
	return sluice_hint(err, "the log has all of it; the writer goes on by itself once it is done, "
							"or with --on-ddl apply");
}

static bool
fail_unknown(Alteration *a, const DdlPart *part, SluiceError *err)
{
	const char *name = script_name(&a->ddl.script, part->question);

	tell_part(a, part);
	log_statements(a, LOG_WARNING, "a change of structure is to be done by hand");
	(void) sluice_fail(err, SLUICE_ERROR_DATA,
					   "%s at the source: rows of %.130s have values there that were not sent: "
					   "%s; to be run at the target: %.180s",
					   a->change->command, name, part->unknown, told(a));
	return sluice_hint(err, "run it there, and at the source an UPDATE that sets a column of all "
							"rows to itself, which sends them; the writer goes on by itself");
}

/* ---- parts ---- */

static bool
is_needed(Alteration *a, const DdlPart *part, bool *needed, SluiceError *err)
{
	PGresult *result = NULL;

	if (!pg_query(&a->target->c, &result, err, "%s", script_sql(&a->ddl.script, part->question)))
		return false;
	*needed = PQntuples(result) == 1 && *PQgetvalue(result, 0, 0) == 't';
	PQclear(result);
	return true;
}

/* Some changes do not do without: then it is said, and the rest goes on. */
static bool
try_step(Alteration *a, const char *sql, SluiceError *err)
{
	PgConnection *c = &a->target->c;

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
run_outside(Alteration *a, const char *sql, SluiceError *err)
{
	PgConnection other;
	bool good;

	if (!pg_connect(&other, a->target->c.settings, err))
	{
		pg_disconnect(&other);
		return false;
	}
	good = pg_query(&other, NULL, err, "%s", sql);
	pg_disconnect(&other);
	return good;
}

static bool
run_step(Alteration *a, const DdlPart *part, size_t step, SluiceError *err)
{
	const char *sql = script_sql(&a->ddl.script, step);
	bool good;

	tell(a, sql);
	if (part->outside && a->target->c.version < LABELS_IN_TRANSACTIONS)
		good = run_outside(a, sql, err);
	else if (a->ddl.script.steps[step].failure == STEP_WARNS)
		good = try_step(a, sql, err);
	else
		good = pg_query(&a->target->c, NULL, err, "%s", sql);
	if (good || sluice_error_transient(err->code))
		return good;
	(void) sluice_prefix(err, "%s at the source; here: %.160s", a->change->command, sql);
	return sluice_hint(err, "mend what is in the way at the target, or make the change there by "
							"hand; the writer then goes on by itself");
}

static bool
do_part(Alteration *a, const DdlPart *part, SluiceError *err)
{
	bool needed;

	if (!is_needed(a, part, &needed, err))
		return false;
	if (!needed)
		return true;
	if (part->unknown != NULL)
		return fail_unknown(a, part, err);
	if (a->target->c.settings->on_ddl == DDL_STOP)
	{
		tell_part(a, part);
		return true;
	}
	for (size_t step = part->question + 1; step < part->end; step++)
	{
		if (!run_step(a, part, step, err))
			return false;
	}
	return true;
}

static bool
do_parts(Alteration *a, SluiceError *err)
{
	for (size_t i = 0; i < a->ddl.count; i++)
	{
		if (!do_part(a, &a->ddl.parts[i], err))
			return false;
	}
	if (a->statements == 0)
		return true;
	if (a->target->c.settings->on_ddl == DDL_STOP)
		return fail_stopped(a, err);
	log_statements(a, LOG_INFO, "structure changed");
	return true;
}

/* ---- the session around it ---- */

/* Expressions are understood as at the source; tables are read as they should be, not by index only. */
static bool
enter(Alteration *a, SluiceError *err)
{
	const SchemaSessionSettings *settings = &a->change->settings;
	const char *const values[] = {settings->time_zone, settings->date_style,
								  settings->interval_style};

	return pg_query_params(&a->target->c,
						   "SELECT pg_catalog.set_config('timezone', $1, true),"
						   " pg_catalog.set_config('datestyle', $2, true),"
						   " pg_catalog.set_config('intervalstyle', $3, true)",
						   3, values, NULL, err) &&
		   pg_query(&a->target->c, NULL, err,
					"SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;"
					"SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on");
}

/* Where a later chunk that fails goes back to. */
static bool
leave(Alteration *a, SluiceError *err)
{
	PgTarget *target = a->target;

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
	Alteration a = {.target = target, .change = change, .tell = tell};
	bool good = ddl_change_make(&a.ddl, change, target->c.version, target->c.settings->create, err);

	if (good && a.ddl.count > 0)
	{
		a.told = open_memstream(&a.text, &a.size);
		if (a.told == NULL)
			good = sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for statements");
		good = good && begin(target, err) && enter(&a, err) && do_parts(&a, err) && leave(&a, err);
	}
	if (a.told != NULL)
		(void) fclose(a.told);
	free(a.text);
	ddl_change_free(&a.ddl);
	return good;
}
