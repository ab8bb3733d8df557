/*
 * worker_child_test.c - children: what they get, what their log and figures mean, and what is reported of a job.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/control/child.h"
#include "common/control/memory_file.h"
#include "worker/child_log.h"
#include "worker/child_state.h"
#include "worker/job_report.h"

/* ---- starting ---- */

/* Runs a shell's words with `files`, and gives all it printed. */
static char *
run_shell(const char *script, const int *files, size_t count, int *status)
{
	ChildSettings settings = {.program = "/bin/sh",
							  .arguments = {"-c", script},
							  .file_count = count,
							  .keeps_output = true};
	static char output[65536];
	size_t length = 0;
	SluiceError err = {0};
	Child child;

	for (size_t i = 0; i < count; i++)
		settings.files[i] = files[i];
	if (!child_start(&child, &settings, &err))
		fail_msg("%s", err.message);
	for (;;)
	{
		struct pollfd poll_fd = {.fd = child.output, .events = POLLIN};
		ssize_t got;

		(void) poll(&poll_fd, 1, -1);
		got = read(child.output, output + length, sizeof(output) - 1 - length);
		if (got <= 0)
			break;
		length += (size_t) got;
	}
	output[length] = '\0';
	while (!child_ended(&child, status))
		(void) poll(&(struct pollfd){.fd = child.process, .events = POLLIN}, 1, -1);
	child_close(&child);
	return output;
}

static void
test_a_child_reads_its_files_and_has_no_others(void **state)
{
	SluiceError err;
	int files[] = {memory_file("one", "first", 5, &err), memory_file("two", "second", 6, &err)};
	int others = open("/dev/null", O_RDONLY); /* not closed by exec */
	char *output;
	int status;

	(void) state;
	output = run_shell("cat /dev/fd/3 /dev/fd/3 /dev/fd/4; for f in 5 6 7 8 9; do "
					   "[ -e /proc/self/fd/$f ] && echo \" has $f\"; done; exit 7",
					   files, 2, &status);
	assert_string_equal(output, "firstfirstsecond");
	assert_int_equal(WEXITSTATUS(status), 7);
	close(others);
	close(files[0]);
	close(files[1]);
}

/* A descriptor may have the very number that another is to get. */
static void
test_descriptors_that_change_places(void **state)
{
	SluiceError err;
	int first = memory_file("one", "1", 1, &err), second = memory_file("two", "2", 1, &err);
	int files[] = {fcntl(first, F_DUPFD, 4), fcntl(second, F_DUPFD, 3)};
	int status;

	(void) state;
	assert_string_equal(run_shell("cat /dev/fd/3; cat /dev/fd/4", files, 2, &status), "12");
	close(first);
	close(second);
	close(files[0]);
	close(files[1]);
}

static void
test_environment_and_signals(void **state)
{
	/* 32 and 33 are the C library's own: programs that posix_spawn() started ignore them, and nobody may change it. */
	const unsigned long long of_the_library = 3ULL << 31;
	sigset_t blocked, before;
	const char *ignored;
	char *output;
	int status;

	(void) state;
	setenv("PGPASSWORD", "secret", 1);
	setenv("SLUICE_TOKEN", "secret", 1);
	setenv("NATS_URL", "nats://elsewhere", 1);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGPIPE, SIG_IGN);
	output = run_shell("env; grep -E 'Sig(Blk|Ign)' /proc/self/status", NULL, 0, &status);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_null(strstr(output, "secret"));
	assert_null(strstr(output, "NATS_URL"));
	assert_non_null(strstr(output, "HOME=/nonexistent"));
	assert_non_null(strstr(output, "SigBlk:\t0000000000000000"));
	ignored = strstr(output, "SigIgn:\t");
	assert_non_null(ignored);
	assert_int_equal(strtoull(ignored + strlen("SigIgn:\t"), NULL, 16) & ~of_the_library, 0);
	unsetenv("PGPASSWORD");
	unsetenv("SLUICE_TOKEN");
	unsetenv("NATS_URL");
}

