/*
 * my_session.c - making a connection to a target the writer's (my_session.h).
 */
#include "my_session.h"

#include <string.h>

static bool
go_on(void *context)
{
	const TargetSettings *settings = context;

	return settings->go_on == NULL || settings->go_on(settings->context);
}

static bool
read_server(MyConnection *c, MySession *session, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool binary_log, statement_log;

	if (!my_query(c, &result, err,
				  "SELECT @@local_infile, @@log_bin, @@innodb_flush_log_at_trx_commit,"
				  " @@sync_binlog, @@binlog_format"))
		return false;
	row = mysql_fetch_row(result);
	session->local_infile = strcmp(row[0], "1") == 0;
	binary_log = strcmp(row[1], "1") == 0;
	session->durable = strcmp(row[2], "1") == 0 && (!binary_log || strcmp(row[3], "1") == 0);
	statement_log = binary_log && strcmp(row[4], "STATEMENT") == 0;
	mysql_free_result(result);
	/* A log of statements is only possible with the stricter level. */
	return my_exec(c, err, "SET SESSION TRANSACTION ISOLATION LEVEL %s",
				   statement_log ? "REPEATABLE READ" : "READ COMMITTED");
}

/* A setting that needs a privilege; without it the writer goes on and says what that means. */
static bool
try_setting(MyConnection *c, const char *sql, const char *consequence, bool *done, SluiceError *err)
{
	*done = my_exec(c, err, "%s", sql);
	if (*done || !my_alive(c))
		return *done;
	log_failure(my_settings(c)->log, LOG_WARNING, consequence, err, NULL);
	sluice_error_clear(err);
	return true;
}

static bool
set_session(MyConnection *c, MySession *session, SluiceError *err)
{
	bool unchecked = false;

	if (!read_server(c, session, err) ||
		!try_setting(c, "SET SESSION foreign_key_checks = 0",
					 "foreign keys are checked at the target: changes are applied in source order,"
					 " which is slower",
					 &unchecked, err))
		return false;
	session->foreign_keys = !unchecked;
	return !my_settings(c)->look_only || my_exec(c, err, "SET SESSION TRANSACTION READ ONLY");
}

bool
my_session_open(MyConnection *c, MySession *session, const TargetSettings *settings,
				SluiceError *err)
{
	const MySettings how = {
		.uri = settings->uri,
		.password = settings->password,
		.role = "target",
		.database_needed = true,
		.go_on = go_on,
		.context = (void *) settings,
	};

	return my_connect(c, &how, err) &&
		   (set_session(c, session, err) || sluice_prefix(err, "preparing the session"));
}
