/*
 * signals_test.c - drain, reload and the second request; each case in a child of its own, because
 * signal masks are for life.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/daemon/signals.h"

/* Runs the case in a child and gives its wait status; a case returns its exit status, 0 for good. */
static int
run_child(int (*child)(Signals *signals))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
	{
		Signals signals;
		SluiceError err;

		_exit(signals_open(&signals, &err) ? child(&signals) : 99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool
readable(const Signals *signals)
{
	struct pollfd poller = {.fd = signals->fd, .events = POLLIN};

	return poll(&poller, 1, 0) == 1;
}

static int
ask_for_each(Signals *signals)
{
	if (readable(signals) || signals_take(signals) != 0)
		return 1;
	(void) kill(getpid(), SIGHUP);
	if (!readable(signals) || signals_take(signals) != SIGNALS_RELOAD || readable(signals))
		return 2;
	(void) kill(getpid(), SIGHUP);
	(void) kill(getpid(), SIGINT);
	if (signals_take(signals) != (SIGNALS_RELOAD | SIGNALS_DRAIN))
		return 3;
	if (signals_take(signals) != 0)
		return 4;
	signals_close(signals);
	signals_close(signals);
	return 0;
}

static void
requests_are_taken_once(void **state)
{
	(void) state;
	assert_int_equal(run_child(ask_for_each), 0);
}

static int
reload_while_draining(Signals *signals)
{
	(void) kill(getpid(), SIGTERM);
	if (signals_take(signals) != SIGNALS_DRAIN)
		return 1;
	(void) kill(getpid(), SIGHUP);
	return signals_take(signals) == SIGNALS_RELOAD ? 0 : 2;
}

static void
reload_still_works_while_draining(void **state)
{
	(void) state;
	assert_int_equal(run_child(reload_while_draining), 0);
}

static int
ask_twice(Signals *signals)
{
	(void) kill(getpid(), SIGTERM);
	if (signals_take(signals) != SIGNALS_DRAIN)
		return 1;
	(void) kill(getpid(), SIGINT);
	return 2;
}

static void
second_request_kills_without_the_loop(void **state)
{
	int status = run_child(ask_twice);

	(void) state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

static int
ask_both_at_once(Signals *signals)
{
	(void) kill(getpid(), SIGTERM);
	(void) kill(getpid(), SIGINT);
	(void) signals_take(signals);
	return 1;
}

static void
two_pending_requests_kill(void **state)
{
	int status = run_child(ask_both_at_once);

	(void) state;
	assert_true(WIFSIGNALED(status));
}

static void *
look_at_mask(void *context)
{
	sigset_t set;
	int *missing = context;

	(void) pthread_sigmask(SIG_BLOCK, NULL, &set);
	*missing =
		!sigismember(&set, SIGTERM) + !sigismember(&set, SIGINT) + !sigismember(&set, SIGHUP);
	return NULL;
}

static int
look_from_thread(Signals *signals)
{
	pthread_t thread;
	int missing = -1;

	(void) signals;
	if (pthread_create(&thread, NULL, look_at_mask, &missing) != 0)
		return 1;
	(void) pthread_join(thread, NULL);
	return missing;
}

static void
threads_have_them_blocked(void **state)
{
	(void) state;
	assert_int_equal(run_child(look_from_thread), 0);
}

static int
write_to_nobody(Signals *signals)
{
	int ends[2];

	(void) signals;
	if (pipe(ends) != 0)
		return 1;
	(void) close(ends[0]);
	return write(ends[1], "x", 1) < 0 && errno == EPIPE ? 0 : 2;
}

static void
broken_pipes_are_errors_only(void **state)
{
	(void) state;
	assert_int_equal(run_child(write_to_nobody), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_taken_once),
		cmocka_unit_test(reload_still_works_while_draining),
		cmocka_unit_test(second_request_kills_without_the_loop),
		cmocka_unit_test(two_pending_requests_kill),
		cmocka_unit_test(threads_have_them_blocked),
		cmocka_unit_test(broken_pipes_are_errors_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
