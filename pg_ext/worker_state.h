/*
 * worker_state.h - the one Worker of a stream's process: what it works on, how it shows its state and
 * its errors, how it waits and is asked to end.
 *
 * The files of a worker, each using those above it only:
 *   worker_state.c      errors, states, requests to end, waiting
 *   worker_publisher.c  the publisher: start, status, handing bundles over, end
 *   worker_progress.c   confirming the slot, marks, what sluice.stat_streams shows
 *   worker_decoder.c    the log, from the slot's position to the publisher, for ever
 *   stream_worker.c     a worker's life: the slot, the order of all this, drop, every way to end
 */
#ifndef SLUICE_WORKER_STATE_H
#define SLUICE_WORKER_STATE_H

#include "postgres.h"

#include "common/nats/publisher.h"
#include "pg_ext/catalog.h"
#include "pg_ext/pg_compat.h"
#include "pg_ext/shared.h"

/* What the files share; what only one needs is static in it. */
typedef struct Worker
{
	int index; /* of the entry */
	StreamEntry *entry;
	StreamRow row;
	Publisher *publisher; /* NULL: not started, or ended */
	uint32 nats_checksum; /* of the settings the publisher was started with */
	WaitEventSet *events; /* latch, postmaster, publisher; made with the publisher */
	LogicalDecodingContext *decoding;
	XLogRecPtr end_at;	/* where it shall end: all that was flushed when it was asked to... */
	TimestampTz end_by; /* ...unless that takes longer */
	bool terminal;		/* the error being raised cannot mend itself */
	bool stopping;		/* it is no error: the stream shall not run */
	bool finished;		/* it has done what was asked for; stopping is set too */
	bool removed;		/* the stream and its row are no more */
} Worker;

extern Worker worker;

/* ERROR with the stream's name before the message.  The worker ends; the launcher starts it again,
 * later each time. */
extern void worker_raise(const SluiceError *err) __attribute__((noreturn));

/* The same when starting again by itself cannot help: the stream becomes `failed`. */
extern void worker_fail_for_good(const char *message, const char *hint) __attribute__((noreturn));

/* Raises: the stream becomes `finished`. */
extern void worker_finish(void) __attribute__((noreturn));

/* What sluice.stat_streams shows; the error's code SLUICE_OK takes the last one away. */
extern void worker_set_state(StreamState state);
extern void worker_note_error(const SluiceError *err);

/* What the catalog wants now, as the scanner last found it. */
extern StreamWish worker_wish(void);

/* Raises when the worker shall end: by a signal, a changed wish or changed NATS settings. */
extern void worker_serve_interrupts(void);

/*
 * While allowed, a changed wish also cancels: waits for locks, inside the server, serve nothing else.
 * Forbidding it serves interrupts; in an error's handler it only takes a late cancel back.
 */
extern void worker_allow_cancel(bool allowed);

/* Waits for the latch, the publisher or `ms`, then serves interrupts; once the publisher is started. */
extern void worker_wait(long ms);

#endif
