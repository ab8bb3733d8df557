/*
 * stream_figures.h - a stream's metrics.
 *
 * Series live as long as the program: a stream that comes back goes on with its own.
 */
#ifndef SLUICE_MYSQL_READER_STREAM_FIGURES_H
#define SLUICE_MYSQL_READER_STREAM_FIGURES_H

#include "common/core/stream_state.h"
#include "common/daemon/metrics.h"

/* What a reader says of a stream: the states of all streams, and that another reader is at work. */
typedef enum ReaderState
{
	READER_STANDBY = STREAM_STATES,
	READER_STATES
} ReaderState;

/* "streaming", ..., "standby"; of a StreamState too. */
extern const char *reader_state_name(int state);

/* Totals since a capture began. */
typedef struct CaptureCounts
{
	uint64_t transactions, rows, log_bytes, heartbeats, messages, bundles, bytes, connects;
} CaptureCounts;

/* How far the copy of a table is; numbers of the newest generation. */
typedef struct TableFigures
{
	const char *name; /* with its database */
	double rows, rows_expected, bytes, chunks, chunks_done;
} TableFigures;

#define TABLE_FIGURES_MAXIMUM 2000 /* that are remembered */

typedef struct StreamFigures
{
	Metrics *metrics;
	const char *stream;
	Gauge *states[READER_STATES];
	Gauge *lag, *position, *window;
	Counter *transactions, *rows, *log_bytes, *heartbeats, *messages, *bundles, *bytes, *connects;
	CaptureCounts seen;	  /* what of the capture is counted already */
	TableFigures *tables; /* of the copy, names their own; of the thread that looks */
	size_t table_count;
	size_t table_next; /* tables come in the same order each time: where the next one likely is */
} StreamFigures;

/* `stream` must stay. */
extern bool stream_figures_init(StreamFigures *figures, Metrics *metrics, const char *stream,
								SluiceError *err) SLUICE_MUST_CHECK;

extern void stream_figures_set_copy(StreamFigures *figures, const TableFigures *table);

/* Forgets tables; series stay. */
extern void stream_figures_free(StreamFigures *figures);

extern void stream_figures_set_state(StreamFigures *figures, int state);
extern void stream_figures_count_error(const StreamFigures *figures, SluiceErrorCode code);

/* A capture begins: its totals begin at 0. */
extern void stream_figures_begin(StreamFigures *figures);

/*
 * What a capture has by now: its totals, the number of its place, bytes that wait for acknowledgement,
 * seconds by which what it publishes is behind the source's commits.
 */
extern void stream_figures_set(StreamFigures *figures, const CaptureCounts *counts,
							   uint64_t position, size_t window, double lag);

#endif
