/*
 * child_log.h - what a child writes to its standard error: lines, what they mean, how many are passed on.
 *
 * Pure.  A child logs JSON; a line that is none (an error before it has a log, a library's own words) becomes an
 * entry as well.
 */
#ifndef SLUICE_WORKER_CHILD_LOG_H
#define SLUICE_WORKER_CHILD_LOG_H

#include <jansson.h>
#include <stdint.h>

#include "common/core/error.h"
#include "common/daemon/log.h"

#define CHILD_LINE_MAXIMUM 16384

/* Bytes to lines; one that is too long is cut. */
typedef struct ChildLines
{
	char text[CHILD_LINE_MAXIMUM + 1];
	size_t length;
	bool skipping; /* the rest of a line that was cut */
} ChildLines;

/* Told of a line without its end. */
typedef void (*ChildLine)(void *context, const char *line);

extern void child_lines_add(ChildLines *lines, const char *data, size_t length, ChildLine each,
							void *context);

/* The last line may have no end. */
extern void child_lines_end(ChildLines *lines, ChildLine each, void *context);

/* {time, level, msg, ...}; always valid UTF-8.  NULL without memory. */
extern json_t *child_log_entry(const char *line, int64_t now_ms);

/* Of an entry. */
extern LogLevel child_log_level(const json_t *entry);
extern const char *child_log_text(const json_t *entry, const char *name); /* "" when it has none */

/*
 * The trouble an entry tells of: its error, or the message of an error.  A hint that comes as a line of its own is added
 * to the trouble before.  False: it tells of none.
 */
extern bool child_log_trouble(const json_t *entry, SluiceError *trouble);

/* How many lines are passed on: so many a second, after a burst. */
typedef struct ChildLogRate
{
	double left;
	int64_t at_ms;
	uint64_t left_out; /* since the last one that was passed on */
} ChildLogRate;

extern bool child_log_passes(ChildLogRate *rate, int64_t now_ms);

#endif
