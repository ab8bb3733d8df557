/*
 * stream_worker.c - one stream: its slot, decoded in this process, into its publisher.
 *
 * Order of life: read the row; make the slot when there is none; start the publisher and learn where
 * JetStream stands; hold the slot and decode from there.  From the moment the slot is held there is
 * no SPI until it is released.
 *
 * The parts of that are in worker_*.c (see worker_state.h).
 *
 * Invariants:
 * 1. Nothing waits longer than a second without serving interrupts.
 * 2. However the worker ends, its entry says so and why.
 */
#include "postgres.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/slot.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg_ext/catalog.h"
#include "pg_ext/launcher.h"
#include "pg_ext/shared.h"
#include "pg_ext/stream_slot.h"
#include "pg_ext/worker_copy.h"
#include "pg_ext/worker_decoder.h"
#include "pg_ext/worker_publisher.h"
#include "pg_ext/worker_session.h"
#include "pg_ext/worker_state.h"

#define REUSE_BYTES (4 << 20) /* bundles up to this size are reused by malloc, not mapped anew */

/* ---- what it does ---- */

/* Whether the row came here with a copy of the database or cluster it was made in. */
static bool
is_copy(void)
{
	return worker.row.system != GetSystemIdentifier() || worker.row.database != MyDatabaseId;
}

static XLogRecPtr
create_slot(void)
{
	SluiceError waiting = {.code = SLUICE_ERROR_TIMEOUT};
	XLogRecPtr start;

	/* One that a worker made and did not live to note; nothing was published from it. */
	stream_slot_drop(worker.row.slot);
	snprintf(waiting.message, sizeof(waiting.message),
			 "its slot waits for transactions that were running to end");
	worker_note_error(&waiting);
	worker_allow_cancel(true);
	start = stream_slot_create(worker.row.slot);
	worker_allow_cancel(false);
	sluice_error_clear(&waiting);
	worker_note_error(&waiting);
	return start;
}

/* The slot and the row must belong together; makes the slot of a new stream. */
static void
require_slot(void)
{
	SlotCondition condition;

	if (is_copy())
		worker_fail_for_good(
			"it was created in another database or cluster, of which this is a copy",
			"Drop the stream here and create it anew under another name.");
	condition = stream_slot_condition(worker.row.slot);
	if (condition == SLOT_FOREIGN)
		worker_fail_for_good("its replication slot's name is taken by another slot",
							 "Drop that slot, or drop the stream and choose another name.");
	if (worker_wants_copy())
		worker_request_copy();
	if (worker.row.has_incarnation && worker.row.convert_only)
		return;
	if (worker.row.has_incarnation && condition == SLOT_MISSING)
		worker_fail_for_good("its replication slot is gone: changes since then are lost",
							 "Drop the stream and create it anew, then copy the tables again.");
	if (condition == SLOT_LOST)
		worker_fail_for_good(
			"its replication slot was invalidated: changes since then are lost",
			"Raise max_slot_wal_keep_size, drop the stream and create it anew, then copy "
			"the tables again.");
	if (worker.row.has_incarnation)
		return;
	worker.row.start = worker_wants_copy() ? worker_await_copy_slot() : create_slot();
	worker.row.incarnation = stream_slot_incarnation(worker.row.start);
	worker.row.has_incarnation = true;
	catalog_set_slot(worker.row.name, worker.row.incarnation, worker.row.start);
	worker_copy_slot_noted();
}

static void
run(void)
{
	PublisherStatus status;

	catalog_set_state(worker.row.name, STREAM_STARTING, NULL);
	require_slot();
	catalog_set_state(worker.row.name, STREAM_STREAMING, NULL);
	worker_start_publisher();
	worker_wait_for_tail(&status);
	if (worker.row.convert_only)
	{
		worker_await_copy_end();
		worker_finish();
	}
	worker_begin_decoding(&status);
	worker_decode();
}

/*
 * Removes all that a stream has; the row last, so that what failed is tried again.  A copied row
 * has nothing: slot and JetStream stream are the original's.
 */
static void
drop(void)
{
	worker_set_state(STREAM_DROPPING);
	worker_await_copy_gone();
	stream_slot_drop(worker.row.slot);
	if (!worker.row.keep_jetstream && worker.row.has_incarnation && !is_copy())
		worker_remove_jetstream();
	if (!worker.row.keep_jetstream && worker.row.copies && !is_copy())
		worker_remove_copy();
	catalog_remove(&worker.row);
	worker.removed = true;
}

/* ---- how it ends ---- */

