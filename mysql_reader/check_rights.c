/*
 * check_rights.c - privileges by SHOW GRANTS, and by trying: the log is asked for as a reader does
 * (check_internal.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "check_internal.h"
#include "grants.h"
#include "reader_number.h"
#include "source_log.h"
#include "wire.h"

#define MYSQL	1u
#define MARIADB 2u
#define BOTH	(MYSQL | MARIADB)

#define SILENT_SECONDS 10

static const struct Privilege
{
	const char *name;
	const char *instead; /* another that does as well, or NULL */
	unsigned servers;
	bool of_copies;
	FindingStatus otherwise;
	const char *why;
} privileges[] = {
	{"REPLICATION SLAVE", NULL, BOTH, false, FINDING_FAILED,
	 "the server gives its log to nobody else"},
	{"REPLICATION CLIENT", "SUPER", MYSQL, false, FINDING_FAILED,
	 "the log's end cannot be asked for"},
	{"BINLOG MONITOR", "SUPER", MARIADB, false, FINDING_FAILED,
	 "the log's end cannot be asked for"},
	{"RELOAD", "FLUSH_TABLES", MYSQL, true, FINDING_WARNING,
	 "a copy cannot stop writers for the moment in which several connections begin: it locks its "
	 "tables, or is read by one connection"},
	{"RELOAD", NULL, MARIADB, true, FINDING_WARNING,
	 "a copy cannot stop commits for the moment in which several connections begin: they are tried "
	 "until they meet"},
	{"BACKUP_ADMIN", NULL, MYSQL, true, FINDING_WARNING,
	 "tables that are altered while they are copied are begun anew"},
};

static bool
is_granted(Checker *checker, const char *privilege)
{
	/* Of MySQL's roles only those that are named show what they have. */
	const char *using = checker->c.flavour == MY_MYSQL ? "CURRENT_ROLE()" : "NULL";
	SluiceError ignored;
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool granted = false;
	char roles[512] = "";

	if (my_query(&checker->c, &result, &ignored, "SELECT %s", using))
	{
		row = mysql_fetch_row(result);
		if (row[0] != NULL && strcmp(row[0], "NONE") != 0)
			(void) snprintf(roles, sizeof(roles), " FOR CURRENT_USER() USING %s", row[0]);
		mysql_free_result(result);
	}
	if (!my_query(&checker->c, &result, &ignored, "SHOW GRANTS%s", roles))
		return false;
	while ((row = mysql_fetch_row(result)) != NULL)
		granted |= grants_everywhere(row[0], privilege);
	mysql_free_result(result);
	return granted;
}

static void
check_privileges(Checker *checker)
{
	const unsigned server = checker->c.flavour == MY_MARIADB ? MARIADB : MYSQL;

	for (size_t i = 0; i < sizeof(privileges) / sizeof(privileges[0]); i++)
	{
		const struct Privilege *privilege = &privileges[i];
		char mend[ACCOUNT_SIZE + 64];

		if ((privilege->servers & server) == 0 ||
			(privilege->of_copies && checker->settings->mode == MODE_CDC))
			continue;
		if (is_granted(checker, privilege->name) ||
			(privilege->instead != NULL && is_granted(checker, privilege->instead)))
		{
			findings_add(checker->findings, FINDING_OK, privilege->name, NULL, "granted");
			continue;
		}
		(void) snprintf(mend, sizeof(mend), "GRANT %s ON *.* TO %s", privilege->name,
						checker->account);
		findings_add(checker->findings, privilege->otherwise, privilege->name, mend,
					 "not granted: %s", privilege->why);
	}
}

/* ---- the log ---- */

/* A number that hardly anybody has: the server ends the reader before of the same. */
static bool
open_log(Checker *checker, MyConnection *dump, Wire *wire, const SourceLog *log, SluiceError *err)
{
	MySettings source = stream_settings_source(checker->settings);
	WireStart start = {.flavour = log->flavour, .position = &log->end, .heartbeat = 1};
	uint32_t drawn[2];

	if (getrandom(drawn, sizeof(drawn), 0) != sizeof(drawn))
		return sluice_fail(err, SLUICE_ERROR_IO, "no random number: %m");
	start.server_id = drawn[0] | UINT32_C(0x80000000);
	(void) snprintf(start.uuid, sizeof(start.uuid), "736c7569-6365-4000-8000-0000%08x", drawn[1]);
	source.silent_seconds = SILENT_SECONDS;
	return my_connect(dump, &source, err) && wire_open(wire, dump->mysql, &start, err);
}

static void
check_log(Checker *checker)
{
	MyConnection dump = {0};
	Wire wire = {0};
	SourceLog log;
	SluiceError err = {0};
	const uint8_t *event;
	size_t length;
	bool there = source_log_read(&checker->c, &log, &err);

	if (there && open_log(checker, &dump, &wire, &log, &err) &&
		wire_read(&wire, &event, &length, &err))
		findings_add(checker->findings, FINDING_OK, "binary log", NULL, "can be read, at %s:%llu",
					 log.end.file, (unsigned long long) log.end.offset);
	else
		findings_add_error(checker->findings, FINDING_FAILED, "binary log", &err);
	if (wire.mysql != NULL)
		wire_close(&wire);
	my_disconnect(&dump);
	source_log_free(&log);
}

/* ---- other replicas ---- */

static void
check_number(Checker *checker)
{
	uint32_t number = checker->settings->server_id;
	SluiceError err = {0};

	if (number == 0)
		return;
	if (reader_number_choose(&checker->c, 0, number, &number, &err))
		findings_add(checker->findings, FINDING_OK, "server-id", NULL,
					 "neither the server nor a replica that it tells of has the number %u", number);
	else
		findings_add_error(checker->findings, FINDING_FAILED, "server-id", &err);
}

void
check_rights(Checker *checker)
{
	check_privileges(checker);
	check_log(checker);
	check_number(checker);
}
