/*
 * store_copy_test.c - the copy in memory: in order whatever comes, and never behind what it already had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/store/sorted_map.h"
#include "control/store/store_copy.h"
#include "support/random.h"

#define KEYS 500

static bool
wrote(StoreCopy *copy, int number, uint64_t revision)
{
	return store_copy_wrote(copy, "key", number >= 0 ? json_integer(number) : NULL, revision, 1);
}

static bool
met(StoreCopy *copy, int number, uint64_t revision)
{
	bool news;

	assert_true(
		store_copy_met(copy, "key", number >= 0 ? json_integer(number) : NULL, revision, 1, &news));
	return news;
}

/* The number at the key, -1 when there is none. */
static int
at(StoreCopy *copy)
{
	StoreEntry entry;
	int number;

	if (!store_copy_get(copy, "key", &entry))
		return -1;
	number = (int) json_integer_value(entry.value);
	store_entry_free(&entry);
	return number;
}

static StoreCopy *
new_copy(void)
{
	StoreCopy *copy = store_copy_new();

	assert_non_null(copy);
	store_copy_begin(copy);
	return copy;
}

static void
own_writes_are_not_taken_back(void **state)
{
	StoreCopy *copy = new_copy();

	(void) state;
	assert_true(met(copy, 1, 1));
	assert_true(wrote(copy, 3, 3));
	assert_int_equal(at(copy), 3);
	assert_false(met(copy, 2, 2)); /* what came between, late */
	assert_int_equal(at(copy), 3);
	assert_true(met(copy, 3, 3)); /* told once */
	assert_false(met(copy, 3, 3));
	store_copy_free(copy);
}

static void
what_was_removed_does_not_come_back(void **state)
{
	StoreCopy *copy = new_copy();

	(void) state;
	assert_true(met(copy, 1, 1));
	assert_true(wrote(copy, -1, 4));
	assert_int_equal(at(copy), -1);
	assert_false(met(copy, 2, 2));
	assert_int_equal(at(copy), -1);
	assert_true(met(copy, -1, 4));
	assert_int_equal(at(copy), -1);
	assert_false(met(copy, -1, 4));
	store_copy_free(copy);
}

/* The answer to a write of ours may come after the follower has met what overtook it. */
static void
late_answers_change_nothing(void **state)
{
	StoreCopy *copy = new_copy();

	(void) state;
	assert_true(met(copy, 5, 5));
	assert_true(met(copy, -1, 6));
	assert_true(wrote(copy, 5, 5));
	assert_int_equal(at(copy), -1);
	store_copy_free(copy);
}

static void
beginning_anew_keeps_what_is_the_same(void **state)
{
	StoreCopy *copy = new_copy();
	char key[STORE_KEY_MAXIMUM];

	(void) state;
	assert_true(met(copy, 7, 7));
	store_copy_begin(copy);
	assert_true(store_copy_unseen(copy, "", key));
	assert_string_equal(key, "key");
	assert_false(met(copy, 7, 7));
	assert_false(store_copy_unseen(copy, "", key));
	/* a bucket that was made anew counts from 1 */
	store_copy_begin(copy);
	assert_true(met(copy, 1, 1));
	assert_int_equal(at(copy), 1);
	store_copy_begin(copy);
	assert_true(store_copy_drop(copy, "key"));
	assert_int_equal(at(copy), -1);
	assert_false(store_copy_drop(copy, "key"));
	store_copy_free(copy);
}

/* Random keys in and out, held against a plain table. */
static void
the_map_is_in_order(void **state)
{
	bool there[KEYS] = {false};
	SortedMap *map = sorted_map_new();
	Random random = random_start();
	char key[16];

	(void) state;
	for (int step = 0; step < 20000; step++)
	{
		int i = (int) random_below(&random, KEYS);

		(void) snprintf(key, sizeof(key), "k%03d", i);
		assert_int_equal(sorted_map_find(map, key) != NULL, there[i]);
		there[i] = random_below(&random, 2) == 0;
		if (there[i])
			assert_non_null(sorted_map_add(map, key));
		else
			sorted_map_remove(map, key);
		if (step % 500 == 0)
		{
			const SortedNode *node = sorted_map_seek(map, "", false);

			for (int at_key = 0; at_key < KEYS; at_key++)
			{
				(void) snprintf(key, sizeof(key), "k%03d", at_key);
				if (!there[at_key])
					continue;
				assert_string_equal(node->key, key);
				assert_ptr_equal(sorted_map_seek(map, key, false), node);
				node = node->next[0];
				assert_ptr_equal(sorted_map_seek(map, key, true), node);
			}
			assert_null(node);
		}
	}
	sorted_map_free(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_writes_are_not_taken_back),
		cmocka_unit_test(what_was_removed_does_not_come_back),
		cmocka_unit_test(late_answers_change_nothing),
		cmocka_unit_test(beginning_anew_keeps_what_is_the_same),
		cmocka_unit_test(the_map_is_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
