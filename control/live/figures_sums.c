/*
 * figures_sums.c - what the reports of a stream come to, as numbers and as JSON (figures.h).
 */
#include <math.h>
#include <string.h>

#include "common/control/timestamp.h"
#include "figures_internal.h"

/* ---- tables ---- */

static const char *const table_counts[] = {
	"estimated_rows", "copied_rows", "copied_bytes", "chunks",
	"chunks_done",	  "inserts",	 "updates",		 "deletes",
};

#define TABLE_TEXT 2000 /* bytes of a name or error that are taken */

static bool
is_text(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) <= TABLE_TEXT;
}

json_t *
figures_table_document(const json_t *told)
{
	json_t *table = json_object_get(told, "table");
	json_t *state = json_object_get(told, "state");
	json_t *error = json_object_get(told, "error");
	json_t *document;

	if (!is_text(table))
		return NULL;
	document = json_pack("{s:O, s:O?, s:O?}", "table", table, "state",
						 is_text(state) ? state : NULL, "error", is_text(error) ? error : NULL);
	for (size_t i = 0; i < sizeof(table_counts) / sizeof(table_counts[0]); i++)
	{
		double number = report_number(told, table_counts[i]);

		(void) json_object_set_new(document, table_counts[i],
								   isnan(number) ? json_null() : json_integer((json_int_t) number));
	}
	return document;
}

/* ---- sums ---- */

/* What is not known says nothing. */
static double
least(double a, double b)
{
	return isnan(a) || b < a ? b : a;
}

static double
most(double a, double b)
{
	return isnan(a) || b > a ? b : a;
}

static double
added(double a, double b)
{
	if (isnan(a))
		return b;
	return isnan(b) ? a : a + b;
}

static bool
is_fresh(const FiguresSource *source, int64_t now_ms)
{
	return now_ms - source->received_ms < FIGURES_FRESH_MS;
}

/* The reader at work, or one that stands by; NULL: none is heard. */
static const FiguresSource *
reader_of(const FiguresStream *stream, int64_t now_ms)
{
	const FiguresSource *best = NULL;

	for (size_t i = 0; i < stream->source_count; i++)
	{
		const FiguresSource *source = &stream->sources[i];

		if (source->report.role != REPORT_READER || !is_fresh(source, now_ms))
			continue;
		if (best == NULL || best->report.standby > source->report.standby ||
			(best->report.standby == source->report.standby &&
			 best->received_ms < source->received_ms))
			best = source;
	}
	return best;
}

/* The writers of one consumer together. */
typedef struct Target
{
	const FiguresSource *first; /* the one at work, or one that stands by */
	double rows, bytes, rows_rate, bytes_rate, lag, pending;
	size_t writers;
} Target;

static void
add_writer(Target *target, const FiguresSource *source)
{
	const Report *report = &source->report;

	if (target->first == NULL || target->first->report.standby > report->standby)
		target->first = source;
	target->writers++;
	target->rows = added(target->rows, report->rows);
	target->bytes = added(target->bytes, report->bytes);
	target->rows_rate = added(target->rows_rate, source->rows_rate);
	target->bytes_rate = added(target->bytes_rate, source->bytes_rate);
	if (report->standby)
		return;
	target->lag = most(target->lag, report->lag_seconds);
	target->pending = most(target->pending, report->pending_messages);
}

/* The consumers that are heard; their number. */
static size_t
targets_of(const FiguresStream *stream, int64_t now_ms, Target targets[FIGURES_SOURCES])
{
	size_t count = 0;

	for (size_t i = 0; i < stream->source_count; i++)
	{
		const FiguresSource *source = &stream->sources[i];
		size_t at = 0;

		if (source->report.role != REPORT_WRITER || !is_fresh(source, now_ms))
			continue;
		while (at < count &&
			   strcmp(targets[at].first->report.consumer, source->report.consumer) != 0)
			at++;
		if (at == count)
			targets[count++] = (Target){.rows = NAN,
										.bytes = NAN,
										.rows_rate = NAN,
										.bytes_rate = NAN,
										.lag = NAN,
										.pending = NAN};
		add_writer(&targets[at], source);
	}
	return count;
}

static const LiveFigures nothing = {
	.rows_read_per_second = NAN,
	.bytes_read_per_second = NAN,
	.rows_applied_per_second = NAN,
	.bytes_applied_per_second = NAN,
	.lag_seconds = NAN,
	.lag_bytes = NAN,
	.kept_bytes = NAN,
	.pending_messages = NAN,
	.rows_read = NAN,
	.bytes_read = NAN,
	.rows_applied = NAN,
	.bytes_applied = NAN,
};

static void
sum_reader(const FiguresSource *reader, LiveFigures *out)
{
	out->reader = true;
	out->at_ms = reader->received_ms;
	out->rows_read = reader->report.rows;
	out->bytes_read = reader->report.bytes;
	out->rows_read_per_second = reader->rows_rate;
	out->bytes_read_per_second = reader->bytes_rate;
	out->lag_seconds = reader->report.lag_seconds;
	out->lag_bytes = reader->report.lag_bytes;
	out->kept_bytes = reader->report.kept_bytes;
}

static void
sum_target(const Target *target, LiveFigures *out)
{
	out->writer = true;
	if (target->first->received_ms > out->at_ms)
		out->at_ms = target->first->received_ms;
	out->rows_applied = least(out->rows_applied, target->rows);
	out->bytes_applied = least(out->bytes_applied, target->bytes);
	out->rows_applied_per_second = least(out->rows_applied_per_second, target->rows_rate);
	out->bytes_applied_per_second = least(out->bytes_applied_per_second, target->bytes_rate);
	out->lag_seconds = most(out->lag_seconds, target->lag);
	out->pending_messages = most(out->pending_messages, target->pending);
}

