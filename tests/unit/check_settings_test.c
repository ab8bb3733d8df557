/*
 * check_settings_test.c - what --check says of settings and grants, without a server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mysql_reader/check_settings.h"
#include "mysql_reader/grants.h"

/* A server's variables: name, value, ... NULL. */
static const char *
find(void *context, const char *name)
{
	for (const char *const *at = context; *at != NULL; at += 2)
	{
		if (strcmp(at[0], name) == 0)
			return at[1];
	}
	return NULL;
}

static Findings
check(MyFlavour flavour, const char *const *variables, PositionChoice position, bool replicates)
{
	const StreamSettings settings = {.position = position, .event_maximum = 1 << 20};
	const CheckedServer server = {.flavour = flavour,
								  .replicates = replicates,
								  .variable = find,
								  .context = (void *) variables};
	Findings findings = {0};

	check_settings(&server, &settings, &findings);
	return findings;
}

static const Finding *
finding_of(const Findings *findings, const char *name)
{
	for (size_t i = 0; i < findings->count; i++)
	{
		if (strcmp(findings->list[i].check, name) == 0)
			return &findings->list[i];
	}
	fail_msg("nothing is said of %s", name);
	return NULL;
}

/* One variable, and what is said of it. */
static void
values_are_judged(void **state)
{
	static const struct
	{
		MyFlavour flavour;
		const char *name, *value;
		FindingStatus status;
		const char *hint;
	} cases[] = {
		{MY_MYSQL, "log_bin", "ON", FINDING_OK, ""},
		{MY_MYSQL, "log_bin", "OFF", FINDING_FAILED, "restart"},
		{MY_MYSQL, "server_id", "7", FINDING_OK, ""},
		{MY_MYSQL, "server_id", "0", FINDING_FAILED, "SET PERSIST server_id = 1"},
		{MY_MYSQL, "binlog_format", "ROW", FINDING_OK, ""},
		{MY_MARIADB, "binlog_format", "MIXED", FINDING_FAILED, "SET GLOBAL binlog_format = 'ROW'"},
		{MY_MYSQL, "binlog_row_image", "full", FINDING_OK, ""},
		{MY_MARIADB, "binlog_row_image", "FULL_NODUP", FINDING_OK, ""},
		{MY_MYSQL, "binlog_row_image", "MINIMAL", FINDING_WARNING, "SET PERSIST"},
		{MY_MARIADB, "binlog_row_metadata", "NO_LOG", FINDING_WARNING,
		 "SET GLOBAL binlog_row_metadata = 'FULL'"},
		{MY_MYSQL, "binlog_row_value_options", "", FINDING_OK, ""},
		{MY_MYSQL, "binlog_row_value_options", "PARTIAL_JSON", FINDING_WARNING, "''"},
		{MY_MYSQL, "log_replica_updates", "OFF", FINDING_WARNING, "restart"},
		{MY_MYSQL, "binlog_expire_logs_seconds", "2592000", FINDING_OK, ""},
		{MY_MYSQL, "binlog_expire_logs_seconds", "600", FINDING_WARNING, "604800"},
		{MY_MYSQL, "binlog_expire_logs_seconds", "0", FINDING_OK, ""},
		{MY_MYSQL, "max_allowed_packet", "1073741824", FINDING_WARNING, "--event-maximum"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *variables[] = {cases[i].name, cases[i].value, NULL};
		Findings findings = check(cases[i].flavour, variables, POSITION_CHOICE_AUTO, true);
		const Finding *finding = finding_of(&findings, cases[i].name);

		if (finding->status != cases[i].status || strstr(finding->hint, cases[i].hint) == NULL)
			fail_msg("%s = %s: %s, %s", cases[i].name, cases[i].value,
					 finding_status_name(finding->status), finding->hint);
		findings_free(&findings);
	}
}

/* What is replicated to a server concerns replicas alone. */
static void
updates_of_replicas_concern_replicas(void **state)
{
	const char *off[] = {"log_slave_updates", "OFF", NULL};
	Findings findings;

	(void) state;
	for (int replicates = 0; replicates < 2; replicates++)
	{
		findings = check(MY_MARIADB, off, POSITION_CHOICE_AUTO, replicates);
		assert_int_equal(finding_of(&findings, "log_slave_updates")->status,
						 replicates ? FINDING_WARNING : FINDING_OK);
		findings_free(&findings);
	}
}

/* Without GTIDs a stream may go by files, unless it was told otherwise. */
static void
gtids_are_asked_for_as_chosen(void **state)
{
	const char *off[] = {"gtid_mode", "OFF", NULL}, *on[] = {"gtid_mode", "ON", NULL};
	const char *none[] = {NULL};
	Findings findings;

	(void) state;
	findings = check(MY_MYSQL, off, POSITION_CHOICE_AUTO, true);
	assert_int_equal(finding_of(&findings, "gtid_mode")->status, FINDING_WARNING);
	findings_free(&findings);
	findings = check(MY_MYSQL, off, POSITION_CHOICE_GTID, true);
	assert_int_equal(finding_of(&findings, "gtid_mode")->status, FINDING_FAILED);
	findings_free(&findings);
	findings = check(MY_MYSQL, on, POSITION_CHOICE_GTID, true);
	assert_int_equal(finding_of(&findings, "position")->status, FINDING_OK);
	findings_free(&findings);
	findings = check(MY_MARIADB, none, POSITION_CHOICE_GTID, true);
	assert_int_equal(finding_of(&findings, "position")->status, FINDING_OK);
	findings_free(&findings);
	findings = check(MY_MARIADB, none, POSITION_CHOICE_FILE, true);
	assert_int_equal(finding_of(&findings, "position")->status, FINDING_WARNING);
	findings_free(&findings);
}

static void
other_products_are_told(void **state)
{
	const char *variables[] = {"version", "8.0.11-TiDB-v7.5.0", NULL};
	Findings findings = check(MY_MYSQL, variables, POSITION_CHOICE_AUTO, true);

	(void) state;
	assert_int_equal(finding_of(&findings, "server")->status, FINDING_FAILED);
	assert_int_equal(findings_worst(&findings), FINDING_FAILED);
	findings_free(&findings);
}

static void
grants_are_read(void **state)
{
	static const struct
	{
		const char *row, *privilege;
		bool granted;
	} cases[] = {
		{"GRANT REPLICATION SLAVE ON *.* TO `u`@`%`", "REPLICATION SLAVE", true},
		{"GRANT SELECT, RELOAD, REPLICATION CLIENT ON *.* TO `u`@`%`", "REPLICATION CLIENT", true},
		{"GRANT SELECT, RELOAD ON *.* TO `u`@`%`", "SELECT", true},
		{"GRANT SELECT, RELOAD ON *.* TO `u`@`%`", "LOAD", false},
		{"GRANT BACKUP_ADMIN,FLUSH_TABLES ON *.* TO `u`@`%`", "FLUSH_TABLES", true},
		{"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION", "RELOAD", true},
		{"GRANT ALL PRIVILEGES ON `db`.* TO `u`@`%`", "RELOAD", false},
		{"GRANT `RELOAD` ON *.* TO `u`@`%`", "RELOAD", false},
		{"GRANT `role`@`%` TO `u`@`%`", "RELOAD", false},
		{"REVOKE RELOAD ON *.* FROM `u`@`%`", "RELOAD", false},
		{"", "RELOAD", false},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (grants_everywhere(cases[i].row, cases[i].privilege) != cases[i].granted)
			fail_msg("%s: %s", cases[i].row, cases[i].privilege);
	}
}

static void
findings_are_printed(void **state)
{
	Findings findings = {0};
	char *text = NULL;
	size_t length;
	FILE *out;
	SluiceError err;

	(void) state;
	findings_add(&findings, FINDING_OK, "log_bin", NULL, "is \"%s\"", "ON");
	findings_add(&findings, FINDING_WARNING, "keys", "ALTER TABLE", "none");
	assert_int_equal(findings_worst(&findings), FINDING_WARNING);
	out = open_memstream(&text, &length);
	assert_true(findings_print(&findings, true, out, &err));
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "\"detail\": \"is \\\"ON\\\"\""));
	assert_non_null(strstr(text, "\"hint\": null"));
	free(text);
	out = open_memstream(&text, &length);
	assert_true(findings_print(&findings, false, out, &err));
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "warning  keys"));
	assert_non_null(strstr(text, "ALTER TABLE\n"));
	free(text);
	findings_free(&findings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(updates_of_replicas_concern_replicas),
		cmocka_unit_test(values_are_judged),
		cmocka_unit_test(gtids_are_asked_for_as_chosen),
		cmocka_unit_test(other_products_are_told),
		cmocka_unit_test(grants_are_read),
		cmocka_unit_test(findings_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
