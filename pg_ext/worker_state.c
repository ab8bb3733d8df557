/*
 * worker_state.c - errors, states, requests to end and waiting, the same in all of a worker's life.
 */
#include "pg_ext/worker_state.h"

#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "pg_ext/settings.h"

#define END_MS 5000 /* that a stream may take to bring what was committed before it shall end */

Worker worker;

/* ---- errors and state ---- */

void
worker_raise(const SluiceError *err)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("stream \"%s\": %s", worker.row.name, err->message),
					err->hint[0] != '\0' ? errhint("%s", err->hint) : 0));
	pg_unreachable();
}

void
worker_fail_for_good(const char *message, const char *hint)
{
	SluiceError err = {.code = SLUICE_ERROR_STATE};

	snprintf(err.message, sizeof(err.message), "%s", message);
	snprintf(err.hint, sizeof(err.hint), "%s", hint);
	worker.terminal = true;
	worker_raise(&err);
}

void
worker_finish(void)
{
	worker.stopping = worker.finished = true;
	ereport(ERROR, (errmsg("stream \"%s\" is finished", worker.row.name)));
	pg_unreachable();
}

void
worker_set_state(StreamState state)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	worker.entry->state = state;
	LWLockRelease(shared->lock);
}

void
worker_note_error(const SluiceError *err)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	worker.entry->error = *err;
	worker.entry->error_at = GetCurrentTimestamp();
	LWLockRelease(shared->lock);
}

/* ---- requests to end ---- */

StreamWish
worker_wish(void)
{
	StreamWish wish;

	LWLockAcquire(shared->lock, LW_SHARED);
	wish = worker.entry->suspended ? WISH_NONE : worker.entry->wish;
	LWLockRelease(shared->lock);
	return wish;
}

static void
end_as_asked(void)
{
	worker.stopping = true;
	ereport(ERROR, (errmsg("stream \"%s\" is asked to end", worker.row.name)));
}

/*
 * Other NATS settings want another publisher: the launcher starts this stream anew with one.  A secret
 * that cannot be read (a file that is just being replaced, say) is no reason to end what works.
 */
static void
reload(void)
{
	SluiceError err;
	uint32 checksum;

	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	if (worker.publisher == NULL)
		return;
	if (!settings_nats_checksum(&checksum, &err))
	{
		ereport(WARNING, (errmsg("stream \"%s\" goes on with its NATS settings: %s",
								 worker.row.name, err.message),
						  errhint("Mend the file and reload again.")));
		return;
	}
	if (checksum == worker.nats_checksum)
		return;
	ereport(LOG, (errmsg("stream \"%s\" has new NATS settings: starting anew", worker.row.name)));
	end_as_asked();
}

/*
 * Paused and stopped streams bring what was committed before, as far as JetStream takes it: their
 * sequences' values are in it.
 */
static bool
has_more_to_bring(StreamWish wish)
{
	PublisherStatus status;
	TimeLineID timeline;

	if (worker.decoding == NULL || (wish != WISH_PAUSE && wish != WISH_STOP))
		return false;
	if (XLogRecPtrIsInvalid(worker.end_at))
	{
		worker.end_at = compat_flush_position(&timeline);
		worker.end_by = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), END_MS);
		return true; /* what is read already is yet to be sent, too */
	}
	publisher_status(worker.publisher, &status);
	return GetCurrentTimestamp() < worker.end_by &&
		   (worker.decoding->reader->EndRecPtr < worker.end_at ||
			(status.in_flight > 0 && status.acked.commit < worker.end_at));
}

void
worker_serve_interrupts(void)
{
	StreamWish wish;

	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
		reload();
	if (worker.stopping)
		return;
	wish = worker_wish();
	if (wish == WISH_RUN)
		worker.end_at = InvalidXLogRecPtr;
	else if (!has_more_to_bring(wish))
		end_as_asked();
}

void
worker_allow_cancel(bool allowed)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	worker.entry->locked_out = allowed;
	LWLockRelease(shared->lock);
	/* One that was sent while it was allowed has arrived by now. */
	if (!allowed)
		QueryCancelPending = false;
	/* The wish may have changed before. */
	if (allowed)
		worker_serve_interrupts();
}

void
worker_wait(long ms)
{
	WaitEvent event;

	(void) WaitEventSetWait(worker.events, ms, &event, 1, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	worker_serve_interrupts();
}
