/*
 * stream_worker.c - one stream: its slot, decoded in this process, into its publisher.
 *
 * Order of life: read the row; make the slot when there is none; start the publisher and learn where
 * JetStream stands; hold the slot and decode from there.  From the moment the slot is held there is
 * no SPI until it is released.
 *
 * Invariants:
 * 1. The slot is confirmed only up to what the stream's durability says is safe.
 * 2. Nothing waits longer than a second without serving interrupts.
 * 3. However the worker ends, its entry says so and why.
 */
#include "postgres.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/xact.h"
#include "access/xlogutils.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/decode.h"
#include "replication/logical.h"
#include "replication/slot.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "output_plugin/plugin.h"
#include "pg_ext/catalog.h"
#include "pg_ext/lag.h"
#include "pg_ext/launcher.h"
#include "pg_ext/pg_compat.h"
#include "pg_ext/settings.h"
#include "pg_ext/shared.h"
#include "pg_ext/stream_slot.h"
#include "pg_ext/wal_source.h"

#define WINDOW_MESSAGES 256
#define IDLE_FIRST_MS	100	  /* how late changes are seen that no commit announced; doubles... */
#define IDLE_LAST_MS	400	  /* ...up to this while the log stands still */
#define UNFLUSHED_MS	10	  /* the same while commits are not flushed yet */
#define UPKEEP_MS		100	  /* how often progress is looked at while the log keeps us busy */
#define SAVE_MS			5000  /* how often the slot's position is made durable */
#define MARK_MS			10000 /* how often a mark is published when only others write... */
#define MARK_BYTES		(16 << 20) /* ...or after so much log */
#define DRAIN_MS		500		   /* for acknowledgements at a requested end */
#define REUSE_BYTES		(4 << 20) /* bundles up to this size are reused by malloc, not mapped anew */
#define RECORDS_A_TURN	256		  /* log records between two looks at the clock */

/* The whole of this process. */
typedef struct Worker
{
	BundleSink sink; /* first: a sink is cast back to its worker */
	int index;
	StreamEntry *entry;
	StreamRow row;
	Publisher *publisher;
	WaitEventSet *events;
	LogicalDecodingContext *decoding;
	XLogRecPtr saved; /* confirmed position that is durable in the slot */
	TimestampTz upkeep_at, save_at, mark_at;
	Lag lag;
	Rates rates;
	bool away;			  /* the publisher cannot publish, and the log says so */
	bool is_new;		  /* nothing was ever published: the start is to be marked */
	XLogRecPtr idle_at;	  /* where the log stood when we last slept... */
	long idle_ms;		  /* ...and for how long at most */
	uint32 nats_checksum; /* of the settings the publisher was started with */
	bool terminal;		  /* the error being raised cannot mend itself */
	bool stopping;		  /* it is no error: the stream shall not run */
	bool removed;		  /* the stream and its row are no more */
} Worker;

static Worker worker;

/* ---- errors and state ---- */

static void
raise_error(const SluiceError *err)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("stream \"%s\": %s", worker.row.name, err->message),
					err->hint[0] != '\0' ? errhint("%s", err->hint) : 0));
}

static void
fail_for_good(const char *message, const char *hint)
{
	SluiceError err = {.code = SLUICE_ERROR_STATE};

	snprintf(err.message, sizeof(err.message), "%s", message);
	snprintf(err.hint, sizeof(err.hint), "%s", hint);
	worker.terminal = true;
	raise_error(&err);
}

static void
set_state(StreamState state)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	worker.entry->state = state;
	LWLockRelease(shared->lock);
}

static void
note_error(const SluiceError *err)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	worker.entry->error = *err;
	worker.entry->error_at = GetCurrentTimestamp();
	LWLockRelease(shared->lock);
}

/* What the catalog wants now, as the scanner last found it. */
static StreamWish
current_wish(void)
{
	StreamWish wish;

	LWLockAcquire(shared->lock, LW_SHARED);
	wish = worker.entry->suspended ? WISH_NONE : worker.entry->wish;
	LWLockRelease(shared->lock);
	return wish;
}

