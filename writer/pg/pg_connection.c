/*
 * pg_connection.c - connecting to a PostgreSQL target, waiting for it, its errors (pg_connection.h).
 */
#include "pg_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define TICK_MS 500

static const char session_settings[] =
	"SELECT pg_catalog.set_config('search_path', '', false);"
	"SET client_encoding = 'UTF8'; SET timezone = 'UTC'; SET datestyle = 'ISO, MDY';"
	"SET intervalstyle = 'postgres'; SET extra_float_digits = 3; SET bytea_output = 'hex';"
	"SET standard_conforming_strings = on; SET xmloption = 'content';"
	"SET default_transaction_isolation = 'read committed';"
	"SET default_transaction_read_only = off; SET default_transaction_deferrable = off;"
	"SET statement_timeout = 0; SET lock_timeout = '30s';"
	"SET idle_in_transaction_session_timeout = 0; SET row_security = off;"
	/* Changes find their rows by index; nothing else is ever right for a join with a batch. */
	"SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;"
	"SET enable_bitmapscan = off;";

/* Settings that came with a release. */
static const struct LaterSetting
{
	int version;
	const char *sql;
} later_settings[] = {
	{110000, "SET jit = off"},
	{120000, "SET plan_cache_mode = force_generic_plan"},
	{140000, "SET idle_session_timeout = 0"},
	{170000, "SET transaction_timeout = 0"},
};

/* What the classes (or whole states) of SQLSTATE mean to us; the first that fits counts. */
static const struct StateMeaning
{
	const char *prefix;
	SluiceErrorCode code;
} state_meanings[] = {
	{"08", SLUICE_ERROR_IO},
	{"25006", SLUICE_ERROR_IO},
	{"28", SLUICE_ERROR_DENIED},
	{"40", SLUICE_ERROR_IO},
	{"42501", SLUICE_ERROR_DENIED},
	{"42P01", SLUICE_ERROR_NOT_FOUND},
	{"42703", SLUICE_ERROR_NOT_FOUND},
	{"53", SLUICE_ERROR_IO},
	{SQLSTATE_PREREQUISITE, SLUICE_ERROR_DATA},
	{"55", SLUICE_ERROR_TIMEOUT},
	{"57", SLUICE_ERROR_IO},
	{"58", SLUICE_ERROR_IO},
	{"XX000", SLUICE_ERROR_IO},
	{"", SLUICE_ERROR_DATA},
};

/*
 * libpq does not give the SQLSTATE of a refused connection, only the server's words; a server that
 * speaks another language is taken for one that is away.
 */
static const struct Refusal
{
	const char *words;
	SluiceErrorCode code;
	const char *hint; /* with the place */
} refusals[] = {
	{"authentication failed", SLUICE_ERROR_DENIED,
	 "check user and password (--%1$s-password-file) and the %1$s's pg_hba.conf"},
	{"no password supplied", SLUICE_ERROR_DENIED, "give the password with --%s-password-file"},
	{"pg_hba.conf", SLUICE_ERROR_DENIED, "let the user and address in by the %s's pg_hba.conf"},
	{"is not permitted to log in", SLUICE_ERROR_DENIED, "grant the role LOGIN at the %s"},
	{"permission denied for database", SLUICE_ERROR_DENIED,
	 "grant the role CONNECT on the %s's database"},
	{"FATAL:  role \"", SLUICE_ERROR_DENIED, "make the role at the %s, or name another user"},
	{"FATAL:  database \"", SLUICE_ERROR_NOT_FOUND, "make the database at the %s, or name another"},
	{"invalid ", SLUICE_ERROR_ARGUMENT, "mend --%s"},
};

static const PgRole writer_role = {"target", "sluice-writer", false, false};

static const PgRole *
role_of(const PgConnection *c)
{
	return c->settings->role != NULL ? c->settings->role : &writer_role;
}

static const char *
place_of(const PgConnection *c)
{
	return role_of(c)->place;
}

/* ---- errors ---- */

static SluiceErrorCode
state_code(const char *sqlstate)
{
	const struct StateMeaning *meaning = state_meanings;

	while (strncmp(sqlstate, meaning->prefix, strlen(meaning->prefix)) != 0)
		meaning++;
	return meaning->code;
}

/* libpq's texts end with a newline. */
static int
trimmed_length(const char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == '\n')
		length--;
	return length > 300 ? 300 : (int) length;
}

bool
pg_fail_lost(PgConnection *c, SluiceError *err)
{
	const char *text = PQerrorMessage(c->conn);

	c->sqlstate[0] = '\0';
	return sluice_fail(err, SLUICE_ERROR_IO, "connection to the %s lost: %.*s", place_of(c),
					   trimmed_length(text), text);
}

