/*
 * load_plan_test.c - what a document says of a copy's chunks, bundles and changes, and the count of
 * what is in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "writer/load_tally.h"

#define HEAD                                                                                       \
	"{\"format\":\"sluice-schema\",\"version\":1,\"stream\":\"s\",\"revision\":1,"                 \
	"\"source\":{\"product\":\"postgresql\",\"version\":150000,\"database\":\"d\","                \
	"\"encoding\":\"UTF8\"},\"schemas\":[],\"types\":[],\"sequences\":[],\"tables\":[%s],"         \
	"\"carried\":[],\"not_carried\":[],\"load\":{\"mode\":\"%s\",\"incarnation\":\"1f\","          \
	"\"generation\":%d,\"since\":%d,\"position\":\"0/200\",\"chunks\":%d,\"tables\":[%s]}}"
#define TABLE(id, name, first, chunks, position, mode, kept)                                       \
	"{\"id\":" #id ",\"schema\":\"public\",\"name\":\"" name "\",\"first_chunk\":" #first          \
	",\"chunks\":" #chunks ",\"rows\":100,\"bytes\":1000,\"position\":\"" position                 \
	"\",\"mode\":\"" mode "\",\"restarted\":0,\"kept\":[" kept "]}"
#define KEPT(generation, chunks) "{\"generation\":" #generation ",\"chunks\":\"" chunks "\"}"

static SluiceError failure;

static LoadPlan *
read_plan(const char *made, const char *mode, int generation, int since, int chunks,
		  const char *tables)
{
	char *json = NULL;
	LoadPlan *plan;

	assert_true(asprintf(&json, HEAD, made, mode, generation, since, chunks, tables) > 0);
	plan = load_plan_read(json, strlen(json), &(DocumentView){.flatten = false}, &failure);
	free(json);
	return plan;
}

static LoadPlan *
plan_of(const char *mode, int generation, int chunks, const char *tables)
{
	return read_plan("", mode, generation, 1, chunks, tables);
}

/* Three generations; one table each way. */
static LoadPlan *
third_generation(void)
{
	LoadPlan *plan = plan_of(
		"convert+cdc", 3, 5,
		TABLE(1, "whole", 0, 0, "0/100", "exact", KEPT(1, "0-3")) "," TABLE(
			2, "moved", 0, 2, "0/200", "catch_up",
			KEPT(1, "5,7-9") "," KEPT(2, "1")) "," TABLE(3, "keyless", 2, 1, "0/200", "restart",
														 "") "," TABLE(4, "fresh", 3, 2, "0/200",
																	   "exact", ""));

	if (plan == NULL)
		fail_msg("%s", failure.message);
	return plan;
}

static LoadWay
way(const LoadPlan *plan, uint32_t generation, uint32_t chunk, bool upsert)
{
	const LoadPlace place = {generation, chunk, 0};

	return load_plan_way(plan, &place, upsert);
}

static void
chunks_of_all_generations_are_numbered(void **state)
{
	LoadPlan *plan = third_generation();
	bool seen[14] = {false};
	const uint32_t wanted[][2] = {{1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 5}, {1, 7}, {1, 8},
								  {1, 9}, {2, 1}, {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}};

	(void) state;
	assert_int_equal(plan->chunks, 14);
	for (size_t i = 0; i < 14; i++)
	{
		uint32_t number = load_plan_chunk(plan, wanted[i][0], wanted[i][1], NULL);

		assert_true(number < 14 && !seen[number]);
		seen[number] = true;
	}
	assert_int_equal(load_plan_chunk(plan, 1, 4, NULL), LOAD_NO_CHUNK);
	assert_int_equal(load_plan_chunk(plan, 2, 0, NULL), LOAD_NO_CHUNK);
	assert_int_equal(load_plan_chunk(plan, 3, 5, NULL), LOAD_NO_CHUNK);
	load_plan_free(plan);
}

