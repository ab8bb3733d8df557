/*
 * check_command.c - connecting and the server's settings (check_command.h).
 */
#include "check_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check_internal.h"
#include "check_settings.h"
#include "grants.h"

#define CLOCK_SECONDS  5	 /* of difference that are nobody's concern */
#define REPLICAS_SINCE 80022 /* servers are not called slaves any more */

/* ---- variables ---- */

/* A CheckedServer's. */
static const char *
find_variable(void *context, const char *name)
{
	MYSQL_RES *variables = context;
	MYSQL_ROW row;

	mysql_data_seek(variables, 0);
	while ((row = mysql_fetch_row(variables)) != NULL)
	{
		if (strcasecmp(row[0], name) == 0)
			return row[1];
	}
	return NULL;
}

/* Of MariaDB's replicas a user without rights sees only how far they are. */
static bool
replicates(Checker *checker, MYSQL_RES *variables)
{
	const char *reached = find_variable(variables, "gtid_slave_pos");
	SluiceError ignored;
	MYSQL_RES *status;
	bool some;

	if (checker->c.flavour == MY_MARIADB)
		return reached != NULL && reached[0] != '\0';
	if (!my_query(&checker->c, &status, &ignored, "%s",
				  checker->c.version >= REPLICAS_SINCE ? "SHOW REPLICA STATUS"
													   : "SHOW SLAVE STATUS"))
		return true;
	some = mysql_num_rows(status) > 0;
	mysql_free_result(status);
	return some;
}

static void
check_variables(Checker *checker)
{
	SluiceError err = {0};
	MYSQL_RES *variables;

	if (!my_query(&checker->c, &variables, &err, "SHOW GLOBAL VARIABLES"))
	{
		findings_add_error(checker->findings, FINDING_FAILED, "settings", &err);
		return;
	}
	check_settings(&(CheckedServer){.flavour = checker->c.flavour,
									.version = checker->c.version,
									.replicates = replicates(checker, variables),
									.variable = find_variable,
									.context = variables},
				   checker->settings, checker->findings);
	mysql_free_result(variables);
}

/* ---- one value ---- */

/* The first column of the first row, or of the second with "name, value"; false for none. */
static bool
ask_text(Checker *checker, const char *sql, unsigned column, char *out, size_t size)
{
	SluiceError ignored;
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool there;

	if (!my_query(&checker->c, &result, &ignored, "%s", sql))
		return false;
	row = mysql_fetch_row(result);
	there = row != NULL && row[column] != NULL;
	if (there)
		(void) snprintf(out, size, "%s", row[column]);
	mysql_free_result(result);
	return there;
}

static void
check_connection(Checker *checker)
{
	const MyUri *uri = &checker->c.uri;
	char cipher[128] = "";

	if (!ask_text(checker, grants_account_query, 0, checker->account, sizeof(checker->account)))
		(void) snprintf(checker->account, sizeof(checker->account), "CURRENT_USER()");
	(void) ask_text(checker, "SHOW SESSION STATUS LIKE 'Ssl_cipher'", 1, cipher, sizeof(cipher));
	if (cipher[0] != '\0' || uri->socket != NULL)
		findings_add(checker->findings, FINDING_OK, "connection", NULL, "as %s, %s",
					 checker->account, uri->socket != NULL ? "by socket" : cipher);
	else
		findings_add(checker->findings, FINDING_WARNING, "connection",
					 "ssl-mode=required in the source's URI, with TLS set up at the server",
					 "as %s, and not encrypted", checker->account);
}

static void
check_clock(Checker *checker)
{
	char text[32];
	long long difference;

	if (!ask_text(checker, "SELECT UNIX_TIMESTAMP()", 0, text, sizeof(text)))
		return;
	difference = strtoll(text, NULL, 10) - (long long) time(NULL);
	if (llabs(difference) > CLOCK_SECONDS)
		findings_add(checker->findings, FINDING_WARNING, "clock", "let both keep time by NTP",
					 "the source's clock and this machine's differ by %lld seconds: figures of lag "
					 "are wrong by that",
					 difference);
}

/* Amazon's servers purge by a setting of their own. */
static void
check_managed(Checker *checker)
{
	char hours[32];

	if (!ask_text(checker,
				  "SELECT COALESCE(value, 0) FROM mysql.rds_configuration"
				  " WHERE name = 'binlog retention hours'",
				  0, hours, sizeof(hours)))
		return;
	if (strtol(hours, NULL, 10) >= 24)
		findings_add(checker->findings, FINDING_OK, "binlog retention hours", NULL,
					 "the log is kept for %s hours", hours);
	else
		findings_add(checker->findings, FINDING_WARNING, "binlog retention hours",
					 "CALL mysql.rds_set_configuration('binlog retention hours', 72)",
					 "the log is purged as soon as the service likes: a stream that stands still "
					 "must copy its tables anew");
}

void
check_command(const StreamSettings *settings, Findings *findings)
{
	const MySettings source = stream_settings_source(settings);
	Checker checker = {.settings = settings, .findings = findings};
	SluiceError err = {0};
	bool connected = my_connect(&checker.c, &source, &err);

	if (connected)
	{
		check_connection(&checker);
		check_variables(&checker);
		check_managed(&checker);
		check_clock(&checker);
		check_rights(&checker);
		check_tables(&checker);
	}
	else
		findings_add_error(findings, FINDING_FAILED, "connection", &err);
	check_nats(&checker, connected);
	my_disconnect(&checker.c);
}
