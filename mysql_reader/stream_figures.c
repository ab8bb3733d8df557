/*
 * stream_figures.c - a stream's metrics, by tables (stream_figures.h).
 */
#include "stream_figures.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct CounterSeries
{
	const char *name, *help;
	size_t counter; /* of the Counter * in StreamFigures */
	size_t total;	/* of the number in CaptureCounts */
} counter_series[] = {
	{"sluice_reader_transactions_total", "Transactions of the stream's tables that were published.",
	 offsetof(StreamFigures, transactions), offsetof(CaptureCounts, transactions)},
	{"sluice_reader_changes_total", "Changes that were published.", offsetof(StreamFigures, rows),
	 offsetof(CaptureCounts, rows)},
	{"sluice_reader_log_bytes_total", "Bytes of the source's log that were read.",
	 offsetof(StreamFigures, log_bytes), offsetof(CaptureCounts, log_bytes)},
	{"sluice_reader_heartbeats_total", "Heartbeats of a source that had nothing to say.",
	 offsetof(StreamFigures, heartbeats), offsetof(CaptureCounts, heartbeats)},
	{"sluice_reader_messages_total", "Messages that JetStream acknowledged.",
	 offsetof(StreamFigures, messages), offsetof(CaptureCounts, messages)},
	{"sluice_reader_bundles_total", "Bundles that JetStream acknowledged.",
	 offsetof(StreamFigures, bundles), offsetof(CaptureCounts, bundles)},
	{"sluice_reader_published_bytes_total", "Bytes sent to JetStream.",
	 offsetof(StreamFigures, bytes), offsetof(CaptureCounts, bytes)},
	{"sluice_reader_nats_connects_total", "Connections of the publisher to NATS.",
	 offsetof(StreamFigures, connects), offsetof(CaptureCounts, connects)},
};

static const struct GaugeSeries
{
	const char *name, *help;
	size_t gauge; /* of the Gauge * in StreamFigures */
} gauge_series[] = {
	{"sluice_reader_lag_seconds",
	 "How far what is published is behind the source's commits; 0 when all is.",
	 offsetof(StreamFigures, lag)},
	{"sluice_reader_position", "Number of the place in the source's log that was read up to.",
	 offsetof(StreamFigures, position)},
	{"sluice_reader_window_bytes", "Bytes of bundles that JetStream has not acknowledged.",
	 offsetof(StreamFigures, window)},
};

/* Of each table that is copied. */
static const struct CopySeries
{
	const char *name, *help;
	size_t value; /* of the number in TableFigures */
} copy_series[] = {
	{"sluice_reader_copy_rows", "Rows that this copy has read.", offsetof(TableFigures, rows)},
	{"sluice_reader_copy_rows_expected", "The source's estimate of its rows.",
	 offsetof(TableFigures, rows_expected)},
	{"sluice_reader_copy_bytes", "Their bytes.", offsetof(TableFigures, bytes)},
	{"sluice_reader_copy_chunks", "Chunks that are done.", offsetof(TableFigures, chunks_done)},
	{"sluice_reader_copy_chunks_expected", "How many there will be.",
	 offsetof(TableFigures, chunks)},
};

#define COPIES	 (sizeof(copy_series) / sizeof(copy_series[0]))
#define COUNTERS (sizeof(counter_series) / sizeof(counter_series[0]))
#define GAUGES	 (sizeof(gauge_series) / sizeof(gauge_series[0]))

static Counter **
counter_of(StreamFigures *figures, const struct CounterSeries *series)
{
	return (Counter **) (void *) ((char *) figures + series->counter);
}

static Gauge **
gauge_of(StreamFigures *figures, const struct GaugeSeries *series)
{
	return (Gauge **) (void *) ((char *) figures + series->gauge);
}

const char *
reader_state_name(int state)
{
	return state == READER_STANDBY ? "standby" : stream_state_name((StreamState) state);
}

static bool
make_states(StreamFigures *figures, SluiceError *err)
{
	for (int i = 0; i < READER_STATES; i++)
	{
		figures->states[i] = metrics_gauge(
			figures->metrics, "sluice_reader_state", "1 for the state a stream is in.",
			(MetricLabel[]){
				{"stream", figures->stream}, {"state", reader_state_name(i)}, {NULL, NULL}},
			err);
		if (figures->states[i] == NULL)
			return false;
	}
	return true;
}

