/*
 * figures.h - the newest figures of every reader and writer, and what they come to for a stream.
 *
 * No I/O and no clock; it has a lock of its own.  Everything is bounded: streams, reports and tables of each.
 */
#ifndef SLUICE_CONTROL_LIVE_FIGURES_H
#define SLUICE_CONTROL_LIVE_FIGURES_H

#include "live.h"
#include "point.h"
#include "report.h"

#define FIGURES_FRESH_MS 5000	/* a report counts so long */
#define FIGURES_KEPT_MS	 600000 /* and is remembered so long */

typedef struct Figures Figures;

/* For at most `maximum` streams.  NULL without memory. */
extern Figures *figures_new(size_t maximum);
extern void figures_free(Figures *figures);

/* Takes a message: "sluice.<stream>.stats.<role>.<id>" and its JSON.  CORRUPT when it is none, LIMIT without room. */
extern bool figures_take(Figures *figures, const char *subject, const char *text, size_t length,
						 int64_t now_ms, SluiceError *err) SLUICE_MUST_CHECK;

/* Forgets what was not told for long. */
extern void figures_purge(Figures *figures, int64_t now_ms);

/* What live.h says of the functions of these names. */
extern bool figures_of(Figures *figures, const char *stream, int64_t now_ms, LiveFigures *out);
extern json_t *figures_json(Figures *figures, const char *stream, int64_t now_ms);
extern void figures_each_applied(Figures *figures, const char *stream, LiveEachApplied each,
								 void *context);

/* What history keeps of them. */
extern void figures_point(const LiveFigures *from, LivePoint *point);

/*
 * Tables of a stream whose figures changed after `version` (0: all), by name; *version becomes the newest.  Owned; an
 * empty array when nothing did.
 */
extern json_t *figures_tables(Figures *figures, const char *stream, uint64_t *version);

#endif
