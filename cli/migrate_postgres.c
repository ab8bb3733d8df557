/*
 * migrate_postgres.c - a migration's source that is PostgreSQL: driven by the extension's own functions (migration.h).
 *
 * Everything that came from outside is a parameter.  A connection that is lost is made anew: the extension goes on
 * meanwhile.
 */
#include <libpq-fe.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/job_options.h"
#include "common/control/table_patterns.h"
#include "migration.h"
#include "wait.h"

#define GONE_MS	 30000
#define URL_SIZE 1024

typedef struct PgReading
{
	PGconn *connection; /* NULL: none now */
	char url[URL_SIZE]; /* of NATS, as the source says */
	char marked[32];	/* the position to wait for; "": none yet */
} PgReading;

/* ---- statements ---- */

static bool
connect_source(Migration *migration, SluiceError *err)
{
	PgReading *reading = migration->reading;
	EndpointKeywords keywords;
	SideFiles files;
	bool good;

	if (reading->connection != NULL && PQstatus(reading->connection) == CONNECTION_OK)
		return true;
	PQfinish(reading->connection);
	reading->connection = NULL;
	if (!side_files_make(&files, &migration->source, -1, err))
		return false;
	endpoint_keywords(&migration->source.endpoint, &files.files,
					  migrate_side_password(&migration->source), "sluice migrate", &keywords);
	reading->connection = PQconnectdbParams(keywords.keys, keywords.values, 0);
	side_files_close(&files);
	good = PQstatus(reading->connection) == CONNECTION_OK;
	if (!good)
		(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot connect to the source: %s",
						   reading->connection != NULL ? PQerrorMessage(reading->connection)
													   : "out of memory");
	return good;
}

/* A statement's rows, to be cleared; NULL with the server's words. */
static PGresult *
query(Migration *migration, const char *sql, const char *const *values, int count, SluiceError *err)
{
	PgReading *reading = migration->reading;
	const char *message, *hint;
	ExecStatusType status;
	PGresult *result;

	if (!connect_source(migration, err))
		return NULL;
	result = PQexecParams(reading->connection, sql, count, NULL, values, NULL, NULL, 0);
	status = PQresultStatus(result);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	(void) sluice_fail(err, message != NULL ? SLUICE_ERROR_STATE : SLUICE_ERROR_IO,
					   "the source: %s",
					   message != NULL ? message : PQerrorMessage(reading->connection));
	if (hint != NULL)
		(void) sluice_hint(err, "%s", hint);
	PQclear(result);
	return NULL;
}

/* A statement about the stream, whose rows do not count. */
static bool
about_stream(Migration *migration, const char *sql, SluiceError *err)
{
	const char *name = migration->state.name;
	PGresult *result = query(migration, sql, &name, 1, err);

	PQclear(result);
	return result != NULL;
}

/* The first column of the first row; false when there is none, or it is NULL. */
static bool
value_of(const PGresult *result, char *value, size_t size)
{
	if (PQntuples(result) == 0 || PQgetisnull(result, 0, 0) == 1)
		return false;
	(void) snprintf(value, size, "%s", PQgetvalue(result, 0, 0));
	return true;
}

/* ---- before ---- */

static bool
require_extension(Migration *migration, SluiceError *err)
{
	char version[64];
	PGresult *result =
		query(migration, "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'sluice'",
			  NULL, 0, err);
	bool there = result != NULL && value_of(result, version, sizeof(version));

	if (result == NULL)
		return false;
	PQclear(result);
	if (there)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
					   "the source's database has no extension sluice");
	return sluice_hint(
		err,
		"shared_preload_libraries = 'sluice' and wal_level = logical in postgresql.conf, restart, "
		"then CREATE EXTENSION sluice there: docs/postgres-source.md");
}

/* The servers that the source publishes to, unless --nats says them. */
static bool
find_nats(Migration *migration, SluiceError *err)
{
	PgReading *reading = migration->reading;
	PGresult *result;
	bool known;

	if (migration->nats.urls != NULL)
		return true;
	result = query(migration, "SELECT pg_catalog.current_setting('sluice.nats_url', true)", NULL, 0,
				   err);
	if (result == NULL)
	{
		/* The setting is for those who may read all settings. */
		(void) sluice_hint(
			err, "name the NATS server that the source's setting sluice.nats_url has: --nats URL");
		return false;
	}
	known = value_of(result, reading->url, sizeof(reading->url)) && *reading->url != '\0';
	PQclear(result);
	if (!known)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "the source does not say which NATS server it publishes to");
		return sluice_hint(err, "name the one that its setting sluice.nats_url has: --nats URL");
	}
	migration->nats.urls = reading->url;
	return true;
}

