/*
 * copy_watch.h - a copy from the leader's side of NATS: its stream, and what consumers have of it.
 *
 * Nothing here raises: NATS may be away for as long as it likes, and a copy is not less whole for that.
 */
#ifndef SLUICE_COPY_WATCH_H
#define SLUICE_COPY_WATCH_H

#include "postgres.h"

#include "nodes/bitmapset.h"

#include "common/core/error.h"
#include "common/nats/load_report.h"

/* Connects and makes the copy's JetStream stream; waits until NATS lets it, and shows why not. */
extern void copy_watch_start(void);
extern void copy_watch_stop(void);

/* Looks at the consumers and purges what they all have, when the last time is long enough ago.  What
 * keeps it from doing so is shown as the copy's error. */
extern void copy_watch(void);

/* The least phase of all consumers in this generation, as last seen. */
extern LoadPhase copy_watch_phase(void);

/* Whether a consumer lacks chunks that are in JetStream no more; *complete: those that all have. */
extern bool copy_watch_lost(const Bitmapset **complete);

/* Removes what is left of rows in the stream; the schema stays. */
extern void copy_watch_clear(void);

#endif
