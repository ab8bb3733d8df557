/*
 * stream_slot.c - creating, judging, confirming and dropping a slot from inside the server.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlogutils.h"
#include "miscadmin.h"
#include "replication/decode.h"
#include "replication/logical.h"
#include "replication/slot.h"
#include "replication/snapbuild.h"

#include "pg_ext/pg_compat.h"
#include "pg_ext/stream_slot.h"
#include "pg_ext/wal_source.h"

SlotCondition
stream_slot_condition(const char *name)
{
	SlotCondition condition = SLOT_MISSING;

	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots; i++)
	{
		ReplicationSlot *slot = &ReplicationSlotCtl->replication_slots[i];

		if (!slot->in_use || strcmp(NameStr(slot->data.name), name) != 0)
			continue;
		SpinLockAcquire(&slot->mutex);
		if (slot->data.database != MyDatabaseId ||
			strcmp(NameStr(slot->data.plugin), "sluice") != 0)
			condition = SLOT_FOREIGN;
		else if (compat_slot_invalid(slot))
			condition = SLOT_LOST;
		else
			condition =
				slot->active_pid != 0 && slot->active_pid != MyProcPid ? SLOT_BUSY : SLOT_GOOD;
		SpinLockRelease(&slot->mutex);
	}
	LWLockRelease(ReplicationSlotControlLock);
	return condition;
}

/* An ephemeral slot, held, with what found its start. */
static LogicalDecodingContext *
make(const char *name, bool full_snapshot)
{
	XLogReaderRoutine routine = {
		.page_read = wal_source_read_page,
		.segment_open = wal_segment_open,
		.segment_close = wal_segment_close,
	};
	LogicalDecodingContext *context;

	CheckLogicalDecodingRequirements();
	compat_slot_create(name, RS_EPHEMERAL);
	context = CreateInitDecodingContext("sluice", NIL, full_snapshot, InvalidXLogRecPtr, &routine,
										NULL, NULL, NULL);
	wal_source_wait(true);
	DecodingContextFindStartpoint(context);
	wal_source_wait(false);
	return context;
}

XLogRecPtr
stream_slot_create(const char *name)
{
	LogicalDecodingContext *context = make(name, false);
	XLogRecPtr start = MyReplicationSlot->data.confirmed_flush;

	FreeDecodingContext(context);
	ReplicationSlotPersist();
	ReplicationSlotRelease();
	return start;
}

XLogRecPtr
stream_slot_export(const char *name, bool keep, char *snapshot, size_t size)
{
	LogicalDecodingContext *context = make(name, true);
	XLogRecPtr start = MyReplicationSlot->data.confirmed_flush;

	snprintf(snapshot, size, "%s", SnapBuildExportSnapshot(context->snapshot_builder));
	FreeDecodingContext(context);
	if (keep)
		ReplicationSlotPersist();
	/* Else our xmin would not count between the slot's giving up its own and the release's end. */
	compat_leave_decoding();
	ReplicationSlotRelease();
	return start;
}

uint64
stream_slot_incarnation(XLogRecPtr start)
{
	return GetSystemIdentifier() ^ (start * UINT64CONST(0x9E3779B97F4A7C15)) ^
		   ((uint64) MyDatabaseId << 32);
}

void
stream_slot_drop(const char *name)
{
	for (;;)
	{
		SlotCondition condition = stream_slot_condition(name);

		CHECK_FOR_INTERRUPTS();
		if (condition == SLOT_MISSING || condition == SLOT_FOREIGN)
			return;
		if (condition != SLOT_BUSY)
		{
			compat_slot_drop(name);
			return;
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 100,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

void
stream_slot_confirm(XLogRecPtr position)
{
	/* Older minors let it move back. */
	if (position > MyReplicationSlot->data.confirmed_flush)
		LogicalConfirmReceivedLocation(position);
}

void
stream_slot_save(void)
{
	ReplicationSlotMarkDirty();
	ReplicationSlotSave();
}
