/*
 * load_gather.h - bundles of a copy, opened and put together for one transaction of the target.
 *
 * Rows stay where they came in, in the message or unpacked beside it, so a gathering is kept until
 * its transaction is done, and can be tried again.
 */
#ifndef SLUICE_WRITER_LOAD_GATHER_H
#define SLUICE_WRITER_LOAD_GATHER_H

#include "common/nats/load_puller.h"
#include "load_target.h"

#define GATHER_BUNDLES 32

typedef struct GatherItem
{
	LoadMessage message;
	BundleReader bundle;
	BundleRow *rows;
	uint32_t row_room;
	LoadPiece piece;
} GatherItem;

typedef struct LoadGather
{
	GatherItem items[GATHER_BUNDLES];
	LoadPiece *pieces[GATHER_BUNDLES]; /* by table and place */
	uint32_t count;
	size_t bytes, maximum_bytes;
} LoadGather;

extern void load_gather_init(LoadGather *gather, size_t maximum_bytes);
extern void load_gather_free(LoadGather *gather);

/* Empties it; memory is kept for the next, up to a bound. */
extern void load_gather_reset(LoadGather *gather);

/* True when it should be taken in before more is added: the only bound on its size. */
extern bool load_gather_full(const LoadGather *gather);

/*
 * Adds a bundle that is not to be dropped and takes the message over; on an error it stays the
 * caller's.  CORRUPT for one that is not of a copy or holds rows of several tables.
 */
extern bool load_gather_add(LoadGather *gather, LoadMessage *message, LoadWay way, TableMap *tables,
							SluiceError *err) SLUICE_MUST_CHECK;

/* What there is as a LoadTake for a plan. */
extern LoadTake load_gather_take(LoadGather *gather, const LoadPlan *plan);

/* Reads what the last bundle of a chunk says of it. */
extern bool chunk_end_parse(const uint8_t *json, size_t length, ChunkEnd *end,
							SluiceError *err) SLUICE_MUST_CHECK;

#endif
