/*
 * copy_leader.c - one generation of a copy, and the wait until every consumer has it.
 *
 * Order of life: the copy's JetStream stream; a slot, of which the snapshot is exported; the slot's start
 * to the stream worker; locks on the tables; worker 0, which plans; workers, pass after pass, until no
 * chunk is left; the end of the snapshot; then looking at what the consumers report.
 *
 * Invariants:
 * 1. From the export of the snapshot to its end this process is in one transaction, whose end is the
 *    snapshot's and the locks': there is no SPI in between.
 * 2. The stream's own slot is made by the first generation only, and noted before a document tells of
 *    it, so that all documents of a stream name one incarnation; later snapshots come from slots that
 *    do not outlive the export.
 */
#include "pg_ext/copy_leader.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "replication/snapbuild.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "pg_ext/copy_catalog.h"
#include "pg_ext/copy_plan.h"
#include "pg_ext/copy_process.h"
#include "pg_ext/copy_watch.h"
#include "pg_ext/copy_worker.h"
#include "pg_ext/stream_slot.h"

#define LOOK_MS			200
#define PAUSE_FIRST_MS	1000  /* between passes that failed; doubles... */
#define PAUSE_LAST_MS	30000 /* ...up to this */
#define SNAPSHOTS_TRIED 5

static BackgroundWorkerHandle *handles[COPY_WORKERS_MAXIMUM];

static void
set_phase(CopyPhase phase)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copying.copy->phase = phase;
	LWLockRelease(shared->lock);
}

/* ---- workers ---- */

static bool
any_worker_left(void)
{
	bool left = false;
	pid_t pid;

	for (int i = 0; i < COPY_WORKERS_MAXIMUM; i++)
	{
		if (handles[i] == NULL)
			continue;
		if (GetBackgroundWorkerPid(handles[i], &pid) != BGWH_STOPPED)
			left = true;
		else
		{
			pfree(handles[i]);
			handles[i] = NULL;
		}
	}
	return left;
}

/* Those of a leader before us end by themselves. */
static void
wait_for_workers_of_others(void)
{
	bool there = true;

	while (there)
	{
		there = false;
		LWLockAcquire(shared->lock, LW_SHARED);
		for (int i = 0; i < COPY_WORKERS_MAXIMUM; i++)
			there = there || copying.copy->workers[i].pid != 0;
		LWLockRelease(shared->lock);
		if (there)
			copy_wait(LOOK_MS);
	}
}

static void
begin_pass(void)
{
	pg_atomic_write_u32(&copying.copy->next_chunk, 0);
	pg_atomic_write_u32(&copying.copy->chunks_done, 0);
}

static void
start_workers(int from)
{
	int count = copying.row.copy_workers;
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	SluiceError err;
	int started = 0;

	for (int i = from; i < count; i++)
		started += copy_worker_start(i, count, false, &handles[i]) ? 1 : 0;
	MemoryContextSwitchTo(old);
	if (started > 0 || from > 0)
		return;
	(void) sluice_fail(&err, SLUICE_ERROR_LIMIT, "no background worker is free");
	(void) sluice_hint(&err, "Raise max_worker_processes and restart the server.");
	copy_note_error(&err);
}

/* Until the workers have ended; true when no chunk is left. */
static bool
end_pass(void)
{
	while (any_worker_left())
	{
		copy_watch();
		copy_wait(LOOK_MS);
	}
	return pg_atomic_read_u32(&copying.copy->chunks_done) >= copying.copy->chunks;
}

static void
pause_ms(int ms)
{
	for (int waited = 0; waited < ms; waited += LOOK_MS)
	{
		copy_watch();
		copy_wait(LOOK_MS);
	}
}

/* The snapshot is dear, so what fails is tried again under it: what people mend (a privilege, a disk, a
 * value) then goes on where it was. */
static void
run_passes(void)
{
	int pause = PAUSE_FIRST_MS;

	start_workers(1);
	while (!end_pass())
	{
		pause_ms(pause);
		pause = Min(pause * 2, PAUSE_LAST_MS);
		begin_pass();
		start_workers(0);
	}
	copy_note_error(NULL);
}

/* ---- a snapshot with its plan ---- */

