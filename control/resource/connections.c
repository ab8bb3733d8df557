/*
 * connections.c - the routes of connections, and those that keep them.
 */
#include "connections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "collection.h"
#include "common/control/timestamp.h"
#include "connection_document.h"
#include "connection_look.h"
#include "connection_name.h"
#include "control/meter/meter.h"
#include "control/store/identifier.h"
#include "control/store/secret_keeper.h"

#define CONNECTIONS_MAXIMUM 10000 /* of a tenant */

/* ---- the list ---- */

typedef struct ConnectionFilter
{
	Control *control;
	const char *tenant;
	const char *name, *q, *type; /* NULL: any */
} ConnectionFilter;

static bool
takes_connection(void *context, const StoreEntry *entry, char *order)
{
	const ConnectionFilter *filter = context;
	const char *name = text_of(entry->value, "name"), *type = text_of(entry->value, "type"),
			   *host = text_of(entry->value, "host");

	if (name == NULL || type == NULL || host == NULL)
		return false;
	(void) snprintf(order, CURSOR_KEY_MAXIMUM + 1, "%.160s %s", name, key_last(entry->key));
	return (filter->name == NULL || strcmp(name, filter->name) == 0) &&
		   (filter->type == NULL || strcmp(type, filter->type) == 0) &&
		   (filter->q == NULL || strcasestr(name, filter->q) != NULL ||
			strcasestr(host, filter->q) != NULL);
}

static json_t *
show_connection(void *context, const StoreEntry *entry, bool *skip)
{
	const ConnectionFilter *filter = context;

	(void) skip;
	return connection_show(filter->control, filter->tenant, entry);
}

static bool
read_connections(ConnectionFilter *filter, Collection *connections, SluiceError *err)
{
	char prefix[LAYOUT_KEY_MAXIMUM];

	return collection_read(connections, filter->control->store, STORE_CONFIG,
						   key_prefix(prefix, "connection", filter->tenant, NULL), takes_connection,
						   filter, err);
}

static bool
list_connections(Control *control, const Request *request, Response *response)
{
	ConnectionFilter filter = {
		.control = control,
		.tenant = request->caller.tenant,
		.name = request_query(request, "name"),
		.q = request_query(request, "q"),
		.type = request_query(request, "type"),
	};
	Collection connections;
	SluiceError err;
	bool good;

	if (!read_connections(&filter, &connections, &err))
		return response_error(response, &err);
	good = collection_answer(&connections, request, show_connection, &filter, response);
	collection_free(&connections);
	return good;
}

/* ---- one ---- */

bool
connection_of_request(Control *control, const Request *request, StoreEntry *entry,
					  Response *response)
{
	const char *id = request_parameter(request, "id");
	SluiceError err;

	return connection_get(control, request->caller.tenant, id, entry, &err) ||
		   answer_missing(response, "connection", id, &err);
}

/* Answers with what was put. */
static bool
answer_connection(Control *control, const Request *request, int status, const StoreEntry *entry,
				  Response *response)
{
	response_etag(response, entry->revision);
	return answer_json(response, status, connection_show(control, request->caller.tenant, entry));
}

static bool
get_connection(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	bool good;

	if (!connection_of_request(control, request, &entry, response))
		return false;
	good = answer_connection(control, request, 200, &entry, response);
	store_entry_free(&entry);
	return good;
}

/* ---- making and changing ---- */

static bool
fail_taken(Response *response, const char *name)
{
	return response_fail(response, PROBLEM_CONFLICT, "another connection has the name \"%.100s\"",
						 name);
}

/* Names are what people and exports know connections by.  Of two that are given one at once the claim decides. */
static bool
name_is_free(Control *control, const char *tenant, const json_t *document, size_t *count,
			 Response *response)
{
	const char *name = text_of(document, "name"), *id = text_of(document, "id");
	ConnectionFilter filter = {.control = control, .tenant = tenant};
	Collection connections;
	SluiceError err;
	bool taken = false;

	if (!read_connections(&filter, &connections, &err))
		return response_error(response, &err);
	*count = connections.count;
	for (size_t i = 0; i < connections.count; i++)
	{
		const StoreEntry *entry = &connections.items[i].entry;

		taken |= strcmp(text_of(entry->value, "name"), name) == 0 &&
				 strcmp(key_last(entry->key), id) != 0;
	}
	collection_free(&connections);
	return !taken || fail_taken(response, name);
}

