/*
 * shared.h - the extension's shared memory: who runs, what each stream is doing.
 *
 * Catalog rows say what shall be; entries here say what is.  An entry belongs to a stream of one
 * database from the scan that found it until the scan that no longer does; its worker writes the
 * progress, the launcher starts workers, functions only set requests and wake.
 *
 * `lock` guards everything but the atomics.
 */
#ifndef SLUICE_SHARED_H
#define SLUICE_SHARED_H

#include "postgres.h"

#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "common/core/change_id.h"
#include "common/core/stream_state.h"
#include "common/nats/jetstream.h"
#include "output_plugin/relation_cache.h"
#include "pg_ext/copy_shared.h"

#define SHARED_REQUESTS 32 /* databases waiting for a scan; more means: scan all */

/* What the catalog wants of a stream. */
typedef enum StreamWish
{
	WISH_NONE, /* no row (any more) */
	WISH_RUN,
	WISH_PAUSE,
	WISH_STOP,
	WISH_DROP
} StreamWish;

/* Counters of a stream, written by its worker as a whole. */
typedef struct StreamProgress
{
	ChangeId tail, acked, durable;
	bool durable_known;
	XLogRecPtr decoded;	  /* end of the last record read */
	XLogRecPtr confirmed; /* the slot's confirmed_flush */
	uint64 bundles, messages, bytes, connects;
	uint64 rows; /* inserts, updates, deletes */
	uint32 in_flight;
	uint64 in_flight_bytes;
	uint64 stream_messages, stream_bytes; /* what JetStream keeps */
	int64 lag_us;						  /* age of the oldest commit that is not safe yet */
	double rows_per_second, bytes_per_second;
	bool publisher_ready;
} StreamProgress;

typedef struct StreamEntry
{
	bool used;
	Oid database;
	char name[STREAM_NAME_MAXIMUM + 1];
	StreamWish wish;
	bool keep_jetstream; /* when dropped */
	bool suspended;		 /* a DROP or ALTER DATABASE wants the worker out of the way */
	StreamState state;
	pid_t worker;			   /* 0: none; set by the worker, cleared at its exit */
	Latch *latch;			   /* of that worker */
	pg_atomic_uint32 sleeping; /* the worker waits for the log: worth waking at a commit */
	bool locked_out;		   /* the worker may wait for a lock: only a cancel reaches it */
	bool launched;			   /* registered, and not known to have ended */
	int failures;			   /* in a row */
	TimestampTz started;
	TimestampTz launched_at;
	TimestampTz start_after; /* backoff */
	SluiceError error;		 /* the last; code SLUICE_OK for none */
	TimestampTz error_at;
	StreamProgress progress;
	CopyEntry copy;
} StreamEntry;

/* Counters of one table of one stream. */
typedef struct TableEntry
{
	int stream; /* entry number + 1; 0: free */
	Oid relid;
	uint64 counts[TABLE_COUNTS];
} TableEntry;

typedef struct SharedState
{
	LWLock *lock;
	pid_t launcher;
	Latch *launcher_latch;
	bool scan_all;
	bool starved; /* a stream found no place: the next that is free is worth a scan */
	int requests;
	Oid requested[SHARED_REQUESTS];
	pg_atomic_uint32 running; /* streams with a worker: nothing to wake when 0 */
	int table_count;
	StreamEntry streams[FLEXIBLE_ARRAY_MEMBER]; /* sluice_max_streams, then the TableEntries */
} SharedState;

/* NULL when the library was not preloaded. */
extern SharedState *shared;

extern void shared_request(void); /* the hooks, from _PG_init */
extern TableEntry *shared_tables(void);

/* The entry of a stream, or NULL; lock held. */
extern StreamEntry *shared_find(Oid database, const char *name);

/* The state to show: while a copy is under way, how far that is. */
extern StreamState shared_state(const StreamEntry *entry);

/* Asks the launcher to look at a database's catalog again; InvalidOid: at all. */
extern void shared_request_scan(Oid database);
extern void shared_wake_launcher(void);

/* Has a worker, if there is one, look at what is wished; lock held. */
extern void shared_nudge(const StreamEntry *entry);

/* A place may be free: a stream that found none is looked at when the launcher is woken; lock held. */
extern void shared_offer_place(void);

/* Frees the entry of a stream that is gone, and its tables' counters; lock held, no worker left. */
extern void shared_forget(int stream);

/* Adds a table's counts to its entry; quietly leaves out what finds no room. */
extern void shared_count_table(int stream, Oid relid, const uint64 counts[TABLE_COUNTS]);

#endif
