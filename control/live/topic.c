/*
 * topic.c - the table of topics (topic.h).
 */
#include "topic.h"

#include <stdio.h>
#include <string.h>

const char *const event_type_names[EVENT_TYPES] = {
	[EVENT_STATE] = "state",   [EVENT_ERROR] = "error",	  [EVENT_CHECK] = "check",
	[EVENT_SCHEMA] = "schema", [EVENT_WORKER] = "worker", [EVENT_QUOTA] = "quota",
	[EVENT_ALERT] = "alert",   [EVENT_VERIFY] = "verify",
};

/* Whether a topic names something. */
typedef enum IdRule
{
	ID_NEVER,
	ID_MAY,
	ID_MUST
} IdRule;

static const struct Kind
{
	const char *name;
	Scope scope;
	IdRule rule;
	const char *prefix; /* of the id */
} kinds[TOPIC_KINDS] = {
	[EVENT_STATE] = {"state", SCOPE_RUNS_READ, ID_MAY, ID_STREAM},
	[EVENT_ERROR] = {"error", SCOPE_RUNS_READ, ID_MAY, ID_STREAM},
	[EVENT_CHECK] = {"check", SCOPE_STREAMS_READ, ID_MAY, ID_STREAM},
	[EVENT_SCHEMA] = {"schema", SCOPE_RUNS_READ, ID_MAY, ID_STREAM},
	[EVENT_WORKER] = {"worker", SCOPE_WORKERS_READ, ID_NEVER, NULL},
	[EVENT_QUOTA] = {"quota", SCOPE_USAGE_READ, ID_NEVER, NULL},
	[EVENT_ALERT] = {"alert", SCOPE_ALERTS_READ, ID_MAY, ID_STREAM},
	[EVENT_VERIFY] = {"verify", SCOPE_RUNS_READ, ID_MAY, ID_STREAM},
	[TOPIC_METRICS] = {"metrics", SCOPE_RUNS_READ, ID_MAY, ID_STREAM},
	[TOPIC_TABLE] = {"table", SCOPE_RUNS_READ, ID_MUST, ID_STREAM},
	[TOPIC_LOG] = {"log", SCOPE_RUNS_READ, ID_MUST, ID_RUN},
};

static const struct Kind *
find_kind(const char *name, size_t length)
{
	for (size_t i = 0; i < TOPIC_KINDS; i++)
	{
		if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
			return &kinds[i];
	}
	return NULL;
}

bool
topic_parse(const char *text, Topic *topic, SluiceError *err)
{
	size_t length = strcspn(text, ":");
	const struct Kind *kind = find_kind(text, length);
	const char *id = text[length] == ':' ? text + length + 1 : NULL;

	*topic = (Topic){0};
	if (kind == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "there is no topic \"%.60s\"", text);
	topic->kind = (int) (kind - kinds);
	if (id == NULL && kind->rule == ID_MUST)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "topic %s needs an id: \"%s:%s...\"",
						   kind->name, kind->name, kind->prefix);
	if (id == NULL)
		return true;
	if (kind->rule == ID_NEVER || !id_valid(id, kind->prefix))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.60s\" is no topic: %s", text,
						   kind->rule == ID_NEVER ? "it takes no id" : "what follows is no id");
	(void) snprintf(topic->id, sizeof(topic->id), "%s", id);
	return true;
}

const char *
topic_text(const Topic *topic, char text[TOPIC_TEXT])
{
	(void) snprintf(text, TOPIC_TEXT, "%s%s%s", kinds[topic->kind].name,
					topic->id[0] != '\0' ? ":" : "", topic->id);
	return text;
}

Scope
topic_scope(const Topic *topic)
{
	return kinds[topic->kind].scope;
}

static Topic *
find(TopicSet *set, const Topic *topic)
{
	for (size_t i = 0; i < set->count; i++)
	{
		if (set->topics[i].kind == topic->kind && strcmp(set->topics[i].id, topic->id) == 0)
			return &set->topics[i];
	}
	return NULL;
}

bool
topic_set_add(TopicSet *set, const Topic *topic, SluiceError *err)
{
	if (find(set, topic) != NULL)
		return true;
	if (set->count == TOPICS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "a client may have %d topics", TOPICS_MAXIMUM);
	set->topics[set->count++] = *topic;
	return true;
}

void
topic_set_remove(TopicSet *set, const Topic *topic)
{
	Topic *found = find(set, topic);

	if (found != NULL)
		*found = set->topics[--set->count];
}

bool
topic_set_wants(const TopicSet *set, EventType type, const char *stream_id)
{
	for (size_t i = 0; i < set->count; i++)
	{
		const Topic *topic = &set->topics[i];

		if (topic->kind == (int) type &&
			(topic->id[0] == '\0' || strcmp(topic->id, stream_id) == 0))
			return true;
	}
	return false;
}
