/*
 * service_test.c - a small daemon's whole life, run in a child with its output in a pipe.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/daemon/service.h"

static const Option table[] = {
	{.name = "stream", .type = OPTION_STRING, .group = "Work", .help = "Name.", .required = true},
	{.name = "rows",
	 .type = OPTION_INTEGER,
	 .default_value = "1",
	 .group = "Work",
	 .help = "Rows.",
	 .reloadable = true},
	{.name = "nats-password", .type = OPTION_SECRET, .group = "Work", .help = "Password."},
};
static const char *const log_fields[] = {"stream", NULL};
static const Program program = {.name = "tester",
								.version = "1.2.3",
								.summary = "Tests.",
								.options = table,
								.option_count = sizeof(table) / sizeof(table[0]),
								.log_fields = log_fields};

static char config_path[] = "/tmp/service_test_XXXXXX";

/* The daemon: goes round until it is drained. */
static int
daemon_main(int argc, char **argv)
{
	Service service;
	int status;

	if (!service_start(&service, &program, argc, argv, &status))
		return status;
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 90;
	health_set_reason(&service.health, NULL);
	for (;;)
	{
		struct pollfd poller = {.fd = service.signals.fd, .events = POLLIN};
		unsigned found;

		(void) poll(&poller, 1, 1000);
		found = service_poll(&service);
		if ((found & SERVICE_RELOADED) != 0)
			log_event(service.log, LOG_DEBUG, "daemon saw it",
					  (LogField[]){LOG_INTEGER("rows", options_integer(service.options, "rows")),
								   LOG_END});
		if ((found & SERVICE_DRAIN) != 0)
			return service_stop(&service, SERVICE_OK);
	}
}

typedef struct Child
{
	pid_t pid;
	FILE *output;
	char *line;
	size_t size;
} Child;

static void
start_child(Child *child, int argc, char **argv)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	(void) fflush(NULL);
	memset(child, 0, sizeof(*child));
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0)
	{
		(void) dup2(ends[1], STDOUT_FILENO);
		(void) dup2(ends[1], STDERR_FILENO);
		(void) close(ends[0]);
		(void) close(ends[1]);
		_exit(daemon_main(argc, argv));
	}
	(void) close(ends[1]);
	child->output = fdopen(ends[0], "r");
	assert_non_null(child->output);
}

/* The next line of output; an end of output is a failure. */
static const char *
next_line(Child *child)
{
	assert_true(getline(&child->line, &child->size, child->output) > 0);
	return child->line;
}