static void
bundles_are_loaded_as_their_table_was_read(void **state)
{
	LoadPlan *plan = third_generation();

	(void) state;
	assert_int_equal(way(plan, 3, 0, false), LOAD_WAY_UPSERT);
	assert_int_equal(way(plan, 3, 2, false), LOAD_WAY_COPY);
	assert_int_equal(way(plan, 3, 4, false), LOAD_WAY_COPY);
	assert_int_equal(way(plan, 3, 4, true), LOAD_WAY_UPSERT);
	assert_int_equal(way(plan, 1, 2, false), LOAD_WAY_COPY);
	assert_int_equal(way(plan, 1, 8, false), LOAD_WAY_FILL);
	assert_int_equal(way(plan, 2, 1, false), LOAD_WAY_FILL);
	assert_int_equal(way(plan, 1, 4, false), LOAD_WAY_DROP);
	assert_int_equal(way(plan, 4, 0, false), LOAD_WAY_LATER);
	load_plan_free(plan);
}

/* What a table that was started over has since then counts like any other's. */
static void
kept_chunks_of_a_table_started_over_are_copied(void **state)
{
	LoadPlan *plan =
		plan_of("convert+cdc", 3, 0, TABLE(3, "keyless", 0, 0, "0/200", "restart", KEPT(2, "0-1")));

	(void) state;
	assert_int_equal(plan->chunks, 2);
	assert_int_equal(way(plan, 2, 1, false), LOAD_WAY_COPY);
	assert_int_equal(way(plan, 1, 1, false), LOAD_WAY_DROP);
	load_plan_free(plan);
}

static void
rules_say_up_to_where_changes_are_known(void **state)
{
	LoadPlan *plan = third_generation();

	(void) state;
	assert_true(load_plan_rule(plan, 1).skip_until == 0x100);
	assert_true(load_plan_rule(plan, 2).lenient_until == 0x200);
	assert_true(load_plan_rule(plan, 2).skip_until == 0);
	assert_true(load_plan_rule(plan, 3).skip_until == 0x200);
	assert_true(load_plan_rule(plan, 9).skip_until == 0 &&
				load_plan_rule(plan, 9).lenient_until == 0);
	assert_true(plan->lenient_until == 0x200);
	load_plan_free(plan);
}

/* One table is there and one is new; a third was gone before it was read. */
static void
tables_join_a_stream(void **state)
{
	static const char made[] =
		"{\"id\":2,\"schema\":\"public\",\"name\":\"new\",\"kind\":\"table\","
		"\"persistence\":\"permanent\",\"replica_identity\":\"default\",\"comment\":null,"
		"\"options\":[],\"inherits\":[],\"partition\":null,\"partition_of\":null,\"rows\":null,"
		"\"bytes\":0,\"columns\":[],\"indexes\":[],\"checks\":[],\"foreign_keys\":[]}";
	LoadPlan *plan = read_plan(
		made, "convert+cdc", 3, 2, 2,
		TABLE(1, "there", 0, 0, "0/100", "exact", KEPT(1, "0-1")) "," TABLE(
			2, "new", 0, 2, "0/200", "exact", "") "," TABLE(3, "gone", 0, 0, "0/200", "exact", ""));

	(void) state;
	if (plan == NULL)
		fail_msg("%s", failure.message);
	assert_true(load_plan_joins(plan));
	assert_false(load_plan_rule(plan, 1).joins);
	assert_true(load_plan_rule(plan, 2).joins && load_plan_rule(plan, 2).skip_until == 0x200);
	assert_false(load_plan_rule(plan, 3).joins);
	assert_true(load_plan_rule(plan, 3).skip_until == 0x200);
	assert_true(plan->lenient_until == 0 && plan->settled_at == 0x200);
	load_plan_free(plan);
	plan = third_generation();
	assert_false(load_plan_joins(plan) || load_plan_rule(plan, 2).joins);
	assert_true(plan->settled_at == plan->lenient_until);
	load_plan_free(plan);
}

/* Changes do not say which leaf they are of. */
static void
leaves_read_in_different_ways_are_lenient(void **state)
{
	LoadPlan *plan = plan_of(
		"convert", 2, 2,
		TABLE(1, "a", 0, 1, "0/100", "exact", "") "," TABLE(1, "b", 1, 1, "0/200", "exact", ""));

	(void) state;
	assert_true(load_plan_rule(plan, 1).skip_until == 0);
	assert_true(load_plan_rule(plan, 1).lenient_until == 0x200);
	assert_true(load_plan_finishes(plan));
	load_plan_free(plan);
	plan = plan_of(
		"convert+cdc", 1, 2,
		TABLE(1, "a", 0, 1, "0/100", "exact", "") "," TABLE(1, "b", 1, 1, "0/100", "exact", ""));
	assert_true(load_plan_rule(plan, 1).skip_until == 0x100);
	assert_true(plan->lenient_until == 0 && !load_plan_finishes(plan));
	load_plan_free(plan);
}

