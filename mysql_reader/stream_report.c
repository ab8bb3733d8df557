/*
 * stream_report.c - see stream_report.h.
 */
#include "stream_report.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/nats/jetstream.h"

static json_int_t
count_of(const Counter *counter)
{
	return (json_int_t) atomic_load(&counter->value);
}

static json_int_t
sum_of(const StreamFigures *figures, size_t member)
{
	json_int_t sum = 0;

	for (size_t i = 0; i < figures->table_count; i++)
		sum += (json_int_t) *
			   (const double *) (const void *) ((const char *) &figures->tables[i] + member);
	return sum;
}

/* The words of sluice.stat_tables. */
static const char *
state_of(const TableFigures *table, int stream_state)
{
	if (table->chunks_done < table->chunks || table->chunks == 0)
		return table->chunks_done > 0 || table->rows > 0 ? "copying" : "waiting";
	return stream_state == STREAM_STREAMING ? "streaming" : "copied";
}

static json_t *
tables_json(const StreamFigures *figures, int state)
{
	json_t *tables = json_array();

	for (size_t i = 0; i < figures->table_count; i++)
	{
		const TableFigures *table = &figures->tables[i];
		(void) json_array_append_new(
			tables,
			json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "table", table->name, "state",
					  state_of(table, state), "estimated_rows", (json_int_t) table->rows_expected,
					  "copied_rows", (json_int_t) table->rows, "copied_bytes",
					  (json_int_t) table->bytes, "chunks", (json_int_t) table->chunks,
					  "chunks_done", (json_int_t) table->chunks_done));
	}
	return tables;
}

static json_t *
report_json(const StreamFigures *figures, const char *owner, int state)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	return json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:f, s:I, s:I, s:I, s:o}", "role", "reader", "stream",
		figures->stream, "owner", owner, "time_ms",
		(json_int_t) now.tv_sec * 1000 + now.tv_nsec / 1000000, "state", reader_state_name(state),
		"rows", count_of(figures->rows), "bytes", count_of(figures->bytes), "lag_seconds",
		gauge_value(figures->lag), "position", (json_int_t) gauge_value(figures->position),
		"copied_rows", sum_of(figures, offsetof(TableFigures, rows)), "copied_bytes",
		sum_of(figures, offsetof(TableFigures, bytes)), "tables", tables_json(figures, state));
}

/* The owner as one word. */
static void
make_subject(char subject[2 * SUBJECT_TEXT], const char *stream, const char *owner)
{
	int length = snprintf(subject, 2 * SUBJECT_TEXT, "sluice.%.*s.stats.reader.",
						  STREAM_NAME_MAXIMUM, stream);

	(void) snprintf(subject + length, (size_t) (2 * SUBJECT_TEXT - length), "%s", owner);
	for (char *at = subject + length; *at != '\0'; at++)
		if (strchr(". *>\t", *at) != NULL)
			*at = '_';
}

/* Without tables where they do not fit into a message; NULL without memory. */
static char *
report_text(const NatsSession *session, json_t *report)
{
	char *text = json_dumps(report, JSON_COMPACT);

	if (text != NULL && strlen(text) > (size_t) natsConnection_GetMaxPayload(session->connection))
	{
		free(text);
		(void) json_object_del(report, "tables");
		text = json_dumps(report, JSON_COMPACT);
	}
	return text;
}

bool
stream_report_publish(NatsSession *session, const StreamFigures *figures, const char *owner,
					  int state, SluiceError *err)
{
	char subject[2 * SUBJECT_TEXT];
	json_t *report = report_json(figures, owner, state);
	char *text = report != NULL ? report_text(session, report) : NULL;
	natsStatus status = NATS_NO_MEMORY;

	make_subject(subject, figures->stream, owner);
	if (text != NULL)
		status = natsConnection_PublishString(session->connection, subject, text);
	json_decref(report);
	free(text);
	return status == NATS_OK || sluice_fail(err, SLUICE_ERROR_IO, "figures of stream %s: %s",
											figures->stream, natsStatus_GetText(status));
}
