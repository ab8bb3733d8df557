/*
 * dial_mysql.c - MySQL and MariaDB by common/mysql (engine.h).
 */
#include <errmsg.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mysql/my_sql.h"
#include "database_parts.h"

#define STATEMENT_MAXIMUM (64 << 10)

/* The only way these differ here. */
#define ER_STATEMENT_TIMEOUT_OF_MARIADB 1969
#define ER_QUERY_TIMEOUT_OF_MYSQL		3024

/* ---- what errors mean ---- */

/* Numbers of errors, by the steps in which they come. */
static const struct Meaning
{
	unsigned number;
	SluiceErrorCode code;
	const char *hint;
} meanings[] = {
	{CR_CONN_HOST_ERROR, SLUICE_ERROR_IO,
	 "check host and port, and that the server listens there (bind_address)"},
	{CR_CONNECTION_ERROR, SLUICE_ERROR_IO,
	 "check host and port, and that the server listens there (bind_address)"},
	{CR_SSL_CONNECTION_ERROR, SLUICE_ERROR_DENIED,
	 "check tls.mode, tls.ca, tls.certificate and tls.key, and the server's certificate, which "
	 "must have the host's "
	 "name"},
	{CR_SERVER_HANDSHAKE_ERR, SLUICE_ERROR_IO,
	 "something else than MySQL may listen there: check the port"},
	{CR_VERSION_ERROR, SLUICE_ERROR_IO,
	 "something else than MySQL may listen there: check the port"},
	{CR_MALFORMED_PACKET, SLUICE_ERROR_IO,
	 "something else than MySQL may listen there: check the port"},
	{CR_SERVER_LOST, SLUICE_ERROR_IO,
	 "check host and port, and whether something between drops the connection"},
	{CR_AUTH_PLUGIN_CANNOT_LOAD, SLUICE_ERROR_DENIED,
	 "the way in which the user is authenticated is not supported: give the user another, as "
	 "caching_sha2_password"},
	{CR_AUTH_PLUGIN_ERR, SLUICE_ERROR_DENIED,
	 "without TLS some ways of authentication are refused: set tls.mode"},
	{ER_ACCESS_DENIED_ERROR, SLUICE_ERROR_DENIED,
	 "check user and password, and from where the user may connect"},
	{ER_DBACCESS_DENIED_ERROR, SLUICE_ERROR_DENIED, "grant the user what it needs on the database"},
	{ER_BAD_DB_ERROR, SLUICE_ERROR_NOT_FOUND, "check the name of the database"},
	{ER_HOST_NOT_PRIVILEGED, SLUICE_ERROR_DENIED,
	 "let the user connect from the machine of sluice-control"},
	{ER_HOST_IS_BLOCKED, SLUICE_ERROR_DENIED, "run FLUSH HOSTS at the server"},
	{ER_CON_COUNT_ERROR, SLUICE_ERROR_IO, "raise max_connections at the server"},
	{ER_STATEMENT_TIMEOUT_OF_MARIADB, SLUICE_ERROR_TIMEOUT, NULL},
	{ER_QUERY_TIMEOUT_OF_MYSQL, SLUICE_ERROR_TIMEOUT, NULL},
};

/* In the words of a connection's settings, whatever common/mysql said. */
static bool
fail(const Database *database, SluiceError *err)
{
	static const char before[] = "cannot connect to the database: ";
	const MyConnection *c = &database->my;

	if (err != NULL && strncmp(err->message, before, sizeof(before) - 1) == 0)
		memmove(err->message, err->message + sizeof(before) - 1,
				strlen(err->message) - sizeof(before) + 2);
	if (err == NULL || c->gave_up || err->code == SLUICE_ERROR_ARGUMENT)
		return false;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
	{
		if (meanings[i].number != c->error)
			continue;
		err->code = meanings[i].code;
		err->hint[0] = '\0';
		return meanings[i].hint != NULL && sluice_hint(err, "%s", meanings[i].hint);
	}
	return false;
}

/* ---- connecting ---- */

/* MySettings' two. */
static bool
go_on(void *context)
{
	const Database *database = context;

	return database_clock() < database->deadline;
}

static void
reached(void *context, MyPhase phase)
{
	Database *database = context;
	MYSQL *mysql = database->my.mysql;

	if (database->report == NULL)
		return;
	if (phase == MY_PHASE_CONNECTED || phase == MY_PHASE_GREETED)
		dial_done(database, DIAL_TCP, "%s port %d", database->endpoint.address,
				  database->endpoint.port);
	if (phase == MY_PHASE_SECURED ||
		(phase == MY_PHASE_LOGGED_IN && database->report->at == DIAL_TLS))
	{
		const char *cipher = mysql_get_ssl_cipher(mysql);

		(void) snprintf(database->cipher, sizeof(database->cipher), "%s",
						cipher != NULL ? cipher : "");
		dial_done(database, DIAL_TLS, "%s", cipher != NULL ? cipher : "not encrypted");
	}
	if (phase == MY_PHASE_LOGGED_IN)
		dial_done(database, DIAL_LOGIN, "as %s", database->endpoint.user);
}

