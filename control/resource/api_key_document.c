/*
 * api_key_document.c - see api_key_document.h.
 */
#include "api_key_document.h"

#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "control/http/scope.h"

uint64_t
api_key_scopes(const json_t *names)
{
	const json_t *name;
	uint64_t scopes = 0, bits;
	size_t i;

	json_array_foreach(names, i, name)
	{
		if (json_is_string(name) && scope_parse(json_string_value(name), &bits))
			scopes |= bits;
	}
	return scopes;
}

uint64_t
api_key_document_scopes(const json_t *document)
{
	const char *tenant = text_of(document, "tenant");

	return scopes_in_tenant(api_key_scopes(json_object_get(document, "scopes")),
							tenant != NULL ? tenant : "");
}

bool
api_key_may_give(const Caller *caller, uint64_t scopes, Response *response)
{
	uint64_t own = caller->scopes;

	if ((own & SCOPE_BIT(SCOPE_TENANTS_ADMIN)) != 0)
		own |= SCOPE_BIT(SCOPE_WORKER);
	for (int scope = SCOPE_NONE + 1; scope < SCOPES; scope++)
	{
		if ((scopes & ~own & SCOPE_BIT(scope)) != 0)
			problem_add(&response->problem, "/scopes", "not_yours", NULL,
						"your key cannot give the scope %s", scope_names[scope]);
	}
	return (scopes & ~own) == 0 ||
		   response_fail(response, PROBLEM_FORBIDDEN,
						 "a key can give only scopes it has itself, and worker with tenants:admin");
}

static json_t *
scope_list(uint64_t scopes)
{
	json_t *names = json_array();

	for (int scope = SCOPE_NONE + 1; scope < SCOPES; scope++)
	{
		if ((scopes & SCOPE_BIT(scope)) != 0)
			(void) json_array_append_new(names, json_string(scope_names[scope]));
	}
	return names;
}

json_t *
api_key_document_make(const json_t *body, const char *id, const char *tenant, uint64_t scopes,
					  const char *created_by, const char hash[API_KEY_HASH])
{
	char now[TIMESTAMP_TEXT];

	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s?, s:s, s:s, s:n, s:n}", "id", id, "name",
					 text_of(body, "name"), "tenant", tenant, "hash", hash, "scopes",
					 scope_list(scopes), "expires_at", text_of(body, "expires_at"), "created_at",
					 timestamp_now_text(now), "created_by", created_by, "rotated_at", "previous");
}

json_t *
api_key_document_rotate(const json_t *document, const char hash[API_KEY_HASH],
						int64_t grace_seconds)
{
	char now[TIMESTAMP_TEXT], until[TIMESTAMP_TEXT];
	json_t *rotated = json_copy((json_t *) document);
	json_t *previous = json_null();

	if (grace_seconds > 0)
		previous = json_pack("{s:O, s:s}", "hash", json_object_get(document, "hash"), "expires_at",
							 timestamp_format(until, timestamp_now() + grace_seconds * 1000));
	(void) json_object_set_new(rotated, "previous", previous);
	(void) json_object_set_new(rotated, "rotated_at", json_string(timestamp_now_text(now)));
	(void) json_object_set_new(rotated, "hash", json_string(hash));
	return rotated;
}

/* The time of the last use, as JSON; null before the first. */
static json_t *
last_use(Control *control, const char *id)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry used;
	json_t *at;

	if (!store_get(control->store, STORE_STATE, used_key(key, id), &used, NULL))
		return json_null();
	at = json_incref(json_object_get(used.value, "at"));
	store_entry_free(&used);
	return at != NULL ? at : json_null();
}

json_t *
api_key_document_show(Control *control, const StoreEntry *entry)
{
	static const char *const members[] = {"id",			"name",		  "tenant",		"scopes",
										  "expires_at", "created_at", "created_by", "rotated_at"};
	json_t *shown = json_object();
	json_t *previous = json_object_get(entry->value, "previous");
	json_t *until = json_object_get(previous, "expires_at");

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		(void) json_object_set(shown, members[i], json_object_get(entry->value, members[i]));
	(void) json_object_set(shown, "previous_expires_at", until != NULL ? until : json_null());
	(void) json_object_set_new(shown, "last_used_at", last_use(control, key_last(entry->key)));
	(void) json_object_set_new(shown, "revision", json_integer((json_int_t) entry->revision));
	return shown;
}