bool
stream_figures_init(StreamFigures *figures, Metrics *metrics, const char *stream, SluiceError *err)
{
	const MetricLabel labels[] = {{"stream", stream}, {NULL, NULL}};

	*figures = (StreamFigures){.metrics = metrics, .stream = stream};
	for (size_t i = 0; i < COUNTERS; i++)
	{
		Counter **counter = counter_of(figures, &counter_series[i]);

		*counter =
			metrics_counter(metrics, counter_series[i].name, counter_series[i].help, labels, err);
		if (*counter == NULL)
			return false;
	}
	for (size_t i = 0; i < GAUGES; i++)
	{
		Gauge **gauge = gauge_of(figures, &gauge_series[i]);

		*gauge = metrics_gauge(metrics, gauge_series[i].name, gauge_series[i].help, labels, err);
		if (*gauge == NULL)
			return false;
	}
	return make_states(figures, err);
}

void
stream_figures_set_state(StreamFigures *figures, int state)
{
	for (int i = 0; i < READER_STATES; i++)
		gauge_set(figures->states[i], i == state ? 1 : 0);
}

void
stream_figures_count_error(const StreamFigures *figures, SluiceErrorCode code)
{
	Counter *counter = metrics_counter(figures->metrics, "sluice_reader_errors_total",
									   "Errors that interrupted a stream, by kind.",
									   (MetricLabel[]){{"stream", figures->stream},
													   {"code", sluice_error_name(code)},
													   {NULL, NULL}},
									   NULL);

	if (counter != NULL)
		counter_add(counter, 1);
}

void
stream_figures_begin(StreamFigures *figures)
{
	figures->seen = (CaptureCounts){0};
}

/* The place of a table; a new one's at the end, NULL when there is no room. */
static TableFigures *
find_table(StreamFigures *figures, const char *name)
{
	TableFigures *tables;

	for (size_t i = 0; i < figures->table_count; i++)
	{
		size_t place = (figures->table_next + i) % figures->table_count;

		if (strcmp(figures->tables[place].name, name) != 0)
			continue;
		figures->table_next = place + 1;
		return &figures->tables[place];
	}
	if (figures->table_count == TABLE_FIGURES_MAXIMUM)
		return NULL;
	tables = realloc(figures->tables, (figures->table_count + 1) * sizeof(TableFigures));
	if (tables == NULL)
		return NULL;
	figures->tables = tables;
	tables[figures->table_count] = (TableFigures){.name = strdup(name)};
	return tables[figures->table_count].name != NULL ? &tables[figures->table_count++] : NULL;
}

static void
remember(StreamFigures *figures, const TableFigures *table)
{
	TableFigures *place = find_table(figures, table->name);
	const char *name;

	if (place == NULL)
		return;
	name = place->name;
	*place = *table;
	place->name = name;
}

void
stream_figures_free(StreamFigures *figures)
{
	for (size_t i = 0; i < figures->table_count; i++)
		free((char *) figures->tables[i].name);
	free(figures->tables);
}

void
stream_figures_set_copy(StreamFigures *figures, const TableFigures *table)
{
	const MetricLabel labels[] = {
		{"stream", figures->stream}, {"table", table->name}, {NULL, NULL}};

	remember(figures, table);
	for (size_t i = 0; i < COPIES; i++)
	{
		Gauge *gauge =
			metrics_gauge(figures->metrics, copy_series[i].name, copy_series[i].help, labels, NULL);

		if (gauge != NULL)
			gauge_set(gauge, *(const double *) (const void *) ((const char *) table +
															   copy_series[i].value));
	}
}

void
stream_figures_set(StreamFigures *figures, const CaptureCounts *counts, uint64_t position,
				   size_t window, double lag)
{
	for (size_t i = 0; i < COUNTERS; i++)
	{
		uint64_t now =
			*(const uint64_t *) (const void *) ((const char *) counts + counter_series[i].total);
		uint64_t *seen = (uint64_t *) (void *) ((char *) &figures->seen + counter_series[i].total);

		counter_add(*counter_of(figures, &counter_series[i]), now - *seen);
		*seen = now;
	}
	gauge_set(figures->position, (double) position);
	gauge_set(figures->window, (double) window);
	gauge_set(figures->lag, lag);
}
