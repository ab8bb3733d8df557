/*
 * stream_sides.c - see stream_sides.h.
 */
#include "stream_sides.h"

#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "connection_document.h"
#include "stream_document.h"
#include "stream_write.h"

/* Stands for the name of a stream that has none yet. */
#define NAME_OF_DRAFTS "preview"

/* ---- what is asked about ---- */

static bool
take_stream(const StoreEntry *entry, StreamQuestion *question)
{
	question->document = json_incref(entry->value);
	question->stream_id = text_of(question->document, "id");
	return question->document != NULL;
}

static bool
stream_by_id(StreamQuestion *question, const char *id, Response *response)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;
	SluiceError err;
	bool good;

	if (!store_get(question->control->store, STORE_CONFIG, stream_key(key, question->tenant, id),
				   &entry, &err))
		return answer_missing(response, "stream", id, &err);
	good = take_stream(&entry, question);
	store_entry_free(&entry);
	return good;
}

/* The members that a stream cannot be without. */
static bool
require_members(const json_t *body, Response *response)
{
	static const char *const members[] = {"mode", "source", "targets"};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		if (json_object_get(body, members[i]) == NULL)
			problem_add(&response->problem, "", "required",
						"give a stream_id, or mode, source and targets", "the member %s is missing",
						members[i]);
	}
	return response->problem.errors == NULL || answer_invalid(response, "the stream");
}

static bool
stream_of_draft(StreamQuestion *question, const json_t *body, Response *response)
{
	json_t *input;

	if (!require_members(body, response))
		return false;
	input = json_copy((json_t *) (uintptr_t) body);
	(void) json_object_del(input, "scan");
	if (json_object_get(input, "name") == NULL)
		(void) json_object_set_new(input, "name", json_string(NAME_OF_DRAFTS));
	question->document = stream_document_make(question->control, question->tenant, input, response);
	json_decref(input);
	return question->document != NULL;
}

bool
stream_question(Control *control, const Request *request, StreamQuestion *question,
				Response *response)
{
	const char *id = request_parameter(request, "id");
	SluiceError err = {0};
	bool good;

	*question = (StreamQuestion){.control = control,
								 .tenant = request->caller.tenant,
								 .scan = json_is_true(json_object_get(request->body, "scan"))};
	if (id == NULL)
		id = text_of(request->body, "stream_id");
	good = id != NULL ? stream_by_id(question, id, response)
					  : stream_of_draft(question, request->body, response);
	if (!good)
		return false;
	return stream_name_in_nats(question->name, question->tenant,
							   text_of(question->document, "name"), &err) ||
		   response_error(response, &err);
}

void
stream_question_free(StreamQuestion *question)
{
	json_decref(question->document);
	question->document = NULL;
}

/* ---- databases ---- */

bool
stream_side_open(const StreamQuestion *question, const char *connection_id, StreamSide *side,
				 SluiceError *err)
{
	Control *control = question->control;
	StoreEntry entry;
	bool good;

	*side = (StreamSide){.database = NULL};
	if (!connection_get(control, question->tenant, connection_id, &entry, err))
		return sluice_prefix(err, "connection %s", connection_id);
	good = connection_settings(control, question->tenant, entry.value, &side->settings, err);
	store_entry_free(&entry);
	if (good)
		side->database = database_open(control->databases, &side->settings, &side->report, err);
	return side->database != NULL;
}

void
stream_side_close(StreamSide *side)
{
	database_close(side->database);
	database_settings_free(&side->settings);
	side->database = NULL;
}

/* ---- wishes ---- */

SourceWish
stream_source_wish(const StreamQuestion *question)
{
	const json_t *source = json_object_get(question->document, "source");

	return (SourceWish){.stream = question->name,
						.mode = text_of(question->document, "mode"),
						.tables = json_object_get(source, "tables"),
						.publication = text_of(source, "publication"),
						.options = json_object_get(source, "options"),
						.targets = json_object_get(question->document, "targets"),
						.nats = &question->control->nats,
						.scan = question->scan};
}

TargetWish
stream_target_wish(const StreamQuestion *question, const json_t *target)
{
	return (TargetWish){.stream = question->name,
						.mode = text_of(question->document, "mode"),
						.consumer = text_of(target, "name"),
						.options = json_object_get(target, "options"),
						.nats = &question->control->nats,
						.source = ""};
}
