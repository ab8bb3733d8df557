/*
 * identity_keys_test.c - API keys: the first one, who counts and who does not, and when one was used.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "control/http/scope.h"
#include "control/store/identity_keys.h"
#include "support/memory_store.h"

#define TRIES 3000 /* of 10 ms */
#define ID	  ID_KEY "abcdefghij0123456789"

static Store *store;
static Identity *identity;

static int
start(void **state)
{
	SluiceError err;

	(void) state;
	store = memory_store_new();
	identity = identity_keys_new(store, NULL, &err);
	return identity != NULL ? 0 : -1;
}

static int
stop(void **state)
{
	(void) state;
	identity_stop(identity);
	store_stop(store);
	return 0;
}

static void
put_key(const char *hash, const char *expires_at, const char *former, const char *former_until)
{
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;
	json_t *document =
		json_pack("{s:s, s:s, s:[s, s, s], s:s?, s:{s:s?, s:s?}}", "hash", hash, "tenant", "acme",
				  "scopes", "streams:read", "runs:read", "no such", "expires_at", expires_at,
				  "previous", "hash", former, "expires_at", former_until);

	assert_true(
		store_put(store, STORE_CONFIG, api_key_key(key, ID), document, STORE_ANY, NULL, &err));
	json_decref(document);
}

static bool
counts(const char *text)
{
	Caller caller = {.address = "127.0.0.1"};
	SluiceError err;

	if (!identity_check(identity, text, &caller, &err))
	{
		assert_int_equal(err.code, SLUICE_ERROR_DENIED);
		assert_string_equal(err.message, "the API key is unknown, expired or revoked");
		return false;
	}
	assert_string_equal(caller.tenant, "acme");
	assert_string_equal(caller.key_id, ID);
	assert_string_equal(caller.address, "127.0.0.1");
	assert_true(caller.scopes == (SCOPE_BIT(SCOPE_STREAMS_READ) | SCOPE_BIT(SCOPE_RUNS_READ)));
	return true;
}

static void
only_the_right_text_counts(void **state)
{
	char text[API_KEY_TEXT], hash[API_KEY_HASH], changed[API_KEY_TEXT + 1];
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	(void) state;
	api_key_make(ID, text, hash);
	assert_int_equal(strlen(text), strlen("slc_") + ID_RANDOM + 1 + 43);
	assert_false(counts(text));
	put_key(hash, NULL, NULL, NULL);
	assert_true(counts(text));
	for (size_t i = 0; i < strlen(text); i++)
	{
		memcpy(changed, text, sizeof(text));
		changed[i] = changed[i] == 'x' ? 'y' : 'x';
		assert_false(counts(changed));
		changed[i] = '\0';
		assert_false(counts(changed));
	}
	(void) snprintf(changed, sizeof(changed), "%sx", text);
	assert_false(counts(changed));
	assert_true(store_delete(store, STORE_CONFIG, api_key_key(key, ID), STORE_ANY, &err));
	assert_false(counts(text));
}

static void
keys_expire(void **state)
{
	char text[API_KEY_TEXT], hash[API_KEY_HASH], when[TIMESTAMP_TEXT];

	(void) state;
	api_key_make(ID, text, hash);
	put_key(hash, timestamp_format(when, timestamp_now() + 60000), NULL, NULL);
	assert_true(counts(text));
	put_key(hash, timestamp_format(when, timestamp_now() - 1), NULL, NULL);
	assert_false(counts(text));
	put_key(hash, "no time", NULL, NULL);
	assert_false(counts(text));
}

static void
a_rotated_key_counts_for_its_grace(void **state)
{
	char text[API_KEY_TEXT], hash[API_KEY_HASH], former[API_KEY_TEXT], former_hash[API_KEY_HASH];
	char when[TIMESTAMP_TEXT], until[TIMESTAMP_TEXT];

	(void) state;
	api_key_make(ID, text, hash);
	api_key_make(ID, former, former_hash);
	put_key(hash, NULL, former_hash, timestamp_format(when, timestamp_now() + 60000));
	assert_true(counts(text));
	assert_true(counts(former));
	put_key(hash, NULL, former_hash, timestamp_format(when, timestamp_now() - 1));
	assert_true(counts(text));
	assert_false(counts(former));
	put_key(hash, timestamp_format(when, timestamp_now() - 1), former_hash,
			timestamp_format(until, timestamp_now() + 60000));
	assert_false(counts(former));
}

