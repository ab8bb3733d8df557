/*
 * child.c - fork and exec (child.h).
 *
 * Between the two the child calls only what is safe after a fork among threads: no allocation, no stdio.  What goes
 * wrong there comes back through a pipe that a successful exec closes.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENVIRONMENT_MAXIMUM 32
#define HIGH_FD				100 /* above all numbers that the child is to have */

/* What the child gets of our environment: what programs and libraries need to run at all.  Nothing by which a database or NATS
 * could be found, for such a variable would count more than the child's configuration. */
static const char *const variables[] = {
	"PATH",			"LANG",			 "LC_ALL",			"LC_CTYPE",
	"TZ",			"TMPDIR",		 "LD_LIBRARY_PATH", "LD_PRELOAD",
	"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
};

/* A home without files: no password or key of the user who runs us is picked up. */
static char no_home[] = "HOME=/nonexistent";

/* What the child does, made ready before the fork. */
typedef struct Launch
{
	const ChildSettings *settings;
	char *arguments[CHILD_ARGUMENTS + 2];
	char *environment[ENVIRONMENT_MAXIMUM];
	int errors[2], output[2], report[2]; /* pipes */
	pid_t parent;
} Launch;

static void
make_environment(Launch *launch)
{
	size_t count = 0;

	launch->environment[count++] = no_home;
	for (char **each = environ; *each != NULL && count < ENVIRONMENT_MAXIMUM - 1; each++)
	{
		for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		{
			size_t length = strlen(variables[i]);

			if (strncmp(*each, variables[i], length) == 0 && (*each)[length] == '=')
				launch->environment[count++] = *each;
		}
	}
	launch->environment[count] = NULL;
}

static void
close_pipe(int pipe[2])
{
	for (int i = 0; i < 2; i++)
	{
		if (pipe[i] >= 0)
			(void) close(pipe[i]);
		pipe[i] = -1;
	}
}

static bool
make_pipes(Launch *launch, SluiceError *err)
{
	launch->errors[0] = launch->errors[1] = -1;
	launch->output[0] = launch->output[1] = -1;
	launch->report[0] = launch->report[1] = -1;
	if (pipe2(launch->errors, O_CLOEXEC) == 0 && pipe2(launch->report, O_CLOEXEC) == 0 &&
		(!launch->settings->keeps_output || pipe2(launch->output, O_CLOEXEC) == 0))
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot make a pipe: %s", strerror(errno));
	close_pipe(launch->errors);
	close_pipe(launch->report);
	close_pipe(launch->output);
	return false;
}

/* ---- in the child ---- */

static void
reset_signals(void)
{
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void) sigaction(number, &standard, NULL);
	(void) sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts every descriptor at its number: first all out of the way, for one may stand where another is to go. */
static bool
arrange_files(const Launch *launch)
{
	const ChildSettings *settings = launch->settings;
	int high[CHILD_FIRST_FD + CHILD_FILES];
	int count = CHILD_FIRST_FD + (int) settings->file_count;

	high[STDIN_FILENO] = open("/dev/null", O_RDWR | O_CLOEXEC);
	high[STDOUT_FILENO] = settings->keeps_output ? launch->output[1] : high[STDIN_FILENO];
	high[STDERR_FILENO] = launch->errors[1];
	for (size_t i = 0; i < settings->file_count; i++)
		high[CHILD_FIRST_FD + i] = settings->files[i];
	for (int i = 0; i < count; i++)
	{
		high[i] = fcntl(high[i], F_DUPFD_CLOEXEC, HIGH_FD);
		if (high[i] < 0)
			return false;
	}
	for (int i = 0; i < count; i++)
	{
		if (dup2(high[i], i) < 0)
			return false;
	}
	return true;
}

/* All others are closed, but that of the report, which exec closes. */
static bool
close_others(const Launch *launch, int *report)
{
	int first = CHILD_FIRST_FD + (int) launch->settings->file_count;

	*report = dup3(*report, first, O_CLOEXEC);
	return *report >= 0 && close_range((unsigned) first + 1, ~0u, 0) == 0;
}

