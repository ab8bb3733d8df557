/*
 * event_message.c - writing and reading events (event_message.h).
 */
#include "event_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE "_"

const char *
event_subject(const EventNote *note, char text[LAYOUT_SUBJECT_TEXT])
{
	const char *about = note->stream_id != NULL ? note->stream_id : note->about;

	(void) snprintf(text, LAYOUT_SUBJECT_TEXT, EVENT_SUBJECT ".%s.%s",
					note->tenant != NULL ? note->tenant : NONE, about != NULL ? about : NONE);
	return text;
}

char *
event_message_write(const EventNote *note, SluiceError *err)
{
	char digest[17];
	json_t *document;
	char *text;

	(void) snprintf(digest, sizeof(digest), "%016" PRIx64, note->digest);
	document = json_pack("{s:s, s:s?, s:s?, s:O}", "type", event_type_names[note->type],
						 "stream_id", note->stream_id, "run_id", note->run_id, "data", note->data);
	if (note->source_key != NULL)
		(void) json_object_set_new(
			document, "source", json_pack("{s:s, s:s}", "key", note->source_key, "digest", digest));
	text = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	if (text == NULL)
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for an event");
	else if (strlen(text) > EVENT_DATA_MAXIMUM)
	{
		sluice_error_fill(err, SLUICE_ERROR_LIMIT, "an event has at most %d bytes",
						  EVENT_DATA_MAXIMUM);
		free(text);
		text = NULL;
	}
	return text;
}

/* ---- reading ---- */

static bool
read_tenant(const char *subject, char tenant[TENANT_MAXIMUM + 1])
{
	static const char prefix[] = EVENT_SUBJECT ".";
	const char *at = strncmp(subject, prefix, strlen(prefix)) == 0 ? subject + strlen(prefix) : "";
	size_t length = strcspn(at, ".");

	if (length == 0 || length > TENANT_MAXIMUM || at[length] != '.')
		return false;
	memcpy(tenant, at, length);
	tenant[length] = '\0';
	if (strcmp(tenant, NONE) == 0)
		tenant[0] = '\0';
	return true;
}

static bool
read_type(const json_t *document, EventType *type)
{
	const char *name = json_string_value(json_object_get(document, "type"));

	for (int i = 0; name != NULL && i < EVENT_TYPES; i++)
	{
		if (strcmp(name, event_type_names[i]) == 0)
		{
			*type = (EventType) i;
			return true;
		}
	}
	return false;
}

static void
read_id(const json_t *document, const char *name, char id[ID_MAXIMUM + 1])
{
	const char *text = json_string_value(json_object_get(document, name));

	(void) snprintf(id, ID_MAXIMUM + 1, "%s", text != NULL ? text : "");
}

static void
read_source(const json_t *document, EventSource *source)
{
	const json_t *object = json_object_get(document, "source");
	const char *key = json_string_value(json_object_get(object, "key"));
	const char *digest = json_string_value(json_object_get(object, "digest"));

	*source = (EventSource){0};
	if (key == NULL || digest == NULL || strlen(key) >= sizeof(source->key))
		return;
	(void) snprintf(source->key, sizeof(source->key), "%s", key);
	source->digest = strtoull(digest, NULL, 16);
}

static bool
read_event(const json_t *document, int64_t time_ms, WindowEvent *event)
{
	json_t *data = json_object_get(document, "data");

	if (!json_is_object(data) || !read_type(document, &event->type))
		return false;
	read_id(document, "stream_id", event->stream_id);
	read_id(document, "run_id", event->run_id);
	event->frame = frame_make(&(FrameHead){.type = event_type_names[event->type],
										   .sequence = event->sequence,
										   .time_ms = time_ms,
										   .stream_id = event->stream_id,
										   .run_id = event->run_id},
							  json_incref(data));
	return event->frame != NULL;
}

bool
event_message_read(const char *subject, const char *text, size_t length, uint64_t sequence,
				   int64_t time_ms, WindowEvent *event, EventSource *source, SluiceError *err)
{
	json_error_t error;
	json_t *document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	bool good;

	*event = (WindowEvent){.sequence = sequence};
	good = read_tenant(subject, event->tenant) && read_event(document, time_ms, event);
	if (good)
		read_source(document, source);
	json_decref(document);
	return good ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "event %" PRIu64 " is none of ours", sequence);
}
