/*
 * copy_process.h - what a copy's leader and its workers have in common: whose copy it is, errors, how
 * they wait and are asked to end.
 *
 * The files of a copy, each using those above it only:
 *   copy_process.c  this
 *   copy_catalog.c  sluice.copy, copy_chunk and copy_done by SPI
 *   copy_output.c   load bundles, and the way of these into JetStream
 *   copy_query.c    a query in the place of a table
 *   copy_scan.c     one chunk of a table, read under the snapshot
 *   copy_plan.c     cutting tables into chunks, publishing the schema document
 *   copy_worker.c   a worker's life: plan, then chunk after chunk
 *   copy_watch.c    what the consumers report, purging what they have
 *   copy_leader.c   the slot, the snapshot, the locks, the passes, the end
 */
#ifndef SLUICE_COPY_PROCESS_H
#define SLUICE_COPY_PROCESS_H

#include "postgres.h"

#include "pg_ext/catalog.h"
#include "pg_ext/pg_compat.h"
#include "pg_ext/shared.h"

typedef struct CopyProcess
{
	int index; /* of the stream's entry */
	StreamEntry *entry;
	CopyEntry *copy; /* of that entry */
	pid_t leader;	 /* ours, or our own pid */
	int worker;		 /* a worker's number */
	StreamRow row;
	bool stopping; /* it is no error: the copy shall not go on */
} CopyProcess;

extern CopyProcess copying;

/* Signals, allocator and libraries, before signals are unblocked; then the connection to the stream's
 * database, and settings under which nothing times out. */
extern void copy_process_prepare(int index);
extern void copy_process_connect(void);

/* ERROR with the stream's name before the message. */
extern void copy_raise(const SluiceError *err) __attribute__((noreturn));

/* What is shown for the copy; NULL takes the last one away. */
extern void copy_note_error(const SluiceError *err);

/* Raises when the process shall end: by a signal, a changed wish, or because its leader is gone. */
extern void copy_serve_interrupts(void);

/* Where a lock is waited for, from `true` to `false`, a request to end comes as a cancel. */
extern void copy_allow_cancel(bool allowed);

/* Waits for the latch or `ms`, then serves interrupts. */
extern void copy_wait(long ms);

/* Waits until the stream worker has noted the slot that was handed over to it. */
extern void copy_await_slot_noted(void);

/* Runs body(); an ERROR is reported and noted, unless the process was asked to end. */
extern void copy_run(void (*body)(void));

#endif
