/*
 * copy_shared.h - what the processes of a stream's copy share: the stream worker that asks for it, the
 * launcher that starts its leader, the leader, its workers.  Part of the stream's entry (shared.h).
 *
 * The leader writes all but what is said otherwise.  The lock of shared.h guards everything but the
 * atomics.
 */
#ifndef SLUICE_COPY_SHARED_H
#define SLUICE_COPY_SHARED_H

#include "postgres.h"

#include "access/xlogdefs.h"
#include "port/atomics.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

#include "common/core/error.h"

#define COPY_WORKERS_MAXIMUM	16
#define COPY_SNAPSHOT_NAME_SIZE 64

typedef enum CopyPhase
{
	COPY_NONE, /* no copy is under way */
	COPY_PLANNING,
	COPY_LOADING,
	COPY_INDEXING, /* at every consumer at least */
	COPY_DONE	   /* at every consumer; the leader is gone or going */
} CopyPhase;

typedef enum CopyPlan
{
	PLAN_WANTED,
	PLAN_MADE,	/* by worker 0: chunks are in the catalog, the document in JetStream */
	PLAN_MISSED /* tables changed between snapshot and lock: it takes another snapshot */
} CopyPlan;

/* Written by the worker, cleared when it ends. */
typedef struct CopyWorkerEntry
{
	pid_t pid;			/* 0: none */
	Oid relid;			/* being read; InvalidOid: none */
	uint64 rows, bytes; /* of the chunk so far */
} CopyWorkerEntry;

typedef struct CopyEntry
{
	/* by the stream worker, and for one that runs by the scanner: there shall be a leader... */
	bool wanted;
	bool joins; /* ...for tables that join the stream, which goes on meanwhile */
	/* by the launcher, as in StreamEntry */
	bool launched;
	TimestampTz launched_at, start_after;
	int failures;
	/* by the leader */
	pid_t leader;
	Latch *latch;
	bool locked_out; /* it may wait for a lock: only a cancel reaches it */
	CopyPhase phase;
	uint32 generation;
	uint64 incarnation;
	XLogRecPtr position; /* of the snapshot */
	bool
		slot_made; /* the stream's slot stands at `position`; the stream worker takes it from here */
	char snapshot[COPY_SNAPSHOT_NAME_SIZE];
	uint32 tables; /* checksum of the tables that are locked */
	CopyPlan plan; /* worker 0 too */
	uint32 chunks;
	SluiceError error; /* workers too; code SLUICE_OK for none */
	TimestampTz error_at;
	uint64 stream_messages, stream_bytes; /* what JetStream keeps of the copy */
	/* by workers */
	pg_atomic_uint32 next_chunk;   /* to be taken in this pass */
	pg_atomic_uint32 chunks_done;  /* of those taken in this pass */
	pg_atomic_uint32 long_bundles; /* that went in parts */
	CopyWorkerEntry workers[COPY_WORKERS_MAXIMUM];
} CopyEntry;

static inline void
copy_entry_init(CopyEntry *copy)
{
	pg_atomic_init_u32(&copy->next_chunk, 0);
	pg_atomic_init_u32(&copy->chunks_done, 0);
	pg_atomic_init_u32(&copy->long_bundles, 0);
}

/* Asks for a leader; lock held. */
static inline void
copy_entry_want(CopyEntry *copy, bool joins)
{
	copy->wanted = true;
	copy->joins = joins;
	if (copy->phase == COPY_NONE || copy->phase == COPY_DONE)
		copy->phase = COPY_PLANNING;
}

/* Whether any process of the copy is there. */
static inline bool
copy_entry_busy(const CopyEntry *copy)
{
	bool busy = copy->leader != 0;

	for (int i = 0; i < COPY_WORKERS_MAXIMUM; i++)
		busy = busy || copy->workers[i].pid != 0;
	return busy;
}

#endif
