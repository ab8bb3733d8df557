/*
 * load_puller.h - takes the bundles of a copy out of JetStream, whichever writer asks first.
 *
 * All writers of a consumer share one durable pull consumer.  A message that is not acknowledged
 * within LOAD_ACK_WAIT_MS comes again, to whoever asks then, so one that is worked on for long must
 * be kept by load_message_answer(LOAD_WORKING).
 *
 * Invariant: a message is given out whole: the further parts of a long bundle are fetched by their
 * subjects when part 0 comes.
 */
#ifndef SLUICE_NATS_LOAD_PULLER_H
#define SLUICE_NATS_LOAD_PULLER_H

#include "common/core/bundle_header.h"
#include "load_stream.h"
#include "pull_loop.h"

#define LOAD_ACK_WAIT_MS 20000

typedef struct LoadPuller LoadPuller;

typedef struct LoadMessage
{
	natsMsg *message; /* NULL: none came */
	LoadPlace place;  /* as its identity says */
	uint64_t incarnation;
	const uint8_t *data; /* the sealed bundle; NULL when further parts of it are gone */
	size_t length;
	ByteBuf whole; /* memory of a bundle that came in parts */
} LoadMessage;

typedef enum LoadAnswer
{
	LOAD_ACK,	  /* it is in: never again */
	LOAD_WORKING, /* wait another LOAD_ACK_WAIT_MS */
	LOAD_RETURN	  /* give it to somebody else, now */
} LoadAnswer;

/* Makes the durable consumer when it is not there.  Buffers at most about max_bytes.  NULL on error. */
extern LoadPuller *load_puller_open(NatsSession *session, const char *stream, const char *consumer,
									size_t max_bytes, SluiceError *err);

/* Hands back what was buffered; the session should be closed too. */
extern void load_puller_close(LoadPuller *puller);

/* As puller_next(); CORRUPT for a message that is no bundle of a copy. */
extern bool load_puller_next(LoadPuller *puller, int wait_ms, LoadMessage *out,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* Whether there may be messages that the durable consumer has not acknowledged: also when it is not
 * there. */
extern bool load_consumer_left(NatsSession *session, const char *stream, const char *consumer,
							   bool *left, SluiceError *err) SLUICE_MUST_CHECK;

extern bool load_message_answer(NatsSession *session, const LoadMessage *message, LoadAnswer answer,
								SluiceError *err) SLUICE_MUST_CHECK;

/* The same for a message that is gone, by its reply subject. */
extern bool load_reply_answer(NatsSession *session, const char *reply, LoadAnswer answer,
							  SluiceError *err) SLUICE_MUST_CHECK;
extern void load_message_free(LoadMessage *message);

#endif
