/*
 * load_stream.h - the JetStream stream of a copy, SLUICE_<stream>_LOAD: names, making, purging.
 *
 * It is made before the stream of changes, so whoever finds that one without this knows that there is
 * no copy.  Its messages: parts of the schema document on sluice.<stream>.schema.<generation>.<part>,
 * bundles of rows on sluice.<stream>.load, the further parts of bundles too long for one message on
 * sluice.<stream>.load_part.<generation>.<chunk>.<bundle>.<part>.
 */
#ifndef SLUICE_NATS_LOAD_STREAM_H
#define SLUICE_NATS_LOAD_STREAM_H

#include "jetstream.h"

/* Where a bundle of a copy belongs; all from 0 but the generation, which is from 1. */
typedef struct LoadPlace
{
	uint32_t generation;
	uint32_t chunk;
	uint32_t bundle; /* in its chunk */
} LoadPlace;

/* Names and subjects; text has SUBJECT_TEXT bytes and is returned. */
extern const char *load_stream_name(char *text, const char *stream);
extern const char *load_subject(char *text, const char *stream);
extern const char *load_part_subject(char *text, const char *stream, const LoadPlace *place,
									 uint32_t part);
extern const char *schema_part_subject(char *text, const char *stream, uint32_t generation,
									   uint32_t part);

/* The durable pull consumer through which the writers of a consumer take load messages. */
extern const char *load_consumer_name(char *text, const char *consumer);

/* As jetstream_ensure(). */
extern bool load_stream_ensure(NatsSession *session, const char *stream, int64_t max_bytes,
							   int replicas, JetStreamInfo *info,
							   SluiceError *err) SLUICE_MUST_CHECK;
extern bool load_stream_info(NatsSession *session, const char *stream, JetStreamInfo *info,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* What a consumer has of the load messages; nothing when its durable consumer was not made yet. */
typedef struct LoadTaken
{
	uint64_t acked; /* everything up to this sequence; 0 while it has messages out */
	bool all;		/* every message there is */
} LoadTaken;

extern bool load_stream_taken(NatsSession *session, const char *stream, const char *consumer,
							  LoadTaken *taken, SluiceError *err) SLUICE_MUST_CHECK;

/* Removes load messages up to and with `sequence`; neither the schema nor further parts of bundles,
 * which may be stored long before the message that wants them. */
extern bool load_stream_purge(NatsSession *session, const char *stream, uint64_t sequence,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Removes the further parts of a chunk's bundles, or of all of a generation. */
extern bool load_stream_purge_parts(NatsSession *session, const char *stream, uint32_t generation,
									uint32_t chunk, SluiceError *err) SLUICE_MUST_CHECK;
extern bool load_stream_purge_generation(NatsSession *session, const char *stream,
										 uint32_t generation, SluiceError *err) SLUICE_MUST_CHECK;

/* Removes all load messages and parts; the schema stays. */
extern bool load_stream_clear(NatsSession *session, const char *stream,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Removes the stream and all it holds; fine when it is not there. */
extern bool load_stream_delete(NatsSession *session, const char *stream,
							   SluiceError *err) SLUICE_MUST_CHECK;

#endif