bool
pg_good(const PGresult *result)
{
	switch (PQresultStatus(result))
	{
		case PGRES_COMMAND_OK:
		case PGRES_TUPLES_OK:
		case PGRES_COPY_IN:
		case PGRES_PIPELINE_SYNC: return true;
		default: return false;
	}
}

bool
pg_fail_result(PgConnection *c, const PGresult *result, SluiceError *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

	if (state == NULL || message == NULL)
		return pg_fail_lost(c, err);
	(void) snprintf(c->sqlstate, sizeof(c->sqlstate), "%s", state);
	(void) sluice_fail(err, state_code(state), "%.250s (SQLSTATE %s%s%s%s%s)", message, state,
					   column != NULL ? ", column " : "", column != NULL ? column : "",
					   constraint != NULL ? ", constraint " : "",
					   constraint != NULL ? constraint : "");
	if (strcmp(state, SQLSTATE_UNIQUE) == 0 && constraint != NULL)
		(void) sluice_hint(err,
						   "if %.63s is DEFERRABLE at the source, make it so at the target; "
						   "otherwise mend the row there that has the value",
						   constraint);
	if (strcmp(state, SQLSTATE_PREREQUISITE) == 0 && strstr(message, "replica identity") != NULL)
		(void) sluice_hint(err, "give the table a primary key or REPLICA IDENTITY FULL at the "
								"target, or take it out of the target's publications");
	return false;
}

/* ---- waiting ---- */

static bool
wait_socket(PgConnection *c, bool write, SluiceError *err)
{
	struct pollfd socket = {.fd = PQsocket(c->conn),
							.events = (short) (POLLIN | (write ? POLLOUT : 0))};
	int ready = 0;

	while (ready == 0)
	{
		ready = poll(&socket, 1, TICK_MS);
		if (ready < 0 && errno == EINTR)
			ready = 0;
		else if (ready < 0)
			return sluice_fail(err, SLUICE_ERROR_IO, "cannot wait for the %s: %m", place_of(c));
		if (ready == 0 && !c->settings->go_on(c->settings->context))
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "gave up waiting for the %s",
							   place_of(c));
	}
	return true;
}

bool
pg_wait(PgConnection *c, SluiceError *err)
{
	return wait_socket(c, false, err) && (PQconsumeInput(c->conn) == 1 || pg_fail_lost(c, err));
}

bool
pg_flush(PgConnection *c, SluiceError *err)
{
	int left;

	while ((left = PQflush(c->conn)) == 1)
	{
		if (!wait_socket(c, true, err))
			return false;
		if (PQconsumeInput(c->conn) == 0)
			return pg_fail_lost(c, err);
	}
	return left == 0 || pg_fail_lost(c, err);
}

bool
pg_take(PgConnection *c, PGresult **result, SluiceError *err)
{
	while (PQisBusy(c->conn) != 0)
	{
		int left = PQflush(c->conn);

		if (left < 0)
			return pg_fail_lost(c, err);
		if (!wait_socket(c, left == 1, err))
			return false;
		if (PQconsumeInput(c->conn) == 0)
			return pg_fail_lost(c, err);
	}
	*result = PQgetResult(c->conn);
	return true;
}

bool
pg_take_all(PgConnection *c, PGresult **last, SluiceError *err)
{
	PGresult *kept = NULL;
	bool good = true;

	for (;;)
	{
		PGresult *result;

		if (!pg_take(c, &result, err))
		{
			PQclear(kept);
			return false;
		}
		if (result == NULL)
			break;
		if (good && !pg_good(result))
			good = pg_fail_result(c, result, err);
		PQclear(kept);
		kept = result;
	}
	if (good && last != NULL)
		*last = kept;
	else
		PQclear(kept);
	if (PQstatus(c->conn) == CONNECTION_BAD)
		return pg_fail_lost(c, err);
	return good;
}

bool
pg_query(PgConnection *c, PGresult **result, SluiceError *err, const char *format, ...)
{
	char *sql = NULL;
	va_list arguments;
	bool good;
	int length;

	va_start(arguments, format);
	length = vasprintf(&sql, format, arguments);
	va_end(arguments);
	if (length < 0)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = (PQsendQuery(c->conn, sql) == 1 || pg_fail_lost(c, err)) && pg_flush(c, err) &&
		   pg_take_all(c, result, err);
	free(sql);
	return good;
}

bool
pg_query_params(PgConnection *c, const char *sql, int count, const char *const *values,
				PGresult **result, SluiceError *err)
{
	if (PQsendQueryParams(c->conn, sql, count, NULL, values, NULL, NULL, 0) != 1)
		return pg_fail_lost(c, err);
	return pg_flush(c, err) && pg_take_all(c, result, err);
}

