/*
 * worker_progress.c - confirming the slot, carrying the position along, counting.
 *
 * Invariant: the slot is confirmed only up to what the stream's durability says is safe.
 */
#include "pg_ext/worker_progress.h"

#include "replication/slot.h"
#include "utils/timestamp.h"

#include "output_plugin/plugin.h"
#include "pg_ext/lag.h"
#include "pg_ext/stream_slot.h"
#include "pg_ext/worker_decoder.h"
#include "pg_ext/worker_publisher.h"
#include "pg_ext/worker_state.h"

#define UPKEEP_MS  100		  /* how often progress is looked at while the log keeps us busy */
#define SAVE_MS	   5000		  /* how often the slot's position is made durable */
#define MARK_MS	   10000	  /* how often a mark is published when only others write... */
#define MARK_BYTES (16 << 20) /* ...or after so much log */

static XLogRecPtr saved; /* confirmed position that is durable in the slot */
static TimestampTz upkeep_at, save_at, mark_at;
static Lag lag;
static Rates rates;

void
worker_progress_start(void)
{
	saved = MyReplicationSlot->data.confirmed_flush;
}

void
worker_note_commit(XLogRecPtr commit, TimestampTz time)
{
	lag_note(&lag, commit, time);
}

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
		worker_fail_for_good(
			"what its target holds is ahead of this server's log",
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
	if (behind < MARK_BYTES && !TimestampDifferenceExceeds(mark_at, now, MARK_MS))
		return;
	mark_at = now;
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
	rates_update(&rates, progress->rows + rows, status->bytes, now);
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
	progress->lag_us = lag_settle(&lag, safe, now);
	progress->rows_per_second = rates.rows;
	progress->bytes_per_second = rates.bytes;
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

/* A stream that was given a limit ends behind it, with what is in the open bundle. */
static void
finish_at_limit(TimestampTz now)
{
	const StreamRow *row = &worker.row;
	bool enough = worker_at_limit();
	bool late = row->max_seconds > 0 &&
				TimestampDifferenceExceeds(worker.entry->started, now, row->max_seconds * 1000);

	if (!enough && !late)
		return;
	output_plugin_flush(worker.decoding);
	worker_finish();
}

void
worker_upkeep(void)
{
	TimestampTz now = GetCurrentTimestamp();
	PublisherStatus status;
	XLogRecPtr safe;

	worker_read_publisher(&status);
	safe = safe_position(&status);
	if (!XLogRecPtrIsInvalid(safe))
	{
		require_own_past(safe);
		stream_slot_confirm(safe);
	}
	if (MyReplicationSlot->data.confirmed_flush != saved &&
		TimestampDifferenceExceeds(save_at, now, SAVE_MS))
	{
		saved = MyReplicationSlot->data.confirmed_flush;
		save_at = now;
		stream_slot_save();
	}
	mark_position(now);
	upkeep_at = now;
	share_progress(&status);
	finish_at_limit(now);
}

void
worker_upkeep_when_due(void)
{
	if (worker_at_limit() ||
		TimestampDifferenceExceeds(upkeep_at, GetCurrentTimestamp(), UPKEEP_MS))
		worker_upkeep();
}
