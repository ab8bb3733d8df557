/*
 * watches.c - entries of watches to a board (watches.h).
 */
#include "watches.h"

#include <stdio.h>
#include <string.h>

#include "common/nats/kv.h"
#include "run_jobs.h"

#define WATCH_BYTES		(8 << 20)
#define ENTRIES_AT_ONCE 500 /* before other work is looked at */

bool
watches_open(Watches *watches, NatsSession *session, Board *board, const char *worker,
			 SluiceError *err)
{
	*watches = (Watches){.current = false};
	(void) drain_key(watches->drain_key, worker);
	board_begin_runs(board);
	watches->runs =
		bucket_watch_open(session, STATE_BUCKET, "run.>", BUCKET_LAST, WATCH_BYTES, err);
	if (watches->runs != NULL)
		watches->drain = bucket_watch_open(session, STATE_BUCKET, watches->drain_key, BUCKET_LAST,
										   WATCH_BYTES, err);
	if (watches->drain != NULL)
		watches->leases =
			bucket_watch_open(session, KV_BUCKET, "lease.job.>", BUCKET_LAST, WATCH_BYTES, err);
	if (watches->leases != NULL)
		return true;
	watches_close(watches);
	return false;
}

void
watches_close(Watches *watches)
{
	bucket_watch_close(watches->runs);
	bucket_watch_close(watches->drain);
	bucket_watch_close(watches->leases);
	*watches = (Watches){.current = false};
}

/* ---- entries ---- */

/* What cannot be read is as good as gone: who wrote it cannot have meant it. */
static bool
take_run(Board *board, const BucketEntry *entry, int64_t now_ms, SluiceError *err)
{
	const char *id = key_last(entry->key);
	json_t *document =
		entry->value != NULL ? json_loadb(entry->value, entry->length, 0, NULL) : NULL;

	if (json_is_object(document) && strcmp(run_text(document, "id"), id) == 0)
		return board_put_run(board, id, document, now_ms, err);
	json_decref(document);
	board_remove_run(board, id);
	return true;
}

static bool
take_drain(Board *board, const BucketEntry *entry, int64_t now_ms, SluiceError *err)
{
	(void) now_ms;
	(void) err;
	board->drained = entry->value != NULL;
	return true;
}

static bool
take_lease(Board *board, const BucketEntry *entry, int64_t now_ms, SluiceError *err)
{
	char owner[ID_MAXIMUM + 1] = "";

	if (entry->value != NULL)
		(void) snprintf(owner, sizeof(owner), "%.*s", (int) entry->length, entry->value);
	return board_put_lease(board, entry->key, owner, entry->revision, now_ms, err);
}

typedef bool (*TakeEntry)(Board *board, const BucketEntry *entry, int64_t now_ms, SluiceError *err);

static bool
poll_watch(BucketWatch *watch, Board *board, TakeEntry take, int wait_ms, int64_t now_ms,
		   SluiceError *err)
{
	for (int i = 0; i < ENTRIES_AT_ONCE; i++)
	{
		BucketEntry entry;
		bool good;

		if (!bucket_watch_next(watch, i == 0 ? wait_ms : 0, &entry, err))
			return false;
		if (entry.message == NULL)
			return true;
		good = take(board, &entry, now_ms, err);
		bucket_entry_free(&entry);
		if (!good)
			return false;
	}
	return true;
}

bool
watches_poll(Watches *watches, Board *board, int wait_ms, int64_t now_ms, SluiceError *err)
{
	if (!poll_watch(watches->drain, board, take_drain, 0, now_ms, err) ||
		!poll_watch(watches->leases, board, take_lease, 0, now_ms, err) ||
		!poll_watch(watches->runs, board, take_run, wait_ms, now_ms, err))
		return false;
	if (!watches->current && bucket_watch_current(watches->runs) &&
		bucket_watch_current(watches->drain) && bucket_watch_current(watches->leases))
	{
		watches->current = true;
		board_end_runs(board);
	}
	return true;
}
