/*
 * connection_look.c - testing connections, and what is in their databases (connection_look.h).
 */
#include "connection_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "common/control/timestamp.h"
#include "connection_document.h"
#include "control/database/database_test.h"
#include "control/database/introspect.h"
#include "database_problem.h"
#include "control/http/cursor.h"

#define COUNT_MS 5000 /* of a count, unless the request says otherwise */

/* ---- tests ---- */

static DatabaseRole
role_of(const json_t *body)
{
	const char *role = text_of(body, "role");

	return role != NULL && strcmp(role, database_role_names[ROLE_TARGET]) == 0 ? ROLE_TARGET
																			   : ROLE_SOURCE;
}

static json_t *
test(Control *control, const Request *request, const DatabaseSettings *settings, Response *response)
{
	const char *tenant = request->caller.tenant;
	SluiceError err;
	json_t *result;

	if (!databases_enter(control->databases, tenant, &err))
	{
		(void) database_problem_full(&err, response);
		return NULL;
	}
	result = database_test(control->databases, settings, role_of(request->body));
	databases_leave(control->databases, tenant);
	if (result == NULL)
		(void) response_fail(response, PROBLEM_INTERNAL, "out of memory");
	return result;
}

bool
connection_test_new(Control *control, const Request *request, Response *response)
{
	DatabaseSettings settings = {.engine = NULL};
	ConnectionDraft draft;
	SluiceError err = {0};
	json_t *result = NULL;
	bool good =
		connection_draft(control, request->caller.tenant, NULL, request->body, &draft, response);

	if (good && !connection_draft_settings(&draft, &settings, &err))
		good = response_error(response, &err);
	if (good)
		result = test(control, request, &settings, response);
	database_settings_free(&settings);
	connection_draft_free(&draft);
	return result != NULL && answer_json(response, 200, result);
}

/* What GET shows as last_test; that it cannot be kept spoils nothing. */
static void
keep_result(Control *control, const Request *request, const json_t *result)
{
	char key[LAYOUT_KEY_MAXIMUM], at[TIMESTAMP_TEXT];
	json_t *kept = json_pack("{s:O, s:s, s:O}", "ok", json_object_get(result, "ok"), "at",
							 timestamp_now_text(at), "server_version",
							 json_object_get(result, "server_version"));
	uint64_t revision;
	SluiceError ignored;

	(void) tested_key(key, request->caller.tenant, request_parameter(request, "id"));
	if (kept != NULL)
		(void) !store_put(control->store, STORE_STATE, key, kept, STORE_ANY, &revision, &ignored);
	json_decref(kept);
}

/* Settings of the connection that the path names. */
static bool
settings_of_request(Control *control, const Request *request, DatabaseSettings *settings,
					Response *response)
{
	StoreEntry entry;
	SluiceError err = {0};
	bool good;

	if (!connection_of_request(control, request, &entry, response))
		return false;
	good = connection_settings(control, request->caller.tenant, entry.value, settings, &err);
	store_entry_free(&entry);
	if (good)
		return true;
	database_settings_free(settings);
	return response_error(response, &err);
}

bool
connection_test_kept(Control *control, const Request *request, Response *response)
{
	DatabaseSettings settings;
	json_t *result;

	if (!settings_of_request(control, request, &settings, response))
		return false;
	result = test(control, request, &settings, response);
	database_settings_free(&settings);
	if (result == NULL)
		return false;
	keep_result(control, request, result);
	return answer_json(response, 200, result);
}

/* ---- looking ---- */

/* Asks an open database; the answer, or NULL with the error. */
typedef json_t *(*Look)(Database *database, const void *wish, SluiceError *err);

/* Connects to the connection of the path, which may be to another database of its server, and looks. */
static json_t *
look(Control *control, const Request *request, Look does, const void *wish, Response *response)
{
	const char *tenant = request->caller.tenant, *name = request_query(request, "database");
	DatabaseSettings settings;
	Database *database;
	SluiceError err = {0};
	json_t *answer = NULL;

	if (!settings_of_request(control, request, &settings, response))
		return NULL;
	if (name != NULL)
		settings.endpoint.database = name;
	if (databases_enter(control->databases, tenant, &err))
	{
		DialReport report;

		database = database_open(control->databases, &settings, &report, &err);
		answer = database != NULL ? does(database, wish, &err) : NULL;
		if (database == NULL)
			(void) database_problem_open(&report, &err, response);
		else if (answer == NULL && err.code == SLUICE_ERROR_NOT_FOUND)
			(void) response_error(response, &err);
		else if (answer == NULL)
			(void) database_problem(&err, response);
		database_close(database);
		databases_leave(control->databases, tenant);
	}
	else
		(void) database_problem_full(&err, response);
	database_settings_free(&settings);
	return answer;
}

