/*
 * usage.h - counting what one stream used, day by day.  Pure: no clock, no I/O.
 *
 * What was counted last and the sums are one document (`meter.<tenant>.<stream>`), so that a write either counts
 * all of it or nothing.  Sums of a day that is over go into a document of their own (`usage.<tenant>.<stream>.<day>`), which is
 * written before the day begins anew: whoever finds both takes this one's word.
 */
#ifndef SLUICE_CONTROL_METER_USAGE_H
#define SLUICE_CONTROL_METER_USAGE_H

#include <jansson.h>
#include <stdint.h>

#include "common/control/timestamp.h"
#include "common/core/error.h"

/* Time between two sights of a stream that counts as streaming at most: as long as servers take to pass the lease on. */
#define USAGE_GAP_MS INT64_C(20000)

/* Books of targets that are remembered, those seen last. */
#define USAGE_BOOKS 32

typedef struct UsageSum
{
	uint64_t rows, bytes;
	uint64_t cdc_ms; /* seen streaming */
} UsageSum;

/* What a target's book said: its number and its total. */
typedef struct UsageBook
{
	uint64_t book;
	uint64_t rows, bytes;
	int64_t seen_ms;
} UsageBook;

typedef struct UsageMeter
{
	char day[DAY_TEXT]; /* that `today` is of; "" before the first */
	UsageSum today;
	UsageSum month;	 /* of the day's month, days before it */
	int64_t seen_ms; /* when it was last seen streaming; 0: it was not, when looked at last */
	UsageBook books[USAGE_BOOKS];
	size_t book_count;
} UsageMeter;

extern UsageSum usage_add(UsageSum a, UsageSum b);
extern bool usage_is_zero(const UsageSum *sum);

/* Both of days as in DAY_TEXT. */
extern bool usage_same_month(const char *day, const char *other);

/*
 * A book's total.  What is above the highest that was counted of that book counts; a total that goes back counts again
 * only above it.  A book that was never seen counts from `base` (NULL: from 0), as far as another stream counted it.  True
 * when something was added or remembered.
 */
extern bool usage_take(UsageMeter *meter, const UsageBook *told, const UsageBook *base);

/* NULL when the book is not known. */
extern const UsageBook *usage_book(const UsageMeter *meter, uint64_t book);

/* The stream was looked at and streams, or does not. */
extern void usage_see(UsageMeter *meter, bool streaming, int64_t now_ms);

/* Whether `now_ms` is of a day behind the meter's, so that the meter's is over. */
extern bool usage_day_over(const UsageMeter *meter, int64_t now_ms);

/* Begins the day of now; the one before must stand in its own document, if it has a sum. */
extern void usage_begin_day(UsageMeter *meter, int64_t now_ms);

/* The meter's sum of the month that a time is in. */
extern UsageSum usage_of_month(const UsageMeter *meter, int64_t now_ms);

/* When the month that a time is in ends, milliseconds since 1970. */
extern int64_t usage_month_end(int64_t now_ms);

/* Documents; NULL without memory; CORRUPT when one is none. */
extern json_t *usage_meter_json(const UsageMeter *meter);
extern bool usage_meter_read(UsageMeter *meter, const json_t *document,
							 SluiceError *err) SLUICE_MUST_CHECK;
extern json_t *usage_sum_json(const UsageSum *sum);
extern bool usage_sum_read(UsageSum *sum, const json_t *document,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* What a writer tells as applied_total: {book, rows, bytes}; false when it is none. */
extern bool usage_book_parse(UsageBook *book, const json_t *total, int64_t seen_ms);

#endif
