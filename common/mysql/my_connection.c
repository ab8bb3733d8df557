/*
 * my_connection.c - sending statements to a MySQL or MariaDB server, waiting for it, its errors
 * (my_connection.h).
 *
 * The library's calls block.  Before the first answer of a text we wait by ourselves; where the
 * library lets us (Connector/C), it calls back for every other wait too (my_connect.c).
 */
#include "my_connection.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "my_wait.h"

/* What the library is told when a feed fails (my_connect.c). */
#define FEED_ERROR CR_UNKNOWN_ERROR

/* Only one of the two kinds of server has these. */
#define NUMBER_DISK_FULL		 1021
#define NUMBER_CONNECTION_KILLED 1927

/* What numbers of errors mean to us; those that are not here are about the data.  %s is the role. */
static const struct ErrorMeaning
{
	unsigned number;
	SluiceErrorCode code;
	const char *hint;
} error_meanings[] = {
	{CR_CONNECTION_ERROR, SLUICE_ERROR_IO, NULL},
	{CR_CONN_HOST_ERROR, SLUICE_ERROR_IO, NULL},
	{CR_UNKNOWN_HOST, SLUICE_ERROR_IO, NULL},
	{CR_SERVER_GONE_ERROR, SLUICE_ERROR_IO, NULL},
	{CR_SERVER_HANDSHAKE_ERR, SLUICE_ERROR_IO, NULL},
	{CR_SERVER_LOST, SLUICE_ERROR_IO, NULL},
	{CR_SERVER_LOST_EXTENDED, SLUICE_ERROR_IO, NULL},
	{CR_COMMANDS_OUT_OF_SYNC, SLUICE_ERROR_IO, NULL},
	{CR_MALFORMED_PACKET, SLUICE_ERROR_IO, NULL},
	{CR_OUT_OF_MEMORY, SLUICE_ERROR_MEMORY, NULL},
	{CR_SSL_CONNECTION_ERROR, SLUICE_ERROR_DENIED,
	 "check ssl-mode, ssl-ca, ssl-cert and ssl-key of the URI and the server's certificate"},
	{CR_AUTH_PLUGIN_CANNOT_LOAD, SLUICE_ERROR_DENIED,
	 "the client library has no plugin for the way the user is authenticated: install it, or give "
	 "the user another way"},
	{CR_AUTH_PLUGIN_ERR, SLUICE_ERROR_DENIED,
	 "over connections without TLS some ways of authentication are refused: set ssl-mode"},
	{CR_NET_PACKET_TOO_LARGE, SLUICE_ERROR_DATA, "raise max_allowed_packet at the %s"},
	{ER_NET_PACKET_TOO_LARGE, SLUICE_ERROR_DATA, "raise max_allowed_packet at the %s"},
	{ER_ACCESS_DENIED_ERROR, SLUICE_ERROR_DENIED,
	 "check user and password (--%s-password-file), and from where the user may connect"},
	{ER_DBACCESS_DENIED_ERROR, SLUICE_ERROR_DENIED,
	 "grant the user what it needs on the database (docs/mysql-%s.md)"},
	{ER_TABLEACCESS_DENIED_ERROR, SLUICE_ERROR_DENIED, "grant the user that on the table"},
	{ER_COLUMNACCESS_DENIED_ERROR, SLUICE_ERROR_DENIED, "grant the user that on the column"},
	{ER_SPECIFIC_ACCESS_DENIED_ERROR, SLUICE_ERROR_DENIED, NULL},
	{ER_HOST_NOT_PRIVILEGED, SLUICE_ERROR_DENIED, "let the user connect from this host at the %s"},
	{ER_HOST_IS_BLOCKED, SLUICE_ERROR_DENIED, "run FLUSH HOSTS at the %s"},
	{ER_BAD_DB_ERROR, SLUICE_ERROR_NOT_FOUND, "make the database at the %s, or name another"},
	{ER_NO_SUCH_TABLE, SLUICE_ERROR_NOT_FOUND, NULL},
	{ER_BAD_TABLE_ERROR, SLUICE_ERROR_NOT_FOUND, NULL},
	{ER_BAD_FIELD_ERROR, SLUICE_ERROR_NOT_FOUND, NULL},
	{ER_LOCK_DEADLOCK, SLUICE_ERROR_IO, NULL},
	{ER_LOCK_WAIT_TIMEOUT, SLUICE_ERROR_IO, NULL},
	{ER_LOCK_TABLE_FULL, SLUICE_ERROR_IO, "raise innodb_buffer_pool_size at the %s"},
	{ER_CON_COUNT_ERROR, SLUICE_ERROR_IO, "raise max_connections at the %s"},
	{ER_TOO_MANY_USER_CONNECTIONS, SLUICE_ERROR_IO, "raise the user's limit of connections"},
	{ER_SERVER_SHUTDOWN, SLUICE_ERROR_IO, NULL},
	{ER_QUERY_INTERRUPTED, SLUICE_ERROR_IO, NULL},
	{NUMBER_DISK_FULL, SLUICE_ERROR_IO, "make room on the %s's disk"},
	{ER_RECORD_FILE_FULL, SLUICE_ERROR_IO, "make room on the %s's disk"},
	{ER_OUTOFMEMORY, SLUICE_ERROR_IO, NULL},
	{ER_OUT_OF_RESOURCES, SLUICE_ERROR_IO, NULL},
	{ER_CHECKREAD, SLUICE_ERROR_IO, NULL},
	{ER_TABLE_DEF_CHANGED, SLUICE_ERROR_IO, NULL},
	{ER_OPTION_PREVENTS_STATEMENT, SLUICE_ERROR_IO,
	 "the %s is read-only, or says otherwise that it takes no such statement"},
};

