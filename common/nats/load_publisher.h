/*
 * load_publisher.h - puts the bundles of a copy into JetStream, in any order, from the owner's thread.
 *
 * Unlike the publisher of changes it has no thread: the owner (a PostgreSQL worker that reads a table)
 * pushes bundles and calls load_publisher_step(), which sends, takes acknowledgements and, after any
 * trouble, connects again and sends anew what was not acknowledged.  Order is of no matter and a bundle
 * stored twice does no harm: its place names it.  A full stream is no error but waited for.
 *
 * Invariants:
 * 1. What was pushed stays in memory until all its messages are acknowledged.
 * 2. The message that stands for a long bundle is sent when all its other parts are stored.
 * 3. No call waits longer than it was told, but for connecting and for single requests and writes,
 *    which have their own deadlines of seconds.
 */
#ifndef SLUICE_NATS_LOAD_PUBLISHER_H
#define SLUICE_NATS_LOAD_PUBLISHER_H

#include "common/core/bundle.h"
#include "load_stream.h"

typedef struct LoadPublisherOptions
{
	NatsSettings nats; /* strings stay the caller's, as long as the publisher lives */
	const char *stream;
	Compression compression;
	size_t window_bytes; /* of bundles pushed and not acknowledged */
} LoadPublisherOptions;

typedef struct LoadPublisherStatus
{
	uint64_t messages, parts,
		bytes; /* acknowledged; parts: messages but the first of long bundles */
	uint64_t connects;
	SluiceError error; /* why nothing goes out at present; code SLUICE_OK: it does */
} LoadPublisherStatus;

typedef struct LoadPublisher LoadPublisher;

/* Connects at the first step; NULL with MEMORY. */
extern LoadPublisher *load_publisher_new(const LoadPublisherOptions *options, SluiceError *err);

/* Closes the connection; what is not acknowledged is given up. */
extern void load_publisher_free(LoadPublisher *publisher);

/* Whether a buffer of `size` bytes may be pushed now; always when nothing else is there. */
extern bool load_publisher_has_room(const LoadPublisher *publisher, size_t size);

/* Takes the writer's buffer and leaves it empty; fails with MEMORY and LIMIT only. */
extern bool load_publisher_push(LoadPublisher *publisher, BundleWriter *writer,
								const LoadPlace *place, SluiceError *err) SLUICE_MUST_CHECK;

/* Takes a copy of a schema document, compressed, to go out in parts. */
extern bool load_publisher_push_document(LoadPublisher *publisher, uint32_t generation,
										 const char *text, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Sends what can be sent and takes what was acknowledged, waiting at most wait_ms when there is nothing
 * to take at once.  Trouble that passes shows in the status; false is for what does not.
 */
extern bool load_publisher_step(LoadPublisher *publisher, int wait_ms,
								SluiceError *err) SLUICE_MUST_CHECK;

/* Whether everything pushed is acknowledged. */
extern bool load_publisher_done(const LoadPublisher *publisher);

/* Gives up what is not acknowledged. */
extern void load_publisher_forget(LoadPublisher *publisher);

extern const LoadPublisherStatus *load_publisher_status(const LoadPublisher *publisher);

#endif