/* ---- connecting ---- */

static void
ignore_notice(void *context, const PGresult *result)
{
	(void) context;
	(void) result;
}

/* Whoever refuses the writer will do so again until somebody mends it. */
static bool
fail_connect(const PgConnection *c, SluiceError *err)
{
	const char *text = PQerrorMessage(c->conn);

	(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot connect to the %s: %.*s", place_of(c),
					   trimmed_length(text), text);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		if (strstr(text, refusals[i].words) == NULL)
			continue;
		err->code = refusals[i].code;
		return sluice_hint(err, refusals[i].hint, place_of(c));
	}
	return false;
}

static bool
open_connection(PgConnection *c, SluiceError *err)
{
	char name[128];
	const char *keys[] = {"connect_timeout",
						  "keepalives_idle",
						  "keepalives_interval",
						  "keepalives_count",
						  "dbname",
						  "application_name",
						  "client_encoding",
						  "replication",
						  c->settings->password != NULL ? "password" : NULL,
						  NULL};
	const char *values[] = {"5",
							"10",
							"5",
							"3",
							c->settings->uri,
							name,
							"UTF8",
							role_of(c)->replicates ? "database" : NULL,
							c->settings->password,
							NULL};

	/* The first four are defaults that the URI overrides, those behind it are ours. */
	(void) snprintf(name, sizeof(name), "%s %s", role_of(c)->application, c->settings->stream);
	c->conn = PQconnectdbParams(keys, values, 1);
	if (c->conn == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a connection");
	if (PQstatus(c->conn) == CONNECTION_OK)
		return true;
	return fail_connect(c, err);
}

/*
 * A setting that needs a privilege; without it the writer goes on and says what that means: once, not
 * with each of its connections.
 */
static bool
try_setting(PgConnection *c, const char *sql, const char *consequence, atomic_bool *told,
			bool *done, SluiceError *err)
{
	*done = pg_query(c, NULL, err, "%s", sql);
	if (*done || PQstatus(c->conn) == CONNECTION_BAD)
		return *done;
	if (!atomic_exchange(told, true))
		log_failure(c->settings->log, LOG_WARNING, consequence, err, NULL);
	sluice_error_clear(err);
	return true;
}

static bool
set_durability(PgConnection *c, SluiceError *err)
{
	static atomic_bool told;
	bool can_look = true;

	if (!c->settings->synchronous &&
		!try_setting(c, "SELECT pg_catalog.pg_current_wal_flush_lsn()",
					 "cannot see how far the target's log is on disk: each commit waits for it",
					 &told, &can_look, err))
		return false;
	c->synchronous = c->settings->synchronous || !can_look;
	return pg_query(c, NULL, err, "SET synchronous_commit = %s", c->synchronous ? "on" : "off");
}

bool
pg_session_settings(PgConnection *c, SluiceError *err)
{
	if (!pg_query(c, NULL, err, "%s", session_settings))
		return false;
	for (size_t i = 0; i < sizeof(later_settings) / sizeof(later_settings[0]); i++)
	{
		if (c->version >= later_settings[i].version &&
			!pg_query(c, NULL, err, "%s", later_settings[i].sql))
			return false;
	}
	return true;
}

static bool
set_session(PgConnection *c, SluiceError *err)
{
	static atomic_bool told;

	if (!pg_session_settings(c, err))
		return false;
	if (c->settings->look_only)
		return pg_query(c, NULL, err, "SET default_transaction_read_only = on");
	if (role_of(c)->reads)
		return true;
	return try_setting(c, "SET session_replication_role = replica",
					   "triggers and foreign keys act at the target: changes are applied in source "
					   "order, which is slower",
					   &told, &c->replica_role, err) &&
		   set_durability(c, err);
}

bool
pg_connect(PgConnection *c, const TargetSettings *settings, SluiceError *err)
{
	*c = (PgConnection){.settings = settings};
	if (!open_connection(c, err))
		return false;
	PQsetNoticeReceiver(c->conn, ignore_notice, NULL);
	c->version = PQserverVersion(c->conn);
	if (c->version < 100000)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "the %s is PostgreSQL %d.%d", place_of(c),
						   c->version / 10000, c->version / 100 % 100);
		return sluice_hint(err, "PostgreSQL 10 or newer is needed");
	}
	if (PQsetnonblocking(c->conn, 1) != 0)
		return pg_fail_lost(c, err);
	return role_of(c)->replicates || set_session(c, err) ||
		   sluice_prefix(err, "preparing the session");
}

void
pg_disconnect(PgConnection *c)
{
	PQfinish(c->conn);
	c->conn = NULL;
}
