/*
 * once.c - claims, answers and tickets (once.h).
 *
 *     idempotency.<tenant>.<hash>   {fingerprint, claimed_ms, sealed: text|null}
 *     ticket.<hash>                 {holder, until_ms}
 */
#include "once.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/timestamp.h"

#define CLAIM_TRIES	 3
#define TICKET_BYTES 32
#define SEAL_OWNER	 "idempotency"
#define VARIANT		 sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(ONCE_FINGERPRINT == 2 * crypto_hash_sha256_BYTES + 1, "hexadecimal SHA-256");
_Static_assert(TICKET_TEXT == sodium_base64_ENCODED_LEN(TICKET_BYTES, VARIANT), "ticket length");

void
once_fingerprint(const char *const *parts, size_t count, char fingerprint[ONCE_FINGERPRINT])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	(void) crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < count; i++)
	{
		uint64_t length = parts[i] != NULL ? strlen(parts[i]) : UINT64_MAX;

		(void) crypto_hash_sha256_update(&state, (const unsigned char *) &length, sizeof(length));
		if (parts[i] != NULL)
			(void) crypto_hash_sha256_update(&state, (const unsigned char *) parts[i], length);
	}
	(void) crypto_hash_sha256_final(&state, hash);
	(void) sodium_bin2hex(fingerprint, ONCE_FINGERPRINT, hash, sizeof(hash));
}

/* ---- answers to be repeated ---- */

static bool
put_claim(Store *store, OnceClaim *claim, const char *sealed, uint64_t revision, SluiceError *err)
{
	json_t *document = json_pack("{s:s, s:I, s:s?}", "fingerprint", claim->fingerprint,
								 "claimed_ms", (json_int_t) timestamp_now(), "sealed", sealed);
	bool good = store_put(store, STORE_ONCE, claim->key, document, revision, &claim->revision, err);

	json_decref(document);
	return good;
}

static bool
repeat(SecretKeeper *keeper, const OnceClaim *claim, const char *sealed, json_t **answer,
	   SluiceError *err)
{
	char *text = secret_unwrap(keeper, claim->tenant, SEAL_OWNER, claim->fingerprint, sealed, err);

	if (text == NULL)
	{
		err->code = SLUICE_ERROR_STATE;
		return sluice_prefix(err, "this was done before, but its answer cannot be repeated");
	}
	*answer = json_loads(text, JSON_DECODE_ANY, NULL);
	secret_free(text);
	return *answer != NULL || sluice_fail(err, SLUICE_ERROR_CORRUPT, "a kept answer is damaged");
}

/* Somebody was first: tells what of, or takes it over when he never came to an end. */
static bool
look_at(Store *store, SecretKeeper *keeper, OnceClaim *claim, const StoreEntry *entry,
		OnceOutcome *outcome, json_t **answer, SluiceError *err)
{
	const char *fingerprint = json_string_value(json_object_get(entry->value, "fingerprint"));
	const char *sealed = json_string_value(json_object_get(entry->value, "sealed"));
	int64_t claimed = json_integer_value(json_object_get(entry->value, "claimed_ms"));

	*outcome = ONCE_BUSY;
	if (fingerprint == NULL || strcmp(fingerprint, claim->fingerprint) != 0)
		*outcome = ONCE_MISMATCH;
	else if (sealed != NULL)
	{
		*outcome = ONCE_REPEATED;
		return repeat(keeper, claim, sealed, answer, err);
	}
	else if (timestamp_now() - claimed >= ONCE_CLAIM_MS)
	{
		if (put_claim(store, claim, NULL, entry->revision, err))
			*outcome = ONCE_FIRST;
		else
			return err->code == SLUICE_ERROR_CONFLICT;
	}
	return true;
}

static void
name_claim(OnceClaim *claim, const char *tenant, const char *key_id, const char *idempotency_text,
		   const char *fingerprint)
{
	char hash[ONCE_FINGERPRINT];

	memset(claim, 0, sizeof(*claim));
	once_fingerprint((const char *const[]){key_id, idempotency_text}, 2, hash);
	(void) idempotency_key(claim->key, tenant, hash);
	(void) snprintf(claim->tenant, sizeof(claim->tenant), "%s", tenant);
	(void) snprintf(claim->fingerprint, sizeof(claim->fingerprint), "%s", fingerprint);
}

