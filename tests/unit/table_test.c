/*
 * table_test.c - tables remembered from bundle to bundle, changed ones, and which columns are the key.
 */
#include "writer/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "support/change_maker.h"

static void
same_description_is_the_same_table(void **state)
{
	TableMap map;

	(void) state;
	tables_init(&map);
	for (uint32_t id = 1; id <= 200; id++)
		assert_non_null(make_table(&map, id, IDENTITY_DEFAULT, "k."));
	assert_int_equal(map.count, 200);
	for (uint32_t id = 1; id <= 200; id++)
		assert_ptr_equal(make_table(&map, id, IDENTITY_DEFAULT, "k."), tables_find(&map, id));
	assert_int_equal(map.count, 200);
	assert_null(tables_find(&map, 999));
	tables_free(&map);
}

static void
changed_description_retires_the_old(void **state)
{
	TableMap map;
	Table *old, *new;

	(void) state;
	tables_init(&map);
	old = make_table(&map, 1, IDENTITY_DEFAULT, "k.");
	new = make_table(&map, 1, IDENTITY_DEFAULT, "k..");
	assert_ptr_not_equal(old, new);
	assert_true(old->retired);
	assert_int_equal(old->relation->column_count, 2);
	assert_ptr_equal(tables_find(&map, 1), new);
	tables_sweep(&map);
	assert_int_equal(map.count, 1);
	assert_ptr_equal(tables_find(&map, 1), new);
	tables_free(&map);
}

static void
key_follows_the_identity(void **state)
{
	TableMap map;
	Table *table;

	(void) state;
	tables_init(&map);
	table = make_table(&map, 1, IDENTITY_DEFAULT, ".k.k");
	assert_int_equal(table->key_count, 2);
	assert_int_equal(table->key[1], 3);
	assert_int_equal(table->key_place[1], 1);
	table = make_table(&map, 2, IDENTITY_FULL, ".p.");
	assert_int_equal(table->key_count, 1);
	assert_int_equal(table->key[0], 1);
	table = make_table(&map, 3, IDENTITY_FULL, "...");
	assert_int_equal(table->key_count, 0);
	assert_string_equal(table->name, "public.t");
	tables_free(&map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_description_is_the_same_table),
		cmocka_unit_test(changed_description_retires_the_old),
		cmocka_unit_test(key_follows_the_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
