/*
 * event_message.h - an event as it stands in SLUICE_EVENTS.  Pure.
 *
 *     sluice_control.event.<tenant or _>.<stream id, worker id or _>
 *     {type, stream_id, run_id, data, source: {key, digest}}
 *
 * `source` is there when the event was made of a document of the store: by it whoever leads next knows what was told
 * of that document.
 */
#ifndef SLUICE_CONTROL_LIVE_EVENT_MESSAGE_H
#define SLUICE_CONTROL_LIVE_EVENT_MESSAGE_H

#include "event_window.h"

#define EVENT_DATA_MAXIMUM 65536 /* bytes of an event */
#define EVENT_SOURCE_KEY   200

typedef struct EventNote
{
	const char *tenant;	   /* NULL: of none */
	const char *stream_id; /* NULL: of none */
	const char *run_id;	   /* NULL: of none */
	const char *about;	   /* what stands in the subject when it is of no stream; NULL: nothing */
	EventType type;
	const json_t *data;
	const char *source_key; /* NULL: none */
	uint64_t digest;
} EventNote;

/* LAYOUT_SUBJECT_TEXT bytes, which are returned. */
extern const char *event_subject(const EventNote *note, char text[LAYOUT_SUBJECT_TEXT]);

/* The message's text; freed by the caller.  LIMIT when it is too long. */
extern char *event_message_write(const EventNote *note, SluiceError *err) SLUICE_MUST_CHECK;

typedef struct EventSource
{
	char key[EVENT_SOURCE_KEY]; /* "": none */
	uint64_t digest;
} EventSource;

/* The event of a message with its frame, which is the caller's; CORRUPT when it is none. */
extern bool event_message_read(const char *subject, const char *text, size_t length,
							   uint64_t sequence, int64_t time_ms, WindowEvent *event,
							   EventSource *source, SluiceError *err) SLUICE_MUST_CHECK;

#endif
