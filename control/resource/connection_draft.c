/*
 * connection_draft.c - a connection of what a client gave: members by one table, secrets apart (connection_document.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "connection_document.h"
#include "control/database/engine.h"
#include "control/store/secret_keeper.h"

/* Members as they are, and what they are when they were never given or are null. */
static const struct Member
{
	const char *name;
	const char *otherwise; /* JSON */
} members[] = {
	{"name", "\"\""},	  {"type", "\"\""}, {"host", "\"\""},  {"port", "0"},
	{"database", "\"\""}, {"user", "\"\""}, {"options", "{}"}, {"description", "\"\""},
};

/* Where secrets stand in what is given, and what says in the document that there is one. */
static const struct SecretMember
{
	bool in_tls;
	const char *name, *flag, *pointer;
} secret_members[ENDPOINT_SECRETS] = {
	[ENDPOINT_PASSWORD] = {false, "password", "has_password", "/password"},
	[ENDPOINT_CA] = {true, "ca", "has_ca", "/tls/ca"},
	[ENDPOINT_CERTIFICATE] = {true, "certificate", "has_certificate", "/tls/certificate"},
	[ENDPOINT_KEY] = {true, "key", "has_key", "/tls/key"},
};

/* ---- members ---- */

static void
take_members(json_t *document, const json_t *input)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		json_t *given = json_object_get(input, members[i].name);

		if (given != NULL && !json_is_null(given))
			(void) json_object_set(document, members[i].name, given);
		else if (given != NULL || json_object_get(document, members[i].name) == NULL)
			(void) json_object_set_new(document, members[i].name,
									   json_loads(members[i].otherwise, JSON_DECODE_ANY, NULL));
	}
}

static json_t *
holder_of(json_t *document, const struct SecretMember *member)
{
	return member->in_tls ? json_object_get(document, "tls") : document;
}

/* The mode, and whether there are secrets, as before. */
static void
take_tls(json_t *document, const json_t *before, const json_t *input)
{
	const json_t *old = json_object_get(before, "tls"), *given = json_object_get(input, "tls");
	const char *mode = text_of(given, "mode");

	if (mode == NULL && (given == NULL || json_object_get(given, "mode") == NULL))
		mode = text_of(old, "mode");
	(void) json_object_set_new(document, "tls",
							   json_pack("{s:s}", "mode", mode != NULL ? mode : "prefer"));
	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		const struct SecretMember *member = &secret_members[i];
		const json_t *flag = json_object_get(member->in_tls ? old : before, member->flag);

		(void) json_object_set_new(holder_of(document, member), member->flag,
								   json_boolean(json_is_true(flag)));
	}
	(void) json_object_set_new(json_object_get(document, "tls"), "certificate_expires_at",
							   json_incref(json_object_get(old, "certificate_expires_at")));
	if (json_object_get(json_object_get(document, "tls"), "certificate_expires_at") == NULL)
		(void) json_object_set_new(json_object_get(document, "tls"), "certificate_expires_at",
								   json_null());
}

static bool
take_secrets(ConnectionDraft *draft, const json_t *input, Response *response)
{
	const json_t *tls = json_object_get(input, "tls");

	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		const struct SecretMember *member = &secret_members[i];
		const json_t *given = json_object_get(member->in_tls ? tls : input, member->name);
		const char *text = json_string_value(given);
		bool removed = json_is_null(given) || (text != NULL && *text == '\0') ||
					   (member->in_tls && json_is_null(tls));

		draft->removed[i] = removed;
		if (text != NULL && !removed && (draft->secrets[i] = strdup(text)) == NULL)
			return response_fail(response, PROBLEM_INTERNAL, "out of memory");
		if (removed || text != NULL)
			(void) json_object_set_new(holder_of(draft->document, member), member->flag,
									   json_boolean(!removed));
	}
	return true;
}

/* ---- judging ---- */

/* PEM texts as they will be: those given, and of the others what is kept. */
static bool
gather_pem(Control *control, const char *tenant, const ConnectionDraft *draft,
		   char *pem[ENDPOINT_SECRETS], SluiceError *err)
{
	const json_t *tls = json_object_get(draft->document, "tls");

	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		const struct SecretMember *member = &secret_members[i];

		if (!member->in_tls || !json_is_true(json_object_get(tls, member->flag)))
			continue;
		pem[i] = draft->secrets[i] != NULL
					 ? strdup(draft->secrets[i])
					 : secret_get(control->secrets, tenant, text_of(draft->document, "id"),
								  member->name, err);
		if (pem[i] == NULL)
			return sluice_prefix(err, "tls.%s", member->name);
	}
	return true;
}

