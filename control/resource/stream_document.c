/*
 * stream_document.c - from a client's document to the store's and back.
 */
#include "stream_document.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "common/control/job_options.h"
#include "common/control/layout.h"
#include "common/nats/jetstream.h"
#include "connection_document.h"
#include "run_document.h"

#define POINTER_TEXT 160

/* ---- connections ---- */

typedef struct NamedConnection
{
	const char *name;
	char id[ID_MAXIMUM + 1];
	int found;
} NamedConnection;

static bool
match_name(void *context, const StoreEntry *entry)
{
	NamedConnection *wanted = context;
	const char *name = text_of(entry->value, "name");

	if (name != NULL && strcmp(name, wanted->name) == 0)
	{
		(void) snprintf(wanted->id, sizeof(wanted->id), "%s", key_last(entry->key));
		wanted->found++;
	}
	return wanted->found < 2;
}

/* The id of the connection with a name; 422 when there is none, or more than one. */
static bool
connection_by_name(Control *control, const char *tenant, const char *name, const char *pointer,
				   char id[ID_MAXIMUM + 1], Response *response)
{
	NamedConnection wanted = {.name = name};
	char prefix[LAYOUT_KEY_MAXIMUM], at[POINTER_TEXT];
	SluiceError err;

	if (!store_each(control->store, STORE_CONFIG, key_prefix(prefix, "connection", tenant, NULL),
					NULL, match_name, &wanted, &err))
		return response_error(response, &err);
	(void) snprintf(at, sizeof(at), "%s/connection", pointer);
	if (wanted.found == 0)
		problem_add(&response->problem, at, "not_found", "make it first: POST /connections",
					"there is no connection named \"%.100s\"", name);
	else if (wanted.found > 1)
		problem_add(&response->problem, at, "ambiguous", "name it by connection_id",
					"more than one connection is named \"%.100s\"", name);
	(void) snprintf(id, ID_MAXIMUM + 1, "%s", wanted.id);
	return true;
}

/* Which connection a source or target means, and its type ("" when it is not there: that is added to the problem). */
static bool
find_connection(Control *control, const char *tenant, const json_t *end, const char *pointer,
				char id[ID_MAXIMUM + 1], char type[16], Response *response)
{
	const char *given = text_of(end, "connection_id"), *name = text_of(end, "connection");
	char at[POINTER_TEXT];
	StoreEntry entry;
	SluiceError err;

	id[0] = type[0] = '\0';
	if ((given == NULL) == (name == NULL))
	{
		problem_add(&response->problem, pointer, "connection",
					"give one of connection_id and connection, which is a name",
					given == NULL ? "it names no connection" : "it names a connection twice");
		return true;
	}
	if (given != NULL)
		(void) snprintf(id, ID_MAXIMUM + 1, "%s", given);
	else if (!connection_by_name(control, tenant, name, pointer, id, response))
		return false;
	if (id[0] == '\0')
		return true;
	if (!connection_get(control, tenant, id, &entry, &err))
	{
		if (err.code != SLUICE_ERROR_NOT_FOUND)
			return response_error(response, &err);
		(void) snprintf(at, sizeof(at), "%s/connection_id", pointer);
		problem_add(&response->problem, at, "not_found", NULL, "there is no connection %.64s", id);
		return true;
	}
	(void) snprintf(type, 16, "%s", text_of(entry.value, "type"));
	store_entry_free(&entry);
	return true;
}

/* ---- options ---- */

typedef struct OptionFaults
{
	Problem *problem;
	const char *pointer; /* of the object that has `options` */
} OptionFaults;

/* A name as a part of a JSON pointer. */
static void
escape_pointer(char *text, size_t size, const char *name)
{
	size_t length = 0;

	for (; *name != '\0' && length + 3 < size; name++)
	{
		if (*name == '~' || *name == '/')
		{
			text[length++] = '~';
			text[length++] = *name == '~' ? '0' : '1';
		}
		else
			text[length++] = *name;
	}
	text[length] = '\0';
}

static void
add_option_fault(void *context, const char *name, const SluiceError *err)
{
	OptionFaults *faults = context;
	char at[POINTER_TEXT * 2], escaped[POINTER_TEXT];

	escape_pointer(escaped, sizeof(escaped), name);
	(void) snprintf(at, sizeof(at), "%s/options/%s", faults->pointer, escaped);
	problem_add(faults->problem, at, "option", err->hint[0] != '\0' ? err->hint : NULL, "%s",
				err->message);
}

static void
check_options(JobPart part, const json_t *end, const char *pointer, Problem *problem)
{
	OptionFaults faults = {.problem = problem, .pointer = pointer};

	(void) job_options_check(part, json_object_get(end, "options"), add_option_fault, &faults);
}

