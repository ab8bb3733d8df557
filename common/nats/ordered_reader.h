/*
 * ordered_reader.h - what is on subjects of a JetStream stream, in order, and what comes.
 *
 * An ordered consumer: ephemeral, without acks, its messages counted.  A gap (or the end of connection, consumer or stream) is
 * an error: close the reader and open another.
 */
#ifndef SLUICE_NATS_ORDERED_READER_H
#define SLUICE_NATS_ORDERED_READER_H

#include "pull_loop.h"

typedef struct OrderedReader OrderedReader;

typedef enum OrderedFrom
{
	ORDERED_LAST_OF_SUBJECT, /* of each subject its last message, and what comes */
	ORDERED_ALL				 /* all messages from a sequence on, and what comes */
} OrderedFrom;

/* `filter` is a subject, perhaps with wildcards; `sequence` 0: from the beginning (of ORDERED_ALL).  Buffers at most
 * about max_bytes or, of ORDERED_LAST_OF_SUBJECT, some hundred messages.  NULL on error. */
extern OrderedReader *ordered_reader_open(NatsSession *session, const char *stream,
										  const char *filter, OrderedFrom from, uint64_t sequence,
										  size_t max_bytes, SluiceError *err);

/*
 * The next message, waiting at most wait_ms; out->message is NULL when there was none in time.  IO, TIMEOUT, NOT_FOUND
 * (the stream is gone) or STATE (a gap): open another.
 */
extern bool ordered_reader_next(OrderedReader *reader, int wait_ms, PulledMessage *out,
								SluiceError *err) SLUICE_MUST_CHECK;

/* Whether everything that was there when it was opened has been given. */
extern bool ordered_reader_current(const OrderedReader *reader);

extern void ordered_reader_close(OrderedReader *reader);

#endif
