/*
 * load_acks.h - answers for bundles of a copy that are committed at the target and perhaps not on its
 * disk yet.
 *
 * Commits do not wait for the disk, so a bundle is acknowledged when the target's log was flushed
 * beyond its commit.  The marks are those of one connection to the target: when that ends, what waits
 * must be handed back, since a target that crashed has perhaps forgotten it.
 */
#ifndef SLUICE_WRITER_LOAD_ACKS_H
#define SLUICE_WRITER_LOAD_ACKS_H

#include "load_gather.h"
#include "target.h"

#define ACKS_MAXIMUM 256

typedef struct LoadAck
{
	char *reply; /* where the answer goes to */
	TargetMark mark;
} LoadAck;

/* In the order of commits; all zero is empty. */
typedef struct LoadAcks
{
	LoadAck items[ACKS_MAXIMUM];
	uint32_t count;
} LoadAcks;

/* Whether a gathering may find no room any more. */
extern bool load_acks_full(const LoadAcks *acks);

/* Remembers what was gathered, committed at a mark.  IO when too much waits for the disk. */
extern bool load_acks_add(LoadAcks *acks, const LoadGather *gather, TargetMark mark,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* Acknowledges what is on disk, up to a mark; what cannot be sent comes again by itself. */
extern void load_acks_send(LoadAcks *acks, NatsSession *session, TargetMark durable);

/* LOAD_WORKING for all. */
extern void load_acks_keep(const LoadAcks *acks, NatsSession *session);

/* Hands all back to whoever asks next, as far as there is a connection, and empties it. */
extern void load_acks_return(LoadAcks *acks, NatsSession *session);

#endif
