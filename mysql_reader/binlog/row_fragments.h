/*
 * row_fragments.h - row events that MariaDB (12.3 and newer) cuts into PARTIAL_ROW_DATA events.
 *
 * Layout: u32 fragments, u32 number of this one (from 1), u8 flags (1: a u64 with the size of the whole
 * follows, in the first one only), then its part of the whole event, common header included.
 */
#ifndef SLUICE_MYSQL_READER_ROW_FRAGMENTS_H
#define SLUICE_MYSQL_READER_ROW_FRAGMENTS_H

#include "event.h"

typedef struct RowFragments
{
	ByteBuf whole;
	uint32_t taken, total; /* taken: how many came */
} RowFragments;

/* `maximum`: bytes of a whole event. */
extern void row_fragments_init(RowFragments *fragments, size_t maximum);
extern void row_fragments_free(RowFragments *fragments);

/* Whether some are there and others are not. */
extern bool row_fragments_open(const RowFragments *fragments);

/* What came is of no use: its group was cut off. */
extern void row_fragments_drop(RowFragments *fragments);

/*
 * Takes the next one.  With the last *complete is true, and *rows the event, whose bytes stay until the
 * next call.
 */
extern bool row_fragments_take(RowFragments *fragments, const EventFormat *format,
							   const Event *event, bool *complete, Event *rows,
							   SluiceError *err) SLUICE_MUST_CHECK;

#endif