static void
documents_that_make_no_sense_are_refused(void **state)
{
	static const struct
	{
		int generation, chunks;
		const char *tables, *words;
	} cases[] = {
		{1, 1, TABLE(1, "a", 0, 2, "0/1", "exact", ""), "beyond"},
		{1, 2, TABLE(1, "a", 0, 2, "0/1", "exact", "") "," TABLE(2, "b", 1, 1, "0/1", "exact", ""),
		 "two tables"},
		{2, 1, TABLE(1, "a", 0, 1, "0/1", "exact", KEPT(2, "5")), "kept"},
		{2, 1, TABLE(1, "a", 0, 1, "0/1", "exact", KEPT(1, "5-")), "kept"},
		{2, 1, TABLE(1, "a", 0, 1, "0/1", "exact", KEPT(1, "5-3")), "kept"},
		{2, 1, TABLE(1, "a", 0, 1, "0/1", "exact", KEPT(1, "5,")), "kept"},
		{2, 1, TABLE(1, "a", 0, 1, "0/1", "exact", KEPT(1, "99999999999999")), "kept"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_null(plan_of("convert", cases[i].generation, cases[i].chunks, cases[i].tables));
		assert_int_equal(failure.code, SLUICE_ERROR_CORRUPT);
		assert_non_null(strstr(failure.message, cases[i].words));
	}
}

static void
tally_counts_each_chunk_once(void **state)
{
	LoadPlan *plan = third_generation();
	LoadReport report;
	LoadTally tally;

	(void) state;
	assert_true(load_tally_init(&tally, plan, &failure));
	for (uint32_t chunk = 0; chunk < 4; chunk++)
	{
		load_tally_complete(&tally, 1, chunk, 10, 100);
		load_tally_complete(&tally, 1, chunk, 10, 100);
	}
	load_tally_complete(&tally, 1, 4, 10, 100); /* not kept */
	assert_int_equal(tally.complete, 4);
	assert_true(load_tally_table_whole(&tally, 0) && !load_tally_table_whole(&tally, 1));
	assert_true(tally.tables[0].rows == 40 && tally.tables[0].bytes == 400);
	load_tally_more(&tally, 3, 0, 7, 70);
	load_tally_more(&tally, 1, 0, 7, 70); /* complete */
	assert_true(tally.tables[1].more_rows == 7 && tally.tables[0].more_rows == 0);
	load_tally_forget_more(&tally);
	assert_true(tally.tables[1].more_rows == 0);
	load_tally_complete(&tally, 3, 0, 1, 1);
	load_tally_complete(&tally, 3, 1, 1, 1);
	load_tally_complete(&tally, 3, 4, 1, 1);
	load_tally_report(&tally, &report);
	assert_int_equal(report.generation, 3);
	assert_int_equal(report.chunks, 7);
	assert_int_equal(report.of, 14);
	assert_int_equal(report.range_count, 2);
	assert_true(report.ranges[0].first == 0 && report.ranges[0].last == 1);
	assert_true(report.ranges[1].first == 4 && report.ranges[1].last == 4);
	assert_false(load_tally_whole(&tally));
	load_tally_free(&tally);
	load_plan_free(plan);
}

static void
copy_of_nothing_is_whole(void **state)
{
	LoadPlan *plan = plan_of("convert", 1, 0, "");
	LoadTally tally;

	(void) state;
	assert_non_null(plan);
	assert_true(load_tally_init(&tally, plan, &failure));
	assert_true(load_tally_whole(&tally));
	load_tally_free(&tally);
	load_plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_of_all_generations_are_numbered),
		cmocka_unit_test(bundles_are_loaded_as_their_table_was_read),
		cmocka_unit_test(kept_chunks_of_a_table_started_over_are_copied),
		cmocka_unit_test(rules_say_up_to_where_changes_are_known),
		cmocka_unit_test(tables_join_a_stream),
		cmocka_unit_test(leaves_read_in_different_ways_are_lenient),
		cmocka_unit_test(documents_that_make_no_sense_are_refused),
		cmocka_unit_test(tally_counts_each_chunk_once),
		cmocka_unit_test(copy_of_nothing_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
