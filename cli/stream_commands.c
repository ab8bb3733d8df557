/*
 * stream_commands.c - sluice stream: what is there; stream_changes.c makes and changes.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "handlers.h"
#include "problem.h"
#include "wait.h"

static const Column stream_columns[] = {{"name", "name", COLUMN_TEXT},
										{"state", "state", COLUMN_STATE},
										{"mode", "mode", COLUMN_TEXT},
										{"source", "source.connection", COLUMN_TEXT},
										{"targets", "target_connections", COLUMN_TEXT},
										{"tables", "source.tables", COLUMN_TEXT},
										{"tags", "tags", COLUMN_TEXT},
										{"updated", "updated_at", COLUMN_TIME},
										{0}};
static const Listing streams = {
	.columns = stream_columns,
	.id = "id",
	.empty = "no streams; sluice stream create NAME --source CONNECTION --target CONNECTION"};

static const Column revision_columns[] = {{"revision", "revision", COLUMN_TEXT},
										  {"updated", "updated_at", COLUMN_TIME},
										  {"current", "current", COLUMN_TEXT},
										  {0}};
static const Listing revisions = {.columns = revision_columns, .id = "revision"};

/* Puts names beside the connections' ids, for tables; JSON stays as the server gave it. */
static int
add_names(Cli *cli, json_t *items)
{
	static Url url;
	json_t *connections = NULL, *names = json_object(), *item, *target;
	size_t index, at;
	int status;

	url_begin(&url, api_path(API_CONNECTION));
	status = api_list(cli, &url, SIZE_MAX, &connections);
	json_array_foreach(connections, index, item)
		json_object_set(names, api_text(item, "id"), json_object_get(item, "name"));
	json_array_foreach(items, index, item)
	{
		json_t *source = json_object_get(item, "source"), *targets = json_array();

		json_object_set(source, "connection",
						json_object_get(names, api_text(source, "connection_id")));
		json_array_foreach(json_object_get(item, "targets"), at, target)
			json_array_append(targets, json_object_get(names, api_text(target, "connection_id")));
		json_object_set_new(item, "target_connections", targets);
	}
	json_decref(connections);
	json_decref(names);
	return status;
}

int
stream_ls(Cli *cli)
{
	static Url url;
	bool raw = cli->output.quiet || cli->output.format == OUTPUT_JSON ||
			   cli->output.format == OUTPUT_JSONL;
	json_t *items;
	int status;

	url_begin(&url, api_path(API_STREAM));
	url_query(&url, "state", arguments_text(&cli->arguments, "state"));
	url_query(&url, "tag", arguments_text(&cli->arguments, "tag"));
	url_query(&url, "q", arguments_text(&cli->arguments, "query"));
	status = api_list(cli, &url, SIZE_MAX, &items);
	if (status == STATUS_OK && !raw && json_array_size(items) > 0 && cli->output.columns == NULL)
		status = add_names(cli, items);
	if (status == STATUS_OK)
		status = cli_list(cli, &streams, items);
	json_decref(items);
	return status;
}

int
stream_show(Cli *cli)
{
	json_t *document;
	int status = api_find(cli, API_STREAM, arguments_word(&cli->arguments, 0), &document, NULL);

	if (status == STATUS_OK)
		status = cli_document(cli, "id", document);
	json_decref(document);
	return status;
}

/* Whether the server has no such stream any more. */
static int
is_gone(Cli *cli, void *context, bool *done)
{
	Answer answer;
	int status = api_try(cli, "GET", context, NULL, NULL, &answer);

	if (status != STATUS_OK)
		return status;
	*done = answer.status == 404;
	if (!*done && answer.status != 200)
		status = problem_tell(cli, &answer);
	answer_free(&answer);
	return status;
}

int
stream_rm(Cli *cli)
{
	static Url url, below;
	char etag[80];
	json_t *document;
	Answer answer = {0};
	int status = api_find(cli, API_STREAM, arguments_word(&cli->arguments, 0), &document, etag);

	if (status == STATUS_OK)
		status = cli_confirm(cli, "stream", api_text(document, "name"));
	if (status == STATUS_OK)
	{
		url_of(&url, api_path(API_STREAM), api_text(document, "id"), "");
		below = url;
		if (arguments_bool(&cli->arguments, "force"))
			url_query(&url, "force", "true");
		status = api_call(cli, "DELETE", &url, NULL, etag, &answer);
	}
	if (status == STATUS_OK && arguments_bool(&cli->arguments, "wait"))
		status = wait_until(cli, is_gone, &below, "the stream to be gone");
	if (status == STATUS_OK)
		cli_say(cli,
				arguments_bool(&cli->arguments, "wait") ? "stream %s is gone"
														: "stream %s is being removed",
				api_text(document, "name"));
	json_decref(document);
	answer_free(&answer);
	return status;
}

int
stream_clone(Cli *cli)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	json_t *body = json_pack("{s:s}", "name", arguments_word(&cli->arguments, 1)), *made = NULL;
	int status = api_id(cli, API_STREAM, arguments_word(&cli->arguments, 0), id);

	if (status == STATUS_OK)
	{
		url_of(&url, api_path(API_STREAM), id, "/clone");
		status = api_post(cli, &url, body, &made);
	}
	if (status == STATUS_OK)
		status = cli_document(cli, "id", made);
	json_decref(body);
	json_decref(made);
	return status;
}

int
stream_export(Cli *cli)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	json_t *all = json_array(), *one;
	SluiceError err = {0};
	int status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < cli->arguments.count; i++)
	{
		status = api_id(cli, API_STREAM, cli->arguments.words[i], id);
		if (status != STATUS_OK)
			break;
		url_of(&url, api_path(API_STREAM), id, "/export");
		status = api_get(cli, &url, &one);
		if (status == STATUS_OK)
			json_array_append_new(all, one);
	}
	if (status == STATUS_OK &&
		!output_json(&cli->output, json_array_size(all) == 1 ? json_array_get(all, 0) : all,
					 cli->output.format == OUTPUT_JSONL, &err))
		status = cli_fail(cli, &err);
	json_decref(all);
	return status;
}

int
stream_revisions(Cli *cli)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	const char *revision = arguments_word(&cli->arguments, 1);
	json_t *answer = NULL;
	int status = api_id(cli, API_STREAM, arguments_word(&cli->arguments, 0), id);

	if (status != STATUS_OK)
		return status;
	url_of(&url, api_path(API_STREAM), id, "/revisions");
	if (revision != NULL)
		url_segment(&url, revision);
	status = api_get(cli, &url, &answer);
	if (status == STATUS_OK)
		status = revision != NULL ? cli_document(cli, "revision", answer)
								  : cli_list(cli, &revisions, json_object_get(answer, "items"));
	json_decref(answer);
	return status;
}
