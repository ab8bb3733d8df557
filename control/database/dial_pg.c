/*
 * dial_pg.c - PostgreSQL by libpq: explicit keywords only, waits with a deadline (engine.h).
 *
 * A session only reads, has no search_path but the catalog's, and gives up waiting for locks.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database_parts.h"

#define APPLICATION		 "sluice-control"
#define STATEMENT_LENGTH 16384
#define OLDEST			 100000
#define PARAMETERS		 16

static const char session[] =
	"SET default_transaction_read_only = on; SET search_path = ''; SET lock_timeout = '5s'; "
	"SET idle_in_transaction_session_timeout = '60s'; SET standard_conforming_strings = on";

/* ---- what errors mean ---- */

static const ErrorHint tls_hints[] = {
	{"timeout expired", SLUICE_ERROR_TIMEOUT,
	 "nothing was heard of a TLS handshake: is this PostgreSQL's port?"},
	{"does not support SSL", SLUICE_ERROR_DENIED,
	 "set ssl = on at the server with a certificate, or tls.mode to disable"},
	{"does not match host name", SLUICE_ERROR_DENIED,
	 "connect by a name that the server's certificate has, or set tls.mode to verify-ca"},
	{"certificate verify failed", SLUICE_ERROR_DENIED,
	 "give the certificate of the authority that signed the server's as tls.ca"},
	{"invalid response to SSL", SLUICE_ERROR_DENIED,
	 "something else than PostgreSQL listens there: check the port"},
	{NULL, SLUICE_ERROR_DENIED,
	 "check tls.mode, tls.ca, tls.certificate and tls.key, and the server's certificate"},
};

static const ErrorHint login_hints[] = {
	{"timeout expired", SLUICE_ERROR_TIMEOUT,
	 "the server did not finish the login in time: is it overloaded?"},
	{"no password supplied", SLUICE_ERROR_DENIED, "set the connection's password"},
	{"authentication failed", SLUICE_ERROR_DENIED, "check user and password"},
	{"no pg_hba.conf entry", SLUICE_ERROR_DENIED,
	 "add a line for this user, database and address to the server's pg_hba.conf and reload it; a "
	 "line hostssl "
	 "needs tls.mode require or more"},
	{"requires a valid client certificate", SLUICE_ERROR_DENIED,
	 "give the user's tls.certificate and tls.key"},
	{"database", SLUICE_ERROR_NOT_FOUND, "check the name of the database"},
	{"role", SLUICE_ERROR_DENIED, "check the name of the user"},
	{"connection slots", SLUICE_ERROR_IO, "raise max_connections at the server"},
	{"too many", SLUICE_ERROR_IO,
	 "raise max_connections at the server, or the limit of the user or database"},
	{"is starting up", SLUICE_ERROR_IO, "try again when the server has started"},
	{NULL, SLUICE_ERROR_DENIED, NULL},
};

static const ErrorHint tcp_hints[] = {
	{"timeout expired", SLUICE_ERROR_TIMEOUT,
	 "a firewall may drop what is sent there: let it pass this machine"},
	{"refused", SLUICE_ERROR_IO,
	 "check host and port, and that the server listens there (listen_addresses in "
	 "postgresql.conf)"},
	{NULL, SLUICE_ERROR_IO, "check host and port"},
};

static const ErrorHint *const step_hints[DIAL_STEPS] = {
	[DIAL_TCP] = tcp_hints, [DIAL_TLS] = tls_hints, [DIAL_LOGIN] = login_hints};

/* By the first two or all five characters of SQLSTATE. */
static const struct StateCode
{
	const char *state;
	SluiceErrorCode code;
} state_codes[] = {
	{"57014", SLUICE_ERROR_TIMEOUT},   {"55P03", SLUICE_ERROR_TIMEOUT},
	{"42501", SLUICE_ERROR_DENIED},	   {"28", SLUICE_ERROR_DENIED},
	{"3D000", SLUICE_ERROR_NOT_FOUND}, {"3F000", SLUICE_ERROR_NOT_FOUND},
	{"42P01", SLUICE_ERROR_NOT_FOUND}, {"42704", SLUICE_ERROR_NOT_FOUND},
	{"08", SLUICE_ERROR_IO},		   {"53", SLUICE_ERROR_IO},
	{"57P", SLUICE_ERROR_IO},
};

/* libpq's text of a connection less what everybody knows: which server, and more than the first line. */
static bool
fail_dial(const Database *database, const char *text, SluiceError *err)
{
	const char *failed = strstr(text, " failed: ");
	DialStep at = database->report->at;

	if (failed != NULL && strncmp(text, "connection to server", 20) == 0)
		text = failed + strlen(" failed: ");
	if (strncmp(text, "FATAL:  ", 8) == 0)
		text += 8;
	(void) sluice_fail(err, SLUICE_ERROR_IO, "%.*s", (int) strcspn(text, "\n"), text);
	if (at < DIAL_VERSION && step_hints[at] != NULL)
		error_hint(step_hints[at], err);
	return false;
}

