/*
 * cli_documents_test.c - what a command line is read to: URIs, options, differences; events, pages of metrics, progress.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/database_uri.h"
#include "cli/metrics_page.h"
#include "cli/options_document.h"
#include "cli/progress.h"
#include "cli/sse.h"
#include "cli/status.h"
#include "cli/stream_document.h"
#include "cli/url.h"

/* ---- URIs ---- */

static void
assert_text(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void
uris_are_taken_apart(void **state)
{
	static const struct
	{
		const char *text, *type, *user, *password, *host, *database, *tls, *ca;
		unsigned port;
	} cases[] = {
		{"postgresql://app@db2/shop", "postgresql", "app", NULL, "db2", "shop", NULL, NULL, 0},
		{"postgres://h", "postgresql", NULL, NULL, "h", NULL, NULL, NULL, 0},
		{"mysql://a:b%40c@h:3307/d?ssl-mode=verify-identity&ssl-ca=/x/ca.pem", "mysql", "a", "b@c",
		 "h", "d", "verify-full", "/x/ca.pem", 3307},
		{"mariadb://a@[::1]:3306/d%2Fe", "mariadb", "a", NULL, "::1", "d/e", NULL, NULL, 3306},
		{"postgresql://u:p@ss@h/d?sslrootcert=ca", "postgresql", "u", "p@ss", "h", "d", "verify-ca",
		 "ca", 0},
		{"postgresql://h/d?user=u&sslmode=allow&connect_timeout=7", "postgresql", "u", NULL, "h",
		 "d", "prefer", NULL, 0},
		{"mysql://u:@h/", "mysql", "u", NULL, "h", NULL, NULL, NULL, 0},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		DatabaseUri uri;
		SluiceError err = {0};

		if (!database_uri_parse(&uri, cases[i].text, &err))
			fail_msg("%s: %s", cases[i].text, err.message);
		assert_string_equal(uri.type, cases[i].type);
		assert_text(uri.user, cases[i].user);
		assert_text(uri.password, cases[i].password);
		assert_text(uri.host, cases[i].host);
		assert_text(uri.database, cases[i].database);
		assert_text(uri.tls_mode, cases[i].tls);
		assert_text(uri.ca_file, cases[i].ca);
		assert_int_equal(uri.port, cases[i].port);
		database_uri_free(&uri);
	}
}

static void
bad_uris_are_refused_without_their_text(void **state)
{
	static const char *const bad[] = {
		"secret",
		"http://u:secret@h/d",
		"mysql://u:secret@h:0/d",
		"mysql://u:secret@h:x/d",
		"mysql://u:secret@h:99999/d",
		"mysql://u:secret%zz@h/d",
		"mysql://u:secret%00@h/d",
		"postgresql://u:secret@h,i/d",
		"postgresql://u:secret@h/d?sslmode=secret",
		"postgresql://u:secret@h/d?x",
		"postgresql://u:secret@h/d?service=x",
		"mysql://u:secret@[::1/d",
		"mysql://u:secret@[::1]x/d",
		"mysql://u:secret@h/d?connect-timeout=0",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		DatabaseUri uri;
		SluiceError err = {0};

		assert_false(database_uri_parse(&uri, bad[i], &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		assert_null(strstr(err.message, "secret"));
		database_uri_free(&uri);
	}
}

/* ---- documents ---- */

static void
option_values_are_json_where_they_look_so(void **state)
{
	static const struct
	{
		const char *text;
		json_type type;
	} cases[] = {{"4", JSON_INTEGER},		  {"true", JSON_TRUE},	{"null", JSON_NULL},
				 {"64MB", JSON_STRING},		  {"", JSON_STRING},	{"\"4\"", JSON_STRING},
				 {"{\"a\": 1}", JSON_OBJECT}, {"007", JSON_STRING}, {"[1", JSON_STRING},
				 {"1.5", JSON_REAL}};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		json_t *value = option_value_json(cases[i].text);

		assert_int_equal(json_typeof(value), cases[i].type);
		if (cases[i].type == JSON_STRING)
			assert_string_equal(json_string_value(value), cases[i].text);
		json_decref(value);
	}
}

static void
hints_speak_of_flags_that_there_are(void **state)
{
	static const struct
	{
		const char *text, *expected;
		bool any;
	} cases[] = {
		{"use --write-mode truncate, append or upsert, or empty the tables",
		 "use --target-option write_mode=truncate, append or upsert, or empty the tables", true},
		{"use --schema-policy create_missing", "use --target-option schema_policy=create_missing",
		 true},
		{"leave it out with --create or at the source",
		 "leave it out with --target-option create=... or at the source", true},
		{"--http and -- and --, nothing", "--http and -- and --, nothing", false},
		{"--write-mode", "--target-option write_mode=...", true},
		{"", "", false},
	};
	char out[256], little[12];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_int_equal(options_hint(JOB_TARGET, "target-option", cases[i].text, out, sizeof(out)),
						 cases[i].any);
		assert_string_equal(out, cases[i].expected);
	}
	assert_true(options_hint(JOB_TARGET, "target-option", "use --types x", little, sizeof(little)));
	assert_string_equal(little, "use --targe");
}

static void
flags_become_a_stream(void **state)
{
	char *words[] = {"sluice",			"stream",
					 "create",			"shop",
					 "--source",		"a",
					 "--target",		"main=b",
					 "--target",		"x=conn_1",
					 "--mode",			"cdc",
					 "--tables",		"s.*,!s.tmp_*",
					 "--tables",		"\"a,b\".c",
					 "--target-option", "write-mode=upsert",
					 "--limit-time",	"90s",
					 "--writers",		"2"};
	Arguments arguments;
	SluiceError err;
	json_t *document, *expected;

	(void) state;
	assert_true(arguments_read(&arguments, sizeof(words) / sizeof(words[0]), words, &err));
	document = stream_document_of_flags(&arguments, "shop", &err);
	expected = json_pack(
		"{s:s, s:s, s:{s:i}, s:{s:s, s:[s,s,s]}, s:[{s:s,s:s,s:i,s:{s:s}},{s:s,s:s,s:i,s:{s:s}}]}",
		"name", "shop", "mode", "cdc", "limits", "seconds", 90, "source", "connection", "a",
		"tables", "s.*", "!s.tmp_*", "\"a,b\".c", "targets", "name", "main", "connection", "b",
		"writers", 2, "options", "write_mode", "upsert", "name", "x", "connection_id", "conn_1",
		"writers", 2, "options", "write_mode", "upsert");
	assert_non_null(expected);
	assert_true(json_equal(document, expected));
	json_decref(document);
	json_decref(expected);
}

static void
differences_are_named_by_their_paths(void **state)
{
	json_t *before = json_pack("{s:i, s:[s,s], s:{s:b}}", "a", 1, "list", "x", "y", "same", "z", 1);
	json_t *after =
		json_pack("{s:i, s:[s], s:{s:b}, s:n}", "a", 2, "list", "x", "same", "z", 1, "new");
	char *diff = stream_document_diff(before, after);

	(void) state;
	assert_string_equal(diff, "- /a: 1\n+ /a: 2\n- /list/1: \"y\"\n+ /new: null\n");
	free(diff);
	diff = stream_document_diff(before, before);
	assert_string_equal(diff, "");
	free(diff);
	json_decref(before);
	json_decref(after);
}

static void
paths_and_queries_are_escaped(void **state)
{
	static Url url;

	(void) state;
	url_of(&url, "/streams", "a/../b", "/runs");
	url_query(&url, "name", "x&y=z \xC3\xA9");
	url_query(&url, "none", NULL);
	url_query(&url, "b", "");
	assert_string_equal(url.text, "/api/v1/streams/a%2F..%2Fb/runs?name=x%26y%3Dz%20%C3%A9&b=");
	for (int i = 0; i < 1000; i++)
		url_query(&url, "name", "value");
	assert_true(url.too_long && strlen(url.text) < URL_MAXIMUM);
}

/* ---- events ---- */

/* A SseEach. */
static bool
gather(void *context, const char *data, SluiceError *err)
{
	(void) err;
	(void) strcat(strcat(context, data), "|");
	return true;
}

static void
events_come_whole_however_they_are_cut(void **state)
{
	static const char bytes[] =
		": comment\n\nid: 5\nevent: state\ndata: {\"a\":1}\n\ndata:b\r\ndata: c\r\n\r\nevent: "
		"x\n\ndata\ndata: d\n\n";

	(void) state;
	for (size_t cut = 1; cut < sizeof(bytes); cut++)
	{
		char seen[100] = "";
		Sse sse;
		SluiceError err;

		sse_init(&sse);
		for (size_t at = 0; at < sizeof(bytes) - 1; at += cut)
			assert_true(sse_feed(&sse, bytes + at,
								 at + cut < sizeof(bytes) - 1 ? cut : sizeof(bytes) - 1 - at,
								 gather, seen, &err));
		assert_string_equal(seen, "{\"a\":1}|b\nc|d|");
		sse_free(&sse);
	}
}

static void
an_event_is_bounded(void **state)
{
	char *bytes = malloc(SSE_MAXIMUM + 100), seen[10] = "";
	SluiceError err = {0};
	Sse sse;

	(void) state;
	memset(bytes, 'x', SSE_MAXIMUM + 100);
	sse_init(&sse);
	assert_false(sse_feed(&sse, bytes, SSE_MAXIMUM + 100, gather, seen, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	sse_free(&sse);
	free(bytes);
}

/* ---- metrics ---- */

static void
metrics_are_found_by_name_and_label(void **state)
{
	static const char page[] =
		"# HELP a b\n# TYPE a gauge\nup 1\nstate{stream=\"s\",state=\"one\"} 0\n"
		"state{stream=\"s\",state=\"two\"} 1\nrows{table=\"a\\\"}b\\n\\\\\",x=\"y\"} "
		"12.5\nbad\nlag NaN\n";
	const char *at = page;
	char text[40];
	MetricLine line;
	size_t count = 0;

	(void) state;
	assert_true(metrics_page_value(page, "up") > 0.9);
	assert_true(isnan(metrics_page_value(page, "lag")));
	assert_true(isnan(metrics_page_value(page, "none")));
	assert_true(metrics_page_one(page, "state", "state", text, sizeof(text)));
	assert_string_equal(text, "two");
	assert_false(metrics_page_one(page, "none", "state", text, sizeof(text)));
	while (metrics_page_next(&at, &line))
	{
		count++;
		if (!metric_is(&line, "rows"))
			continue;
		assert_true(metric_label(&line, "table", text, sizeof(text)));
		assert_string_equal(text, "a\"}b\n\\");
		assert_true(metric_label(&line, "x", text, sizeof(text)));
		assert_string_equal(text, "y");
		assert_false(metric_label(&line, "table", text, 3));
		assert_true(line.value > 12.4 && line.value < 12.6);
	}
	assert_int_equal(count, 5);
}

/* ---- progress ---- */

static void
rates_are_of_the_last_half_minute(void **state)
{
	Meter meter = {0};

	(void) state;
	assert_true(meter_rate(&meter, 1000) < 0.1);
	for (int second = 1; second <= 100; second++)
		meter_take(&meter, second <= 50 ? second * 1000 : 50000 + (second - 50) * 10,
				   second * 1000);
	assert_true(meter_rate(&meter, 100000) > 9.9 && meter_rate(&meter, 100000) < 10.1);
	meter_take(&meter, 5, 101000); /* begun anew */
	assert_true(meter.count == 1);
}

static void
time_to_go_waits_for_half_a_minute_of_data(void **state)
{
	Meter meter = {0};

	(void) state;
	for (int second = 1; second <= 60; second++)
	{
		meter_take(&meter, second * 100, second * 1000);
		if (second < 31)
			assert_int_equal(meter_seconds_left(&meter, 10000, second * 1000), -1);
	}
	assert_int_equal(meter_seconds_left(&meter, 10000, 60000), 40);
	assert_int_equal(meter_seconds_left(&meter, 6000, 60000), 0);
}

static void
tables_add_up(void **state)
{
	Progress progress = {0};

	(void) state;
	assert_true(progress_take(
		&progress, &(TableFigures){.name = "a", .rows = 150, .expected = 100, .bytes = 10}, 1000));
	assert_true(progress_take(
		&progress, &(TableFigures){.name = "b", .rows = 50, .expected = 200, .bytes = 5}, 1000));
	assert_true(progress_take(
		&progress, &(TableFigures){.name = "c", .rows = 7, .expected = 70, .done = true}, 1000));
	assert_true(progress_take(&progress, &(TableFigures){.name = "d", .expected = -1}, 1000));
	progress_add_up(&progress, 1000);
	assert_int_equal(progress.count, 4);
	assert_int_equal(progress.done, 1);
	assert_true(progress.rows.value > 206 && progress.rows.value < 208);
	assert_true(progress.expected > 356 && progress.expected < 358);
	assert_string_equal(progress.tables[1].state, "loading");
	assert_string_equal(progress.tables[2].state, "done");
	assert_string_equal(progress.tables[3].state, "waiting");
	progress_free(&progress);
}

static void
bars_are_never_full_before_the_end(void **state)
{
	char bar[3 * 10 + 1];

	(void) state;
	assert_string_equal(progress_bar(bar, 10, progress_part(500, 1000, false), false),
						"#####     ");
	assert_string_equal(progress_bar(bar, 10, progress_part(1000, 1000, false), false),
						"######### ");
	assert_string_equal(progress_bar(bar, 10, progress_part(0, 0, true), false), "##########");
	assert_string_equal(progress_bar(bar, 2, 0.75, true), "\xE2\x96\x88\xE2\x96\x8C");
	assert_string_equal(progress_bar(bar, 3, progress_part(5, -1, false), true), "   ");
}

static void
answers_have_statuses(void **state)
{
	(void) state;
	assert_int_equal(status_of_http(201, ""), STATUS_OK);
	assert_int_equal(status_of_http(403, "forbidden"), STATUS_AUTH);
	assert_int_equal(status_of_http(403, "quota_exceeded"), STATUS_QUOTA);
	assert_int_equal(status_of_http(404, "not_found"), STATUS_NOT_FOUND);
	assert_int_equal(status_of_http(412, "stale"), STATUS_CONFLICT);
	assert_int_equal(status_of_http(503, "unavailable"), STATUS_UNREACHABLE);
	assert_int_equal(status_of_http(500, "internal"), STATUS_ERROR);
	assert_int_equal(status_of_http(302, ""), STATUS_ERROR);
	assert_int_equal(status_of_error(SLUICE_ERROR_IO), STATUS_UNREACHABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uris_are_taken_apart),
		cmocka_unit_test(bad_uris_are_refused_without_their_text),
		cmocka_unit_test(option_values_are_json_where_they_look_so),
		cmocka_unit_test(hints_speak_of_flags_that_there_are),
		cmocka_unit_test(flags_become_a_stream),
		cmocka_unit_test(differences_are_named_by_their_paths),
		cmocka_unit_test(paths_and_queries_are_escaped),
		cmocka_unit_test(events_come_whole_however_they_are_cut),
		cmocka_unit_test(an_event_is_bounded),
		cmocka_unit_test(metrics_are_found_by_name_and_label),
		cmocka_unit_test(rates_are_of_the_last_half_minute),
		cmocka_unit_test(time_to_go_waits_for_half_a_minute_of_data),
		cmocka_unit_test(tables_add_up),
		cmocka_unit_test(bars_are_never_full_before_the_end),
		cmocka_unit_test(answers_have_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