bool
once_claim(Store *store, SecretKeeper *keeper, const char *tenant, const char *key_id,
		   const char *idempotency_text, const char *fingerprint, OnceClaim *claim,
		   OnceOutcome *outcome, json_t **answer, SluiceError *err)
{
	SluiceError own;

	if (err == NULL)
		err = &own;
	*answer = NULL;
	name_claim(claim, tenant, key_id, idempotency_text, fingerprint);
	for (int i = 0; i < CLAIM_TRIES; i++)
	{
		StoreEntry entry;
		bool good;

		*outcome = ONCE_FIRST;
		if (put_claim(store, claim, NULL, 0, err))
			return true;
		if (err->code != SLUICE_ERROR_CONFLICT)
			return false;
		if (store_get(store, STORE_ONCE, claim->key, &entry, err))
		{
			good = look_at(store, keeper, claim, &entry, outcome, answer, err);
			store_entry_free(&entry);
			return good;
		}
		if (err->code != SLUICE_ERROR_NOT_FOUND)
			return false;
	}
	*outcome = ONCE_BUSY;
	return true;
}

bool
once_complete(Store *store, SecretKeeper *keeper, const OnceClaim *claim, const json_t *answer,
			  SluiceError *err)
{
	OnceClaim at = *claim;
	char *text = json_dumps(answer, JSON_COMPACT | JSON_ENCODE_ANY);
	char *sealed =
		text != NULL ? secret_wrap(keeper, claim->tenant, SEAL_OWNER, claim->fingerprint, text, err)
					 : NULL;
	bool good = sealed != NULL && put_claim(store, &at, sealed, claim->revision, err);

	if (text == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for an answer");
	secret_free(text);
	free(sealed);
	return good;
}

bool
once_abandon(Store *store, const OnceClaim *claim, SluiceError *err)
{
	return store_delete(store, STORE_ONCE, claim->key, claim->revision, err);
}

/* ---- tickets ---- */

static const char *
name_ticket(char *key, const char *text)
{
	char hash[ONCE_FINGERPRINT];

	once_fingerprint(&text, 1, hash);
	return ticket_key(key, hash);
}

bool
ticket_make(Store *store, const json_t *holder, int seconds, char text[TICKET_TEXT],
			SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	unsigned char bytes[TICKET_BYTES];
	json_t *document = json_pack("{s:O, s:I}", "holder", holder, "until_ms",
								 (json_int_t) (timestamp_now() + seconds * INT64_C(1000)));
	bool good;

	randombytes_buf(bytes, sizeof(bytes));
	(void) sodium_bin2base64(text, TICKET_TEXT, bytes, sizeof(bytes), VARIANT);
	good = document != NULL
			   ? store_put(store, STORE_ONCE, name_ticket(key, text), document, 0, NULL, err)
			   : sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a ticket");
	json_decref(document);
	return good;
}

static bool
no_ticket(SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_DENIED, "the ticket is unknown, too old or used");
}

/* Whoever removes it has it. */
static bool
take_entry(Store *store, const StoreEntry *entry, SluiceError *err)
{
	SluiceError failure;
	bool valid = json_integer_value(json_object_get(entry->value, "until_ms")) >= timestamp_now();

	if (!store_delete(store, STORE_ONCE, entry->key, entry->revision, &failure))
	{
		if (failure.code == SLUICE_ERROR_CONFLICT)
			return no_ticket(err);
		if (err != NULL)
			*err = failure;
		return false;
	}
	return valid || no_ticket(err);
}

bool
ticket_take(Store *store, const char *text, json_t **holder, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError failure;
	StoreEntry entry;
	bool good;

	*holder = NULL;
	if (strnlen(text, TICKET_TEXT) != TICKET_TEXT - 1)
		return no_ticket(err);
	if (!store_get(store, STORE_ONCE, name_ticket(key, text), &entry, &failure))
	{
		if (failure.code == SLUICE_ERROR_NOT_FOUND)
			return no_ticket(err);
		if (err != NULL)
			*err = failure;
		return false;
	}
	good = take_entry(store, &entry, err);
	if (good)
		*holder = json_incref(json_object_get(entry.value, "holder"));
	store_entry_free(&entry);
	return good;
}