static bool
fail_result(const Database *database, const PGresult *result, SluiceError *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	SluiceErrorCode code =
		PQstatus(database->pg) == CONNECTION_OK ? SLUICE_ERROR_DATA : SLUICE_ERROR_IO;

	for (size_t i = 0; state != NULL && i < sizeof(state_codes) / sizeof(state_codes[0]); i++)
	{
		if (strncmp(state, state_codes[i].state, strlen(state_codes[i].state)) == 0)
		{
			code = state_codes[i].code;
			break;
		}
	}
	text = text != NULL ? text : PQerrorMessage(database->pg);
	(void) sluice_fail(err, code, "%.*s", (int) strcspn(text, "\n"), text);
	return hint != NULL && sluice_hint(err, "%s", hint);
}

/* ---- waiting ---- */

/* False when the deadline passes first. */
static bool
wait_socket(const Database *database, short events)
{
	for (;;)
	{
		struct pollfd socket = {.fd = PQsocket(database->pg), .events = events};
		double left = database->deadline - database_clock();
		int ready = left > 0 ? poll(&socket, 1, (int) left + 1) : 0;

		if (ready > 0)
			return true;
		if (left <= 0 || (ready < 0 && errno != EINTR))
			return false;
	}
}

/* ---- connecting ---- */

static void
note_status(Database *database)
{
	PGconn *pg = database->pg;
	ConnStatusType status = PQstatus(pg);

	if (status == CONNECTION_MADE || status == CONNECTION_SSL_STARTUP)
		dial_done(database, DIAL_TCP, "%s port %d", database->endpoint.address,
				  database->endpoint.port);
	if (database->report->at == DIAL_TLS &&
		(status == CONNECTION_AWAITING_RESPONSE || status == CONNECTION_AUTH_OK ||
		 status == CONNECTION_OK))
	{
		if (PQsslInUse(pg))
			(void) snprintf(database->cipher, sizeof(database->cipher), "%s, %s",
							PQsslAttribute(pg, "protocol"), PQsslAttribute(pg, "cipher"));
		dial_done(database, DIAL_TLS, "%s", PQsslInUse(pg) ? database->cipher : "not encrypted");
	}
}

static bool
poll_connection(Database *database, SluiceError *err)
{
	PostgresPollingStatusType wish = PGRES_POLLING_WRITING;

	while (wish == PGRES_POLLING_READING || wish == PGRES_POLLING_WRITING)
	{
		if (!wait_socket(database, wish == PGRES_POLLING_READING ? POLLIN : POLLOUT))
			return fail_dial(database, "timeout expired", err);
		note_status(database);
		wish = PQconnectPoll(database->pg);
		note_status(database);
	}
	return wish == PGRES_POLLING_OK || fail_dial(database, PQerrorMessage(database->pg), err);
}

static bool
check_version(Database *database, SluiceError *err)
{
	const char *text = PQparameterStatus(database->pg, "server_version");

	database->version = (unsigned) PQserverVersion(database->pg);
	(void) snprintf(database->version_text, sizeof(database->version_text), "%s",
					text != NULL ? text : "");
	if (database->version >= OLDEST)
	{
		dial_done(database, DIAL_VERSION, "PostgreSQL %s", database->version_text);
		return true;
	}
	(void) sluice_fail(err, SLUICE_ERROR_VERSION, "the server is PostgreSQL %s",
					   database->version_text);
	return sluice_hint(err, "sources are PostgreSQL 13 or newer, targets 10 or newer");
}

static void
ignore_notice(void *context, const PGresult *result)
{
	(void) context;
	(void) result;
}

