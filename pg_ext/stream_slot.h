/*
 * stream_slot.h - the replication slot behind a stream, seen from its worker.
 */
#ifndef SLUICE_STREAM_SLOT_H
#define SLUICE_STREAM_SLOT_H

#include "postgres.h"

#include "access/xlogdefs.h"

typedef enum SlotCondition
{
	SLOT_MISSING,
	SLOT_FOREIGN, /* another plugin's, or another database's */
	SLOT_LOST,	  /* invalidated: changes are gone */
	SLOT_BUSY,	  /* somebody uses it */
	SLOT_GOOD
} SlotCondition;

extern SlotCondition stream_slot_condition(const char *name);

/* Creates it, persistent and released; returns its consistent point.  Waits for running transactions. */
extern XLogRecPtr stream_slot_create(const char *name);

/*
 * Creates a slot like this and exports the snapshot of its start, whose name goes to `snapshot`.  The
 * snapshot lives until SnapBuildClearExportedSnapshot(), in a transaction that this leaves open; the
 * slot is persistent with `keep`, else gone already.
 */
extern XLogRecPtr stream_slot_export(const char *name, bool keep, char *snapshot, size_t size);

/* What tells a slot that starts here from any other. */
extern uint64 stream_slot_incarnation(XLogRecPtr start);

/* Drops it if it is there and ours; waits until its user is gone. */
extern void stream_slot_drop(const char *name);

/* Of the slot held: confirms everything before `position`, and now and then makes that durable. */
extern void stream_slot_confirm(XLogRecPtr position);
extern void stream_slot_save(void);

#endif
