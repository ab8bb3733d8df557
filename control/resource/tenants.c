/*
 * tenants.c - tenants and their quotas (see tenants.h).
 *
 * The document tenant.<tenant>: {id, name, quota: {<quota_names of meter.h>: number, ...}, created_at}.
 */
#include "tenants.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "collection.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "control/meter/meter.h"

static bool
tenant_of_request(Control *control, const Request *request, StoreEntry *entry, Response *response)
{
	const char *tenant = request_parameter(request, "id");
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	if (!store_get(control->store, STORE_CONFIG, tenant_key(key, tenant), entry, &err))
		return answer_missing(response, "tenant", tenant, &err);
	response_concerns(response, tenant);
	return true;
}

/* Every quota, null where there is none. */
static json_t *
show_quota(const StoreEntry *entry)
{
	const json_t *quota = json_object_get(entry->value, "quota");
	json_t *shown = json_object();

	for (int kind = 0; kind < QUOTA_KINDS; kind++)
	{
		json_t *limit = json_object_get(quota, quota_names[kind]);

		(void) json_object_set(shown, quota_names[kind], limit != NULL ? limit : json_null());
	}
	return shown;
}

static json_t *
show_tenant(void *context, const StoreEntry *entry, bool *skip)
{
	(void) context;
	(void) skip;
	return json_pack("{s:s, s:O?, s:o, s:O?, s:I}", "id", key_last(entry->key), "name",
					 json_object_get(entry->value, "name"), "quota", show_quota(entry),
					 "created_at", json_object_get(entry->value, "created_at"), "revision",
					 (json_int_t) entry->revision);
}

static bool
answer_tenant(const StoreEntry *entry, int status, Response *response)
{
	response_etag(response, entry->revision);
	return answer_json(response, status, show_tenant(NULL, entry, NULL));
}

/* ---- reading ---- */

static bool
takes_tenant(void *context, const StoreEntry *entry, char *order)
{
	(void) context;
	(void) snprintf(order, CURSOR_KEY_MAXIMUM + 1, "%s", key_last(entry->key));
	return true;
}

bool
list_tenants(Control *control, const Request *request, Response *response)
{
	Collection tenants;
	SluiceError err;
	bool good;

	if (!collection_read(&tenants, control->store, STORE_CONFIG, "tenant.", takes_tenant, NULL,
						 &err))
		return response_error(response, &err);
	good = collection_answer(&tenants, request, show_tenant, NULL, response);
	collection_free(&tenants);
	return good;
}

bool
get_tenant(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	bool good;

	if (!tenant_of_request(control, request, &entry, response))
		return false;
	good = answer_tenant(&entry, 200, response);
	store_entry_free(&entry);
	return good;
}

bool
get_tenant_quota(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	bool good;

	if (!tenant_of_request(control, request, &entry, response))
		return false;
	response_etag(response, entry.revision);
	good = answer_json(response, 200, show_quota(&entry));
	store_entry_free(&entry);
	return good;
}

/* ---- changing ---- */

static bool
put_tenant(Control *control, StoreEntry *entry, uint64_t at, Response *response)
{
	SluiceError err;

	if (entry->value == NULL)
		return response_fail(response, PROBLEM_INTERNAL, "out of memory");
	if (store_put(control->store, STORE_CONFIG, entry->key, entry->value, at, &entry->revision,
				  &err))
		return true;
	if (err.code == SLUICE_ERROR_CONFLICT && at == 0)
	{
		problem_add(&response->problem, "/id", "taken", "take another", "there is tenant %s",
					key_last(entry->key));
		return response_fail(response, PROBLEM_CONFLICT, "there is a tenant %s already",
							 key_last(entry->key));
	}
	return response_error(response, &err);
}

