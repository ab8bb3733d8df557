/*
 * account_commands.c - workers, usage and quota, API keys, alerts, the audit log.
 */
#include <string.h>

#include "api.h"
#include "handlers.h"
#include "options_document.h"
#include "secret.h"
#include "stream_document.h"

static const Column worker_columns[] = {{"id", "id", COLUMN_TEXT},
										{"state", "state", COLUMN_STATE},
										{"roles", "roles", COLUMN_TEXT},
										{"host", "host", COLUMN_TEXT},
										{"pid", "pid", COLUMN_TEXT},
										{"version", "version", COLUMN_TEXT},
										{"jobs", "jobs", COLUMN_NUMBER},
										{"slots", "slots", COLUMN_NUMBER},
										{"memory", "resident_bytes", COLUMN_BYTES},
										{"seen", "seen_at", COLUMN_TIME},
										{0}};
static const Listing workers = {.columns = worker_columns,
								.id = "id",
								.empty = "no workers; sluice-worker runs readers and writers"};

static const Column usage_columns[] = {{"day", "day", COLUMN_TEXT},
									   {"stream", "stream_name", COLUMN_TEXT},
									   {"rows", "rows", COLUMN_NUMBER},
									   {"bytes", "bytes", COLUMN_BYTES},
									   {"cdc_seconds", "cdc_seconds", COLUMN_NUMBER},
									   {0}};
static const Listing usage = {.columns = usage_columns, .id = "day", .empty = "nothing was used"};

static const Column quota_columns[] = {{"quota", "name", COLUMN_TEXT},
									   {"used", "used", COLUMN_NUMBER},
									   {"limit", "limit", COLUMN_NUMBER},
									   {"percent", "percent", COLUMN_NUMBER},
									   {0}};
static const Listing quotas = {.columns = quota_columns, .id = "name"};

static const Column key_columns[] = {{"id", "id", COLUMN_TEXT},
									 {"name", "name", COLUMN_TEXT},
									 {"scopes", "scopes", COLUMN_TEXT},
									 {"created", "created_at", COLUMN_TIME},
									 {"expires", "expires_at", COLUMN_TIME},
									 {"last_used", "last_used_at", COLUMN_TIME},
									 {0}};
static const Listing keys = {.columns = key_columns, .id = "id", .empty = "no keys"};

static const Column alert_columns[] = {{"id", "id", COLUMN_TEXT},
									   {"name", "name", COLUMN_TEXT},
									   {"kind", "kind", COLUMN_TEXT},
									   {"bound", "bound", COLUMN_NUMBER},
									   {"for", "for_seconds", COLUMN_SECONDS},
									   {"enabled", "enabled", COLUMN_TEXT},
									   {"url", "channel.url", COLUMN_TEXT},
									   {"raised", "raised.0.since", COLUMN_TIME},
									   {0}};
static const Listing alerts = {.columns = alert_columns,
							   .id = "id",
							   .empty = "no alerts; sluice alerts add NAME --kind KIND --url URL"};

static const Column audit_columns[] = {
	{"number", "number", COLUMN_TEXT}, {"time", "at", COLUMN_TIME},
	{"key", "key_id", COLUMN_TEXT},	   {"address", "address", COLUMN_TEXT},
	{"action", "action", COLUMN_TEXT}, {"object", "object", COLUMN_TEXT},
	{"status", "status", COLUMN_TEXT}, {0}};
static const Listing audits = {
	.columns = audit_columns, .id = "number", .empty = "nothing was done yet"};

/* ---- what lists have in common ---- */

static int
list(Cli *cli, const Url *url, size_t most, const Listing *listing)
{
	json_t *items;
	int status = api_list(cli, url, most, &items);

	if (status == STATUS_OK)
		status = cli_list(cli, listing, items);
	json_decref(items);
	return status;
}

static int
list_kind(Cli *cli, ApiKind kind, const Listing *listing)
{
	static Url url;

	url_begin(&url, api_path(kind));
	return list(cli, &url, SIZE_MAX, listing);
}

/* POST /<kind>/<id><verb>, and its answer. */
static int
post_to(Cli *cli, ApiKind kind, const char *verb, json_t **document)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	int status = api_id(cli, kind, arguments_word(&cli->arguments, 0), id);

	*document = NULL;
	if (status != STATUS_OK)
		return status;
	url_of(&url, api_path(kind), id, verb);
	return api_post(cli, &url, NULL, document);
}

