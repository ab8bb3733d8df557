/*
 * wait.h - asking the server again and again until something is so, --timeout is over, or Ctrl-C.
 */
#ifndef SLUICE_CLI_WAIT_H
#define SLUICE_CLI_WAIT_H

#include "cli.h"

/* Looks: an ExitStatus that ends it unless STATUS_OK, and whether it is so. */
typedef int (*WaitLook)(Cli *cli, void *context, bool *done);

/*
 * Looks until it is so.  Without --timeout there is no end to it.  A server that cannot be reached for a moment is asked
 * again, for half a minute.  `what` is "the stream to be gone".
 */
extern int wait_until(Cli *cli, WaitLook look, void *context, const char *what);

/* Milliseconds of a clock that only goes forward. */
extern int64_t wait_clock(void);

/* Until Ctrl-C or SIGTERM this process gets them as a flag instead of its end; a second one ends it. */
extern void interrupt_catch(void);
extern bool interrupted(void);

/* Waits; false when it was interrupted. */
extern bool wait_ms(int64_t ms);

#endif
