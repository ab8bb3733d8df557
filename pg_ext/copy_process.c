/*
 * copy_process.c - the life of a process of a copy, whichever it is.
 */
#include "pg_ext/copy_process.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/xact.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/slot.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

#include "pg_ext/worker_session.h"

#define REUSE_BYTES (4 << 20) /* bundles up to this size are reused by malloc, not mapped anew */
#define NOTE_MS		5		  /* between looks whether the slot is noted: a commit's time */

CopyProcess copying;

/* Runs before the destructors of the libraries: see sluice_stream_main(). */
static void
leave_process(int code, void *arg)
{
	(void) arg;
	_exit(code);
}

void
copy_process_prepare(int index)
{
	(void) on_exit(leave_process, NULL);
	(void) mallopt(M_MMAP_THRESHOLD, REUSE_BYTES);
	(void) mallopt(M_TRIM_THRESHOLD, 2 * REUSE_BYTES);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	copying.index = index;
	copying.entry = &shared->streams[index];
	copying.copy = &copying.entry->copy;
}

void
copy_process_connect(void)
{
	worker_enter_database(copying.entry->database);
	/* A member of a lock group cannot lead parallel workers of its own. */
	SetConfigOption("max_parallel_workers_per_gather", "0", PGC_USERSET, PGC_S_SESSION);
	/* The same order of rows each time a chunk is read. */
	SetConfigOption("synchronize_seqscans", "off", PGC_USERSET, PGC_S_SESSION);
}

void
copy_raise(const SluiceError *err)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("copy of stream \"%s\": %s", copying.row.name, err->message),
					err->hint[0] != '\0' ? errhint("%s", err->hint) : 0));
	pg_unreachable();
}

void
copy_note_error(const SluiceError *err)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (err != NULL)
		copying.copy->error = *err;
	else
		sluice_error_clear(&copying.copy->error);
	copying.copy->error_at = GetCurrentTimestamp();
	LWLockRelease(shared->lock);
}

static bool
is_wanted(void)
{
	bool wanted;

	LWLockAcquire(shared->lock, LW_SHARED);
	wanted = copying.entry->wish == WISH_RUN && !copying.entry->suspended &&
			 copying.copy->leader == copying.leader;
	LWLockRelease(shared->lock);
	return wanted;
}

void
copy_serve_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	if (copying.stopping || is_wanted())
		return;
	copying.stopping = true;
	ereport(ERROR, (errmsg("the copy of stream \"%s\" is asked to end", copying.entry->name)));
}

void
copy_allow_cancel(bool allowed)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copying.copy->locked_out = allowed;
	LWLockRelease(shared->lock);
	/* One that was sent while it was allowed has arrived by now; the wish may have changed before. */
	if (!allowed)
		QueryCancelPending = false;
	else
		copy_serve_interrupts();
}

void
copy_wait(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	copy_serve_interrupts();
}

void
copy_await_slot_noted(void)
{
	bool noted = false;

	while (!noted)
	{
		LWLockAcquire(shared->lock, LW_SHARED);
		noted = !copying.copy->slot_made;
		LWLockRelease(shared->lock);
		if (!noted)
			copy_wait(NOTE_MS);
	}
}

static void
note_failure(const ErrorData *error)
{
	SluiceError err = {.code = SLUICE_ERROR_STATE};

	snprintf(err.message, sizeof(err.message), "%s", error->message);
	if (error->hint != NULL)
		snprintf(err.hint, sizeof(err.hint), "%s", error->hint);
	copy_note_error(&err);
}

void
copy_run(void (*body)(void))
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "sluice copy", ALLOCSET_DEFAULT_SIZES);
	ErrorData *error;

	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		body();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		copying.stopping |= error->sqlerrcode == ERRCODE_QUERY_CANCELED && !is_wanted();
		if (!copying.stopping)
			EmitErrorReport();
		FlushErrorState();
		AbortCurrentTransaction();
		if (MyReplicationSlot != NULL)
			ReplicationSlotRelease();
		if (!copying.stopping)
		{
			note_failure(error);
			proc_exit(1);
		}
	}
	PG_END_TRY();
}
