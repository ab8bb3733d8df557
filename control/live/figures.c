/*
 * figures.c - the table of reports and its sums (figures.h).
 *
 * Invariants:
 * 1. `lock` guards everything.
 * 2. A table's version is that of the message that changed it last; versions only grow.
 */
#include "figures.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/timestamp.h"
#include "common/nats/jetstream.h"
#include "figures_internal.h"

#define RATE_MS 400 /* two reports that are nearer than this make no rate */

Figures *
figures_new(size_t maximum)
{
	Figures *figures = calloc(1, sizeof(*figures));

	if (figures == NULL)
		return NULL;
	figures->streams.maximum = maximum;
	(void) pthread_mutex_init(&figures->lock, NULL);
	return figures;
}

static void
free_table(FiguresTable *table)
{
	json_decref(table->document);
	free(table);
}

static void
free_stream(FiguresStream *stream)
{
	for (size_t i = 0; i < stream->source_count; i++)
		report_free(&stream->sources[i].report);
	for (size_t i = 0; i < stream->tables.count; i++)
		free_table(stream->tables.items[i]);
	name_table_free(&stream->tables);
	free(stream->sources);
	free(stream);
}

void
figures_free(Figures *figures)
{
	if (figures == NULL)
		return;
	for (size_t i = 0; i < figures->streams.count; i++)
		free_stream(figures->streams.items[i]);
	name_table_free(&figures->streams);
	(void) pthread_mutex_destroy(&figures->lock);
	free(figures);
}

static FiguresStream *
add_stream(Figures *figures, const char *name, SluiceError *err)
{
	FiguresStream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for figures of stream %s", name);
		return NULL;
	}
	memcpy(stream->text, name, strlen(name) + 1);
	stream->name = stream->text;
	stream->tables.maximum = FIGURES_TABLES;
	if (name_table_add(&figures->streams, stream, err))
		return stream;
	free(stream);
	return NULL;
}

/* ---- reports ---- */

/* A place for a source that is not there: one more, or that of the one silent for longest. */
static FiguresSource *
make_source(FiguresStream *stream)
{
	FiguresSource *sources = NULL, *oldest = stream->sources;

	if (stream->source_count < FIGURES_SOURCES)
		sources = realloc(stream->sources, (stream->source_count + 1) * sizeof(*sources));
	if (sources != NULL)
	{
		stream->sources = sources;
		sources[stream->source_count] = (FiguresSource){0};
		return &sources[stream->source_count++];
	}
	for (size_t i = 1; i < stream->source_count; i++)
	{
		if (stream->sources[i].received_ms < oldest->received_ms)
			oldest = &stream->sources[i];
	}
	return oldest;
}

/* NULL without memory. */
static FiguresSource *
find_source(FiguresStream *stream, ReportRole role, const char *id)
{
	FiguresSource *source;

	for (size_t i = 0; i < stream->source_count; i++)
	{
		source = &stream->sources[i];
		if (source->report.role == role && strncmp(source->id, id, sizeof(source->id) - 1) == 0)
			return source;
	}
	source = make_source(stream);
	if (source == NULL)
		return NULL;
	report_free(&source->report);
	*source = (FiguresSource){.rows_rate = NAN, .bytes_rate = NAN};
	(void) strncat(source->id, id, sizeof(source->id) - 1);
	return source;
}

/* Counters that went back belong to a process that began anew. */
static double
rate_of(double before, double now, int64_t ms)
{
	return now >= before ? (now - before) * 1000 / (double) ms : NAN;
}

static void
take_report(FiguresSource *source, Report *report, int64_t now_ms)
{
	int64_t passed = report->time_ms - source->rate_ms;

	if (source->rate_ms == 0 || passed < 0)
		passed = 0;
	else if (passed >= RATE_MS)
	{
		source->rows_rate = rate_of(source->rate_rows, report->rows, passed);
		source->bytes_rate = rate_of(source->rate_bytes, report->bytes, passed);
	}
	if (source->rate_ms == 0 || passed >= RATE_MS || report->time_ms < source->rate_ms)
	{
		source->rate_ms = report->time_ms;
		source->rate_rows = report->rows;
		source->rate_bytes = report->bytes;
	}
	report_free(&source->report);
	source->report = *report;
	source->received_ms = now_ms;
	report->document = report->tables = NULL;
}

/* ---- tables ---- */

static void
insert_table(FiguresStream *stream, json_t *document, uint64_t version)
{
	FiguresTable *table = malloc(sizeof(*table));

	if (table == NULL)
		return;
	*table = (FiguresTable){json_string_value(json_object_get(document, "table")),
							json_incref(document), version};
	if (!name_table_add(&stream->tables, table, NULL))
		free_table(table);
}

/* What makes no sense, or has no room, is left out. */
static void
take_table(FiguresStream *stream, const json_t *told, uint64_t version)
{
	json_t *document = figures_table_document(told);
	const char *name = json_string_value(json_object_get(document, "table"));
	FiguresTable *table = name != NULL ? name_table_find(&stream->tables, name) : NULL;

	if (name != NULL && table == NULL)
		insert_table(stream, document, version);
	else if (table != NULL && !json_equal(table->document, document))
	{
		json_decref(table->document);
		*table = (FiguresTable){name, json_incref(document), version};
	}
	json_decref(document);
}

