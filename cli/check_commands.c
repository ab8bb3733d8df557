/*
 * check_commands.c - what is looked at before a stream runs: pre-flight checks, and the types that columns become.
 */
#include <string.h>

#include "api.h"
#include "handlers.h"
#include "stream_document.h"
#include "text.h"

static const Column check_columns[] = {{"status", "status", COLUMN_STATE},
									   {"group", "group", COLUMN_TEXT},
									   {"id", "id", COLUMN_TEXT},
									   {"title", "title", COLUMN_TEXT},
									   {"found", "found", COLUMN_TEXT},
									   {"why", "why", COLUMN_TEXT},
									   {"fix", "fix", COLUMN_TEXT},
									   {"table", "table", COLUMN_TEXT},
									   {0}};
static const Listing checks = {.columns = check_columns, .id = "id"};

static const Column type_columns[] = {{"target", "target", COLUMN_TEXT},
									  {"table", "table", COLUMN_TEXT},
									  {"column", "name", COLUMN_TEXT},
									  {"source_type", "source_type", COLUMN_TEXT},
									  {"target_type", "target_type", COLUMN_TEXT},
									  {"fidelity", "fidelity", COLUMN_STATE},
									  {"policy", "policy", COLUMN_TEXT},
									  {"reason", "reason", COLUMN_TEXT},
									  {0}};
static const Listing types = {.columns = type_columns, .id = "name", .empty = "no columns"};

/* What is asked about: a stream that is there, or a document of -f. */
static int
ask(Cli *cli, const char *path, json_t **answer)
{
	static Url url;
	const char *file = arguments_text(&cli->arguments, "file");
	const char *name = arguments_word(&cli->arguments, 0);
	char id[API_ID_MAXIMUM];
	SluiceError err = {0};
	json_t *body = NULL;
	int status = STATUS_OK;

	*answer = NULL;
	if ((file == NULL) == (name == NULL))
	{
		(void) sluice_fail(&err, SLUICE_ERROR_ARGUMENT,
						   "either a stream is named, or -f FILE has one");
		return cli_fail(cli, &err);
	}
	if (file != NULL && (body = stream_document_read(file, false, &err)) == NULL)
		return cli_fail(cli, &err);
	if (name != NULL)
	{
		status = api_id(cli, API_STREAM, name, id);
		body = json_pack("{s:s}", "stream_id", status == STATUS_OK ? id : "");
	}
	url_begin(&url, path);
	if (status == STATUS_OK)
		status = api_post(cli, &url, body, answer);
	json_decref(body);
	return status;
}

/* ---- checks ---- */

static void
put_line(FILE *out, const char *label, const char *text)
{
	if (*text == '\0')
		return;
	(void) fputs(label, out);
	text_put(out, text);
	(void) fputc('\n', out);
}

static void
put_check(const Cli *cli, const json_t *check)
{
	const Screen *screen = &cli->terminal.out;
	const char *status = api_text(check, "status");
	bool good = strcmp(status, "pass") == 0;

	(void) fprintf(screen->file, "%s%-4s%s  ", screen_color(screen, color_of_state(status)), status,
				   screen_color(screen, COLOR_PLAIN));
	text_put(screen->file, api_text(check, "group"));
	(void) fputs(": ", screen->file);
	put_line(screen->file, "", api_text(check, "title"));
	put_line(screen->file, "      table: ", good ? "" : api_text(check, "table"));
	put_line(screen->file, "      found: ", api_text(check, "found"));
	put_line(screen->file, "      why:   ", good ? "" : api_text(check, "why"));
	put_line(screen->file, "      fix:   ", good ? "" : api_text(check, "fix"));
}

/* How many checks have a status. */
static size_t
count_of(const json_t *all, const char *status)
{
	size_t index, count = 0;
	json_t *check;

	json_array_foreach(all, index, check) count += strcmp(api_text(check, "status"), status) == 0;
	return count;
}

static int
show(Cli *cli, json_t *answer)
{
	json_t *all = json_object_get(answer, "checks"), *check;
	size_t index;

	if (cli->output.format == OUTPUT_JSON)
		return cli_document(cli, "ok", answer);
	if (cli->output.format != OUTPUT_TABLE || cli->output.quiet || cli->output.columns != NULL)
		return cli_list(cli, &checks, all);
	json_array_foreach(all, index, check) put_check(cli, check);
	return STATUS_OK;
}

int
check_stream(Cli *cli)
{
	json_t *answer;
	int status = ask(cli, "/streams/validate", &answer);

	if (status == STATUS_OK)
		status = show(cli, answer);
	if (status == STATUS_OK)
	{
		const json_t *all = json_object_get(answer, "checks");
		size_t failed = count_of(all, "fail"), warned = count_of(all, "warn");

		cli_say(cli, "%zu of %zu checks passed, %zu warning%s, %zu failed", count_of(all, "pass"),
				json_array_size(all), warned, warned == 1 ? "" : "s", failed);
		if (failed > 0 || !json_is_true(json_object_get(answer, "ok")))
			status = STATUS_CHECK;
	}
	json_decref(answer);
	return status;
}

/* ---- types ---- */

/* A row for each column of each table of each target. */
static void
add_columns(json_t *rows, const char *target, const json_t *table)
{
	char name[600];
	size_t index;
	json_t *column;

	(void) snprintf(name, sizeof(name), "%s.%s", api_text(table, "schema"),
					api_text(table, "name"));
	json_array_foreach(json_object_get(table, "columns"), index, column)
	{
		json_t *row = json_copy(column);

		json_object_set_new(row, "target", json_string(target));
		json_object_set_new(row, "table", json_string(name));
		json_array_append_new(rows, row);
	}
}

int
types_stream(Cli *cli)
{
	json_t *answer, *rows = json_array(), *target, *table, *pattern;
	size_t index, at;
	int status = ask(cli, "/streams/type-map", &answer);

	json_array_foreach(json_object_get(answer, "targets"), index, target)
		json_array_foreach(json_object_get(target, "tables"), at, table)
			add_columns(rows, api_text(target, "name"), table);
	json_array_foreach(json_object_get(answer, "unmatched"), index, pattern)
		cli_say(cli, "no table fits %s", json_string_value(pattern));
	if (status == STATUS_OK)
		status = cli->output.format == OUTPUT_JSON ? cli_document(cli, "name", answer)
												   : cli_list(cli, &types, rows);
	json_decref(answer);
	json_decref(rows);
	return status;
}
