/*
 * figures_test.c - what the reports of readers and writers come to; log lines; which streams there are.
 */
#include "control/live/directory.h"
#include "control/live/figures.h"
#include "control/live/log_lines.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOW	 INT64_C(1800000000000)
#define RUN	 "run_aaaaaaaaaaaaaaaaaaaa"
#define LINE "sluice_control.log." RUN ".reader"

/* What a reader or writer tells at a time. */
static bool
tell(Figures *figures, const char *subject, int64_t now_ms, const char *members)
{
	char text[2000];
	SluiceError err;

	(void) snprintf(text, sizeof(text), "{\"time_ms\":%lld,%s}", (long long) now_ms, members);
	return figures_take(figures, subject, text, strlen(text), now_ms, &err);
}

static LiveFigures
look(Figures *figures, const char *stream, int64_t now_ms)
{
	LiveFigures sums;

	(void) figures_of(figures, stream, now_ms, &sums);
	return sums;
}

static void
rates_are_what_counters_grew_by(void **state)
{
	Figures *figures = figures_new(10);
	static const char reader[] = "sluice.shop.stats.reader.a";

	(void) state;
	assert_true(tell(figures, reader, NOW, "\"state\":\"streaming\",\"rows\":100,\"bytes\":0"));
	assert_true(isnan(look(figures, "shop", NOW).rows_read_per_second));
	assert_true(tell(figures, reader, NOW + 2000,
					 "\"state\":\"streaming\",\"rows\":150,\"copied_rows\":50,\"bytes\":0"));
	assert_true(look(figures, "shop", NOW + 2000).rows_read_per_second == 50);
	assert_true(look(figures, "shop", NOW + 2000).rows_read == 200);
	/* a process that began anew is not a stream that ran backwards */
	assert_true(tell(figures, reader, NOW + 3000, "\"state\":\"streaming\",\"rows\":5"));
	assert_true(isnan(look(figures, "shop", NOW + 3000).rows_read_per_second));
	assert_true(tell(figures, reader, NOW + 4000, "\"state\":\"streaming\",\"rows\":15"));
	assert_true(look(figures, "shop", NOW + 4000).rows_read_per_second == 10);
	figures_free(figures);
}

static void
who_is_silent_does_not_count(void **state)
{
	Figures *figures = figures_new(10);

	(void) state;
	assert_false(look(figures, "shop", NOW).reader);
	assert_true(tell(figures, "sluice.shop.stats.reader.a", NOW,
					 "\"state\":\"streaming\",\"rows\":1,\"lag_seconds\":3"));
	assert_true(look(figures, "shop", NOW + 1000).reader);
	assert_false(look(figures, "shop", NOW + FIGURES_FRESH_MS).reader);
	assert_true(isnan(look(figures, "shop", NOW + FIGURES_FRESH_MS).lag_seconds));
	figures_purge(figures, NOW + FIGURES_KEPT_MS + 1);
	assert_false(look(figures, "shop", NOW).reader);
	figures_free(figures);
}

static void
the_slowest_target_counts_and_standbys_do_not(void **state)
{
	Figures *figures = figures_new(10);
	LiveFigures sums;

	(void) state;
	assert_true(tell(figures, "sluice.shop.stats.reader.r", NOW,
					 "\"state\":\"streaming\",\"rows\":1,\"lag_seconds\":0.5"));
	assert_true(tell(figures, "sluice.shop.stats.writer.a1", NOW,
					 "\"state\":\"applying\",\"consumer\":\"a\",\"rows\":70,\"loaded_rows\":30,"
					 "\"lag_seconds\":1,\"pending_messages\":4"));
	assert_true(tell(figures, "sluice.shop.stats.writer.a2", NOW,
					 "\"state\":\"standby\",\"consumer\":\"a\",\"rows\":0,\"loaded_rows\":11,"
					 "\"lag_seconds\":9999,\"pending_messages\":9999"));
	assert_true(tell(figures, "sluice.shop.stats.writer.b", NOW,
					 "\"state\":\"applying\",\"consumer\":\"b\",\"rows\":60,\"lag_seconds\":7,"
					 "\"pending_messages\":2"));
	sums = look(figures, "shop", NOW);
	assert_true(sums.rows_applied == 60);
	assert_true(sums.lag_seconds == 7);
	assert_true(sums.pending_messages == 4);
	assert_true(isnan(sums.kept_bytes));
	figures_free(figures);
}

static void
count_applied(void *context, const LiveApplied *applied)
{
	int64_t *rows = context;

	assert_string_equal(applied->stream, "shop");
	assert_string_equal(applied->consumer, "a");
	*rows = *rows * 1000 + json_integer_value(json_object_get(applied->total, "rows"));
}

