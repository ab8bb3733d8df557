/*
 * worker_decoder.h - logical decoding of the stream's slot in this process.
 */
#ifndef SLUICE_WORKER_DECODER_H
#define SLUICE_WORKER_DECODER_H

#include "postgres.h"

#include "common/nats/publisher.h"

/* Takes the slot, to go on after what JetStream has (the status tells its tail); a new stream's start
 * is marked in it.  From here until the slot is released there is no SPI. */
extern void worker_begin_decoding(const PublisherStatus *status);

/* Publishes what is committed, until an ERROR or a request to end. */
extern void worker_decode(void) __attribute__((noreturn));

/* Whether as many changes were published as the stream was limited to; decoding looks at it behind each transaction. */
extern bool worker_at_limit(void);

#endif
