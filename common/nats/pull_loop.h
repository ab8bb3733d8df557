/*
 * pull_loop.h - the loop around a pull consumer: its inbox, the requests kept at the server, notes
 * and silence.
 *
 * Messages and the notes about requests stand in one line, and no more is asked for before what came
 * has been handed out (pull_requests.h): that bounds what is buffered.
 *
 * While a request waits, the server sends a heartbeat every second.  Silence means that it forgot
 * the requests (they are sent once more), then that consumer or server are gone.
 */
#ifndef SLUICE_NATS_PULL_LOOP_H
#define SLUICE_NATS_PULL_LOOP_H

#include "jetstream.h"
#include "pull_requests.h"

typedef struct PulledMessage
{
	natsMsg *message; /* the caller destroys it */
	const uint8_t *data;
	size_t length;
	const char *subject;
	uint64_t sequence;
	uint64_t number;  /* which message of the consumer it is, from 1 */
	uint64_t pending; /* messages behind it in the stream at that moment */
	int64_t stored;	  /* unix nanoseconds */
} PulledMessage;

typedef struct PullLoop
{
	NatsSession *session;
	natsSubscription *messages;
	char name[SUBJECT_TEXT]; /* of the JetStream stream */
	char consumer[64];
	PullRequests requests;
	bool asked_again; /* after silence */
	int fruitless;	  /* requests that ended without anything, one after the other */
	int64_t heard_ms; /* when the server last said something */
	int64_t left_ms;  /* when pull_loop_next() was last left */
} PullLoop;

/* Subscribes; buffers at most about max_bytes, or with 0 some hundred messages.  `name` is the JetStream stream's. */
extern bool pull_loop_open(PullLoop *loop, NatsSession *session, const char *name, size_t max_bytes,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* The consumer to ask; sends the first requests. */
extern bool pull_loop_start(PullLoop *loop, const jsConsumerInfo *consumer,
							SluiceError *err) SLUICE_MUST_CHECK;

/* Asks for nothing more; pull_loop_rest() then gives what came until now, without waiting. */
extern void pull_loop_end(PullLoop *loop);
extern bool pull_loop_rest(PullLoop *loop, PulledMessage *out) SLUICE_MUST_CHECK;

/* Asks the server to remove the consumer, without waiting for an answer: it would do so after a while. */
extern void pull_loop_remove_consumer(const PullLoop *loop);

/* Gives the subscription to the session; harmless on a zeroed loop. */
extern void pull_loop_close(PullLoop *loop);

/*
 * The next message, waiting at most wait_ms (0: only what is here already).  out->message is NULL
 * when there was none in time, which is not an error.  IO or TIMEOUT: the connection or the
 * consumer is gone.  NOT_FOUND: the stream is gone.  STATE: the server does not let it be read.
 */
extern bool pull_loop_next(PullLoop *loop, int wait_ms, PulledMessage *out,
						   SluiceError *err) SLUICE_MUST_CHECK;

#endif
