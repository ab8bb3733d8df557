/*
 * beacon.h - a thread that tells the others of this writer: it holds the lease, and publishes what
 * is durable at the target and, every second, the writer's figures.
 *
 * It has a NATS connection of its own, so that neither a slow target nor a backlog lets the lease
 * run out, and no request of its ever stands between a message and its commit.  The lease only says
 * who tries; the epoch in the progress row decides.
 */
#ifndef SLUICE_WRITER_BEACON_H
#define SLUICE_WRITER_BEACON_H

#include "common/daemon/log.h"
#include "common/nats/durable.h"

/* Room for a line of figures. */
#define FIGURES_TEXT 2048

typedef struct BeaconSettings
{
	NatsSettings nats; /* texts must outlive the beacon */
	const char *stream;
	const char *consumer;
	const char *owner; /* unique per process */
	Log *log;
	/* Published once a second when not NULL; it may be called as long as the beacon lives. */
	const char *(*figures)(void *context, char text[FIGURES_TEXT]);
	/* The target's total as durable.h has it, "" when it is not known; may be NULL, likewise. */
	const char *(*total)(void *context, char text[KV_VALUE_MAXIMUM]);
	void *context;
} BeaconSettings;

typedef struct Beacon Beacon;

/* Signals must be blocked before.  The beacon wants the lease from the start.  NULL on error. */
extern Beacon *beacon_start(const BeaconSettings *settings, SluiceError *err);

/* Whether the lease is ours at this moment. */
extern bool beacon_held(const Beacon *beacon);

/* Waits at most timeout_ms for the lease; true when it is ours. */
extern bool beacon_wait(Beacon *beacon, int timeout_ms);

/* Whether another was seen to hold the lease when last looked; false while it is not looked at. */
extern bool beacon_taken(const Beacon *beacon);

/* Why NATS cannot be reached for the lease; false when it was reached the last time. */
extern bool beacon_trouble(Beacon *beacon, SluiceError *err);

/* Gives the lease up and does not try to get it back for rest_ms. */
extern void beacon_yield(Beacon *beacon, int rest_ms);

/* To be published soon, if the lease is ours then. */
extern void beacon_publish(Beacon *beacon, const DurableMark *mark);

/* Publishes what is left, gives up the lease, ends the thread; NULL is fine. */
extern void beacon_stop(Beacon *beacon);

/* Milliseconds of the clock that leases are measured by; it goes on while the machine sleeps. */
extern int64_t beacon_clock(void);

#endif
