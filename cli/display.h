/*
 * display.h - a stream's progress on standard error: on a terminal a picture that is drawn over itself, a bar for each
 * table; elsewhere a line every ten seconds and whenever the state changes.
 */
#ifndef SLUICE_CLI_DISPLAY_H
#define SLUICE_CLI_DISPLAY_H

#include "progress.h"
#include "terminal.h"

/* What is shown; texts are the caller's, NULL for unknown ones; numbers below 0 (or NAN) likewise. */
typedef struct DisplayView
{
	const char *name, *state, *wish, *phase, *error;
	double rows_per_second, bytes_per_second; /* what targets take in */
	double read_per_second;					  /* what is read at the source */
	double lag_seconds, lag_bytes, pending_messages;
} DisplayView;

typedef struct Display
{
	const Terminal *terminal;
	bool quiet;		  /* nothing is shown */
	unsigned drawn;	  /* lines on the terminal to be drawn over */
	int64_t drawn_ms; /* when something was shown last */
	char state[32];	  /* that was shown last */
	bool had_copy;	  /* likewise: there were tables in it */
} Display;

extern void display_init(Display *display, const Terminal *terminal, bool quiet);

/* Shows it when it is time to. */
extern void display_show(Display *display, const DisplayView *view, const Progress *progress,
						 int64_t now_ms);

/* Something else is going to be written: the picture stays, and the next one is drawn below. */
extern void display_leave(Display *display);

#endif
