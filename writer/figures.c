/*
 * figures.c - metrics of a copy, and all figures as JSON (figures.h).
 */
#include "figures.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

/* ---- metrics ---- */

static LoadCounts
crew_counts(const Figures *figures)
{
	return figures->crew != NULL ? load_crew_counts(figures->crew) : (LoadCounts){0};
}

static void
collect(void *context)
{
	Figures *figures = context;
	LoadFigures load = load_display_figures(figures->display);
	LoadCounts counts = crew_counts(figures);

	atomic_store(&figures->rows->value, counts.rows);
	atomic_store(&figures->bytes->value, counts.bytes);
	atomic_store(&figures->bundles->value, counts.bundles);
	for (int i = 0; i < LOAD_PHASES; i++)
		gauge_set(figures->phases[i], load.active && i == (int) load.phase ? 1 : 0);
	gauge_set(figures->chunks, (double) load.chunks);
	gauge_set(figures->chunks_expected, (double) load.of);
	gauge_set(figures->rows_expected, (double) load.rows_expected);
}

static bool
make_phases(Figures *figures, Metrics *metrics, SluiceError *err)
{
	for (int i = 0; i < LOAD_PHASES; i++)
	{
		figures->phases[i] = metrics_gauge(
			metrics, "sluice_writer_load_phase",
			"1 for the phase of the copy that this writer conducts.",
			(MetricLabel[]){{"phase", load_phase_name((LoadPhase) i)}, {NULL, NULL}}, err);
		if (figures->phases[i] == NULL)
			return false;
	}
	return true;
}

bool
figures_init(Figures *figures, Metrics *metrics, SluiceError *err)
{
	figures->rows = metrics_counter(metrics, "sluice_writer_load_rows_total",
									"Rows of copies taken in by this process.", NULL, err);
	figures->bytes = metrics_counter(metrics, "sluice_writer_load_bytes_total",
									 "Bytes of those rows.", NULL, err);
	figures->bundles = metrics_counter(metrics, "sluice_writer_load_bundles_total",
									   "Bundles of copies taken in by this process.", NULL, err);
	figures->chunks =
		metrics_gauge(metrics, "sluice_writer_load_chunks",
					  "Complete chunks of the copy that this writer conducts.", NULL, err);
	figures->chunks_expected = metrics_gauge(metrics, "sluice_writer_load_chunks_expected",
											 "How many there will be.", NULL, err);
	figures->rows_expected = metrics_gauge(metrics, "sluice_writer_load_rows_expected",
										   "The source's estimate of the copy's rows.", NULL, err);
	return figures->rows != NULL && figures->bytes != NULL && figures->bundles != NULL &&
		   figures->chunks != NULL && figures->chunks_expected != NULL &&
		   figures->rows_expected != NULL && make_phases(figures, metrics, err) &&
		   metrics_on_collect(metrics, collect, figures, err);
}

/* ---- JSON ---- */

static json_t *
load_json(const LoadFigures *load)
{
	if (!load->active)
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I}", "phase",
					 load_phase_name(load->phase), "generation", (json_int_t) load->generation,
					 "chunks", (json_int_t) load->chunks, "chunks_expected", (json_int_t) load->of,
					 "tables", (json_int_t) load->tables, "tables_loaded",
					 (json_int_t) load->tables_done, "rows", (json_int_t) load->rows, "bytes",
					 (json_int_t) load->bytes, "rows_expected", (json_int_t) load->rows_expected,
					 "rows_per_second", load->rows_per_second, "seconds_left",
					 (json_int_t) load->seconds_left);
}

static json_int_t
counter_value(const Counter *counter)
{
	return (json_int_t) atomic_load(&counter->value);
}

/* A number; null for one that is not known. */
static json_t *
known_json(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

/* {book, rows, bytes}; null where the target keeps no total. */
static json_t *
total_json(const AppliedTotal *total)
{
	char book[24];

	if (!total->kept)
		return json_null();
	(void) snprintf(book, sizeof(book), "%" PRIu64, total->book);
	return json_pack("{s:s, s:I, s:I}", "book", book, "rows", (json_int_t) total->sum.rows, "bytes",
					 (json_int_t) total->sum.bytes);
}

const char *
figures_json(void *context, char text[FIGURES_TEXT])
{
	const Figures *figures = context;
	LoadFigures load = load_display_figures(figures->display);
	LoadCounts counts = crew_counts(figures);
	AppliedTotal applied = stats_applied(figures->stats);
	struct timespec now;
	json_t *root;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	root = json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:o, s:o}", "role",
		"writer", "stream", figures->settings->stream, "consumer", figures->settings->consumer,
		"owner", figures->settings->owner, "time_ms",
		(json_int_t) now.tv_sec * 1000 + now.tv_nsec / 1000000, "state",
		writer_state_names[atomic_load(&figures->stats->state)], "transactions",
		counter_value(figures->stats->transactions), "bytes", counter_value(figures->stats->bytes),
		"rows", (json_int_t) atomic_load(&figures->stats->rows), "lag_seconds",
		known_json(stats_lag_seconds(figures->stats)), "pending_messages",
		(json_int_t) stats_pending(figures->stats), "loaded_rows", (json_int_t) counts.rows,
		"loaded_bytes", (json_int_t) counts.bytes, "loaded_bundles", (json_int_t) counts.bundles,
		"load", load_json(&load), "applied_total", total_json(&applied));
	length = root != NULL ? json_dumpb(root, text, FIGURES_TEXT - 1, JSON_COMPACT) : 0;
	text[length < FIGURES_TEXT ? length : 0] = '\0';
	json_decref(root);
	return text;
}

const char *
figures_total(void *context, char text[KV_VALUE_MAXIMUM])
{
	const Figures *figures = context;
	AppliedTotal applied = stats_applied(figures->stats);
	json_t *total = total_json(&applied);
	size_t length = applied.kept ? json_dumpb(total, text, KV_VALUE_MAXIMUM - 1, JSON_COMPACT) : 0;

	text[length < KV_VALUE_MAXIMUM ? length : 0] = '\0';
	json_decref(total);
	return text;
}
