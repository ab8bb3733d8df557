/*
 * api_key_document.h - an API key's document: how it is made, changed and shown (control/store/identity_keys.h has its shape).
 */
#ifndef SLUICE_CONTROL_API_KEY_DOCUMENT_H
#define SLUICE_CONTROL_API_KEY_DOCUMENT_H

#include <jansson.h>

#include "control/control.h"
#include "control/http/request.h"
#include "control/store/identity_keys.h"

/* The scopes that a list of names in a request means. */
extern uint64_t api_key_scopes(const json_t *names);

/* Those that count of a key's document. */
extern uint64_t api_key_document_scopes(const json_t *document);

/* Whether the caller may hand these scopes out: only those it has, and `worker` with tenants:admin; fails with 403. */
extern bool api_key_may_give(const Caller *caller, uint64_t scopes, Response *response);

/* Of a request's body {name, scopes, expires_at}; a new reference, NULL without memory. */
extern json_t *api_key_document_make(const json_t *body, const char *id, const char *tenant,
									 uint64_t scopes, const char *created_by,
									 const char hash[API_KEY_HASH]);

/* A copy with another hash; the former one counts for `grace_seconds` more. */
extern json_t *api_key_document_rotate(const json_t *document, const char hash[API_KEY_HASH],
									   int64_t grace_seconds);

/* What is shown: everything but hashes, and when it was last used. */
extern json_t *api_key_document_show(Control *control, const StoreEntry *entry);

#endif
