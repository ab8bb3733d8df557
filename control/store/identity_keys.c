/*
 * identity_keys.c - API keys by their documents, and the thread that notes when they were used.
 */
#include "identity_keys.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/timestamp.h"
#include "control/http/scope.h"
#include "sorted_map.h"

#define KEY_PREFIX	   "slc_"
#define SECRET_BYTES   32
#define SECRET_TEXT	   43
#define VARIANT		   sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define NOTE_EVERY_MS  60000
#define NOTES		   64
#define FIRST_ID	   ID_KEY "00000000000000000000"
#define LOWER_DIGITS   "abcdefghijklmnopqrstuvwxyz0123456789"
#define BASE64_LETTERS LOWER_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

typedef struct KeyIdentity
{
	Identity identity;
	Store *store;
	Log *log;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	SortedMap *used; /* when the use of a key was last noted, by its id */
	char notes[NOTES][ID_MAXIMUM + 1];
	size_t note_count;
	bool stopping;
} KeyIdentity;

/* ---- texts and hashes ---- */

static void
hash_key(const char *text, char hash[API_KEY_HASH])
{
	unsigned char bytes[crypto_hash_sha256_BYTES];

	(void) crypto_hash_sha256(bytes, (const unsigned char *) text, strlen(text));
	(void) sodium_bin2hex(hash, API_KEY_HASH, bytes, sizeof(bytes));
}

void
api_key_make(const char *id, char *text, char hash[API_KEY_HASH])
{
	unsigned char secret[SECRET_BYTES];
	int used = snprintf(text, API_KEY_TEXT, KEY_PREFIX "%s_", id + strlen(ID_KEY));

	randombytes_buf(secret, sizeof(secret));
	(void) sodium_bin2base64(text + used, (size_t) (API_KEY_TEXT - used), secret, sizeof(secret),
							 VARIANT);
	sodium_memzero(secret, sizeof(secret));
	hash_key(text, hash);
}

/* The id in a key's text, into ID_MAXIMUM + 1 bytes; false when it has not a key's shape. */
static bool
read_id(const char *text, char *id)
{
	size_t prefix = strlen(KEY_PREFIX);
	const char *secret = text + prefix + ID_RANDOM + 1;

	if (strlen(text) != prefix + ID_RANDOM + 1 + SECRET_TEXT ||
		strncmp(text, KEY_PREFIX, prefix) != 0 ||
		strspn(text + prefix, LOWER_DIGITS) != ID_RANDOM || secret[-1] != '_' ||
		strspn(secret, BASE64_LETTERS) != SECRET_TEXT)
		return false;
	(void) snprintf(id, ID_MAXIMUM + 1, ID_KEY "%.*s", ID_RANDOM, text + prefix);
	return true;
}

/* ---- who it is ---- */

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* Whether a time in a document is there and past. */
static bool
is_past(const json_t *object, const char *name)
{
	const char *text = text_of(object, name);
	int64_t ms;

	return text[0] != '\0' && (!timestamp_parse(text, &ms) || ms <= timestamp_now());
}

static bool
hash_matches(const json_t *object, const char hash[API_KEY_HASH])
{
	const char *kept = text_of(object, "hash");

	return strlen(kept) == API_KEY_HASH - 1 && sodium_memcmp(kept, hash, API_KEY_HASH - 1) == 0;
}

static bool
key_counts(const json_t *document, const char hash[API_KEY_HASH])
{
	const json_t *former = json_object_get(document, "previous");

	return !is_past(document, "expires_at") &&
		   (hash_matches(document, hash) ||
			(hash_matches(former, hash) && !is_past(former, "expires_at")));
}

