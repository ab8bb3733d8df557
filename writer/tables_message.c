/*
 * tables_message.c - tables that join or leave a stream (tables_message.h).
 */
#include "tables_message.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define NAME_TEXT 160

bool
tables_message_is(const BundleRecord *record)
{
	return record->type == RECORD_MESSAGE && (record->flags & RECORD_TRANSACTIONAL) != 0 &&
		   strcmp(record->message.prefix, "sluice.tables") == 0;
}

static bool
tell(const json_t *root, const char *list, const char *what, Log *log, const ChangeId *id)
{
	const json_t *tables = json_object_get(root, list), *table;
	char position[CHANGE_ID_TEXT], name[NAME_TEXT];
	size_t i;

	if (!json_is_array(tables))
		return false;
	json_array_foreach(tables, i, table)
	{
		const char *schema = json_string_value(json_object_get(table, "schema"));
		const char *own = json_string_value(json_object_get(table, "name"));

		if (schema == NULL || own == NULL)
			return false;
		(void) snprintf(name, sizeof(name), "%s.%s", schema, own);
		if (log != NULL)
			log_event(log, LOG_INFO, what,
					  (LogField[]){LOG_TEXT("table", name),
								   LOG_TEXT("position", change_id_format(id, position)), LOG_END});
	}
	return true;
}

bool
tables_message_read(const BundleRecord *record, const char *stream, Log *log, bool *joins,
					SluiceError *err)
{
	json_t *root = json_loadb((const char *) record->message.content, record->message.length,
							  JSON_REJECT_DUPLICATES, NULL);
	const char *its = json_string_value(json_object_get(root, "stream"));
	bool good = its != NULL, ours = good && strcmp(its, stream) == 0;

	*joins = false;
	if (ours)
		good = tell(root, "joining", "a table joins the stream: its rows are copied", log,
					&record->id) &&
			   tell(root, "added", "a table joins the stream: only its changes come", log,
					&record->id) &&
			   tell(root, "removed", "a table has left the stream and stays as it is", log,
					&record->id);
	if (good && ours)
		*joins = json_array_size(json_object_get(root, "joining")) > 0;
	json_decref(root);
	return good || sluice_fail(err, SLUICE_ERROR_CORRUPT, "message sluice.tables makes no sense");
}
