/*
 * exchange_key.c - the pair of keys in the store: of several servers one makes it, and all use it.
 */
#include "exchange_key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAIR_OWNER "control"
#define PAIR_FIELD "exchange_key"
#define KEY_TEXT   44
#define VARIANT	   sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define WAIT_MS	   5000
#define PAUSE_NS   50000000
#define PAUSE_MS   (PAUSE_NS / 1000000)

static bool
read_pair(Store *store, SecretKeeper *keeper, uint8_t private_key[EXCHANGE_KEY_BYTES],
		  SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;
	const char *sealed;
	size_t written = 0;
	char *text = NULL;
	bool good;

	if (!store_get(store, STORE_CONFIG, secret_key(key, TENANT_DEFAULT, PAIR_OWNER, PAIR_FIELD),
				   &entry, err))
		return false;
	sealed = json_string_value(json_object_get(entry.value, "sealed"));
	if (sealed != NULL)
		text = secret_unwrap(keeper, TENANT_DEFAULT, PAIR_OWNER, PAIR_FIELD, sealed, err);
	else
		(void) sluice_fail(err, SLUICE_ERROR_CORRUPT, "key %s is damaged", key);
	good = text != NULL && ((sodium_base642bin(private_key, EXCHANGE_KEY_BYTES, text, strlen(text),
											   NULL, &written, NULL, VARIANT) == 0 &&
							 written == EXCHANGE_KEY_BYTES) ||
							sluice_fail(err, SLUICE_ERROR_CORRUPT, "key %s is damaged", key));
	secret_free(text);
	store_entry_free(&entry);
	return good;
}

/* Of several servers one puts the pair that all use. */
static bool
make_pair(Store *store, SecretKeeper *keeper, SluiceError *err)
{
	uint8_t public_key[EXCHANGE_KEY_BYTES], private_key[EXCHANGE_KEY_BYTES];
	char key[LAYOUT_KEY_MAXIMUM], text[KEY_TEXT];
	json_t *document = NULL;
	char *sealed;
	bool good;

	(void) crypto_box_keypair(public_key, private_key);
	(void) sodium_bin2base64(text, sizeof(text), private_key, sizeof(private_key), VARIANT);
	sealed = secret_wrap(keeper, TENANT_DEFAULT, PAIR_OWNER, PAIR_FIELD, text, err);
	sodium_memzero(private_key, sizeof(private_key));
	sodium_memzero(text, sizeof(text));
	if (sealed == NULL)
		return false;
	document = json_pack("{s:s}", "sealed", sealed);
	good = store_put(store, STORE_CONFIG, secret_key(key, TENANT_DEFAULT, PAIR_OWNER, PAIR_FIELD),
					 document, 0, NULL, err) ||
		   err->code == SLUICE_ERROR_CONFLICT;
	json_decref(document);
	free(sealed);
	return good;
}

/* After losing to another server, until the copy has heard of its pair. */
static bool
find_pair(Store *store, SecretKeeper *keeper, uint8_t private_key[EXCHANGE_KEY_BYTES],
		  SluiceError *err)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (int waited = 0; waited < WAIT_MS; waited += PAUSE_MS)
	{
		if (read_pair(store, keeper, private_key, err))
			return true;
		if (err->code != SLUICE_ERROR_NOT_FOUND || !make_pair(store, keeper, err))
			return false;
		if (waited > 0)
			(void) nanosleep(&pause, NULL);
	}
	return false;
}

bool
exchange_key_get(Store *store, SecretKeeper *keeper, uint8_t public_key[EXCHANGE_KEY_BYTES],
				 uint8_t private_key[EXCHANGE_KEY_BYTES], SluiceError *err)
{
	uint8_t own_key[EXCHANGE_KEY_BYTES];
	SluiceError own;
	bool good;

	good = store_ready(store, err) && find_pair(store, keeper, own_key, err != NULL ? err : &own);
	if (good)
		(void) crypto_scalarmult_base(public_key, own_key);
	if (good && private_key != NULL)
		memcpy(private_key, own_key, EXCHANGE_KEY_BYTES);
	sodium_memzero(own_key, sizeof(own_key));
	return good;
}
