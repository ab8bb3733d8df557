/*
 * log_line.h - putting one log line together in a fixed buffer, in either format.
 *
 * A field that does not fit is taken back as a whole, so that what is there is always well formed.
 */
#ifndef SLUICE_DAEMON_LOG_LINE_H
#define SLUICE_DAEMON_LOG_LINE_H

#include <stddef.h>

#include "log.h"

#define LOG_LINE_MAXIMUM 16384

/* Texts are cut to this many bytes before escaping. */
#define LOG_TEXT_MAXIMUM 4096

typedef struct LogLine
{
	LogFormat format;
	size_t length;
	bool truncated;
	char data[LOG_LINE_MAXIMUM];
} LogLine;

extern void log_line_begin(LogLine *line, LogFormat format);

/* Appends key and value, redacted and escaped. */
extern void log_line_field(LogLine *line, const LogField *field);

/* Appends fields up to the end mark; NULL is none. */
extern void log_line_fields(LogLine *line, const LogField *fields);

/* Appends fields that were rendered before by log_line_field() into another line. */
extern void log_line_rendered(LogLine *line, const char *data, size_t length);

/* Closes the line, the newline included. */
extern void log_line_end(LogLine *line);

#endif
