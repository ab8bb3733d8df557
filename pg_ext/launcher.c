/*
 * launcher.c - starts a worker for every stream that shall run, and again, later each time, for one
 * that ended by itself.
 *
 * The launcher is connected to no database, so it sends short-lived scanners (scanner.c) to those
 * whose catalog changed, one at a time, and to all of them when the server starts.  It never waits
 * for anything but its latch, and never longer than a second.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "pg_ext/launcher.h"
#include "pg_ext/settings.h"
#include "pg_ext/shared.h"

#define BACKOFF_FIRST_MS 500
#define BACKOFF_LAST_MS	 30000
#define LAUNCH_MS		 30000

static List *databases = NIL; /* still to be scanned */
static BackgroundWorkerHandle *scanner = NULL;
static MemoryContext launcher_context = NULL;

void
launcher_register(void)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = 5,
	};

	snprintf(worker.bgw_name, BGW_MAXLEN, "%s", "sluice launcher");
	snprintf(worker.bgw_type, BGW_MAXLEN, "%s", "sluice launcher");
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "%s", "sluice");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "%s", "sluice_launcher_main");
	RegisterBackgroundWorker(&worker);
}

/* Registers a dynamic worker; false when the server has no room for one. */
static bool
start_worker(const char *function, const char *title, Datum arg, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_main_arg = arg,
		.bgw_notify_pid = MyProcPid,
	};

	snprintf(worker.bgw_name, BGW_MAXLEN, "%s", title);
	snprintf(worker.bgw_type, BGW_MAXLEN, "%s", "sluice");
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "%s", "sluice");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "%s", function);
	return RegisterDynamicBackgroundWorker(&worker, handle);
}

static void
forget_launcher(int code, Datum arg)
{
	(void) code;
	(void) arg;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->launcher = 0;
	shared->launcher_latch = NULL;
	LWLockRelease(shared->lock);
}

/* Every database one can connect to, in the launcher's memory context. */
static List *
list_databases(void)
{
	List *result = NIL;
	Relation relation;
	TableScanDesc scan;
	HeapTuple tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext old;

		if (!form->datallowconn || form->datistemplate)
			continue;
		old = MemoryContextSwitchTo(launcher_context);
		result = lappend_oid(result, form->oid);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(launcher_context);
	return result;
}

/* Entries of databases that are gone go with them. */
static void
forget_missing_databases(List *existing)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < sluice_max_streams; i++)
	{
		StreamEntry *entry = &shared->streams[i];

		if (entry->used && entry->worker == 0 && !copy_entry_busy(&entry->copy) &&
			!list_member_oid(existing, entry->database))
			shared_forget(i);
	}
	LWLockRelease(shared->lock);
}

/* Moves the requests of functions into the launcher's own list. */
static void
take_requests(void)
{
	bool all;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	all = shared->scan_all;
	for (int i = 0; i < shared->requests; i++)
		databases = list_append_unique_oid(databases, shared->requested[i]);
	shared->requests = 0;
	shared->scan_all = false;
	LWLockRelease(shared->lock);
	if (!all)
		return;
	list_free(databases);
	databases = list_databases();
	forget_missing_databases(databases);
}

/* Databases with streams that run are looked at now and then, for their sequences. */
static void
request_sequences(void)
{
	static TimestampTz asked_at = 0;
	TimestampTz now = GetCurrentTimestamp();

	if (sluice_sequence_interval_s == 0 ||
		!TimestampDifferenceExceeds(asked_at, now, sluice_sequence_interval_s * 1000))
		return;
	asked_at = now;
	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < sluice_max_streams; i++)
	{
		if (shared->streams[i].used && shared->streams[i].worker != 0)
			databases = list_append_unique_oid(databases, shared->streams[i].database);
	}
	LWLockRelease(shared->lock);
}

/* One scanner at a time; the next when the former has ended. */
static void
scan_next(void)
{
	pid_t pid;
	Oid database;

	if (scanner != NULL)
	{
		if (GetBackgroundWorkerPid(scanner, &pid) != BGWH_STOPPED)
			return;
		pfree(scanner);
		scanner = NULL;
	}
	if (databases == NIL)
		return;
	database = linitial_oid(databases);
	if (start_worker("sluice_scanner_main", "sluice scanner", ObjectIdGetDatum(database), &scanner))
		databases = list_delete_first(databases);
	else
		scanner = NULL; /* no room now: tried again within a second */
}

static int
backoff_ms(int failures)
{
	int ms = BACKOFF_FIRST_MS;

	for (int i = 1; i < failures && ms < BACKOFF_LAST_MS; i++)
		ms *= 2;
	return Min(ms, BACKOFF_LAST_MS);
}

