/*
 * topic.h - what clients ask for: "metrics", "state:str_...", "log:run_...".  Pure.
 */
#ifndef SLUICE_CONTROL_LIVE_TOPIC_H
#define SLUICE_CONTROL_LIVE_TOPIC_H

#include "control/http/scope.h"
#include "event_window.h"

#define TOPICS_MAXIMUM 64 /* of one client */
#define TOPIC_TEXT	   64 /* bytes of one, with the NUL */

typedef enum TopicKind
{
	TOPIC_METRICS = EVENT_TYPES, /* behind those that are types of events */
	TOPIC_TABLE,
	TOPIC_LOG,
	TOPIC_KINDS
} TopicKind;

typedef struct Topic
{
	int kind;				 /* an EventType or TopicKind */
	char id[ID_MAXIMUM + 1]; /* of a stream, for logs of a run; "": all of the tenant */
} Topic;

/* ARGUMENT when it is none. */
extern bool topic_parse(const char *text, Topic *topic, SluiceError *err) SLUICE_MUST_CHECK;

/* "state:str_..." again; TOPIC_TEXT bytes, which are returned. */
extern const char *topic_text(const Topic *topic, char text[TOPIC_TEXT]);

/* What a caller must be allowed for it. */
extern Scope topic_scope(const Topic *topic);

typedef struct TopicSet
{
	Topic topics[TOPICS_MAXIMUM];
	size_t count;
} TopicSet;

/* One that is there already is fine; LIMIT when there is no room. */
extern bool topic_set_add(TopicSet *set, const Topic *topic, SluiceError *err) SLUICE_MUST_CHECK;

/* One that is not there is fine. */
extern void topic_set_remove(TopicSet *set, const Topic *topic);

/* Whether an event is asked for: by its type and its stream, or all streams. */
extern bool topic_set_wants(const TopicSet *set, EventType type, const char *stream_id);

#endif