static int
end_child(Child *child)
{
	int status;

	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	(void) fclose(child->output);
	free(child->line);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define ARGUMENTS(...)                                                                             \
	(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), (char *[])                                 \
	{                                                                                              \
		__VA_ARGS__, NULL                                                                          \
	}

static void
write_config(const char *text)
{
	FILE *file = fopen(config_path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
life_of_a_daemon(void **state)
{
	Child child;
	const char *line;

	(void) state;
	write_config("stream = orders\nrows = 1\n");
	start_child(&child, ARGUMENTS("tester", "--config", config_path, "--http", "127.0.0.1:0"));
	line = next_line(&child);
	assert_non_null(strstr(line, " level=info msg=starting program=tester stream=orders "
								 "version=1.2.3 pid="));
	line = next_line(&child);
	assert_non_null(strstr(line, "msg=\"serving metrics and health\""));
	assert_null(strstr(line, "port=0\n"));

	write_config("stream = other\nrows = 2\nlog-level = debug\n");
	assert_int_equal(kill(child.pid, SIGHUP), 0);
	assert_non_null(strstr(next_line(&child), "level=warning msg=\"option changed, but takes "
											  "effect only after a restart\" program=tester "
											  "stream=orders option=stream\n"));
	assert_non_null(strstr(next_line(&child), "msg=\"option changed\" program=tester "
											  "stream=orders option=rows\n"));
	assert_non_null(strstr(next_line(&child), "option=log-level\n"));
	assert_non_null(strstr(next_line(&child), "msg=reloaded"));
	assert_non_null(strstr(next_line(&child), "level=debug msg=\"daemon saw it\" program=tester "
											  "stream=orders rows=2\n"));

	write_config("rows = x\n");
	assert_int_equal(kill(child.pid, SIGHUP), 0);
	line = next_line(&child);
	assert_non_null(strstr(line, "msg=\"reload failed, all options stay as they were\""));
	assert_non_null(strstr(line, ":1: rows: \\\"x\\\" is not a whole number\" code=argument\n"));

	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_non_null(strstr(next_line(&child), "msg=\"draining, a second signal ends at once\""));
	assert_non_null(strstr(next_line(&child), "msg=stopped program=tester stream=orders status=0"));
	assert_int_equal(end_child(&child), SERVICE_OK);
}

static void
usage_errors_are_plain_text(void **state)
{
	Child child;

	(void) state;
	start_child(&child, ARGUMENTS("tester", "--steam=x"));
	assert_string_equal(next_line(&child), "tester: unknown option --steam\n");
	assert_string_equal(next_line(&child), "tester: hint: did you mean --stream?\n");
	assert_int_equal(end_child(&child), SERVICE_USAGE);
	start_child(&child, ARGUMENTS("tester", "--stream=x", "--log-level=loud"));
	assert_string_equal(next_line(&child), "tester: --log-level: \"loud\" is none of: error, "
										   "warning, info, debug\n");
	assert_int_equal(end_child(&child), SERVICE_USAGE);
	start_child(&child, ARGUMENTS("tester", "--stream=x", "--nats-password=hunter2"));
	assert_null(strstr(next_line(&child), "hunter2"));
	assert_null(strstr(next_line(&child), "hunter2"));
	assert_int_equal(end_child(&child), SERVICE_USAGE);
}

static void
bad_http_address_is_usage(void **state)
{
	Child child;

	(void) state;
	start_child(&child, ARGUMENTS("tester", "--stream=x", "--log-format=json", "--http=nonsense"));
	assert_non_null(strstr(next_line(&child), "\"msg\":\"starting\""));
	assert_non_null(strstr(next_line(&child), "\"error\":\"--http: \\\"nonsense\\\" is no address "
											  "of the form HOST:PORT\""));
	assert_int_equal(end_child(&child), SERVICE_USAGE);
}

static void
help_and_version(void **state)
{
	Child child;

	(void) state;
	start_child(&child, ARGUMENTS("tester", "--version"));
	assert_string_equal(next_line(&child), "tester 1.2.3\n");
	assert_int_equal(end_child(&child), SERVICE_OK);
	start_child(&child, ARGUMENTS("tester", "--help"));
	assert_string_equal(next_line(&child), "Tests.\n");
	while (strstr(next_line(&child), "  --live-within TIME") == NULL)
		;
	while (getline(&child.line, &child.size, child.output) > 0)
		;
	assert_int_equal(end_child(&child), SERVICE_OK);
}

static void
errors_have_their_status(void **state)
{
	static const struct
	{
		SluiceErrorCode code;
		ServiceStatus status;
	} cases[] = {{SLUICE_OK, SERVICE_OK},
				 {SLUICE_ERROR_IO, SERVICE_FAILURE},
				 {SLUICE_ERROR_CONFLICT, SERVICE_FAILURE},
				 {SLUICE_ERROR_DATA, SERVICE_FAILURE},
				 {SLUICE_ERROR_ARGUMENT, SERVICE_USAGE},
				 {SLUICE_ERROR_STATE, SERVICE_REFUSED}};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(service_status(&(SluiceError){.code = cases[i].code}), cases[i].status);
}

static int
make_config(void **state)
{
	int fd = mkstemp(config_path);

	(void) state;
	return fd >= 0 ? close(fd) : -1;
}

static int
remove_config(void **state)
{
	(void) state;
	return unlink(config_path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_of_a_daemon),			 cmocka_unit_test(usage_errors_are_plain_text),
		cmocka_unit_test(bad_http_address_is_usage), cmocka_unit_test(help_and_version),
		cmocka_unit_test(errors_have_their_status),
	};

	return cmocka_run_group_tests(tests, make_config, remove_config);
}