static void
fill_caller(const json_t *document, const char *id, Caller *caller)
{
	const json_t *name;
	size_t i;

	(void) snprintf(caller->tenant, sizeof(caller->tenant), "%s", text_of(document, "tenant"));
	(void) snprintf(caller->key_id, sizeof(caller->key_id), "%s", id);
	caller->scopes = 0;
	json_array_foreach(json_object_get(document, "scopes"), i, name)
	{
		uint64_t bits;

		if (json_is_string(name) && scope_parse(json_string_value(name), &bits))
			caller->scopes |= bits;
	}
	caller->scopes = scopes_in_tenant(caller->scopes, caller->tenant);
}

static bool
denied(SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_DENIED, "the API key is unknown, expired or revoked");
}

/* ---- when it was used ---- */

/* Once a minute for each key it is put on the list of the thread, which has the time to write. */
static void
note_use(KeyIdentity *keys, const char *id)
{
	int64_t now = timestamp_now();
	SortedNode *node;

	(void) pthread_mutex_lock(&keys->lock);
	node = sorted_map_add(keys->used, id);
	if (node != NULL && now - node->written_ms >= NOTE_EVERY_MS && keys->note_count < NOTES)
	{
		node->written_ms = now;
		(void) snprintf(keys->notes[keys->note_count++], ID_MAXIMUM + 1, "%s", id);
		(void) pthread_cond_signal(&keys->wake);
	}
	(void) pthread_mutex_unlock(&keys->lock);
}

static bool
noted_lately(KeyIdentity *keys, const char *key)
{
	StoreEntry entry;
	int64_t at;
	bool lately;

	if (!store_get(keys->store, STORE_STATE, key, &entry, NULL))
		return false;
	lately =
		timestamp_parse(text_of(entry.value, "at"), &at) && timestamp_now() - at < NOTE_EVERY_MS;
	store_entry_free(&entry);
	return lately;
}

static void
write_use(KeyIdentity *keys, const char *id)
{
	char key[LAYOUT_KEY_MAXIMUM], now[TIMESTAMP_TEXT];
	SluiceError err;
	json_t *document;

	if (noted_lately(keys, used_key(key, id)))
		return;
	document = json_pack("{s:s}", "at", timestamp_now_text(now));
	if (!store_put(keys->store, STORE_STATE, key, document, STORE_ANY, NULL, &err))
		log_failure(keys->log, LOG_DEBUG, "the use of an API key was not noted", &err,
					(LogField[]){LOG_TEXT("id", id), LOG_END});
	json_decref(document);
}

static void *
run(void *argument)
{
	KeyIdentity *keys = argument;
	char id[ID_MAXIMUM + 1];

	(void) pthread_mutex_lock(&keys->lock);
	while (!keys->stopping)
	{
		if (keys->note_count == 0)
		{
			(void) pthread_cond_wait(&keys->wake, &keys->lock);
			continue;
		}
		memcpy(id, keys->notes[--keys->note_count], sizeof(id));
		(void) pthread_mutex_unlock(&keys->lock);
		write_use(keys, id);
		(void) pthread_mutex_lock(&keys->lock);
	}
	(void) pthread_mutex_unlock(&keys->lock);
	return NULL;
}

/* ---- the interface ---- */

static bool
check(Identity *identity, const char *credential, Caller *caller, SluiceError *err)
{
	KeyIdentity *keys = (KeyIdentity *) identity;
	char id[ID_MAXIMUM + 1], key[LAYOUT_KEY_MAXIMUM], hash[API_KEY_HASH];
	SluiceError failure;
	StoreEntry entry;
	bool good;

	if (!read_id(credential, id))
		return denied(err);
	hash_key(credential, hash);
	if (!store_get(keys->store, STORE_CONFIG, api_key_key(key, id), &entry, &failure))
	{
		if (failure.code == SLUICE_ERROR_NOT_FOUND)
			return denied(err);
		if (err != NULL)
			*err = failure;
		return false;
	}
	good = key_counts(entry.value, hash);
	if (good)
		fill_caller(entry.value, id, caller);
	store_entry_free(&entry);
	if (!good)
		return denied(err);
	note_use(keys, id);
	return true;
}

