/*
 * options_derive_test.c - a program's options with the lines of a text on top.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/daemon/options.h"

static const Option table[] = {
	{.name = "nats",
	 .type = OPTION_URL,
	 .default_value = "nats://127.0.0.1:4222",
	 .help = "Server."},
	{.name = "nats-password", .type = OPTION_SECRET, .help = "Password for it."},
	{.name = "stream", .type = OPTION_STRING, .help = "Name.", .required = true},
	{.name = "bundle-rows", .type = OPTION_INTEGER, .default_value = "500", .help = "Rows."},
	{.name = "memory", .type = OPTION_SIZE, .default_value = "64MB", .help = "Most memory."},
	{.name = "verify", .type = OPTION_BOOL, .help = "Check twice."},
};

static const Option shared[] = {
	{.name = "config", .type = OPTION_STRING, .help = "The file."},
};

static const Program program = {.name = "tester",
								.version = "1.2.3",
								.summary = "Applies things.",
								.options = table,
								.option_count = sizeof(table) / sizeof(table[0])};

static SluiceError err;

static Options *
parse(int argc, char *const *argv)
{
	Options *options = options_new(&program, shared, 1, argc, argv, &err);

	assert_non_null(options);
	return options;
}

static void
assert_refused(Options *options, const char *message, const char *hint)
{
	assert_null(options);
	assert_string_equal(err.message, message);
	assert_non_null(strstr(err.hint, hint));
}

/* A file with a secret, from a template of its name. */
static const char *
write_secret(char *file)
{
	int fd = mkstemp(file);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret\n", 7), 7);
	assert_int_equal(close(fd), 0);
	return file;
}

/* Options of a text before all else; NULL when it is refused. */
static Options *
derive(const Options *base, const char *lines)
{
	char text[256];

	(void) snprintf(text, sizeof(text), "%s", lines);
	sluice_error_clear(&err);
	return options_derive(base, "stream.x", text, &err);
}

static void
a_text_counts_before_all_else(void **state)
{
	Options *base = parse(
		5, (char *[]){"tester", "--stream=base", "--bundle-rows=100", "--memory=2MB", "--verify"});
	Options *derived;

	(void) state;
	derived = derive(base, "stream = other\nbundle_rows = 20 # fewer\n\n");
	assert_non_null(derived);
	assert_string_equal(options_string(derived, "stream"), "other");
	assert_int_equal(options_integer(derived, "bundle-rows"), 20);
	assert_int_equal(options_size(derived, "memory"), 2 << 20);
	assert_true(options_bool(derived, "verify"));
	assert_int_equal(options_source(derived, "stream"), OPTION_FROM_TEXT);
	options_free(derived);
	assert_refused(derive(base, "stream = a\nstream = b"),
				   "stream.x:2: stream: given a second time", "");
	assert_refused(derive(base, "config = /etc/passwd"), "stream.x:1: unknown option config",
				   "config");
	options_free(base);
}

/* Whoever may read the text must not read them. */
static void
a_text_has_no_secrets(void **state)
{
	Options *base = parse(2, (char *[]){"tester", "--stream=base"});
	char lines[256], file[] = "/tmp/options_derive_test_XXXXXX";
	Options *derived;

	(void) state;
	assert_refused(derive(base, "nats-password = x"),
				   "stream.x:1: nats-password: a password does not belong here",
				   "nats-password-file");
	assert_refused(derive(base, "nats = nats://u:p@h:1"),
				   "stream.x:1: nats: a password does not belong here", "nats-file");
	(void) snprintf(lines, sizeof(lines), "nats-password-file = %s", write_secret(file));
	derived = derive(base, lines);
	assert_non_null(derived);
	assert_string_equal(options_string(derived, "nats-password"), "secret");
	options_free(derived);
	options_free(base);
	(void) unlink(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_counts_before_all_else),
		cmocka_unit_test(a_text_has_no_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
