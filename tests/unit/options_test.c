/*
 * options_test.c - settings from all four sources, their errors, help, and reload.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/daemon/options.h"

static const char *const modes[] = {"stop", "dead_letter", NULL};

static const Option table[] = {
	{.name = "nats",
	 .type = OPTION_URL,
	 .default_value = "nats://127.0.0.1:4222",
	 .environment = "TEST_NATS_URL",
	 .group = "Connection",
	 .help = "Server of the stream."},
	{.name = "nats-password",
	 .type = OPTION_SECRET,
	 .group = "Connection",
	 .help = "Password for it.",
	 .reloadable = true},
	{.name = "stream", .type = OPTION_STRING, .group = "Work", .help = "Name.", .required = true},
	{.name = "bundle-rows",
	 .type = OPTION_INTEGER,
	 .default_value = "500",
	 .minimum = 10,
	 .maximum = 1000,
	 .group = "Work",
	 .help = "Rows in a bundle.",
	 .reloadable = true},
	{.name = "memory",
	 .type = OPTION_SIZE,
	 .default_value = "64MB",
	 .minimum = 1048576,
	 .maximum = 1073741824,
	 .group = "Work",
	 .help = "Most memory."},
	{.name = "interval",
	 .type = OPTION_DURATION,
	 .default_value = "5s",
	 .group = "Work",
	 .help = "Time | between <rounds>.",
	 .reloadable = true},
	{.name = "verify", .type = OPTION_BOOL, .group = "Work", .help = "Check twice."},
	{.name = "on-error",
	 .type = OPTION_ENUM,
	 .default_value = "stop",
	 .allowed = modes,
	 .group = "Work",
	 .help = "What to do with what is refused."},
	{.name = "tables", .type = OPTION_LIST, .group = "Work", .help = "Only these."},
	{.name = "offset", .type = OPTION_INTEGER, .group = "Work", .help = "Any number."},
};

static const Option shared[] = {
	{.name = "config", .type = OPTION_STRING, .group = "Operation", .help = "The file."},
};

static const OptionExample examples[] = {
	{"Apply a stream", "tester --stream orders"},
	{NULL, NULL},
};

static const Program program = {.name = "tester",
								.version = "1.2.3",
								.summary = "Applies things.",
								.options = table,
								.option_count = sizeof(table) / sizeof(table[0]),
								.examples = examples};

static char folder[] = "/tmp/options_test_XXXXXX";
static SluiceError err;

/* Makes Options of up to eight arguments, the last of which is NULL. */
static Options *
parse(const char *first, ...)
{
	static char *argv[10];
	int argc = 1;
	va_list args;

	argv[0] = (char *) "tester";
	va_start(args, first);
	for (const char *next = first; next != NULL && argc < 9; next = va_arg(args, const char *))
		argv[argc++] = (char *) next;
	va_end(args);
	argv[argc] = NULL;
	sluice_error_clear(&err);
	return options_new(&program, shared, 1, argc, argv, &err);
}

/* Options that must be refused with this message, and a hint that has this text in it. */
static void
assert_refused(Options *options, const char *message, const char *hint)
{
	assert_null(options);
	assert_string_equal(err.message, message);
	if (strstr(err.hint, hint) == NULL)
		fail_msg("the hint is \"%s\"", err.hint);
	if (*hint == '\0')
		assert_string_equal(err.hint, "");
}

/* The path of a file of that name in the test's folder, with this text; one of two static places. */
static const char *
write_file(const char *name, const char *text)
{
	static char paths[2][128];
	static int turn;
	char *path = paths[turn++ % 2];
	FILE *file;

	(void) snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static int
clear_environment(void **state)
{
	static const char *const names[] = {"TEST_NATS_URL",
										"SLUICE_NATS",
										"SLUICE_NATS_FILE",
										"SLUICE_NATS_PASSWORD",
										"SLUICE_NATS_PASSWORD_FILE",
										"SLUICE_STREAM",
										"SLUICE_BUNDLE_ROWS",
										"SLUICE_CONFIG",
										"SLUICE_TABLES",
										"SLUICE_VERIFY",
										"SLUICE_MEMORY"};

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void) unsetenv(names[i]);
	return 0;
}

