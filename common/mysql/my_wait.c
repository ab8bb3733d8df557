/*
 * my_wait.c - waiting for the server's socket (my_wait.h).
 *
 * Connector/C's callback has no context, so each thread remembers which connection it is at work
 * with.
 */
#include "my_wait.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "my_dial.h"

#define TICK_MS 500

/* The connection that the library was called for last. */
static _Thread_local MyConnection *waiting;

/* 1: ready, 0: go_on() said no or time is up, -1: broken.  timeout in milliseconds, below 0: none. */
static int
wait_socket(MyConnection *c, int fd, short events, int timeout)
{
	struct pollfd socket = {.fd = fd, .events = events};
	int ready = 0, waited = 0;

	while (ready == 0)
	{
		ready = poll(&socket, 1, TICK_MS);
		if (ready < 0 && errno == EINTR)
			ready = 0;
		if (ready != 0)
			break;
		waited += TICK_MS;
		if (c != NULL && c->settings.go_on != NULL && !c->settings.go_on(c->settings.context))
		{
			c->gave_up = true;
			return 0;
		}
		if (timeout >= 0 && waited >= timeout)
			return 0;
	}
	return ready > 0 ? 1 : -1;
}

#ifdef MARIADB_PACKAGE_VERSION
static int
wait_for_library(my_socket handle, my_bool is_read, int timeout)
{
	if (is_read && waiting != NULL)
		my_dial_reached(waiting, MY_PHASE_CONNECTED);
	return wait_socket(waiting, handle, is_read ? POLLIN : POLLOUT, timeout);
}

void
my_wait_install(MyConnection *c)
{
	(void) mysql_optionsv(c->mysql, MARIADB_OPT_IO_WAIT, wait_for_library);
}
#else
void
my_wait_install(MyConnection *c)
{
	(void) c;
}
#endif

void
my_wait_enter(MyConnection *c)
{
	waiting = c;
}

MyConnection *
my_wait_entered(void)
{
	return waiting;
}

bool
my_wait_answer(MyConnection *c, SluiceError *err)
{
	int ready = wait_socket(c, (int) c->mysql->net.fd, POLLIN, -1);

	if (ready > 0)
		return true;
	c->broken = true;
	return ready == 0
			   ? sluice_fail(err, SLUICE_ERROR_TIMEOUT, "gave up waiting for the %s",
							 c->settings.role)
			   : sluice_fail(err, SLUICE_ERROR_IO, "cannot wait for the %s: %m", c->settings.role);
}
