/*
 * context_commands.c - sluice context: servers and keys under names.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "handlers.h"
#include "secret.h"

static const Column columns[] = {
	{"name", "name", COLUMN_TEXT},		   {"server", "server", COLUMN_TEXT},
	{"has_key", "has_key", COLUMN_TEXT},   {"ca_file", "ca_file", COLUMN_TEXT},
	{"selected", "selected", COLUMN_TEXT}, {0}};
static const Listing listing = {
	.columns = columns,
	.id = "name",
	.empty = "no contexts; sluice context add NAME --server URL --key-file FILE"};

/* What is shown of a context: everything but the key. */
static json_t *
shown(const char *name, const json_t *context, const char *current)
{
	return json_pack("{s:s, s:s, s:b, s:s?, s:b}", "name", name, "server",
					 api_text(context, "server"), "has_key",
					 json_object_get(context, "key") != NULL, "ca_file",
					 json_string_value(json_object_get(context, "ca_file")), "selected",
					 current != NULL && strcmp(current, name) == 0);
}

static const char *
current_of(const json_t *document)
{
	return json_string_value(json_object_get(document, "current"));
}

int
context_ls(Cli *cli)
{
	SluiceError err = {0};
	json_t *document = contexts_load(&err), *items, *context;
	const char *name;
	int status;

	if (document == NULL)
		return cli_fail(cli, &err);
	items = json_array();
	json_object_foreach(json_object_get(document, "contexts"), name, context)
		json_array_append_new(items, shown(name, context, current_of(document)));
	status = cli_list(cli, &listing, items);
	json_decref(items);
	json_decref(document);
	return status;
}

/* The context of a name in the file; NULL with the error told in *status. */
static json_t *
find(Cli *cli, json_t **document, const char *name, int *status)
{
	SluiceError err = {0};
	json_t *context;

	*document = contexts_load(&err);
	if (*document != NULL)
	{
		context = json_object_get(json_object_get(*document, "contexts"), name);
		if (context != NULL)
			return context;
		json_decref(*document);
		*document = NULL;
		(void) sluice_fail(&err, SLUICE_ERROR_NOT_FOUND, "there is no context \"%.64s\"", name);
		(void) sluice_hint(&err, "sluice context ls shows them");
	}
	*status = cli_fail(cli, &err);
	return NULL;
}

int
context_show(Cli *cli)
{
	const char *name = arguments_word(&cli->arguments, 0);
	json_t *document, *context, *one;
	SluiceError err = {0};
	int status = STATUS_OK;

	if (name == NULL)
	{
		/* What a command would use now. */
		if (!target_find(&cli->target, &cli->arguments, &err))
			return cli_fail(cli, &err);
		one = json_pack("{s:s?, s:s, s:b, s:s?}", "name", cli->target.name, "server",
						cli->target.server, "has_key", cli->target.key != NULL, "ca_file",
						cli->target.ca_file);
		status = cli_document(cli, "server", one);
		json_decref(one);
		return status;
	}
	context = find(cli, &document, name, &status);
	if (context == NULL)
		return status;
	one = shown(name, context, current_of(document));
	status = cli_document(cli, "name", one);
	json_decref(one);
	json_decref(document);
	return status;
}

static int
save(Cli *cli, json_t *document)
{
	SluiceError err = {0};
	int status = contexts_save(document, &err) ? STATUS_OK : cli_fail(cli, &err);

	json_decref(document);
	return status;
}

int
context_select(Cli *cli)
{
	const char *name = arguments_word(&cli->arguments, 0);
	json_t *document;
	int status = STATUS_OK;

	if (find(cli, &document, name, &status) == NULL)
		return status;
	json_object_set_new(document, "current", json_string(name));
	status = save(cli, document);
	if (status == STATUS_OK)
		cli_say(cli, "context %s is selected", name);
	return status;
}

int
context_rm(Cli *cli)
{
	const char *name = arguments_word(&cli->arguments, 0);
	json_t *document;
	int status = STATUS_OK;

	if (find(cli, &document, name, &status) == NULL)
		return status;
	status = cli_confirm(cli, "context", name);
	if (status != STATUS_OK)
	{
		json_decref(document);
		return status;
	}
	json_object_del(json_object_get(document, "contexts"), name);
	if (current_of(document) != NULL && strcmp(current_of(document), name) == 0)
		json_object_del(document, "current");
	return save(cli, document);
}

/* The key that goes into the file; *key NULL for none. */
static bool
read_key(const Cli *cli, char **key, SluiceError *err)
{
	const char *path = arguments_text(&cli->arguments, "key-file");

	if (path == NULL)
		return secret_of_environment("SLUICE_API_KEY", key, err);
	*key = secret_read(path, "API key", err);
	return *key != NULL;
}

/* What is not said again stays as it was. */
static bool
change(const Cli *cli, json_t *context, SluiceError *err)
{
	const char *server = arguments_text(&cli->arguments, "server");
	const char *ca_file = arguments_text(&cli->arguments, "ca-file");
	char *key = NULL, *path = NULL;

	if (server == NULL && json_object_get(context, "server") == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a new context needs --server URL");
		return sluice_hint(err, "for example --server %s", CONTEXT_SERVER_DEFAULT);
	}
	if ((server != NULL && !context_server_check(server, err)) || !read_key(cli, &key, err))
		return false;
	if (ca_file != NULL && (path = realpath(ca_file, NULL)) == NULL)
	{
		secret_free(key);
		return sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "--ca-file: there is no file \"%.200s\"",
						   ca_file);
	}
	/* A key is of one server. */
	if (server != NULL && strcmp(api_text(context, "server"), server) != 0)
		json_object_del(context, "key");
	if (server != NULL)
		json_object_set_new(context, "server", json_string(server));
	if (key != NULL)
		json_object_set_new(context, "key", json_string(key));
	if (path != NULL)
		json_object_set_new(context, "ca_file", json_string(path));
	secret_free(key);
	free(path);
	return true;
}

int
context_add(Cli *cli)
{
	const char *name = arguments_word(&cli->arguments, 0);
	SluiceError err = {0};
	json_t *document = NULL, *contexts, *context;
	bool first;

	if (!context_name_check(name, &err) || (document = contexts_load(&err)) == NULL)
		return cli_fail(cli, &err);
	contexts = json_object_get(document, "contexts");
	first = json_object_size(contexts) == 0;
	context = json_object_get(contexts, name);
	if (context == NULL)
	{
		context = json_object();
		json_object_set_new(contexts, name, context);
	}
	if (!change(cli, context, &err))
	{
		json_decref(document);
		return cli_fail(cli, &err);
	}
	if (first || arguments_bool(&cli->arguments, "select"))
		json_object_set_new(document, "current", json_string(name));
	cli_say(cli, "context %s: %s%s", name, api_text(context, "server"),
			json_object_get(context, "key") == NULL ? ", without a key" : "");
	return save(cli, document);
}
