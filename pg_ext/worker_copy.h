/*
 * worker_copy.h - the stream worker's side of a copy: asking for it, its slot, its end.
 */
#ifndef SLUICE_WORKER_COPY_H
#define SLUICE_WORKER_COPY_H

#include "postgres.h"

#include "access/xlogdefs.h"

/* Whether worker.row wants a copy that is not at every consumer yet. */
extern bool worker_wants_copy(void);

/* Has the launcher keep a leader until the copy is there. */
extern void worker_request_copy(void);

/* Until the leader has made the stream's slot, whose start it gives; its troubles are shown as ours. */
extern XLogRecPtr worker_await_copy_slot(void);

/* The slot is noted in the catalog: the leader need not keep it in mind. */
extern void worker_copy_slot_noted(void);

/* Until the copy is at every consumer; with a publisher. */
extern void worker_await_copy_end(void);

/* Deletes the copy's JetStream stream and what consumers have reported of it.  ERROR when NATS cannot do
 * that now. */
extern void worker_remove_copy(void);

/* Until no process of the copy is left, which end by themselves when the stream is not wanted. */
extern void worker_await_copy_gone(void);

#endif