_Noreturn static void
run_child(const Launch *launch)
{
	int report = fcntl(launch->report[1], F_DUPFD_CLOEXEC, HIGH_FD + CHILD_FILES + 8);
	int number;

	reset_signals();
	/* A group of its own: what a terminal sends to ours is ours to pass on. */
	if (report >= 0 && setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
		getppid() == launch->parent && arrange_files(launch) && close_others(launch, &report))
		(void) execve(launch->settings->program, launch->arguments, launch->environment);
	number = errno;
	(void) !write(report >= 0 ? report : launch->report[1], &number, sizeof(number));
	_exit(127);
}

/* ---- in the parent ---- */

static bool
fail_exec(const char *program, int number, SluiceError *err)
{
	SluiceErrorCode code = SLUICE_ERROR_IO;

	if (number == ENOENT)
		code = SLUICE_ERROR_NOT_FOUND;
	else if (number == EACCES || number == EPERM)
		code = SLUICE_ERROR_DENIED;
	(void) sluice_fail(err, code, "cannot execute %s: %s", program, strerror(number));
	return sluice_hint(err, "--programs names the folder of sluice-writer and sluice-mysql-reader");
}

/* What the child said before exec: nothing when that went well. */
static bool
hear_report(int fd, int *number)
{
	ssize_t got;

	do
		got = read(fd, number, sizeof(*number));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t) sizeof(*number);
}

static void
keep(int *kept, int pipe[2])
{
	*kept = pipe[0];
	pipe[0] = -1;
	if (*kept >= 0)
		(void) fcntl(*kept, F_SETFL, O_NONBLOCK);
}

static bool
launch_child(Child *child, Launch *launch, SluiceError *err)
{
	int number;

	child->pid = fork();
	if (child->pid == 0)
		run_child(launch);
	if (child->pid < 0)
		return sluice_fail(err, SLUICE_ERROR_IO, "cannot start a process: %s", strerror(errno));
	(void) close(launch->report[1]);
	launch->report[1] = -1;
	if (hear_report(launch->report[0], &number))
	{
		(void) waitpid(child->pid, NULL, 0);
		return fail_exec(launch->settings->program, number, err);
	}
	child->process = pidfd_open(child->pid, 0);
	keep(&child->errors, launch->errors);
	keep(&child->output, launch->output);
	return true;
}

bool
child_start(Child *child, const ChildSettings *settings, SluiceError *err)
{
	Launch launch = {.settings = settings, .parent = getpid()};
	bool good;

	*child = (Child){.process = -1, .errors = -1, .output = -1};
	launch.arguments[0] = (char *) (size_t) settings->program;
	for (size_t i = 0; settings->arguments[i] != NULL; i++)
		launch.arguments[i + 1] = (char *) (size_t) settings->arguments[i];
	make_environment(&launch);
	if (!make_pipes(&launch, err))
		return false;
	good = launch_child(child, &launch, err);
	close_pipe(launch.errors);
	close_pipe(launch.output);
	close_pipe(launch.report);
	if (!good)
		child->pid = 0;
	return good;
}

bool
child_ended(Child *child, int *status)
{
	return child->pid > 0 && waitpid(child->pid, status, WNOHANG) == child->pid;
}

void
child_signal(const Child *child, int number)
{
	if (child->pid > 0)
		(void) kill(child->pid, number);
}

void
child_close(Child *child)
{
	if (child->process >= 0)
		(void) close(child->process);
	if (child->errors >= 0)
		(void) close(child->errors);
	if (child->output >= 0)
		(void) close(child->output);
	*child = (Child){.process = -1, .errors = -1, .output = -1};
}

const char *
child_end_text(int status, char text[CHILD_END_TEXT])
{
	if (WIFSIGNALED(status))
		(void) snprintf(text, CHILD_END_TEXT, "killed by signal %d (%s)", WTERMSIG(status),
						strsignal(WTERMSIG(status)));
	else
		(void) snprintf(text, CHILD_END_TEXT, "exit status %d", WEXITSTATUS(status));
	return text;
}
