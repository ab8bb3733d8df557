/*
 * client_message.c - reading what clients send (client_message.h).
 */
#include "client_message.h"

#include <string.h>

static bool
read_type(const json_t *value, ClientMessage *message, SluiceError *err)
{
	const char *type = json_string_value(value);

	message->subscribe = type != NULL && strcmp(type, "subscribe") == 0;
	return message->subscribe || (type != NULL && strcmp(type, "unsubscribe") == 0) ||
		   sluice_fail(err, SLUICE_ERROR_ARGUMENT, "type must be subscribe or unsubscribe");
}

static bool
read_topics(const json_t *value, ClientMessage *message, SluiceError *err)
{
	size_t i;
	json_t *text;

	if (!json_is_array(value) || json_array_size(value) == 0)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "topics must be a list of at least one");
	json_array_foreach(value, i, text)
	{
		Topic topic;

		if (!json_is_string(text))
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "topics must be texts");
		if (!topic_parse(json_string_value(text), &topic, err) ||
			!topic_set_add(&message->topics, &topic, err))
			return false;
	}
	return true;
}

static bool
read_rate(const json_t *value, ClientMessage *message, SluiceError *err)
{
	json_int_t rate = json_integer_value(value);

	if (!json_is_integer(value) || rate < RATE_MS_LEAST || rate > RATE_MS_MOST)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "rate_ms must be a number from %d to %d",
						   RATE_MS_LEAST, RATE_MS_MOST);
	message->rate_ms = (int) rate;
	return true;
}

static bool
read_since(const json_t *value, ClientMessage *message, SluiceError *err)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "since must be the sequence of an event, 0 or above");
	message->resumes = true;
	message->since = (uint64_t) json_integer_value(value);
	return true;
}

static const struct Member
{
	const char *name;
	bool required;
	bool (*read)(const json_t *value, ClientMessage *message, SluiceError *err);
} members[] = {
	{"type", true, read_type},
	{"topics", true, read_topics},
	{"rate_ms", false, read_rate},
	{"since", false, read_since},
};

static bool
read_members(const json_t *document, ClientMessage *message, SluiceError *err)
{
	size_t known = 0;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		const json_t *value = json_object_get(document, members[i].name);

		known += value != NULL;
		if (value == NULL && members[i].required)
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s is missing", members[i].name);
		if (value != NULL && !members[i].read(value, message, err))
			return false;
	}
	return known == json_object_size(document) ||
		   sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "members are type, topics, rate_ms, since and no others");
}

bool
client_message_parse(const char *text, size_t length, ClientMessage *message, SluiceError *err)
{
	json_error_t error;
	json_t *document;
	bool good;

	*message = (ClientMessage){0};
	if (length > CLIENT_MESSAGE_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a message has at most %d bytes",
						   CLIENT_MESSAGE_MAXIMUM);
	document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (document == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "no JSON: %s", error.text);
	good = json_is_object(document)
			   ? read_members(document, message, err)
			   : sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a message must be an object");
	json_decref(document);
	return good;
}
