/*
 * pg_hold.c - the table sluice.hold (pg_hold.h).
 *
 * Who asks renews with every look; once the target's clock is beyond expires_at the row counts for
 * nobody, and whoever finds it may remove it.
 */
#include "pg_hold.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "pg_target.h"

#define EXPIRES "pg_catalog.clock_timestamp() + interval '30 seconds'"
#define NOTIFY	"NOTIFY sluice_hold"

static const char create_sql[] =
	"CREATE SCHEMA IF NOT EXISTS sluice; CREATE TABLE IF NOT EXISTS sluice.hold ("
	" stream text NOT NULL,"
	" consumer text NOT NULL,"
	" id text NOT NULL,"
	" asked_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
	" expires_at timestamptz NOT NULL,"
	" hold_at pg_lsn,"
	" held_at pg_lsn,"
	" reached boolean NOT NULL DEFAULT false,"
	" PRIMARY KEY (stream, consumer));"
	"COMMENT ON TABLE sluice.hold IS 'A row while a writer is asked to stand still, so that source "
	"and"
	" target can be compared. Made by sluice-writer.'";

/* Stream and consumer are of [a-z0-9_], ids hexadecimal: they may stand in a text as they are. */
#define KEY_FORMAT	  "stream = '%s' AND consumer = '%s'"
#define KEY_VALUES(c) (c)->settings->stream, (c)->settings->consumer

static uint64_t
read_position(const char *text)
{
	uint32_t high = 0, low = 0;

	return sscanf(text, "%" SCNx32 "/%" SCNx32, &high, &low) == 2 ? (uint64_t) high << 32 | low : 0;
}

#define POSITION_FORMAT	   "'%" PRIX32 "/%" PRIX32 "'"
#define POSITION_VALUES(p) (uint32_t)((p) >> 32), (uint32_t) (p)

/* ---- the writer's side ---- */

static PgConnection *
connection_of(Target *target)
{
	return &((PgTarget *) target)->c;
}

static bool
watch(Target *target, SluiceError *err)
{
	return pg_query(connection_of(target), NULL, err, "LISTEN sluice_hold") ||
		   sluice_prefix(err, "listening for holds");
}

static bool
news(Target *target)
{
	PGconn *conn = connection_of(target)->conn;
	PGnotify *notify;
	bool any = false;

	(void) PQconsumeInput(conn); /* a lost connection is told by whoever uses it next */
	while ((notify = PQnotifies(conn)) != NULL)
	{
		any = true;
		PQfreemem(notify);
	}
	return any;
}

/* A hold that a writer cannot read must not stop it: nobody is answered, and who asked gives up. */
static bool
pass_over(PgConnection *c, SluiceError *err)
{
	if (PQstatus(c->conn) == CONNECTION_BAD || sluice_error_transient(err->code))
		return false;
	if (strcmp(c->sqlstate, SQLSTATE_NO_TABLE) != 0)
		log_failure(c->settings->log, LOG_WARNING, "cannot read sluice.hold: it is not obeyed", err,
					NULL);
	sluice_error_clear(err);
	return true;
}

static bool
look(Target *target, HoldRow *row, SluiceError *err)
{
	PgConnection *c = connection_of(target);
	PGresult *result = NULL;

	*row = (HoldRow){0};
	if (!pg_query(c, &result, err,
				  "SELECT id, expires_at < pg_catalog.clock_timestamp(), hold_at FROM sluice.hold"
				  " WHERE " KEY_FORMAT,
				  KEY_VALUES(c)))
		return pass_over(c, err);
	row->there = PQntuples(result) == 1;
	if (row->there)
	{
		(void) snprintf(row->id, sizeof(row->id), "%s", PQgetvalue(result, 0, 0));
		row->expired = *PQgetvalue(result, 0, 1) == 't';
		row->until = read_position(PQgetvalue(result, 0, 2));
	}
	PQclear(result);
	return true;
}

static bool
answer(Target *target, const HoldRow *row, uint64_t position, bool reached, SluiceError *err)
{
	PgConnection *c = connection_of(target);

	return pg_query(c, NULL, err,
					"UPDATE sluice.hold SET held_at = " POSITION_FORMAT
					", reached = %s WHERE " KEY_FORMAT " AND id = '%s'",
					POSITION_VALUES(position), reached ? "true" : "false", KEY_VALUES(c),
					row->id) ||
		   sluice_prefix(err, "answering a hold of the stream");
}

static bool
remove_expired(Target *target, const HoldRow *row, SluiceError *err)
{
	PgConnection *c = connection_of(target);

	return pg_query(c, NULL, err,
					"DELETE FROM sluice.hold WHERE " KEY_FORMAT " AND id = '%s'"
					" AND expires_at < pg_catalog.clock_timestamp()",
					KEY_VALUES(c), row->id) ||
		   sluice_prefix(err, "removing an expired hold of the stream");
}

