/*
 * system_commands.c - whether all is well: what the server says of itself, and what a look from here shows.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "common/control/timestamp.h"
#include "handlers.h"
#include "problem.h"
#include "programs.h"

#define CLOCK_MS 30000 /* clocks may differ by so much */

static const Column dependency_columns[] = {{"name", "name", COLUMN_TEXT},
											{"ok", "ok", COLUMN_TEXT},
											{"latency_ms", "latency_ms", COLUMN_NUMBER},
											{"checked", "checked_at", COLUMN_TIME},
											{"detail", "detail", COLUMN_TEXT},
											{0}};
static const Listing dependencies = {.columns = dependency_columns, .id = "name"};

static const Column finding_columns[] = {{"status", "status", COLUMN_STATE},
										 {"check", "check", COLUMN_TEXT},
										 {"found", "found", COLUMN_TEXT},
										 {"fix", "fix", COLUMN_TEXT},
										 {0}};
static const Listing findings = {.columns = finding_columns, .id = "check"};

int
system_status(Cli *cli)
{
	static Url url;
	json_t *document;
	bool good;
	int status;

	url_begin(&url, "/system/status");
	status = api_get(cli, &url, &document);
	if (status != STATUS_OK)
		return status;
	good = strcmp(api_text(document, "status"), "ok") == 0;
	if (cli->output.format == OUTPUT_JSON)
		status = cli_document(cli, "status", document);
	else
		status = cli_list(cli, &dependencies, json_object_get(document, "dependencies"));
	cli_say(cli, "%s, version %s: %s", cli->target.server, api_text(document, "version"),
			api_text(document, "status"));
	json_decref(document);
	return status == STATUS_OK && !good ? STATUS_CHECK : status;
}

/* ---- doctor ---- */

static void
find(json_t *list, const char *status, const char *check, const char *found, const char *fix)
{
	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?}", "status", status, "check", check,
										  "found", found, "fix", fix));
}

static void
find_error(json_t *list, const char *check, const SluiceError *err)
{
	find(list, "fail", check, err->message, err->hint[0] != '\0' ? err->hint : NULL);
}

static void
look_for_programs(json_t *list)
{
	static const char *const names[] = {"nats-server", "sluice-mysql-reader", "sluice-writer",
										"sluice-control", "sluice-worker"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		char path[PATH_MAX], check[80];
		SluiceError err = {0};

		(void) snprintf(check, sizeof(check), "program %s", names[i]);
		if (program_find(names[i], path, &err))
			find(list, "pass", check, path, NULL);
		else
			find(list, "warn", check, "not on this machine: migrate and dev need it", err.hint);
	}
}

/* The answer of a path, which counts when it is 200; what is wrong is found under `check`. */
static bool
ask(Cli *cli, json_t *list, const char *check, const Url *url, Answer *answer)
{
	SluiceError err = {0};
	Client *client = cli_client(cli, &err);
	char text[200];

	*answer = (Answer){0};
	if (client == NULL || !client_call(client, "GET", url->text, NULL, NULL, answer, &err))
	{
		find_error(list, check, &err);
		return false;
	}
	if (answer->status == 200)
		return true;
	(void) snprintf(text, sizeof(text), "HTTP status %ld %s", answer->status,
					problem_code_of(answer));
	find(list, "fail", check, answer->text != NULL ? answer->text : text,
		 answer->status == 401 ? "give a key: sluice context add, --key-file or SLUICE_API_KEY_FILE"
		 : answer->status == 403 ? "this needs a key with the scope for it"
		 : answer->status == 404 ? "is this the address of a Sluice server?"
								 : NULL);
	answer_free(answer);
	return false;
}

static void
look_at_clock(json_t *list, const json_t *status)
{
	int64_t there = 0, here = timestamp_now();
	char text[100];

	if (!timestamp_parse(api_text(status, "at"), &there))
		return;
	(void) snprintf(text, sizeof(text), "differs from the server's by %lld s",
					(long long) (llabs((long long) (here - there)) / 1000));
	if (llabs((long long) (here - there)) > CLOCK_MS)
		find(list, "warn", "clock", text, "let both keep time: timedatectl set-ntp true");
	else
		find(list, "pass", "clock", text, NULL);
}

static void
look_at_version(json_t *list, const json_t *status)
{
	char text[200];
	bool same = strcmp(api_text(status, "version"), SLUICE_VERSION) == 0;

	(void) snprintf(text, sizeof(text), "the server has %.60s, this is %s",
					api_text(status, "version"), SLUICE_VERSION);
	find(list, same ? "pass" : "warn", "version", text,
		 same ? NULL : "use the same version on both sides");
}

static void
look_at_dependencies(json_t *list, const json_t *status)
{
	size_t index;
	json_t *one;

	json_array_foreach(json_object_get(status, "dependencies"), index, one)
	{
		char check[100];
		bool good = json_is_true(json_object_get(one, "ok"));

		(void) snprintf(check, sizeof(check), "server's %.80s", api_text(one, "name"));
		find(list, good ? "pass" : "fail", check,
			 *api_text(one, "detail") != '\0' ? api_text(one, "detail")
			 : good							  ? "ok"
											  : "not ok",
			 NULL);
	}
}

/* Whether somebody does the work of a role. */
static void
look_for_role(json_t *list, const json_t *workers, const char *role)
{
	size_t index, at, count = 0;
	json_t *worker, *one;
	char check[40], found[60];

	json_array_foreach(workers, index, worker)
		json_array_foreach(json_object_get(worker, "roles"), at, one) count +=
		strcmp(json_string_value(one), role) == 0 &&
		strcmp(api_text(worker, "state"), "active") == 0;
	(void) snprintf(check, sizeof(check), "workers: %s", role);
	(void) snprintf(found, sizeof(found), "%zu active", count);
	find(list, count > 0 ? "pass" : "fail", check, found,
		 count > 0 ? NULL : "start one: sluice-worker --nats URL --token-file FILE");
}

static void
look_at_server(Cli *cli, json_t *list)
{
	static Url url;
	Answer answer;

	url_begin_root(&url, "/livez");
	if (!ask(cli, list, "server", &url, &answer))
		return;
	find(list, "pass", "server", cli->target.server, NULL);
	answer_free(&answer);
	url_begin_root(&url, "/readyz");
	if (ask(cli, list, "server is ready", &url, &answer))
		find(list, "pass", "server is ready", "yes", NULL);
	answer_free(&answer);
	url_begin(&url, "/system/status");
	if (!ask(cli, list, "API key", &url, &answer))
		return;
	find(list, "pass", "API key", "is taken", NULL);
	look_at_version(list, answer.body);
	look_at_clock(list, answer.body);
	look_at_dependencies(list, answer.body);
	answer_free(&answer);
	url_begin(&url, "/workers");
	if (!ask(cli, list, "workers", &url, &answer))
		return;
	look_for_role(list, json_object_get(answer.body, "items"), "reader");
	look_for_role(list, json_object_get(answer.body, "items"), "writer");
	answer_free(&answer);
}

int
system_doctor(Cli *cli)
{
	json_t *list = json_array(), *one;
	size_t index, failed = 0;
	int status;

	look_at_server(cli, list);
	look_for_programs(list);
	json_array_foreach(list, index, one) failed += strcmp(api_text(one, "status"), "fail") == 0;
	status = cli_list(cli, &findings, list);
	json_decref(list);
	return status == STATUS_OK && failed > 0 ? STATUS_CHECK : status;
}