static void
of_two_writers_the_newest_total_counts(void **state)
{
	Figures *figures = figures_new(10);
	int64_t rows = 0;

	(void) state;
	assert_true(tell(figures, "sluice.shop.stats.writer.a1", NOW,
					 "\"state\":\"applying\",\"consumer\":\"a\",\"applied_total\":{\"book\":\"1\","
					 "\"rows\":5,\"bytes\":1}"));
	assert_true(tell(figures, "sluice.shop.stats.writer.a2", NOW + 1000,
					 "\"state\":\"applying\",\"consumer\":\"a\",\"applied_total\":{\"book\":\"1\","
					 "\"rows\":7,\"bytes\":1}"));
	assert_true(tell(figures, "sluice.shop.stats.writer.a1", NOW + 2000,
					 "\"state\":\"standby\",\"consumer\":\"a\",\"applied_total\":null"));
	figures_each_applied(figures, NULL, count_applied, &rows);
	assert_int_equal(rows, 7);
	figures_each_applied(figures, "other", count_applied, &rows);
	assert_int_equal(rows, 7);
	figures_free(figures);
}

static void
of_tables_only_those_that_changed_are_told_again(void **state)
{
	static const char reader[] = "sluice.shop.stats.reader.a";
	Figures *figures = figures_new(10);
	uint64_t version = 0;
	json_t *tables;

	(void) state;
	assert_true(tell(figures, reader, NOW,
					 "\"state\":\"loading\",\"tables\":[{\"table\":\"b\",\"copied_rows\":1},"
					 "{\"table\":\"a\",\"copied_rows\":1,\"state\":\"loading\"},{\"none\":1},7]"));
	tables = figures_tables(figures, "shop", &version);
	assert_int_equal(json_array_size(tables), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(tables, 0), "table")),
						"a");
	assert_int_equal(json_object_size(json_array_get(tables, 0)), 11);
	json_decref(tables);
	assert_true(tell(figures, reader, NOW + 1000,
					 "\"state\":\"loading\",\"tables\":[{\"table\":\"b\",\"copied_rows\":2},"
					 "{\"table\":\"a\",\"copied_rows\":1,\"state\":\"loading\"}]"));
	tables = figures_tables(figures, "shop", &version);
	assert_int_equal(json_array_size(tables), 1);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(tables, 0), "copied_rows")),
					 2);
	json_decref(tables);
	tables = figures_tables(figures, "shop", &version);
	assert_int_equal(json_array_size(tables), 0);
	json_decref(tables);
	figures_free(figures);
}

static void
what_is_no_report_is_refused(void **state)
{
	static const struct
	{
		const char *subject, *members;
	} cases[] = {
		{"sluice.shop.stats.reader", "\"state\":\"x\""},
		{"sluice.shop.stats.reader.", "\"state\":\"x\""},
		{"sluice.shop.stats.cook.a", "\"state\":\"x\""},
		{"sluice.Shop.stats.reader.a", "\"state\":\"x\""},
		{"sluice.shop.change.0", "\"state\":\"x\""},
		{"other", "\"state\":\"x\""},
		{"sluice.shop.stats.reader.a", "\"rows\":1"},
		{"sluice.shop.stats.reader.a", "\"state\":1"},
		{"sluice.shop.stats.writer.a", "\"state\":\"x\""},
		{"sluice.shop.stats.writer.a", "\"state\":\"x\",\"consumer\":\"\""},
		{"sluice.shop.stats.reader.a", "nothing"},
	};
	Figures *figures = figures_new(10);
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (tell(figures, cases[i].subject, NOW, cases[i].members))
			fail_msg("%s %s was taken", cases[i].subject, cases[i].members);
	}
	assert_false(figures_take(figures, "sluice.shop.stats.reader.a", "[]", 2, NOW, &err));
	assert_false(look(figures, "shop", NOW).reader);
	figures_free(figures);
}

static void
streams_and_sources_are_bounded(void **state)
{
	Figures *figures = figures_new(2);
	char subject[100];

	(void) state;
	for (int i = 0; i < 200; i++)
	{
		(void) snprintf(subject, sizeof(subject), "sluice.shop.stats.reader.%d", i);
		assert_true(tell(figures, subject, NOW + i, "\"state\":\"standby\""));
	}
	assert_true(tell(figures, "sluice.two.stats.reader.a", NOW, "\"state\":\"x\""));
	assert_false(tell(figures, "sluice.three.stats.reader.a", NOW, "\"state\":\"x\""));
	assert_true(look(figures, "shop", NOW + 200).reader);
	figures_free(figures);
}

/* ---- lines ---- */

static void
log_line(LogLines *lines, const char *text)
{
	SluiceError err;

	if (!log_lines_take(lines, LINE, text, strlen(text), &err))
		fail_msg("%s", err.message);
}

