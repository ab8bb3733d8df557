/*
 * schema_lines.c - from lines of writers to events (schema_lines.h).
 *
 * Invariants:
 * 1. `lock` guards the queue; no request to NATS is made with it held.
 * 2. The queue has at most SCHEMA_LINES_KEPT lines in the order in which they came, none older than SCHEMA_LINES_MS when it is
 *    told; only schema_lines_tell(), which one thread calls, takes its first.
 */
#include "schema_lines.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_message.h"
#include "log_lines.h"

#define LINE_ID (LAYOUT_SUBJECT_TEXT + 20)

typedef struct SchemaLine
{
	struct SchemaLine *next;
	int64_t came_ms;
	char run_id[ID_MAXIMUM + 1];
	char id[LINE_ID]; /* the same at every server */
	json_t *data;	  /* the event's */
} SchemaLine;

struct SchemaLines
{
	pthread_mutex_t lock;
	SchemaLine *first, **end;
	size_t count;
};

SchemaLines *
schema_lines_new(void)
{
	SchemaLines *lines = calloc(1, sizeof(*lines));

	if (lines == NULL)
		return NULL;
	lines->end = &lines->first;
	(void) pthread_mutex_init(&lines->lock, NULL);
	return lines;
}

/* ---- the queue; the lock is held ---- */

static void
drop_first(SchemaLines *lines)
{
	SchemaLine *line = lines->first;

	lines->first = line->next;
	if (lines->first == NULL)
		lines->end = &lines->first;
	lines->count--;
	json_decref(line->data);
	free(line);
}

static void
drop_old(SchemaLines *lines, int64_t now_ms)
{
	while (lines->first != NULL && now_ms - lines->first->came_ms > SCHEMA_LINES_MS)
		drop_first(lines);
}

void
schema_lines_free(SchemaLines *lines)
{
	if (lines == NULL)
		return;
	while (lines->first != NULL)
		drop_first(lines);
	(void) pthread_mutex_destroy(&lines->lock);
	free(lines);
}

/* ---- taking ---- */

/* What writers log (writer/ddl_run.c, writer/ddl_message.c), and what it says became of the change. */
static const struct
{
	const char *message, *outcome;
} outcomes[] = {
	{"structure changed", "applied"},
	{"a change of structure is to be done by hand", "by_hand"},
	{"change of structure left out", "left_out"},
};

/* NULL: the line is of something else. */
static const char *
outcome_of(const json_t *line)
{
	const char *message = json_string_value(json_object_get(line, "msg"));

	for (size_t i = 0; message != NULL && i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
	{
		if (strcmp(message, outcomes[i].message) == 0)
			return outcomes[i].outcome;
	}
	return NULL;
}

static json_t *
read_line(const char *text, size_t length, const char *job)
{
	json_t *line, *data = NULL;
	const char *outcome;

	/* Most lines are of something else. */
	if (memmem(text, length, "structure", strlen("structure")) == NULL)
		return NULL;
	line = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	outcome = outcome_of(line);
	if (outcome != NULL)
		data = json_pack("{s:O?, s:O?, s:s, s:O?, s:s, s:O?}", "table",
						 json_object_get(line, "table"), "what", json_object_get(line, "command"),
						 "outcome", outcome, "statement", json_object_get(line, "statements"),
						 "job", job, "at", json_object_get(line, "time"));
	json_decref(line);
	return data;
}

/* FNV-1a; lines of one job have the time in them. */
static void
write_id(char id[LINE_ID], const char *subject, const char *text, size_t length)
{
	uint64_t digest = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < length; i++)
		digest = (digest ^ (unsigned char) text[i]) * UINT64_C(1099511628211);
	(void) snprintf(id, LINE_ID, "%.*s.%016" PRIx64, LAYOUT_SUBJECT_TEXT, subject, digest);
}

