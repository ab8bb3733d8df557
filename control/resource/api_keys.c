/*
 * api_keys.c - API keys over REST: a key's text is in the answer that made it, and nowhere else.
 */
#include "api_keys.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "administrators.h"
#include "answer.h"
#include "api_key_document.h"
#include "collection.h"
#include "common/control/timestamp.h"
#include "control/http/scope.h"
#include "control/store/exchange_key.h"
#include "control/store/identifier.h"

static bool
administers_tenants(const Request *request)
{
	return (request->caller.scopes & SCOPE_BIT(SCOPE_TENANTS_ADMIN)) != 0;
}

/* The tenant a request is about: the caller's own, or with tenants:admin the one it names (NULL: the own). */
static bool
tenant_of(Control *control, const Request *request, const char *named, const char **tenant,
		  Response *response)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;
	SluiceError err;

	*tenant = request->caller.tenant;
	if (named == NULL || strcmp(named, request->caller.tenant) == 0)
		return true;
	if (!administers_tenants(request))
		return response_fail(response, PROBLEM_FORBIDDEN,
							 "another tenant's keys need the scope tenants:admin");
	if (!store_get(control->store, STORE_CONFIG, tenant_key(key, named), &entry, &err))
		return answer_missing(response, "tenant", named, &err);
	store_entry_free(&entry);
	*tenant = named;
	response_concerns(response, named);
	return true;
}

/* The key of the path, when it is one the caller may see. */
static bool
key_of_request(Control *control, const Request *request, StoreEntry *entry, Response *response)
{
	const char *id = request_parameter(request, "id");
	char key[LAYOUT_KEY_MAXIMUM];
	const char *tenant;
	SluiceError err;

	if (!store_get(control->store, STORE_CONFIG, api_key_key(key, id), entry, &err))
		return answer_missing(response, "API key", id, &err);
	tenant = text_of(entry->value, "tenant");
	if (tenant != NULL &&
		(administers_tenants(request) || strcmp(tenant, request->caller.tenant) == 0))
	{
		response_concerns(response, tenant);
		return true;
	}
	store_entry_free(entry);
	return response_fail(response, PROBLEM_NOT_FOUND, "there is no API key %s", id);
}

/* ---- reading ---- */

/* A CollectionTakes: keys of the tenant, the oldest first. */
static bool
takes_key(void *context, const StoreEntry *entry, char *order)
{
	const char *tenant = text_of(entry->value, "tenant");
	const char *created = text_of(entry->value, "created_at");

	(void) snprintf(order, CURSOR_KEY_MAXIMUM + 1, "%s %s", created != NULL ? created : "",
					key_last(entry->key));
	return tenant != NULL && strcmp(tenant, context) == 0;
}

static json_t *
show_key(void *context, const StoreEntry *entry, bool *skip)
{
	(void) skip;
	return api_key_document_show(context, entry);
}

bool
list_api_keys(Control *control, const Request *request, Response *response)
{
	Collection keys;
	const char *tenant;
	SluiceError err;
	bool good;

	if (!tenant_of(control, request, request_query(request, "tenant"), &tenant, response))
		return false;
	if (!collection_read(&keys, control->store, STORE_CONFIG, "key.", takes_key, (void *) tenant,
						 &err))
		return response_error(response, &err);
	good = collection_answer(&keys, request, show_key, control, response);
	collection_free(&keys);
	return good;
}

bool
get_api_key(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	bool good;

	if (!key_of_request(control, request, &entry, response))
		return false;
	response_etag(response, entry.revision);
	good = answer_json(response, 200, api_key_document_show(control, &entry));
	store_entry_free(&entry);
	return good;
}

/* ---- making ---- */

/* A worker's token beside its key. */
static bool
add_token(Control *control, const char *text, json_t *shown, Response *response)
{
	char token_text[WORKER_TOKEN_TEXT];
	WorkerToken token = {0};
	SluiceError err;

	if (!exchange_key_get(control->store, control->secrets, token.server_key, NULL, &err))
		return response_error(response, &err);
	(void) snprintf(token.api_key, sizeof(token.api_key), "%s", text);
	worker_token_format(&token, token_text);
	(void) json_object_set_new(shown, "token", json_string(token_text));
	sodium_memzero(&token, sizeof(token));
	sodium_memzero(token_text, sizeof(token_text));
	return true;
}

/* The document with its key's text; `text` is the caller's to wipe. */
static bool
answer_with_key(Control *control, const StoreEntry *entry, const char *text, int status,
				Response *response)
{
	json_t *shown = api_key_document_show(control, entry);
	uint64_t scopes = api_key_document_scopes(entry->value);

	(void) json_object_set_new(shown, "key", json_string(text));
	if ((scopes & SCOPE_BIT(SCOPE_WORKER)) != 0 && !add_token(control, text, shown, response))
	{
		json_decref(shown);
		return false;
	}
	response_etag(response, entry->revision);
	response_header(response, "Cache-Control", "no-store");
	return answer_json(response, status, shown);
}

static bool
expiry_valid(const Request *request, Response *response)
{
	const char *text = text_of(request->body, "expires_at");
	int64_t ms;

	if (text == NULL || (timestamp_parse(text, &ms) && ms > timestamp_now()))
		return true;
	problem_add(&response->problem, "/expires_at", "past", "name a time to come",
				"a key cannot expire before it is made");
	return answer_invalid(response, "API key");
}