static void
take_tables(Figures *figures, FiguresStream *stream, const json_t *tables)
{
	size_t i;
	json_t *table;

	figures->version++;
	json_array_foreach(tables, i, table) take_table(stream, table, figures->version);
}

/* ---- messages ---- */

/* "sluice.<stream>.stats.<role>.<id>" */
typedef struct Subject
{
	char stream[STREAM_NAME_MAXIMUM + 1];
	ReportRole role;
	const char *id;
} Subject;

static bool
read_subject(const char *text, Subject *subject, SluiceError *err)
{
	static const char prefix[] = "sluice.", stats[] = "stats.";
	const char *at = strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : "";
	size_t length = strcspn(at, ".");
	char role[16] = "";

	if (length > 0 && length <= STREAM_NAME_MAXIMUM && at[length] == '.')
	{
		memcpy(subject->stream, at, length);
		subject->stream[length] = '\0';
		at += length + 1;
		at = strncmp(at, stats, strlen(stats)) == 0 ? at + strlen(stats) : "";
		length = strcspn(at, ".");
		if (length < sizeof(role) && at[length] == '.')
			memcpy(role, at, length);
		subject->id = at + length + 1;
		if (report_role_parse(role, &subject->role) && subject->id[0] != '\0' &&
			stream_name_check(subject->stream, NULL))
			return true;
	}
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "figures on an odd subject: %.100s", text);
}

bool
figures_take(Figures *figures, const char *subject, const char *text, size_t length, int64_t now_ms,
			 SluiceError *err)
{
	Subject parts = {0};
	FiguresStream *stream;
	FiguresSource *source;
	Report report;

	if (!read_subject(subject, &parts, err) ||
		!report_parse(parts.role, text, length, &report, err))
		return false;
	pthread_mutex_lock(&figures->lock);
	stream = name_table_find(&figures->streams, parts.stream);
	if (stream == NULL)
		stream = add_stream(figures, parts.stream, err);
	if (stream != NULL)
	{
		if (report.tables != NULL)
			take_tables(figures, stream, report.tables);
		json_decref(report.tables);
		report.tables = NULL;
		source = find_source(stream, parts.role, parts.id);
		if (source != NULL)
			take_report(source, &report, now_ms);
	}
	pthread_mutex_unlock(&figures->lock);
	report_free(&report);
	return stream != NULL;
}

/* Frees it, and is true, when nothing is left. */
static bool
purge_stream(void *context, void *item)
{
	const int64_t *now_ms = context;
	FiguresStream *stream = item;
	size_t kept = 0;

	for (size_t i = 0; i < stream->source_count; i++)
	{
		if (*now_ms - stream->sources[i].received_ms > FIGURES_KEPT_MS)
			report_free(&stream->sources[i].report);
		else
			stream->sources[kept++] = stream->sources[i];
	}
	stream->source_count = kept;
	if (kept == 0)
		free_stream(stream);
	return kept == 0;
}

void
figures_purge(Figures *figures, int64_t now_ms)
{
	pthread_mutex_lock(&figures->lock);
	name_table_sweep(&figures->streams, purge_stream, &now_ms);
	pthread_mutex_unlock(&figures->lock);
}

json_t *
figures_tables(Figures *figures, const char *stream, uint64_t *version)
{
	json_t *tables = json_array();
	const FiguresStream *found;

	pthread_mutex_lock(&figures->lock);
	found = name_table_find(&figures->streams, stream);
	for (size_t i = 0; found != NULL && i < found->tables.count; i++)
	{
		const FiguresTable *table = found->tables.items[i];

		if (table->version > *version)
			(void) json_array_append(tables, table->document);
	}
	*version = figures->version;
	pthread_mutex_unlock(&figures->lock);
	return tables;
}

static const json_t *
applied_total(const FiguresSource *source)
{
	const json_t *total = json_object_get(source->report.document, "applied_total");

	return json_is_object(total) ? total : NULL;
}

/* The newest that the writers of each consumer told. */
static void
each_applied(const FiguresStream *stream, LiveEachApplied each, void *context)
{
	for (size_t i = 0; i < stream->source_count; i++)
	{
		const FiguresSource *source = &stream->sources[i];
		bool newest = applied_total(source) != NULL;

		for (size_t j = 0; newest && j < stream->source_count; j++)
		{
			const FiguresSource *other = &stream->sources[j];

			newest = other->received_ms <= source->received_ms || applied_total(other) == NULL ||
					 strcmp(other->report.consumer, source->report.consumer) != 0;
		}
		if (newest)
			each(context, &(LiveApplied){stream->name, source->report.consumer,
										 applied_total(source), source->received_ms});
	}
}

void
figures_each_applied(Figures *figures, const char *stream, LiveEachApplied each, void *context)
{
	pthread_mutex_lock(&figures->lock);
	for (size_t i = 0; i < figures->streams.count; i++)
	{
		const FiguresStream *found = figures->streams.items[i];

		if (stream == NULL || strcmp(stream, found->name) == 0)
			each_applied(found, each, context);
	}
	pthread_mutex_unlock(&figures->lock);
}
