/*
 * connection_document.c - connections in the store (connection_document.h).
 */
#include "connection_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "control/database/engine.h"
#include "control/store/secret_keeper.h"

bool
connection_get(Control *control, const char *tenant, const char *id, StoreEntry *entry,
			   SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];

	return store_get(control->store, STORE_CONFIG, connection_key(key, tenant, id), entry, err);
}

json_t *
connection_snapshot(const json_t *connection)
{
	static const char *const members[] = {"id",		  "name", "type",		  "host", "port",
										  "database", "user", "has_password", "tls",  "options"};
	json_t *snapshot = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		(void) json_object_set_new(snapshot, members[i],
								   json_deep_copy(json_object_get(connection, members[i])));
	(void) json_object_del(json_object_get(snapshot, "tls"), "certificate_expires_at");
	return snapshot;
}

/* ---- settings ---- */

static bool
read_settings(const json_t *connection, DatabaseSettings *settings, SluiceError *err)
{
	*settings = (DatabaseSettings){.document = json_deep_copy(connection)};
	if (settings->document == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a connection");
	if (!endpoint_read(&settings->endpoint, settings->document, err))
		return false;
	settings->engine = engine_find(settings->endpoint.type);
	if (settings->endpoint.port == 0)
		settings->endpoint.port = (int) settings->engine->port;
	return true;
}

bool
connection_settings(Control *control, const char *tenant, const json_t *connection,
					DatabaseSettings *settings, SluiceError *err)
{
	if (!read_settings(connection, settings, err))
		return false;
	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		if (!settings->endpoint.has[i])
			continue;
		settings->secrets[i] = secret_get(control->secrets, tenant, settings->endpoint.id,
										  endpoint_secret_fields[i], err);
		if (settings->secrets[i] == NULL)
			return sluice_prefix(err, "%s of connection %s", endpoint_secret_fields[i],
								 settings->endpoint.id);
	}
	return true;
}

bool
connection_draft_settings(ConnectionDraft *draft, DatabaseSettings *settings, SluiceError *err)
{
	bool good = read_settings(draft->document, settings, err);

	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		settings->secrets[i] = draft->secrets[i];
		draft->secrets[i] = NULL;
	}
	return good;
}

/* ---- who has it ---- */

typedef struct UserSearch
{
	const char *connection;
	json_t *users;
} UserSearch;

static bool
uses(const json_t *end, const char *connection)
{
	const char *id = text_of(end, "connection_id");

	return id != NULL && strcmp(id, connection) == 0;
}

static bool
note_user(void *context, const StoreEntry *entry)
{
	const UserSearch *search = context;
	bool used = uses(json_object_get(entry->value, "source"), search->connection);
	json_t *target;
	size_t i;

	json_array_foreach(json_object_get(entry->value, "targets"), i, target)
	{
		used = used || uses(target, search->connection);
	}
	if (used)
		(void) json_array_append_new(search->users, json_pack("{s:s?, s:s?}", "stream_id",
															  text_of(entry->value, "id"), "name",
															  text_of(entry->value, "name")));
	return true;
}

json_t *
connection_users(Control *control, const char *tenant, const char *id, SluiceError *err)
{
	UserSearch search = {.connection = id, .users = json_array()};
	char prefix[LAYOUT_KEY_MAXIMUM];

	if (store_each(control->store, STORE_CONFIG, key_prefix(prefix, "stream", tenant, NULL), NULL,
				   note_user, &search, err))
		return search.users;
	json_decref(search.users);
	return NULL;
}

/* ---- showing ---- */

json_t *
connection_show(Control *control, const char *tenant, const StoreEntry *entry)
{
	json_t *shown = json_copy(entry->value);
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry tested;
	SluiceError err;

	if (shown == NULL)
		return NULL;
	(void) json_object_set_new(shown, "revision", json_integer((json_int_t) entry->revision));
	if (store_get(control->store, STORE_STATE, tested_key(key, tenant, key_last(entry->key)),
				  &tested, &err))
	{
		(void) json_object_set(shown, "last_test", tested.value);
		store_entry_free(&tested);
	}
	else
		(void) json_object_set_new(shown, "last_test", json_null());
	return shown;
}