static bool
claim_name(Control *control, const char *tenant, const json_t *document, Response *response)
{
	const char *name = text_of(document, "name");
	SluiceError err;

	if (connection_name_claim(control, tenant, name, text_of(document, "id"), &err))
		return true;
	return err.code == SLUICE_ERROR_CONFLICT ? fail_taken(response, name)
											 : response_error(response, &err);
}

static void
set_time(json_t *document, const char *member)
{
	char text[TIMESTAMP_TEXT];

	(void) json_object_set_new(document, member, json_string(timestamp_now_text(text)));
}

static bool
put_document(Control *control, const char *tenant, const ConnectionDraft *draft, uint64_t revision,
			 StoreEntry *entry, SluiceError *err)
{
	*entry = (StoreEntry){.value = draft->document};
	(void) connection_key(entry->key, tenant, text_of(draft->document, "id"));
	return store_put(control->store, STORE_CONFIG, entry->key, draft->document, revision,
					 &entry->revision, err);
}

/* Secrets first: a connection that can be seen has them. */
static bool
store_new(Control *control, const Request *request, const ConnectionDraft *draft,
		  Response *response)
{
	const char *tenant = request->caller.tenant, *id = text_of(draft->document, "id");
	SluiceError err = {0}, ignored;
	StoreEntry entry;

	if (!claim_name(control, tenant, draft->document, response))
		return false;
	if (!connection_draft_keep(control, tenant, draft, &err) ||
		!put_document(control, tenant, draft, 0, &entry, &err))
	{
		connection_name_release(control, tenant, text_of(draft->document, "name"), id);
		(void) !secret_delete_all(control->secrets, tenant, id, &ignored);
		return response_error(response, &err);
	}
	response_header(response, "Location", "/api/v1/connections/%s", id);
	return answer_connection(control, request, 201, &entry, response);
}

static bool
create_connection(Control *control, const Request *request, Response *response)
{
	const char *tenant = request->caller.tenant;
	char id[ID_MAXIMUM + 1];
	ConnectionDraft draft;
	size_t count = 0;
	bool good = connection_draft(control, tenant, NULL, request->body, &draft, response);

	if (good)
	{
		(void) json_object_set_new(draft.document, "id",
								   json_string(identifier_make(id, ID_CONNECTION)));
		set_time(draft.document, "created_at");
		set_time(draft.document, "updated_at");
		good =
			name_is_free(control, tenant, draft.document, &count, response) &&
			meter_allows_more(control->meter, tenant, QUOTA_CONNECTIONS, count, &response->problem);
	}
	if (good && count >= CONNECTIONS_MAXIMUM)
		good = response_fail(response, PROBLEM_CONFLICT, "there are %d connections already",
							 CONNECTIONS_MAXIMUM);
	good = good && store_new(control, request, &draft, response);
	connection_draft_free(&draft);
	return good;
}

/* The document first: who loses against another change leaves the secrets as they are. */
static bool
store_change(Control *control, const Request *request, const ConnectionDraft *draft,
			 const StoreEntry *before, Response *response)
{
	const char *tenant = request->caller.tenant, *id = key_last(before->key);
	const char *old = text_of(before->value, "name"), *name = text_of(draft->document, "name");
	bool renamed = strcmp(old, name) != 0, put;
	SluiceError err = {0};
	StoreEntry entry;

	if (renamed && !claim_name(control, tenant, draft->document, response))
		return false;
	put = put_document(control, tenant, draft, before->revision, &entry, &err);
	if (renamed)
		connection_name_release(control, tenant, put ? old : name, id);
	if (!put)
		return err.code == SLUICE_ERROR_CONFLICT
				   ? response_fail(response, PROBLEM_STALE,
								   "somebody else changed the connection: read it again")
				   : response_error(response, &err);
	if (!connection_draft_keep(control, tenant, draft, &err))
		return response_error(response, &err);
	return answer_connection(control, request, 200, &entry, response);
}

static bool
change_connection(Control *control, const Request *request, Response *response)
{
	const char *tenant = request->caller.tenant;
	ConnectionDraft draft = {.document = NULL};
	StoreEntry entry;
	size_t count;
	bool good;

	if (!connection_of_request(control, request, &entry, response))
		return false;
	good = request_if_match(request, entry.revision, response) &&
		   connection_draft(control, tenant, entry.value, request->body, &draft, response) &&
		   name_is_free(control, tenant, draft.document, &count, response);
	if (good)
	{
		set_time(draft.document, "updated_at");
		good = store_change(control, request, &draft, &entry, response);
	}
	connection_draft_free(&draft);
	store_entry_free(&entry);
	return good;
}

