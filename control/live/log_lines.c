/*
 * log_lines.c - rings of lines (log_lines.h).
 *
 * Invariants:
 * 1. `lock` guards everything.
 * 2. A run's ring has its lines in the order of their numbers, which grow by one over all runs.
 */
#include "log_lines.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon/log.h"
#include "common/daemon/utf8.h"
#include "name_table.h"

typedef struct Line
{
	uint64_t number;
	int level;	/* a LogLevel */
	char *text; /* a JSON object; owned */
} Line;

typedef struct RunLines
{
	const char *name; /* run_id */
	char run_id[ID_MAXIMUM + 1];
	Line lines[LOG_LINES_KEPT];
	size_t first, count;
} RunLines;

struct LogLines
{
	pthread_mutex_t lock;
	NameTable runs;
	uint64_t last;
};

LogLines *
log_lines_new(void)
{
	LogLines *lines = calloc(1, sizeof(*lines));

	if (lines == NULL)
		return NULL;
	lines->runs.maximum = LOG_RUNS_KEPT;
	(void) pthread_mutex_init(&lines->lock, NULL);
	return lines;
}

static Line *
line_at(RunLines *run, size_t index)
{
	return &run->lines[(run->first + index) % LOG_LINES_KEPT];
}

static void
free_run(RunLines *run)
{
	for (size_t i = 0; i < run->count; i++)
		free(line_at(run, i)->text);
	free(run);
}

void
log_lines_free(LogLines *lines)
{
	if (lines == NULL)
		return;
	for (size_t i = 0; i < lines->runs.count; i++)
		free_run(lines->runs.items[i]);
	name_table_free(&lines->runs);
	(void) pthread_mutex_destroy(&lines->lock);
	free(lines);
}

/* ---- taking ---- */

bool
log_line_subject(const char *subject, char run_id[ID_MAXIMUM + 1], const char **job,
				 SluiceError *err)
{
	static const char prefix[] = LOG_SUBJECT ".";
	const char *at = strncmp(subject, prefix, strlen(prefix)) == 0 ? subject + strlen(prefix) : "";
	size_t length = strcspn(at, ".");

	if (length <= ID_MAXIMUM && at[length] == '.' && at[length + 1] != '\0')
	{
		memcpy(run_id, at, length);
		run_id[length] = '\0';
		*job = at + length + 1;
		if (id_valid(run_id, ID_RUN))
			return true;
	}
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a log line on an odd subject: %.100s", subject);
}

static int
level_of(const char *word)
{
	for (int i = 0; word != NULL && log_level_names[i] != NULL; i++)
	{
		if (strcmp(word, log_level_names[i]) == 0)
			return i;
	}
	return LOG_INFO;
}

/* What is left of a line that is too long. */
static json_t *
shortened(const json_t *line)
{
	const char *message = json_string_value(json_object_get(line, "msg"));
	size_t length = 0, step;

	while (message != NULL && message[length] != '\0' && length < LOG_LINE_BYTES / 8)
	{
		step = utf8_sequence(message + length, strlen(message + length));
		length += step > 0 ? step : 1;
	}
	return json_pack("{s:O?, s:O?, s:O?, s:s%, s:b}", "time", json_object_get(line, "time"),
					 "level", json_object_get(line, "level"), "job", json_object_get(line, "job"),
					 "msg", message != NULL ? message : "", length, "truncated", 1);
}

/* The text to keep; NULL when it is no line. */
static char *
line_text(const char *text, size_t length, const char *job, int *level)
{
	json_error_t error;
	json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	char *kept = NULL;

	if (json_is_object(line) && json_object_set_new(line, "job", json_string(job)) == 0)
	{
		*level = level_of(json_string_value(json_object_get(line, "level")));
		if (length > LOG_LINE_BYTES)
		{
			json_t *less = shortened(line);

			json_decref(line);
			line = less;
		}
		kept = json_dumps(line, JSON_COMPACT);
	}
	json_decref(line);
	return kept;
}

