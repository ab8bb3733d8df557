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
#include "utils/memutils.h"

#include "pg_ext/catalog.h"
#include "pg_ext/launcher.h"
#include "pg_ext/pg_compat.h"
#include "pg_ext/settings.h"
#include "pg_ext/shared.h"
#include "pg_ext/worker_session.h"

/* One that does not run keeps its place only while nobody else needs it: its row says as much. */
static bool
can_give_way(const StreamEntry *entry)
{
	return entry->worker == 0 && !entry->launched && !copy_entry_busy(&entry->copy) &&
		   (entry->wish == WISH_PAUSE || entry->wish == WISH_STOP);
}

/* A place for a stream, NULL when all are taken; lock held. */
static StreamEntry *
free_entry(void)
{
	for (int i = 0; i < sluice_max_streams; i++)
	{
		if (!shared->streams[i].used)
			return &shared->streams[i];
	}
	for (int i = 0; i < sluice_max_streams; i++)
	{
		if (!can_give_way(&shared->streams[i]))
			continue;
		shared_forget(i);
		return &shared->streams[i];
	}
	return NULL;
}

/* Where the stream's owner looks; its next start, or its end, takes it away. */
static void
note_starved(const StreamRow *row)
{
	SluiceError err;

	(void) sluice_fail(&err, SLUICE_ERROR_LIMIT, "all %d places for streams are taken",
					   sluice_max_streams);
	(void) sluice_hint(&err, "Pause or drop another stream, or raise sluice.max_streams and "
							 "restart the server.");
	ereport(LOG, (errmsg("stream \"%s\" cannot run: %s", row->name, err.message),
				  errhint("%s", err.hint)));
	catalog_note_error(row->name, &err);
}

/* Makes or changes the entry of a row. */
static void
apply_row(const StreamRow *row)
{
	StreamEntry *entry;
	bool starved;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	entry = shared_find(MyDatabaseId, row->name);
	starved = entry == NULL && (row->wish == WISH_RUN || row->wish == WISH_DROP);
	if (starved && (entry = free_entry()) != NULL)
	{
		starved = false;
		*entry = (StreamEntry){.used = true, .database = MyDatabaseId, .state = row->state};
		snprintf(entry->name, sizeof(entry->name), "%s", row->name);
		pg_atomic_init_u32(&entry->sleeping, 0);
		copy_entry_init(&entry->copy);
	}
	if (entry != NULL)
	{
		/* Another wish, or another way to drop, is tried at once. */
		if (entry->wish != row->wish || entry->keep_jetstream != row->keep_jetstream)
		{
			entry->failures = 0;
			entry->start_after = 0;
		}
		entry->wish = row->wish;
		entry->keep_jetstream = row->keep_jetstream;
		entry->suspended = false;
		/* Tables were added; a worker that starts asks for their copy itself. */
		if (row->copy_due && row->copies_finished > 0 && row->wish == WISH_RUN &&
			entry->worker != 0)
			copy_entry_want(&entry->copy, true);
		shared_nudge(entry);
	}
	shared->starved |= starved;
	LWLockRelease(shared->lock);
	if (starved)
		note_starved(row);
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
		shared_nudge(entry); /* the exit of whoever is there asks for another scan */
		if (entry->worker == 0 && !copy_entry_busy(&entry->copy))
			shared_forget(i);
	}
	LWLockRelease(shared->lock);
}

/* Anybody may have slots with our plugin; ours begin with what create_stream() puts there. */
static bool
is_ours(const ReplicationSlot *slot, const char *prefix)
{
	return slot->in_use && slot->data.database == MyDatabaseId &&
		   strcmp(NameStr(slot->data.plugin), "sluice") == 0 &&
		   strncmp(NameStr(slot->data.name), prefix, strlen(prefix)) == 0;
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
	char prefix[NAMEDATALEN];
	bool found = false;

	snprintf(prefix, sizeof(prefix), "sluice_%u_", MyDatabaseId);
	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots && !found; i++)
	{
		ReplicationSlot *slot = &ReplicationSlotCtl->replication_slots[i];

		SpinLockAcquire(&slot->mutex);
		if (is_ours(slot, prefix) && slot->active_pid == 0 &&
			!has_slot(rows, NameStr(slot->data.name)))
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
	worker_enter_database(DatumGetObjectId(arg));
	MemoryContextSwitchTo(TopMemoryContext);
	rows = catalog_read_all(&installed);
	foreach (cell, rows)
		apply_row(lfirst(cell));
	apply_missing(rows);
	drop_orphans(rows);
	if (installed)
		catalog_send_sequences();
	shared_wake_launcher();
}