static void
note_waiting(bool waiting)
{
	SluiceError err;

	(void) sluice_fail(&err, SLUICE_ERROR_TIMEOUT,
					   "its slot waits for transactions that were running to end");
	copy_note_error(waiting ? &err : NULL);
}

static void
take_snapshot(bool first, bool keep)
{
	CopyEntry *copy = copying.copy;
	char *slot = first ? copying.row.slot : psprintf("%s_copy", copying.row.slot);
	MemoryContext context = CurrentMemoryContext;
	char snapshot[COPY_SNAPSHOT_NAME_SIZE];
	XLogRecPtr position;

	stream_slot_drop(slot);
	note_waiting(true);
	copy_allow_cancel(true);
	position = stream_slot_export(slot, keep, snapshot, sizeof(snapshot));
	copy_allow_cancel(false);
	MemoryContextSwitchTo(context);
	note_waiting(false);
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copy->position = position;
	snprintf(copy->snapshot, sizeof(copy->snapshot), "%s", snapshot);
	copy->incarnation = first ? stream_slot_incarnation(position) : copying.row.incarnation;
	LWLockRelease(shared->lock);
}

static void
end_snapshot(void)
{
	MemoryContext context = CurrentMemoryContext;

	SnapBuildClearExportedSnapshot();
	MemoryContextSwitchTo(context);
}

/* False when a table is gone. */
static bool
lock_tables(List *tables)
{
	ListCell *cell;

	foreach (cell, tables)
	{
		copy_allow_cancel(true);
		LockRelationOid(lfirst_oid(cell), AccessShareLock);
		copy_allow_cancel(false);
		if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(lfirst_oid(cell))))
			return false;
	}
	return true;
}

/* Has worker 0 plan; false when it takes another snapshot. */
static bool
plan(void)
{
	CopyEntry *copy = copying.copy;
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	SluiceError err;
	bool started = copy_worker_start(0, copying.row.copy_workers, true, &handles[0]);

	MemoryContextSwitchTo(old);
	if (!started)
	{
		(void) sluice_fail(&err, SLUICE_ERROR_LIMIT, "no background worker is free");
		(void) sluice_hint(&err, "Raise max_worker_processes and restart the server.");
		copy_raise(&err);
	}
	while (copy->plan == PLAN_WANTED)
	{
		if (any_worker_left())
		{
			copy_watch(); /* the document needs room */
			copy_wait(LOOK_MS);
			continue;
		}
		if (copy->plan != PLAN_WANTED)
			break;
		(void) sluice_fail(&err, SLUICE_ERROR_STATE, "its tables could not be planned%s%s",
						   copy->error.code != SLUICE_OK ? ": " : "",
						   copy->error.code != SLUICE_OK ? copy->error.message : "");
		copy_raise(&err);
	}
	return copy->plan == PLAN_MADE;
}

/* The stream worker notes the slot and streams from it at once. */
static void
hand_over_slot(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copying.copy->slot_made = true;
	if (copying.entry->latch != NULL)
		SetLatch(copying.entry->latch);
	LWLockRelease(shared->lock);
	copying.row.has_incarnation = true;
	copying.row.incarnation = copying.copy->incarnation;
}

static bool
try_generation(void)
{
	CopyEntry *copy = copying.copy;
	bool first = !copying.row.has_incarnation;
	bool keep = first && !copying.row.convert_only;
	uint32 generation = copy_catalog_begin(copying.row.name);
	List *tables = copy_catalog_tables(copying.row.name);

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copy->generation = generation;
	copy->phase = COPY_PLANNING;
	copy->plan = PLAN_WANTED;
	copy->chunks = 0;
	copy->tables = copy_plan_checksum(tables);
	LWLockRelease(shared->lock);
	begin_pass();
	take_snapshot(first, keep);
	if (first)
		hand_over_slot();
	if (!lock_tables(tables) || !plan())
	{
		copy_await_slot_noted(); /* the next snapshot's position takes the place of this one's */
		end_snapshot();
		(void) end_pass();
		return false;
	}
	set_phase(COPY_LOADING);
	run_passes();
	end_snapshot();
	copy_catalog_copied(copying.row.name, generation);
	return true;
}

static void
make_generation(void)
{
	SluiceError err;

	for (int i = 0; i < SNAPSHOTS_TRIED; i++)
	{
		if (try_generation())
			return;
	}
	(void) sluice_fail(&err, SLUICE_ERROR_CONFLICT,
					   "tables are rewritten or published so often that no snapshot fits them");
	(void) sluice_hint(&err, "It is tried again.");
	copy_raise(&err);
}