/* ---- source, targets ---- */

/* The member, or what it is when it is not there; owned. */
static json_t *
or_else(const json_t *object, const char *member, json_t *otherwise)
{
	json_t *value = json_object_get(object, member);

	if (value == NULL || (json_is_null(value) && !json_is_null(otherwise)))
		return otherwise;
	json_decref(otherwise);
	return json_incref(value);
}

static json_t *
make_source(Control *control, const char *tenant, const json_t *source, Response *response)
{
	char id[ID_MAXIMUM + 1], type[16];
	bool has_tables = json_array_size(json_object_get(source, "tables")) > 0;

	if (!find_connection(control, tenant, source, "/source", id, type, response))
		return NULL;
	if (text_of(source, "publication") != NULL)
	{
		if (type[0] != '\0' && strcmp(type, "postgresql") != 0)
			problem_add(&response->problem, "/source/publication", "not_here", "leave it out",
						"only PostgreSQL has publications");
		if (has_tables)
			problem_add(&response->problem, "/source/tables", "not_both",
						"leave out one of tables and publication",
						"the publication says which tables there are");
	}
	if (type[0] != '\0')
		check_options(job_source_part(type), source, "/source", &response->problem);
	return json_pack("{s:s, s:o, s:o, s:o}", "connection_id", id, "tables",
					 or_else(source, "tables", json_array()), "publication",
					 or_else(source, "publication", json_null()), "options",
					 or_else(source, "options", json_object()));
}

static json_t *
make_target(Control *control, const char *tenant, const json_t *target, const char *pointer,
			Response *response)
{
	char id[ID_MAXIMUM + 1], type[16];

	if (!find_connection(control, tenant, target, pointer, id, type, response))
		return NULL;
	check_options(JOB_TARGET, target, pointer, &response->problem);
	return json_pack("{s:o, s:s, s:o, s:o}", "name", or_else(target, "name", json_string("writer")),
					 "connection_id", id, "writers", or_else(target, "writers", json_integer(1)),
					 "options", or_else(target, "options", json_object()));
}

/* Names are the consumers' in NATS: each once. */
static void
check_names(const json_t *targets, Problem *problem)
{
	json_t *seen = json_object(), *target;
	size_t i;

	json_array_foreach(targets, i, target)
	{
		const char *name = text_of(target, "name");
		char at[POINTER_TEXT];

		(void) snprintf(at, sizeof(at), "/targets/%zu/name", i);
		if (name == NULL)
			continue;
		if (json_object_get(seen, name) != NULL)
			problem_add(problem, at, "duplicate", "give each target a name of its own",
						"another target has the name \"%.40s\"", name);
		(void) json_object_set_new(seen, name, json_true());
	}
	json_decref(seen);
}

static json_t *
make_targets(Control *control, const char *tenant, const json_t *given, Response *response)
{
	json_t *targets = json_array(), *target;
	size_t i;

	json_array_foreach(given, i, target)
	{
		char pointer[40];
		json_t *made;

		(void) snprintf(pointer, sizeof(pointer), "/targets/%zu", i);
		made = make_target(control, tenant, target, pointer, response);
		if (made == NULL)
		{
			json_decref(targets);
			return NULL;
		}
		(void) json_array_append_new(targets, made);
	}
	check_names(targets, &response->problem);
	return targets;
}

static json_t *
make_limits(const json_t *limits)
{
	return json_pack("{s:o, s:o}", "rows", or_else(limits, "rows", json_null()), "seconds",
					 or_else(limits, "seconds", json_null()));
}

/* The name must be one in NATS too, where it has the tenant's before it. */
static void
check_name(const char *tenant, const char *name, Problem *problem)
{
	char in_nats[SUBJECT_TEXT];
	SluiceError err;

	if (!stream_name_in_nats(in_nats, tenant, name, &err))
		problem_add(problem, "/name", "name", "take a shorter one", "%s", err.message);
}

json_t *
stream_document_make(Control *control, const char *tenant, const json_t *input, Response *response)
{
	json_t *source, *targets, *document;

	check_name(tenant, text_of(input, "name"), &response->problem);
	source = make_source(control, tenant, json_object_get(input, "source"), response);
	if (source == NULL)
		return NULL;
	targets = make_targets(control, tenant, json_object_get(input, "targets"), response);
	document = json_pack(
		"{s:O, s:o, s:o, s:O, s:o, s:o, s:o}", "name", json_object_get(input, "name"),
		"description", or_else(input, "description", json_string("")), "tags",
		or_else(input, "tags", json_array()), "mode", json_object_get(input, "mode"), "source",
		source, "targets", targets, "limits", make_limits(json_object_get(input, "limits")));
	if (json_array_size(response->problem.errors) > 0)
	{
		json_decref(document);
		(void) answer_invalid(response, "the stream");
		return NULL;
	}
	if (document == NULL && response->problem.type == PROBLEM_NONE)
		(void) response_fail(response, PROBLEM_INTERNAL, "out of memory");
	return document;
}

