/*
 * usage_test.c - what a stream used, counted from what its targets' books say, whatever is repeated, lost or set back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/meter/usage.h"

#define DAY_MS	   INT64_C(86400000)
#define NOON	   INT64_C(1769860800000) /* 2026-01-31T12:00:00Z */
#define FIRST_BOOK 4711

static UsageMeter
meter_at(int64_t now_ms)
{
	UsageMeter meter = {0};

	assert_true(usage_day_over(&meter, now_ms));
	usage_begin_day(&meter, now_ms);
	assert_false(usage_day_over(&meter, now_ms));
	return meter;
}

static bool
take(UsageMeter *meter, uint64_t book, uint64_t rows, uint64_t bytes)
{
	return usage_take(meter, &(UsageBook){book, rows, bytes, NOON}, NULL);
}

static void
totals_count_once(void **state)
{
	UsageMeter meter = meter_at(NOON);

	(void) state;
	assert_true(take(&meter, FIRST_BOOK, 10, 1000));
	assert_false(take(&meter, FIRST_BOOK, 10, 1000));
	assert_true(take(&meter, FIRST_BOOK, 15, 1600));
	assert_int_equal(meter.today.rows, 15);
	assert_int_equal(meter.today.bytes, 1600);
}

/* A target that lost asynchronous commits says less for a while, and then the same again. */
static void
totals_that_go_back_count_above_the_highest(void **state)
{
	UsageMeter meter = meter_at(NOON);

	(void) state;
	(void) take(&meter, FIRST_BOOK, 100, 10000);
	assert_false(take(&meter, FIRST_BOOK, 90, 9000));
	assert_false(take(&meter, FIRST_BOOK, 100, 10000));
	assert_true(take(&meter, FIRST_BOOK, 101, 10100));
	assert_int_equal(meter.today.rows, 101);
	assert_int_equal(meter.today.bytes, 10100);
}

static void
another_book_counts_from_its_beginning(void **state)
{
	UsageMeter meter = meter_at(NOON);

	(void) state;
	(void) take(&meter, FIRST_BOOK, 100, 10000);
	(void) take(&meter, 42, 30, 300);
	(void) take(&meter, FIRST_BOOK, 110, 11000);
	(void) take(&meter, 42, 40, 400);
	assert_int_equal(meter.today.rows, 150);
	assert_int_equal(meter.today.bytes, 11400);
}

/* Another stream of the same name went on with the target's row. */
static void
a_book_that_another_stream_counted_counts_from_there(void **state)
{
	UsageMeter meter = meter_at(NOON);
	const UsageBook base = {FIRST_BOOK, 70, 7000, NOON};

	(void) state;
	assert_true(usage_take(&meter, &(UsageBook){FIRST_BOOK, 100, 9000, NOON}, &base));
	assert_int_equal(meter.today.rows, 30);
	assert_int_equal(meter.today.bytes, 2000);
}

static void
books_are_bounded(void **state)
{
	UsageMeter meter = meter_at(NOON);

	(void) state;
	for (uint64_t i = 0; i < USAGE_BOOKS + 5; i++)
		(void) usage_take(&meter, &(UsageBook){i + 1, 1, 1, NOON + (int64_t) i}, NULL);
	assert_int_equal(meter.book_count, USAGE_BOOKS);
	assert_null(usage_book(&meter, 5));
	assert_non_null(usage_book(&meter, 6));
	assert_non_null(usage_book(&meter, USAGE_BOOKS + 5));
	assert_int_equal(meter.today.rows, USAGE_BOOKS + 5);
}

static void
only_time_that_was_seen_counts(void **state)
{
	UsageMeter meter = meter_at(NOON);

	(void) state;
	usage_see(&meter, true, NOON);
	assert_int_equal(meter.today.cdc_ms, 0);
	usage_see(&meter, true, NOON + 1000);
	usage_see(&meter, true, NOON + 2500);
	assert_int_equal(meter.today.cdc_ms, 2500);
	usage_see(&meter, false, NOON + 3500);
	usage_see(&meter, true, NOON + 4500);
	usage_see(&meter, true, NOON + 5000);
	assert_int_equal(meter.today.cdc_ms, 3000);
	/* nobody looked for longer than passing on the lease takes */
	usage_see(&meter, true, NOON + 5000 + USAGE_GAP_MS + 1);
	assert_int_equal(meter.today.cdc_ms, 3000);
	/* a clock that was set back */
	usage_see(&meter, true, NOON);
	usage_see(&meter, true, NOON + 100);
	assert_int_equal(meter.today.cdc_ms, 3100);
}

