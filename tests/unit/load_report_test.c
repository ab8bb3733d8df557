/*
 * load_report_test.c - the text of a load report, there and back, cut short, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/nats/jetstream.h"
#include "common/nats/load_report.h"

static void
check_round_trip(const LoadReport *report)
{
	char text[KV_VALUE_MAXIMUM];
	LoadReport back;
	SluiceError err;

	assert_true(load_report_parse(load_report_format(report, text), &back, &err));
	assert_true(back.incarnation == report->incarnation);
	assert_int_equal(back.generation, report->generation);
	assert_int_equal(back.phase, report->phase);
	assert_int_equal(back.chunks, report->chunks);
	assert_int_equal(back.of, report->of);
	assert_int_equal(back.range_count, report->range_count);
	for (int i = 0; i < report->range_count; i++)
	{
		assert_int_equal(back.ranges[i].first, report->ranges[i].first);
		assert_int_equal(back.ranges[i].last, report->ranges[i].last);
	}
}

static void
reports_come_back(void **state)
{
	LoadReport report = {.generation = 1, .of = 7};

	(void) state;
	for (int phase = 0; phase < LOAD_PHASES; phase++)
	{
		report.phase = (LoadPhase) phase;
		check_round_trip(&report);
	}
	report = (LoadReport){
		.incarnation = UINT64_MAX,
		.generation = UINT32_MAX,
		.phase = LOAD_LOADING,
		.chunks = 5,
		.of = UINT32_MAX,
		.range_count = 3,
		.ranges = {{0, 2}, {7, 7}, {UINT32_MAX - 1, UINT32_MAX}},
	};
	check_round_trip(&report);
}

static void
text_is_readable(void **state)
{
	const LoadReport report = {
		.incarnation = 0x1f,
		.generation = 2,
		.phase = LOAD_INDEXING,
		.chunks = 4,
		.of = 9,
		.range_count = 2,
		.ranges = {{0, 2}, {8, 8}},
	};
	char text[KV_VALUE_MAXIMUM];

	(void) state;
	assert_string_equal(load_report_format(&report, text),
						"incarnation=1f generation=2 phase=indexing chunks=4 of=9 complete=0-2,8");
}

/* Where not all ranges find room, those that do come back. */
static void
long_lists_are_cut(void **state)
{
	LoadReport report = {
		.generation = 1, .phase = LOAD_LOADING, .range_count = LOAD_RANGES_MAXIMUM};
	char text[KV_VALUE_MAXIMUM];
	LoadReport back;
	SluiceError err;

	(void) state;
	for (uint32_t i = 0; i < LOAD_RANGES_MAXIMUM; i++)
		report.ranges[i] = (ChunkRange){4000000000u + 3 * i, 4000000001u + 3 * i};
	assert_true(load_report_parse(load_report_format(&report, text), &back, &err));
	assert_true(strlen(text) < KV_VALUE_MAXIMUM);
	assert_in_range(back.range_count, 40, LOAD_RANGES_MAXIMUM - 1);
	for (int i = 0; i < back.range_count; i++)
		assert_int_equal(back.ranges[i].last, report.ranges[i].last);
}

static void
other_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"generation=1 phase=loading chunks=0 of=1 complete=",
		"incarnation= generation=1 phase=loading chunks=0 of=1 complete=",
		"incarnation=11112222333344445 generation=1 phase=loading chunks=0 of=1 complete=",
		"incarnation=1f generation=1",
		"incarnation=1f generation=1 phase=loading chunks=0 of=1",
		"incarnation=1f generation=1 phase=loading chunks=0 of=1 complete",
		"incarnation=1f generation= phase=loading chunks=0 of=1 complete=",
		"incarnation=1f generation=1 phase=done. chunks=0 of=1 complete=",
		"incarnation=1f generation=1 phase=averylongnameofaphase chunks=0 of=1 complete=",
		"incarnation=1f generation=4294967296 phase=loading chunks=0 of=1 complete=",
		"incarnation=1f generation=1 phase=loading chunks=-1 of=1 complete=",
		"incarnation=1f generation=1 phase=loading chunks=0 of=1 complete= ",
		"incarnation=1f generation=1 phase=loading chunks=0 of=1 complete=,1",
		"incarnation=1f generation=1 phase=loading chunks=0 of=1 complete=1,",
		"incarnation=1f generation=1 phase=loading chunks=0 of=1 complete=1-",
		"incarnation=1f generation=1 phase=loading chunks=0 of=1 complete=2-1",
		"incarnation=1f generation=1 phase=loading chunks=0 of=1 complete=1-3,3",
		"incarnation=1f generation=1 phase=loading chunks=0 of=1 complete=5,4",
	};
	LoadReport report;

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		SluiceError err;

		if (load_report_parse(texts[i], &report, &err))
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	}
}

static void
key_names_stream_and_consumer(void **state)
{
	char text[SUBJECT_TEXT];

	(void) state;
	assert_string_equal(load_report_key(text, "orders", CONSUMER_DEFAULT), "load.orders.writer");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_come_back),
		cmocka_unit_test(text_is_readable),
		cmocka_unit_test(long_lists_are_cut),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(key_names_stream_and_consumer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
