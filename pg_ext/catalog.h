/*
 * catalog.h - reading and writing sluice.stream through SPI.
 *
 * Every call is one transaction of its own in a worker connected to the database.  Never while a
 * replication slot is held: SPI's snapshots would not be protected then.
 */
#ifndef SLUICE_CATALOG_H
#define SLUICE_CATALOG_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "common/core/compress.h"
#include "pg_ext/shared.h"

/* A row of sluice.stream, in the memory context it was read in. */
typedef struct StreamRow
{
	char name[STREAM_NAME_MAXIMUM + 1];
	StreamWish wish;
	StreamState state;
	char *slot;
	char *publications; /* quoted names, with commas between */
	bool own_publication;
	bool keep_jetstream; /* when dropped */
	bool has_incarnation;
	uint64 incarnation;
	XLogRecPtr start;	/* the slot's consistent point */
	uint64 system;		/* identifier of the cluster the row was made in... */
	Oid database;		/* ...and the database: elsewhere the row is a copy */
	char *own_messages; /* what the extension's messages for this stream begin with: a secret */
	/* options */
	bool broker_durability;
	bool messages;
	bool local_only;
	int bundle_rows;
	int bundle_bytes;
	Compression compression;
	int64 max_bytes;
	int replicas;
	int64 replay_window_ms;
	List *consumers; /* char * */
	uint64
		max_events; /* published since the worker began, then the stream is finished; 0: no limit */
	int64 max_seconds; /* since the worker began, likewise */
	/* copies */
	Oid owner;
	bool copies;	   /* mode convert or convert+cdc */
	bool convert_only; /* mode convert */
	bool copy_due;	   /* there is something to copy that not every consumer has */
	uint32
		copies_finished; /* up to this generation; above 0, what is to be copied are tables that join */
	int copy_workers;
	int64 chunk_bytes;
} StreamRow;

/* A transaction with an active snapshot, connected to SPI, and its commit. */
extern void catalog_begin(void);
extern void catalog_end(void);

/* All streams of this database (StreamRow *) in the current memory context; *installed is false
 * when the extension is not there (and the list is empty). */
extern List *catalog_read_all(bool *installed);

/* One stream; false when its row is gone. */
extern bool catalog_read(const char *name, StreamRow *row);

/* Another database of this server that has a stream of this name and a slot for it; NULL for none. */
extern char *catalog_namesake(const char *name);

extern void catalog_set_slot(const char *name, uint64 incarnation, XLogRecPtr start);
extern void catalog_set_state(const char *name, StreamState state, const SluiceError *error);

/* What is in the way of a stream that has no worker; the state stays. */
extern void catalog_note_error(const char *name, const SluiceError *error);

/* Sends the values of sequences that changed, of all streams that run in this database. */
extern void catalog_send_sequences(void);

/* Removes the row and, when it was made for the stream, the publication. */
extern void catalog_remove(const StreamRow *row);

#endif
