/*
 * database_test.c - steps of a connection's test (database_test.h).
 */
#include "database_test.h"

#include <stdio.h>
#include <string.h>

#include "engine.h"

const char *const database_role_names[DATABASE_ROLES] = {"source", "target"};

/* Those of dialing come first, in their order. */
enum
{
	STEP_PRIVILEGES = DIAL_STEPS,
	STEP_CDC,
	STEPS
};

static const char *const step_names[STEPS] = {
	"dns", "tcp", "tls", "login", "version", "privileges", "cdc",
};

/* Questions behind the login, by role; QUESTIONS: none. */
static const struct RoleStep
{
	int step;
	Question questions[DATABASE_ROLES];
} role_steps[] = {
	{STEP_PRIVILEGES, {ASK_SOURCE_RIGHTS, ASK_TARGET_RIGHTS}},
	{STEP_CDC, {ASK_SOURCE_LOG, QUESTIONS}},
};

typedef struct Testing
{
	json_t *steps;
	int next; /* the first step that is not told of yet */
	bool failed;
} Testing;

static void
tell(Testing *testing, const char *status, double ms, const char *detail, const char *hint)
{
	json_t *took = ms >= 0 ? json_real((double) (int64_t) (ms * 10 + 0.5) / 10) : json_null();

	(void) json_array_append_new(
		testing->steps,
		json_pack("{s:s, s:s, s:o, s:o, s:o}", "step", step_names[testing->next++], "status",
				  status, "ms", took, "detail",
				  database_text(detail != NULL && *detail != '\0' ? detail : NULL), "hint",
				  database_text(hint != NULL && *hint != '\0' ? hint : NULL)));
}

static void
fail_step(Testing *testing, double ms, const char *detail, const char *hint)
{
	tell(testing, "failed", ms, detail, hint);
	testing->failed = true;
}

static void
tell_dial(Testing *testing, const DialReport *report)
{
	for (int i = 0; i < (int) report->at; i++)
		tell(testing, "ok", report->ms[i], report->detail[i], NULL);
}

/* Rows of checks: the first that failed is the step's, else all details are. */
static void
tell_rows(Testing *testing, const Rows *rows, double ms)
{
	char all[600] = "";
	size_t length = 0;

	for (size_t i = 0; i < rows->rows; i++)
	{
		const char *detail = rows_text(rows, i, 2);

		if (strcmp(rows_text(rows, i, 1), "failed") == 0)
		{
			fail_step(testing, ms, detail, rows_text(rows, i, 3));
			return;
		}
		if (length < sizeof(all))
			length += (size_t) snprintf(all + length, sizeof(all) - length, "%s%s",
										i > 0 ? "; " : "", detail);
	}
	tell(testing, "ok", ms, all, NULL);
}

static void
ask_step(Testing *testing, Database *database, Question question)
{
	const char *sql = database_engine(database)->questions[question];
	double began = database_clock();
	SluiceError err = {0};
	Rows rows;

	if (!database_ask(database, &rows, QUERY_MS, NULL, 0, sql, &err))
	{
		fail_step(testing, database_clock() - began, err.message, err.hint);
		return;
	}
	tell_rows(testing, &rows, database_clock() - began);
	rows_free(&rows);
}

static void
ask_steps(Testing *testing, Database *database, DatabaseRole role)
{
	for (size_t i = 0; !testing->failed && i < sizeof(role_steps) / sizeof(role_steps[0]); i++)
	{
		Question question = role_steps[i].questions[role];

		if (question == QUESTIONS)
			tell(testing, "skipped", -1, "matters at a source", NULL);
		else
			ask_step(testing, database, question);
	}
}

json_t *
database_test(Databases *databases, const DatabaseSettings *settings, DatabaseRole role)
{
	Testing testing = {.steps = json_array()};
	SluiceError err = {0};
	DialReport report;
	Database *database = database_open(databases, settings, &report, &err);
	json_t *version = json_null();

	tell_dial(&testing, &report);
	if (database != NULL)
	{
		version = database_text(database_version_text(database));
		ask_steps(&testing, database, role);
	}
	else
		fail_step(&testing, report.ms[report.at], err.message, err.hint);
	database_close(database);
	while (testing.next < STEPS)
		tell(&testing, "skipped", -1, NULL, NULL);
	return json_pack("{s:b, s:o, s:o}", "ok", !testing.failed, "server_version", version, "steps",
					 testing.steps);
}