/* What a list of names means for a key of the tenant: groups leave out what it cannot have, by name that is an error. */
static bool
scopes_for(const char *tenant, const json_t *names, uint64_t *scopes, Response *response)
{
	const char *const never = scope_names[SCOPE_TENANTS_ADMIN];
	const json_t *name;
	size_t i;

	*scopes = scopes_in_tenant(api_key_scopes(names), tenant);
	if (strcmp(tenant, TENANT_DEFAULT) == 0)
		return true;
	json_array_foreach(names, i, name)
	{
		if (json_is_string(name) && strcmp(json_string_value(name), never) == 0)
			problem_add(&response->problem, "/scopes", "not_in_tenant", "leave it out",
						"only keys of the tenant " TENANT_DEFAULT " can have the scope %s", never);
	}
	return response->problem.errors == NULL || answer_invalid(response, "API key");
}

/* With the pair of the servers first: a worker's key without its token would be of no use. */
static bool
can_make(Control *control, const Request *request, uint64_t scopes, Response *response)
{
	uint8_t public_key[EXCHANGE_KEY_BYTES];
	SluiceError err;

	if (!api_key_may_give(&request->caller, scopes, response) || !expiry_valid(request, response))
		return false;
	return (scopes & SCOPE_BIT(SCOPE_WORKER)) == 0 ||
		   exchange_key_get(control->store, control->secrets, public_key, NULL, &err) ||
		   response_error(response, &err);
}

static bool
put_key(Control *control, StoreEntry *entry, uint64_t at, Response *response)
{
	SluiceError err;

	if (entry->value == NULL)
		return response_fail(response, PROBLEM_INTERNAL, "out of memory");
	return store_put(control->store, STORE_CONFIG, entry->key, entry->value, at, &entry->revision,
					 &err) ||
		   response_error(response, &err);
}

bool
create_api_key(Control *control, const Request *request, Response *response)
{
	uint64_t scopes = 0;
	char id[ID_MAXIMUM + 1], text[API_KEY_TEXT], hash[API_KEY_HASH];
	StoreEntry entry = {0};
	const char *tenant;
	bool good;

	if (!tenant_of(control, request, text_of(request->body, "tenant"), &tenant, response) ||
		!scopes_for(tenant, json_object_get(request->body, "scopes"), &scopes, response) ||
		!can_make(control, request, scopes, response))
		return false;
	api_key_make(identifier_make(id, ID_KEY), text, hash);
	(void) api_key_key(entry.key, id);
	entry.value =
		api_key_document_make(request->body, id, tenant, scopes, request->caller.key_id, hash);
	good = put_key(control, &entry, 0, response);
	if (good)
	{
		response_header(response, "Location", "/api/v1/api-keys/%s", id);
		good = answer_with_key(control, &entry, text, 201, response);
	}
	store_entry_free(&entry);
	sodium_memzero(text, sizeof(text));
	return good;
}

/* ---- changing ---- */

/* Gives the entry another document with a new hash, whose text it writes. */
static bool
rotate_entry(Control *control, const Request *request, StoreEntry *entry, char text[API_KEY_TEXT],
			 Response *response)
{
	json_int_t grace = json_integer_value(json_object_get(request->body, "grace_seconds"));
	char hash[API_KEY_HASH];
	json_t *rotated;

	api_key_make(key_last(entry->key), text, hash);
	rotated = api_key_document_rotate(entry->value, hash, grace);
	store_entry_free(entry);
	entry->value = rotated;
	return put_key(control, entry, entry->revision, response);
}

/* Who rotates a key has it then: so he must have its scopes. */
bool
rotate_api_key(Control *control, const Request *request, Response *response)
{
	char text[API_KEY_TEXT] = "";
	StoreEntry entry;
	uint64_t scopes;
	bool good;

	if (!key_of_request(control, request, &entry, response))
		return false;
	scopes = api_key_document_scopes(entry.value);
	good = api_key_may_give(&request->caller, scopes, response) &&
		   rotate_entry(control, request, &entry, text, response) &&
		   answer_with_key(control, &entry, text, 200, response);
	store_entry_free(&entry);
	sodium_memzero(text, sizeof(text));
	return good;
}

static void
forget_use(Control *control, const char *id)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry used;

	if (!store_get(control->store, STORE_STATE, used_key(key, id), &used, NULL))
		return;
	(void) !store_delete(control->store, STORE_STATE, key, STORE_ANY, NULL);
	store_entry_free(&used);
}

bool
delete_api_key(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	SluiceError err;
	bool good;

	if (!key_of_request(control, request, &entry, response))
		return false;
	good = administrator_leaves(control, &entry, response) &&
		   (store_delete(control->store, STORE_CONFIG, entry.key, entry.revision, &err) ||
			response_error(response, &err));
	if (good)
		forget_use(control, key_last(entry.key));
	store_entry_free(&entry);
	return good && answer_empty(response, 204);
}

/* ---- the caller ---- */

bool
get_me(Control *control, const Request *request, Response *response)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;
	SluiceError err;
	json_t *shown;

	if (!store_get(control->store, STORE_CONFIG, api_key_key(key, request->caller.key_id), &entry,
				   &err))
		return answer_missing(response, "API key", request->caller.key_id, &err);
	shown = json_pack("{s:s, s:o}", "tenant", request->caller.tenant, "key",
					  api_key_document_show(control, &entry));
	store_entry_free(&entry);
	return answer_json(response, 200, shown);
}