static int
remove_one(Cli *cli, ApiKind kind, const char *what)
{
	static Url url;
	const char *name = arguments_word(&cli->arguments, 0);
	char etag[80];
	json_t *document;
	Answer answer = {0};
	int status = api_find(cli, kind, name, &document, etag);

	if (status == STATUS_OK)
		status = cli_confirm(cli, what, name);
	if (status == STATUS_OK)
	{
		url_of(&url, api_path(kind), api_text(document, "id"), "");
		status = api_call(cli, "DELETE", &url, NULL, *etag != '\0' ? etag : NULL, &answer);
	}
	if (status == STATUS_OK)
		cli_say(cli, "removed %s %s", what, name);
	answer_free(&answer);
	json_decref(document);
	return status;
}

/* ---- workers ---- */

int
workers_ls(Cli *cli)
{
	return list_kind(cli, API_WORKER, &workers);
}

static int
drain(Cli *cli, const char *verb)
{
	json_t *worker;
	int status = post_to(cli, API_WORKER, verb, &worker);

	if (status == STATUS_OK)
		status = cli_document(cli, "id", worker);
	json_decref(worker);
	return status;
}

int
workers_drain(Cli *cli)
{
	return drain(cli, "/drain");
}

int
workers_undrain(Cli *cli)
{
	return drain(cli, "/undrain");
}

/* ---- usage and quota ---- */

int
usage_show(Cli *cli)
{
	static Url url;

	url_begin(&url, "/usage");
	url_query(&url, "from", arguments_text(&cli->arguments, "from"));
	url_query(&url, "to", arguments_text(&cli->arguments, "to"));
	url_query(&url, "by", arguments_text(&cli->arguments, "by"));
	url_query(&url, "tenant", arguments_text(&cli->arguments, "tenant"));
	return list(cli, &url, SIZE_MAX, &usage);
}

int
quota_show(Cli *cli)
{
	static Url url;
	json_t *document, *rows = json_array(), *value;
	const char *name;
	int status;

	url_begin(&url, "/quota");
	url_query(&url, "tenant", arguments_text(&cli->arguments, "tenant"));
	status = api_get(cli, &url, &document);
	json_object_foreach(document, name, value) if (json_object_get(value, "used") != NULL)
	{
		json_t *row = json_copy(value);

		json_object_set_new(row, "name", json_string(name));
		json_array_append_new(rows, row);
	}
	if (status == STATUS_OK)
		status = cli->output.format == OUTPUT_JSON ? cli_document(cli, "tenant", document)
												   : cli_list(cli, &quotas, rows);
	json_decref(document);
	json_decref(rows);
	return status;
}

/* ---- keys ---- */

int
keys_ls(Cli *cli)
{
	return list_kind(cli, API_KEY, &keys);
}

/* Shows a key that was just made: with -q the text alone by which one logs in, a worker's token or the key. */
static int
show_new_key(Cli *cli, json_t *key)
{
	int status = cli_document(cli, json_object_get(key, "token") != NULL ? "token" : "key", key);

	if (status == STATUS_OK)
		cli_say(cli, "the key is shown this once");
	return status;
}

int
keys_create(Cli *cli)
{
	static Url url;
	const char *scope;
	json_t *body = json_pack("{s:s, s:[]}", "name", arguments_word(&cli->arguments, 0), "scopes");
	json_t *made = NULL;
	int status;

	for (size_t i = 0; (scope = arguments_each(&cli->arguments, "scope", i)) != NULL; i++)
		json_array_append_new(json_object_get(body, "scopes"), json_string(scope));
	if (arguments_text(&cli->arguments, "expires") != NULL)
		json_object_set_new(body, "expires_at",
							json_string(arguments_text(&cli->arguments, "expires")));
	if (arguments_text(&cli->arguments, "tenant") != NULL)
		json_object_set_new(body, "tenant", json_string(arguments_text(&cli->arguments, "tenant")));
	if (json_array_size(json_object_get(body, "scopes")) == 0)
		json_array_append_new(json_object_get(body, "scopes"), json_string("*"));
	url_begin(&url, api_path(API_KEY));
	status = api_post(cli, &url, body, &made);
	if (status == STATUS_OK)
		status = show_new_key(cli, made);
	json_decref(body);
	json_decref(made);
	return status;
}