static bool
make_uri(Database *database, SluiceError *err)
{
	ByteBuf uri;
	bool good;

	bytebuf_init(&uri, &allocator_malloc, ENDPOINT_URI_MAXIMUM);
	good = endpoint_uri(&database->endpoint, &database->material.files, &uri, err);
	free(database->uri);
	database->uri = good ? strdup((const char *) uri.data) : NULL;
	bytebuf_free(&uri);
	if (good && database->uri == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a connection");
	return good;
}

static bool
check_version(Database *database, SluiceError *err)
{
	const Engine *engine = database->settings->engine;
	bool mariadb = database->my.flavour == MY_MARIADB;
	const Engine *found = mariadb ? &engine_mariadb : &engine_mysql;

	database->version = database->my.version;
	(void) snprintf(database->version_text, sizeof(database->version_text), "%s",
					mysql_get_server_info(database->my.mysql));
	if (found == engine)
	{
		dial_done(database, DIAL_VERSION, "%s %s", found->name, database->version_text);
		return true;
	}
	(void) sluice_fail(err, SLUICE_ERROR_VERSION, "the server is %s %s, not %s", found->name,
					   database->version_text, engine->name);
	return sluice_hint(err, "make it a connection of type %s", found->type);
}

/* A release that is too old is told of behind the login, with code ARGUMENT. */
static bool
fail_connect(Database *database, SluiceError *err)
{
	if (database->report->at >= DIAL_VERSION && err != NULL && err->code == SLUICE_ERROR_ARGUMENT)
		err->code = SLUICE_ERROR_VERSION;
	if (database->my.gave_up && err != NULL)
		err->code = SLUICE_ERROR_TIMEOUT;
	/* With tls.mode prefer a connection without TLS may have been tried behind one that failed. */
	if (database->report->at == DIAL_TLS && database->my.error != CR_SSL_CONNECTION_ERROR &&
		database->my.phase >= MY_PHASE_GREETED && database->my.error != CR_SERVER_LOST)
		dial_done(database, DIAL_TLS, "not encrypted");
	return fail(database, err);
}

static bool
dial(Database *database, SluiceError *err)
{
	const char *password = database->settings->secrets[ENDPOINT_PASSWORD];
	MySettings settings;

	if (!make_uri(database, err))
		return false;
	settings = (MySettings){.uri = database->uri,
							.password = password != NULL ? password : "",
							.role = "database",
							.go_on = go_on,
							.reached = reached,
							.silent_seconds = QUERY_MS / 1000 * 2,
							.context = database};
	if (!my_connect(&database->my, &settings, err))
		return fail_connect(database, err);
	return check_version(database, err);
}

static void
hang_up(Database *database)
{
	my_disconnect(&database->my);
	free(database->uri);
	database->uri = NULL;
}

/* ---- asking ---- */

/* Literals in the place of question marks; without parameters they stay what they are. */
static bool
fill_parameters(ByteBuf *out, const char *sql, const char *const *parameters, size_t count,
				SluiceError *err)
{
	size_t used = 0;

	for (; *sql != '\0'; sql++)
	{
		bool good;

		if (*sql != '?' || count == 0)
			good = bytebuf_put(out, sql, 1, err);
		else if (used == count)
			good = sluice_fail(err, SLUICE_ERROR_LIMIT, "a statement of ours lacks parameters");
		else if (parameters[used] == NULL)
			good = my_put_word(out, "NULL", err), used++;
		else
		{
			good = my_put_text(out, parameters[used], strlen(parameters[used]), err);
			used++;
		}
		if (!good)
			return false;
	}
	return bytebuf_put(out, "", 1, err);
}

static bool
take_rows(Rows *rows, MYSQL_RES *result, SluiceError *err)
{
	size_t at = 0;
	MYSQL_ROW row;

	if (!rows_init(rows, result, (size_t) mysql_num_rows(result), mysql_num_fields(result), err))
		return false;
	while ((row = mysql_fetch_row(result)) != NULL)
	{
		for (size_t i = 0; i < rows->columns; i++)
			rows->cells[at++] = row[i];
	}
	return true;
}

static bool
set_timeout(Database *database, int timeout_ms, SluiceError *err)
{
	bool mariadb = database->my.flavour == MY_MARIADB;

	if (database->statement_timeout == timeout_ms)
		return true;
	database->statement_timeout = timeout_ms;
	return mariadb ? my_exec(&database->my, err, "SET SESSION max_statement_time = %d.%03d",
							 timeout_ms / 1000, timeout_ms % 1000)
				   : my_exec(&database->my, err, "SET SESSION max_execution_time = %d", timeout_ms);
}

static bool
ask(Database *database, Rows *rows, int timeout_ms, const char *const *parameters, size_t count,
	const char *sql, SluiceError *err)
{
	MYSQL_RES *result = NULL;
	ByteBuf text;
	bool good;

	bytebuf_init(&text, &allocator_malloc, STATEMENT_MAXIMUM);
	good = fill_parameters(&text, sql, parameters, count, err);
	if (good)
		good = (set_timeout(database, timeout_ms, err) &&
				my_query(&database->my, &result, err, "%s", (const char *) text.data)) ||
			   fail(database, err);
	bytebuf_free(&text);
	return good && take_rows(rows, result, err);
}

static void
free_result(void *result)
{
	mysql_free_result(result);
}

static char *
quote(const Database *database, const char *name)
{
	(void) database;
	return my_name(name);
}

#define DRIVER                                                                                     \
	.port = 3306, .dial = dial, .hang_up = hang_up, .ask = ask, .free_rows = free_result,          \
	.quote = quote, .check_source = source_check_mysql, .source_document = source_document_mysql

const Engine engine_mysql = {.type = "mysql",
							 .name = "MySQL",
							 .flavour = FLAVOUR_MYSQL,
							 .questions = questions_mysql,
							 DRIVER};
const Engine engine_mariadb = {.type = "mariadb",
							   .name = "MariaDB",
							   .flavour = FLAVOUR_MARIADB,
							   .questions = questions_mariadb,
							   DRIVER};