bool
create_tenant(Control *control, const Request *request, Response *response)
{
	const char *id = text_of(request->body, "id"), *name = text_of(request->body, "name");
	char now[TIMESTAMP_TEXT];
	StoreEntry entry = {0};
	bool good;

	(void) tenant_key(entry.key, id);
	entry.value = json_pack("{s:s, s:s, s:{}, s:s}", "id", id, "name", name != NULL ? name : id,
							"quota", "created_at", timestamp_now_text(now));
	good = put_tenant(control, &entry, 0, response);
	if (good)
	{
		response_concerns(response, id);
		response_header(response, "Location", "/api/v1/tenants/%s", id);
		good = answer_tenant(&entry, 201, response);
	}
	store_entry_free(&entry);
	return good;
}

/* Those that are null are no limits, and are left out. */
static json_t *
quota_of_body(const json_t *body)
{
	json_t *quota = json_object();

	for (int kind = 0; kind < QUOTA_KINDS; kind++)
	{
		json_t *limit = json_object_get(body, quota_names[kind]);

		if (json_is_integer(limit))
			(void) json_object_set(quota, quota_names[kind], limit);
	}
	return quota;
}

bool
put_tenant_quota(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	json_t *changed;
	bool good;

	if (!tenant_of_request(control, request, &entry, response))
		return false;
	good = request_if_match(request, entry.revision, response);
	if (good)
	{
		changed = json_copy(entry.value);
		(void) json_object_set_new(changed, "quota", quota_of_body(request->body));
		store_entry_free(&entry);
		entry.value = changed;
		good = put_tenant(control, &entry, entry.revision, response);
	}
	if (good)
	{
		response_etag(response, entry.revision);
		good = answer_json(response, 200, show_quota(&entry));
	}
	store_entry_free(&entry);
	return good;
}

/* ---- removing ---- */

/* What must not be there any more when a tenant goes; what a word is at the tenant's place of the key, or in `tenant`. */
typedef struct Occupants
{
	const char *tenant;
	Response *response;
	const char *kind;
	size_t count;
} Occupants;

/* A StoreEach. */
static bool
note_occupant(void *context, const StoreEntry *entry)
{
	Occupants *occupants = context;
	const char *tenant = text_of(entry->value, "tenant");

	if (strcmp(occupants->kind, "key") == 0 &&
		(tenant == NULL || strcmp(tenant, occupants->tenant) != 0))
		return true;
	problem_add(&occupants->response->problem, "id", "in_use", "delete it first", "%s %s is there",
				occupants->kind, key_last(entry->key));
	return ++occupants->count < 10;
}

static bool
is_empty(Control *control, const char *tenant, Response *response)
{
	static const char *const kinds[] = {"connection", "stream", "alert", "key"};
	Occupants occupants = {.tenant = tenant, .response = response};
	char prefix[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		occupants.kind = kinds[i];
		(void) key_prefix(prefix, kinds[i], strcmp(kinds[i], "key") == 0 ? NULL : tenant, NULL);
		if (!store_each(control->store, STORE_CONFIG, prefix, NULL, note_occupant, &occupants,
						&err))
			return response_error(response, &err);
	}
	return occupants.count == 0 ||
		   response_fail(response, PROBLEM_IN_USE, "tenant %s is not empty", tenant);
}

bool
delete_tenant(Control *control, const Request *request, Response *response)
{
	const char *tenant = request_parameter(request, "id");
	StoreEntry entry;
	SluiceError err;
	bool good;

	if (!tenant_of_request(control, request, &entry, response))
		return false;
	good = request_if_match(request, entry.revision, response);
	if (good && strcmp(tenant, TENANT_DEFAULT) == 0)
		good = response_fail(response, PROBLEM_CONFLICT, "the tenant %s stays", TENANT_DEFAULT);
	good = good && is_empty(control, tenant, response) &&
		   (store_delete(control->store, STORE_CONFIG, entry.key, entry.revision, &err) ||
			response_error(response, &err));
	store_entry_free(&entry);
	return good && answer_empty(response, 204);
}