/* ---- back ---- */

static const char *const configuration[] = {"name",	  "description", "tags",  "mode",
											"source", "targets",	 "limits"};

json_t *
stream_document_input(const json_t *document)
{
	json_t *input = json_object();

	for (size_t i = 0; i < sizeof(configuration) / sizeof(configuration[0]); i++)
		(void) json_object_set_new(input, configuration[i],
								   json_deep_copy(json_object_get(document, configuration[i])));
	return input;
}

/* Whether each target's name of one is in the other, too. */
static bool
same_names(const json_t *targets, const json_t *others)
{
	json_t *target, *other;
	size_t i, j;

	if (json_array_size(targets) != json_array_size(others))
		return false;
	json_array_foreach(targets, i, target)
	{
		bool found = false;
		json_array_foreach(others, j, other)
		{
			found = found ||
					json_equal(json_object_get(target, "name"), json_object_get(other, "name"));
		}
		if (!found)
			return false;
	}
	return true;
}

bool
stream_document_may_become(const json_t *document, const json_t *changed, bool tables_stay,
						   Response *response)
{
	static const char fix[] = "clone the stream, or delete it and make it anew";
	Problem *problem = &response->problem;
	const json_t *source = json_object_get(document, "source"),
				 *new_source = json_object_get(changed, "source");

	if (!json_equal(json_object_get(source, "connection_id"),
					json_object_get(new_source, "connection_id")))
		problem_add(problem, "/source/connection_id", "fixed", fix,
					"what the stream keeps at its source is there");
	if (!json_equal(json_object_get(document, "mode"), json_object_get(changed, "mode")))
		problem_add(problem, "/mode", "fixed", fix, "the stream began in another mode");
	if (tables_stay &&
		!json_equal(json_object_get(source, "tables"), json_object_get(new_source, "tables")))
		problem_add(
			problem, "/source/tables", "fixed", "make another stream for further tables",
			"from this source tables are copied when the stream begins: the rows of such that join "
			"later would be missing");
	if (!same_names(json_object_get(document, "targets"), json_object_get(changed, "targets")))
		problem_add(problem, "/targets", "fixed", fix,
					"source and NATS keep what these targets have not applied");
	if (json_array_size(problem->errors) == 0)
		return true;
	return response_fail(response, PROBLEM_CONFLICT,
						 "the stream has run, which fixes some of its configuration: see errors");
}

/* ---- shown ---- */

json_t *
stream_document_show(Control *control, const char *tenant, const StoreEntry *entry)
{
	json_t *shown = json_pack("{s:O}", "id", json_object_get(entry->value, "id"));
	const char *state = stream_state_name(STREAM_CREATED), *run_id = NULL;
	StoreEntry list, run;
	bool ended;

	(void) json_object_update_missing(shown, entry->value);
	(void) json_object_set_new(shown, "revision", json_integer((json_int_t) entry->revision));
	if (run_list_get(control, tenant, text_of(entry->value, "id"), &list, NULL))
	{
		run_id = run_list_newest(&list);
		if (run_id != NULL && run_get(control, tenant, run_id, &run, NULL))
		{
			state = stream_state_name(run_state_now(control, run.value, &ended));
			store_entry_free(&run);
		}
		(void) json_object_set_new(shown, "run_id",
								   run_id != NULL ? json_string(run_id) : json_null());
		store_entry_free(&list);
	}
	else
		(void) json_object_set_new(shown, "run_id", json_null());
	(void) json_object_set_new(shown, "state", json_string(state));
	return shown;
}

/* In the place of its id the name of a connection. */
static bool
export_connection(Control *control, const char *tenant, json_t *end, SluiceError *err)
{
	StoreEntry entry;

	if (!connection_get(control, tenant, text_of(end, "connection_id"), &entry, err))
		return false;
	(void) json_object_set(end, "connection", json_object_get(entry.value, "name"));
	(void) json_object_del(end, "connection_id");
	store_entry_free(&entry);
	return true;
}

json_t *
stream_document_export(Control *control, const char *tenant, const json_t *document,
					   SluiceError *err)
{
	json_t *exported = stream_document_input(document), *target;
	bool good = export_connection(control, tenant, json_object_get(exported, "source"), err);
	size_t i;

	json_array_foreach(json_object_get(exported, "targets"), i, target)
	{
		good = good && export_connection(control, tenant, target, err);
	}
	if (good)
		return exported;
	json_decref(exported);
	return NULL;
}
