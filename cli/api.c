/*
 * api.c - requests, lists, names (api.h).
 */
#include "api.h"

#include <string.h>

#include "problem.h"

#define PAGE "200"

static const struct
{
	const char *path, *prefix, *word;
	bool by_name; /* the list takes ?name= */
} kinds[] = {
	[API_CONNECTION] = {"/connections", "conn_", "connection", true},
	[API_STREAM] = {"/streams", "str_", "stream", true},
	[API_KEY] = {"/api-keys", "key_", "API key", false},
	[API_ALERT] = {"/alerts", "alert_", "alert", false},
	[API_WORKER] = {"/workers", "wrk_", "worker", false},
};

const char *
api_path(ApiKind kind)
{
	return kinds[kind].path;
}

const char *
api_text(const json_t *document, const char *name)
{
	const char *text = json_string_value(json_object_get(document, name));

	return text != NULL ? text : "";
}

/* ---- requests ---- */

int
api_try(Cli *cli, const char *method, const Url *url, const json_t *body, const char *if_match,
		Answer *answer)
{
	SluiceError err = {0};
	Client *client = cli_client(cli, &err);

	*answer = (Answer){0};
	if (client == NULL)
		return cli_fail(cli, &err);
	if (url->too_long)
	{
		(void) sluice_fail(&err, SLUICE_ERROR_ARGUMENT, "the request is longer than %d characters",
						   URL_MAXIMUM);
		return cli_fail(cli, &err);
	}
	return client_call(client, method, url->text, body, if_match, answer, &err)
			   ? STATUS_OK
			   : cli_fail(cli, &err);
}

int
api_call(Cli *cli, const char *method, const Url *url, const json_t *body, const char *if_match,
		 Answer *answer)
{
	int status = api_try(cli, method, url, body, if_match, answer);

	if (status == STATUS_OK && (answer->status < 200 || answer->status >= 300))
	{
		status = problem_tell(cli, answer);
		answer_free(answer);
	}
	return status;
}

static int
call_for_document(Cli *cli, const char *method, const Url *url, const json_t *body,
				  json_t **document)
{
	Answer answer;
	int status = api_call(cli, method, url, body, NULL, &answer);
	SluiceError err;

	*document = NULL;
	if (status != STATUS_OK)
		return status;
	*document = answer.body;
	answer.body = NULL;
	answer_free(&answer);
	if (*document != NULL)
		return STATUS_OK;
	(void) sluice_fail(&err, SLUICE_ERROR_CORRUPT, "%s answers without a document",
					   cli->target.server);
	(void) sluice_hint(&err, "is it a Sluice server?");
	return cli_fail(cli, &err);
}

int
api_get(Cli *cli, const Url *url, json_t **document)
{
	return call_for_document(cli, "GET", url, NULL, document);
}

int
api_post(Cli *cli, const Url *url, const json_t *body, json_t **document)
{
	return call_for_document(cli, "POST", url, body, document);
}

/* ---- lists ---- */

int
api_list(Cli *cli, const Url *url, size_t most, json_t **items)
{
	char cursor[2000] = "";
	int status = STATUS_OK;

	*items = json_array();
	do
	{
		static Url page;
		json_t *document, *next;

		page = *url;
		url_query(&page, "limit", PAGE);
		url_query(&page, "cursor", *cursor != '\0' ? cursor : NULL);
		status = api_get(cli, &page, &document);
		if (status != STATUS_OK)
			break;
		json_array_extend(*items, json_object_get(document, "items"));
		next = json_object_get(document, "next_cursor");
		(void) snprintf(cursor, sizeof(cursor), "%s",
						json_is_string(next) ? json_string_value(next) : "");
		json_decref(document);
	} while (*cursor != '\0' && json_array_size(*items) < most);
	while (json_array_size(*items) > most)
		json_array_remove(*items, json_array_size(*items) - 1);
	if (status == STATUS_OK)
		return status;
	json_decref(*items);
	*items = NULL;
	return status;
}

/* ---- names ---- */

static bool
has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int
fail_unknown(const Cli *cli, ApiKind kind, const char *name)
{
	SluiceError err;

	(void) sluice_fail(&err, SLUICE_ERROR_NOT_FOUND, "there is no %s \"%.100s\"", kinds[kind].word,
					   name);
	return cli_fail(cli, &err);
}

/* By its name out of the list. */
static int
find_by_name(Cli *cli, ApiKind kind, const char *name, json_t **document)
{
	static Url url;
	json_t *items, *item;
	size_t index;
	int status;

	*document = NULL;
	url_begin(&url, kinds[kind].path);
	if (kinds[kind].by_name)
		url_query(&url, "name", name);
	status = api_list(cli, &url, SIZE_MAX, &items);
	if (status != STATUS_OK)
		return status;
	json_array_foreach(items, index, item) if (*document == NULL && strcmp(api_text(item, "name"),
																		   name) == 0) *document =
		json_incref(item);
	json_decref(items);
	return *document != NULL ? STATUS_OK : fail_unknown(cli, kind, name);
}

int
api_id(Cli *cli, ApiKind kind, const char *name, char id[API_ID_MAXIMUM])
{
	json_t *document = NULL;
	int status = STATUS_OK;

	if (has_prefix(name, kinds[kind].prefix) && strlen(name) < API_ID_MAXIMUM)
	{
		(void) snprintf(id, API_ID_MAXIMUM, "%s", name);
		return STATUS_OK;
	}
	status = find_by_name(cli, kind, name, &document);
	if (status == STATUS_OK)
		(void) snprintf(id, API_ID_MAXIMUM, "%s", api_text(document, "id"));
	json_decref(document);
	return status;
}

int
api_find(Cli *cli, ApiKind kind, const char *name, json_t **document, char *etag)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	Answer answer;
	int status = api_id(cli, kind, name, id);

	*document = NULL;
	if (status != STATUS_OK)
		return status;
	url_of(&url, kinds[kind].path, id, "");
	status = api_call(cli, "GET", &url, NULL, NULL, &answer);
	if (status != STATUS_OK)
		return status;
	*document = json_incref(answer.body);
	if (etag != NULL)
		(void) snprintf(etag, sizeof(answer.etag), "%s", answer.etag);
	answer_free(&answer);
	return *document != NULL ? STATUS_OK : fail_unknown(cli, kind, name);
}

/* The newest run of a stream. */
static int
newest_run(Cli *cli, const char *stream, json_t **run)
{
	static Url url;
	char id[API_ID_MAXIMUM];
	json_t *items = NULL;
	SluiceError err;
	int status = api_id(cli, API_STREAM, stream, id);

	*run = NULL;
	if (status != STATUS_OK)
		return status;
	url_of(&url, "/streams", id, "/runs");
	status = api_list(cli, &url, 1, &items);
	if (status == STATUS_OK && json_array_size(items) == 0)
	{
		(void) sluice_fail(&err, SLUICE_ERROR_NOT_FOUND, "stream \"%.100s\" has no run yet",
						   stream);
		(void) sluice_hint(&err, "sluice start %.100s", stream);
		status = cli_fail(cli, &err);
	}
	if (status == STATUS_OK)
		*run = json_incref(json_array_get(items, 0));
	json_decref(items);
	return status;
}

int
api_run(Cli *cli, const char *name, json_t **run)
{
	static Url url;

	if (!has_prefix(name, "run_"))
		return newest_run(cli, name, run);
	url_of(&url, "/runs", name, "");
	return api_get(cli, &url, run);
}
