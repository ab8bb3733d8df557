/*
 * lease.h - who tries.
 *
 * A lease is a key of the bucket (kv.h) that its holder rewrites every third of its time to live.
 * Others see the revision stand still and, when it has stood still for the whole time by their own
 * monotonic clock, take it by compare-and-set.  It keeps two from trying at once most of the time; it
 * does not fence.
 */
#ifndef SLUICE_NATS_LEASE_H
#define SLUICE_NATS_LEASE_H

#include "kv.h"

typedef struct Lease
{
	char key[128];
	char owner[128]; /* unique per process: host, pid, random */
	int ttl_ms;
	uint64_t revision; /* last seen or written */
	int64_t seen_ms;   /* monotonic time when the revision changed last */
	int64_t renewed_ms;
	bool held;
} Lease;

extern void lease_init(Lease *lease, const char *key, const char *owner, int ttl_ms);

/*
 * Call it every second or so.  Takes the lease when it is free or expired, renews it when held and
 * due, and keeps lease->held true to that; held is also false when the time to live has passed
 * since the last renewal that succeeded.  Losing to another owner is not an error: held says it.
 */
extern bool lease_step(Lease *lease, NatsSession *session, int64_t now_ms,
					   SluiceError *err) SLUICE_MUST_CHECK;

/* Gives it up, so that the next one need not wait. */
extern void lease_release(Lease *lease, NatsSession *session);

#endif