/* ---- errors ---- */

bool
my_alive(const MyConnection *c)
{
	return c->mysql != NULL && !c->broken;
}

static const struct ErrorMeaning *
meaning_of(unsigned number)
{
	for (size_t i = 0; i < sizeof(error_meanings) / sizeof(error_meanings[0]); i++)
	{
		if (error_meanings[i].number == number)
			return &error_meanings[i];
	}
	return NULL;
}

bool
my_fail(MyConnection *c, SluiceError *err)
{
	unsigned number = mysql_errno(c->mysql);
	const struct ErrorMeaning *meaning = meaning_of(number);
	/* Numbers of the client library mean that the connection is of no more use. */
	bool lost = number == 0 || (number >= CR_MIN_ERROR && number <= CR_MAX_ERROR) ||
				number == ER_SERVER_SHUTDOWN || number == NUMBER_CONNECTION_KILLED;

	c->error = number;
	c->broken |= lost;
	if (c->gave_up)
		return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "gave up waiting for the %s",
						   c->settings.role);
	if (lost && c->connected)
		(void) sluice_fail(err, SLUICE_ERROR_IO, "connection to the %s lost: %.200s",
						   c->settings.role, mysql_error(c->mysql));
	else
		(void) sluice_fail(err, SLUICE_ERROR_DATA, "%.300s (error %u, SQLSTATE %s)",
						   mysql_error(c->mysql), number, mysql_sqlstate(c->mysql));
	if (meaning == NULL)
		return false;
	if (err != NULL)
		err->code = meaning->code;
	return meaning->hint != NULL && sluice_hint(err, meaning->hint, c->settings.role);
}

bool
my_fail_packet(MyConnection *c, size_t length, SluiceError *err)
{
	c->error = ER_NET_PACKET_TOO_LARGE;
	(void) sluice_fail(err, SLUICE_ERROR_DATA,
					   "a statement of %zu bytes is longer than the %s's max_allowed_packet"
					   " (%zu)",
					   length, c->settings.role, c->packet);
	return sluice_hint(err, "raise max_allowed_packet at the %s; it then goes on by itself",
					   c->settings.role);
}

bool
my_failed_unique(const MyConnection *c)
{
	return c->error == ER_DUP_ENTRY || c->error == ER_DUP_ENTRY_WITH_KEY_NAME ||
		   c->error == ER_DUP_UNKNOWN_IN_INDEX;
}

bool
my_failed_lock(const MyConnection *c)
{
	return c->error == ER_LOCK_DEADLOCK || c->error == ER_LOCK_WAIT_TIMEOUT ||
		   c->error == ER_CHECKREAD;
}

/* ---- sending and taking ---- */

bool
my_send(MyConnection *c, const char *sql, size_t length, SluiceError *err)
{
	c->error = 0;
	if (length >= c->packet)
		return my_fail_packet(c, length, err);
	my_wait_enter(c);
	return mysql_send_query(c->mysql, sql, length) == 0 || my_fail(c, err);
}

