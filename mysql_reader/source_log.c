/*
 * source_log.c - questions about a server's log (source_log.h).
 */
#include "source_log.h"

#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grants.h"

#define COPY_ANEW "copy the stream's tables anew"

/* ---- what it is ---- */

typedef bool (*RowTaker)(SourceLog *log, MYSQL_ROW row, unsigned columns, SluiceError *err);

/* One row; without one, or where a server's version decides what is asked, that is an error. */
static bool
ask(MyConnection *c, SourceLog *log, const char *sql, RowTaker take, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good;

	if (!my_query(c, &result, err, "%s", sql))
		return false;
	row = mysql_fetch_row(result);
	good = take(log, row, mysql_num_fields(result), err);
	mysql_free_result(result);
	return good;
}

static bool
check_log(const char *on, const char *format, SluiceError *err)
{
	if (strcmp(on, "1") != 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE, "the source writes no binary log");
		return sluice_hint(err, "set log_bin in its configuration and restart it");
	}
	if (strcmp(format, "ROW") != 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "the source logs statements: binlog_format is %s", format);
		return sluice_hint(err, "SET GLOBAL binlog_format = 'ROW', and have its clients connect "
								"anew");
	}
	return true;
}

static bool
take_identity(SourceLog *log, MYSQL_ROW row, unsigned columns, SluiceError *err)
{
	if (row == NULL || columns < 4)
		return sluice_fail(err, SLUICE_ERROR_IO, "the source did not say who it is");
	(void) snprintf(log->server, sizeof(log->server), "%s", row[0]);
	log->gtids = strcmp(row[1], "ON") == 0;
	return check_log(row[2], row[3], err);
}

/* File, offset, and of MySQL the set as the fifth column. */
static bool
take_status(SourceLog *log, MYSQL_ROW row, unsigned columns, SluiceError *err)
{
	if (row == NULL)
		return sluice_fail(err, SLUICE_ERROR_STATE, "the source has no binary log");
	(void) snprintf(log->end.file, sizeof(log->end.file), "%s", row[0]);
	log->end.offset = strtoull(row[1], NULL, 10);
	return log->flavour != FLAVOUR_MYSQL || columns < 5 || !log->gtids ||
		   gtid_set_parse(&log->end.mysql, row[4], err);
}

static bool
take_mariadb_end(SourceLog *log, MYSQL_ROW row, unsigned columns, SluiceError *err)
{
	(void) columns;
	return row == NULL || row[0] == NULL || mariadb_position_parse(&log->end.mariadb, row[0], err);
}

/* The words changed with MySQL 8.2; the old ones went with 8.4. */
static const char *
status_words(const MyConnection *c)
{
	return c->flavour == MY_MYSQL && c->version >= 80200 ? "SHOW BINARY LOG STATUS"
														 : "SHOW MASTER STATUS";
}

/* As a statement that can be run as it stands. */
static bool
hint_status(MyConnection *c, const char *privilege, SluiceError *err)
{
	SluiceError ignored;
	MYSQL_RES *result;
	MYSQL_ROW row;

	if (!my_query(c, &result, &ignored, "%s", grants_account_query))
		return false;
	if ((row = mysql_fetch_row(result)) != NULL && row[0] != NULL)
		(void) sluice_hint(err, "GRANT %s ON *.* TO %s", privilege, row[0]);
	mysql_free_result(result);
	return false;
}

bool
source_log_read(MyConnection *c, SourceLog *log, SluiceError *err)
{
	const bool mariadb = c->flavour == MY_MARIADB;
	const char *identity =
		mariadb ? "SELECT CONCAT('id-', @@server_id), 'ON', @@log_bin, @@global.binlog_format"
				: "SELECT @@server_uuid, @@gtid_mode, @@log_bin, @@global.binlog_format";

	*log = (SourceLog){.flavour = mariadb ? FLAVOUR_MARIADB : FLAVOUR_MYSQL};
	if (!ask(c, log, identity, take_identity, err))
		return false;
	if (!ask(c, log, status_words(c), take_status, err))
	{
		if (c->error == ER_SPECIFIC_ACCESS_DENIED_ERROR)
			return hint_status(c, mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT", err);
		return false;
	}
	return !mariadb || ask(c, log, "SELECT @@global.gtid_binlog_pos", take_mariadb_end, err);
}

void
source_log_free(SourceLog *log)
{
	log_position_free(&log->end);
}

/* ---- going on ---- */

static bool
read_set(MyConnection *c, const char *variable, GtidSet *set, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good;

	gtid_set_init(set);
	if (!my_query(c, &result, err, "SELECT @@global.%s", variable))
		return false;
	row = mysql_fetch_row(result);
	good = row != NULL && row[0] != NULL && gtid_set_parse(set, row[0], err);
	mysql_free_result(result);
	return good;
}

static bool
check_covers(MyConnection *c, const char *variable,
			 bool (*fits)(const GtidSet *of_server, const GtidSet *of_stream),
			 const GtidSet *of_stream, bool *fit, SluiceError *err)
{
	GtidSet of_server;
	bool good = read_set(c, variable, &of_server, err);

	*fit = good && fits(&of_server, of_stream);
	gtid_set_free(&of_server);
	return good;
}

static bool
is_in_stream(const GtidSet *of_server, const GtidSet *of_stream)
{
	return gtid_set_covers(of_stream, of_server);
}

static bool
check_sets(MyConnection *c, const GtidSet *of_stream, SluiceError *err)
{
	bool fit;

	if (!check_covers(c, "gtid_purged", is_in_stream, of_stream, &fit, err))
		return false;
	if (!fit)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "the source has purged transactions that the stream does not have");
		return sluice_hint(err, COPY_ANEW "; a larger binlog_expire_logs_seconds keeps the log for "
										  "longer");
	}
	if (!check_covers(c, "gtid_executed", gtid_set_covers, of_stream, &fit, err))
		return false;
	if (!fit)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "the source does not have all transactions that the stream has");
		return sluice_hint(err, "it lost them or never had them: go back to the server that has "
								"them, or " COPY_ANEW);
	}
	return true;
}

bool
source_log_check(MyConnection *c, const SourceLog *log, const SourcePosition *position,
				 SluiceError *err)
{
	if (log->flavour != position->flavour)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "the stream was begun at a server of another "
						   "product");
		return sluice_hint(err, "give it another name, or drop it and " COPY_ANEW);
	}
	if (position->mode == POSITION_FILE)
	{
		if (strcmp(log->server, position->server) == 0)
			return true;
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "the source is server %s, and the stream goes by files of server %s",
						   log->server, position->server);
		return sluice_hint(err, "read from that server again, or " COPY_ANEW
								"; with GTIDs (--position gtid) servers may change");
	}
	if (!log->gtids)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "the source has no GTIDs, and the stream goes by them");
		return sluice_hint(err, "set gtid_mode = ON at the source");
	}
	return log->flavour != FLAVOUR_MYSQL || check_sets(c, &position->log.mysql, err);
}
