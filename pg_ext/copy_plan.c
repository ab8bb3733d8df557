/*
 * copy_plan.c - worker 0's part.
 *
 * The leader locks tables that it looked up before there was a snapshot.  When the snapshot shows other
 * ones, or a table was rewritten between the two, another snapshot must be taken.
 */
#include "pg_ext/copy_plan.h"

#include "access/transam.h"
#include "access/xact.h"
#include "utils/snapmgr.h"

#include "common/core/crc32c.h"
#include "pg_ext/copy_catalog.h"
#include "pg_ext/copy_output.h"
#include "pg_ext/copy_process.h"
#include "pg_ext/copy_worker.h"

uint32
copy_plan_checksum(List *tables)
{
	uint32 checksum = 0;
	ListCell *cell;

	foreach (cell, tables)
	{
		Oid table = lfirst_oid(cell);

		checksum = crc32c(checksum, &table, sizeof(table));
	}
	return checksum;
}

/* The snapshot's xmin with its epoch: it is among the last two billion transactions. */
static uint64
threshold(void)
{
	uint64 next = U64FromFullTransactionId(ReadNextFullTransactionId());
	TransactionId xmin = GetActiveSnapshot()->xmin;

	return next - (uint32) ((uint32) next - xmin);
}

static void
set_plan(CopyPlan plan, int chunks)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copying.copy->plan = plan;
	copying.copy->chunks = (uint32) Max(chunks, 0);
	if (copying.copy->latch != NULL)
		SetLatch(copying.copy->latch);
	LWLockRelease(shared->lock);
}

void
copy_plan(void)
{
	CopyEntry *copy = copying.copy;
	int chunks = -1;

	copy_worker_begin_chunk();
	if (copy_plan_checksum(copy_catalog_tables_inside(copying.row.name)) == copy->tables)
		chunks = copy_catalog_plan(copying.row.name, copy->generation, copy->position, threshold(),
								   copying.row.chunk_bytes);
	if (chunks < 0)
	{
		AbortCurrentTransaction();
		set_plan(PLAN_MISSED, 0);
		return;
	}
	copy_await_slot_noted();
	copy_output_document(copy->generation, copy_catalog_document(copying.row.name, copy->generation,
																 copy->incarnation));
	copy_worker_end_chunk();
	set_plan(PLAN_MADE, chunks);
}