static void
the_last_lines_of_a_run_are_kept(void **state)
{
	LogLines *lines = log_lines_new();
	char text[100];
	uint64_t last;
	json_t *list;
	bool more;

	(void) state;
	for (int i = 1; i <= LOG_LINES_KEPT + 10; i++)
	{
		(void) snprintf(text, sizeof(text), "{\"level\":\"%s\",\"msg\":\"%d\"}",
						i % 100 == 0 ? "error" : "info", i);
		log_line(lines, text);
	}
	list = log_lines_read(lines, &(LogAsk){.run_id = RUN, .limit = 1000}, &last, &more);
	assert_int_equal(json_array_size(list), LOG_LINES_KEPT);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "msg")), "11");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "job")),
						"reader");
	assert_false(more);
	assert_int_equal(last, log_lines_last(lines, RUN));
	json_decref(list);
	list = log_lines_read(lines, &(LogAsk){.run_id = RUN, .limit = 2, .level = "warning"}, &last,
						  &more);
	assert_int_equal(json_array_size(list), 2);
	assert_true(more);
	json_decref(list);
	list = log_lines_read(lines,
						  &(LogAsk){.run_id = RUN, .limit = 100, .level = "warning", .after = last},
						  &last, &more);
	assert_int_equal(json_array_size(list), 3);
	json_decref(list);
	log_lines_free(lines);
}

static void
what_is_no_line_is_refused_and_long_ones_are_cut(void **state)
{
	LogLines *lines = log_lines_new();
	size_t size = 3 * LOG_LINE_BYTES;
	char *text = malloc(size + 100);
	SluiceError err;
	json_t *list;

	(void) state;
	assert_false(log_lines_take(lines, LINE, "text", 4, &err));
	assert_false(log_lines_take(lines, "sluice_control.log.x.reader", "{}", 2, &err));
	assert_false(log_lines_take(lines, "sluice_control.log." RUN, "{}", 2, &err));
	(void) snprintf(text, size + 100, "{\"level\":\"error\",\"msg\":\"");
	while (strlen(text) < size)
		strcat(text, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
	strcat(text, "\"}");
	log_line(lines, text);
	list = log_lines_read(lines, &(LogAsk){.run_id = RUN, .limit = 10}, NULL, NULL);
	assert_int_equal(json_array_size(list), 1);
	assert_true(json_is_true(json_object_get(json_array_get(list, 0), "truncated")));
	json_decref(list);
	free(text);
	log_lines_free(lines);
}

/* ---- streams ---- */

static void
take(Directory *directory, const char *key, const char *text)
{
	json_t *value = text != NULL ? json_loads(text, 0, NULL) : NULL;
	SluiceError err = {0};

	if (!directory_take(directory, key, value, &err))
		fail_msg("%s: %s", key, err.message);
	json_decref(value);
}

static void
a_stream_has_its_newest_run(void **state)
{
	static const char key[] = "stream.acme.str_aaaaaaaaaaaaaaaaaaaa",
					  id[] = "str_aaaaaaaaaaaaaaaaaaaa";
	Directory *directory = directory_new(10);
	DirectoryStream stream;

	(void) state;
	take(directory, "run.acme.run_b",
		 "{\"stream_id\":\"str_aaaaaaaaaaaaaaaaaaaa\",\"created_at\":"
		 "\"2026-01-02\",\"state\":\"streaming\"}");
	take(directory, key, "{\"name\":\"orders\"}");
	take(directory, "run.acme.run_a",
		 "{\"stream_id\":\"str_aaaaaaaaaaaaaaaaaaaa\",\"created_at\":"
		 "\"2026-01-01\",\"state\":\"stopped\"}");
	take(directory, "connection.acme.x", "{}");
	assert_true(directory_find(directory, "acme", id, &stream));
	assert_string_equal(stream.stream, "acme_orders");
	assert_string_equal(stream.run_id, "run_b");
	assert_string_equal(stream.state, "streaming");
	assert_false(directory_find(directory, "default", id, &stream));
	assert_true(directory_find(directory, NULL, id, &stream));
	take(directory, key, NULL);
	assert_false(directory_find(directory, NULL, id, &stream));
	directory_free(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_what_counters_grew_by),
		cmocka_unit_test(who_is_silent_does_not_count),
		cmocka_unit_test(the_slowest_target_counts_and_standbys_do_not),
		cmocka_unit_test(of_two_writers_the_newest_total_counts),
		cmocka_unit_test(of_tables_only_those_that_changed_are_told_again),
		cmocka_unit_test(what_is_no_report_is_refused),
		cmocka_unit_test(streams_and_sources_are_bounded),
		cmocka_unit_test(the_last_lines_of_a_run_are_kept),
		cmocka_unit_test(what_is_no_line_is_refused_and_long_ones_are_cut),
		cmocka_unit_test(a_stream_has_its_newest_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
