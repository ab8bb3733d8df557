/*
 * jetstream.h - Sluice's names in NATS, and the JetStream stream behind a Sluice stream.
 *
 * Every request has a deadline (JETSTREAM_TIMEOUT_MS); trouble with the connection comes back as
 * IO or TIMEOUT.
 */
#ifndef SLUICE_NATS_JETSTREAM_H
#define SLUICE_NATS_JETSTREAM_H

#include "connection.h"

#define JETSTREAM_TIMEOUT_MS 2000
#define STREAM_NAME_MAXIMUM	 40	 /* bytes of a Sluice stream's name: [a-z0-9_]+ */
#define SUBJECT_TEXT		 128 /* room for any name or subject made here */

/* Whether a name can be a stream's: 1 to STREAM_NAME_MAXIMUM of a-z, 0-9, _; else ARGUMENT. */
extern bool stream_name_check(const char *name, SluiceError *err) SLUICE_MUST_CHECK;

/* "SLUICE_<stream>", "sluice.<stream>.change.<lane>"; text has SUBJECT_TEXT bytes and is returned. */
extern const char *jetstream_name(char *text, const char *stream);
extern const char *change_subject(char *text, const char *stream, int lane);

typedef struct JetStreamInfo
{
	uint64_t first_sequence, last_sequence; /* last 0: nothing was ever stored */
	uint64_t messages, bytes;
	int64_t max_bytes;
	int64_t created; /* unix nanoseconds: tells a stream from another of the same name */
} JetStreamInfo;

/*
 * Makes SLUICE_<stream> when it is not there: subjects sluice.<stream>.schema, .change.>, .dead;
 * file storage, limits retention, discard new, max_bytes, no max_age.  When it is there its
 * configuration is held against this; a difference that could lose data (memory storage, another
 * retention, discard old, max_age, max_msgs, max_msgs_per_subject, missing subjects) is
 * SLUICE_ERROR_STATE, with the difference and the mend in message and hint.  A different max_bytes
 * is an operator's choice and left alone.  *existed may be NULL.
 */
extern bool jetstream_ensure(NatsSession *session, const char *stream, int64_t max_bytes,
							 int replicas, JetStreamInfo *info, bool *existed,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* The stream as it stands; NOT_FOUND when there is none. */
extern bool jetstream_info(NatsSession *session, const char *stream, JetStreamInfo *info,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* The last message on a subject of SLUICE_<stream>; NOT_FOUND when there is none.  Free with natsMsg_Destroy(). */
extern bool jetstream_last(NatsSession *session, const char *stream, const char *subject,
						   natsMsg **message, SluiceError *err) SLUICE_MUST_CHECK;

/* The message at a sequence of SLUICE_<stream>; NOT_FOUND when it is not there.  Free with natsMsg_Destroy(). */
extern bool jetstream_message(NatsSession *session, const char *stream, uint64_t sequence,
							  natsMsg **message, SluiceError *err) SLUICE_MUST_CHECK;

/* Removes messages with a sequence below `sequence`; never the last one. */
extern bool jetstream_purge_below(NatsSession *session, const char *stream, uint64_t sequence,
								  SluiceError *err) SLUICE_MUST_CHECK;

/* Removes the stream and all it holds; fine when it is not there. */
extern bool jetstream_delete(NatsSession *session, const char *stream,
							 SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Reads an ack of a publish: PubAck JSON, or an error in it, or the 503 of nobody listening.  (An
 * inbox read by natsSubscription_NextMsg() gives that 503 as the status NATS_NO_RESPONDERS and no
 * message, for nats_fail(); an asynchronous one gives the message.)
 */
typedef struct PublishAck
{
	uint64_t sequence;
	bool duplicate;
} PublishAck;

extern bool publish_ack_read(natsMsg *reply, PublishAck *ack, SluiceError *err) SLUICE_MUST_CHECK;

#endif
