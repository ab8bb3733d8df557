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
	" target can be compared. Made by sluice-writer.';"
	/* Whoever makes it, the writer is to use it. */
	"DO $$ BEGIN EXECUTE (SELECT pg_catalog.format("
	"'GRANT SELECT, INSERT, UPDATE, DELETE ON sluice.hold TO %I', tableowner)"
	" FROM pg_catalog.pg_tables WHERE schemaname = 'sluice' AND tablename = 'progress'); END $$";

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

typedef enum TableState
{
	TABLE_MISSING,
	TABLE_DENIED,
	TABLE_USABLE
} TableState;

static bool
find_table(PgConnection *c, TableState *state, SluiceError *err)
{
	PGresult *result = NULL;

	if (!pg_query(c, &result, err,
				  "SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
				  " AND pg_catalog.has_table_privilege(c.oid, 'SELECT')"
				  " AND pg_catalog.has_table_privilege(c.oid, 'INSERT')"
				  " AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')"
				  " AND pg_catalog.has_table_privilege(c.oid, 'DELETE')"
				  " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
				  " ON n.oid = c.relnamespace WHERE n.nspname = 'sluice' AND c.relname = 'hold'"))
		return false;
	if (PQntuples(result) == 0)
		*state = TABLE_MISSING;
	else
		*state = *PQgetvalue(result, 0, 0) == 't' ? TABLE_USABLE : TABLE_DENIED;
	PQclear(result);
	return true;
}

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

static bool
look(Target *target, HoldRow *row, SluiceError *err)
{
	PgConnection *c = connection_of(target);
	PGresult *result = NULL;
	TableState table;

	*row = (HoldRow){0};
	if (!find_table(c, &table, err))
		return false;
	if (table == TABLE_DENIED)
		log_event(c->settings->log, LOG_WARNING,
				  "holds of the stream are not obeyed: the role may not use the table sluice.hold",
				  NULL);
	if (table != TABLE_USABLE)
		return true;
	if (!pg_query(c, &result, err,
				  "SELECT id, expires_at < pg_catalog.clock_timestamp(), hold_at FROM sluice.hold"
				  " WHERE " KEY_FORMAT,
				  KEY_VALUES(c)))
		return sluice_prefix(err, "the table sluice.hold");
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
fail_rights(SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_DENIED,
					   "the role may not use the table sluice.hold at the target");
	return sluice_hint(err,
					   "use the writer's role, or grant USAGE on the schema sluice and SELECT, "
					   "INSERT, UPDATE and DELETE on the table");
}

static bool
ensure_table(PgConnection *c, SluiceError *err)
{
	TableState table;

	if (!find_table(c, &table, err))
		return false;
	if (table == TABLE_DENIED)
		return fail_rights(err);
	if (table == TABLE_USABLE || pg_query(c, NULL, err, "%s", create_sql))
		return true;
	(void) sluice_prefix(err, "making the table sluice.hold at the target");
	return sluice_hint(err, "use the writer's role, or grant CREATE on the schema sluice");
}

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
				sluice_prefix(err, "the table sluice.hold at the target");

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
				sluice_prefix(err, "the table sluice.hold at the target");

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
				sluice_prefix(err, "the table sluice.hold at the target");

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
