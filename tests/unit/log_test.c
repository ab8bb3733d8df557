/*
 * log_test.c - log lines in both formats, and what must never be seen in them.
 */
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/daemon/log.h"
#include "common/daemon/log_line.h"
#include "common/daemon/log_redact.h"

/* A log into a file without a name; take() gives what was written since the last take(). */
typedef struct Capture
{
	FILE *file;
	Log *log;
	long taken;
	char text[4 * LOG_LINE_MAXIMUM];
} Capture;

static Capture *
open_capture(LogFormat format, LogLevel level)
{
	const LogField fixed[] = {LOG_TEXT("program", "tester"), LOG_TEXT("stream", "orders"),
							  LOG_TEXT("absent", NULL), LOG_END};
	Capture *capture = calloc(1, sizeof(*capture));
	SluiceError err;

	assert_non_null(capture);
	capture->file = tmpfile();
	assert_non_null(capture->file);
	capture->log = log_new(fileno(capture->file), format, level, fixed, &err);
	assert_non_null(capture->log);
	return capture;
}

static const char *
take(Capture *capture)
{
	ssize_t length =
		pread(fileno(capture->file), capture->text, sizeof(capture->text) - 1, capture->taken);

	assert_true(length >= 0);
	capture->text[length] = '\0';
	capture->taken += length;
	return capture->text;
}

static void
close_capture(Capture *capture)
{
	log_free(capture->log);
	(void) fclose(capture->file);
	free(capture);
}

/* The line behind "time=...Z ", whose form is checked. */
static const char *
after_time(const char *line)
{
	int year, month, day, hour, minute, second, millisecond, used = 0;

	assert_int_equal(sscanf(line, "time=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day,
							&hour, &minute, &second, &millisecond, &used),
					 7);
	assert_int_equal(used, strlen("time=2026-01-31T12:00:00.123Z "));
	return line + used;
}

/* One logfmt line with one text field, behind its key. */
static const char *
logfmt_value(Capture *capture, const char *value)
{
	const char *found;

	log_event(capture->log, LOG_INFO, "m", (LogField[]){LOG_TEXT("v", value), LOG_END});
	found = strstr(take(capture), " v=");
	assert_non_null(found);
	return found + 3;
}

static void
logfmt_line(void **state)
{
	Capture *capture = open_capture(LOG_FORMAT_LOGFMT, LOG_INFO);

	(void) state;
	log_event(capture->log, LOG_INFO, "applied batch",
			  (LogField[]){LOG_TEXT("table", "public.t"), LOG_INTEGER("rows", -5),
						   LOG_UNSIGNED("position", UINT64_MAX), LOG_REAL("lag_seconds", 0.25),
						   LOG_BOOL("last", true), LOG_TEXT("nothing", NULL), LOG_END});
	assert_string_equal(after_time(take(capture)),
						"level=info msg=\"applied batch\" program=tester stream=orders "
						"table=public.t rows=-5 position=18446744073709551615 lag_seconds=0.25 "
						"last=true\n");
	log_event(capture->log, LOG_ERROR, "short", NULL);
	assert_string_equal(after_time(take(capture)),
						"level=error msg=short program=tester stream=orders\n");
	close_capture(capture);
}

static void
logfmt_escapes(void **state)
{
	Capture *capture = open_capture(LOG_FORMAT_LOGFMT, LOG_INFO);

	(void) state;
	assert_string_equal(logfmt_value(capture, ""), "\"\"\n");
	assert_string_equal(logfmt_value(capture, "a=b"), "\"a=b\"\n");
	assert_string_equal(logfmt_value(capture, "say \"hi\"\\"), "\"say \\\"hi\\\"\\\\\"\n");
	assert_string_equal(logfmt_value(capture, "a\nb\tc\rd"), "\"a\\nb\\tc\\rd\"\n");
	assert_string_equal(logfmt_value(capture, "\x1b[31m\x7f"), "\"\\u001b[31m\\u007f\"\n");
	assert_string_equal(logfmt_value(capture, "caf\xC3\xA9"), "\"caf\xC3\xA9\"\n");
	assert_string_equal(logfmt_value(capture, "\xC2\x9B"), "\"\\u009b\"\n");
	assert_string_equal(logfmt_value(capture, "a\xFFz"), "\"a\xEF\xBF\xBDz\"\n");
	close_capture(capture);
}

static void
json_escapes_every_byte(void **state)
{
	Capture *capture = open_capture(LOG_FORMAT_JSON, LOG_INFO);

	(void) state;
	for (int byte = 1; byte < 256; byte++)
	{
		const char value[] = {'<', (char) byte, '>', '\0'};
		json_error_t error;
		json_t *line;
		const char *text;

		log_event(capture->log, LOG_INFO, "m", (LogField[]){LOG_TEXT("v", value), LOG_END});
		text = take(capture);
		assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
		line = json_loads(text, JSON_REJECT_DUPLICATES, &error);
		assert_non_null(line);
		text = json_string_value(json_object_get(line, "v"));
		assert_string_equal(text, byte < 0x80 ? value : "<\xEF\xBF\xBD>");
		json_decref(line);
	}
	close_capture(capture);
}