static void
set_expiry(ConnectionDraft *draft, int64_t expires_ms)
{
	char text[TIMESTAMP_TEXT];

	(void) json_object_set_new(json_object_get(draft->document, "tls"), "certificate_expires_at",
							   expires_ms > 0 ? json_string(timestamp_format(text, expires_ms))
											  : json_null());
}

/* Where something of TLS was given: all of it together. */
static bool
check_tls(Control *control, const char *tenant, ConnectionDraft *draft, Response *response)
{
	char *pem[ENDPOINT_SECRETS] = {NULL};
	SluiceError err = {0};
	EndpointSecret part;
	int64_t expires_ms;
	bool changed = false, good;

	for (int i = 0; i < ENDPOINT_SECRETS; i++)
		changed |= secret_members[i].in_tls && (draft->secrets[i] != NULL || draft->removed[i]);
	if (!changed)
		return true;
	good = gather_pem(control, tenant, draft, pem, &err);
	if (!good)
		(void) response_error(response, &err);
	else if (tls_pem_check((const char *const *) pem, timestamp_now(), &expires_ms, &part, &err))
		set_expiry(draft, expires_ms);
	else
		problem_add(&response->problem, secret_members[part].pointer, "tls",
					err.hint[0] != '\0' ? err.hint : NULL, "%s", err.message);
	for (int i = 0; i < ENDPOINT_SECRETS; i++)
		secret_free(pem[i]);
	return good;
}

/* MySQL and MariaDB are told apart late: by the first who connects. */
static bool
same_kind(const Engine *a, const Engine *b)
{
	return a == b || (strcmp(a->type, "postgresql") != 0 && strcmp(b->type, "postgresql") != 0);
}

static void
check_members(const ConnectionDraft *draft, const json_t *before, Response *response)
{
	const json_t *document = draft->document;
	const Engine *engine = engine_find(text_of(document, "type"));
	SluiceError err = {0};

	if (!host_check(text_of(document, "host"), &err))
		problem_add(&response->problem, "/host", "host", err.hint, "%s", err.message);
	if (engine->database_needed && *text_of(document, "database") == '\0')
		problem_add(&response->problem, "/database", "required", NULL,
					"a connection to %s names a database", engine->name);
	if (before != NULL && !same_kind(engine_find(text_of(before, "type")), engine))
		problem_add(&response->problem, "/type", "fixed", "make another connection",
					"a connection stays one to PostgreSQL, or to MySQL or MariaDB");
	if (json_integer_value(json_object_get(document, "port")) == 0)
		(void) json_object_set_new(draft->document, "port", json_integer(engine->port));
}

bool
connection_draft(Control *control, const char *tenant, const json_t *before, const json_t *input,
				 ConnectionDraft *draft, Response *response)
{
	*draft = (ConnectionDraft){.document = before != NULL ? json_deep_copy(before) : json_object()};
	if (draft->document == NULL)
		return response_fail(response, PROBLEM_INTERNAL, "out of memory");
	take_members(draft->document, input);
	take_tls(draft->document, before, input);
	if (!take_secrets(draft, input, response))
		return false;
	check_members(draft, before, response);
	if (!check_tls(control, tenant, draft, response))
		return false;
	return response->problem.errors == NULL || answer_invalid(response, "the connection");
}

bool
connection_draft_keep(Control *control, const char *tenant, const ConnectionDraft *draft,
					  SluiceError *err)
{
	const char *id = text_of(draft->document, "id");

	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		const char *field = endpoint_secret_fields[i];

		if (draft->removed[i] && !secret_delete(control->secrets, tenant, id, field, err))
			return false;
		if (draft->secrets[i] != NULL &&
			!secret_put(control->secrets, tenant, id, field, draft->secrets[i], err))
			return false;
	}
	return true;
}

void
connection_draft_free(ConnectionDraft *draft)
{
	for (int i = 0; i < ENDPOINT_SECRETS; i++)
		secret_free(draft->secrets[i]);
	json_decref(draft->document);
	*draft = (ConnectionDraft){.document = NULL};
}
