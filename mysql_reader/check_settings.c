/*
 * check_settings.c - the table of settings (check_settings.h).
 */
#include "check_settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY_SECONDS 86400

#define MYSQL	1u
#define MARIADB 2u
#define BOTH	(MYSQL | MARIADB)

#define OF_REPLICAS 4u /* means nothing where nothing is replicated from another server */

/* A variable, what it should be, and what follows where it is otherwise. */
static const struct Rule
{
	const char *name;
	unsigned servers;
	const char *good; /* values with "|" between; "" is the empty one */
	FindingStatus otherwise;
	const char *why;
	const char *mend_mysql, *mend_mariadb;
} rules[] = {
	{"log_bin", BOTH, "ON", FINDING_FAILED, "the server writes no binary log",
	 "log_bin = binlog in the server's configuration, then restart it",
	 "log_bin = binlog in the server's configuration, then restart it"},
	{"server_id", BOTH, "!0", FINDING_FAILED, "a server without a number gives its log to nobody",
	 "SET PERSIST server_id = 1",
	 "SET GLOBAL server_id = 1, and server_id = 1 in its configuration"},
	{"binlog_format", BOTH, "ROW", FINDING_FAILED,
	 "statements in the place of rows tell a reader nothing",
	 "SET PERSIST binlog_format = 'ROW', then let clients connect anew",
	 "SET GLOBAL binlog_format = 'ROW', the same in its configuration, then let clients connect "
	 "anew"},
	{"binlog_row_image", BOTH, "FULL|FULL_NODUP", FINDING_WARNING,
	 "the log leaves out columns that a change does not touch: a target that lacks a row cannot be "
	 "given it, tables without a key are found by less, and of new rows VIRTUAL columns stay NULL "
	 "where the target does not compute them",
	 "SET PERSIST binlog_row_image = 'FULL'",
	 "SET GLOBAL binlog_row_image = 'FULL', and the same in its configuration"},
	{"binlog_row_metadata", BOTH, "FULL", FINDING_WARNING,
	 "the log does not name columns: they are read from the catalog, and a change of structure "
	 "that "
	 "comes between stops the stream where the two do not agree",
	 "SET PERSIST binlog_row_metadata = 'FULL'",
	 "SET GLOBAL binlog_row_metadata = 'FULL', and the same in its configuration"},
	{"binlog_row_value_options", MYSQL, "", FINDING_WARNING,
	 "changes of JSON documents are logged in part, which can be read only as long as "
	 "binlog_row_image is FULL",
	 "SET PERSIST binlog_row_value_options = ''", NULL},
	{"enforce_gtid_consistency", MYSQL, "ON", FINDING_WARNING,
	 "without GTIDs a stream cannot go on at another server",
	 "SET PERSIST enforce_gtid_consistency = ON", NULL},
	{"binlog_order_commits", MYSQL, "ON", FINDING_WARNING,
	 "rows may show in another order than the log has: a copy without locks is not exact",
	 "SET PERSIST binlog_order_commits = ON", NULL},
	{"log_replica_updates", MYSQL | OF_REPLICAS, "ON", FINDING_WARNING,
	 "what comes to this server by replication is not in its log",
	 "log_replica_updates = ON in the server's configuration, then restart it", NULL},
	{"log_slave_updates", MARIADB | OF_REPLICAS, "ON", FINDING_WARNING,
	 "what comes to this server by replication is not in its log", NULL,
	 "log_slave_updates = ON in the server's configuration, then restart it"},
};

/* Whether a value is among "A|B|C"; "!A": anything else. */
static bool
fits(const char *value, const char *good)
{
	size_t length = strlen(value);

	if (*good == '!')
		return strcmp(value, good + 1) != 0;
	for (const char *at = good;; at++)
	{
		size_t word = strcspn(at, "|");

		if (word == length && strncasecmp(at, value, length) == 0)
			return true;
		at += word;
		if (*at == '\0')
			return false;
	}
}

static unsigned
kind_of(const CheckedServer *server)
{
	return server->flavour == MY_MARIADB ? MARIADB : MYSQL;
}

static void
check_rule(const CheckedServer *server, const struct Rule *rule, Findings *findings)
{
	const char *value = server->variable(server->context, rule->name);
	const char *mend = server->flavour == MY_MARIADB ? rule->mend_mariadb : rule->mend_mysql;

	if (value == NULL || (rule->servers & kind_of(server)) == 0)
		return;
	if (fits(value, rule->good))
		findings_add(findings, FINDING_OK, rule->name, NULL, "is \"%s\"", value);
	else if ((rule->servers & OF_REPLICAS) != 0 && !server->replicates)
		findings_add(findings, FINDING_OK, rule->name, NULL, "is \"%s\": matters on a replica",
					 value);
	else
		findings_add(findings, rule->otherwise, rule->name, mend, "is \"%s\": %s", value,
					 rule->why);
}

