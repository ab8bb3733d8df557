/*
 * load_target.h - what a target must offer for a copy: its state there, and taking in bundles.
 *
 * The state is the stream's row in sluice.load, with a row per chunk in sluice.load_chunk and one per
 * bundle that is in, in sluice.load_bundle.  Only the owner (target.h) changes the state; anybody
 * takes in bundles while it says so.
 */
#ifndef SLUICE_WRITER_LOAD_TARGET_H
#define SLUICE_WRITER_LOAD_TARGET_H

#include "load_tally.h"
#include "target.h"

#include "common/core/bundle.h"

struct StructureSettings; /* structure.h */

/* Where a copy stands; all zero when there is none. */
typedef struct LoadState
{
	bool exists;
	uint64_t incarnation;
	uint32_t generation;
	LoadPhase phase;
	bool begun;		 /* making its tables was, where a part of it can stay (note_begun()) */
	bool prepared;	 /* its tables were made, by this generation or one before */
	uint32_t newest; /* generation of the newest bundle that is in; 0: none is */
	char error[512]; /* why it stands still; "" when it does not */
} LoadState;

/* What the last bundle of a chunk says of it. */
typedef struct ChunkEnd
{
	uint32_t bundles;
	uint64_t rows, bytes;
} ChunkEnd;

/* A bundle on its way in. */
typedef struct LoadPiece
{
	LoadPlace place;
	LoadWay way;  /* COPY, UPSERT or FILL */
	Table *table; /* of the rows; NULL when there are none */
	const BundleRow *rows;
	uint32_t row_count;
	uint64_t bytes;
	bool ends;
	ChunkEnd end;
	bool gone;	/* its rows cannot be had any more: fine when they are in */
	bool fresh; /* set by take(): it was not in before */
} LoadPiece;

/* Bundles for one transaction of the target. */
typedef struct LoadTake
{
	const LoadPlan *plan;
	LoadPiece *const *pieces; /* those of a table next to each other */
	uint32_t count;
} LoadTake;

typedef struct LoadOps LoadOps;

struct LoadOps
{
	/* All indexes of a table are made at once rather than one by one. */
	bool whole_tables;

	/* The state as committed; a target without Sluice's tables has none. */
	bool (*read)(Target *target, LoadState *state, SluiceError *err);

	/* Appends the document of the copy under way. */
	bool (*read_document)(Target *target, ByteBuf *json, SluiceError *err);

	/*
	 * A change of the state: begin() waits until no bundle is being taken in and keeps it so, and
	 * fails with CONFLICT when another is the owner.  Then the changes, then commit(), which is
	 * durable; or abandon().  Where statements that change structure commit by themselves, the
	 * changes of the state behind them see to the same anew.
	 */
	bool (*begin)(Target *target, SluiceError *err);
	bool (*commit)(Target *target, SluiceError *err);
	void (*abandon)(Target *target);

	/* Another document: phase structure.  With another incarnation all that was known goes, and the
	 * progress row is that of a target that has nothing yet. */
	bool (*replace)(Target *target, const LoadPlan *plan, const char *json, size_t length,
					SluiceError *err);
	bool (*set_phase)(Target *target, LoadPhase phase, SluiceError *err);

	/* Removes all rows of a table, not of its children. */
	bool (*empty)(Target *target, const char *schema, const char *name, SluiceError *err);

	/* Outside of begin(): makes Sluice's tables for copies. */
	bool (*ensure)(Target *target, SluiceError *err);

	/* Outside of begin(): writes why the load stands still, or with "" that it does not; anybody may. */
	bool (*set_error)(Target *target, const char *text, SluiceError *err);

	/* The structure of a document at this target; its texts and settings must outlive it. */
	struct Structure *(*structure)(Target *target, const SchemaDocument *document,
								   const struct StructureSettings *settings, SluiceError *err);

	/*
	 * Marks chunks that have become complete and counts; with `all` also those marked before.  What is
	 * counted as complete is durable.
	 */
	bool (*count)(Target *target, LoadTally *tally, bool all, SluiceError *err);

	/* Counts what is in of other chunks, and removes what need not be remembered of complete ones. */
	bool (*count_more)(Target *target, LoadTally *tally, SluiceError *err);

	/*
	 * Takes in bundles that are not in yet, in one transaction that is committed on return, at
	 * target->committed, and durable when target->durable is as far; flush() brings it there.  STATE:
	 * the state is not (or not any more) that of the plan, nothing was done.
	 */
	bool (*take)(Target *target, const LoadTake *take, SluiceError *err);
};

#endif
