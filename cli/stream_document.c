/*
 * stream_document.c - configurations of streams (stream_document.h).
 */
#include "stream_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options_document.h"
#include "secret.h"

#define PATH_MAXIMUM 500
#define LIMIT_SECOND 1000 /* milliseconds */

/* ---- files ---- */

json_t *
stream_document_read(const char *path, bool many, SluiceError *err)
{
	char *text = secret_read(path, "document", err);
	json_error_t where;
	json_t *document, *all;

	if (text == NULL)
		return NULL;
	document = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	secret_free(text);
	if (document == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s:%d:%d: %s", path, where.line,
						   where.column, where.text);
		(void) sluice_hint(err, "sluice stream export NAME shows what such a document looks like");
		return NULL;
	}
	if (!many && json_is_object(document))
		return document;
	if (many && json_is_array(document))
		return document;
	if (many && json_is_object(document))
	{
		all = json_pack("[o]", document);
		return all;
	}
	json_decref(document);
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "%s: this is no stream's document, which is an object", path);
	return NULL;
}

/* ---- flags ---- */

static const char *
reference_member(const char *text)
{
	return strncmp(text, "conn_", 5) == 0 ? "connection_id" : "connection";
}

/* Texts that a flag was given, those with commas split unless they are in quotes. */
static json_t *
texts_of(const Arguments *arguments, const char *flag)
{
	json_t *texts = json_array();
	const char *text;

	for (size_t i = 0; (text = arguments_each(arguments, flag, i)) != NULL; i++)
	{
		char quote = '\0';
		const char *begin = text;

		for (;; text++)
		{
			if (*text == '\0' || (*text == ',' && quote == '\0'))
			{
				if (text > begin)
					json_array_append_new(texts, json_stringn(begin, (size_t) (text - begin)));
				if (*text == '\0')
					break;
				begin = text + 1;
			}
			else if (quote != '\0' ? *text == quote : *text == '"' || *text == '`')
				quote = quote != '\0' ? '\0' : *text;
		}
	}
	return texts;
}

static void
take_texts(json_t *document, const char *member, const Arguments *arguments, const char *flag)
{
	if (arguments_each(arguments, flag, 0) != NULL)
		json_object_set_new(document, member, texts_of(arguments, flag));
}

static bool
take_source(json_t *document, const Arguments *arguments, SluiceError *err)
{
	const char *connection = arguments_text(arguments, "source");
	const char *publication = arguments_text(arguments, "publication");
	json_t *source = json_object();

	json_object_set_new(document, "source", source);
	if (connection != NULL)
		json_object_set_new(source, reference_member(connection), json_string(connection));
	take_texts(source, "tables", arguments, "tables");
	if (publication != NULL)
		json_object_set_new(source, "publication", json_string(publication));
	if (!options_document_take(source, "options", arguments, "source-option", err))
		return false;
	if (json_object_size(source) == 0)
		json_object_del(document, "source");
	return true;
}

/* "CONNECTION" or "NAME=CONNECTION". */
static bool
add_target(json_t *targets, const Arguments *arguments, const char *text, SluiceError *err)
{
	const char *equals = strchr(text, '=');
	const char *connection = equals != NULL ? equals + 1 : text;
	int64_t writers = arguments_number(arguments, "writers", 0);
	json_t *target = json_object();

	json_array_append_new(targets, target);
	if (equals != NULL)
		json_object_set_new(target, "name", json_stringn(text, (size_t) (equals - text)));
	json_object_set_new(target, reference_member(connection), json_string(connection));
	if (writers > 0)
		json_object_set_new(target, "writers", json_integer(writers));
	return options_document_take(target, "options", arguments, "target-option", err);
}

static bool
take_targets(json_t *document, const Arguments *arguments, SluiceError *err)
{
	json_t *targets = json_array();
	const char *text;

	for (size_t i = 0; (text = arguments_each(arguments, "target", i)) != NULL; i++)
		if (!add_target(targets, arguments, text, err))
		{
			json_decref(targets);
			return false;
		}
	if (json_array_size(targets) == 0)
	{
		json_decref(targets);
		return true;
	}
	json_object_set_new(document, "targets", targets);
	return true;
}

static void
take_limits(json_t *document, const Arguments *arguments)
{
	int64_t rows = arguments_number(arguments, "limit-rows", 0);
	int64_t ms = arguments_number(arguments, "limit-time", 0);
	json_t *limits = json_object();

	if (rows > 0)
		json_object_set_new(limits, "rows", json_integer(rows));
	if (ms > 0)
		json_object_set_new(limits, "seconds",
							json_integer((ms + LIMIT_SECOND - 1) / LIMIT_SECOND));
	if (json_object_size(limits) > 0)
		json_object_set(document, "limits", limits);
	json_decref(limits);
}

json_t *
stream_document_of_flags(const Arguments *arguments, const char *name, SluiceError *err)
{
	static const char *const plain[] = {"mode", "description"};
	json_t *document = json_object();

	if (name != NULL)
		json_object_set_new(document, "name", json_string(name));
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (arguments_text(arguments, plain[i]) != NULL)
			json_object_set_new(document, plain[i],
								json_string(arguments_text(arguments, plain[i])));
	take_texts(document, "tags", arguments, "tag");
	take_limits(document, arguments);
	if (take_source(document, arguments, err) && take_targets(document, arguments, err))
		return document;
	json_decref(document);
	return NULL;
}

/* ---- differences ---- */

/* A line for each value; members in the order of their names. */
static void
put_lines(FILE *out, char sign, const char *path, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

	(void) fprintf(out, "%c %s: %s\n", sign, path, text != NULL ? text : "?");
	free(text);
}

static void put_difference(FILE *out, const char *path, const json_t *before, const json_t *after);

/* Every member of the first, and those that only the second has. */
static void
put_members(FILE *out, const char *path, const json_t *before, const json_t *after)
{
	json_t *both = json_object(), *value;
	const char *name;
	void *at;

	json_object_update(both, (json_t *) (uintptr_t) before);
	json_object_update_missing(both, (json_t *) (uintptr_t) after);
	json_object_foreach_safe(both, at, name, value)
	{
		char below[PATH_MAXIMUM];

		(void) snprintf(below, sizeof(below), "%s/%s", path, name);
		put_difference(out, below, json_object_get(before, name), json_object_get(after, name));
	}
	json_decref(both);
}

static void
put_items(FILE *out, const char *path, const json_t *before, const json_t *after)
{
	size_t count = json_array_size(before) > json_array_size(after) ? json_array_size(before)
																	: json_array_size(after);

	for (size_t i = 0; i < count; i++)
	{
		char below[PATH_MAXIMUM];

		(void) snprintf(below, sizeof(below), "%s/%zu", path, i);
		put_difference(out, below, json_array_get(before, i), json_array_get(after, i));
	}
}

static void
put_difference(FILE *out, const char *path, const json_t *before, const json_t *after)
{
	if (json_equal(before, after))
		return;
	if (json_is_object(before) && json_is_object(after))
		put_members(out, path, before, after);
	else if (json_is_array(before) && json_is_array(after))
		put_items(out, path, before, after);
	else
	{
		if (before != NULL)
			put_lines(out, '-', path, before);
		if (after != NULL)
			put_lines(out, '+', path, after);
	}
}

char *
stream_document_diff(const json_t *before, const json_t *after)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (out == NULL)
		return NULL;
	put_difference(out, "", before, after);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
