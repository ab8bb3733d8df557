/*
 * stream_settings_test.c - a stream's settings out of options: what is left out, what makes no sense,
 * what is the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mysql_reader/settings.h"
#include "mysql_reader/stream_settings.h"

static SluiceError err;

/* Options of a stream and what else is given; the last is NULL. */
static Options *
options_of(const char *first, ...)
{
	static char *argv[20];
	int argc = 0;
	va_list args;
	Options *options;

	argv[argc++] = (char *) "sluice-mysql-reader";
	va_start(args, first);
	for (const char *next = first; next != NULL && argc < 19; next = va_arg(args, const char *))
		argv[argc++] = (char *) next;
	va_end(args);
	argv[argc] = NULL;
	sluice_error_clear(&err);
	options = options_new(&reader_program, NULL, 0, argc, argv, &err);
	if (options == NULL)
		fail_msg("%s", err.message);
	return options;
}

#define SHOP "--stream", "shop", "--source", "mysql://u@db1/shop"

static StreamSettings
settings_of(Options *options)
{
	StreamSettings settings;

	if (!stream_settings_read(&settings, options, &err))
		fail_msg("%s", err.message);
	options_free(options);
	return settings;
}

static void
assert_refused(Options *options, const char *message)
{
	StreamSettings settings;

	assert_false(stream_settings_read(&settings, options, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	if (strstr(err.message, message) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", message, err.message);
	stream_settings_free(&settings);
	options_free(options);
}

static void
tables_follow_from_the_uri(void **state)
{
	static const struct
	{
		const char *uri, *tables;
	} cases[] = {
		{"mysql://u@h/shop", "`shop`.*"},
		{"mysql://u@h/sh%60op", "`sh``op`.*"},
		{"mysql://u@h/", "*.*"},
		{"mariadb://u@h", "*.*"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		StreamSettings settings =
			settings_of(options_of("--stream", "shop", "--source", cases[i].uri, NULL));

		assert_string_equal(settings.tables, cases[i].tables);
		stream_settings_free(&settings);
	}
}

static void
consumers_are_names(void **state)
{
	StreamSettings settings = settings_of(options_of(SHOP, "--consumers", "a, b,,c", NULL));

	(void) state;
	assert_string_equal(settings.consumers[0], "a");
	assert_string_equal(settings.consumers[1], "b");
	assert_string_equal(settings.consumers[2], "c");
	assert_null(settings.consumers[3]);
	stream_settings_free(&settings);
	assert_refused(options_of(SHOP, "--consumers", "a,B", NULL), "--consumers: ");
	assert_refused(options_of(SHOP, "--consumers", ",", NULL), "no name of a consumer");
	assert_refused(options_of(SHOP, "--consumers", "a,b,c,d,e,f,g,h,i", NULL), "more than 8 names");
}

static void
what_makes_no_sense_is_refused(void **state)
{
	(void) state;
	assert_refused(options_of("--source", "mysql://h/d", NULL), "option --stream is required");
	assert_refused(options_of("--stream", "shop", NULL), "option --source is required");
	assert_refused(options_of("--stream", "Shop", "--source", "mysql://h/d", NULL), "--stream: ");
	assert_refused(options_of("--stream", "shop", "--source", "pg://h/d", NULL), "--source: ");
	assert_refused(options_of(SHOP, "--tables", "shop", NULL), "--tables: ");
	assert_refused(options_of(SHOP, "--nats", "http://x", NULL), "--nats: ");
}

/* Whatever is given otherwise makes other settings. */
static void
differences_are_seen(void **state)
{
	static const char *const others[][2] = {
		{"--stream", "shop2"},	   {"--mode", "convert"},		 {"--tables", "shop.*"},
		{"--consumers", "b"},	   {"--source", "mysql://u@h/"}, {"--position", "file"},
		{"--server-id", "7"},	   {"--heartbeat", "9s"},		 {"--zero-dates", "null"},
		{"--bad-text", "replace"}, {"--bundle-rows", "7"},		 {"--bundle-bytes", "64kB"},
		{"--window-bytes", "2MB"}, {"--event-maximum", "2MB"},	 {"--compression", "lz4"},
		{"--max-bytes", "1GB"},	   {"--replicas", "3"},			 {"--replay-window", "1h"},
		{"--copy-workers", "5"},   {"--chunk-bytes", "1MB"},	 {"--nats", "nats://h:1"},
		{"--nats-user", "u"},	   {"--nats-tls", NULL},		 {"--scan", "off"},
	};
	StreamSettings settings = settings_of(options_of(SHOP, NULL));
	StreamSettings same = settings_of(options_of(SHOP, NULL));

	(void) state;
	assert_true(stream_settings_equal(&settings, &same));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		StreamSettings other = settings_of(options_of(SHOP, others[i][0], others[i][1], NULL));

		if (stream_settings_equal(&settings, &other))
			fail_msg("%s makes no difference", others[i][0]);
		stream_settings_free(&other);
	}
	stream_settings_free(&same);
	stream_settings_free(&settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_follow_from_the_uri),
		cmocka_unit_test(consumers_are_names),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(differences_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
