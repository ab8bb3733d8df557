/*
 * load_display.h - a copy's progress for people and for the writer's figures: rows of each table
 * against the source's estimate, rate, time to go.
 *
 * On a terminal it is a table that is drawn over itself, elsewhere a line now and then.
 */
#ifndef SLUICE_WRITER_LOAD_DISPLAY_H
#define SLUICE_WRITER_LOAD_DISPLAY_H

#include "load_finish.h"
#include "load_tally.h"

#include <stdio.h>

/* What the owner knows of a copy, for anybody who asks. */
typedef struct LoadFigures
{
	bool active; /* there is one */
	LoadPhase phase;
	uint32_t generation;
	uint32_t chunks, of;
	uint32_t tables, tables_done;
	uint64_t rows, bytes;
	uint64_t rows_expected; /* the source's estimate, never less than rows */
	double rows_per_second;
	int64_t seconds_left; /* -1: not to be told */
} LoadFigures;

typedef struct LoadDisplay LoadDisplay;

/* `out` NULL: only figures.  NULL without memory. */
extern LoadDisplay *load_display_new(FILE *out, bool terminal, SluiceError *err);
extern void load_display_free(LoadDisplay *display);

/* Takes in where a copy stands, from the owner's thread, and shows it when it is time to. */
extern void load_display_show(LoadDisplay *display, const LoadTally *tally, LoadPhase phase,
							  LoadFinish *finish);

/* There is no copy under way. */
extern void load_display_end(LoadDisplay *display);

/* From any thread. */
extern LoadFigures load_display_figures(LoadDisplay *display);

/* ---- texts ---- */

/* "1.2M" for 1234567; text has FIGURE_TEXT bytes and is returned. */
#define FIGURE_TEXT 16
extern const char *figure_format(char text[FIGURE_TEXT], double value);

/* "1:02:03", "4:05", "-" below 0. */
extern const char *figure_duration(char text[FIGURE_TEXT], int64_t seconds);

/*
 * Rate and time to go from a total that was `rows` now and `earlier` so many milliseconds ago, with
 * `expected` to come in all.
 */
extern void figure_rate(uint64_t rows, uint64_t earlier, int64_t ms, uint64_t expected,
						double *per_second, int64_t *seconds_left);

#endif
