/*
 * pg_session.c - libpq with deadlines (pg_session.h).
 */
#include "pg_session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/control/memory_file.h"

/* What a refused login says, for such errors have no code here; the rest may pass. */
static const struct
{
	const char *words, *hint;
} refusals[] = {
	{"password authentication failed", "mend user or password of the connection"},
	{"no password supplied", "the connection needs a password"},
	{"no pg_hba.conf entry", "let the worker's address in with a line of pg_hba.conf"},
	{"pg_hba.conf rejects", "let the worker's address in with a line of pg_hba.conf"},
	{"certificate", "mend the TLS settings of the connection"},
	{"is not permitted to log in", "ALTER ROLE ... LOGIN"},
	{"role \"", "mend the user of the connection"},
	{"database \"", "mend the database of the connection"},
};

#define CONNECTION_FAILURE "08006"

/* By the class of the code, or the whole code; the first that fits. */
static const struct
{
	const char *sqlstate;
	SluiceErrorCode code;
} codes[] = {
	{"42501", SLUICE_ERROR_DENIED}, {"28", SLUICE_ERROR_DENIED},	{"08", SLUICE_ERROR_IO},
	{"57", SLUICE_ERROR_IO},		{"53", SLUICE_ERROR_FULL},		{"40", SLUICE_ERROR_CONFLICT},
	{"3F", SLUICE_ERROR_NOT_FOUND}, {"42", SLUICE_ERROR_NOT_FOUND}, {"22", SLUICE_ERROR_ARGUMENT},
	{"", SLUICE_ERROR_STATE},
};

/* libpq's messages have several lines: one for a report. */
#define LINE_MAXIMUM 400

static const char *
one_line(const char *text, char line[LINE_MAXIMUM])
{
	size_t length = 0;

	for (; *text != '\0' && length < LINE_MAXIMUM - 1; text++)
	{
		bool blank = strchr(" \t\n", *text) != NULL;

		if (!blank)
			line[length++] = *text;
		else if (length > 0 && line[length - 1] != ' ')
			line[length++] = ' ';
	}
	while (length > 0 && line[length - 1] == ' ')
		length--;
	line[length] = '\0';
	return line;
}

static bool
fail_connect(const PgSession *session, SluiceError *err)
{
	const char *text = PQerrorMessage(session->conn);
	char line[LINE_MAXIMUM];

	(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot connect to the %s: %s", session->place,
					   one_line(text, line));
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		if (strstr(text, refusals[i].words) == NULL)
			continue;
		err->code = SLUICE_ERROR_DENIED;
		return sluice_hint(err, "%s", refusals[i].hint);
	}
	return false;
}

bool
pg_session_alive(const PgSession *session)
{
	return session->conn != NULL && PQstatus(session->conn) == CONNECTION_OK;
}

void
pg_session_close(PgSession *session)
{
	PQfinish(session->conn);
	session->conn = NULL;
}

bool
pg_session_open(PgSession *session, const char *place, const Endpoint *endpoint,
				const Secrets *secrets, const char *application, SluiceError *err)
{
	char paths[ENDPOINT_SECRETS][MEMORY_FILE_PATH];
	EndpointFiles names = {{NULL}};
	EndpointKeywords keywords;
	SecretFiles files;
	bool good = secret_files_make(&files, secrets, err);

	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		if (files.fds[i] >= 0)
			names.paths[i] = memory_file_path(files.fds[i], paths[i]);
	}
	endpoint_keywords(endpoint, &names, secrets->values[ENDPOINT_PASSWORD], application, &keywords);
	session->place = place;
	session->conn = good ? PQconnectdbParams(keywords.keys, keywords.values, 0) : NULL;
	secret_files_close(&files);
	if (!good)
		return false;
	if (session->conn == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a connection");
	if (PQstatus(session->conn) == CONNECTION_OK)
		return pg_session_query(session, NULL, err, "SET search_path = pg_catalog, pg_temp", NULL,
								0);
	(void) fail_connect(session, err);
	pg_session_close(session);
	return false;
}

/* ---- statements ---- */

static bool
fail_result(PgSession *session, const PGresult *result, SluiceError *err)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	char line[LINE_MAXIMUM];
	size_t i = 0;

	if (message == NULL)
		message = PQerrorMessage(session->conn);
	if (sqlstate == NULL)
		sqlstate = CONNECTION_FAILURE;
	while (strncmp(sqlstate, codes[i].sqlstate, strlen(codes[i].sqlstate)) != 0)
		i++;
	(void) sluice_fail(err, codes[i].code, "%s", one_line(message, line));
	if (codes[i].code == SLUICE_ERROR_IO)
		(void) sluice_prefix(err, "the %s is away", session->place);
	return hint != NULL ? sluice_hint(err, "%s", hint) : false;
}

/* Waits for the answer; false when it did not come in time. */
static bool
await_answer(PgSession *session)
{
	int64_t until = job_clock() + PG_SESSION_MS;

	while (PQisBusy(session->conn) != 0)
	{
		struct pollfd poll_fd = {.fd = PQsocket(session->conn), .events = POLLIN};
		int64_t left = until - job_clock();

		if (left <= 0 || (poll(&poll_fd, 1, (int) left) < 0 && errno != EINTR))
			return false;
		if (PQconsumeInput(session->conn) == 0)
			return true; /* lost: the result says so */
	}
	return true;
}

static bool
give_up(PgSession *session, SluiceError *err)
{
	PGcancel *cancel = PQgetCancel(session->conn);
	char ignored[256];

	(void) (cancel != NULL && PQcancel(cancel, ignored, sizeof(ignored)));
	PQfreeCancel(cancel);
	pg_session_close(session);
	return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "the %s did not answer within %d seconds",
					   session->place, PG_SESSION_MS / 1000);
}

/* The last of a statement's results, or the first that failed. */
static bool
take_results(PgSession *session, PGresult **result, SluiceError *err)
{
	bool good = true;

	*result = NULL;
	for (;;)
	{
		PGresult *next;

		if (!await_answer(session))
			return give_up(session, err);
		next = PQgetResult(session->conn);
		if (next == NULL)
			return good;
		if (good && PQresultStatus(next) != PGRES_TUPLES_OK &&
			PQresultStatus(next) != PGRES_COMMAND_OK)
			good = fail_result(session, next, err);
		PQclear(*result);
		*result = next;
	}
}

bool
pg_session_query(PgSession *session, PGresult **result, SluiceError *err, const char *sql,
				 const char *const *values, size_t count)
{
	PGresult *own = NULL;
	char line[LINE_MAXIMUM];
	bool good;

	if (count == 0
			? PQsendQuery(session->conn, sql) == 0
			: PQsendQueryParams(session->conn, sql, (int) count, NULL, values, NULL, NULL, 0) == 0)
		return sluice_fail(err, SLUICE_ERROR_IO, "the connection to the %s is lost: %s",
						   session->place, one_line(PQerrorMessage(session->conn), line));
	good = take_results(session, &own, err);
	if (good && result != NULL)
	{
		*result = own;
		return true;
	}
	PQclear(own);
	return good;
}