/* ---- lists ---- */

/* What separates a schema from a table in a cursor: no name has it. */
#define SEPARATOR '\x01'

typedef struct ListLook
{
	Listing listing;
	ListWish wish;
} ListLook;

static json_t *
look_at_list(Database *database, const void *wish, SluiceError *err)
{
	const ListLook *list = wish;

	return introspect_list(database, list->listing, &list->wish, err);
}

/* One more than a page tells whether there is another. */
static bool
answer_list(json_t *items, Page *page, bool tables, Response *response)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		char key[CURSOR_KEY_MAXIMUM + 1];

		if (page_full(page))
			break;
		if (tables)
			(void) snprintf(key, sizeof(key), "%s%c%s", text_of(item, "schema"), SEPARATOR,
							text_of(item, "name"));
		else
			(void) snprintf(key, sizeof(key), "%s", text_of(item, "name"));
		page_add(page, key, json_incref(item));
	}
	json_decref(items);
	return page_answer(page, response);
}

static bool
list(Control *control, const Request *request, Listing listing, Response *response)
{
	char schema[CURSOR_KEY_MAXIMUM + 1] = "";
	const char *mark;
	Page page;
	ListLook wish = {.listing = listing};
	json_t *items;

	if (!page_read(request, &page, response))
		return false;
	mark = strchr(page.after, SEPARATOR);
	if (mark != NULL)
		memcpy(schema, page.after, (size_t) (mark - page.after));
	wish.wish = (ListWish){.schema = request_query(request, "schema"),
						   .filter = request_query(request, "q"),
						   .after_schema = schema,
						   .after = mark != NULL ? mark + 1 : page.after,
						   .limit = page.limit + 1};
	items = look(control, request, look_at_list, &wish, response);
	if (items != NULL)
		return answer_list(items, &page, listing == LIST_TABLES, response);
	page_free(&page);
	return false;
}

bool
connection_list_databases(Control *control, const Request *request, Response *response)
{
	return list(control, request, LIST_DATABASES, response);
}

bool
connection_list_schemas(Control *control, const Request *request, Response *response)
{
	return list(control, request, LIST_SCHEMAS, response);
}

bool
connection_list_tables(Control *control, const Request *request, Response *response)
{
	return list(control, request, LIST_TABLES, response);
}

/* ---- one table ---- */

typedef struct TableLook
{
	const char *schema, *table;
	int timeout_ms;
} TableLook;

static json_t *
look_at_columns(Database *database, const void *wish, SluiceError *err)
{
	const TableLook *table = wish;

	return introspect_columns(database, table->schema, table->table, err);
}

bool
connection_list_columns(Control *control, const Request *request, Response *response)
{
	const TableLook wish = {.schema = request_query(request, "schema"),
							.table = request_parameter(request, "table")};
	json_t *columns = look(control, request, look_at_columns, &wish, response);

	return columns != NULL &&
		   answer_json(response, 200, json_pack("{s:o, s:n}", "items", columns, "next_cursor"));
}

/* A count that takes too long is an answer too. */
static json_t *
look_at_count(Database *database, const void *wish, SluiceError *err)
{
	const TableLook *table = wish;
	double began = database_clock();
	int64_t rows = 0;
	bool counted =
		introspect_count(database, table->schema, table->table, table->timeout_ms, &rows, err);

	if (!counted && err->code != SLUICE_ERROR_TIMEOUT)
		return NULL;
	return json_pack("{s:o, s:b, s:I}", "rows",
					 counted ? json_integer((json_int_t) rows) : json_null(), "timed_out",
					 (int) !counted, "ms", (json_int_t) (database_clock() - began));
}

bool
connection_count_rows(Control *control, const Request *request, Response *response)
{
	const json_t *timeout = json_object_get(request->body, "timeout_ms");
	const TableLook wish = {.schema = text_of(request->body, "schema"),
							.table = text_of(request->body, "table"),
							.timeout_ms =
								timeout != NULL ? (int) json_integer_value(timeout) : COUNT_MS};
	json_t *count = look(control, request, look_at_count, &wish, response);

	return count != NULL && answer_json(response, 200, count);
}
