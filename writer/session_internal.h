/*
 * session_internal.h - one session, for session.c and session_message.c alone.
 */
#ifndef SLUICE_WRITER_SESSION_INTERNAL_H
#define SLUICE_WRITER_SESSION_INTERNAL_H

#include "hold.h"
#include "session.h"

/* One to gather into, one at the target, one for the start of the next when a batch is split. */
#define BATCHES 3

typedef struct Session
{
	Writer *writer;
	NatsSession nats;
	Target *target;
	TargetSettings target_settings;
	Progress progress;
	int64_t stream_created;
	uint64_t first_read;	  /* message the reader was opened at */
	uint64_t first_available; /* the oldest there was then */
	uint64_t last_available;  /* and the newest */
	StreamReader reader;
	TableMap tables;
	const BundleRelation *relation; /* of the last row, and its table */
	Table *table;
	Batch batches[BATCHES];
	Batch *current, *flying;
	bool in_transaction;
	bool altered;				/* the open transaction changed the structure */
	ChangeId at;				/* of the record taken last... */
	const SchemaChange *change; /* ...which is this one, while the rows before it are applied */
	Load load;
	bool load_due; /* the copy's tables have caught up with its snapshot */
	bool stopped;  /* the end is at a record that waits for a copy: Writer.wish says what for */
	bool working;  /* Writer.worked, and it was told */
	Durability durability;
	Hold hold;
	int64_t commit_time;
} Session;

/* Applies what is gathered: whole transactions, or, when there are none, a piece of a long one. */
extern bool session_apply(Session *session, SluiceError *err) SLUICE_MUST_CHECK;

/* Waits for the batch whose outcome is outstanding. */
extern bool session_settle(Session *session, SluiceError *err) SLUICE_MUST_CHECK;

/* Stands still where somebody wants it, at a boundary: before a transaction that ends at `commit`. */
extern bool session_obey_hold(Session *session, uint64_t commit,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* What is gathered is whole up to a record. */
extern void session_end_transaction(Session *session, const BundleRecord *record,
									int64_t commit_time);

/*
 * Ends the session at a record: what was committed before it is applied, and its transaction is met
 * again by a session that has done what is wished.  Always false.
 */
extern bool session_stop_here(Session *session, LoadWish wish, SluiceError *err);

/* A logical message: of ours, or one that says nothing here but where it stands. */
extern bool session_take_message(Session *session, const BundleRecord *record,
								 SluiceError *err) SLUICE_MUST_CHECK;

#endif