static bool
dial(Database *database, SluiceError *err)
{
	EndpointKeywords keywords;
	Rows rows;
	bool good;

	endpoint_keywords(&database->endpoint, &database->material.files,
					  database->settings->secrets[ENDPOINT_PASSWORD], APPLICATION, &keywords);
	database->pg = PQconnectStartParams(keywords.keys, keywords.values, 0);
	if (database->pg == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a connection");
	if (PQstatus(database->pg) == CONNECTION_BAD)
		return fail_dial(database, PQerrorMessage(database->pg), err);
	if (!poll_connection(database, err))
		return false;
	dial_done(database, DIAL_LOGIN, "as %s", PQuser(database->pg));
	(void) PQsetNoticeReceiver(database->pg, ignore_notice, NULL);
	good = check_version(database, err) && PQsetnonblocking(database->pg, 1) == 0 &&
		   database_ask(database, &rows, QUERY_MS, NULL, 0, session, err);
	if (good)
		rows_free(&rows);
	return good;
}

static void
hang_up(Database *database)
{
	PQfinish(database->pg);
	database->pg = NULL;
}

/* ---- asking ---- */

/* $1, $2, ... in the place of question marks; a text that has them already stays as it is. */
static bool
number_parameters(const char *sql, char out[STATEMENT_LENGTH], size_t count, SluiceError *err)
{
	size_t length = 0, found = strstr(sql, "$1") != NULL ? count : 0;
	bool numbered = found > 0;

	for (; *sql != '\0' && length < STATEMENT_LENGTH - 8; sql++)
	{
		if (*sql == '?' && !numbered)
			length += (size_t) snprintf(out + length, 8, "$%zu", ++found);
		else
			out[length++] = *sql;
	}
	out[length] = '\0';
	if (*sql == '\0' && found == count && count <= PARAMETERS)
		return true;
	return sluice_fail(err, SLUICE_ERROR_LIMIT,
					   "a statement of ours is too long or lacks parameters");
}

/* The last result; NULL on error.  Of several statements the first that fails counts. */
static PGresult *
take_results(Database *database, SluiceError *err)
{
	PGconn *pg = database->pg;
	PGresult *last = NULL, *one;

	for (;;)
	{
		int flushed = PQflush(pg);

		if ((flushed > 0 || PQisBusy(pg)) &&
			!wait_socket(database, flushed > 0 ? POLLIN | POLLOUT : POLLIN))
		{
			PQclear(last);
			(void) sluice_fail(err, SLUICE_ERROR_TIMEOUT, "the database did not answer in time");
			return NULL;
		}
		if ((flushed > 0 || PQisBusy(pg)) && PQconsumeInput(pg) == 1)
			continue;
		one = PQgetResult(pg);
		if (one == NULL)
			return last;
		if (last != NULL && PQresultStatus(last) == PGRES_FATAL_ERROR)
			PQclear(one);
		else
		{
			PQclear(last);
			last = one;
		}
	}
}

static bool
send_statement(Database *database, const char *const *parameters, size_t count, const char *sql,
			   SluiceError *err)
{
	char *text = malloc(STATEMENT_LENGTH);
	bool good =
		text != NULL || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");

	if (good && count == 0)
		good = PQsendQuery(database->pg, sql) == 1;
	else if (good)
	{
		if (!number_parameters(sql, text, count, err))
		{
			free(text);
			return false;
		}
		good = PQsendQueryParams(database->pg, text, (int) count, NULL, parameters, NULL, NULL,
								 0) == 1;
	}
	free(text);
	return good || fail_dial(database, PQerrorMessage(database->pg), err);
}

static bool
run(Database *database, Rows *rows, const char *const *parameters, size_t count, const char *sql,
	SluiceError *err)
{
	PGresult *result;

	if (!send_statement(database, parameters, count, sql, err))
		return false;
	result = take_results(database, err);
	if (result == NULL)
		return false;
	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
	{
		(void) fail_result(database, result, err);
		PQclear(result);
		return false;
	}
	if (!rows_init(rows, result, (size_t) PQntuples(result), (size_t) PQnfields(result), err))
		return false;
	for (size_t i = 0; i < rows->rows * rows->columns; i++)
	{
		int row = (int) (i / rows->columns), column = (int) (i % rows->columns);

		rows->cells[i] = PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
	}
	return true;
}

static bool
ask(Database *database, Rows *rows, int timeout_ms, const char *const *parameters, size_t count,
	const char *sql, SluiceError *err)
{
	char set[64];

	if (database->statement_timeout != timeout_ms)
	{
		Rows none = {.engine = rows->engine};

		(void) snprintf(set, sizeof(set), "SET statement_timeout = %d", timeout_ms);
		if (!run(database, &none, NULL, 0, set, err))
			return false;
		rows_free(&none);
		database->statement_timeout = timeout_ms;
	}
	return run(database, rows, parameters, count, sql, err);
}

static void
free_result(void *result)
{
	PQclear(result);
}

static char *
quote(const Database *database, const char *name)
{
	char *quoted = PQescapeIdentifier(database->pg, name, strlen(name));
	char *copy = quoted != NULL ? strdup(quoted) : NULL;

	PQfreemem(quoted);
	return copy;
}

const Engine engine_postgresql = {
	.type = "postgresql",
	.name = "PostgreSQL",
	.flavour = FLAVOUR_POSTGRESQL,
	.port = 5432,
	.database_needed = true,
	.schemas = true,
	.dial = dial,
	.hang_up = hang_up,
	.ask = ask,
	.free_rows = free_result,
	.quote = quote,
	.check_source = source_check_postgresql,
	.source_document = source_document_postgresql,
	.questions = questions_postgresql,
};
