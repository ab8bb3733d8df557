/*
 * connection_commands.c - sluice connection: databases that streams read and write.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "connection_document.h"
#include "handlers.h"

static const Column list_columns[] = {{"name", "name", COLUMN_TEXT},
									  {"type", "type", COLUMN_TEXT},
									  {"host", "host", COLUMN_TEXT},
									  {"port", "port", COLUMN_TEXT},
									  {"database", "database", COLUMN_TEXT},
									  {"user", "user", COLUMN_TEXT},
									  {"tls", "tls.mode", COLUMN_TEXT},
									  {"tested", "last_test.ok", COLUMN_TEXT},
									  {"version", "last_test.server_version", COLUMN_TEXT},
									  {0}};
static const Listing connections = {
	.columns = list_columns,
	.id = "id",
	.empty = "no connections; sluice connection add NAME postgresql://user@host/database"};

static const Column step_columns[] = {
	{"step", "step", COLUMN_TEXT}, {"status", "status", COLUMN_STATE},
	{"ms", "ms", COLUMN_NUMBER},   {"detail", "detail", COLUMN_TEXT},
	{"hint", "hint", COLUMN_TEXT}, {0}};
static const Listing steps = {.columns = step_columns, .id = "step"};

static const Column table_columns[] = {{"schema", "schema", COLUMN_TEXT},
									   {"name", "name", COLUMN_TEXT},
									   {"kind", "kind", COLUMN_TEXT},
									   {"rows", "rows", COLUMN_NUMBER},
									   {"bytes", "bytes", COLUMN_BYTES},
									   {"primary_key", "has_primary_key", COLUMN_TEXT},
									   {0}};
static const Listing tables = {.columns = table_columns, .id = "name", .empty = "no tables"};

static const Column column_columns[] = {{"name", "name", COLUMN_TEXT},
										{"type", "type", COLUMN_TEXT},
										{"nullable", "nullable", COLUMN_TEXT},
										{"key", "in_primary_key", COLUMN_TEXT},
										{"default", "default", COLUMN_TEXT},
										{"generated", "generated", COLUMN_TEXT},
										{0}};
static const Listing columns = {.columns = column_columns, .id = "name", .empty = "no columns"};

static const Column database_columns[] = {{"name", "name", COLUMN_TEXT}, {0}};
static const Listing databases = {
	.columns = database_columns, .id = "name", .empty = "no databases"};

int
connection_ls(Cli *cli)
{
	static Url url;
	json_t *items;
	int status;

	url_begin(&url, api_path(API_CONNECTION));
	status = api_list(cli, &url, SIZE_MAX, &items);
	if (status == STATUS_OK)
		status = cli_list(cli, &connections, items);
	json_decref(items);
	return status;
}

int
connection_show(Cli *cli)
{
	json_t *document;
	int status = api_find(cli, API_CONNECTION, arguments_word(&cli->arguments, 0), &document, NULL);

	if (status == STATUS_OK)
		status = cli_document(cli, "id", document);
	json_decref(document);
	return status;
}

int
connection_add(Cli *cli)
{
	static Url url;
	SluiceError err = {0};
	json_t *body = connection_document_new(&cli->arguments, &err), *document = NULL;
	int status;

	if (body == NULL)
		return cli_fail(cli, &err);
	url_begin(&url, api_path(API_CONNECTION));
	status = api_post(cli, &url, body, &document);
	connection_document_free(body);
	if (status == STATUS_OK)
	{
		cli_say(cli, "connection %s is there; sluice connection test %s tries it",
				api_text(document, "name"), api_text(document, "name"));
		status = cli_document(cli, "id", document);
	}
	json_decref(document);
	return status;
}

int
connection_edit(Cli *cli)
{
	static Url url;
	SluiceError err = {0};
	char etag[80];
	json_t *document = NULL, *body = connection_document_changes(&cli->arguments, &err);
	Answer answer = {0};
	int status;

	if (body == NULL)
		return cli_fail(cli, &err);
	status = api_find(cli, API_CONNECTION, arguments_word(&cli->arguments, 0), &document, etag);
	if (status == STATUS_OK)
	{
		url_of(&url, api_path(API_CONNECTION), api_text(document, "id"), "");
		status = api_call(cli, "PATCH", &url, body, etag, &answer);
	}
	if (status == STATUS_OK)
		status = cli_document(cli, "id", answer.body);
	connection_document_free(body);
	json_decref(document);
	answer_free(&answer);
	return status;
}

int
connection_rm(Cli *cli)
{
	static Url url;
	char etag[80];
	json_t *document;
	Answer answer = {0};
	int status = api_find(cli, API_CONNECTION, arguments_word(&cli->arguments, 0), &document, etag);

	if (status == STATUS_OK)
		status = cli_confirm(cli, "connection", api_text(document, "name"));
	if (status == STATUS_OK)
	{
		url_of(&url, api_path(API_CONNECTION), api_text(document, "id"), "");
		status = api_call(cli, "DELETE", &url, NULL, etag, &answer);
	}
	if (status == STATUS_OK)
		cli_say(cli, "removed connection %s", api_text(document, "name"));
	json_decref(document);
	answer_free(&answer);
	return status;
}

/*
 * Of a test without --role, which asks as for a target: what counts is connecting.  What only matters in a role is told
 * as that, and fails nothing.
 */
