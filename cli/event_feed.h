/*
 * event_feed.h - the server's events one by one, connected to anew where they left off.
 */
#ifndef SLUICE_CLI_EVENT_FEED_H
#define SLUICE_CLI_EVENT_FEED_H

#include "cli.h"

/* Takes a frame; an ExitStatus that ends it unless STATUS_OK, *done for a good end. */
typedef int (*FrameTake)(Cli *cli, void *context, const json_t *frame, bool *done);

typedef struct FrameWish
{
	const char *topics; /* "state,error", "log:run_..." */
	int64_t since;		/* a sequence to go on behind; -1: from now on */
	int64_t timeout_ms; /* of all; 0: none */
	bool again;			/* connects anew when the feed ends */
} FrameWish;

/*
 * Takes frames until one ends it, Ctrl-C (STATUS_INTERRUPTED) or the timeout (STATUS_TIMEOUT, which the caller tells).
 */
extern int frames_take(Cli *cli, const FrameWish *wish, FrameTake take, void *context);

#endif
