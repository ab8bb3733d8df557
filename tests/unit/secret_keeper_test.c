/*
 * secret_keeper_test.c - secrets in the store: sealed, each in its place, through a change of the master key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/control/secret_request.h"
#include "control/store/exchange_key.h"
#include "control/store/secret_keeper_sealed.h"
#include "support/memory_store.h"

#define CONN "conn_abcdefghij0123456789"

static char folder[] = "/tmp/sluice-keeper.XXXXXX";
static char path[64], next_path[64];
static Store *store;
static SecretKeeper *keeper;

static int
start(void **state)
{
	SluiceError err;

	(void) state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void) snprintf(path, sizeof(path), "%s/key", folder);
	(void) snprintf(next_path, sizeof(next_path), "%s/next", folder);
	store = memory_store_new();
	keeper = secret_keeper_sealed_new(store, path, NULL, &err);
	return keeper != NULL ? 0 : -1;
}

static int
stop(void **state)
{
	(void) state;
	secret_keeper_stop(keeper);
	store_stop(store);
	(void) unlink(path);
	(void) unlink(next_path);
	return rmdir(folder);
}

static void
expect(SecretKeeper *from, const char *owner, const char *field, const char *expected)
{
	SluiceError err;
	char *value = secret_get(from, "acme", owner, field, &err);

	if (expected == NULL)
	{
		assert_null(value);
		assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
		return;
	}
	assert_non_null(value);
	assert_string_equal(value, expected);
	secret_free(value);
}

static void
secrets_are_kept_sealed(void **state)
{
	char key[LAYOUT_KEY_MAXIMUM], *text;
	StoreEntry entry;
	SluiceError err;

	(void) state;
	assert_true(secret_put(keeper, "acme", CONN, SECRET_PASSWORD, "hunter2", &err));
	assert_true(store_get(store, STORE_CONFIG, secret_key(key, "acme", CONN, SECRET_PASSWORD),
						  &entry, &err));
	text = json_dumps(entry.value, 0);
	assert_null(strstr(text, "hunter2"));
	free(text);
	store_entry_free(&entry);
	expect(keeper, CONN, SECRET_PASSWORD, "hunter2");
	assert_true(secret_put(keeper, "acme", CONN, SECRET_PASSWORD, "other", &err));
	expect(keeper, CONN, SECRET_PASSWORD, "other");
	expect(keeper, CONN, SECRET_CA, NULL);
	assert_null(secret_get(keeper, "beta", CONN, SECRET_PASSWORD, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
}

/* A document that was put in another's place opens nothing. */
static void
documents_cannot_be_moved(void **state)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;
	SluiceError err;

	(void) state;
	assert_true(secret_put(keeper, "acme", CONN, SECRET_PASSWORD, "hunter2", &err));
	assert_true(store_get(store, STORE_CONFIG, secret_key(key, "acme", CONN, SECRET_PASSWORD),
						  &entry, &err));
	assert_true(store_put(store, STORE_CONFIG, secret_key(key, "beta", CONN, SECRET_PASSWORD),
						  entry.value, 0, NULL, &err));
	store_entry_free(&entry);
	assert_null(secret_get(keeper, "beta", CONN, SECRET_PASSWORD, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
}

static void
an_owners_secrets_go_together(void **state)
{
	char fields[SECRET_FIELDS][SECRET_FIELD_MAX + 1];
	size_t count;
	SluiceError err;

	(void) state;
	assert_true(secret_put(keeper, "acme", "conn_x", SECRET_CA, "pem", &err));
	assert_true(secret_put(keeper, "acme", "conn_x", SECRET_PASSWORD, "pass", &err));
	assert_true(secret_fields(keeper, "acme", "conn_x", fields, SECRET_FIELDS, &count, &err));
	assert_int_equal(count, 2);
	assert_string_equal(fields[0], SECRET_CA);
	assert_string_equal(fields[1], SECRET_PASSWORD);
	assert_true(secret_copy_all(keeper, "acme", "conn_x", "conn_y", &err));
	assert_true(secret_delete_all(keeper, "acme", "conn_x", &err));
	assert_true(secret_delete_all(keeper, "acme", "conn_x", &err));
	expect(keeper, "conn_x", SECRET_CA, NULL);
	expect(keeper, "conn_y", SECRET_CA, "pem");
	expect(keeper, "conn_y", SECRET_PASSWORD, "pass");
	assert_true(secret_delete(keeper, "acme", "conn_y", SECRET_CA, &err));
	assert_true(secret_delete(keeper, "acme", "conn_y", SECRET_CA, &err));
	expect(keeper, "conn_y", SECRET_CA, NULL);
}

static void
long_secrets_are_refused(void **state)
{
	static char value[SECRET_VALUE_MAXIMUM + 2];
	SluiceError err;

	(void) state;
	memset(value, 'x', SECRET_VALUE_MAXIMUM);
	assert_true(secret_put(keeper, "acme", "conn_l", SECRET_CA, value, &err));
	expect(keeper, "conn_l", SECRET_CA, value);
	value[SECRET_VALUE_MAXIMUM] = 'x';
	assert_false(secret_put(keeper, "acme", "conn_l", SECRET_CA, value, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
}

/* Servers go on while the data keys are sealed anew, and after the new file took the place of the old. */
static void
the_master_key_rotates_under_a_running_server(void **state)
{
	uint8_t before[EXCHANGE_KEY_BYTES], after[EXCHANGE_KEY_BYTES];
	SecretKeeper *fresh;
	size_t count;
	SluiceError err;

	(void) state;
	assert_true(secret_put(keeper, "acme", "conn_r", SECRET_PASSWORD, "rotated", &err));
	assert_true(exchange_key_get(store, keeper, before, NULL, &err));
	/* what documents_cannot_be_moved() put into a wrong place is told, and keeps nothing else back */
	assert_false(secret_rotate(store, path, next_path, &count, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	assert_non_null(strstr(err.message, "secret.beta." CONN));
	assert_true(count >= 2);
	assert_true(secret_delete(keeper, "beta", CONN, SECRET_PASSWORD, &err));
	assert_true(secret_rotate(store, path, next_path, &count, &err));
	assert_int_equal(count, 0);
	assert_null(secret_get(keeper, "acme", "conn_r", SECRET_PASSWORD, &err));
	assert_int_equal(err.code, SLUICE_ERROR_VERSION);
	assert_int_equal(rename(next_path, path), 0);
	expect(keeper, "conn_r", SECRET_PASSWORD, "rotated");
	fresh = secret_keeper_sealed_new(store, path, NULL, &err);
	assert_non_null(fresh);
	expect(fresh, "conn_r", SECRET_PASSWORD, "rotated");
	assert_true(exchange_key_get(store, fresh, after, NULL, &err));
	assert_memory_equal(before, after, sizeof(before));
	secret_keeper_stop(fresh);
}

/* The other way round: the new file first. */
static void
secrets_open_while_the_file_is_ahead(void **state)
{
	char former[64];
	size_t count;
	SluiceError err;
	MasterKey *next = master_key_open(next_path, true, NULL, &err);

	(void) state;
	assert_non_null(next);
	master_key_free(next);
	assert_true(secret_put(keeper, "acme", "conn_a", SECRET_PASSWORD, "ahead", &err));
	(void) snprintf(former, sizeof(former), "%s/former", folder);
	assert_int_equal(rename(path, former), 0);
	assert_int_equal(rename(next_path, path), 0);
	expect(keeper, "conn_a", SECRET_PASSWORD, "ahead");
	assert_true(secret_rotate(store, former, path, &count, &err));
	assert_true(count > 0);
	expect(keeper, "conn_a", SECRET_PASSWORD, "ahead");
	assert_int_equal(unlink(former), 0);
}

static void
the_file_may_be_gone_for_a_moment(void **state)
{
	SluiceError err;

	(void) state;
	assert_int_equal(rename(path, next_path), 0);
	assert_true(secret_put(keeper, "acme", "conn_g", SECRET_PASSWORD, "gone", &err));
	expect(keeper, "conn_g", SECRET_PASSWORD, "gone");
	assert_int_equal(rename(next_path, path), 0);
	expect(keeper, "conn_g", SECRET_PASSWORD, "gone");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_kept_sealed),
		cmocka_unit_test(documents_cannot_be_moved),
		cmocka_unit_test(an_owners_secrets_go_together),
		cmocka_unit_test(long_secrets_are_refused),
		cmocka_unit_test(the_master_key_rotates_under_a_running_server),
		cmocka_unit_test(secrets_open_while_the_file_is_ahead),
		cmocka_unit_test(the_file_may_be_gone_for_a_moment),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