/* ---- what is more than a value ---- */

static void
check_version(const CheckedServer *server, Findings *findings)
{
	const char *text = server->variable(server->context, "version");
	const char *comment = server->variable(server->context, "version_comment");
	static const char *const others[] = {"TiDB", "Vitess", "SingleStore", "OceanBase"};

	for (size_t i = 0; text != NULL && i < sizeof(others) / sizeof(others[0]); i++)
	{
		if (strstr(text, others[i]) != NULL ||
			(comment != NULL && strstr(comment, others[i]) != NULL))
		{
			findings_add(findings, FINDING_FAILED, "server", NULL,
						 "%s speaks MySQL's protocol and has no log like MySQL's", others[i]);
			return;
		}
	}
	findings_add(findings, FINDING_OK, "server", NULL, "%s %s",
				 server->flavour == MY_MARIADB ? "MariaDB" : "MySQL", text != NULL ? text : "?");
}

static void
check_gtids(const CheckedServer *server, const StreamSettings *settings, Findings *findings)
{
	const char *mode = server->variable(server->context, "gtid_mode");

	if (settings->position == POSITION_CHOICE_FILE)
		findings_add(findings, FINDING_WARNING, "position", "--position gtid",
					 "by file and offset the stream cannot go on at another server");
	else if (server->flavour == MY_MARIADB || (mode != NULL && strcmp(mode, "ON") == 0))
		findings_add(findings, FINDING_OK, "position", NULL, "by GTID");
	else
		findings_add(
			findings, settings->position == POSITION_CHOICE_GTID ? FINDING_FAILED : FINDING_WARNING,
			"gtid_mode",
			"SET PERSIST enforce_gtid_consistency = ON; SET PERSIST gtid_mode = "
			"OFF_PERMISSIVE; SET PERSIST gtid_mode = ON_PERMISSIVE; SET PERSIST gtid_mode = "
			"ON",
			"is \"%s\": %s", mode != NULL ? mode : "",
			settings->position == POSITION_CHOICE_GTID
				? "there are no GTIDs to go by"
				: "places are told by file and offset, with which a stream cannot go on at "
				  "another server");
}

/* How long the server keeps its log, seconds; 0: for ever, -1: it does not say. */
static int64_t
kept_seconds(const CheckedServer *server)
{
	const char *seconds = server->variable(server->context, "binlog_expire_logs_seconds");
	const char *days = server->variable(server->context, "expire_logs_days");

	if (seconds != NULL && strcmp(seconds, "0") != 0)
		return strtoll(seconds, NULL, 10);
	if (days != NULL)
		return (int64_t) (strtod(days, NULL) * DAY_SECONDS);
	return seconds != NULL ? 0 : -1;
}

static void
check_retention(const CheckedServer *server, Findings *findings)
{
	int64_t kept = kept_seconds(server);

	if (kept < 0)
		return;
	if (kept == 0)
		findings_add(findings, FINDING_OK, "binlog_expire_logs_seconds", NULL,
					 "the log is kept until somebody purges it");
	else if (kept >= DAY_SECONDS)
		findings_add(findings, FINDING_OK, "binlog_expire_logs_seconds", NULL,
					 "the log is kept for %" PRId64 " hours: no stream may stand still for longer",
					 kept / 3600);
	else
		findings_add(findings, FINDING_WARNING, "binlog_expire_logs_seconds",
					 server->flavour == MY_MARIADB
						 ? "SET GLOBAL binlog_expire_logs_seconds = 604800"
						 : "SET PERSIST binlog_expire_logs_seconds = 604800",
					 "the log is kept for %" PRId64
					 " minutes: a stream that stands still for longer must copy its tables anew",
					 kept / 60);
}

static void
check_events(const CheckedServer *server, const StreamSettings *settings, Findings *findings)
{
	const char *packet = server->variable(server->context, "max_allowed_packet");

	if (packet != NULL && strtoull(packet, NULL, 10) > settings->event_maximum)
		findings_add(findings, FINDING_WARNING, "max_allowed_packet", "raise --event-maximum",
					 "the server takes rows of %s bytes, the stream events of at most %zu", packet,
					 settings->event_maximum);
}

void
check_settings(const CheckedServer *server, const StreamSettings *settings, Findings *findings)
{
	check_version(server, findings);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		check_rule(server, &rules[i], findings);
	check_gtids(server, settings, findings);
	check_retention(server, findings);
	check_events(server, settings, findings);
}
