/*
 * worker_publisher.h - a worker's publisher: the way of its bundles into JetStream.
 */
#ifndef SLUICE_WORKER_PUBLISHER_H
#define SLUICE_WORKER_PUBLISHER_H

#include "postgres.h"

#include "common/nats/publisher.h"

/* Starts it for worker.row, with the NATS settings as of now; from then on worker_wait() works. */
extern void worker_start_publisher(void);

/* Its status; an outage goes to the log when it begins and when it is over.  ERROR when it has given
 * up, for good when the JetStream stream is another source's. */
extern void worker_read_publisher(PublisherStatus *status);

/* Until the stream's tail is known; meanwhile the reason for waiting shows as the last error. */
extern void worker_wait_for_tail(PublisherStatus *status);

/* Hands a bundle over, waiting while the window is full: commits never notice. */
extern void worker_publish(BundleWriter *writer);

/* Waits for acknowledgements when the end was asked for, and ends the threads; harmless when none run. */
extern void worker_end_publisher(void);

/* Deletes the JetStream stream of worker.row, unless it is another source's, and what consumers have
 * noted for it.  ERROR, with the way out in the hint, when NATS cannot do that now. */
extern void worker_remove_jetstream(void);

/* ERROR for a JetStream stream that could not be deleted. */
extern void worker_raise_removal(SluiceError *err) __attribute__((noreturn));

#endif
