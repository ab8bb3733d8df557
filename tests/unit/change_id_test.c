/*
 * change_id_test.c - order, text form and what is refused as one.
 */
#include "common/core/change_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "support/random.h"

static void
order_is_commit_then_index(void **state)
{
	const ChangeId ids[] = {
		{9, 0, 0},			{9, 1, 0},
		{9, 1, 1},			{9, 1, CHANGE_INDEX_COMMIT},
		{9, 2, 0},			{9, 2, CHANGE_INDEX_COMMIT},
		{9, UINT64_MAX, 0},
	};
	const int count = sizeof(ids) / sizeof(ids[0]);

	(void) state;
	for (int a = 0; a < count; a++)
	{
		for (int b = 0; b < count; b++)
		{
			int order = change_id_compare(&ids[a], &ids[b]);

			assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
		}
	}
}

static void
complete_is_a_commit_or_before_everything(void **state)
{
	(void) state;
	assert_true(change_id_complete(&(ChangeId){1, 0, 0}));
	assert_true(change_id_complete(&(ChangeId){1, 5, CHANGE_INDEX_COMMIT}));
	assert_false(change_id_complete(&(ChangeId){1, 5, 0}));
	assert_false(change_id_complete(&(ChangeId){1, 5, CHANGE_INDEX_COMMIT - 1}));
}

static void
text_and_back(void **state)
{
	Random random = random_start();
	char text[CHANGE_ID_TEXT];
	SluiceError err;

	(void) state;
	for (int i = 0; i < 5000; i++)
	{
		ChangeId id;
		ChangeId back;

		/* Numbers of every width. */
		id.incarnation = random_u64(&random) >> random_below(&random, 64);
		id.commit = random_u64(&random) >> random_below(&random, 64);
		id.index = random_chance(&random, 20) ? CHANGE_INDEX_COMMIT
											  : random_u64(&random) >> random_below(&random, 64);
		assert_true(strlen(change_id_format(&id, text)) < sizeof(text));
		assert_true(change_id_parse(text, &back, &err));
		assert_memory_equal(&id, &back, sizeof(id));
	}
	assert_string_equal(change_id_format(&(ChangeId){0xAB, 0x10, 255}, text), "ab:10:ff");
	assert_string_equal(change_id_format(&(ChangeId){1, 2, CHANGE_INDEX_COMMIT}, text),
						"1:2:commit");
	assert_int_equal(
		strlen(change_id_format(&(ChangeId){UINT64_MAX, UINT64_MAX, UINT64_MAX - 1}, text)), 50);
}

static void
other_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		"::",
		"1:2",
		"1:2:",
		":2:3",
		"1::3",
		"1:2:3:4",
		"1:2:3 ",
		" 1:2:3",
		"1:2:Commit",
		"1:2:commits",
		"-1:2:3",
		"+1:2:3",
		"0x1:2:3",
		"1:2:0x3",
		"1:2:3\n",
		"AB:2:3",
		"1:2:10000000000000000",
		"00000000000000001:2:3",
		"commit:2:3",
		"g:2:3",
	};
	SluiceError err;
	ChangeId id;

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		assert_false(change_id_parse(texts[i], &id, &err));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_commit_then_index),
		cmocka_unit_test(complete_is_a_commit_or_before_everything),
		cmocka_unit_test(text_and_back),
		cmocka_unit_test(other_texts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
