/*
 * wait.c - waiting and being interrupted (wait.h).
 */
#include "wait.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#define LOOK_FIRST_MS 100
#define LOOK_MOST_MS  1000
#define AWAY_MS		  30000 /* so long a server may be away while something is waited for */

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

void
interrupt_catch(void)
{
	/* Once: the second has its default action, whatever this process is stuck in. */
	const struct sigaction action = {.sa_handler = catch, .sa_flags = (int) SA_RESETHAND};

	(void) sigaction(SIGINT, &action, NULL);
	(void) sigaction(SIGTERM, &action, NULL);
}

bool
interrupted(void)
{
	return caught != 0;
}

int64_t
wait_clock(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
wait_ms(int64_t ms)
{
	struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (!interrupted() && nanosleep(&rest, &rest) != 0 && errno == EINTR)
		;
	return !interrupted();
}

static int
fail_timeout(const Cli *cli, const char *what)
{
	SluiceError err;

	(void) sluice_fail(&err, SLUICE_ERROR_TIMEOUT, "waited for %s as long as --timeout allows",
					   what);
	return cli_fail(cli, &err);
}

int
wait_until(Cli *cli, WaitLook look, void *context, const char *what)
{
	int64_t timeout = arguments_number(&cli->arguments, "timeout", INT64_MAX / 2);
	int64_t deadline = wait_clock() + timeout, away = -1, pause = LOOK_FIRST_MS;

	interrupt_catch();
	for (;;)
	{
		bool done = false;
		int status = look(cli, context, &done);

		if (status == STATUS_OK && done)
			return STATUS_OK;
		away = status != STATUS_UNREACHABLE ? -1 : away < 0 ? wait_clock() : away;
		if (status != STATUS_OK && (away < 0 || wait_clock() - away > AWAY_MS))
			return status;
		if (wait_clock() + pause > deadline)
			return fail_timeout(cli, what);
		if (!wait_ms(pause))
			return STATUS_INTERRUPTED;
		pause = pause * 3 / 2 < LOOK_MOST_MS ? pause * 3 / 2 : LOOK_MOST_MS;
	}
}