static void
put_last(SchemaLines *lines, SchemaLine *line)
{
	pthread_mutex_lock(&lines->lock);
	drop_old(lines, line->came_ms);
	if (lines->count == SCHEMA_LINES_KEPT)
		drop_first(lines);
	*lines->end = line;
	lines->end = &line->next;
	lines->count++;
	pthread_mutex_unlock(&lines->lock);
}

bool
schema_lines_take(SchemaLines *lines, const char *subject, const char *text, size_t length,
				  int64_t now_ms)
{
	char run_id[ID_MAXIMUM + 1];
	SchemaLine *line;
	const char *job;
	json_t *data;

	if (!log_line_subject(subject, run_id, &job, NULL))
		return false;
	data = read_line(text, length, job);
	line = data != NULL ? calloc(1, sizeof(*line)) : NULL;
	if (line == NULL)
	{
		json_decref(data);
		return false;
	}
	line->came_ms = now_ms;
	line->data = data;
	memcpy(line->run_id, run_id, sizeof(run_id));
	write_id(line->id, subject, text, length);
	put_last(lines, line);
	return true;
}

/* ---- telling ---- */

static bool
store_event(NatsSession *session, const EventNote *note, const char *id, SluiceError *err)
{
	char subject[LAYOUT_SUBJECT_TEXT];
	char *text = event_message_write(note, err);
	jsPubOptions options;
	jsErrCode code = 0;
	natsStatus status;

	if (text == NULL)
		return false;
	(void) jsPubOptions_Init(&options);
	options.MsgId = id;
	status = js_Publish(NULL, session->jetstream, event_subject(note, subject), text,
						(int) strlen(text), &options, &code);
	free(text);
	return status == NATS_OK ||
		   nats_session_fail(session, err, status, code, "storing an event on %s", subject);
}

typedef struct RunSearch
{
	const char *run_id;
	DirectoryStream stream;
	bool found;
} RunSearch;

/* For directory_each(). */
static void
look_for_run(void *context, const DirectoryStream *stream)
{
	RunSearch *search = context;

	if (search->found || strcmp(stream->run_id, search->run_id) != 0)
		return;
	search->stream = *stream;
	search->found = true;
}

/* What is told of a run that is gone is told to nobody. */
static bool
tell_line(Directory *directory, NatsSession *session, const char *run_id, const char *id,
		  const json_t *data, SluiceError *err)
{
	RunSearch search = {.run_id = run_id};
	EventNote note;

	directory_each(directory, NULL, look_for_run, &search);
	if (!search.found)
		return true;
	note = (EventNote){
		.tenant = search.stream.tenant,
		.stream_id = search.stream.stream_id,
		.run_id = run_id,
		.type = EVENT_SCHEMA,
		.data = data,
	};
	return store_event(session, &note, id, err);
}

/* A copy of the oldest line; false when there is none. */
static bool
look_at_first(SchemaLines *lines, int64_t now_ms, SchemaLine *copy)
{
	bool there;

	pthread_mutex_lock(&lines->lock);
	drop_old(lines, now_ms);
	there = lines->first != NULL;
	if (there)
	{
		*copy = *lines->first;
		json_incref(copy->data);
	}
	pthread_mutex_unlock(&lines->lock);
	return there;
}

/* Others may have pushed it out meanwhile. */
static void
take_told(SchemaLines *lines, const char *id)
{
	pthread_mutex_lock(&lines->lock);
	if (lines->first != NULL && strcmp(lines->first->id, id) == 0)
		drop_first(lines);
	pthread_mutex_unlock(&lines->lock);
}

bool
schema_lines_tell(SchemaLines *lines, Directory *directory, NatsSession *session, int64_t now_ms,
				  SluiceError *err)
{
	SchemaLine line;

	while (look_at_first(lines, now_ms, &line))
	{
		bool good = tell_line(directory, session, line.run_id, line.id, line.data, err);

		/* One that no event can hold would be in the way of all behind it. */
		if (good || err->code == SLUICE_ERROR_LIMIT)
			take_told(lines, line.id);
		json_decref(line.data);
		if (!good)
			return false;
	}
	return true;
}
