/*
 * metrics_test.c - the registry and its Prometheus text.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/daemon/metrics.h"
#include "common/daemon/process_metrics.h"

static int
make_registry(void **state)
{
	SluiceError err;

	*state = metrics_new(10, &err);
	return *state != NULL ? 0 : -1;
}

static int
free_registry(void **state)
{
	metrics_free(*state);
	return 0;
}

static char *
exposition(Metrics *metrics)
{
	SluiceError err;
	ByteBuf buf;
	char *text;

	bytebuf_init(&buf, &allocator_malloc, 65536);
	assert_true(metrics_write(metrics, &buf, &err));
	text = strndup(buf.length > 0 ? (const char *) buf.data : "", buf.length);
	assert_non_null(text);
	bytebuf_free(&buf);
	return text;
}

static void
assert_exposed(Metrics *metrics, const char *expected)
{
	char *text = exposition(metrics);

	assert_string_equal(text, expected);
	free(text);
}

static void
counters_and_gauges(void **state)
{
	const MetricLabel first[] = {{"table", "a"}, {"op", "insert"}, {NULL, NULL}};
	const MetricLabel second[] = {{"table", "b"}, {"op", "insert"}, {NULL, NULL}};
	SluiceError err;
	Counter *a = metrics_counter(*state, "sluice_writer_rows_applied_total", "Rows.", first, &err);
	Gauge *lag = metrics_gauge(*state, "sluice_writer_lag_seconds", "Lag.", NULL, &err);
	Counter *b = metrics_counter(*state, "sluice_writer_rows_applied_total", "Rows.", second, &err);

	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(
		metrics_counter(*state, "sluice_writer_rows_applied_total", "Rows.", first, &err), a);
	counter_add(a, 5);
	counter_add(a, 1);
	gauge_set(lag, 0.1);
	assert_exposed(*state, "# HELP sluice_writer_rows_applied_total Rows.\n"
						   "# TYPE sluice_writer_rows_applied_total counter\n"
						   "sluice_writer_rows_applied_total{table=\"a\",op=\"insert\"} 6\n"
						   "sluice_writer_rows_applied_total{table=\"b\",op=\"insert\"} 0\n"
						   "# HELP sluice_writer_lag_seconds Lag.\n"
						   "# TYPE sluice_writer_lag_seconds gauge\n"
						   "sluice_writer_lag_seconds 0.1\n");
}

static void
histograms(void **state)
{
	const MetricLabel labels[] = {{"op", "commit"}, {NULL, NULL}};
	const double bounds[] = {0.001, 0.1, 2};
	SluiceError err;
	Histogram *histogram = metrics_histogram(*state, "h_seconds", "Time.", labels, bounds, 3, &err);

	assert_non_null(histogram);
	histogram_observe(histogram, 0.001);
	histogram_observe(histogram, 0.5);
	histogram_observe(histogram, 0.5);
	histogram_observe(histogram, 100);
	assert_exposed(*state, "# HELP h_seconds Time.\n"
						   "# TYPE h_seconds histogram\n"
						   "h_seconds_bucket{op=\"commit\",le=\"0.001\"} 1\n"
						   "h_seconds_bucket{op=\"commit\",le=\"0.1\"} 1\n"
						   "h_seconds_bucket{op=\"commit\",le=\"2\"} 3\n"
						   "h_seconds_bucket{op=\"commit\",le=\"+Inf\"} 4\n"
						   "h_seconds_sum{op=\"commit\"} 101.001\n"
						   "h_seconds_count{op=\"commit\"} 4\n");
}

static void
plain_histogram_has_only_le(void **state)
{
	SluiceError err;
	Histogram *histogram = metrics_histogram(*state, "h", "H.", NULL, NULL, 0, &err);

	assert_non_null(histogram);
	assert_exposed(*state, "# HELP h H.\n# TYPE h histogram\n"
						   "h_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n");
}

static void
escaping(void **state)
{
	const MetricLabel labels[] = {{"table", "a\"b\\c\nd\xFF\xC3\xA9"}, {NULL, NULL}};
	SluiceError err;

	assert_non_null(metrics_counter(*state, "c_total", "One \"two\"\nthree \\.", labels, &err));
	assert_exposed(*state, "# HELP c_total One \"two\"\\nthree \\\\.\n"
						   "# TYPE c_total counter\n"
						   "c_total{table=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\xC3\xA9\"} 0\n");
}

static void
gauge_extremes(void **state)
{
	static const struct
	{
		double value;
		const char *shown;
	} cases[] = {
		{NAN, "NaN"},
		{INFINITY, "+Inf"},
		{-INFINITY, "-Inf"},
		{-1.5, "-1.5"},
		{1e300, "1e+300"},
		{1.0 / 3, "0.33333333333333331"},
		{1760000000, "1760000000"},
	};
	SluiceError err;
	Gauge *gauge = metrics_gauge(*state, "g", "G.", NULL, &err);
	char line[128];

	assert_non_null(gauge);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		gauge_set(gauge, cases[i].value);
		(void) snprintf(line, sizeof(line), "# HELP g G.\n# TYPE g gauge\ng %s\n", cases[i].shown);
		assert_exposed(*state, line);
	}
	gauge_set(gauge, 1);
	gauge_add(gauge, -2.5);
	assert_exposed(*state, "# HELP g G.\n# TYPE g gauge\ng -1.5\n");
}

static void
refusals(void **state)
{
	const MetricLabel bad_label[] = {{"a-b", "x"}, {NULL, NULL}};
	const MetricLabel le_label[] = {{"le", "x"}, {NULL, NULL}};
	const double descending[] = {2, 1};
	const double endless[] = {INFINITY};
	const double many[METRICS_BUCKETS + 1] = {0};
	char huge[4096];
	const MetricLabel huge_label[] = {{"a", huge}, {NULL, NULL}};
	SluiceError err;

	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_null(metrics_counter(*state, "1c", "C.", NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	assert_null(metrics_counter(*state, "", "C.", NULL, &err));
	assert_null(metrics_counter(*state, "c d", "C.", NULL, &err));
	assert_null(metrics_counter(*state, "c", "C.", bad_label, &err));
	assert_string_equal(err.message, "metric c: \"a-b\" is no label name");
	assert_null(metrics_counter(*state, "c", "C.", le_label, &err));
	assert_null(metrics_counter(*state, "c", "C.", huge_label, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	assert_null(metrics_histogram(*state, "h", "H.", NULL, descending, 2, &err));
	assert_null(metrics_histogram(*state, "h", "H.", NULL, endless, 1, &err));
	assert_null(metrics_histogram(*state, "h", "H.", NULL, many, METRICS_BUCKETS + 1, &err));
	assert_non_null(metrics_gauge(*state, "g", "G.", NULL, &err));
	assert_null(metrics_counter(*state, "g", "G.", NULL, &err));
	assert_string_equal(err.message, "metric g is a gauge already");
}

static void
registry_is_bounded(void **state)
{
	SluiceError err;
	char name[16];

	for (int i = 0; i < 10; i++)
	{
		(void) snprintf(name, sizeof(name), "c%d", i);
		assert_non_null(metrics_counter(*state, name, "C.", NULL, &err));
	}
	assert_null(metrics_counter(*state, "c10", "C.", NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	assert_non_null(metrics_counter(*state, "c9", "C.", NULL, &err));
}

static void
full_buffer_is_an_error(void **state)
{
	SluiceError err;
	ByteBuf buf;

	assert_non_null(metrics_counter(*state, "c", "C.", NULL, &err));
	bytebuf_init(&buf, &allocator_malloc, 8);
	assert_false(metrics_write(*state, &buf, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	bytebuf_free(&buf);
}

static void
set_to_seven(void *context)
{
	gauge_set(context, 7);
}

static void
collectors_run_at_each_write(void **state)
{
	SluiceError err;
	Gauge *gauge = metrics_gauge(*state, "g", "G.", NULL, &err);

	assert_true(metrics_on_collect(*state, set_to_seven, gauge, &err));
	assert_exposed(*state, "# HELP g G.\n# TYPE g gauge\ng 7\n");
	for (int i = 0; i < 7; i++)
		assert_true(metrics_on_collect(*state, set_to_seven, gauge, &err));
	assert_false(metrics_on_collect(*state, set_to_seven, gauge, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
}

static void
process_metrics_show_memory(void **state)
{
	ProcessMetrics process;
	SluiceError err;
	double resident = 0;
	char *text;

	assert_true(process_metrics_register(&process, *state, "tester", "1.2", &err));
	text = exposition(*state);
	assert_non_null(strstr(text, "sluice_build_info{program=\"tester\",version=\"1.2\"} 1\n"));
	assert_int_equal(sscanf(strstr(text, "\nprocess_resident_memory_bytes "),
							"\nprocess_resident_memory_bytes %lf", &resident),
					 1);
	assert_true(resident > 100000);
	free(text);
}

#define THREADS 4
#define ROUNDS	20000

typedef struct Shared
{
	Counter *counter;
	Gauge *gauge;
	Histogram *histogram;
} Shared;

static void *
count(void *context)
{
	const Shared *shared = context;

	for (int i = 0; i < ROUNDS; i++)
	{
		counter_add(shared->counter, 1);
		gauge_add(shared->gauge, 1);
		histogram_observe(shared->histogram, 1);
	}
	return NULL;
}

static void
nothing_is_lost_between_threads(void **state)
{
	SluiceError err;
	Shared shared = {metrics_counter(*state, "c", "C.", NULL, &err),
					 metrics_gauge(*state, "g", "G.", NULL, &err),
					 metrics_histogram(*state, "h", "H.", NULL, metrics_second_bounds,
									   metrics_second_bound_count, &err)};
	pthread_t threads[THREADS];
	char *text;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, &shared), 0);
	for (int i = 0; i < THREADS; i++)
		(void) pthread_join(threads[i], NULL);
	text = exposition(*state);
	assert_non_null(strstr(text, "\nc 80000\n"));
	assert_non_null(strstr(text, "\ng 80000\n"));
	assert_non_null(strstr(text, "\nh_bucket{le=\"1\"} 80000\n"));
	assert_non_null(strstr(text, "\nh_sum 80000\nh_count 80000\n"));
	free(text);
}

#define metrics_test(f) cmocka_unit_test_setup_teardown(f, make_registry, free_registry)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		metrics_test(counters_and_gauges),
		metrics_test(histograms),
		metrics_test(plain_histogram_has_only_le),
		metrics_test(escaping),
		metrics_test(gauge_extremes),
		metrics_test(refusals),
		metrics_test(registry_is_bounded),
		metrics_test(full_buffer_is_an_error),
		metrics_test(collectors_run_at_each_write),
		metrics_test(process_metrics_show_memory),
		metrics_test(nothing_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