static void
judge_connecting(json_t *result)
{
	static const char *const of_roles[] = {"privileges", "cdc"};
	size_t index;
	json_t *step;
	bool good = true;

	json_array_foreach(json_object_get(result, "steps"), index, step)
	{
		bool of_role = false, failed = strcmp(api_text(step, "status"), "failed") == 0;

		for (size_t i = 0; i < sizeof(of_roles) / sizeof(of_roles[0]); i++)
			of_role |= strcmp(api_text(step, "step"), of_roles[i]) == 0;
		good &= of_role || !failed;
		if (!of_role || !failed)
			continue;
		json_object_set_new(step, "status", json_string("skipped"));
		json_object_set_new(step, "detail",
							json_sprintf("only matters at a target: %s", api_text(step, "detail")));
	}
	json_array_foreach(json_object_get(result, "steps"), index, step)
	{
		if (good && strcmp(api_text(step, "step"), "cdc") == 0)
			json_object_set_new(step, "detail", json_string("only matters at a source"));
	}
	json_object_set_new(result, "ok", json_boolean(good));
}

int
connection_test(Cli *cli)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	const char *role = arguments_text(&cli->arguments, "role");
	json_t *body = json_pack("{s:s}", "role", role != NULL ? role : "target"), *result = NULL;
	int status = api_id(cli, API_CONNECTION, arguments_word(&cli->arguments, 0), id);

	if (status == STATUS_OK)
	{
		url_of(&url, api_path(API_CONNECTION), id, "/test");
		status = api_post(cli, &url, body, &result);
	}
	if (status == STATUS_OK && role == NULL)
		judge_connecting(result);
	if (status == STATUS_OK)
	{
		status = cli->output.format == OUTPUT_JSON
					 ? cli_document(cli, "ok", result)
					 : cli_list(cli, &steps, json_object_get(result, "steps"));
		if (status == STATUS_OK && !json_is_true(json_object_get(result, "ok")))
			status = STATUS_CHECK;
		else if (status == STATUS_OK && role == NULL)
			cli_say(cli, "it can be reached; --role source, --role target look what each needs");
	}
	json_decref(body);
	json_decref(result);
	return status;
}

/* A list below a connection; NAME is the first argument. */
static int
list_below(Cli *cli, const char *rest, const Listing *listing)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	json_t *items = NULL;
	int status = api_id(cli, API_CONNECTION, arguments_word(&cli->arguments, 0), id);

	if (status != STATUS_OK)
		return status;
	url_of(&url, api_path(API_CONNECTION), id, rest);
	url_query(&url, "database", arguments_text(&cli->arguments, "database"));
	if (listing == &tables)
	{
		url_query(&url, "schema", arguments_text(&cli->arguments, "schema"));
		url_query(&url, "q", arguments_text(&cli->arguments, "query"));
	}
	status = api_list(cli, &url, SIZE_MAX, &items);
	if (status == STATUS_OK)
		status = cli_list(cli, listing, items);
	json_decref(items);
	return status;
}

int
connection_tables(Cli *cli)
{
	return list_below(cli, "/tables", &tables);
}

int
connection_databases(Cli *cli)
{
	return list_below(cli, "/databases", &databases);
}

int
connection_columns(Cli *cli)
{
	static Url url;
	const char *schema = arguments_text(&cli->arguments, "schema");
	json_t *connection, *answer = NULL;
	int status =
		api_find(cli, API_CONNECTION, arguments_word(&cli->arguments, 0), &connection, NULL);

	if (status != STATUS_OK)
		return status;
	/* Where a name without a schema is looked for there. */
	if (schema == NULL)
		schema = strcmp(api_text(connection, "type"), "postgresql") == 0
					 ? "public"
					 : api_text(connection, "database");
	url_of(&url, api_path(API_CONNECTION), api_text(connection, "id"), "/tables");
	url_segment(&url, arguments_word(&cli->arguments, 1));
	url_segment(&url, "columns");
	url_query(&url, "schema", schema);
	url_query(&url, "database", arguments_text(&cli->arguments, "database"));
	status = api_get(cli, &url, &answer);
	if (status == STATUS_OK)
		status = cli_list(cli, &columns, json_object_get(answer, "items"));
	json_decref(connection);
	json_decref(answer);
	return status;
}
