/*
 * durability.h - which of the committed positions is on the target's disk.
 *
 * Commits do not wait for the disk, so a position may only be reported when the target's log was
 * flushed beyond it.  At most two marks are remembered, an older one that is waited for and the
 * newest; what lies between is told together with the newest.
 */
#ifndef SLUICE_WRITER_DURABILITY_H
#define SLUICE_WRITER_DURABILITY_H

#include "common/nats/durable.h"

typedef struct Durability
{
	DurableMark waiting, newest;
	uint64_t waiting_at, newest_at; /* places in the target's log */
	bool has_waiting, has_newest;
} Durability;

extern void durability_reset(Durability *durability);

/* A position was committed and is durable once the log is flushed to `at`. */
extern void durability_add(Durability *durability, const DurableMark *mark, uint64_t at);

/* The log is flushed to `at`; true with the newest position that is durable and was not told yet. */
extern bool durability_flushed(Durability *durability, uint64_t at, DurableMark *mark);

/* Whether something is committed and not known to be durable. */
extern bool durability_pending(const Durability *durability);

#endif
