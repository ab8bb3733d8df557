/*
 * log_lines.h - the last lines that the children of each run logged, in memory.
 *
 * No I/O and no clock; it has a lock of its own.  Lines are numbered as they came to this server; bounded by
 * lines of a run, runs, and bytes of a line.
 */
#ifndef SLUICE_CONTROL_LIVE_LOG_LINES_H
#define SLUICE_CONTROL_LIVE_LOG_LINES_H

#include <jansson.h>
#include <stdint.h>

#include "common/control/layout.h"

#define LOG_LINES_KEPT 500	/* of a run */
#define LOG_RUNS_KEPT  200	/* those that logged last */
#define LOG_LINE_BYTES 8192 /* a longer line is left out but for its message's beginning */

typedef struct LogLines LogLines;

/* NULL without memory. */
extern LogLines *log_lines_new(void);
extern void log_lines_free(LogLines *lines);

/* Reads "sluice_control.log.<run>.<job>"; *job stands in `subject`.  CORRUPT when it is none. */
extern bool log_line_subject(const char *subject, char run_id[ID_MAXIMUM + 1], const char **job,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* Takes a message "sluice_control.log.<run>.<job>" with one JSON object; CORRUPT when it is none. */
extern bool log_lines_take(LogLines *lines, const char *subject, const char *text, size_t length,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* What is asked for. */
typedef struct LogAsk
{
	const char *run_id;
	uint64_t after;	   /* lines behind this number; 0: all */
	const char *level; /* "warning": warnings and what is above; NULL: all */
	size_t limit;
} LogAsk;

/*
 * Those lines, oldest first, each with number and job; owned, NULL without memory.  *last is the number of the last that
 * was looked at, *more whether others follow; either may be NULL.
 */
extern json_t *log_lines_read(LogLines *lines, const LogAsk *ask, uint64_t *last, bool *more);

/* The number of a run's newest line, 0: none. */
extern uint64_t log_lines_last(LogLines *lines, const char *run_id);

#endif