int
keys_rotate(Cli *cli)
{
	json_t *key;
	int status = post_to(cli, API_KEY, "/rotate", &key);

	if (status == STATUS_OK)
		status = show_new_key(cli, key);
	json_decref(key);
	return status;
}

int
keys_rm(Cli *cli)
{
	return remove_one(cli, API_KEY, "API key");
}

/* ---- alerts ---- */

int
alerts_ls(Cli *cli)
{
	return list_kind(cli, API_ALERT, &alerts);
}

int
alerts_rm(Cli *cli)
{
	return remove_one(cli, API_ALERT, "alert");
}

int
alerts_test(Cli *cli)
{
	json_t *result;
	int status = post_to(cli, API_ALERT, "/test", &result);

	if (status == STATUS_OK)
		status = cli_document(cli, "delivered", result);
	if (status == STATUS_OK && !json_is_true(json_object_get(result, "delivered")))
		status = STATUS_CHECK;
	json_decref(result);
	return status;
}

/* Its document, of a file or of flags; NULL on error. */
static json_t *
alert_document(Cli *cli, SluiceError *err)
{
	const Arguments *arguments = &cli->arguments;
	const char *path = arguments_text(arguments, "file"),
			   *secret_path = arguments_text(arguments, "secret-file");
	json_t *document = path != NULL ? stream_document_read(path, false, err) : json_object(),
		   *channel;
	char *secret = NULL;

	if (document == NULL ||
		(secret_path != NULL && (secret = secret_read(secret_path, "secret", err)) == NULL))
	{
		json_decref(document);
		return NULL;
	}
	json_object_set_new(document, "name", json_string(arguments_word(arguments, 0)));
	if (arguments_text(arguments, "kind") != NULL)
		json_object_set_new(document, "kind", json_string(arguments_text(arguments, "kind")));
	if (arguments_text(arguments, "bound") != NULL)
		json_object_set_new(document, "bound",
							option_value_json(arguments_text(arguments, "bound")));
	if (arguments_text(arguments, "for") != NULL)
		json_object_set_new(document, "for_seconds",
							json_integer(arguments_number(arguments, "for", 0) / 1000));
	if (arguments_text(arguments, "url") != NULL)
	{
		channel = json_pack("{s:s, s:s, s:s*}", "type", "webhook", "url",
							arguments_text(arguments, "url"), "secret", secret);
		json_object_set_new(document, "channel", channel);
	}
	secret_free(secret);
	return document;
}

/* The streams that it is about, by name or id. */
static int
add_streams(Cli *cli, json_t *document)
{
	const char *name;
	char id[API_ID_MAXIMUM];
	json_t *ids = json_array();
	int status = STATUS_OK;

	for (size_t i = 0;
		 status == STATUS_OK && (name = arguments_each(&cli->arguments, "stream", i)) != NULL; i++)
	{
		status = api_id(cli, API_STREAM, name, id);
		if (status == STATUS_OK)
			json_array_append_new(ids, json_string(id));
	}
	if (json_array_size(ids) > 0)
		json_object_set(document, "stream_ids", ids);
	json_decref(ids);
	return status;
}

int
alerts_add(Cli *cli)
{
	static Url url;
	SluiceError err = {0};
	json_t *document = alert_document(cli, &err), *made = NULL;
	int status;

	if (document == NULL)
		return cli_fail(cli, &err);
	status = add_streams(cli, document);
	url_begin(&url, api_path(API_ALERT));
	if (status == STATUS_OK)
		status = api_post(cli, &url, document, &made);
	if (status == STATUS_OK)
		status = cli_document(cli, "id", made);
	json_decref(document);
	json_decref(made);
	return status;
}

/* ---- audit ---- */

int
audit_ls(Cli *cli)
{
	static Url url;
	json_t *result;
	int status;

	if (!arguments_bool(&cli->arguments, "verify"))
	{
		url_begin(&url, "/audit");
		return list(cli, &url, (size_t) arguments_number(&cli->arguments, "lines", 100), &audits);
	}
	url_begin(&url, "/audit/verify");
	status = api_get(cli, &url, &result);
	if (status == STATUS_OK)
		status = cli_document(cli, "whole", result);
	if (status == STATUS_OK && !json_is_true(json_object_get(result, "whole")))
		status = STATUS_CHECK;
	json_decref(result);
	return status;
}
