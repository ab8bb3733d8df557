/*
 * puller.h - reads a JetStream stream in order, from a given sequence, message by message.
 *
 * An ephemeral pull consumer without acks, made anew whenever anything is odd; requests of
 * MSG.NEXT are sent by ourselves (libnats 3.4.1's Fetch overruns its heap) with both a message and
 * a byte bound, the next one before the former is used up, so that a backlog flows without pauses
 * and a new message arrives the moment it is stored.
 *
 * Invariant: the messages returned have the sequences asked for, each one more than the one before;
 * a hole is SLUICE_ERROR_STATE, never skipped.
 */
#ifndef SLUICE_NATS_PULLER_H
#define SLUICE_NATS_PULLER_H

#include "pull_loop.h"

typedef struct Puller Puller;

/* Buffers at most about max_bytes (at least one message).  NULL on error. */
extern Puller *puller_open(NatsSession *session, const char *stream, uint64_t from_sequence,
						   size_t max_bytes, SluiceError *err);
extern void puller_close(Puller *puller);

/*
 * The next message, waiting at most wait_ms (0: only what is here already).  *out.message is NULL
 * when there was none in time, which is not an error.  IO or TIMEOUT: the connection or the
 * consumer is gone, close the puller and open another.  NOT_FOUND: the stream is gone.  STATE: the
 * messages wanted are not in the stream any more.
 */
extern bool puller_next(Puller *puller, int wait_ms, PulledMessage *out,
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
