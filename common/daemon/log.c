/*
 * log.c - writing events: time and level in front, the fixed fields behind the message, one write
 * per line under a lock.
 */
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log_line.h"

struct Log
{
	int fd;
	LogFormat format;
	atomic_int level;
	pthread_mutex_t lock; /* held for the write only */
	size_t fixed_length;
	char fixed[]; /* fields as they stand on the line, the separator in front included */
};

const char *const log_level_names[] = {"error", "warning", "info", "debug", NULL};
const char *const log_format_names[] = {"logfmt", "json", NULL};

/* Renders behind a first field, so that the separator is there, and leaves that field out again. */
static size_t
render_fixed(LogLine *line, LogFormat format, const LogField *fixed)
{
	const LogField first = LOG_BOOL("x", true);
	size_t skip;

	log_line_begin(line, format);
	log_line_field(line, &first);
	skip = line->length;
	log_line_fields(line, fixed);
	return skip;
}

Log *
log_new(int fd, LogFormat format, LogLevel level, const LogField *fixed, SluiceError *err)
{
	LogLine line;
	size_t skip = render_fixed(&line, format, fixed);
	Log *log = malloc(sizeof(*log) + line.length - skip);

	if (log == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making the log");
		return NULL;
	}
	log->fd = fd;
	log->format = format;
	atomic_init(&log->level, (int) level);
	(void) pthread_mutex_init(&log->lock, NULL);
	log->fixed_length = line.length - skip;
	memcpy(log->fixed, line.data + skip, log->fixed_length);
	return log;
}

void
log_free(Log *log)
{
	if (log == NULL)
		return;
	(void) pthread_mutex_destroy(&log->lock);
	free(log);
}

void
log_set_level(Log *log, LogLevel level)
{
	atomic_store_explicit(&log->level, (int) level, memory_order_relaxed);
}

bool
log_wants(const Log *log, LogLevel level)
{
	return log != NULL && (int) level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

static void
format_time(char *out, size_t size)
{
	struct timespec now;
	struct tm utc;
	size_t used;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	(void) gmtime_r(&now.tv_sec, &utc);
	used = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &utc);
	(void) snprintf(out + used, size - used, ".%03dZ", (int) (now.tv_nsec / 1000000));
}

/* A log that cannot be written must not stop the work: what stderr refuses is dropped. */
static void
write_line(Log *log, const char *data, size_t length)
{
	(void) pthread_mutex_lock(&log->lock);
	while (length > 0)
	{
		ssize_t written = write(log->fd, data, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break;
		data += written;
		length -= (size_t) written;
	}
	(void) pthread_mutex_unlock(&log->lock);
}

static void
write_event(Log *log, LogLevel level, const char *message, const LogField *first,
			const LogField *second)
{
	char time[40];
	LogLine line;

	if (!log_wants(log, level))
		return;
	format_time(time, sizeof(time));
	log_line_begin(&line, log->format);
	log_line_fields(&line,
					(LogField[]){LOG_TEXT("time", time), LOG_TEXT("level", log_level_names[level]),
								 LOG_TEXT("msg", message), LOG_END});
	log_line_rendered(&line, log->fixed, log->fixed_length);
	log_line_fields(&line, first);
	log_line_fields(&line, second);
	log_line_end(&line);
	write_line(log, line.data, line.length);
}

void
log_event(Log *log, LogLevel level, const char *message, const LogField *fields)
{
	write_event(log, level, message, NULL, fields);
}

void
log_failure(Log *log, LogLevel level, const char *message, const SluiceError *failure,
			const LogField *fields)
{
	const LogField texts[] = {
		LOG_TEXT("error", failure->message), LOG_TEXT("code", sluice_error_name(failure->code)),
		LOG_TEXT("hint", failure->hint[0] != '\0' ? failure->hint : NULL), LOG_END};

	write_event(log, level, message, texts, fields);
}
