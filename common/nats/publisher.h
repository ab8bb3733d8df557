/*
 * publisher.h - a thread that puts sealed bundles into JetStream, once each and in order.
 *
 * The owner (a PostgreSQL worker, the binlog reader) hands over bundles and goes on; the thread
 * seals them, splits what is too long, keeps a window of unacknowledged messages, and after any
 * trouble connects again, reads where the stream really stands and sends only what is missing.
 * All NATS calls happen in that thread and in those libnats starts from it, with every signal
 * blocked; results come back through an eventfd and publisher_status().
 *
 * Invariants:
 * 1. Every message carries Nats-Expected-Last-Sequence, so the stream never has a hole and a second
 *    publisher is refused by the server.
 * 2. A bundle stays in memory until its last message is acknowledged; bundles are bounded in number
 *    and bytes (publisher_push() says when there is no room).
 * 3. `acked` never runs ahead of what the server acknowledged in this life of the stream.
 */
#ifndef SLUICE_NATS_PUBLISHER_H
#define SLUICE_NATS_PUBLISHER_H

#include "common/core/bundle.h"
#include "durable.h"
#include "jetstream.h"

#define PUBLISHER_CONSUMERS_MAXIMUM 8

/* Header of a message: where its source reads on behind the changes up to and with the message. */
#define PUBLISHER_PLACE_HEADER "Sluice-Position"

typedef struct PublisherOptions
{
	NatsSettings nats;	/* strings are copied */
	const char *stream; /* the Sluice stream */
	int lane;
	uint64_t incarnation; /* of the changes that will be pushed */
	int64_t max_bytes;	  /* of the JetStream stream when it is made here */
	int replicas;
	Compression compression;
	size_t window_bytes;	  /* unacknowledged and queued bundles, unsealed size */
	uint32_t window_messages; /* unacknowledged messages */
	int64_t replay_window_ms; /* how long applied messages are kept */
	const char *consumers[PUBLISHER_CONSUMERS_MAXIMUM]; /* whose durable marks count; NULL ends */
} PublisherOptions;

typedef enum PublisherState
{
	PUBLISHER_CONNECTING, /* not connected, or finding out where the stream stands */
	PUBLISHER_READY,	  /* the tail is known; bundles flow */
	PUBLISHER_FULL,		  /* the stream is at its limit and refuses; tried again */
	PUBLISHER_FAILED	  /* for good: `error` says why; the owner must stop */
} PublisherState;

typedef struct PublisherStatus
{
	PublisherState state;
	SluiceError
		error; /* why CONNECTING, FULL or FAILED, or what READY has met that it cannot mend; code
				* SLUICE_OK when there is nothing to say */
	bool tail_known; /* `tail` was read since the start */
	ChangeId tail; /* the last complete change in the stream when this life began; commit 0: none */
	uint64_t other_incarnation; /* FAILED because the stream is this source's; else 0 */
	ChangeId acked;				/* the last change acknowledged since */
	bool durable_known;			/* every declared consumer has told */
	ChangeId durable;			/* the least of what they told */
	JetStreamInfo stream;
	uint64_t messages, bundles; /* acknowledged since the start */
	uint64_t bytes;				/* sent since the start, what was sent again included */
	uint32_t in_flight;			/* bundles handed over and not acknowledged */
	size_t in_flight_bytes;
	uint64_t connects;
} PublisherStatus;

typedef struct Publisher Publisher;

/* Copies the options and starts the thread; NULL on error. */
extern Publisher *publisher_start(const PublisherOptions *options, SluiceError *err);

/* Readable when the status changed; publisher_status() makes it unreadable again. */
extern int publisher_eventfd(const Publisher *publisher);

extern void publisher_status(Publisher *publisher, PublisherStatus *status);

/*
 * Takes the writer's buffer and leaves it empty; false when the window is full and nothing was
 * taken (never fails otherwise: what goes wrong shows in the status).  `previous` of the first
 * bundle pushed must be the tail, or the position a new or emptied stream starts from.
 */
extern bool publisher_push(Publisher *publisher, BundleWriter *writer) SLUICE_MUST_CHECK;

/*
 * The same with a place (a line of text, copied; NULL: none) for a source that cannot find it from
 * the bundle's last change.  The message that completes the bundle carries it; parts before that one
 * carry the place of the bundle before, since with them the stream still ends there.  Know the tail
 * first: its place is the first bundle's "before".
 */
extern bool publisher_push_at(Publisher *publisher, BundleWriter *writer,
							  const char *place) SLUICE_MUST_CHECK;

/* The place that belongs to status.tail, to be freed; NULL when it has none. */
extern char *publisher_tail_place(Publisher *publisher);

/*
 * Deletes the JetStream stream and the durable keys; from the owner's thread.  What holds changes of
 * another incarnation than the options' is another source's and left as it is (true).
 */
extern bool publisher_remove_stream(const PublisherOptions *options,
									SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Stops the thread; waits for acknowledgements of what was handed over up to drain_ms, then at most
 * a few seconds for the thread.  False when the thread would not end: it is left alone then.
 */
extern bool publisher_stop(Publisher *publisher, int drain_ms);

#endif