/* *reader and *count may be asked for besides. */
static void
sum_stream(const FiguresStream *stream, int64_t now_ms, const FiguresSource **reader,
		   Target targets[FIGURES_SOURCES], size_t *count, LiveFigures *out)
{
	*out = nothing;
	*reader = reader_of(stream, now_ms);
	*count = targets_of(stream, now_ms, targets);
	if (*reader != NULL)
		sum_reader(*reader, out);
	for (size_t i = 0; i < *count; i++)
		sum_target(&targets[i], out);
}

bool
figures_of(Figures *figures, const char *stream, int64_t now_ms, LiveFigures *out)
{
	Target targets[FIGURES_SOURCES];
	const FiguresSource *reader;
	const FiguresStream *found;
	size_t count;

	*out = nothing;
	pthread_mutex_lock(&figures->lock);
	found = name_table_find(&figures->streams, stream);
	if (found != NULL)
		sum_stream(found, now_ms, &reader, targets, &count, out);
	pthread_mutex_unlock(&figures->lock);
	return out->reader || out->writer;
}

void
figures_point(const LiveFigures *from, LivePoint *point)
{
	*point = (LivePoint){.values = {
							 [SERIES_ROWS_READ] = (float) from->rows_read_per_second,
							 [SERIES_BYTES_READ] = (float) from->bytes_read_per_second,
							 [SERIES_ROWS_APPLIED] = (float) from->rows_applied_per_second,
							 [SERIES_BYTES_APPLIED] = (float) from->bytes_applied_per_second,
							 [SERIES_LAG_SECONDS] = (float) from->lag_seconds,
							 [SERIES_LAG_BYTES] = (float) from->lag_bytes,
							 [SERIES_KEPT_BYTES] = (float) from->kept_bytes,
							 [SERIES_PENDING] = (float) from->pending_messages,
						 }};
}

/* ---- JSON ---- */

/* null for what is not known; whole numbers but for times and rates, which have three digits. */
static json_t *
count_json(double number)
{
	return isnan(number) ? json_null() : json_integer((json_int_t) number);
}

static json_t *
real_json(double number)
{
	return isnan(number) ? json_null() : json_real(round(number * 1000) / 1000);
}

static json_t *
text_or_null(const json_t *document, const char *name)
{
	json_t *value = json_object_get(document, name);

	return is_text(value) ? json_incref(value) : json_null();
}

static json_t *
reader_json(const FiguresSource *reader)
{
	const json_t *document;

	if (reader == NULL)
		return json_null();
	document = reader->report.document;
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "state", text_or_null(document, "state"), "position",
		text_or_null(document, "position"), "rows_per_second", real_json(reader->rows_rate),
		"lag_seconds", real_json(reader->report.lag_seconds), "lag_bytes",
		count_json(reader->report.lag_bytes), "kept_bytes", count_json(reader->report.kept_bytes),
		"copied_rows", count_json(report_number(document, "copied_rows")));
}

static json_t *
target_json(const Target *target)
{
	json_t *load = json_object_get(target->first->report.document, "load");

	return json_pack(
		"{s:s, s:o, s:i, s:o, s:o, s:o, s:o, s:O?}", "name", target->first->report.consumer,
		"state", text_or_null(target->first->report.document, "state"), "writers",
		(int) target->writers, "rows", count_json(target->rows), "rows_per_second",
		real_json(target->rows_rate), "lag_seconds", real_json(target->lag), "pending_messages",
		count_json(target->pending), "load", json_is_object(load) ? load : NULL);
}

static json_t *
stream_json(const char *stream, const LiveFigures *sums, const FiguresSource *reader,
			const Target *targets, size_t count)
{
	json_t *list = json_array();
	char at[TIMESTAMP_TEXT];

	for (size_t i = 0; i < count; i++)
		(void) json_array_append_new(list, target_json(&targets[i]));
	return json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"stream", stream, "at",
		sums->at_ms > 0 ? json_string(timestamp_format(at, sums->at_ms)) : json_null(), "reader",
		reader_json(reader), "targets", list, "rows_read_per_second",
		real_json(sums->rows_read_per_second), "bytes_read_per_second",
		real_json(sums->bytes_read_per_second), "rows_applied_per_second",
		real_json(sums->rows_applied_per_second), "bytes_applied_per_second",
		real_json(sums->bytes_applied_per_second), "lag_seconds", real_json(sums->lag_seconds),
		"lag_bytes", count_json(sums->lag_bytes), "kept_bytes", count_json(sums->kept_bytes),
		"pending_messages", count_json(sums->pending_messages), "rows_read",
		count_json(sums->rows_read), "bytes_read", count_json(sums->bytes_read), "rows_applied",
		count_json(sums->rows_applied), "bytes_applied", count_json(sums->bytes_applied));
}

json_t *
figures_json(Figures *figures, const char *stream, int64_t now_ms)
{
	const FiguresSource *reader = NULL;
	Target targets[FIGURES_SOURCES];
	const FiguresStream *found;
	LiveFigures sums = nothing;
	size_t count = 0;
	json_t *json;

	pthread_mutex_lock(&figures->lock);
	found = name_table_find(&figures->streams, stream);
	if (found != NULL)
		sum_stream(found, now_ms, &reader, targets, &count, &sums);
	json = stream_json(stream, &sums, reader, targets, count);
	pthread_mutex_unlock(&figures->lock);
	return json;
}
