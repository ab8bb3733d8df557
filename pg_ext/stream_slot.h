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

/* Drops it if it is there and ours; waits until its user is gone. */
extern void stream_slot_drop(const char *name);

/* Of the slot held: confirms everything before `position`, and now and then makes that durable. */
extern void stream_slot_confirm(XLogRecPtr position);
extern void stream_slot_save(void);

#endif
