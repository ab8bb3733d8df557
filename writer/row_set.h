/*
 * row_set.h - rows of one side by key, to be met by those of the other; and what did not fit.
 *
 * A key is any run of bytes.  A row has two hashes: of its values as they are, and of them in a form
 * that leaves out what two equal values may differ in; rows are equal when either is.
 */
#ifndef SLUICE_WRITER_ROW_SET_H
#define SLUICE_WRITER_ROW_SET_H

#include "common/core/bytebuf.h"

typedef enum RowFault
{
	ROW_MISSING, /* at the source only */
	ROW_EXTRA,	 /* at the target only */
	ROW_DIFFERENT,
	ROW_FAULTS
} RowFault;

typedef struct RowImage
{
	const uint8_t *key;
	size_t key_length;
	uint64_t exact, loose;
} RowImage;

typedef struct RowDifference
{
	RowFault fault;
	size_t key_at, key_length; /* in the list's keys */
	uint64_t exact, loose;	   /* of the one row there is */
} RowDifference;

/* All are counted, the first `maximum` are kept. */
typedef struct RowDifferences
{
	uint64_t counts[ROW_FAULTS];
	RowDifference *items;
	size_t count, room, maximum;
	ByteBuf keys;
} RowDifferences;

extern void row_differences_init(RowDifferences *list, size_t maximum);
extern void row_differences_free(RowDifferences *list);
extern bool row_differences_add(RowDifferences *list, RowFault fault, const RowImage *row,
								SluiceError *err) SLUICE_MUST_CHECK;
extern bool row_differences_append(RowDifferences *list, const RowDifferences *more,
								   SluiceError *err) SLUICE_MUST_CHECK;
extern uint64_t row_differences_total(const RowDifferences *list);

/* Sets missing and extra rows of the same key off against each other. */
extern bool row_differences_settle(RowDifferences *list, SluiceError *err) SLUICE_MUST_CHECK;

typedef struct RowEntry
{
	uint64_t hash, exact, loose;
	size_t key_at, key_length;
	bool taken, met;
} RowEntry;

typedef struct RowSet
{
	RowEntry *entries;
	size_t count, room; /* room is a power of two */
	ByteBuf keys;
} RowSet;

extern void row_set_init(RowSet *set);
extern void row_set_free(RowSet *set);

/* A row of the source. */
extern bool row_set_add(RowSet *set, const RowImage *row, SluiceError *err) SLUICE_MUST_CHECK;

/* A row of the target; what does not fit goes to the list. */
extern bool row_set_meet(RowSet *set, const RowImage *row, RowDifferences *list,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* The target has no more rows: those that were not met are missing. */
extern bool row_set_finish(const RowSet *set, RowDifferences *list,
						   SluiceError *err) SLUICE_MUST_CHECK;

#endif