/* A worker that was registered and has not come up in this time never will. */
static bool
never_came(TimestampTz launched_at, TimestampTz now)
{
	return TimestampDifferenceExceeds(launched_at, now, LAUNCH_MS);
}

static bool
wants_worker(const StreamEntry *entry, TimestampTz now)
{
	return entry->used && entry->worker == 0 && !entry->suspended &&
		   (!entry->launched || never_came(entry->launched_at, now)) &&
		   (entry->wish == WISH_RUN || entry->wish == WISH_DROP) && now >= entry->start_after;
}

static bool
wants_copy_leader(const StreamEntry *entry, TimestampTz now)
{
	const CopyEntry *copy = &entry->copy;

	return entry->used && copy->wanted && copy->leader == 0 && !entry->suspended &&
		   (!copy->launched || never_came(copy->launched_at, now)) && entry->wish == WISH_RUN &&
		   now >= copy->start_after;
}

static void
start_stream_worker(int index)
{
	StreamEntry *entry = &shared->streams[index];
	char title[BGW_MAXLEN];
	BackgroundWorkerHandle *handle;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	snprintf(title, sizeof(title), "sluice stream %s", entry->name);
	/* If it dies before it can say so, the next start is not sooner than this. */
	entry->failures++;
	entry->launched_at = GetCurrentTimestamp();
	entry->start_after =
		TimestampTzPlusMilliseconds(entry->launched_at, backoff_ms(entry->failures));
	entry->launched = true;
	LWLockRelease(shared->lock);
	if (start_worker("sluice_stream_main", title, Int32GetDatum(index), &handle))
	{
		pfree(handle);
		return;
	}
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	entry->launched = false;
	entry->error_at = GetCurrentTimestamp();
	(void) sluice_fail(&entry->error, SLUICE_ERROR_LIMIT, "no background worker is free");
	(void) sluice_hint(&entry->error, "Raise max_worker_processes and restart the server.");
	LWLockRelease(shared->lock);
}

/* The same for the leader of a copy. */
static void
start_copy_leader(int index)
{
	CopyEntry *copy = &shared->streams[index].copy;
	char title[BGW_MAXLEN];
	BackgroundWorkerHandle *handle;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	snprintf(title, sizeof(title), "sluice copy %s", shared->streams[index].name);
	copy->failures++;
	copy->launched_at = GetCurrentTimestamp();
	copy->start_after = TimestampTzPlusMilliseconds(copy->launched_at, backoff_ms(copy->failures));
	copy->launched = true;
	LWLockRelease(shared->lock);
	if (start_worker("sluice_copy_leader_main", title, Int32GetDatum(index), &handle))
	{
		pfree(handle);
		return;
	}
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copy->launched = false;
	copy->error_at = GetCurrentTimestamp();
	(void) sluice_fail(&copy->error, SLUICE_ERROR_LIMIT, "no background worker is free");
	(void) sluice_hint(&copy->error, "Raise max_worker_processes and restart the server.");
	LWLockRelease(shared->lock);
}

static void
start_stream_workers(void)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < sluice_max_streams; i++)
	{
		bool start;
		bool copy;

		LWLockAcquire(shared->lock, LW_SHARED);
		start = wants_worker(&shared->streams[i], now);
		copy = wants_copy_leader(&shared->streams[i], now);
		LWLockRelease(shared->lock);
		if (start)
			start_stream_worker(i);
		if (copy)
			start_copy_leader(i);
	}
}

/* Whatever ended a worker may have been mended by other settings. */
static void
forget_failures(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < sluice_max_streams; i++)
	{
		shared->streams[i].failures = 0;
		shared->streams[i].start_after = 0;
		shared->streams[i].copy.failures = 0;
		shared->streams[i].copy.start_after = 0;
	}
	LWLockRelease(shared->lock);
}

/* Sleeps until woken, or until something may be due. */
static void
wait_for_work(void)
{
	int events = WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH;

	(void) WaitLatch(MyLatch, events, 1000, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
		forget_failures();
	}
}

/* After a crash of the server's other processes the entries are as new; nothing is running. */
void
sluice_launcher_main(Datum arg)
{
	(void) arg;
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	launcher_context =
		AllocSetContextCreate(TopMemoryContext, "sluice launcher", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(launcher_context);
	before_shmem_exit(forget_launcher, (Datum) 0);
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->launcher = MyProcPid;
	shared->launcher_latch = MyLatch;
	shared->scan_all = true;
	LWLockRelease(shared->lock);
	for (;;)
	{
		take_requests();
		request_sequences();
		scan_next();
		start_stream_workers();
		wait_for_work();
	}
}
