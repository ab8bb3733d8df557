/*
 * log.h - structured logging: one line per event on stderr, as logfmt or JSON.
 *
 *     log_event(log, LOG_INFO, "applied batch",
 *               (LogField[]){LOG_TEXT("table", name), LOG_INTEGER("rows", rows), LOG_END});
 *
 *     time=2026-01-31T12:00:00.123Z level=info msg="applied batch" program=sluice-writer
 *     stream=orders table=public.t rows=500                                   (all on one line)
 *
 * - A line is one write(2), never interleaved with another thread's.  Any thread may log.
 * - Values under keys of the deny-list (log_redact.h) come out as "***"; in every other text, and
 *   in the message, passwords inside URLs and conninfo strings do.
 * - A line has at most 16 KiB; longer texts are cut, fields without room are left out, and the line
 *   then says truncated=true.  It stays well formed.
 */
#ifndef SLUICE_DAEMON_LOG_H
#define SLUICE_DAEMON_LOG_H

#include <stdint.h>

#include "common/core/error.h"

typedef enum LogLevel
{
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG
} LogLevel;

typedef enum LogFormat
{
	LOG_FORMAT_LOGFMT,
	LOG_FORMAT_JSON
} LogFormat;

/* The words of both enums, in their order, ending with NULL: `allowed` of an options table. */
extern const char *const log_level_names[];
extern const char *const log_format_names[];

typedef enum LogFieldType
{
	LOG_FIELD_END,
	LOG_FIELD_TEXT,
	LOG_FIELD_INTEGER,
	LOG_FIELD_UNSIGNED,
	LOG_FIELD_REAL,
	LOG_FIELD_BOOL
} LogFieldType;

/* One key=value.  A text that is NULL leaves the field out. */
typedef struct LogField
{
	const char *key;
	LogFieldType type;
	union
	{
		const char *text;
		int64_t integer;
		uint64_t natural;
		double real;
		bool flag;
	} value;
} LogField;

#define LOG_TEXT(k, v)                                                                             \
	{                                                                                              \
		.key = (k), .type = LOG_FIELD_TEXT, .value.text = (v)                                      \
	}
#define LOG_INTEGER(k, v)                                                                          \
	{                                                                                              \
		.key = (k), .type = LOG_FIELD_INTEGER, .value.integer = (v)                                \
	}
#define LOG_UNSIGNED(k, v)                                                                         \
	{                                                                                              \
		.key = (k), .type = LOG_FIELD_UNSIGNED, .value.natural = (v)                               \
	}
#define LOG_REAL(k, v)                                                                             \
	{                                                                                              \
		.key = (k), .type = LOG_FIELD_REAL, .value.real = (v)                                      \
	}
#define LOG_BOOL(k, v)                                                                             \
	{                                                                                              \
		.key = (k), .type = LOG_FIELD_BOOL, .value.flag = (v)                                      \
	}
#define LOG_END                                                                                    \
	{                                                                                              \
		.key = NULL, .type = LOG_FIELD_END                                                         \
	}

typedef struct Log Log;

/*
 * Logs to fd, which stays the caller's.  `fixed` (may be NULL) stands on every line behind the
 * message; its texts are copied.
 */
extern Log *log_new(int fd, LogFormat format, LogLevel level, const LogField *fixed,
					SluiceError *err) SLUICE_MUST_CHECK;
extern void log_free(Log *log);

/* Events above this level are left out. */
extern void log_set_level(Log *log, LogLevel level);

/* True when events of the level are written: for callers whose fields cost something to make. */
extern bool log_wants(const Log *log, LogLevel level);

/* Writes one line; `fields` (may be NULL) ends with LOG_END.  A NULL log takes nothing. */
extern void log_event(Log *log, LogLevel level, const char *message, const LogField *fields);

/* Like log_event(), with the error's text, code and hint as fields error, code and hint before the others. */
extern void log_failure(Log *log, LogLevel level, const char *message, const SluiceError *failure,
						const LogField *fields);

#endif