const HoldOps pg_hold_ops = {
	.watch = watch,
	.news = news,
	.look = look,
	.answer = answer,
	.remove = remove_expired,
};

/* ---- the other side ---- */

static bool
ensure_table(PgConnection *c, SluiceError *err)
{
	PGresult *result = NULL;
	bool there;

	if (!pg_query(c, &result, err, "SELECT pg_catalog.to_regclass('sluice.hold') IS NOT NULL"))
		return false;
	there = *PQgetvalue(result, 0, 0) == 't';
	PQclear(result);
	if (there || pg_query(c, NULL, err, "%s", create_sql))
		return true;
	(void) sluice_prefix(err, "making the table sluice.hold at the target");
	return sluice_hint(err, "use the writer's role, or grant CREATE on the schema sluice");
}

static bool
fail_rights(SluiceError *err)
{
	(void) sluice_prefix(err, "the table sluice.hold at the target");
	return err->code == SLUICE_ERROR_DENIED &&
		   sluice_hint(err,
					   "use the writer's role, or grant SELECT, INSERT, UPDATE and DELETE on it");
}

/* Fails unless a statement changed the row. */
static bool
check_there(const PGresult *result, SluiceError *err)
{
	if (strcmp(PQcmdTuples((PGresult *) result), "1") == 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_STATE, "the hold of the stream expired");
	return sluice_hint(err, "source, target or this machine was too slow: run it again");
}

static bool
change(PgConnection *c, const char *id, const char *what, SluiceError *err)
{
	PGresult *result = NULL;
	bool good = pg_query(c, &result, err,
						 "%s WHERE " KEY_FORMAT " AND id = '%s'"
						 " AND expires_at > pg_catalog.clock_timestamp()",
						 what, KEY_VALUES(c), id) ||
				fail_rights(err);

	good = good && check_there(result, err);
	PQclear(result);
	return good && pg_query(c, NULL, err, NOTIFY);
}

static bool
insert(PgConnection *c, const char *id, SluiceError *err)
{
	PGresult *result = NULL;
	bool good = pg_query(c, &result, err,
						 "INSERT INTO sluice.hold AS h (stream, consumer, id, expires_at)"
						 " VALUES ('%s', '%s', '%s', " EXPIRES ") ON CONFLICT (stream, consumer)"
						 " DO UPDATE SET id = excluded.id, asked_at = pg_catalog.clock_timestamp(),"
						 " expires_at = excluded.expires_at, hold_at = NULL, held_at = NULL,"
						 " reached = false WHERE h.expires_at < pg_catalog.clock_timestamp()",
						 KEY_VALUES(c), id) ||
				fail_rights(err);

	if (good && strcmp(PQcmdTuples(result), "1") != 0)
	{
		good = sluice_fail(err, SLUICE_ERROR_CONFLICT,
						   "stream %s is held already, by another verify", c->settings->stream);
		(void) sluice_hint(err, "wait for it; if it was killed, its hold ends within 30 seconds");
	}
	PQclear(result);
	return good && pg_query(c, NULL, err, NOTIFY);
}

bool
pg_hold_ask(PgConnection *c, char id[HOLD_ID_SIZE], SluiceError *err)
{
	uint64_t number = 0;

	(void) !getrandom(&number, sizeof(number), 0);
	(void) snprintf(id, HOLD_ID_SIZE, "%016" PRIx64, number);
	return ensure_table(c, err) && insert(c, id, err);
}

bool
pg_hold_set(PgConnection *c, const char *id, uint64_t position, SluiceError *err)
{
	char what[160];

	(void) snprintf(what, sizeof(what),
					"UPDATE sluice.hold SET expires_at = " EXPIRES ", hold_at = " POSITION_FORMAT,
					POSITION_VALUES(position));
	return change(c, id, what, err);
}

bool
pg_hold_see(PgConnection *c, const char *id, PgHoldAnswer *answer_, SluiceError *err)
{
	PGresult *result = NULL;
	bool good = pg_query(c, &result, err,
						 "UPDATE sluice.hold SET expires_at = " EXPIRES " WHERE " KEY_FORMAT
						 " AND id = '%s' AND expires_at > pg_catalog.clock_timestamp()"
						 " RETURNING held_at, reached",
						 KEY_VALUES(c), id) ||
				fail_rights(err);

	good = good && check_there(result, err);
	if (good)
		*answer_ =
			(PgHoldAnswer){!PQgetisnull(result, 0, 0), read_position(PQgetvalue(result, 0, 0)),
						   *PQgetvalue(result, 0, 1) == 't'};
	PQclear(result);
	return good;
}

bool
pg_hold_release(PgConnection *c, const char *id, SluiceError *err)
{
	return change(c, id, "DELETE FROM sluice.hold", err);
}