/* "Records: 3  Duplicates: 1  Warnings: 0"; LOAD DATA also has "Deleted: 0  Skipped: 1". */
static void
read_info(const char *info, MyOutcome *outcome)
{
	const char *records = info != NULL ? strstr(info, "Records: ") : NULL;
	const char *skipped = info != NULL ? strstr(info, "Skipped: ") : NULL;

	outcome->records = records != NULL ? strtoull(records + 9, NULL, 10) : 0;
	outcome->skipped = skipped != NULL ? strtoull(skipped + 9, NULL, 10) : 0;
}

/* The result of one statement, whose head was read; with `kept` its rows are given to the caller. */
static bool
take_result(MyConnection *c, MYSQL_RES **kept, MyOutcome *outcome, SluiceError *err)
{
	MYSQL_RES *result = NULL;

	if (mysql_field_count(c->mysql) > 0)
	{
		result = mysql_store_result(c->mysql);
		if (result == NULL)
			return my_fail(c, err);
	}
	outcome->affected = mysql_affected_rows(c->mysql);
	outcome->warnings = mysql_warning_count(c->mysql);
	read_info(mysql_info(c->mysql), outcome);
	if (kept != NULL)
	{
		mysql_free_result(*kept);
		*kept = result;
	}
	else
		mysql_free_result(result);
	return true;
}

/* All results of what was sent; a failed statement is the last that has one. */
static bool
take_all(MyConnection *c, MYSQL_RES **kept, MyOutcome *outcome, SluiceError *err)
{
	MyOutcome nobody;
	int more = 0;

	my_wait_enter(c);
	if (!my_wait_answer(c, err))
		return false;
	if (mysql_read_query_result(c->mysql) != 0)
		return my_fail(c, err);
	while (more == 0)
	{
		if (!take_result(c, kept, outcome != NULL ? outcome : &nobody, err))
			return false;
		more = mysql_next_result(c->mysql);
	}
	return more < 0 || my_fail(c, err);
}

bool
my_take(MyConnection *c, MyOutcome *outcome, SluiceError *err)
{
	return take_all(c, NULL, outcome, err);
}

bool
my_run(MyConnection *c, const char *sql, size_t length, MyOutcome *outcome, SluiceError *err)
{
	return my_send(c, sql, length, err) && my_take(c, outcome, err);
}

/* ---- short statements ---- */

bool
my_exec(MyConnection *c, SluiceError *err, const char *format, ...)
{
	char *sql = NULL;
	va_list arguments;
	int length;
	bool good;

	va_start(arguments, format);
	length = vasprintf(&sql, format, arguments);
	va_end(arguments);
	if (length < 0)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = my_run(c, sql, (size_t) length, NULL, err);
	free(sql);
	return good;
}

bool
my_query(MyConnection *c, MYSQL_RES **result, SluiceError *err, const char *format, ...)
{
	char *sql = NULL;
	va_list arguments;
	int length;
	bool good;

	*result = NULL;
	va_start(arguments, format);
	length = vasprintf(&sql, format, arguments);
	va_end(arguments);
	if (length < 0)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = my_send(c, sql, (size_t) length, err) && take_all(c, result, NULL, err);
	free(sql);
	if (good && *result == NULL)
		good = sluice_fail(err, SLUICE_ERROR_IO, "a query gave no rows at all");
	if (!good)
	{
		mysql_free_result(*result);
		*result = NULL;
	}
	return good;
}

/* ---- LOAD DATA LOCAL ---- */

bool
my_load(MyConnection *c, const char *sql, size_t length, MyFeed feed, void *context,
		MyOutcome *outcome, SluiceError *err)
{
	SluiceError failure = {0};
	bool good;

	c->feed = feed;
	c->feed_context = context;
	c->feed_error = &failure;
	good = my_run(c, sql, length, outcome, err);
	c->feed = NULL;
	c->feed_error = NULL;
	/* What broke the text off counts more than what the server made of it. */
	if (failure.code == SLUICE_OK)
		return good;
	if (c->error == FEED_ERROR)
	{
		c->broken = false;
		c->error = 0;
	}
	if (err != NULL)
		*err = failure;
	return false;
}