/* After an error or a request to end: the slot goes first, then SPI is possible again. */
static void
settle(ErrorData *error)
{
	static const StreamState ends[] = {
		[WISH_NONE] = STREAM_STOPPED, [WISH_RUN] = STREAM_STARTING,	 [WISH_PAUSE] = STREAM_PAUSED,
		[WISH_STOP] = STREAM_STOPPED, [WISH_DROP] = STREAM_DROPPING,
	};
	SluiceError err = {.code = worker.stopping ? SLUICE_OK : SLUICE_ERROR_STATE};
	StreamState state = worker.terminal	  ? STREAM_FAILED
						: worker.finished ? STREAM_FINISHED
										  : ends[worker_wish()];

	AbortCurrentTransaction();
	if (MyReplicationSlot != NULL)
	{
		if (worker.decoding != NULL)
			stream_slot_save();
		ReplicationSlotRelease();
	}
	if (!worker.stopping && error->message != NULL)
		snprintf(err.message, sizeof(err.message), "%s", error->message);
	if (!worker.stopping && error->hint != NULL)
		snprintf(err.hint, sizeof(err.hint), "%s", error->hint);
	worker_note_error(&err);
	worker_set_state(state);
	if (worker_wish() != WISH_NONE || worker.terminal)
		catalog_set_state(worker.row.name, state, &err);
	if (worker.terminal || worker.finished)
		shared_request_scan(MyDatabaseId);
}

/* Also after FATAL and at shutdown: the publisher's threads end before the process does. */
static void
end_publisher(int code, Datum arg)
{
	(void) code;
	(void) arg;
	worker_end_publisher();
}

static void
leave_entry(int code, Datum arg)
{
	bool scan;

	(void) code;
	(void) arg;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	worker.entry->worker = 0;
	worker.entry->latch = NULL;
	worker.entry->launched = false;
	worker.entry->locked_out = false;
	worker.entry->progress.publisher_ready = false;
	pg_atomic_write_u32(&worker.entry->sleeping, 0);
	scan = worker.removed || worker.entry->wish == WISH_NONE || worker.entry->wish == WISH_DROP;
	/* At once: a new stream of this name must not inherit it.  If there is one, the scan finds it. */
	if (worker.removed ||
		(worker.entry->wish == WISH_NONE && !copy_entry_busy(&worker.entry->copy)))
		shared_forget(worker.index);
	else
		shared_offer_place();
	LWLockRelease(shared->lock);
	(void) pg_atomic_sub_fetch_u32(&shared->running, 1);
	if (scan)
		shared_request_scan(MyDatabaseId);
	else
		shared_wake_launcher();
}

/* ---- how it begins ---- */

/* False when another worker has it: one that came up after it was given up. */
static bool
enter_entry(int index)
{
	worker.index = index;
	worker.entry = &shared->streams[index];
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (worker.entry->worker != 0)
	{
		LWLockRelease(shared->lock);
		return false;
	}
	worker.entry->worker = MyProcPid;
	worker.entry->latch = MyLatch;
	worker.entry->started = GetCurrentTimestamp();
	LWLockRelease(shared->lock);
	(void) pg_atomic_add_fetch_u32(&shared->running, 1);
	/* Registered before the connection is made, so it runs after the slot was released. */
	before_shmem_exit(leave_entry, (Datum) 0);
	return true;
}

static void
work(void)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "sluice stream", ALLOCSET_DEFAULT_SIZES);
	ErrorData *error;

	MemoryContextSwitchTo(context);
	if (!catalog_read(worker.entry->name, &worker.row))
		return;
	PG_TRY();
	{
		if (worker.row.wish == WISH_DROP)
			drop();
		else if (worker.row.wish == WISH_RUN && worker_wish() == WISH_RUN)
			run();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		worker_allow_cancel(false);
		/* At this place of the log it will never be there: a publication that was dropped. */
		worker.terminal |= worker.decoding != NULL && error->sqlerrcode == ERRCODE_UNDEFINED_OBJECT;
		worker.stopping |= error->sqlerrcode == ERRCODE_QUERY_CANCELED && worker_wish() != WISH_RUN;
		if (!worker.stopping)
			EmitErrorReport();
		FlushErrorState();
		settle(error);
	}
	PG_END_TRY();
}

/* Runs before the destructors of the libraries: see sluice_stream_main(). */
static void
leave_process(int code, void *arg)
{
	(void) arg;
	_exit(code);
}

void
sluice_stream_main(Datum arg)
{
	/*
	 * Threads of libnats that are just ending may still use what its and OpenSSL's destructors take
	 * away, and a crash here would restart the whole server.  PostgreSQL's own callbacks, which
	 * proc_exit() runs first, do all that has to be done.
	 */
	(void) on_exit(leave_process, NULL);
	(void) mallopt(M_MMAP_THRESHOLD, REUSE_BYTES);
	(void) mallopt(M_TRIM_THRESHOLD, 2 * REUSE_BYTES);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	if (!enter_entry(DatumGetInt32(arg)))
		proc_exit(0);
	worker_enter_database(worker.entry->database);
	worker_set_state(STREAM_STARTING);
	before_shmem_exit(end_publisher, (Datum) 0);
	work();
	proc_exit(worker.stopping ? 0 : 1);
}
