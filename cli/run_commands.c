/*
 * run_commands.c - starting, pausing, resuming and stopping streams, and what their runs did.
 */
#include <string.h>

#include "api.h"
#include "handlers.h"
#include "problem.h"
#include "watch.h"

static const Column table_columns[] = {
	{"table", "table", COLUMN_TEXT},		 {"state", "state", COLUMN_STATE},
	{"rows", "copied_rows", COLUMN_NUMBER},	 {"estimate", "estimated_rows", COLUMN_NUMBER},
	{"bytes", "copied_bytes", COLUMN_BYTES}, {"inserts", "inserts", COLUMN_NUMBER},
	{"updates", "updates", COLUMN_NUMBER},	 {"deletes", "deletes", COLUMN_NUMBER},
	{"error", "error", COLUMN_TEXT},		 {0}};
static const Listing tables = {
	.columns = table_columns, .id = "table", .empty = "nothing was told of tables yet"};

static const Column error_columns[] = {
	{"time", "ts", COLUMN_TIME},		{"job", "data.job", COLUMN_TEXT},
	{"code", "data.code", COLUMN_TEXT}, {"message", "data.message", COLUMN_TEXT},
	{"hint", "data.hint", COLUMN_TEXT}, {0}};
static const Listing errors = {.columns = error_columns, .id = "seq", .empty = "no errors"};

/* What a command waits for when --wait or --watch says so. */
static int
follow(Cli *cli, json_t *run, WatchUntil until)
{
	if (arguments_bool(&cli->arguments, "watch"))
		return watch_run(cli, run, UNTIL_ENDED);
	if (arguments_bool(&cli->arguments, "wait"))
		return watch_run(cli, run, until);
	return cli_document(cli, "id", run);
}

/* A refused start: with what to do about a run that is there. */
static int
tell_refused(const Cli *cli, const char *stream, const Answer *answer)
{
	int status = problem_tell(cli, answer);

	if (*api_text(answer->body, "run_id") != '\0')
		cli_say(cli, "  sluice stop %s ends it, sluice resume %s goes on with it", stream, stream);
	return status;
}

int
run_start(Cli *cli)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	const char *stream = arguments_word(&cli->arguments, 0);
	Answer answer = {0};
	SluiceError err;
	json_t *run;
	bool copies;
	int status = api_id(cli, API_STREAM, stream, id);

	if (status == STATUS_OK)
	{
		url_of(&url, api_path(API_STREAM), id, "/runs");
		status = api_try(cli, "POST", &url, NULL, NULL, &answer);
	}
	if (status == STATUS_OK && (answer.status < 200 || answer.status >= 300))
		status = tell_refused(cli, stream, &answer);
	run = answer.body;
	if (status == STATUS_OK && run == NULL)
	{
		(void) sluice_fail(&err, SLUICE_ERROR_CORRUPT, "%s answers without a run",
						   cli->target.server);
		status = cli_fail(cli, &err);
	}
	copies = strcmp(api_text(run, "mode"), "convert") == 0;
	if (status == STATUS_OK)
		status = follow(cli, run, copies ? UNTIL_FINISHED : UNTIL_STREAMING);
	answer_free(&answer);
	return status;
}

/* A command of a run: POST /runs/<id>/<verb>. */
static int
command(Cli *cli, const char *verb, WatchUntil until)
{
	static Url url;
	json_t *run = NULL, *changed = NULL;
	int status = api_run(cli, arguments_word(&cli->arguments, 0), &run);

	if (status == STATUS_OK)
	{
		url_of(&url, "/runs", api_text(run, "id"), verb);
		status = api_post(cli, &url, NULL, &changed);
	}
	if (status == STATUS_OK)
		status = follow(cli, changed, until);
	json_decref(run);
	json_decref(changed);
	return status;
}

int
run_pause(Cli *cli)
{
	return command(cli, "/pause", UNTIL_PAUSED);
}

int
run_resume(Cli *cli)
{
	return command(cli, "/resume", UNTIL_STREAMING);
}

int
run_stop(Cli *cli)
{
	return command(cli, arguments_bool(&cli->arguments, "now") ? "/cancel" : "/stop",
				   UNTIL_STOPPED);
}

int
run_ls(Cli *cli)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	const char *stream = arguments_word(&cli->arguments, 0);
	json_t *items = NULL;
	int status = stream != NULL ? api_id(cli, API_STREAM, stream, id) : STATUS_OK;

	if (status != STATUS_OK)
		return status;
	url_begin(&url, "/runs");
	url_query(&url, "stream_id", stream != NULL ? id : NULL);
	url_query(&url, "state", arguments_text(&cli->arguments, "state"));
	status = api_list(cli, &url, SIZE_MAX, &items);
	if (status == STATUS_OK)
		status = cli_list(cli, &watch_runs, items);
	json_decref(items);
	return status;
}

int
run_show(Cli *cli)
{
	json_t *run = NULL;
	int status = api_run(cli, arguments_word(&cli->arguments, 0), &run);

	if (status == STATUS_OK)
		status = cli_document(cli, "id", run);
	json_decref(run);
	return status;
}

int
run_watch(Cli *cli)
{
	json_t *run = NULL;
	int until = arguments_choice(&cli->arguments, "until");
	int status = api_run(cli, arguments_word(&cli->arguments, 0), &run);

	if (status == STATUS_OK)
		status = watch_run(cli, run, until < 0 ? UNTIL_ENDED : (WatchUntil) (until + 1));
	json_decref(run);
	return status;
}

/* A list below the run that the first argument means. */
static int
list_below(Cli *cli, const char *rest, const Listing *listing)
{
	static Url url;
	json_t *run = NULL, *items = NULL;
	int status = api_run(cli, arguments_word(&cli->arguments, 0), &run);

	if (status == STATUS_OK)
	{
		url_of(&url, "/runs", api_text(run, "id"), rest);
		if (listing == &tables)
		{
			url_query(&url, "state", arguments_text(&cli->arguments, "state"));
			url_query(&url, "q", arguments_text(&cli->arguments, "query"));
		}
		status = api_list(cli, &url, SIZE_MAX, &items);
	}
	if (status == STATUS_OK)
		status = cli_list(cli, listing, items);
	json_decref(run);
	json_decref(items);
	return status;
}

int
run_tables(Cli *cli)
{
	return list_below(cli, "/tables", &tables);
}

int
run_errors(Cli *cli)
{
	return list_below(cli, "/errors", &errors);
}
