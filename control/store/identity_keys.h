/*
 * identity_keys.h - API keys: "slc_<the id without key_>_<43 characters of base64url>".
 *
 * Only a key's SHA-256 is kept, in the document key.<id>:
 *
 *     {id, name, tenant, hash, scopes: [names], expires_at|null, created_at, created_by, rotated_at|null,
 *      previous: {hash, expires_at}|null}
 *
 * A key that was rotated counts until previous.expires_at.  Its last use stands in used.<id> of STORE_STATE,
 * written at most once a minute.
 */
#ifndef SLUICE_CONTROL_IDENTITY_KEYS_H
#define SLUICE_CONTROL_IDENTITY_KEYS_H

#include "common/control/secret_request.h"
#include "common/daemon/log.h"
#include "identity.h"
#include "store.h"

#define API_KEY_HASH (2 * 32 + 1) /* hexadecimal */

extern Identity *identity_keys_new(Store *store, Log *log, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Makes the first key (all scopes but worker, tenant "default", and that tenant) when there is none at all; of
 * several servers one makes it.  `text` has API_KEY_TEXT bytes and is "" when there was one.
 */
extern bool identity_first_key(Store *store, char *text, SluiceError *err) SLUICE_MUST_CHECK;

/* Writes a new key's text (API_KEY_TEXT bytes; wipe it) and its hash. */
extern void api_key_make(const char *id, char *text, char hash[API_KEY_HASH]);

#endif
