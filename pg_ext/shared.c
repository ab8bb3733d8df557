/*
 * shared.c - sizing and making the shared memory, and the small operations on it.
 */
#include "shared.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "pg_ext/settings.h"

SharedState *shared = NULL;

static shmem_startup_hook_type previous_startup = NULL;
#if PG_VERSION_NUM >= 150000
static shmem_request_hook_type previous_request = NULL;
#endif

static Size
streams_size(void)
{
	return MAXALIGN(add_size(offsetof(SharedState, streams),
							 mul_size(sizeof(StreamEntry), sluice_max_streams)));
}

static Size
shared_size(void)
{
	return add_size(streams_size(), mul_size(sizeof(TableEntry), sluice_max_tracked_tables));
}

TableEntry *
shared_tables(void)
{
	return (TableEntry *) ((char *) shared + streams_size());
}

static void
reserve(void)
{
#if PG_VERSION_NUM >= 150000
	if (previous_request != NULL)
		previous_request();
#endif
	RequestAddinShmemSpace(shared_size());
	RequestNamedLWLockTranche("sluice", 1);
}

static void
startup(void)
{
	bool found;

	if (previous_startup != NULL)
		previous_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("sluice", shared_size(), &found);
	if (!found)
	{
		memset(shared, 0, shared_size());
		shared->lock = &GetNamedLWLockTranche("sluice")->lock;
		shared->scan_all = true;
		pg_atomic_init_u32(&shared->running, 0);
		for (int i = 0; i < sluice_max_streams; i++)
		{
			pg_atomic_init_u32(&shared->streams[i].sleeping, 0);
			copy_entry_init(&shared->streams[i].copy);
		}
	}
	LWLockRelease(AddinShmemInitLock);
}

void
shared_request(void)
{
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = startup;
#if PG_VERSION_NUM >= 150000
	previous_request = shmem_request_hook;
	shmem_request_hook = reserve;
#else
	reserve();
#endif
}

StreamEntry *
shared_find(Oid database, const char *name)
{
	for (int i = 0; i < sluice_max_streams; i++)
	{
		StreamEntry *entry = &shared->streams[i];

		if (entry->used && entry->database == database && strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

StreamState
shared_state(const StreamEntry *entry)
{
	static const StreamState states[] = {
		[COPY_PLANNING] = STREAM_COPYING_SCHEMA,
		[COPY_LOADING] = STREAM_LOADING,
		[COPY_INDEXING] = STREAM_INDEXING,
	};
	bool running = entry->state == STREAM_STARTING || entry->state == STREAM_STREAMING;

	if (!running || entry->copy.joins || entry->copy.phase == COPY_NONE ||
		entry->copy.phase == COPY_DONE)
		return entry->state;
	return states[entry->copy.phase];
}

void
shared_wake_launcher(void)
{
	Latch *latch;

	LWLockAcquire(shared->lock, LW_SHARED);
	latch = shared->launcher != 0 ? shared->launcher_latch : NULL;
	if (latch != NULL)
		SetLatch(latch);
	LWLockRelease(shared->lock);
}

void
shared_request_scan(Oid database)
{
	bool asked = false;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < shared->requests; i++)
		asked = asked || shared->requested[i] == database;
	if (!OidIsValid(database) || (!asked && shared->requests == SHARED_REQUESTS))
		shared->scan_all = true;
	else if (!asked)
		shared->requested[shared->requests++] = database;
	LWLockRelease(shared->lock);
	shared_wake_launcher();
}

void
shared_offer_place(void)
{
	if (shared->starved)
		shared->scan_all = true;
	shared->starved = false;
}

/* A process that waits for a lock looks at its latch and sleeps on: it has to be cancelled. */
static void
nudge(pid_t pid, Latch *latch, bool cancel)
{
	if (pid == 0)
		return;
	SetLatch(latch);
	if (cancel)
		(void) kill(pid, SIGINT);
}

void
shared_nudge(const StreamEntry *entry)
{
	bool unwanted = entry->wish != WISH_RUN || entry->suspended;

	nudge(entry->worker, entry->latch, entry->locked_out && unwanted);
	nudge(entry->copy.leader, entry->copy.latch, entry->copy.locked_out && unwanted);
}

void
shared_count_table(int stream, Oid relid, const uint64 counts[TABLE_COUNTS])
{
	TableEntry *tables = shared_tables();
	TableEntry *free_entry = NULL;
	TableEntry *entry = NULL;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < sluice_max_tracked_tables && entry == NULL; i++)
	{
		if (tables[i].stream == stream + 1 && tables[i].relid == relid)
			entry = &tables[i];
		else if (tables[i].stream == 0)
		{
			free_entry = &tables[i];
			break; /* entries are only ever freed all at once, so behind a free one is none */
		}
	}
	if (entry == NULL && free_entry != NULL)
	{
		entry = free_entry;
		memset(entry, 0, sizeof(*entry));
		entry->stream = stream + 1;
		entry->relid = relid;
	}
	if (entry != NULL)
	{
		for (int i = 0; i < TABLE_COUNTS; i++)
			entry->counts[i] += counts[i];
	}
	LWLockRelease(shared->lock);
}

void
shared_forget(int stream)
{
	TableEntry *tables = shared_tables();
	int kept = 0;

	shared->streams[stream].used = false;
	shared_offer_place();
	for (int i = 0; i < sluice_max_tracked_tables && tables[i].stream != 0; i++)
	{
		if (tables[i].stream == stream + 1)
			continue;
		if (kept != i)
			tables[kept] = tables[i];
		kept++;
	}
	for (int i = kept; i < sluice_max_tracked_tables && tables[i].stream != 0; i++)
		tables[i].stream = 0;
}
