/*
 * source_mysql.c - MySQL and MariaDB as sources, by sluice-mysql-reader (source.h).
 */
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "tool.h"

#define READER "sluice-mysql-reader"

/* Checks of the reader that are not about the server. */
static const struct
{
	const char *check, *group;
} groups[] = {
	{"tables", "tables"},		{"SELECT", "tables"}, {"keys", "tables"}, {"engines", "tables"},
	{"foreign keys", "tables"}, {"nats", "nats"},	  {"stream", "nats"}, {"place", "nats"},
};

/* What mends it in the words of a connection's settings, not of the reader's command line. */
static const struct
{
	const char *check, *fix;
} fixes[] = {
	{"connection", "set tls.mode of the connection to require, with TLS set up at the server"},
	{"position", "set the source's option position to gtid"},
	{"max_allowed_packet", "raise the source's option event_maximum"},
	{"tables", "choose others; tables that the user may not read do not show"},
};

/* ---- telling the reader ---- */

static bool
put_list(Tool *tool, const char *option, const json_t *array, const char *member, SluiceError *err)
{
	ByteBuf text;
	json_t *item;
	size_t i;
	bool good = true;

	bytebuf_init(&text, &allocator_malloc, CHILD_CONFIG_MAXIMUM);
	json_array_foreach(array, i, item)
	{
		const char *word = json_string_value(member != NULL ? json_object_get(item, member) : item);

		if (good && word != NULL)
			good = (text.length == 0 || bytebuf_put(&text, ",", 1, err)) &&
				   bytebuf_put(&text, word, strlen(word), err);
	}
	if (good && text.length > 0)
		good = bytebuf_put(&text, "", 1, err) &&
			   tool_line(tool, option, (const char *) text.data, err);
	bytebuf_free(&text);
	return good;
}

static bool
run_reader(Tool *tool, Database *database, const SourceWish *wish, const char *command,
		   SluiceError *err)
{
	return tool_init(tool, READER, err) && tool_line(tool, command, "on", err) &&
		   tool_line(tool, "stream", wish->stream, err) &&
		   tool_line(tool, "mode", wish->mode, err) &&
		   put_list(tool, "tables", wish->tables, NULL, err) &&
		   put_list(tool, "consumers", wish->targets, "name", err) &&
		   child_config_options(&tool->config, JOB_SOURCE_MYSQL, wish->options, err) &&
		   child_config_nats(&tool->config, wish->nats, err) &&
		   tool_side(tool, "source", database, err);
}

/* ---- checks ---- */

static const char *
group_of(const char *check)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
	{
		if (strcmp(groups[i].check, check) == 0)
			return groups[i].group;
	}
	return "source";
}

static const char *
fix_of(const char *check, const char *hint)
{
	for (size_t i = 0; hint != NULL && i < sizeof(fixes) / sizeof(fixes[0]); i++)
	{
		if (strcmp(fixes[i].check, check) == 0)
			return fixes[i].fix;
	}
	return hint;
}

/* That there is a connection was told already. */
static bool
is_told(const char *check, const char *status)
{
	return strcmp(check, "connection") == 0 && check_status(status) == CHECK_PASS;
}

static void
take_findings(const json_t *findings, CheckList *checks)
{
	json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding)
	{
		const char *check = json_string_value(json_object_get(finding, "check")), *status, *detail;

		status = json_string_value(json_object_get(finding, "status"));
		detail = json_string_value(json_object_get(finding, "detail"));
		if (check == NULL || status == NULL || detail == NULL || is_told(check, status))
			continue;
		checks->group = group_of(check);
		check_list_add(checks, &(CheckFound){.id = check,
											 .status = check_status(status),
											 .found = detail,
											 .fix = fix_of(check, json_string_value(json_object_get(
																	  finding, "hint")))});
	}
	checks->group = "source";
}

void
source_check_mysql(Database *database, const SourceWish *wish, CheckList *checks)
{
	SluiceError err = {0};
	json_t *findings = NULL;
	Tool tool;

	if (run_reader(&tool, database, wish, "check", &err) && tool_line(&tool, "json", "on", &err) &&
		tool_run(&tool, TOOL_MS, &err))
	{
		findings = json_loads((const char *) tool.output.data, 0, NULL);
		if (findings == NULL)
			(void) sluice_fail(&err, SLUICE_ERROR_CORRUPT, "%s did not answer with JSON", READER);
	}
	if (findings != NULL)
		take_findings(findings, checks);
	else
		check_list_error(checks, "server", &err);
	json_decref(findings);
	tool_free(&tool);
}

/* ---- the document ---- */

/* The reader tells them among what is not carried, where targets have no use for them. */
static void
take_unmatched(json_t *document, json_t *unmatched)
{
	json_t *left = json_object_get(document, "not_carried");

	for (size_t i = json_array_size(left); i-- > 0;)
	{
		json_t *entry = json_array_get(left, i);
		const char *kind = json_string_value(json_object_get(entry, "kind"));

		if (kind == NULL || strcmp(kind, "pattern") != 0)
			continue;
		(void) json_array_insert(unmatched, 0, json_object_get(entry, "name"));
		(void) json_array_remove(left, i);
	}
}

static bool
read_document(const Tool *tool, ByteBuf *json, json_t *unmatched, SluiceError *err)
{
	json_t *document = json_loads((const char *) tool->output.data, 0, NULL);
	char *text = NULL;
	bool good;

	take_unmatched(document, unmatched);
	if (document != NULL)
		text = json_dumps(document, JSON_COMPACT);
	good = text != NULL
			   ? bytebuf_put(json, text, strlen(text), err)
			   : sluice_fail(err, SLUICE_ERROR_CORRUPT, "%s gave no schema document", READER);
	free(text);
	json_decref(document);
	return good;
}

bool
source_document_mysql(Database *database, const SourceWish *wish, ByteBuf *json, json_t *unmatched,
					  SluiceError *err)
{
	Tool tool;
	bool good = run_reader(&tool, database, wish, "schema", err) &&
				(wish->scan || tool_line(&tool, "scan", "off", err)) &&
				tool_run(&tool, TOOL_MS, err) && read_document(&tool, json, unmatched, err);

	tool_free(&tool);
	return good;
}
