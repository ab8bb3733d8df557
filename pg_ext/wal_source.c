/*
 * wal_source.c - reads flushed WAL pages; follows the timelines a server has been through.
 *
 * The flush position is cached: reading it takes a contended lock, and a backlog is read for many
 * pages before it matters again.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "access/xlogutils.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"

#include "pg_ext/pg_compat.h"
#include "pg_ext/wal_source.h"

static XLogRecPtr flushed = InvalidXLogRecPtr;
static TimeLineID server_timeline = 0;
static bool waits = false;

void
wal_source_wait(bool wait)
{
	waits = wait;
}

bool
wal_source_has(XLogRecPtr position)
{
	if (flushed > position)
		return true;
	flushed = compat_flush_position(&server_timeline);
	return flushed > position;
}

XLogRecPtr
wal_source_end(void)
{
	return flushed;
}

/* For finding a slot's start only, where nothing else is to be served meanwhile. */
static void
wait_for(XLogRecPtr position)
{
	while (!wal_source_has(position - 1))
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 20,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

int
wal_source_read_page(XLogReaderState *state, XLogRecPtr page, int length, XLogRecPtr target,
					 char *buffer)
{
	XLogRecPtr limit;
	WALReadError error;
	int count;

	(void) target;
	if (!wal_source_has(page + length - 1))
	{
		if (!waits)
			return -1;
		wait_for(page + length);
	}
	compat_determine_timeline(state, page, (uint32) length, server_timeline);
	limit = state->currTLI == server_timeline ? flushed : state->currTLIValidUntil;
	if (page + XLOG_BLCKSZ <= limit)
		count = XLOG_BLCKSZ;
	else if (page + length > limit)
		return -1;
	else
		count = (int) (limit - page);
	if (!WALRead(state, buffer, page, count, state->currTLI, &error))
		WALReadRaiseError(&error);
	return count;
}