/* ---- removing ---- */

static bool
fail_used(const json_t *users, Response *response)
{
	json_t *user;
	size_t i;

	json_array_foreach(users, i, user)
	{
		problem_add(&response->problem, "", "stream",
					"delete the stream, or give it another connection", "stream %s (%s)",
					text_of(user, "name"), text_of(user, "stream_id"));
	}
	i = json_array_size(users);
	return response_fail(response, PROBLEM_IN_USE, "%zu stream%s the connection", i,
						 i == 1 ? " uses" : "s use");
}

static bool
remove_entry(Control *control, const char *tenant, const StoreEntry *entry, Response *response)
{
	const char *id = key_last(entry->key);
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err = {0}, ignored;

	if (!store_delete(control->store, STORE_CONFIG, entry->key, entry->revision, &err))
		return err.code == SLUICE_ERROR_CONFLICT
				   ? response_fail(response, PROBLEM_STALE,
								   "somebody else changed the connection: read it again")
				   : response_error(response, &err);
	connection_name_release(control, tenant, text_of(entry->value, "name"), id);
	(void) !store_delete(control->store, STORE_STATE, tested_key(key, tenant, id), STORE_ANY,
						 &ignored);
	if (!secret_delete_all(control->secrets, tenant, id, &err))
		return response_error(response, &err);
	return answer_empty(response, 204);
}

static bool
delete_connection(Control *control, const Request *request, Response *response)
{
	const char *tenant = request->caller.tenant;
	StoreEntry entry;
	SluiceError err;
	json_t *users;
	bool good;

	if (!connection_of_request(control, request, &entry, response))
		return false;
	good = request_if_match(request, entry.revision, response);
	users = good ? connection_users(control, tenant, key_last(entry.key), &err) : NULL;
	if (good && users == NULL)
		good = response_error(response, &err);
	else if (good && json_array_size(users) > 0)
		good = fail_used(users, response);
	good = good && remove_entry(control, tenant, &entry, response);
	json_decref(users);
	store_entry_free(&entry);
	return good;
}

static const Route routes[] = {
	{HTTP_GET, "/connections", "listConnections", SCOPE_CONNECTIONS_READ, list_connections, 0},
	{HTTP_POST, "/connections", "createConnection", SCOPE_CONNECTIONS_WRITE, create_connection, 0},
	{HTTP_GET, "/connections/{id}", "getConnection", SCOPE_CONNECTIONS_READ, get_connection, 0},
	{HTTP_PATCH, "/connections/{id}", "changeConnection", SCOPE_CONNECTIONS_WRITE,
	 change_connection, 0},
	{HTTP_DELETE, "/connections/{id}", "deleteConnection", SCOPE_CONNECTIONS_WRITE,
	 delete_connection, 0},
	{HTTP_POST, "/connections/test", "testNewConnection", SCOPE_CONNECTIONS_WRITE,
	 connection_test_new, ROUTE_QUIET},
	{HTTP_POST, "/connections/{id}/test", "testConnection", SCOPE_CONNECTIONS_WRITE,
	 connection_test_kept, ROUTE_QUIET},
	{HTTP_GET, "/connections/{id}/databases", "listDatabases", SCOPE_CONNECTIONS_READ,
	 connection_list_databases, 0},
	{HTTP_GET, "/connections/{id}/schemas", "listSchemas", SCOPE_CONNECTIONS_READ,
	 connection_list_schemas, 0},
	{HTTP_GET, "/connections/{id}/tables", "listTables", SCOPE_CONNECTIONS_READ,
	 connection_list_tables, 0},
	{HTTP_GET, "/connections/{id}/tables/{table}/columns", "listColumns", SCOPE_CONNECTIONS_READ,
	 connection_list_columns, 0},
	{HTTP_POST, "/connections/{id}/preview", "countRows", SCOPE_CONNECTIONS_READ,
	 connection_count_rows, ROUTE_QUIET},
	{HTTP_GET, "/connection-types", "listConnectionTypes", SCOPE_CONNECTIONS_READ,
	 connection_list_types, 0},
};

const Routes connection_routes = {routes, sizeof(routes) / sizeof(routes[0])};
