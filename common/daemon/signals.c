/*
 * signals.c - signals through a signalfd.
 */
#include "signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

bool
signals_open(Signals *signals, SluiceError *err)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t set;

	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGTERM);
	(void) sigaddset(&set, SIGINT);
	(void) sigaddset(&set, SIGHUP);
	(void) sigaction(SIGPIPE, &ignore, NULL);

	/* A parent may have left them ignored (nohup, a background job), and then none would arrive. */
	(void) sigaction(SIGTERM, &standard, NULL);
	(void) sigaction(SIGINT, &standard, NULL);
	(void) sigaction(SIGHUP, &standard, NULL);
	(void) pthread_sigmask(SIG_BLOCK, &set, NULL);
	signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->fd < 0)
		return sluice_fail(err, SLUICE_ERROR_IO, "cannot watch for signals: %s", strerror(errno));
	return true;
}

/* From here on a second request needs no main loop: it kills. */
static void
restore_default(void)
{
	sigset_t set;

	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGTERM);
	(void) sigaddset(&set, SIGINT);
	(void) pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

unsigned
signals_take(Signals *signals)
{
	struct signalfd_siginfo info;
	unsigned found = 0;

	while ((found & SIGNALS_DRAIN) == 0 &&
		   read(signals->fd, &info, sizeof(info)) == (ssize_t) sizeof(info))
		found |= info.ssi_signo == SIGHUP ? SIGNALS_RELOAD : SIGNALS_DRAIN;
	if ((found & SIGNALS_DRAIN) != 0)
		restore_default();
	return found;
}

void
signals_close(Signals *signals)
{
	if (signals->fd >= 0)
		(void) close(signals->fd);
	signals->fd = -1;
}