static bool
open_postgres(Migration *migration, SluiceError *err)
{
	migration->reading = calloc(1, sizeof(PgReading));
	if (migration->reading == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a migration");
	return require_extension(migration, err) && find_nats(migration, err);
}

static bool
check_postgres(Migration *migration, SluiceError *err)
{
	PGresult *result =
		query(migration,
			  "SELECT \"check\", status, detail, hint FROM sluice.check() WHERE status <> 'ok'",
			  NULL, 0, err);
	int failed = 0;

	for (int i = 0; i < PQntuples(result); i++)
	{
		bool missing = strcmp(PQgetvalue(result, i, 1), "missing") == 0;

		failed += missing;
		migration_find(migration, missing ? "failed" : "warning", PQgetvalue(result, i, 0),
					   PQgetvalue(result, i, 2), PQgetvalue(result, i, 3));
	}
	if (result == NULL)
		return false;
	PQclear(result);
	return failed == 0 ||
		   sluice_fail(err, SLUICE_ERROR_DATA, "%d checks of the source failed", failed);
}

/* ---- start ---- */

/* The options as create_stream() takes them. */
static char *
options_text(const Migration *migration, SluiceError *err)
{
	json_t *options = json_object(), *value;
	const char *name;
	char *text;

	json_object_foreach(migration->source.options, name, value)
	{
		text = job_option_text(JOB_SOURCE_POSTGRESQL, name, value, err);
		if (text == NULL)
		{
			(void) sluice_prefix(err, "--source-option %.64s", name);
			json_decref(options);
			return NULL;
		}
		json_object_set_new(options, name, json_string(text));
		free(text);
	}
	text = json_dumps(options, JSON_COMPACT);
	json_decref(options);
	if (text == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for options");
	return text;
}

/* The tables that the patterns mean, as JSON of quoted names; NULL on error. */
static char *
tables_text(Migration *migration, SluiceError *err)
{
	char *patterns =
		migration->tables != NULL ? json_dumps(migration->tables, JSON_COMPACT) : strdup("[]");
	const char *parameter = patterns;
	PGresult *result =
		patterns != NULL ? query(migration, TABLE_PATTERNS_TABLES, &parameter, 1, err) : NULL;
	json_t *tables = json_array();
	char *text = NULL;

	for (int i = 0; i < PQntuples(result); i++)
		json_array_append_new(tables, json_string(PQgetvalue(result, i, 2)));
	if (result != NULL && json_array_size(tables) == 0)
		(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
						   "the source has no table that --tables means");
	else if (result != NULL)
		text = json_dumps(tables, JSON_COMPACT);
	PQclear(result);
	json_decref(tables);
	free(patterns);
	return text;
}

static bool
create_stream(Migration *migration, SluiceError *err)
{
	char *tables = tables_text(migration, err),
		 *options = tables != NULL ? options_text(migration, err) : NULL;
	const char *values[] = {migration->state.name, tables, migration_mode(migration), options};
	PGresult *result = NULL;

	if (options != NULL)
		result = query(migration,
					   "SELECT sluice.create_stream($1, ARRAY(SELECT "
					   "pg_catalog.jsonb_array_elements_text($2::pg_catalog.jsonb)), "
					   "NULL, $3, $4::pg_catalog.jsonb)",
					   values, 4, err);
	free(tables);
	free(options);
	PQclear(result);
	return result != NULL;
}

/* The stream's state, "" when it is not there. */
static bool
read_state(Migration *migration, char *state, size_t size, SluiceError *err)
{
	const char *name = migration->state.name;
	PGresult *result =
		query(migration, "SELECT state FROM sluice.stat_streams WHERE name = $1", &name, 1, err);

	*state = '\0';
	if (result == NULL)
		return false;
	(void) value_of(result, state, size);
	PQclear(result);
	return true;
}

static bool
start_postgres(Migration *migration, SluiceError *err)
{
	char state[MIGRATION_WORD];

	if (!read_state(migration, state, sizeof(state), err) ||
		(*state == '\0' && !create_stream(migration, err)))
		return false;
	if (strcmp(state, "finished") == 0)
		return true;
	return about_stream(migration,
						strcmp(state, "paused") == 0 ? "SELECT sluice.resume_stream($1)"
													 : "SELECT sluice.start_stream($1)",
						err);
}

/* ---- figures ---- */

static double
number_at(const PGresult *result, int row, int column, double otherwise)
{
	return PQgetisnull(result, row, column) == 1 ? otherwise
												 : strtod(PQgetvalue(result, row, column), NULL);
}

static void
take_tables(Migration *migration, const PGresult *result, int64_t now_ms)
{
	for (int i = 0; i < PQntuples(result); i++)
	{
		const char *state = PQgetvalue(result, i, 1);

		(void) progress_take(&migration->progress,
							 &(TableFigures){.name = PQgetvalue(result, i, 0),
											 .state = state,
											 .rows = number_at(result, i, 2, 0),
											 .expected = number_at(result, i, 3, -1),
											 .bytes = number_at(result, i, 4, 0),
											 .done = strcmp(state, "copied") == 0 ||
													 strcmp(state, "streaming") == 0},
							 now_ms);
	}
	progress_add_up(&migration->progress, now_ms);
}

static bool
look_postgres(Migration *migration, int64_t now_ms, SluiceError *err)
{
	const char *name = migration->state.name;
	SluiceError away = {0};
	PGresult *result = query(migration,
							 "SELECT state, lag_seconds, last_error, last_error_hint FROM "
							 "sluice.stat_streams WHERE name = $1",
							 &name, 1, &away);

	if (result == NULL)
	{
		/* Passes by itself, or shows as long as it lasts. */
		(void) snprintf(migration->error, sizeof(migration->error), "%s", away.message);
		return true;
	}
	if (!value_of(result, migration->source_state, sizeof(migration->source_state)))
	{
		PQclear(result);
		(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "stream %s is gone from the source", name);
		return sluice_hint(err, "somebody dropped it: begin anew with another --state FOLDER");
	}
	migration->source_lag = number_at(result, 0, 1, NAN);
	(void) snprintf(migration->error, sizeof(migration->error), "%s%s%s", PQgetvalue(result, 0, 2),
					PQgetisnull(result, 0, 3) == 0 ? "; " : "", PQgetvalue(result, 0, 3));
	PQclear(result);
	result = query(migration,
				   "SELECT table_name, copy_state, copied_rows, estimated_rows, copied_bytes FROM "
				   "sluice.stat_tables "
				   "WHERE stream = $1 ORDER BY table_name",
				   &name, 1, &away);
	if (result != NULL)
		take_tables(migration, result, now_ms);
	PQclear(result);
	return true;
}

/* ---- the end ---- */

static bool
catch_up_postgres(Migration *migration, bool *reached, SluiceError *err)
{
	PgReading *reading = migration->reading;
	const char *values[] = {migration->state.name, reading->marked};
	char answer[8] = "";
	PGresult *result;

	*reached = false;
	if (*reading->marked == '\0')
	{
		/* Sequences go with it, and what is returned lies behind everything committed so far. */
		result = query(migration, "SELECT sluice.sync_sequences($1)", values, 1, err);
		if (result == NULL)
			return false;
		(void) value_of(result, reading->marked, sizeof(reading->marked));
		PQclear(result);
		return true;
	}
	result = query(
		migration,
		"SELECT durable_lsn >= $2::pg_catalog.pg_lsn FROM sluice.stat_streams WHERE name = $1",
		values, 2, err);
	if (result == NULL)
		return false;
	*reached = value_of(result, answer, sizeof(answer)) && *answer == 't';
	PQclear(result);
	return true;
}

static void
pause_postgres(Migration *migration)
{
	char state[MIGRATION_WORD] = "";
	SluiceError err;

	if (read_state(migration, state, sizeof(state), &err) && *state != '\0' &&
		strcmp(state, "finished") != 0)
		(void) about_stream(migration, "SELECT sluice.pause_stream($1)", &err);
}

static bool
drop_postgres(Migration *migration, SluiceError *err)
{
	char state[MIGRATION_WORD] = "?";
	int64_t deadline = wait_clock() + GONE_MS;

	if (!about_stream(migration, "SELECT sluice.drop_stream($1)", err))
		return false;
	while (read_state(migration, state, sizeof(state), err) && *state != '\0' &&
		   wait_clock() < deadline)
		if (!wait_ms(50))
			break;
	return *state == '\0' ||
		   sluice_fail(err, SLUICE_ERROR_TIMEOUT, "the source is still dropping stream %s",
					   migration->state.name);
}

static void
close_postgres(Migration *migration)
{
	PgReading *reading = migration->reading;

	if (reading != NULL)
		PQfinish(reading->connection);
	free(reading);
}

const MigrationSource migration_postgresql = {
	.open = open_postgres,
	.check = check_postgres,
	.start = start_postgres,
	.look = look_postgres,
	.catch_up = catch_up_postgres,
	.pause = pause_postgres,
	.drop = drop_postgres,
	.close = close_postgres,
};