static void
defaults(void **state)
{
	Options *options = parse("--stream", "orders", NULL);
	char *const *items;

	(void) state;
	assert_non_null(options);
	assert_int_equal(options_action(options), OPTIONS_RUN);
	assert_string_equal(options_string(options, "nats"), "nats://127.0.0.1:4222");
	assert_null(options_string(options, "nats-password"));
	assert_string_equal(options_string(options, "stream"), "orders");
	assert_int_equal(options_integer(options, "bundle-rows"), 500);
	assert_int_equal(options_size(options, "memory"), 64 << 20);
	assert_int_equal(options_duration(options, "interval"), 5000);
	assert_false(options_bool(options, "verify"));
	assert_int_equal(options_choice(options, "on-error"), 0);
	assert_string_equal(options_string(options, "on-error"), "stop");
	assert_int_equal(options_list(options, "tables", &items), 0);
	assert_int_equal(options_source(options, "bundle-rows"), OPTION_FROM_DEFAULT);
	assert_int_equal(options_source(options, "stream"), OPTION_FROM_COMMAND_LINE);
	options_free(options);
}

static void
command_line_forms(void **state)
{
	Options *options = parse("--stream=a=b", "--bundle-rows", "10", "--verify", "--offset", "-7",
							 "--on-error=dead_letter", NULL);

	(void) state;
	assert_non_null(options);
	assert_string_equal(options_string(options, "stream"), "a=b");
	assert_int_equal(options_integer(options, "bundle-rows"), 10);
	assert_int_equal(options_integer(options, "offset"), -7);
	assert_true(options_bool(options, "verify"));
	assert_int_equal(options_choice(options, "on-error"), 1);
	options_free(options);
	options = parse("--stream=x", "--stream=y", "--verify=yes", "--no-verify", NULL);
	assert_non_null(options);
	assert_string_equal(options_string(options, "stream"), "y");
	assert_false(options_bool(options, "verify"));
	options_free(options);
}

static void
units(void **state)
{
	static const struct
	{
		const char *text;
		int64_t bytes;
	} sizes[] = {{"1048576", 1 << 20}, {"1024kB", 1 << 20}, {"2MB", 2 << 20},
				 {"3 MiB", 3 << 20},   {"1GB", 1 << 30},	{"1048577B", (1 << 20) + 1}};
	static const struct
	{
		const char *text;
		int64_t milliseconds;
	} durations[] = {{"0", 0},		   {"250ms", 250},	{"5s", 5000},
					 {"2min", 120000}, {"1h", 3600000}, {"1d", 86400000}};

	(void) state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		Options *options = parse("--stream=s", "--memory", sizes[i].text, NULL);

		assert_non_null(options);
		assert_int_equal(options_size(options, "memory"), sizes[i].bytes);
		options_free(options);
	}
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
	{
		Options *options = parse("--stream=s", "--interval", durations[i].text, NULL);

		assert_non_null(options);
		assert_int_equal(options_duration(options, "interval"), durations[i].milliseconds);
		options_free(options);
	}
}

