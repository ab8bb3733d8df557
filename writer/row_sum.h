/*
 * row_sum.h - checksums of sets of rows: the number of rows and the sum of their hashes.
 *
 * The order of rows makes no difference, how often each is there does.  Sums of parts add up to the
 * sum of the whole.
 */
#ifndef SLUICE_WRITER_ROW_SUM_H
#define SLUICE_WRITER_ROW_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct RowSum
{
	uint64_t rows;
	uint64_t sum; /* modulo 2^64 */
} RowSum;

/* SipHash-2-4 under a fixed key: the same on every machine, in every release. */
extern uint64_t row_hash(const void *data, size_t length);

extern void row_sum_add(RowSum *sum, uint64_t hash);
extern void row_sum_merge(RowSum *sum, const RowSum *part);
extern bool row_sum_equal(const RowSum *a, const RowSum *b);

#endif
