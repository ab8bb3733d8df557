/*
 * watch.h - following a run until something is so.
 */
#ifndef SLUICE_CLI_WATCH_H
#define SLUICE_CLI_WATCH_H

#include "cli.h"

typedef enum WatchUntil
{
	UNTIL_ENDED, /* or Ctrl-C */
	UNTIL_STREAMING,
	UNTIL_FINISHED,
	UNTIL_LEVEL,
	UNTIL_PAUSED,
	UNTIL_STOPPED
} WatchUntil;

extern const char *const watch_until_names[]; /* without UNTIL_ENDED; ends with NULL */

/*
 * Shows a run on standard error, from the server's events, or by asking each second where there are none, and writes its document
 * in the end.  STATUS_CHECK when it failed or ended otherwise, STATUS_TIMEOUT by --timeout, STATUS_INTERRUPTED.
 */
extern int watch_run(Cli *cli, json_t *run, WatchUntil until);

/* The columns that runs are listed with. */
extern const Listing watch_runs;

#endif
