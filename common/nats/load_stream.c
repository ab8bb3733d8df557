/*
 * load_stream.c - names of the copy's messages and the upkeep of the stream they are in.
 */
#include "load_stream.h"

#include <inttypes.h>
#include <stdio.h>

#include "durable.h"
#include "stream_layout.h"

const char *
load_stream_name(char *text, const char *stream)
{
	(void) snprintf(text, SUBJECT_TEXT, "SLUICE_%.*s_LOAD", STREAM_NAME_MAXIMUM, stream);
	return text;
}

const char *
load_subject(char *text, const char *stream)
{
	(void) snprintf(text, SUBJECT_TEXT, "sluice.%.*s.load", STREAM_NAME_MAXIMUM, stream);
	return text;
}

const char *
load_part_subject(char *text, const char *stream, const LoadPlace *place, uint32_t part)
{
	(void) snprintf(
		text, SUBJECT_TEXT, "sluice.%.*s.load_part.%" PRIu32 ".%" PRIu32 ".%" PRIu32 ".%" PRIu32,
		STREAM_NAME_MAXIMUM, stream, place->generation, place->chunk, place->bundle, part);
	return text;
}

const char *
schema_part_subject(char *text, const char *stream, uint32_t generation, uint32_t part)
{
	(void) snprintf(text, SUBJECT_TEXT, "sluice.%.*s.schema.%" PRIu32 ".%" PRIu32,
					STREAM_NAME_MAXIMUM, stream, generation, part);
	return text;
}

const char *
load_consumer_name(char *text, const char *consumer)
{
	(void) snprintf(text, SUBJECT_TEXT, "load_%.*s", CONSUMER_NAME_MAXIMUM, consumer);
	return text;
}

bool
load_stream_ensure(NatsSession *session, const char *stream, int64_t max_bytes, int replicas,
				   JetStreamInfo *info, SluiceError *err)
{
	static const char *const tails[] = {"schema.>", "load", "load_part.>"};
	StreamLayout layout;

	if (!stream_name_check(stream, err))
		return false;
	(void) load_stream_name(layout.name, stream);
	layout_subjects(&layout, stream, tails, sizeof(tails) / sizeof(tails[0]));
	return layout_ensure(session, &layout, max_bytes, replicas, info, NULL, err);
}

bool
load_stream_info(NatsSession *session, const char *stream, JetStreamInfo *info, SluiceError *err)
{
	char name[SUBJECT_TEXT];

	return layout_info(session, load_stream_name(name, stream), info, err);
}

bool
load_stream_taken(NatsSession *session, const char *stream, const char *consumer, LoadTaken *taken,
				  SluiceError *err)
{
	char name[SUBJECT_TEXT];
	char durable[SUBJECT_TEXT];
	jsConsumerInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status;

	(void) load_stream_name(name, stream);
	(void) load_consumer_name(durable, consumer);
	status = js_GetConsumerInfo(&info, session->jetstream, name, durable, NULL, &code);
	*taken = (LoadTaken){0};
	/*
	 * On nats-server 2.9 the floor passes messages that were given back and are still out, so it
	 * counts only when nothing is out.
	 */
	if (status == NATS_OK && info->NumAckPending == 0)
		*taken = (LoadTaken){(uint64_t) info->AckFloor.Stream, info->NumPending == 0};
	jsConsumerInfo_Destroy(info);
	return status == NATS_OK || code == JSConsumerNotFoundErr || status == NATS_NOT_FOUND ||
		   nats_session_fail(session, err, status, code, "consumer %s of JetStream stream %s",
							 durable, name);
}

bool
load_stream_purge(NatsSession *session, const char *stream, uint64_t sequence, SluiceError *err)
{
	char name[SUBJECT_TEXT];
	char subject[SUBJECT_TEXT];

	return layout_purge(session, load_stream_name(name, stream), load_subject(subject, stream),
						sequence + 1, err);
}

bool
load_stream_purge_parts(NatsSession *session, const char *stream, uint32_t generation,
						uint32_t chunk, SluiceError *err)
{
	char name[SUBJECT_TEXT];
	char subject[SUBJECT_TEXT];

	(void) snprintf(subject, sizeof(subject), "sluice.%.*s.load_part.%" PRIu32 ".%" PRIu32 ".>",
					STREAM_NAME_MAXIMUM, stream, generation, chunk);
	return layout_purge(session, load_stream_name(name, stream), subject, 0, err);
}

bool
load_stream_purge_generation(NatsSession *session, const char *stream, uint32_t generation,
							 SluiceError *err)
{
	char name[SUBJECT_TEXT];
	char subject[SUBJECT_TEXT];

	(void) snprintf(subject, sizeof(subject), "sluice.%.*s.load_part.%" PRIu32 ".>",
					STREAM_NAME_MAXIMUM, stream, generation);
	return layout_purge(session, load_stream_name(name, stream), subject, 0, err);
}

bool
load_stream_clear(NatsSession *session, const char *stream, SluiceError *err)
{
	char name[SUBJECT_TEXT];
	char loads[SUBJECT_TEXT];
	char parts[SUBJECT_TEXT];

	(void) load_stream_name(name, stream);
	(void) load_subject(loads, stream);
	(void) snprintf(parts, sizeof(parts), "sluice.%.*s.load_part.>", STREAM_NAME_MAXIMUM, stream);
	return layout_purge(session, name, loads, 0, err) && layout_purge(session, name, parts, 0, err);
}

bool
load_stream_delete(NatsSession *session, const char *stream, SluiceError *err)
{
	char name[SUBJECT_TEXT];

	return layout_delete(session, load_stream_name(name, stream), err);
}
