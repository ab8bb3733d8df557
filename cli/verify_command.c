/*
 * verify_command.c - sluice verify: has a stream's source and a target compared, and waits for what comes of it.
 */
#include <string.h>

#include "api.h"
#include "handlers.h"
#include "wait.h"

static const Column columns[] = {{"table", "table", COLUMN_TEXT},
								 {"result", "result", COLUMN_STATE},
								 {"source_rows", "source.rows", COLUMN_NUMBER},
								 {"target_rows", "target.rows", COLUMN_NUMBER},
								 {"missing", "missing", COLUMN_NUMBER},
								 {"extra", "extra", COLUMN_NUMBER},
								 {"different", "different", COLUMN_NUMBER},
								 {"error", "error", COLUMN_TEXT},
								 {0}};
static const Listing tables = {.columns = columns, .id = "table"};

typedef struct Verification
{
	Url url;
	json_t *document; /* of now */
} Verification;

/* A WaitLook. */
static int
look(Cli *cli, void *context, bool *done)
{
	Verification *verification = context;
	const char *state;
	int status;

	json_decref(verification->document);
	status = api_get(cli, &verification->url, &verification->document);
	state = api_text(verification->document, "state");
	*done = strcmp(state, "finished") == 0 || strcmp(state, "failed") == 0 ||
			strcmp(state, "canceled") == 0;
	return status;
}

static json_t *
wish_of(const Arguments *arguments)
{
	const char *target = arguments_text(arguments, "target"), *table;
	json_t *wish = json_object(), *list = json_array();

	if (target != NULL)
		json_object_set_new(wish, "target", json_string(target));
	for (size_t i = 0; (table = arguments_each(arguments, "table", i)) != NULL; i++)
		json_array_append_new(list, json_string(table));
	if (json_array_size(list) > 0)
		json_object_set(wish, "tables", list);
	json_decref(list);
	return wish;
}

/* Tells what came of it: tables as a list where there are such, else the document. */
static int
show(Cli *cli, json_t *document)
{
	json_t *list = json_object_get(json_object_get(document, "result"), "tables");
	bool raw = cli->output.format == OUTPUT_JSON || cli->output.format == OUTPUT_JSONL;
	const json_t *error = json_object_get(document, "error");
	bool equal = json_is_true(json_object_get(document, "equal"));
	SluiceError err;
	int status = json_is_array(list) && !raw ? cli_list(cli, &tables, list)
											 : cli_document(cli, "id", document);

	if (status != STATUS_OK)
		return status;
	if (strcmp(api_text(document, "state"), "finished") == 0)
	{
		cli_say(cli, equal ? "source and target are equal" : "source and target are NOT equal");
		return equal ? STATUS_OK : STATUS_CHECK;
	}
	(void) sluice_fail(&err, SLUICE_ERROR_DATA, "the comparison %s%s%s",
					   strcmp(api_text(document, "state"), "failed") == 0 ? "failed"
																		  : "was given up",
					   error != NULL ? ": " : "", api_text(error, "message"));
	if (*api_text(error, "hint") != '\0')
		(void) sluice_hint(&err, "%s", api_text(error, "hint"));
	return cli_fail(cli, &err);
}

int
run_verify(Cli *cli)
{
	static Verification verification;
	static Url url;
	json_t *run = NULL, *begun = NULL, *wish = wish_of(&cli->arguments);
	int status = api_run(cli, arguments_word(&cli->arguments, 0), &run);

	if (status == STATUS_OK)
	{
		url_of(&url, "/runs", api_text(run, "id"), "/verify");
		status = api_post(cli, &url, wish, &begun);
	}
	if (status == STATUS_OK)
	{
		cli_say(cli, "comparing, which may take a while");
		url_of(&verification.url, "/runs", api_text(run, "id"), "/verifications");
		url_segment(&verification.url, api_text(begun, "id"));
		status = wait_until(cli, look, &verification, "the comparison");
	}
	if (status == STATUS_OK)
		status = show(cli, verification.document);
	json_decref(run);
	json_decref(begun);
	json_decref(wish);
	json_decref(verification.document);
	return status;
}
