/*
 * Connections' names in a store in memory: each of one at a time, free again when it is given back or nothing has it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/control/layout.h"
#include "control/resource/connection_name.h"
#include "control/resource/name_claim.h"
#include "support/memory_store.h"

#define TENANT "acme"
#define ONE	   "conn_00000000000000000001"
#define TWO	   "conn_00000000000000000002"
#define NAME   "Gr\303\274\303\237e, *.> shop"

static Control control;

static int
begin(void **state)
{
	(void) state;
	control = (Control){.store = memory_store_new()};
	return 0;
}

static int
end(void **state)
{
	(void) state;
	store_stop(control.store);
	return 0;
}

static SluiceErrorCode
claim(const char *tenant, const char *name, const char *id)
{
	SluiceError err = {0};

	return connection_name_claim(&control, tenant, name, id, &err) ? SLUICE_OK : err.code;
}

static bool
copy_key(void *context, const StoreEntry *entry)
{
	memcpy(context, entry->key, sizeof(entry->key));
	return false;
}

/* Makes the one claim that is there older than a request lasts. */
static void
age_claim(void)
{
	char key[STORE_KEY_MAXIMUM] = "";

	assert_true(store_each(control.store, STORE_CONFIG, "cname.", NULL, copy_key, key, NULL));
	memory_store_age(control.store, STORE_CONFIG, key, NAME_ORPHAN_MS + 1);
}

static void
put_connection(const char *id, const char *name)
{
	json_t *value = json_pack("{s:s, s:s}", "id", id, "name", name);
	char key[LAYOUT_KEY_MAXIMUM];

	assert_true(store_put(control.store, STORE_CONFIG, connection_key(key, TENANT, id), value,
						  STORE_ANY, NULL, NULL));
	json_decref(value);
}

static void
a_name_is_of_one(void **state)
{
	(void) state;
	assert_int_equal(claim(TENANT, NAME, ONE), SLUICE_OK);
	assert_int_equal(claim(TENANT, NAME, TWO), SLUICE_ERROR_CONFLICT);
	assert_int_equal(claim(TENANT, NAME, ONE), SLUICE_ERROR_CONFLICT);
	assert_int_equal(claim(TENANT, "another", TWO), SLUICE_OK);
	assert_int_equal(claim("other", NAME, TWO), SLUICE_OK);
}

static void
a_name_is_given_back_by_its_own(void **state)
{
	(void) state;
	assert_int_equal(claim(TENANT, NAME, ONE), SLUICE_OK);
	connection_name_release(&control, TENANT, NAME, TWO);
	assert_int_equal(claim(TENANT, NAME, TWO), SLUICE_ERROR_CONFLICT);
	connection_name_release(&control, TENANT, NAME, ONE);
	connection_name_release(&control, TENANT, NAME, ONE);
	assert_int_equal(claim(TENANT, NAME, TWO), SLUICE_OK);
}

/* The server died before it made the connection. */
static void
a_name_of_nothing_is_taken_over(void **state)
{
	(void) state;
	assert_int_equal(claim(TENANT, NAME, ONE), SLUICE_OK);
	age_claim();
	assert_int_equal(claim(TENANT, NAME, TWO), SLUICE_OK);
	assert_int_equal(claim(TENANT, NAME, ONE), SLUICE_ERROR_CONFLICT);
}

/* The server died before it gave back the former name. */
static void
a_former_name_is_taken_over(void **state)
{
	(void) state;
	assert_int_equal(claim(TENANT, NAME, ONE), SLUICE_OK);
	put_connection(ONE, NAME);
	age_claim();
	assert_int_equal(claim(TENANT, NAME, TWO), SLUICE_ERROR_CONFLICT);
	put_connection(ONE, "renamed");
	assert_int_equal(claim(TENANT, NAME, TWO), SLUICE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_is_of_one, begin, end),
		cmocka_unit_test_setup_teardown(a_name_is_given_back_by_its_own, begin, end),
		cmocka_unit_test_setup_teardown(a_name_of_nothing_is_taken_over, begin, end),
		cmocka_unit_test_setup_teardown(a_former_name_is_taken_over, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