static void
use_is_noted_once_a_minute(void **state)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	char text[API_KEY_TEXT], hash[API_KEY_HASH], key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entries[4];
	size_t count = 0;
	SluiceError err;

	(void) state;
	api_key_make(ID, text, hash);
	put_key(hash, NULL, NULL, NULL);
	for (int i = 0; i < TRIES && count == 0; i++)
	{
		assert_true(counts(text));
		assert_true(store_history(store, STORE_STATE, used_key(key, ID), entries, 4, &count, &err));
		for (size_t at = 0; at < count; at++)
			store_entry_free(&entries[at]);
		(void) nanosleep(&pause, NULL);
	}
	assert_int_equal(count, 1);
}

/* Whatever a document says: of another tenant than the first nobody rules others. */
static void
tenants_admin_counts_in_the_first_tenant_alone(void **state)
{
	static const char *const tenants[] = {"acme", TENANT_DEFAULT, ""};
	char text[API_KEY_TEXT], hash[API_KEY_HASH], key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	(void) state;
	api_key_make(ID, text, hash);
	for (size_t i = 0; i < 3; i++)
	{
		json_t *document = json_pack("{s:s, s:s, s:[s, s]}", "hash", hash, "tenant", tenants[i],
									 "scopes", "*", "tenants:admin");
		Caller caller = {.address = ""};

		assert_true(
			store_put(store, STORE_CONFIG, api_key_key(key, ID), document, STORE_ANY, NULL, &err));
		json_decref(document);
		assert_true(identity_check(identity, text, &caller, &err));
		assert_true((caller.scopes & SCOPE_BIT(SCOPE_KEYS_ADMIN)) != 0);
		assert_int_equal((caller.scopes & SCOPE_BIT(SCOPE_TENANTS_ADMIN)) != 0,
						 strcmp(tenants[i], TENANT_DEFAULT) == 0);
	}
}

static void
the_store_may_be_away(void **state)
{
	char text[API_KEY_TEXT], hash[API_KEY_HASH];
	Caller caller;
	SluiceError away, err;

	(void) state;
	api_key_make(ID, text, hash);
	put_key(hash, NULL, NULL, NULL);
	(void) sluice_fail(&away, SLUICE_ERROR_IO, "away");
	memory_store_fail(store, &away, false);
	assert_true(counts(text));
	memory_store_fail(store, &away, true);
	assert_false(identity_check(identity, text, &caller, &err));
	assert_int_equal(err.code, SLUICE_ERROR_IO);
	memory_store_fail(store, NULL, false);
}

typedef struct Starter
{
	char text[API_KEY_TEXT];
	bool good;
} Starter;

static void *
first_key(void *argument)
{
	Starter *starter = argument;
	SluiceError err;

	starter->good = identity_first_key(store, starter->text, &err);
	return NULL;
}

static void
of_several_servers_one_makes_the_first_key(void **state)
{
	Starter starters[8] = {0};
	pthread_t threads[8];
	Caller caller;
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;
	StoreEntry entry;
	int made = 0;

	(void) state;
	assert_true(store_delete(store, STORE_CONFIG, api_key_key(key, ID), STORE_ANY, &err));
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, first_key, &starters[i]), 0);
	for (int i = 0; i < 8; i++)
		(void) pthread_join(threads[i], NULL);
	for (int i = 0; i < 8; i++)
	{
		assert_true(starters[i].good);
		if (starters[i].text[0] == '\0')
			continue;
		made++;
		assert_true(identity_check(identity, starters[i].text, &caller, &err));
		assert_string_equal(caller.tenant, TENANT_DEFAULT);
		assert_true((caller.scopes & SCOPE_BIT(SCOPE_TENANTS_ADMIN)) != 0);
		assert_true((caller.scopes & SCOPE_BIT(SCOPE_WORKER)) == 0);
	}
	assert_int_equal(made, 1);
	assert_true(store_get(store, STORE_CONFIG, tenant_key(key, TENANT_DEFAULT), &entry, &err));
	store_entry_free(&entry);
	assert_true(identity_first_key(store, starters[0].text, &err));
	assert_string_equal(starters[0].text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_right_text_counts),
		cmocka_unit_test(keys_expire),
		cmocka_unit_test(a_rotated_key_counts_for_its_grace),
		cmocka_unit_test(use_is_noted_once_a_minute),
		cmocka_unit_test(tenants_admin_counts_in_the_first_tenant_alone),
		cmocka_unit_test(the_store_may_be_away),
		cmocka_unit_test(of_several_servers_one_makes_the_first_key),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
