/*
 * run_view.h - what is known of a run: its document, the newest figures of its stream, its tables.  No I/O.
 */
#ifndef SLUICE_CLI_RUN_VIEW_H
#define SLUICE_CLI_RUN_VIEW_H

#include <jansson.h>

#include "display.h"

typedef struct RunView
{
	json_t *run;	 /* schema Run; NULL: not known yet */
	json_t *figures; /* schema LiveFigures; NULL: nobody told them */
	Progress progress;
	char error[600]; /* for the display */
} RunView;

/* The newest document; a reference of it is kept. */
extern void run_view_take_run(RunView *view, json_t *run);

/* Tables (schema LiveTable). */
extern void run_view_take_tables(RunView *view, const json_t *tables, int64_t now_ms);

/* A frame of /events: true when it says that the run's document is to be asked for again. */
extern bool run_view_take_frame(RunView *view, const json_t *frame, int64_t now_ms);

/* What is shown; texts are the view's. */
extern DisplayView run_view_display(RunView *view);

/* "starting", "streaming", ...; "" when it is not known. */
extern const char *run_view_state(const RunView *view);

/* Whether nothing will move any more. */
extern bool run_view_ended(const RunView *view);

/* Whether the targets are level with the source: streaming, nothing waits, and no more behind than that. */
extern bool run_view_level(const RunView *view, double lag_seconds);

extern void run_view_free(RunView *view);

#endif
