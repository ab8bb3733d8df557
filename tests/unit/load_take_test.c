/*
 * load_take_test.c - bundles on their way in: which are new, how their rows go in, what is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "writer/load_take.h"

/* Table 1 was read as of one moment, table 2 has to catch up. */
static LoadRange ranges[] = {
	{.generation = 2, .first = 0, .last = 0, .table = 0},
	{.generation = 2, .first = 1, .last = 1, .table = 1, .base = 1},
};
static SchemaLoadTable read_tables[] = {
	{.id = 71, .name = "exact", .mode = SCHEMA_LOAD_EXACT},
	{.id = 72, .name = "moved", .mode = SCHEMA_LOAD_CATCH_UP},
};
static const SchemaLoad document = {.generation = 2, .tables = read_tables, .table_count = 2};
static const LoadPlan plan = {
	.load = &document, .generation = 2, .ranges = ranges, .range_count = 2, .chunks = 2};

static Table table;
static LoadPiece items[3];
static LoadPiece *const pieces[] = {&items[0], &items[1], &items[2]};
static const LoadTake take = {&plan, pieces, 3};

static void
start(void)
{
	table = (Table){.name = "public.t"};
	for (uint32_t i = 0; i < 3; i++)
		items[i] = (LoadPiece){
			.place = {2, i / 2, i}, .way = LOAD_WAY_COPY, .table = &table, .row_count = 1};
}

static void
each_place_is_marked_once(void **state)
{
	(void) state;
	start();
	assert_true(load_take_mark(&take, (LoadPlace){2, 0, 1}));
	assert_true(items[1].fresh && !items[0].fresh && !items[2].fresh);
	assert_false(load_take_mark(&take, (LoadPlace){2, 0, 1}));
	assert_false(load_take_mark(&take, (LoadPlace){1, 0, 0}));
	assert_false(load_take_mark(&take, (LoadPlace){2, 1, 0}));
	/* The same message twice in one gathering: one is new. */
	items[2].place = items[0].place;
	assert_true(load_take_mark(&take, items[0].place) && !items[2].fresh);
}

static void
only_new_rows_go_in(void **state)
{
	(void) state;
	start();
	assert_false(load_piece_has_rows(&items[0]));
	items[0].fresh = items[1].fresh = true;
	items[1].row_count = 0;
	assert_true(load_piece_has_rows(&items[0]));
	assert_false(load_piece_has_rows(&items[1]));
}

static void
upsert_needs_a_key_only_where_rows_may_be_met(void **state)
{
	(void) state;
	start();
	assert_int_equal(load_piece_way(&take, &items[0]), LOAD_WAY_COPY);
	items[0].way = items[2].way = LOAD_WAY_UPSERT;
	assert_int_equal(load_piece_way(&take, &items[0]), LOAD_WAY_COPY);
	assert_int_equal(load_piece_way(&take, &items[2]), LOAD_WAY_UPSERT);
	table.keyed = true;
	assert_int_equal(load_piece_way(&take, &items[0]), LOAD_WAY_UPSERT);
	items[0].way = LOAD_WAY_FILL;
	assert_int_equal(load_piece_way(&take, &items[0]), LOAD_WAY_FILL);
	assert_int_equal(load_piece_table_id(&take, &items[0]), 71);
	assert_int_equal(load_piece_table_id(&take, &items[2]), 72);
}

static void
rows_that_are_gone_are_missed_when_they_are_not_in(void **state)
{
	SluiceError err;

	(void) state;
	start();
	items[1].gone = true;
	assert_true(load_take_check(&take, &err));
	items[1].fresh = true;
	assert_false(load_take_check(&take, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	assert_non_null(strstr(err.message, "bundle 1 of chunk 0 (generation 2)"));
	assert_string_equal(err.hint, "start the copy anew");
}

static void
ways_are_policies_for_single_rows(void **state)
{
	(void) state;
	assert_int_equal(load_way_policy(LOAD_WAY_COPY), CONFLICT_ERROR);
	assert_int_equal(load_way_policy(LOAD_WAY_UPSERT), CONFLICT_UPSERT);
	assert_int_equal(load_way_policy(LOAD_WAY_FILL), CONFLICT_SKIP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_place_is_marked_once),
		cmocka_unit_test(only_new_rows_go_in),
		cmocka_unit_test(upsert_needs_a_key_only_where_rows_may_be_met),
		cmocka_unit_test(rows_that_are_gone_are_missed_when_they_are_not_in),
		cmocka_unit_test(ways_are_policies_for_single_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
