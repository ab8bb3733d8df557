/*
 * copy_worker.c - chunk after chunk, each in a transaction of its own under the leader's snapshot.
 *
 * Invariants:
 * 1. A chunk is noted as done in the transaction that read it, after JetStream had all of it.
 * 2. Workers are members of the leader's lock group: a command that waits for the leader's lock on a
 *    table does not stand between a worker and that table.
 */
#include "pg_ext/copy_worker.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "pg_ext/copy_catalog.h"
#include "pg_ext/copy_output.h"
#include "pg_ext/copy_plan.h"
#include "pg_ext/copy_process.h"
#include "pg_ext/copy_scan.h"

/* What a worker is told at its start, in bgw_extra. */
typedef struct WorkerOrder
{
	int number;
	int workers;
	bool plans;
	pid_t leader;
} WorkerOrder;

static WorkerOrder order;

bool
copy_worker_start(int number, int workers, bool plans, BackgroundWorkerHandle **handle)
{
	WorkerOrder its_order = {number, workers, plans, MyProcPid};
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_main_arg = Int32GetDatum(copying.index),
		.bgw_notify_pid = MyProcPid,
	};

	StaticAssertStmt(sizeof(WorkerOrder) <= BGW_EXTRALEN, "the order does not fit");
	snprintf(worker.bgw_name, BGW_MAXLEN, "sluice copy %s %d", copying.row.name, number);
	snprintf(worker.bgw_type, BGW_MAXLEN, "%s", "sluice copy");
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "%s", "sluice");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "%s", "sluice_copy_worker_main");
	memcpy(worker.bgw_extra, &its_order, sizeof(its_order));
	return RegisterDynamicBackgroundWorker(&worker, handle);
}

/* ---- transactions ---- */

void
copy_worker_begin_chunk(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	XactIsoLevel = XACT_REPEATABLE_READ;
	ImportSnapshot(copying.copy->snapshot);
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
copy_worker_end_chunk(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(false);
}

/* ---- chunks ---- */

static CopyWorkerEntry *
own_entry(void)
{
	return &copying.copy->workers[copying.worker];
}

static void
show_table(const CopyChunk *chunk)
{
	CopyWorkerEntry *entry = own_entry();

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	entry->relid = chunk != NULL ? chunk->relid : InvalidOid;
	entry->rows = entry->bytes = 0;
	LWLockRelease(shared->lock);
}

static void
copy_chunk(const CopyChunk *chunk)
{
	CopyTotals totals;

	show_table(chunk);
	copy_worker_begin_chunk();
	copy_output_chunk(chunk);
	copy_scan(chunk);
	copy_output_chunk_end(&totals);
	copy_catalog_chunk_done(copying.row.name, copying.copy->generation, chunk, &totals);
	copy_worker_end_chunk();
	show_table(NULL);
}

static void
copy_chunks(void)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "sluice chunk", ALLOCSET_DEFAULT_SIZES);
	CopyEntry *copy = copying.copy;

	for (;;)
	{
		uint32 number = pg_atomic_fetch_add_u32(&copy->next_chunk, 1);
		CopyChunk chunk;

		if (number >= copy->chunks)
			return;
		MemoryContextSwitchTo(context);
		if (copy_catalog_chunk(copying.row.name, copy->generation, number, &chunk))
			copy_chunk(&chunk);
		pg_atomic_fetch_add_u32(&copy->chunks_done, 1);
		MemoryContextReset(context);
		copy_serve_interrupts();
	}
}

/* ---- life ---- */

static void
leave(int code, Datum arg)
{
	(void) code;
	(void) arg;
	copy_output_stop();
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	*own_entry() = (CopyWorkerEntry){0};
	if (copying.copy->latch != NULL)
		SetLatch(copying.copy->latch);
	LWLockRelease(shared->lock);
}

/* False when the leader that ordered this worker is not there any more. */
static bool
enter(void)
{
	bool good;

	copying.worker = order.number;
	copying.leader = order.leader;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	good = copying.copy->leader == order.leader && own_entry()->pid == 0;
	if (good)
		own_entry()->pid = MyProcPid;
	LWLockRelease(shared->lock);
	if (good)
		before_shmem_exit(leave, (Datum) 0);
	return good;
}

static void
join_lock_group(void)
{
	PGPROC *leader = BackendPidGetProc(order.leader);

	if (leader == NULL || !BecomeLockGroupMember(leader, order.leader))
	{
		copying.stopping = true;
		ereport(ERROR,
				(errmsg("the leader of the copy of stream \"%s\" is gone", copying.entry->name)));
	}
}

static void
work(void)
{
	join_lock_group();
	if (!catalog_read(copying.entry->name, &copying.row))
		return;
	copy_output_start(order.workers);
	copy_scan_start();
	if (order.plans)
		copy_plan();
	if (copying.copy->plan == PLAN_MADE)
		copy_chunks();
}

void
sluice_copy_worker_main(Datum arg)
{
	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	copy_process_prepare(DatumGetInt32(arg));
	if (!enter())
		proc_exit(0);
	copy_process_connect();
	copy_run(work);
	proc_exit(0);
}