/* The next server goes on with what was written. */
static void
passing_on_loses_no_time(void **state)
{
	UsageMeter meter = meter_at(NOON), next;
	json_t *document;
	SluiceError err;

	(void) state;
	usage_see(&meter, true, NOON);
	usage_see(&meter, true, NOON + 1000);
	document = usage_meter_json(&meter);
	usage_see(&meter, true, NOON + 5000); /* seen, and not written any more */
	assert_true(usage_meter_read(&next, document, &err));
	usage_see(&next, true, NOON + 9000);
	assert_int_equal(next.today.cdc_ms, 9000);
	json_decref(document);
}

static void
days_and_months_end(void **state)
{
	UsageMeter meter = meter_at(NOON - DAY_MS);

	(void) state;
	(void) take(&meter, FIRST_BOOK, 10, 100);
	assert_true(usage_day_over(&meter, NOON));
	usage_begin_day(&meter, NOON);
	assert_string_equal(meter.day, "20260131");
	assert_true(usage_is_zero(&meter.today));
	(void) take(&meter, FIRST_BOOK, 25, 250);
	assert_int_equal(meter.today.rows, 15);
	assert_int_equal(usage_of_month(&meter, NOON).rows, 25);
	assert_int_equal(usage_of_month(&meter, NOON + DAY_MS).rows, 0);
	usage_begin_day(&meter, NOON + DAY_MS);
	assert_string_equal(meter.day, "20260201");
	assert_true(usage_is_zero(&meter.month));
	(void) take(&meter, FIRST_BOOK, 26, 260);
	assert_int_equal(usage_of_month(&meter, NOON + DAY_MS).rows, 1);
	/* a clock that is behind begins no day anew */
	assert_false(usage_day_over(&meter, NOON));
}

static void
months_end_at_their_last_midnight(void **state)
{
	(void) state;
	assert_true(usage_month_end(NOON) == INT64_C(1769904000000));					/* 2026-02-01 */
	assert_true(usage_month_end(INT64_C(1796083200000)) == INT64_C(1798761600000)); /* 2027-01-01 */
}

static void
documents_come_back_as_they_were(void **state)
{
	UsageMeter meter = meter_at(NOON), back;
	json_t *document;
	SluiceError err;

	(void) state;
	(void) take(&meter, UINT64_C(9223372036854775807), 10, 1000);
	(void) take(&meter, FIRST_BOOK, 5, 50);
	usage_see(&meter, true, NOON);
	usage_see(&meter, true, NOON + 700);
	document = usage_meter_json(&meter);
	assert_true(usage_meter_read(&back, document, &err));
	assert_memory_equal(&back, &meter, sizeof(meter));
	json_decref(document);
}

static void
what_is_no_document_is_refused(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"{\"day\": \"2026013100000\", \"seen_ms\": 0}",
		"{\"day\": \"20260131\", \"seen_ms\": -1}",
		"{\"day\": \"20260131\", \"seen_ms\": 0, \"today\": 1}",
		"{\"day\": \"20260131\", \"seen_ms\": 0, \"books\": [{\"book\": \"x\", \"seen_ms\": 1}]}",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		json_t *document = json_loads(texts[i], 0, NULL);
		UsageMeter meter;
		SluiceError err;

		assert_false(usage_meter_read(&meter, document, &err));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
		json_decref(document);
	}
}

static void
totals_are_read_out_of_figures(void **state)
{
	static const struct
	{
		const char *text;
		bool good;
	} told[] = {
		{"{\"book\": \"4711\", \"rows\": 3, \"bytes\": 30}", true},
		{"{\"book\": 4711, \"rows\": 3, \"bytes\": 30}", false},
		{"{\"book\": \"0\", \"rows\": 3, \"bytes\": 30}", false},
		{"{\"book\": \"47x\", \"rows\": 3, \"bytes\": 30}", false},
		{"{\"book\": \"4711\", \"rows\": -3, \"bytes\": 30}", false},
		{"{\"book\": \"4711\", \"rows\": 3}", false},
		{"{}", false},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
	{
		json_t *total = json_loads(told[i].text, 0, NULL);
		UsageBook book;

		assert_int_equal(usage_book_parse(&book, total, NOON), told[i].good);
		if (told[i].good)
			assert_int_equal(book.book, FIRST_BOOK);
		json_decref(total);
	}
	assert_false(usage_book_parse(&(UsageBook){0}, NULL, NOON));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totals_count_once),
		cmocka_unit_test(totals_that_go_back_count_above_the_highest),
		cmocka_unit_test(another_book_counts_from_its_beginning),
		cmocka_unit_test(a_book_that_another_stream_counted_counts_from_there),
		cmocka_unit_test(books_are_bounded),
		cmocka_unit_test(only_time_that_was_seen_counts),
		cmocka_unit_test(passing_on_loses_no_time),
		cmocka_unit_test(days_and_months_end),
		cmocka_unit_test(months_end_at_their_last_midnight),
		cmocka_unit_test(documents_come_back_as_they_were),
		cmocka_unit_test(what_is_no_document_is_refused),
		cmocka_unit_test(totals_are_read_out_of_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
