/*
 * worker_decoder.c - from the slot's position to the end of the log and on, as it grows.
 */
#include "pg_ext/worker_decoder.h"

#include "access/xlogutils.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "pgstat.h"
#include "replication/decode.h"
#include "replication/logical.h"
#include "replication/slot.h"
#include "utils/inval.h"

#include "output_plugin/plugin.h"
#include "pg_ext/stream_slot.h"
#include "pg_ext/wal_source.h"
#include "pg_ext/worker_progress.h"
#include "pg_ext/worker_publisher.h"
#include "pg_ext/worker_state.h"

#define IDLE_FIRST_MS  100 /* how late changes are seen that no commit announced; doubles... */
#define IDLE_LAST_MS   400 /* ...up to this while the log stands still */
#define UNFLUSHED_MS   10  /* the same while commits are not flushed yet */
#define RECORDS_A_TURN 256 /* log records between two looks at the clock */

static BundleSink sink;
static bool is_new;		   /* nothing was ever published: the start is to be marked */
static XLogRecPtr idle_at; /* where the log stood when we last slept... */
static long idle_ms;	   /* ...and for how long at most */

/* ---- beginning ---- */

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
		{"own_messages", worker.row.own_messages},
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
		worker_fail_for_good(
			"its JetStream stream is ahead of this server's log",
			"The server was restored to an earlier state: drop the stream and create it "
			"anew.");
	sink.position = status->tail;
	sink.position.incarnation = worker.row.incarnation;
	is_new = status->tail.commit == 0 && confirmed <= worker.row.start;
	if (is_new || status->tail.commit >= confirmed)
		return;
	ereport(LOG,
			(errmsg("stream \"%s\": JetStream ends at %X/%X, before the slot's %X/%X: its store "
					"was emptied or rolled back; going on from the slot",
					worker.row.name, LSN_FORMAT_ARGS(status->tail.commit),
					LSN_FORMAT_ARGS(confirmed))));
	sink.position.commit = confirmed;
	sink.position.index = CHANGE_INDEX_COMMIT;
}

/* The plugin's way out. */
static void
emit(BundleSink *to, BundleWriter *writer)
{
	(void) to;
	worker_note_commit(writer->last.commit, writer->commit_time);
	worker_publish(writer);
}

void
worker_begin_decoding(const PublisherStatus *status)
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
	if (change_id_complete(&sink.position))
		start = sink.position.commit;
	sink.emit = emit;
	output_plugin_set_sink(&sink);
	worker.decoding =
		CreateDecodingContext(start, plugin_options(), false, &routine, no_write, no_write, NULL);
	XLogBeginRead(worker.decoding->reader, MyReplicationSlot->data.restart_lsn);
	worker_progress_start();
	InvalidateSystemCaches();
	/* So that a writer knows it misses nothing: before this message there was none. */
	if (is_new)
		output_plugin_mark(worker.decoding, "sluice.start", worker.row.start);
}

/* ---- going on ---- */

bool
worker_at_limit(void)
{
	return worker.row.max_events > 0 && sink.changes >= worker.row.max_events;
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
		if (worker_at_limit())
			break;
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
		idle_ms = end == idle_at ? Min(idle_ms * 2, IDLE_LAST_MS) : IDLE_FIRST_MS;
		idle_at = end;
		ms = idle_ms;
	}

	pg_atomic_write_u32(&worker.entry->sleeping, 1);
	pg_memory_barrier();
	/* More may be flushed than we could read: the rest of a record that is not whole yet. */
	if (!wal_source_has(wal_source_end()))
		worker_wait(ms);
	else
		worker_serve_interrupts();
	pg_atomic_write_u32(&worker.entry->sleeping, 0);
}

void
worker_decode(void)
{
	worker_set_state(STREAM_STREAMING);
	pgstat_report_activity(STATE_RUNNING, NULL);
	for (;;)
	{
		bool more = decode_turn();

		if (!more || !XLogRecPtrIsInvalid(worker.end_at))
			output_plugin_flush(worker.decoding);
		worker_serve_interrupts();
		if (more)
		{
			worker_upkeep_when_due();
			continue;
		}
		worker_upkeep();
		wait_for_log();
	}
}
