/*
 * worker_copy.c - waiting for what the copy's leader says in shared memory.
 */
#include "pg_ext/worker_copy.h"

#include <signal.h>

#include "miscadmin.h"

#include "common/nats/kv.h"
#include "common/nats/load_report.h"
#include "common/nats/load_stream.h"
#include "pg_ext/settings.h"
#include "pg_ext/worker_publisher.h"
#include "pg_ext/worker_state.h"

#define LOOK_MS 200

bool
worker_wants_copy(void)
{
	return worker.row.copy_due;
}

void
worker_request_copy(void)
{
	CopyEntry *copy = &worker.entry->copy;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copy_entry_want(copy, worker.row.copies_finished > 0);
	LWLockRelease(shared->lock);
	shared_wake_launcher();
}

static void
wait_a_little(void)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOK_MS,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

XLogRecPtr
worker_await_copy_slot(void)
{
	CopyEntry *copy = &worker.entry->copy;
	XLogRecPtr start = InvalidXLogRecPtr;

	for (;;)
	{
		LWLockAcquire(shared->lock, LW_SHARED);
		if (copy->slot_made)
			start = copy->position;
		LWLockRelease(shared->lock);
		if (!XLogRecPtrIsInvalid(start))
			return start;
		wait_a_little();
		worker_serve_interrupts();
	}
}

void
worker_copy_slot_noted(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	worker.entry->copy.slot_made = false;
	LWLockRelease(shared->lock);
}

void
worker_await_copy_end(void)
{
	bool done = !worker.row.copy_due;

	while (!done)
	{
		LWLockAcquire(shared->lock, LW_SHARED);
		done = worker.entry->copy.phase == COPY_DONE;
		LWLockRelease(shared->lock);
		if (!done)
			worker_wait(LOOK_MS);
	}
}

/* A report that stays behind without its stream harms nobody. */
static void
remove_reports(NatsSession *session)
{
	char key[SUBJECT_TEXT];
	SluiceError ignored;
	ListCell *cell;

	foreach (cell, worker.row.consumers)
	{
		if (!kv_delete(session, load_report_key(key, worker.row.name, lfirst(cell)), &ignored))
			continue;
	}
}

void
worker_remove_copy(void)
{
	NatsSession session;
	NatsSettings settings;
	SluiceError err;
	sigset_t all;
	sigset_t before;
	bool removed;

	settings_nats(&settings);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	removed = nats_session_open(&session, &settings, &err) &&
			  load_stream_delete(&session, worker.row.name, &err);
	if (removed)
		remove_reports(&session);
	nats_session_close(&session);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!removed)
		worker_raise_removal(&err);
}

void
worker_await_copy_gone(void)
{
	bool busy = true;

	while (busy)
	{
		LWLockAcquire(shared->lock, LW_SHARED);
		busy = copy_entry_busy(&worker.entry->copy);
		LWLockRelease(shared->lock);
		if (busy)
			wait_a_little();
	}
}