/* ---- the end ---- */

static void
end_copy(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copying.copy->phase = COPY_DONE;
	copying.copy->wanted = false;
	if (copying.entry->latch != NULL)
		SetLatch(copying.entry->latch);
	LWLockRelease(shared->lock);
}

/* The next leader reads them again, under its own snapshot. */
static void
note_lost(const Bitmapset *complete)
{
	SluiceError err;
	int tables = copy_catalog_lost(copying.row.name, copying.copy->generation, complete);

	(void) sluice_fail(
		&err, SLUICE_ERROR_STATE,
		"rows of %d tables are no longer in JetStream, and a consumer has not got them", tables);
	(void) sluice_hint(&err,
					   "They are read again. Nobody but Sluice should purge stream SLUICE_%s_LOAD.",
					   copying.row.name);
	copy_raise(&err);
}

static void
watch_to_the_end(void)
{
	for (;;)
	{
		const Bitmapset *complete;
		LoadPhase phase;

		copy_watch();
		if (copy_watch_lost(&complete))
			note_lost(complete);
		phase = copy_watch_phase();
		if (phase == LOAD_DONE)
			break;
		set_phase(phase == LOAD_INDEXING ? COPY_INDEXING : COPY_LOADING);
		copy_wait(LOOK_MS);
	}
	copy_watch_clear();
	copy_catalog_finished(copying.row.name, copying.copy->generation);
	end_copy();
}

/* The plan of a generation whose chunks are all in JetStream already. */
static void
remember(const CopyRow *row)
{
	CopyEntry *copy = copying.copy;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copy->generation = row->generation;
	copy->position = row->position;
	copy->chunks = row->chunks;
	copy->incarnation = copying.row.incarnation;
	copy->phase = COPY_LOADING;
	LWLockRelease(shared->lock);
	pg_atomic_write_u32(&copy->chunks_done, row->chunks);
}

/* A slot that was handed over and not noted yet is the stream's: it must not be made again. */
static void
read_row(void)
{
	for (;;)
	{
		bool noted;

		if (!catalog_read(copying.entry->name, &copying.row))
		{
			copying.stopping = true;
			ereport(ERROR, (errmsg("stream \"%s\" is gone", copying.entry->name)));
		}
		LWLockAcquire(shared->lock, LW_SHARED);
		noted = copying.row.has_incarnation || !copying.copy->slot_made;
		LWLockRelease(shared->lock);
		if (noted)
			return;
		copy_wait(LOOK_MS);
	}
}

static void
lead(void)
{
	CopyRow newest;

	BecomeLockGroupLeader();
	read_row();
	wait_for_workers_of_others();
	if (!copying.row.copy_due)
	{
		end_copy();
		return;
	}
	copy_catalog_read(copying.row.name, &newest);
	copy_watch_start();
	if (newest.copied && !newest.finished)
		remember(&newest);
	else
		make_generation();
	watch_to_the_end();
}

/* ---- life ---- */

static void
leave(int code, Datum arg)
{
	(void) code;
	(void) arg;
	copy_watch_stop();
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copying.copy->leader = 0;
	copying.copy->latch = NULL;
	copying.copy->launched = false;
	copying.copy->locked_out = false;
	if (copying.entry->latch != NULL)
		SetLatch(copying.entry->latch); /* it may wait for us to be gone */
	LWLockRelease(shared->lock);
	/* Tables may have been added since this copy was planned, or the stream dropped. */
	shared_request_scan(copying.entry->database);
}

static bool
enter(void)
{
	bool good;

	copying.leader = MyProcPid;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	good = copying.copy->leader == 0 && copying.entry->used;
	if (good)
	{
		copying.copy->leader = MyProcPid;
		copying.copy->latch = MyLatch;
	}
	LWLockRelease(shared->lock);
	if (good)
		before_shmem_exit(leave, (Datum) 0);
	return good;
}

void
sluice_copy_leader_main(Datum arg)
{
	copy_process_prepare(DatumGetInt32(arg));
	if (!enter())
		proc_exit(0);
	copy_process_connect();
	copy_run(lead);
	proc_exit(0);
}
