/*
 * sequences_message.c - a message's list of sequences (sequences_message.h).
 */
#include "sequences_message.h"

#include <jansson.h>
#include <string.h>

bool
sequences_message_is(const BundleRecord *record)
{
	return record->type == RECORD_MESSAGE && (record->flags & RECORD_TRANSACTIONAL) == 0 &&
		   strcmp(record->message.prefix, "sluice.sequences") == 0;
}

bool
sequences_message_read(const BundleRecord *record, const char *stream, char **list,
					   SluiceError *err)
{
	json_t *root = json_loadb((const char *) record->message.content, record->message.length,
							  JSON_REJECT_DUPLICATES, NULL);
	const char *its = json_string_value(json_object_get(root, "stream"));
	const json_t *sequences = json_object_get(root, "sequences");
	bool good = its != NULL && json_is_array(sequences);

	*list = good && strcmp(its, stream) == 0 ? json_dumps(sequences, JSON_COMPACT) : NULL;
	json_decref(root);
	return good ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "message sluice.sequences makes no sense");
}