static void
forget_oldest_run(LogLines *lines)
{
	RunLines *oldest = lines->runs.items[0];

	for (size_t i = 1; i < lines->runs.count; i++)
	{
		RunLines *run = lines->runs.items[i];

		if (line_at(run, run->count - 1)->number < line_at(oldest, oldest->count - 1)->number)
			oldest = run;
	}
	free_run(name_table_remove(&lines->runs, oldest->name));
}

/* NULL without memory. */
static RunLines *
find_run(LogLines *lines, const char *run_id, SluiceError *err)
{
	RunLines *run = name_table_find(&lines->runs, run_id);

	if (run != NULL)
		return run;
	if (lines->runs.count == LOG_RUNS_KEPT)
		forget_oldest_run(lines);
	run = calloc(1, sizeof(*run));
	if (run == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for log lines");
		return NULL;
	}
	memcpy(run->run_id, run_id, strlen(run_id) + 1);
	run->name = run->run_id;
	if (name_table_add(&lines->runs, run, err))
		return run;
	free(run);
	return NULL;
}

static void
add_line(LogLines *lines, RunLines *run, char *text, int level)
{
	if (run->count == LOG_LINES_KEPT)
	{
		free(line_at(run, 0)->text);
		run->first = (run->first + 1) % LOG_LINES_KEPT;
		run->count--;
	}
	*line_at(run, run->count++) = (Line){++lines->last, level, text};
}

bool
log_lines_take(LogLines *lines, const char *subject, const char *text, size_t length,
			   SluiceError *err)
{
	char run_id[ID_MAXIMUM + 1];
	const char *job;
	RunLines *run;
	char *kept;
	int level;

	if (!log_line_subject(subject, run_id, &job, err))
		return false;
	kept = line_text(text, length, job, &level);
	if (kept == NULL)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a log line of run %s that is no JSON object",
						   run_id);
	pthread_mutex_lock(&lines->lock);
	run = find_run(lines, run_id, err);
	if (run != NULL)
		add_line(lines, run, kept, level);
	pthread_mutex_unlock(&lines->lock);
	if (run == NULL)
		free(kept);
	return run != NULL;
}

/* ---- reading ---- */

static void
append_line(json_t *list, const Line *line)
{
	json_error_t error;
	json_t *document = json_loads(line->text, 0, &error);

	(void) json_object_set_new(document, "number", json_integer((json_int_t) line->number));
	(void) json_array_append_new(list, document);
}

/* Up to the limit; *last and *more as log_lines_read() has them. */
static void
read_run(RunLines *run, const LogAsk *ask, json_t *list, uint64_t *last, bool *more)
{
	int level = ask->level != NULL ? level_of(ask->level) : LOG_DEBUG;

	for (size_t i = 0; i < run->count; i++)
	{
		const Line *line = line_at(run, i);

		if (line->number <= ask->after)
			continue;
		if (line->level <= level && json_array_size(list) >= ask->limit)
		{
			*more = true;
			return;
		}
		if (line->level <= level)
			append_line(list, line);
		*last = line->number;
	}
}

json_t *
log_lines_read(LogLines *lines, const LogAsk *ask, uint64_t *last, bool *more)
{
	json_t *list = json_array();
	uint64_t looked = ask->after;
	bool follow = false;
	RunLines *run;

	if (list == NULL)
		return NULL;
	pthread_mutex_lock(&lines->lock);
	run = name_table_find(&lines->runs, ask->run_id);
	if (run != NULL)
		read_run(run, ask, list, &looked, &follow);
	pthread_mutex_unlock(&lines->lock);
	if (last != NULL)
		*last = looked;
	if (more != NULL)
		*more = follow;
	return list;
}

uint64_t
log_lines_last(LogLines *lines, const char *run_id)
{
	uint64_t last = 0;
	RunLines *run;

	pthread_mutex_lock(&lines->lock);
	run = name_table_find(&lines->runs, run_id);
	if (run != NULL)
		last = line_at(run, run->count - 1)->number;
	pthread_mutex_unlock(&lines->lock);
	return last;
}
