/*
 * run_events.h - events of what changes in the store: runs, jobs, workers, each told exactly once.
 *
 * The server that leads tells them.  What was told stands in the events themselves (EventSource), so that whoever leads next
 * goes on from there; and each is stored only if nobody stored another on its subject since this server read it
 * (expected last sequence of the subject), so that two who lead at once cannot tell one thing twice.
 */
#ifndef SLUICE_CONTROL_LIVE_RUN_EVENTS_H
#define SLUICE_CONTROL_LIVE_RUN_EVENTS_H

#include "common/nats/connection.h"
#include "control/store/store.h"
#include "event_message.h"

typedef struct RunEvents RunEvents;

/* NULL without memory. */
extern RunEvents *run_events_new(void);
extern void run_events_free(RunEvents *events);

/* An event was read back. */
extern void run_events_told(RunEvents *events, const char *subject, uint64_t sequence,
							int64_t time_ms, const EventSource *source);

/* The journal of events is another one. */
extern void run_events_forget(RunEvents *events);

/* A document of the store changed; true when it is one that events are made of. */
extern bool run_events_changed(RunEvents *events, const StoreEntry *entry);

/*
 * Tells what changed; the first time after run_events_rest(), what all documents say that was not told.  Fails when NATS does
 * not store it: the next call does it again.
 */
extern bool run_events_tell(RunEvents *events, Store *store, NatsSession *session,
							SluiceError *err) SLUICE_MUST_CHECK;

/* This server leads no more. */
extern void run_events_rest(RunEvents *events);

#endif