static void
stop(Identity *identity)
{
	KeyIdentity *keys = (KeyIdentity *) identity;

	(void) pthread_mutex_lock(&keys->lock);
	keys->stopping = true;
	(void) pthread_cond_signal(&keys->wake);
	(void) pthread_mutex_unlock(&keys->lock);
	(void) pthread_join(keys->thread, NULL);
	(void) pthread_cond_destroy(&keys->wake);
	(void) pthread_mutex_destroy(&keys->lock);
	sorted_map_free(keys->used);
	free(keys);
}

static const IdentityOps key_ops = {.check = check, .stop = stop};

Identity *
identity_keys_new(Store *store, Log *log, SluiceError *err)
{
	KeyIdentity *keys = calloc(1, sizeof(*keys));

	if (keys != NULL && sodium_init() >= 0 && (keys->used = sorted_map_new()) != NULL)
	{
		keys->identity.ops = &key_ops;
		keys->store = store;
		keys->log = log;
		(void) pthread_mutex_init(&keys->lock, NULL);
		(void) pthread_cond_init(&keys->wake, NULL);
		if (pthread_create(&keys->thread, NULL, run, keys) == 0)
			return &keys->identity;
		sorted_map_free(keys->used);
	}
	free(keys);
	(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for API keys");
	return NULL;
}

/* ---- the first key ---- */

/* A StoreEach: one is enough. */
static bool
found_one(void *context, const StoreEntry *entry)
{
	(void) entry;
	*(bool *) context = true;
	return false;
}

/* Puts what must not be there yet; that it is there is no error, *made says so. */
static bool
put_new(Store *store, const char *key, json_t *document, bool *made, SluiceError *err)
{
	SluiceError own;

	if (err == NULL)
		err = &own;
	*made = false;
	if (document == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %s", key);
	*made = store_put(store, STORE_CONFIG, key, document, 0, NULL, err);
	json_decref(document);
	return *made || err->code == SLUICE_ERROR_CONFLICT;
}

static json_t *
all_scopes(void)
{
	json_t *names = json_array();

	for (int scope = SCOPE_NONE + 1; scope < SCOPES; scope++)
	{
		if (scope != SCOPE_WORKER)
			(void) json_array_append_new(names, json_string(scope_names[scope]));
	}
	return names;
}

static bool
put_first(Store *store, char *text, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM], hash[API_KEY_HASH], now[TIMESTAMP_TEXT];
	bool made = false, good;

	(void) timestamp_now_text(now);
	api_key_make(FIRST_ID, text, hash);
	good = put_new(store, tenant_key(key, TENANT_DEFAULT),
				   json_pack("{s:s, s:s, s:{}, s:s}", "id", TENANT_DEFAULT, "name", TENANT_DEFAULT,
							 "quota", "created_at", now),
				   &made, err) &&
		   put_new(store, api_key_key(key, FIRST_ID),
				   json_pack("{s:s, s:s, s:s, s:s, s:o, s:n, s:s, s:n, s:n, s:n}", "id", FIRST_ID,
							 "name", "first", "tenant", TENANT_DEFAULT, "hash", hash, "scopes",
							 all_scopes(), "expires_at", "created_at", now, "created_by",
							 "rotated_at", "previous"),
				   &made, err);
	if (!good || !made)
		sodium_memzero(text, API_KEY_TEXT);
	return good;
}

/*
 * The first key always has the same id, so of several servers one makes it.  One is made again when all keys were
 * deleted, for nobody could make another.
 */
bool
identity_first_key(Store *store, char *text, SluiceError *err)
{
	char prefix[LAYOUT_KEY_MAXIMUM];
	bool found = false;

	memset(text, 0, API_KEY_TEXT);
	if (!store_ready(store, err) ||
		!store_each(store, STORE_CONFIG, key_prefix(prefix, "key", NULL, NULL), NULL, found_one,
					&found, err))
		return false;
	return found || put_first(store, text, err);
}
