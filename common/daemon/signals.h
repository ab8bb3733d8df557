/*
 * signals.h - what the operator asks for by signal, as a file descriptor a main loop can poll.
 *
 *     SIGTERM, SIGINT    drain: finish what is begun and end; a second one ends the process at once
 *     SIGHUP             reload
 *     SIGPIPE            ignored
 *
 * The second SIGTERM or SIGINT works even while the main loop is stuck: once the drain request was
 * taken, both have their default action again.
 */
#ifndef SLUICE_DAEMON_SIGNALS_H
#define SLUICE_DAEMON_SIGNALS_H

#include "common/core/error.h"

/* What signals_take() found, as a set of bits. */
enum
{
	SIGNALS_DRAIN = 1,
	SIGNALS_RELOAD = 2
};

typedef struct Signals
{
	int fd; /* readable when there is something to take */
} Signals;

/*
 * Blocks the signals for the calling thread and all threads it makes later, so it must come before
 * any of them: a library's included.
 */
extern bool signals_open(Signals *signals, SluiceError *err) SLUICE_MUST_CHECK;

/* Takes what arrived since the last call, never waits.  To be called by the thread that opened it. */
extern unsigned signals_take(Signals *signals);

extern void signals_close(Signals *signals);

#endif
