/*
 * ddl_message.c - changes of structure among the records of a stream (ddl_message.h).
 */
#include "ddl_message.h"

#include <stdio.h>
#include <string.h>

#include "stream_reader.h"

#define AHEAD_BYTES	  ((size_t) 1 << 20) /* fetched ahead */
#define AHEAD_WAIT_MS 500

bool
ddl_message_is(const BundleRecord *record)
{
	return record->type == RECORD_MESSAGE && (record->flags & RECORD_TRANSACTIONAL) != 0 &&
		   strcmp(record->message.prefix, SCHEMA_CHANGE_PREFIX) == 0;
}

SchemaChange *
ddl_message_read(const BundleRecord *record, const DocumentView *view, SluiceError *err)
{
	SchemaChange *change = schema_change_read((const char *) record->message.content,
											  record->message.length, &allocator_malloc, err);

	if (change == NULL || document_view_change(view, change, err))
		return change;
	schema_change_free(change);
	return NULL;
}

bool
ddl_message_follows_rows(const SchemaChange *change)
{
	return strcmp(change->command, "CREATE TABLE AS") == 0 ||
		   strcmp(change->command, "SELECT INTO") == 0;
}

const char *
ddl_message_table(const SchemaChange *change, char text[DDL_TABLE_TEXT])
{
	const SchemaDocument *document =
		change->after.table_count > 0 ? &change->after : &change->before;
	const SchemaTable *table =
		document->table_count > 0 ? &document->tables[document->table_count - 1] : NULL;

	text[0] = '\0';
	if (table != NULL)
		(void) snprintf(text, DDL_TABLE_TEXT, "%s.%s", table->schema, table->name);
	return text;
}

void
ddl_message_ignored(Log *log, const SchemaChange *change, const ChangeId *id)
{
	char position[CHANGE_ID_TEXT], table[DDL_TABLE_TEXT];

	log_event(log, LOG_WARNING, "change of structure left out",
			  (LogField[]){LOG_TEXT("command", change->command),
						   LOG_TEXT("table", ddl_message_table(change, table)),
						   LOG_TEXT("position", change_id_format(id, position)), LOG_END});
}

/* ---- looking ahead ---- */

/* The open bundle's records; *end when the answer is in *change. */
static bool
search_bundle(StreamReader *reader, const WriterSettings *settings, uint64_t commit,
			  SchemaChange **change, bool *end, SluiceError *err)
{
	for (;;)
	{
		BundleRecord record;
		bool last;

		if (!stream_reader_record(reader, &record, &last, err))
			return false;
		if (last)
			return true;
		*end = record.type == RECORD_COMMIT ||
			   (record.type != RECORD_RELATION && record.id.commit != commit);
		if (*end)
			return true;
		if (!ddl_message_is(&record))
			continue;
		*change = ddl_message_read(&record, &settings->view, err);
		if (*change == NULL)
			return false;
		*end = strcmp((*change)->stream, settings->stream) == 0;
		if (*end && ddl_message_follows_rows(*change))
			return true;
		schema_change_free(*change);
		*change = NULL;
		if (*end)
			return true;
	}
}

bool
ddl_message_ahead(NatsSession *nats, const WriterSettings *settings, uint64_t sequence,
				  const ChangeId *from, bool (*go_on)(void *context), void *context,
				  SchemaChange **change, SluiceError *err)
{
	const StreamReaderSettings reading = {settings->stream, 0, false, AHEAD_BYTES};
	StreamReader reader;
	bool end = false, good;

	*change = NULL;
	stream_reader_init(&reader, &reading);
	good = stream_reader_open(&reader, nats, sequence, from, err);
	while (good && !end)
	{
		bool got;

		good = stream_reader_next(&reader, AHEAD_WAIT_MS, &got, err);
		if (good && got)
			good = search_bundle(&reader, settings, from->commit, change, &end, err);
		else if (good && !go_on(context))
			good = sluice_fail(err, SLUICE_ERROR_TIMEOUT,
							   "gave up waiting for the rest of a transaction");
	}
	stream_reader_free(&reader);
	return good;
}
