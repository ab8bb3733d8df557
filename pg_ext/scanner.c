/*
 * scanner.c - a short-lived worker that compares one database's catalog with the shared entries.
 *
 * It is the only writer of wishes, and makes the entries.  A slot of ours whose stream is gone (the
 * extension was dropped, a row was deleted by hand) is removed here, so that no log is kept for it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/slot.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "pg_ext/catalog.h"
#include "pg_ext/launcher.h"
#include "pg_ext/pg_compat.h"
#include "pg_ext/settings.h"
#include "pg_ext/shared.h"

static StreamEntry *
free_entry(void)
{
	for (int i = 0; i < sluice_max_streams; i++)
	{
		if (!shared->streams[i].used)
			return &shared->streams[i];
	}
	return NULL;
}

/* Makes or changes the entry of a row. */
static void
apply_row(const StreamRow *row)
{
	StreamEntry *entry;
	Latch *latch = NULL;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	entry = shared_find(MyDatabaseId, row->name);
	if (entry == NULL && (row->wish == WISH_RUN || row->wish == WISH_DROP))
	{
		entry = free_entry();
		if (entry == NULL)
		{
			LWLockRelease(shared->lock);
			ereport(WARNING, (errmsg("sluice: stream \"%s\" cannot run: all %d places are taken",
									 row->name, sluice_max_streams),
							  errhint("Raise sluice.max_streams and restart the server.")));
			return;
		}
		*entry = (StreamEntry){.used = true, .database = MyDatabaseId, .state = row->state};
		snprintf(entry->name, sizeof(entry->name), "%s", row->name);
		pg_atomic_init_u32(&entry->sleeping, 0);
	}
	if (entry != NULL)
	{
		if (entry->wish != row->wish)
		{
			entry->failures = 0;
			entry->start_after = 0;
		}
		entry->wish = row->wish;
		entry->suspended = false;
		latch = entry->worker != 0 ? entry->latch : NULL;
		if (latch != NULL)
			SetLatch(latch);
	}
	LWLockRelease(shared->lock);
}

static bool
has_row(List *rows, const char *name)
{
	ListCell *cell;

	foreach (cell, rows)
	{
		if (strcmp(((StreamRow *) lfirst(cell))->name, name) == 0)
			return true;
	}
	return false;
}

/* Entries whose row is gone: their workers shall end; without a worker they are forgotten. */
static void
apply_missing(List *rows)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < sluice_max_streams; i++)
	{
		StreamEntry *entry = &shared->streams[i];

		if (!entry->used || entry->database != MyDatabaseId || has_row(rows, entry->name))
			continue;
		entry->wish = WISH_NONE;
		if (entry->worker != 0)
			SetLatch(entry->latch); /* its exit asks for another scan */
		else
			shared_forget(i);
	}
	LWLockRelease(shared->lock);
}

static bool
is_ours(const ReplicationSlot *slot)
{
	return slot->in_use && slot->data.database == MyDatabaseId &&
		   strcmp(NameStr(slot->data.plugin), "sluice") == 0 &&
		   strncmp(NameStr(slot->data.name), "sluice_", 7) == 0;
}

static bool
has_slot(List *rows, const char *slot)
{
	ListCell *cell;

	foreach (cell, rows)
	{
		if (strcmp(((StreamRow *) lfirst(cell))->slot, slot) == 0)
			return true;
	}
	return false;
}

/* The name of a slot of ours that no row names and nobody uses; false when there is none. */
static bool
find_orphan(List *rows, NameData *name)
{
	bool found = false;

	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots && !found; i++)
	{
		ReplicationSlot *slot = &ReplicationSlotCtl->replication_slots[i];

		SpinLockAcquire(&slot->mutex);
		if (is_ours(slot) && slot->active_pid == 0 && !has_slot(rows, NameStr(slot->data.name)))
		{
			*name = slot->data.name;
			found = true;
		}
		SpinLockRelease(&slot->mutex);
	}
	LWLockRelease(ReplicationSlotControlLock);
	return found;
}

static void
drop_orphans(List *rows)
{
	NameData name;

	while (find_orphan(rows, &name))
	{
		CHECK_FOR_INTERRUPTS();
		ereport(LOG, (errmsg("sluice: dropping replication slot \"%s\": its stream is gone",
							 NameStr(name))));
		compat_slot_drop(NameStr(name));
	}
}

void
sluice_scanner_main(Datum arg)
{
	List *rows;
	ListCell *cell;
	bool installed;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(arg), InvalidOid, 0);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION);
	MemoryContextSwitchTo(TopMemoryContext);
	rows = catalog_read_all(&installed);
	foreach (cell, rows)
		apply_row(lfirst(cell));
	apply_missing(rows);
	drop_orphans(rows);
	shared_wake_launcher();
}