static void
json_line(void **state)
{
	Capture *capture = open_capture(LOG_FORMAT_JSON, LOG_INFO);
	const char *text;

	(void) state;
	log_event(capture->log, LOG_WARNING, "slow \"target\"",
			  (LogField[]){LOG_INTEGER("rows", 5), LOG_REAL("rate", INFINITY),
						   LOG_BOOL("last", false), LOG_TEXT("odd key\"", "x"), LOG_END});
	text = take(capture);
	assert_memory_equal(text, "{\"time\":\"", 9);
	assert_string_equal(strstr(text, "\",\"level\""),
						"\",\"level\":\"warning\",\"msg\":\"slow \\\"target\\\"\","
						"\"program\":\"tester\",\"stream\":\"orders\",\"rows\":5,\"rate\":null,"
						"\"last\":false,\"odd_key_\":\"x\"}\n");
	close_capture(capture);
}

static void
malformed_utf8_is_replaced(void **state)
{
	static const struct
	{
		const char *text;
		const char *shown;
	} cases[] = {
		{"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"\n"},					/* overlong */
		{"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"\n"}, /* surrogate */
		{"\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"\n"},					/* cut off */
		{"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\"\n"},
		{"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"\n"},
	};
	Capture *capture = open_capture(LOG_FORMAT_LOGFMT, LOG_INFO);

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(logfmt_value(capture, cases[i].text), cases[i].shown);
	close_capture(capture);
}

static void
levels_filter(void **state)
{
	Capture *capture = open_capture(LOG_FORMAT_LOGFMT, LOG_WARNING);

	(void) state;
	assert_true(log_wants(capture->log, LOG_WARNING));
	assert_false(log_wants(capture->log, LOG_INFO));
	assert_false(log_wants(NULL, LOG_ERROR));
	log_event(capture->log, LOG_INFO, "unseen", NULL);
	assert_string_equal(take(capture), "");
	log_set_level(capture->log, LOG_DEBUG);
	log_event(capture->log, LOG_DEBUG, "seen", NULL);
	assert_non_null(strstr(take(capture), "level=debug msg=seen"));
	log_event(NULL, LOG_ERROR, "nowhere", NULL);
	close_capture(capture);
}

static void
failure_shows_code_and_hint(void **state)
{
	Capture *capture = open_capture(LOG_FORMAT_LOGFMT, LOG_INFO);
	SluiceError err;

	(void) state;
	(void) sluice_fail(&err, SLUICE_ERROR_IO, "no way to %s", "nats://u:pw@host");
	(void) sluice_hint(&err, "start it");
	log_failure(capture->log, LOG_ERROR, "cannot connect", &err,
				(LogField[]){LOG_INTEGER("attempt", 3), LOG_END});
	assert_non_null(strstr(take(capture), " error=\"no way to nats://***@host\" code=io "
										  "hint=\"start it\" attempt=3\n"));
	err.hint[0] = '\0';
	log_failure(capture->log, LOG_ERROR, "cannot connect", &err, NULL);
	assert_null(strstr(take(capture), "hint="));
	close_capture(capture);
}

static void
secret_keys_are_hidden(void **state)
{
	static const char *const keys[] = {"password",		"nats_password", "PGPASSWORD",
									   "token",			"api_token",	 "client_secret",
									   "Authorization", "nats_creds",	 "nkey_seed"};
	Capture *capture = open_capture(LOG_FORMAT_JSON, LOG_INFO);

	(void) state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		const char *text;

		log_event(capture->log, LOG_INFO, "m", (LogField[]){LOG_TEXT(keys[i], "hunter2"), LOG_END});
		text = take(capture);
		assert_null(strstr(text, "hunter2"));
		assert_non_null(strstr(text, "\"***\""));
	}
	log_event(capture->log, LOG_INFO, "with nats://u:hunter2@h",
			  (LogField[]){LOG_TEXT("url", "mysql://u:hunter2@h/d"), LOG_END});
	assert_null(strstr(take(capture), "hunter2"));
	close_capture(capture);
}

static void
urls_are_redacted(void **state)
{
	static const struct
	{
		const char *text;
		const char *shown;
	} cases[] = {
		{"nats://u:p@h:4222", "nats://***@h:4222"},
		{"nats://TOKEN@h", "nats://***@h"},
		{"nats://h:4222", "nats://h:4222"},
		{"nats://u:p@h1:1,nats://v:q@h2:2", "nats://***@h1:1,nats://***@h2:2"},
		{"nats://h1:1,nats://v:q@h2", "nats://h1:1,nats://***@h2"},
		{"postgresql://bob:pw@h/d?application_name=x", "postgresql://***@h/d?application_name=x"},
		{"postgresql://bob@h/d", "postgresql://bob@h/d"},
		{"postgresql://h/d?user=a@b", "postgresql://h/d?user=a@b"},
		{"postgresql://h/d?password=x&user=u", "postgresql://h/d?password=***&user=u"},
		{"postgresql:///d?host=/run&sslpassword=x", "postgresql:///d?host=/run&sslpassword=***"},
		{"mysql://bob:p@ss:w@h:3306/d", "mysql://***@h:3306/d"},
		{"postgresql://bob:pa/ss@h/d", "postgresql://***@h/d"},
		{"postgresql://bob:pa'ss@h/d", "postgresql://***@h/d"},
		{"postgresql://u:p@h1:1,h2:2/d", "postgresql://***@h1:1,h2:2/d"},
		{"nats://[::1]:4222", "nats://[::1]:4222"},
		{"nats://u:p@[::1]:4222", "nats://***@[::1]:4222"},
		{"cannot reach \"nats://u:p@h\", will retry", "cannot reach \"nats://***@h\", will retry"},
		{"host=h password=abc user=u", "host=h password=*** user=u"},
		{"host=h PASSWORD = 'a b''c\\' d' user=u", "host=h PASSWORD = *** user=u"},
		{"password='never closed user=u", "password=***"},
		{"password=a\\ b user=u", "password=*** user=u"},
		{"password authentication failed", "password authentication failed"},
		{"password=", "password="},
		{"a://", "a://"},
		{"://u:p@", "://***@"},
		{"", ""},
	};
	char out[256];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		log_redact_url(cases[i].text, out, sizeof(out));
		assert_string_equal(out, cases[i].shown);
		assert_int_equal(log_has_secret(cases[i].text), strstr(cases[i].shown, "***") != NULL);
	}
	log_redact_url("nats://u:p@host", out, 8);
	assert_string_equal(out, "nats://");
	log_redact_url("nats://u:p@host", out, 1);
	assert_string_equal(out, "");
}

static void
long_lines_stay_well_formed(void **state)
{
	Capture *capture = open_capture(LOG_FORMAT_JSON, LOG_INFO);
	char *big = calloc(1, 100001);
	json_error_t error;
	json_t *line;
	const char *text;

	(void) state;
	assert_non_null(big);
	for (size_t i = 0; i < 100000; i += 2)
		memcpy(big + i, "\xC3\xA9", 2);
	big[0] = 'x';
	big[1] = 'x';
	log_event(capture->log, LOG_INFO, big,
			  (LogField[]){LOG_TEXT("a", big), LOG_TEXT("b", big), LOG_TEXT("c", big),
						   LOG_TEXT("d", big), LOG_INTEGER("e", 1), LOG_END});
	text = take(capture);
	assert_true(strlen(text) <= LOG_LINE_MAXIMUM);
	line = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(line);
	assert_true(json_is_true(json_object_get(line, "truncated")));
	assert_int_equal(json_string_length(json_object_get(line, "a")), LOG_TEXT_MAXIMUM);
	assert_null(json_object_get(line, "d"));
	json_decref(line);

	/* Every byte grows sixfold: no field fits, the line still closes. */
	memset(big, '\x01', 100000);
	log_event(capture->log, LOG_INFO, "m", (LogField[]){LOG_TEXT("a", big), LOG_END});
	line = json_loads(take(capture), 0, &error);
	assert_non_null(line);
	assert_true(json_is_true(json_object_get(line, "truncated")));
	json_decref(line);
	free(big);
	close_capture(capture);
}

#define THREADS 4
#define EVENTS	200

static void *
log_many(void *context)
{
	for (int i = 0; i < EVENTS; i++)
		log_event(context, LOG_INFO, "event",
				  (LogField[]){LOG_INTEGER("i", i), LOG_TEXT("text", "some words"), LOG_END});
	return NULL;
}

/* A pipe shows any write that was split or mixed, because its reader sees bytes in order. */
static void
threads_do_not_mix_lines(void **state)
{
	pthread_t threads[THREADS];
	SluiceError err;
	FILE *reader;
	char *line = NULL;
	size_t size = 0;
	int ends[2], lines = 0;
	Log *log;

	(void) state;
	assert_int_equal(pipe(ends), 0);
	log = log_new(ends[1], LOG_FORMAT_LOGFMT, LOG_INFO, NULL, &err);
	assert_non_null(log);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_many, log), 0);
	reader = fdopen(ends[0], "r");
	assert_non_null(reader);
	while (lines < THREADS * EVENTS && getline(&line, &size, reader) > 0)
	{
		int number;

		assert_int_equal(
			sscanf(after_time(line), "level=info msg=event i=%d text=\"some words\"", &number), 1);
		lines++;
	}
	assert_int_equal(lines, THREADS * EVENTS);
	for (int i = 0; i < THREADS; i++)
		(void) pthread_join(threads[i], NULL);
	free(line);
	(void) fclose(reader);
	(void) close(ends[1]);
	log_free(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logfmt_line),
		cmocka_unit_test(logfmt_escapes),
		cmocka_unit_test(json_escapes_every_byte),
		cmocka_unit_test(json_line),
		cmocka_unit_test(malformed_utf8_is_replaced),
		cmocka_unit_test(levels_filter),
		cmocka_unit_test(failure_shows_code_and_hint),
		cmocka_unit_test(secret_keys_are_hidden),
		cmocka_unit_test(urls_are_redacted),
		cmocka_unit_test(long_lines_stay_well_formed),
		cmocka_unit_test(threads_do_not_mix_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