static void
test_programs_that_cannot_be_executed(void **state)
{
	static const struct
	{
		const char *program;
		SluiceErrorCode code;
	} cases[] = {
		{"/nonexistent/program", SLUICE_ERROR_NOT_FOUND},
		{"/etc/passwd", SLUICE_ERROR_DENIED},
		{"/", SLUICE_ERROR_DENIED},
		{"/dev/full", SLUICE_ERROR_DENIED},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const ChildSettings settings = {.program = cases[i].program};
		SluiceError err;
		Child child;

		assert_false(child_start(&child, &settings, &err));
		assert_int_equal(err.code, cases[i].code);
		assert_non_null(strstr(err.message, cases[i].program));
		assert_int_equal(child.pid, 0);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void
test_ends_in_words(void **state)
{
	char text[CHILD_END_TEXT];
	int status;

	(void) state;
	(void) run_shell("exit 3", NULL, 0, &status);
	assert_string_equal(child_end_text(status, text), "exit status 3");
	(void) run_shell("kill -9 $$", NULL, 0, &status);
	assert_non_null(strstr(child_end_text(status, text), "killed by signal 9"));
}

static void
test_files_nobody_else_may_read_or_change(void **state)
{
	SluiceError err;
	struct stat about;
	int fd = memory_file("secret", "x", 1, &err);
	char path[MEMORY_FILE_PATH];

	(void) state;
	assert_int_equal(fstat(fd, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0400);
	assert_int_equal(about.st_size, 1);
	assert_int_equal(write(fd, "y", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_true(access(memory_file_path(fd, path), R_OK) == 0);
	close(fd);
}

/* ---- its log ---- */

typedef struct Lines
{
	char text[8][CHILD_LINE_MAXIMUM + 1];
	size_t count;
} Lines;

static void
keep_line(void *context, const char *line)
{
	Lines *lines = context;

	assert_true(lines->count < 8);
	strcpy(lines->text[lines->count++], line);
}

static void
test_lines_in_pieces(void **state)
{
	static ChildLines lines;
	static Lines kept;
	static char long_line[3 * CHILD_LINE_MAXIMUM];

	(void) state;
	memset(&kept, 0, sizeof(kept));
	memset(long_line, 'x', sizeof(long_line));
	child_lines_add(&lines, "on", 2, keep_line, &kept);
	child_lines_add(&lines, "e\n\ntwo\nthr", 10, keep_line, &kept);
	child_lines_add(&lines, "ee\n", 3, keep_line, &kept);
	child_lines_add(&lines, long_line, sizeof(long_line), keep_line, &kept);
	child_lines_add(&lines, "\nafter\n", 7, keep_line, &kept);
	child_lines_add(&lines, "a\0b", 3, keep_line, &kept);
	child_lines_end(&lines, keep_line, &kept);
	assert_int_equal(kept.count, 6);
	assert_string_equal(kept.text[0], "one");
	assert_string_equal(kept.text[1], "two");
	assert_string_equal(kept.text[2], "three");
	assert_int_equal(strlen(kept.text[3]), CHILD_LINE_MAXIMUM);
	assert_string_equal(kept.text[4], "after");
	assert_string_equal(kept.text[5], "ab");
}

static void
test_entries(void **state)
{
	static const struct
	{
		const char *line, *msg;
		bool trouble;
		SluiceErrorCode code;
		const char *message;
	} cases[] = {
		{"{\"time\":\"t\",\"level\":\"info\",\"msg\":\"applying\",\"program\":\"p\"}", "applying",
		 false, 0, NULL},
		{"{\"time\":\"t\",\"level\":\"warning\",\"msg\":\"starting "
		 "over\",\"program\":\"p\",\"error\":\"it is "
		 "away\",\"code\":\"io\"}",
		 "starting over", true, SLUICE_ERROR_IO, "it is away"},
		{"{\"time\":\"t\",\"level\":\"error\",\"msg\":\"cannot go on\",\"program\":\"p\"}",
		 "cannot go on", true, SLUICE_ERROR_STATE, "cannot go on"},
		{"{\"time\":\"t\",\"level\":\"warning\",\"msg\":\"slow\",\"program\":\"p\"}", "slow", false,
		 0, NULL},
		{"sluice-writer: option --x is required", "sluice-writer: option --x is required", true,
		 SLUICE_ERROR_ARGUMENT, "option --x is required"},
		{"Segmentation fault", "Segmentation fault", true, SLUICE_ERROR_ARGUMENT,
		 "Segmentation fault"},
		{"{\"level\": 5}", "{\"level\": 5}", true, SLUICE_ERROR_ARGUMENT, "5}"},
		{"{", "{", true, SLUICE_ERROR_ARGUMENT, "{"},
		{"\xff\xfe", "\xEF\xBF\xBD\xEF\xBF\xBD", true, SLUICE_ERROR_ARGUMENT,
		 "\xEF\xBF\xBD\xEF\xBF\xBD"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		json_t *entry = child_log_entry(cases[i].line, 0);
		SluiceError trouble = {0};

		assert_non_null(entry);
		assert_string_equal(child_log_text(entry, "msg"), cases[i].msg);
		assert_int_equal(child_log_trouble(entry, &trouble), cases[i].trouble);
		if (cases[i].trouble)
		{
			assert_int_equal(trouble.code, cases[i].code);
			assert_string_equal(trouble.message, cases[i].message);
		}
		json_decref(entry);
	}
}

static void
test_a_hint_on_a_line_of_its_own(void **state)
{
	json_t *first = child_log_entry("sluice-writer: unknown option foo", 0);
	json_t *second = child_log_entry("sluice-writer: hint: did you mean --bar?", 0);
	SluiceError trouble = {0};

	(void) state;
	assert_true(child_log_trouble(first, &trouble));
	assert_true(child_log_trouble(second, &trouble));
	assert_string_equal(trouble.message, "unknown option foo");
	assert_string_equal(trouble.hint, "did you mean --bar?");
	json_decref(first);
	json_decref(second);
}

static void
test_a_flood_is_cut(void **state)
{
	ChildLogRate rate = {0};
	int passed = 0;

	(void) state;
	for (int i = 0; i < 10000; i++)
		passed += child_log_passes(&rate, 1000);
	assert_int_equal(passed, 100);
	assert_int_equal(rate.left_out, 9900);
	for (int i = 0; i < 10000; i++)
		passed += child_log_passes(&rate, 2000);
	assert_int_equal(passed, 120);
}

/* ---- its figures ---- */

static void
test_states(void **state)
{
	static const struct
	{
		bool reader;
		const char *figures, *state;
		bool works, drained;
	} cases[] = {
		{false, "{\"state\": \"applying\", \"pending_messages\": 0}", "applying", true, true},
		{false, "{\"state\": \"applying\", \"pending_messages\": 3}", "applying", true, false},
		{false, "{\"state\": \"applying\"}", "applying", true, false},
		{false, "{\"state\": \"stopped\", \"pending_messages\": 0}", "failed", false, false},
		{false, "{\"state\": \"refused\"}", "failed", false, false},
		{false, "{\"state\": \"retrying\", \"pending_messages\": 0}", "retrying", false, false},
		{false, "{\"state\": \"standby\", \"pending_messages\": 0}", "standby", true, true},
		{false, "{\"state\": \"loading\", \"load\": {\"phase\": \"indexing\"}}", "loading", true,
		 false},
		{true, "{\"state\": \"streaming\"}", "streaming", true, false},
		{true, "{\"state\": \"failed\"}", "failed", false, false},
		{true, "{\"state\": \"stopped\"}", "stopped", true, false},
		{true, "{\"state\": \"nonsense\"}", "starting", false, false},
		{true, "{}", "starting", false, false},
		{true, "[]", "starting", false, false},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		json_t *figures = json_loads(cases[i].figures, 0, NULL);
		ChildState read;

		child_state_read(&read, cases[i].reader, figures);
		assert_string_equal(read.state, cases[i].state);
		assert_int_equal(read.works, cases[i].works);
		assert_int_equal(read.drained, cases[i].drained);
		json_decref(figures);
	}
}

/* A course of figures, a second between them, and the states that are reported. */
typedef struct Seen
{
	const char *word;
	int done; /* transactions */
	const char *reported;
} Seen;

static void
check_course(bool reader, const Seen *seen, size_t count)
{
	ChildFailure failure = {.stands = false};

	for (size_t i = 0; i < count; i++)
	{
		json_t *figures = json_pack("{s:s, s:I, s:i, s:i}", "state", seen[i].word, "time_ms",
									(json_int_t) (1000000 + 1000 * i), "transactions", seen[i].done,
									"pending_messages", 0);
		ChildState read;

		child_state_read(&read, reader, figures);
		child_failure_take(&failure, &read);
		if (strcmp(read.state, seen[i].reported) != 0)
			fail_msg("figures %zu: %s, not %s", i, read.state, seen[i].reported);
		assert_int_equal(failure.stands, strcmp(read.state, "failed") == 0);
		assert_false(failure.stands && (read.works || read.drained));
		json_decref(figures);
	}
}

#define CHECK_COURSE(reader, ...)                                                                  \
	check_course(reader, (const Seen[]){__VA_ARGS__},                                              \
				 sizeof((const Seen[]){__VA_ARGS__}) / sizeof(Seen))

static void
test_a_failure_stands_until_it_is_over(void **state)
{
	(void) state;
	/* It tries again and again. */
	CHECK_COURSE(false, {"applying", 7, "applying"}, {"stopped", 7, "failed"},
				 {"connecting", 7, "failed"}, {"applying", 7, "failed"}, {"stopped", 7, "failed"},
				 {"applying", 7, "failed"}, {"applying", 7, "failed"}, {"retrying", 7, "failed"},
				 {"applying", 7, "failed"}, {"applying", 7, "failed"}, {"applying", 7, "failed"},
				 {"stopped", 7, "failed"});
	/* Something was applied. */
	CHECK_COURSE(false, {"stopped", 7, "failed"}, {"applying", 7, "failed"},
				 {"applying", 8, "applying"}, {"stopped", 8, "failed"},
				 {"applying", 9, "applying"});
	/* Nothing was, but it keeps working. */
	CHECK_COURSE(false, {"stopped", 0, "failed"}, {"connecting", 0, "failed"},
				 {"applying", 0, "failed"}, {"applying", 0, "failed"}, {"applying", 0, "failed"},
				 {"applying", 0, "applying"}, {"connecting", 0, "connecting"});
	/* It takes four seconds to fail: six prove that it does not any more. */
	CHECK_COURSE(false, {"loading", 0, "loading"}, {"loading", 0, "loading"},
				 {"loading", 0, "loading"}, {"loading", 0, "loading"}, {"stopped", 0, "failed"},
				 {"loading", 0, "failed"}, {"loading", 0, "failed"}, {"loading", 0, "failed"},
				 {"loading", 0, "failed"}, {"loading", 0, "failed"}, {"loading", 0, "failed"},
				 {"loading", 0, "loading"});
	/* A process that was started anew counts from zero. */
	CHECK_COURSE(false, {"stopped", 7, "failed"}, {"starting", 0, "failed"},
				 {"applying", 0, "failed"}, {"applying", 1, "applying"});
	/* Who gives way tries nothing, nor does a reader that was stopped. */
	CHECK_COURSE(false, {"stopped", 7, "failed"}, {"standby", 7, "standby"});
	CHECK_COURSE(true, {"failed", 0, "failed"}, {"streaming", 0, "failed"},
				 {"stopped", 0, "stopped"}, {"streaming", 0, "streaming"});
}

static void
test_whose_figures(void **state)
{
	static const struct
	{
		const char *owner;
		int pid;
	} cases[] = {
		{"my-host-123-deadbeef", 123},
		{"my-host2-123-deadbeef", 0},
		{"my-host-x-deadbeef", 0},
		{"my-host-123", 0},
		{"my-host--5-deadbeef", 0},
		{"", 0},
		{"wrk_abc", 0},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		json_t *figures = json_pack("{s:s}", "owner", cases[i].owner);

		assert_int_equal(child_state_pid(figures, "my-host"), cases[i].pid);
		json_decref(figures);
	}
	assert_int_equal(child_state_pid(NULL, "my-host"), 0);
}

/* ---- what is reported ---- */

static void
test_reports(void **state)
{
	const JobIdentity identity = {"default", "run_a", "reader", "reader", "wrk_a"};
	JobReport report = {.restarts = 2};
	SluiceError err;
	json_t *document;

	(void) state;
	(void) sluice_fail(&err, SLUICE_ERROR_DENIED, "refused: \xff%s", "\xc3\xb6");
	(void) sluice_hint(&err, "mend it");
	assert_true(job_report_set(&report, "starting", NULL, 1000));
	assert_false(job_report_set(&report, "starting", NULL, 2000));
	assert_true(job_report_set(&report, "failed", &err, 3000));
	assert_false(job_report_set(&report, "failed", &err, 4000));
	document = job_report_json(&report, &identity, 5000);
	assert_non_null(document);
	assert_string_equal(json_string_value(json_object_get(document, "since")),
						"1970-01-01T00:00:03.000Z");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(document, "error"), "message")),
		"refused: \xEF\xBF\xBD\xc3\xb6");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(document, "error"), "code")), "denied");
	assert_true(json_is_null(json_object_get(document, "pid")));
	assert_true(json_is_null(json_object_get(document, "desired_at")));
	assert_true(job_report_is_final(document));
	json_decref(document);
	assert_true(job_report_set(&report, "streaming", NULL, 6000));
	document = job_report_json(&report, &identity, 7000);
	assert_true(json_is_null(json_object_get(document, "error")));
	assert_false(job_report_is_final(document));
	json_decref(document);
	job_report_free(&report);
}

static void
test_what_was_acted_upon_is_taken_over(void **state)
{
	json_t *written = json_pack("{s:s}", "desired_at", "2026-01-01T00:00:00.000Z");
	JobReport report = {.restarts = 0};

	(void) state;
	job_report_take_over(&report, NULL);
	assert_string_equal(report.acted_at, "");
	job_report_take_over(&report, written);
	assert_string_equal(report.acted_at, "2026-01-01T00:00:00.000Z");
	json_decref(written);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_child_reads_its_files_and_has_no_others),
		cmocka_unit_test(test_descriptors_that_change_places),
		cmocka_unit_test(test_environment_and_signals),
		cmocka_unit_test(test_programs_that_cannot_be_executed),
		cmocka_unit_test(test_ends_in_words),
		cmocka_unit_test(test_files_nobody_else_may_read_or_change),
		cmocka_unit_test(test_lines_in_pieces),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_a_hint_on_a_line_of_its_own),
		cmocka_unit_test(test_a_flood_is_cut),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_a_failure_stands_until_it_is_over),
		cmocka_unit_test(test_whose_figures),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_what_was_acted_upon_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