/* Other NATS settings want another publisher: the launcher starts this stream anew with one. */
static void
reload(void)
{
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	if (worker.publisher == NULL || settings_nats_checksum() == worker.nats_checksum)
		return;
	ereport(LOG, (errmsg("stream \"%s\" has new NATS settings: starting anew", worker.row.name)));
	worker.stopping = true;
	ereport(ERROR, (errmsg("stream \"%s\" is asked to end", worker.row.name)));
}

static void
serve_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
		reload();
	if (!worker.stopping && current_wish() != WISH_RUN)
	{
		worker.stopping = true;
		ereport(ERROR, (errmsg("stream \"%s\" is asked to end", worker.row.name)));
	}
}

/* ---- the publisher ---- */

/* Waits for latch, publisher or time; every wait of a running stream is this one. */
static void
wait_for_events(long ms)
{
	WaitEvent event;

	(void) WaitEventSetWait(worker.events, ms, &event, 1, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	serve_interrupts();
}

/* An outage is told once when it begins and once when it is over. */
static void
tell_outage(const PublisherStatus *status)
{
	bool away = status->state != PUBLISHER_READY && status->error.code != SLUICE_OK;

	if (away == worker.away)
		return;
	worker.away = away;
	if (away)
		ereport(LOG,
				(errmsg("stream \"%s\" cannot publish: %s", worker.row.name, status->error.message),
				 status->error.hint[0] != '\0' ? errhint("%s", status->error.hint) : 0));
	else
		ereport(LOG, (errmsg("stream \"%s\" publishes again", worker.row.name)));
}

static void
read_publisher(PublisherStatus *status)
{
	publisher_status(worker.publisher, status);
	tell_outage(status);
	if (status->state == PUBLISHER_FAILED)
		raise_error(&status->error);
}

static void
start_publisher(void)
{
	PublisherOptions options = {
		.stream = worker.row.name,
		.incarnation = worker.row.incarnation,
		.max_bytes = worker.row.max_bytes,
		.replicas = worker.row.replicas,
		.compression = worker.row.compression,
		.window_bytes = (size_t) sluice_stream_memory_mb << 20,
		.window_messages = WINDOW_MESSAGES,
		.replay_window_ms = worker.row.replay_window_ms,
	};
	SluiceError err;
	ListCell *cell;
	int count = 0;

	foreach (cell, worker.row.consumers)
	{
		if (count < PUBLISHER_CONSUMERS_MAXIMUM)
			options.consumers[count++] = lfirst(cell);
	}
	worker.nats_checksum = settings_nats_checksum();
	settings_nats(&options.nats);
	options.nats.name = psprintf("sluice publisher %s", worker.row.name);
	worker.publisher = publisher_start(&options, &err);
	if (worker.publisher == NULL)
		raise_error(&err);
	worker.events = compat_wait_event_set(3);
	AddWaitEventToSet(worker.events, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(worker.events, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(worker.events, WL_SOCKET_READABLE, publisher_eventfd(worker.publisher), NULL,
					  NULL);
}

/* Until the stream's tail is known; meanwhile the reason for waiting shows. */
static void
wait_for_tail(PublisherStatus *status)
{
	for (;;)
	{
		read_publisher(status);
		if (status->tail_known)
			return;
		if (status->error.code != SLUICE_OK)
			note_error(&status->error);
		wait_for_events(1000);
	}
}

/* Hands a bundle over, waiting while the window is full: commits never notice. */
static void
emit(BundleSink *sink, BundleWriter *writer)
{
	PublisherStatus status;

	(void) sink;
	lag_note(&worker.lag, writer->last.commit, writer->commit_time);
	while (!publisher_push(worker.publisher, writer))
	{
		wait_for_events(1000);
		read_publisher(&status);
	}
}

/* ---- progress ---- */

/* What the slot may be confirmed to; InvalidXLogRecPtr when that is not known. */
static XLogRecPtr
safe_position(const PublisherStatus *status)
{
	const ChangeId *safe = worker.row.broker_durability ? &status->acked : &status->durable;
	bool known = worker.row.broker_durability || status->durable_known;

	return known && change_id_complete(safe) ? safe->commit : InvalidXLogRecPtr;
}

/* A target that holds what our log does not have yet would leave out what we publish as long known. */
static void
require_own_past(XLogRecPtr safe)
{
	TimeLineID timeline;

	if (safe > compat_flush_position(&timeline))
		fail_for_good("what its target holds is ahead of this server's log",
					  "The server was restored to an earlier state: drop the stream and create it "
					  "anew, then copy the tables again.");
}

/*
 * When the log grows by what others write, a mark carries our position along, through JetStream and
 * the writers like any change, so that the slot may follow without ever being ahead of them.
 */
static void
mark_position(TimestampTz now)
{
	XLogRecPtr end = worker.decoding->reader->EndRecPtr;
	ChangeId last = output_plugin_last(worker.decoding);
	XLogRecPtr behind = end > last.commit ? end - last.commit : 0;

	if (!change_id_complete(&last) || behind == 0)
		return;
	if (behind < MARK_BYTES && !TimestampDifferenceExceeds(worker.mark_at, now, MARK_MS))
		return;
	worker.mark_at = now;
	output_plugin_mark(worker.decoding, "sluice.position", end);
}

static void
share_table(void *context, RelationEntry *entry)
{
	uint64 *rows = context;
	uint64 sum =
		entry->counts[COUNT_INSERTS] + entry->counts[COUNT_UPDATES] + entry->counts[COUNT_DELETES];

	if (sum + entry->counts[COUNT_TRUNCATES] == 0)
		return;
	*rows += sum;
	shared_count_table(worker.index, entry->relid, entry->counts);
	memset(entry->counts, 0, sizeof(entry->counts));
}

static void
share_progress(const PublisherStatus *status)
{
	StreamProgress *progress = &worker.entry->progress;
	XLogRecPtr safe = safe_position(status);
	TimestampTz now = GetCurrentTimestamp();
	uint64 rows = 0;

	relation_cache_visit(share_table, &rows);
	rates_update(&worker.rates, progress->rows + rows, status->bytes, now);
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	progress->tail = status->tail;
	progress->acked = status->acked;
	progress->durable = status->durable;
	progress->durable_known = status->durable_known;
	progress->decoded = worker.decoding->reader->EndRecPtr;
	progress->confirmed = MyReplicationSlot->data.confirmed_flush;
	progress->bundles = status->bundles;
	progress->messages = status->messages;
	progress->bytes = status->bytes;
	progress->connects = status->connects;
	progress->rows += rows;
	progress->lag_us = lag_settle(&worker.lag, safe, now);
	progress->rows_per_second = worker.rates.rows;
	progress->bytes_per_second = worker.rates.bytes;
	progress->in_flight = status->in_flight;
	progress->in_flight_bytes = status->in_flight_bytes;
	progress->stream_messages = status->stream.messages;
	progress->stream_bytes = status->stream.bytes;
	progress->publisher_ready = status->state == PUBLISHER_READY;
	if (status->error.code != SLUICE_OK)
		worker.entry->error = status->error;
	else
		sluice_error_clear(&worker.entry->error);
	if (status->messages > 0)
		worker.entry->failures = 0;
	LWLockRelease(shared->lock);
}

/* Confirms, saves, counts; from the main loop only, where no transaction is being decoded. */
static void
upkeep(void)
{
	TimestampTz now = GetCurrentTimestamp();
	PublisherStatus status;
	XLogRecPtr safe;

	read_publisher(&status);
	safe = safe_position(&status);
	if (!XLogRecPtrIsInvalid(safe))
	{
		require_own_past(safe);
		stream_slot_confirm(safe);
	}
	if (MyReplicationSlot->data.confirmed_flush != worker.saved &&
		TimestampDifferenceExceeds(worker.save_at, now, SAVE_MS))
	{
		worker.saved = MyReplicationSlot->data.confirmed_flush;
		worker.save_at = now;
		stream_slot_save();
	}
	mark_position(now);
	worker.upkeep_at = now;
	share_progress(&status);
}

/* ---- decoding ---- */

static void
no_write(LogicalDecodingContext *context, XLogRecPtr position, TransactionId xid, bool last)
{
	(void) context;
	(void) position;
	(void) xid;
	(void) last;
	elog(ERROR, "the output plugin wrote past its sink");
}

static List *
plugin_options(void)
{
	const char *options[][2] = {
		{"publication_names", worker.row.publications},
		{"messages", worker.row.messages ? "true" : "false"},
		{"origin", worker.row.local_only ? "none" : "any"},
		{"bundle_rows", psprintf("%d", worker.row.bundle_rows)},
		{"bundle_bytes", psprintf("%d", worker.row.bundle_bytes)},
		{"compression", compression_name(worker.row.compression)},
	};
	List *list = NIL;

	for (size_t i = 0; i < lengthof(options); i++)
		list = lappend(list, makeDefElem(pstrdup(options[i][0]),
										 (Node *) makeString(pstrdup(options[i][1])), -1));
	return list;
}

/*
 * Where to go on: after JetStream's tail.  The slot is never confirmed beyond what JetStream had, so
 * a tail before the slot means that JetStream lost messages; every consumer has those (or, with
 * durability = broker, will see the gap), and going on from the slot is all that can be done.
 */
static void
choose_start(const PublisherStatus *status)
{
	XLogRecPtr confirmed = MyReplicationSlot->data.confirmed_flush;
	TimeLineID timeline;

	if (status->tail.commit > compat_flush_position(&timeline))
		fail_for_good("its JetStream stream is ahead of this server's log",
					  "The server was restored to an earlier state: drop the stream and create it "
					  "anew.");
	worker.sink.position = status->tail;
	worker.sink.position.incarnation = worker.row.incarnation;
	worker.is_new = status->tail.commit == 0 && confirmed <= worker.row.start;
	if (worker.is_new || status->tail.commit >= confirmed)
		return;
	ereport(LOG,
			(errmsg("stream \"%s\": JetStream ends at %X/%X, before the slot's %X/%X: its store "
					"was emptied or rolled back; going on from the slot",
					worker.row.name, LSN_FORMAT_ARGS(status->tail.commit),
					LSN_FORMAT_ARGS(confirmed))));
	worker.sink.position.commit = confirmed;
	worker.sink.position.index = CHANGE_INDEX_COMMIT;
}

static void
begin_decoding(const PublisherStatus *status)
{
	XLogReaderRoutine routine = {
		.page_read = wal_source_read_page,
		.segment_open = wal_segment_open,
		.segment_close = wal_segment_close,
	};
	XLogRecPtr start = InvalidXLogRecPtr;

	compat_slot_acquire(worker.row.slot);
	choose_start(status);
	/* In the middle of a transaction the slot says where to read, and the plugin what to skip. */
	if (change_id_complete(&worker.sink.position))
		start = worker.sink.position.commit;
	worker.sink.emit = emit;
	output_plugin_set_sink(&worker.sink);
	worker.decoding =
		CreateDecodingContext(start, plugin_options(), false, &routine, no_write, no_write, NULL);
	XLogBeginRead(worker.decoding->reader, MyReplicationSlot->data.restart_lsn);
	worker.saved = MyReplicationSlot->data.confirmed_flush;
	InvalidateSystemCaches();
	/* So that a writer knows it misses nothing: before this message there was none. */
	if (worker.is_new)
		output_plugin_mark(worker.decoding, "sluice.start", worker.row.start);
}

/* Some records; false when the log has no more now. */
static bool
decode_turn(void)
{
	XLogReaderState *reader = worker.decoding->reader;

	for (int i = 0; i < RECORDS_A_TURN; i++)
	{
		char *message = NULL;
		XLogRecord *record = XLogReadRecord(reader, &message);

		if (message != NULL)
			ereport(ERROR,
					(errcode_for_file_access(), errmsg("stream \"%s\": could not read the log: %s",
													   worker.row.name, message)));
		if (record == NULL)
			return false;
		LogicalDecodingProcessRecord(worker.decoding, reader);
	}
	return true;
}

/* At the end of the log: sleeps until a commit wakes us, unless more came meanwhile. */
static void
wait_for_log(void)
{
	XLogRecPtr end = worker.decoding->reader->EndRecPtr;
	long ms = UNFLUSHED_MS;

	if (GetXLogInsertRecPtr() <= end)
	{
		worker.idle_ms =
			end == worker.idle_at ? Min(worker.idle_ms * 2, IDLE_LAST_MS) : IDLE_FIRST_MS;
		worker.idle_at = end;
		ms = worker.idle_ms;
	}

	pg_atomic_write_u32(&worker.entry->sleeping, 1);
	pg_memory_barrier();
	/* More may be flushed than we could read: the rest of a record that is not whole yet. */
	if (!wal_source_has(wal_source_end()))
		wait_for_events(ms);
	else
		serve_interrupts();
	pg_atomic_write_u32(&worker.entry->sleeping, 0);
}

static void
stream(void)
{
	set_state(STREAM_STREAMING);
	pgstat_report_activity(STATE_RUNNING, NULL);
	for (;;)
	{
		bool more = decode_turn();

		if (!more)
			output_plugin_flush(worker.decoding);
		serve_interrupts();
		if (!more || TimestampDifferenceExceeds(worker.upkeep_at, GetCurrentTimestamp(), UPKEEP_MS))
			upkeep();
		if (!more)
			wait_for_log();
	}
}

/* ---- the life of a worker ---- */

/* Whether the row came here with a copy of the database or cluster it was made in. */
static bool
is_copy(void)
{
	return worker.row.has_incarnation &&
		   (worker.row.system != GetSystemIdentifier() || worker.row.database != MyDatabaseId);
}

/* The slot and the row must belong together; makes the slot of a new stream. */
static void
require_slot(void)
{
	SlotCondition condition;
	SluiceError waiting = {.code = SLUICE_ERROR_TIMEOUT};

	if (is_copy())
		fail_for_good("it was created in another database or cluster, of which this is a copy",
					  "Drop the stream here and create it anew under another name.");
	condition = stream_slot_condition(worker.row.slot);
	if (condition == SLOT_FOREIGN)
		fail_for_good("its replication slot's name is taken by another slot",
					  "Drop that slot, or drop the stream and choose another name.");
	if (worker.row.has_incarnation && condition == SLOT_MISSING)
		fail_for_good("its replication slot is gone: changes since then are lost",
					  "Drop the stream and create it anew, then copy the tables again.");
	if (condition == SLOT_LOST)
		fail_for_good("its replication slot was invalidated: changes since then are lost",
					  "Raise max_slot_wal_keep_size, drop the stream and create it anew, then copy "
					  "the tables again.");
	if (worker.row.has_incarnation)
		return;
	/* One that a worker made and did not live to note; nothing was published from it. */
	stream_slot_drop(worker.row.slot);
	snprintf(waiting.message, sizeof(waiting.message),
			 "its slot waits for transactions that were running to end");
	note_error(&waiting);
	worker.row.start = stream_slot_create(worker.row.slot);
	sluice_error_clear(&waiting);
	note_error(&waiting);
	worker.row.incarnation = GetSystemIdentifier() ^
							 (worker.row.start * UINT64CONST(0x9E3779B97F4A7C15)) ^
							 ((uint64) MyDatabaseId << 32);
	worker.row.has_incarnation = true;
	catalog_set_slot(worker.row.name, worker.row.incarnation, worker.row.start);
}

static void
run(void)
{
	PublisherStatus status;

	catalog_set_state(worker.row.name, STREAM_STARTING, NULL);
	require_slot();
	catalog_set_state(worker.row.name, STREAM_STREAMING, NULL);
	start_publisher();
	wait_for_tail(&status);
	begin_decoding(&status);
	stream();
}

/*
 * Removes all that a stream has; the row last, so that what failed is tried again.  A copied row
 * has nothing: slot and JetStream stream are the original's.
 */
static void
drop(void)
{
	PublisherOptions options = {.stream = worker.row.name};
	SluiceError err;
	ListCell *cell;
	sigset_t all;
	sigset_t before;
	int count = 0;
	bool removed;

	set_state(STREAM_DROPPING);
	stream_slot_drop(worker.row.slot);
	if (!worker.row.keep_jetstream && worker.row.has_incarnation && !is_copy())
	{
		foreach (cell, worker.row.consumers)
		{
			if (count < PUBLISHER_CONSUMERS_MAXIMUM)
				options.consumers[count++] = lfirst(cell);
		}
		settings_nats(&options.nats);
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		removed = publisher_remove_stream(&options, &err);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (!removed)
			raise_error(&err);
	}
	catalog_remove(&worker.row);
	worker.removed = true;
}

/* After an error or a request to end: the slot goes first, then SPI is possible again. */
static void
settle(ErrorData *error)
{
	static const StreamState ends[] = {
		[WISH_NONE] = STREAM_STOPPED, [WISH_RUN] = STREAM_STARTING,	 [WISH_PAUSE] = STREAM_PAUSED,
		[WISH_STOP] = STREAM_STOPPED, [WISH_DROP] = STREAM_DROPPING,
	};
	SluiceError err = {.code = worker.stopping ? SLUICE_OK : SLUICE_ERROR_STATE};
	StreamState state = worker.terminal ? STREAM_FAILED : ends[current_wish()];

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
	note_error(&err);
	set_state(state);
	if (current_wish() != WISH_NONE || worker.terminal)
		catalog_set_state(worker.row.name, state, &err);
	if (worker.terminal)
		shared_request_scan(MyDatabaseId);
}

/*
 * Also after FATAL and at shutdown: the publisher's threads end before the process does.  libnats
 * itself is not closed: its own threads are idle, and once closed it frees at exit what belongs to
 * OpenSSL, which frees it again and takes the server down.
 */
static void
end_publisher(int code, Datum arg)
{
	Publisher *publisher = worker.publisher;

	(void) code;
	(void) arg;
	worker.publisher = NULL;
	if (publisher != NULL)
		(void) publisher_stop(publisher, worker.stopping ? DRAIN_MS : 0);
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
	worker.entry->progress.publisher_ready = false;
	pg_atomic_write_u32(&worker.entry->sleeping, 0);
	scan = worker.removed || worker.entry->wish == WISH_NONE || worker.entry->wish == WISH_DROP;
	/* At once: a new stream of this name must not inherit it.  If there is one, the scan finds it. */
	if (worker.removed || worker.entry->wish == WISH_NONE)
		shared_forget(worker.index);
	LWLockRelease(shared->lock);
	(void) pg_atomic_sub_fetch_u32(&shared->running, 1);
	if (scan)
		shared_request_scan(MyDatabaseId);
	else
		shared_wake_launcher();
}

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
		else if (worker.row.wish == WISH_RUN && current_wish() == WISH_RUN)
			run();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
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
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(worker.entry->database, InvalidOid, 0);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("lock_timeout", "0", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("statement_timeout", "0", PGC_USERSET, PGC_S_SESSION);
	set_state(STREAM_STARTING);
	before_shmem_exit(end_publisher, (Datum) 0);
	work();
	proc_exit(worker.stopping ? 0 : 1);
}