static void
bad_values(void **state)
{
	static const struct
	{
		const char *argument;
		const char *message;
	} cases[] = {
		{"--bundle-rows=5", "--bundle-rows: \"5\" is out of range, allowed is 10 to 1000"},
		{"--bundle-rows=many", "--bundle-rows: \"many\" is not a whole number"},
		{"--bundle-rows=", "--bundle-rows: \"\" is not a whole number"},
		{"--bundle-rows=50x", "--bundle-rows: \"50x\" is not a whole number"},
		{"--offset=-", "--offset: \"-\" is not a whole number"},
		{"--offset=9223372036854775808", "--offset: \"9223372036854775808\" is too big a number"},
		{"--memory=1kB", "--memory: \"1kB\" is out of range, allowed is 1MB to 1GB"},
		{"--memory=1xB", "--memory: \"1xB\" is not a size like 8192, 64kB, 4MB or 1GB"},
		{"--memory=-1", "--memory: \"-1\" is not a size like 8192, 64kB, 4MB or 1GB"},
		{"--memory=9999999999TB", "--memory: \"9999999999TB\" is too big a number"},
		{"--interval=5", "--interval: \"5\" is not a duration like 250ms, 5s, 2min or 1h"},
		{"--interval=5MB", "--interval: \"5MB\" is not a duration like 250ms, 5s, 2min or 1h"},
		{"--verify=maybe", "--verify: \"maybe\" is neither on nor off"},
		{"--on-error=explode", "--on-error: \"explode\" is none of: stop, dead_letter"},
		{"--bundle-rows", "option --bundle-rows needs a value"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_refused(parse("--stream=s", cases[i].argument, NULL), cases[i].message, "");
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	}
}

static void
unknown_options(void **state)
{
	char name[200] = "--";

	(void) state;
	assert_refused(parse("--bundel-rows=1", NULL), "unknown option --bundel-rows",
				   "did you mean --bundle-rows?");
	assert_refused(parse("--bundle", "1", NULL), "unknown option --bundle",
				   "did you mean --bundle-rows?");
	assert_refused(parse("--hlep", NULL), "unknown option --hlep", "did you mean --help?");
	assert_refused(parse("--zzzzzz", NULL), "unknown option --zzzzzz",
				   "tester --help lists all options");
	assert_refused(parse("--no-stream", NULL), "unknown option --no-stream",
				   "did you mean --stream?");
	assert_refused(parse("--stream-file=x", NULL), "unknown option --stream-file", "tester");
	assert_refused(parse("orders", NULL), "unexpected argument \"orders\"", "--name value");
	assert_refused(parse("-x", NULL), "unexpected argument \"-x\"", "--name value");
	assert_refused(parse("--", NULL), "unexpected argument \"--\"", "--name value");
	assert_refused(parse("nats://u:pw@h", NULL), "unexpected argument \"...\"", "--name");
	memset(name + 2, 'n', sizeof(name) - 3);
	assert_null(parse(name, NULL));
	assert_non_null(strstr(err.message, "unknown option --nnn"));
}

static void
required(void **state)
{
	(void) state;
	assert_refused(parse(NULL), "option --stream is required",
				   "give --stream TEXT or set SLUICE_STREAM");
	assert_refused(parse("--stream=", NULL), "--stream: it is empty", "leave the option out");
}

/* A variable that was meant to be set and is not, as in --nats-password-file "$FILE". */
static void
empty_texts(void **state)
{
	const char *path = write_file("empty", "\n");
	char argument[128];

	(void) state;
	(void) snprintf(argument, sizeof(argument), "--nats-password-file=%s", path);
	assert_refused(parse("--stream=s", argument, NULL), "--nats-password-file: it is empty",
				   "leave the option out");
	assert_refused(parse("--stream=s", "--nats=", NULL), "--nats: it is empty", "give a value");
	assert_refused(parse("--stream=s", "--config", "", NULL), "--config: it is empty",
				   "give a value");
	path = write_file("e.conf", "stream =\n");
	(void) snprintf(argument, sizeof(argument), "--config=%s", path);
	assert_null(parse(argument, NULL));
	assert_non_null(strstr(err.message, "stream: it is empty"));
}

static void
precedence(void **state)
{
	const char *path = write_file("p.conf", "bundle-rows = 20\nstream = file\nverify = on\n");
	Options *options;

	(void) state;
	(void) setenv("SLUICE_CONFIG", path, 1);
	options = parse(NULL);
	assert_non_null(options);
	assert_int_equal(options_integer(options, "bundle-rows"), 20);
	assert_int_equal(options_source(options, "bundle-rows"), OPTION_FROM_FILE);
	assert_true(options_bool(options, "verify"));
	options_free(options);
	(void) setenv("SLUICE_BUNDLE_ROWS", "30", 1);
	(void) setenv("SLUICE_STREAM", "", 1);
	options = parse(NULL);
	assert_non_null(options);
	assert_int_equal(options_integer(options, "bundle-rows"), 30);
	assert_int_equal(options_source(options, "bundle-rows"), OPTION_FROM_ENVIRONMENT);
	assert_string_equal(options_string(options, "stream"), "file");
	options_free(options);
	options = parse("--bundle-rows=40", "--no-verify", NULL);
	assert_non_null(options);
	assert_int_equal(options_integer(options, "bundle-rows"), 40);
	assert_false(options_bool(options, "verify"));
	options_free(options);
}

static void
weaker_sources_are_checked_too(void **state)
{
	(void) state;
	(void) setenv("SLUICE_BUNDLE_ROWS", "x", 1);
	assert_refused(parse("--stream=s", "--bundle-rows=40", NULL),
				   "environment variable SLUICE_BUNDLE_ROWS: \"x\" is not a whole number", "");
}

static void
well_known_variable(void **state)
{
	Options *options;

	(void) state;
	(void) setenv("TEST_NATS_URL", "nats://known", 1);
	options = parse("--stream=s", NULL);
	assert_non_null(options);
	assert_string_equal(options_string(options, "nats"), "nats://known");
	options_free(options);
	(void) setenv("SLUICE_NATS", "nats://own", 1);
	options = parse("--stream=s", NULL);
	assert_non_null(options);
	assert_string_equal(options_string(options, "nats"), "nats://own");
	options_free(options);
}

static void
lists(void **state)
{
	const char *path = write_file("l.conf", "stream = s\ntables = a\ntables = b, c ,,\n");
	Options *options = parse("--config", path, NULL);
	char *const *items;

	(void) state;
	assert_non_null(options);
	assert_int_equal(options_list(options, "tables", &items), 3);
	assert_string_equal(items[0], "a");
	assert_string_equal(items[1], "b");
	assert_string_equal(items[2], "c");
	options_free(options);
	options = parse("--config", path, "--tables=x", "--tables", "y,z", NULL);
	assert_non_null(options);
	assert_int_equal(options_list(options, "tables", &items), 3);
	assert_string_equal(items[0], "x");
	assert_string_equal(items[2], "z");
	options_free(options);
}

static void
list_is_bounded(void **state)
{
	char *many = calloc(1, 2 * OPTION_LIST_MAXIMUM + 3);

	(void) state;
	assert_non_null(many);
	for (int i = 0; i <= OPTION_LIST_MAXIMUM; i++)
		memcpy(many + (ptrdiff_t) 2 * i, "a,", 2);
	assert_refused(parse("--stream=s", "--tables", many, NULL),
				   "--tables: the list has more than 1024 items", "");
	free(many);
}

static void
file_syntax(void **state)
{
	const char *path = write_file("s.conf", "# a comment\n"
											"\n"
											"  stream\t=  \"a \\\"b\\\" # \\\\ \\t c\"  # more\r\n"
											"bundle_rows = 100 # rows\n"
											"nats = 'it''s#1'\n"
											"on-error=dead_letter\n"
											"nats-password = p#w # not it");
	Options *options = parse("--config", path, NULL);

	(void) state;
	assert_non_null(options);
	assert_string_equal(options_string(options, "stream"), "a \"b\" # \\ \t c");
	assert_int_equal(options_integer(options, "bundle-rows"), 100);
	assert_string_equal(options_string(options, "nats"), "it's#1");
	assert_int_equal(options_choice(options, "on-error"), 1);
	assert_string_equal(options_string(options, "nats-password"), "p#w");
	options_free(options);
}

static void
file_errors(void **state)
{
	static const struct
	{
		const char *text;
		const char *message; /* behind the file's name */
		const char *hint;
	} cases[] = {
		{"stream = s\nnonsense\n", ":2: not of the form \"name = value\"", ""},
		{"= s\n", ":1: not of the form \"name = value\"", ""},
		{"strem = s\n", ":1: unknown option strem", "did you mean stream?"},
		{"\n\nbundle_rows = 5\n", ":3: bundle_rows: \"5\" is out of range, allowed is 10 to 1000",
		 ""},
		{"stream = a\nstream = b\n", ":2: stream: given a second time", ""},
		{"stream = \"a\n", ":1: the quoted value is not closed", ""},
		{"stream = 'a\n", ":1: the quoted value is not closed", ""},
		{"stream = 'a' b\n", ":1: text after the closing quote", ""},
		{"stream = \"\\q\"\n", ":1: unknown escape in a quoted value, only \\\" \\\\ \\n \\t exist",
		 ""},
		{"config = x\n", ":1: unknown option config", ""},
		{"help = x\n", ":1: unknown option help", "tester --help"},
		{"nats-password = p\nnats-password-file = q\n",
		 ":2: nats-password-file: nats-password and nats-password-file are both given", ""},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *path = write_file("e.conf", cases[i].text);

		assert_null(parse("--config", path, NULL));
		assert_memory_equal(err.message, path, strlen(path));
		assert_string_equal(err.message + strlen(path), cases[i].message);
		assert_non_null(strstr(err.hint, cases[i].hint));
	}
}

static void
unreadable_files(void **state)
{
	char *big = calloc(1, 1024 * 1024 + 2);

	(void) state;
	assert_refused(parse("--config=/nonexistent/x", NULL),
				   "configuration: cannot read file \"/nonexistent/x\": No such file or directory",
				   "");
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_refused(parse("--config=/", NULL),
				   "configuration: cannot read file \"/\": Is a directory", "");
	assert_int_equal(err.code, SLUICE_ERROR_IO);
	assert_non_null(big);
	memset(big, '\n', 1024 * 1024 + 1);
	assert_null(parse("--config", write_file("big", big), NULL));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	free(big);
	assert_null(parse("--config=/dev/zero", NULL));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	assert_refused(parse("--stream=s", "--nats-password-file=/nonexistent/x", NULL),
				   "--nats-password-file: cannot read file \"/nonexistent/x\": No such file or "
				   "directory",
				   "");
}

static void
file_without_permission(void **state)
{
	const char *path = write_file("secret", "x");
	const bool privileged = geteuid() == 0;

	(void) state;
	assert_int_equal(chmod(path, 0), 0);
	if (privileged)
		assert_int_equal(seteuid(65534), 0);
	assert_null(parse("--stream=s", "--nats-password-file", path, NULL));
	if (privileged)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
}

static void
secrets_come_from_files(void **state)
{
	const char *path = write_file("pw", "hunter2 \r\n");
	Options *options = parse("--stream=s", "--nats-password-file", path, NULL);

	(void) state;
	assert_non_null(options);
	assert_string_equal(options_string(options, "nats-password"), "hunter2 ");
	options_free(options);
	(void) setenv("SLUICE_NATS_PASSWORD_FILE", path, 1);
	path = write_file("url", "nats://u:pw@h\n");
	options = parse("--stream=s", "--nats-file", path, NULL);
	assert_non_null(options);
	assert_string_equal(options_string(options, "nats-password"), "hunter2 ");
	assert_string_equal(options_string(options, "nats"), "nats://u:pw@h");
	options_free(options);

	/* The plain form in a stronger or weaker place is the same setting. */
	(void) setenv("SLUICE_CONFIG", write_file("w.conf", "nats-password = weaker\n"), 1);
	options = parse("--stream=s", NULL);
	assert_non_null(options);
	assert_string_equal(options_string(options, "nats-password"), "hunter2 ");
	options_free(options);
	(void) setenv("SLUICE_NATS_PASSWORD", "other", 1);
	assert_refused(parse("--stream=s", NULL),
				   "environment variable SLUICE_NATS_PASSWORD_FILE: nats-password and "
				   "nats-password-file are both given",
				   "");
}

static void
secrets_are_refused_as_flags(void **state)
{
	Options *options;

	(void) state;
	assert_refused(parse("--stream=s", "--nats-password", "hunter2", NULL),
				   "--nats-password: a secret on the command line would show in the process list",
				   "use --nats-password-file FILE, the environment variable SLUICE_NATS_PASSWORD");
	assert_null(strstr(err.message, "hunter2"));
	assert_refused(parse("--stream=s", "--nats=nats://u:hunter2@h", NULL),
				   "--nats: a password on the command line would show in the process list",
				   "--nats-file FILE");
	options = parse("--stream=s", "--nats=nats://h:1", NULL);
	assert_non_null(options);
	options_free(options);
	(void) setenv("SLUICE_NATS", "nats://u:hunter2@h", 1);
	options = parse("--stream=s", NULL);
	assert_non_null(options);
	assert_string_equal(options_string(options, "nats"), "nats://u:hunter2@h");
	options_free(options);
}

/* What options_print() writes, in memory the caller frees. */
static char *
printed(const Options *options)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	options_print(options, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *
print_with(const char *flag, OptionsAction action)
{
	Options *options = parse(flag, "--bogus", NULL);
	char *text;

	assert_non_null(options);
	assert_int_equal(options_action(options), action);
	text = printed(options);
	options_free(options);
	return text;
}

static void
help(void **state)
{
	char *text = print_with("--help", OPTIONS_HELP);
	char *same = print_with("-h", OPTIONS_HELP);
	char *rest = text;
	const char *line;

	(void) state;
	assert_string_equal(text, same);
	assert_non_null(strstr(text, "Usage: tester [OPTION]..."));
	assert_non_null(strstr(text, "\nConnection:\n  --nats URL                  Server of"));
	assert_non_null(strstr(text, "[default nats://127.0.0.1:4222; SLUICE_NATS or\n"));
	assert_non_null(strstr(text, "  --nats-password-file FILE   Password for it.\n"));
	assert_non_null(strstr(text, "[required; SLUICE_STREAM]"));
	assert_non_null(strstr(text, "[10 to 1000; default 500; SLUICE_BUNDLE_ROWS;\n"));
	assert_non_null(strstr(text, "[1MB to 1GB; default 64MB; SLUICE_MEMORY]"));
	assert_non_null(strstr(text, "[stop, dead_letter; default stop; SLUICE_ON_ERROR]"));
	assert_non_null(strstr(text, "\nOperation:\n"));
	assert_non_null(strstr(text, "  -V, --version"));
	assert_non_null(strstr(text, "\nEXAMPLES\n  Apply a stream:\n    tester --stream orders\n"));
	assert_null(strstr(text, "markdown"));
	while ((line = strsep(&rest, "\n")) != NULL)
		assert_true(strlen(line) <= 80);
	free(text);
	free(same);
}

static void
version_and_markdown(void **state)
{
	char *text = print_with("-V", OPTIONS_VERSION);

	(void) state;
	assert_string_equal(text, "tester 1.2.3\n");
	free(text);
	text = print_with("--help-markdown", OPTIONS_MARKDOWN);
	assert_memory_equal(text, "# tester options\n", 17);
	assert_non_null(strstr(text, "\n## Connection\n"));
	assert_non_null(strstr(text, "| `--bundle-rows NUMBER` | `SLUICE_BUNDLE_ROWS` | `500` | 10 to "
								 "1000 | yes | Rows in a bundle. |\n"));
	assert_non_null(strstr(text, "| `--nats-password-file FILE` | `SLUICE_NATS_PASSWORD` |"));
	assert_non_null(strstr(text, "Time \\| between &lt;rounds>."));
	assert_non_null(strstr(text, "```sh\ntester --stream orders\n```\n"));
	free(text);
}

static void
note_change(void *context, const Option *option, bool applied)
{
	char *notes = context;
	size_t used = strlen(notes);

	(void) snprintf(notes + used, 256 - used, "%s%c ", option->name, applied ? '+' : '-');
}

static void
reload(void **state)
{
	const char *path = write_file("r.conf", "stream = s\nbundle-rows = 20\nmemory = 2MB\n"
											"interval = 5000ms\n");
	Options *options = parse("--config", path, NULL);
	char notes[256] = "";

	(void) state;
	assert_non_null(options);
	assert_true(options_reload(options, note_change, notes, &err));
	assert_string_equal(notes, "");
	(void) write_file("r.conf", "stream = t\nbundle-rows = 30\ninterval = 5s\n");
	assert_true(options_reload(options, note_change, notes, &err));
	assert_string_equal(notes, "stream- bundle-rows+ memory- ");
	assert_string_equal(options_string(options, "stream"), "s");
	assert_int_equal(options_integer(options, "bundle-rows"), 30);
	assert_int_equal(options_size(options, "memory"), 2 << 20);

	/* A bad file changes nothing, not even what is good in it. */
	(void) write_file("r.conf", "bundle-rows = 40\nstream = t\nmemory = x\n");
	assert_false(options_reload(options, note_change, notes, &err));
	assert_non_null(strstr(err.message, "r.conf:3: memory"));
	assert_int_equal(options_integer(options, "bundle-rows"), 30);
	options_free(options);
}

static void
reload_reads_secret_files(void **state)
{
	const char *path = write_file("rotating", "old\n");
	Options *options = parse("--stream=s", "--nats-password-file", path, NULL);
	char notes[256] = "";

	(void) state;
	assert_non_null(options);
	(void) write_file("rotating", "new\n");
	assert_true(options_reload(options, note_change, notes, &err));
	assert_string_equal(notes, "nats-password+ ");
	assert_string_equal(options_string(options, "nats-password"), "new");
	options_free(options);
}

static int
make_folder(void **state)
{
	(void) state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = {"p.conf", "l.conf", "s.conf",	"e.conf",
										"w.conf", "r.conf", "big",		"secret",
										"pw",	  "url",	"rotating", "empty"};

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		char path[128];

		(void) snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void) unlink(path);
	}
	return rmdir(folder);
}

#define options_test(f) cmocka_unit_test_setup_teardown(f, clear_environment, clear_environment)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		options_test(defaults),
		options_test(command_line_forms),
		options_test(units),
		options_test(bad_values),
		options_test(unknown_options),
		options_test(required),
		options_test(empty_texts),
		options_test(precedence),
		options_test(weaker_sources_are_checked_too),
		options_test(well_known_variable),
		options_test(lists),
		options_test(list_is_bounded),
		options_test(file_syntax),
		options_test(file_errors),
		options_test(unreadable_files),
		options_test(file_without_permission),
		options_test(secrets_come_from_files),
		options_test(secrets_are_refused_as_flags),
		options_test(help),
		options_test(version_and_markdown),
		options_test(reload),
		options_test(reload_reads_secret_files),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
