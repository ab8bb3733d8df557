/*
 * stream_write.c - streams are made under a name that is claimed first, changed by compare-and-set, and
 * removed by a run that takes away what they have elsewhere.
 */
#include "stream_write.h"

#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "connection_document.h"
#include "control/meter/meter.h"
#include "control/store/identifier.h"
#include "run_document.h"
#include "run_start.h"
#include "stream_document.h"
#include "stream_name.h"
#include "stream_removal.h"

bool
stream_of_request(Control *control, const Request *request, StoreEntry *entry, Response *response)
{
	const char *id = request_parameter(request, "id");
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	return store_get(control->store, STORE_CONFIG, stream_key(key, request->caller.tenant, id),
					 entry, &err) ||
		   answer_missing(response, "stream", id, &err);
}

static bool
answer_stream(Control *control, const Request *request, const StoreEntry *entry, int status,
			  Response *response)
{
	response_etag(response, entry->revision);
	return answer_json(response, status,
					   stream_document_show(control, request->caller.tenant, entry));
}

/* ---- making ---- */

static bool
count_one(void *context, const StoreEntry *entry)
{
	(void) entry;
	++*(uint64_t *) context;
	return true;
}

/* Whether the tenant may have one more. */
static bool
has_room(Control *control, const char *tenant, Response *response)
{
	char prefix[LAYOUT_KEY_MAXIMUM];
	uint64_t count = 0;
	SluiceError err;

	if (!store_each(control->store, STORE_CONFIG, key_prefix(prefix, "stream", tenant, NULL), NULL,
					count_one, &count, &err))
		return response_error(response, &err);
	if (count >= STREAMS_MAXIMUM)
		return response_fail(response, PROBLEM_CONFLICT,
							 "there are %d streams, and no more can be: delete some",
							 STREAMS_MAXIMUM);
	return meter_allows_more(control->meter, tenant, QUOTA_STREAMS, count, &response->problem);
}

/* Puts id and times into the document, and it into the store; entry->key tells where it is. */
static bool
write_new(Control *control, const char *tenant, const char *id, json_t *document, StoreEntry *entry,
		  SluiceError *err)
{
	char now[TIMESTAMP_TEXT];

	(void) timestamp_now_text(now);
	(void) json_object_set_new(document, "id", json_string(id));
	(void) json_object_set_new(document, "created_at", json_string(now));
	(void) json_object_set_new(document, "updated_at", json_string(now));
	(void) stream_key(entry->key, tenant, id);
	entry->value = document;
	return store_put(control->store, STORE_CONFIG, entry->key, document, 0, &entry->revision, err);
}

static bool
fail_name(Response *response, const SluiceError *err)
{
	if (err->code == SLUICE_ERROR_CONFLICT)
		problem_add(&response->problem, "/name", "taken", "take another name", "%s", err->message);
	return response_error(response, err);
}

/* Makes a stream of a document of stream_document_make(), which is taken. */
static bool
make_stream(Control *control, const Request *request, json_t *document, Response *response)
{
	const char *tenant = request->caller.tenant, *name = text_of(document, "name");
	char id[ID_MAXIMUM + 1];
	StoreEntry entry = {0};
	SluiceError err, ignored;
	bool good = has_room(control, tenant, response);

	(void) identifier_make(id, ID_STREAM);
	if (good && !stream_name_claim(control, tenant, name, id, &err))
		good = fail_name(response, &err);
	else if (good && !write_new(control, tenant, id, document, &entry, &err))
	{
		good = response_error(response, &err);
		/* What is not released now is an orphan's. */
		if (!stream_name_release(control, tenant, name, id, &ignored))
			log_failure(control->log, LOG_WARNING, "name could not be released", &ignored,
						(LogField[]){LOG_TEXT("name", name), LOG_END});
	}
	if (good)
	{
		response_header(response, "Location", "/api/v1/streams/%s", id);
		good = answer_stream(control, request, &entry, 201, response);
	}
	json_decref(document);
	return good;
}

bool
stream_create(Control *control, const Request *request, Response *response)
{
	json_t *document =
		stream_document_make(control, request->caller.tenant, request->body, response);

	return document != NULL && make_stream(control, request, document, response);
}

bool
stream_clone(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	json_t *input, *document;

	if (!stream_of_request(control, request, &entry, response))
		return false;
	input = stream_document_input(entry.value);
	store_entry_free(&entry);
	(void) json_object_update(input, request->body);
	document = stream_document_make(control, request->caller.tenant, input, response);
	json_decref(input);
	return document != NULL && make_stream(control, request, document, response);
}

/* ---- changing ---- */

/* A stream's newest run: whether there is one, and whether it takes the stream away. */
static bool
look_at_run(Control *control, const char *tenant, const char *stream_id, bool *has_run, bool *goes,
			Response *response)
{
	StoreEntry list, run;
	SluiceError err;
	const char *run_id;

	*has_run = *goes = false;
	if (!run_list_get(control, tenant, stream_id, &list, &err))
		return response_error(response, &err);
	run_id = run_list_newest(&list);
	*has_run = run_id != NULL;
	if (*has_run && run_get(control, tenant, run_id, &run, NULL))
	{
		*goes = !run_has_ended(run.value) &&
				strcmp(text_of(run.value, "desired"), run_desired_names[DESIRED_DROPPED]) == 0;
		store_entry_free(&run);
	}
	store_entry_free(&list);
	return true;
}

/* Only a PostgreSQL source copies tables that join a stream which has begun with a copy. */
static bool
tables_stay(Control *control, const char *tenant, const json_t *document)
{
	const json_t *source = json_object_get(document, "source");
	bool stay = strcmp(text_of(document, "mode"), "cdc") != 0;
	StoreEntry connection;

	if (!stay ||
		!connection_get(control, tenant, text_of(source, "connection_id"), &connection, NULL))
		return false;
	stay = strcmp(text_of(connection.value, "type"), "postgresql") != 0;
	store_entry_free(&connection);
	return stay;
}

static bool
may_change(Control *control, const Request *request, const StoreEntry *entry,
		   const json_t *document, Response *response)
{
	bool has_run, goes;

	if (!json_equal(json_object_get(entry->value, "name"), json_object_get(document, "name")))
	{
		problem_add(&response->problem, "/name", "fixed", "clone the stream under another name",
					"source, NATS and targets know the stream by its name");
		return response_fail(response, PROBLEM_INVALID, "the name of a stream stays");
	}
	if (!look_at_run(control, request->caller.tenant, key_last(entry->key), &has_run, &goes,
					 response))
		return false;
	if (goes)
		return response_fail(response, PROBLEM_CONFLICT, "the stream is being deleted");
	return !has_run || stream_document_may_become(
						   entry->value, document,
						   tables_stay(control, request->caller.tenant, document), response);
}

/* Writes the document, which is taken, in the place of the entry's. */
static bool
change_stream(Control *control, const Request *request, StoreEntry *entry, json_t *document,
			  Response *response)
{
	char now[TIMESTAMP_TEXT];
	SluiceError err;

	(void) json_object_set(document, "id", json_object_get(entry->value, "id"));
	(void) json_object_set(document, "created_at", json_object_get(entry->value, "created_at"));
	(void) json_object_set_new(document, "updated_at", json_string(timestamp_now_text(now)));
	json_decref(entry->value);
	entry->value = document;
	if (!store_put(control->store, STORE_CONFIG, entry->key, document, entry->revision,
				   &entry->revision, &err))
		return err.code == SLUICE_ERROR_CONFLICT
				   ? response_fail(response, PROBLEM_STALE,
								   "the stream was changed at the same time: read it again")
				   : response_error(response, &err);
	return answer_stream(control, request, entry, 200, response);
}

/* Both PUT and PATCH, with what the stream shall be; `input` is taken. */
static bool
change_to(Control *control, const Request *request, StoreEntry *entry, json_t *input,
		  Response *response)
{
	json_t *document = stream_document_make(control, request->caller.tenant, input, response);

	json_decref(input);
	if (document == NULL)
		return false;
	if (may_change(control, request, entry, document, response))
		return change_stream(control, request, entry, document, response);
	json_decref(document);
	return false;
}

bool
stream_replace(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	bool good;

	if (!stream_of_request(control, request, &entry, response))
		return false;
	good = request_if_match(request, entry.revision, response) &&
		   change_to(control, request, &entry, json_incref(request->body), response);
	store_entry_free(&entry);
	return good;
}

/* RFC 7396: what is null goes, objects are merged, all else takes the place of what was. */
static void
merge(json_t *target, const json_t *patch)
{
	const char *member;
	json_t *value;

	json_object_foreach((json_t *) patch, member, value)
	{
		if (json_is_null(value))
			(void) json_object_del(target, member);
		else if (json_is_object(value))
		{
			if (!json_is_object(json_object_get(target, member)))
				(void) json_object_set_new(target, member, json_object());
			merge(json_object_get(target, member), value);
		}
		else
			(void) json_object_set(target, member, value);
	}
}

bool
stream_patch(Control *control, const Request *request, Response *response)
{
	const json_t *source = json_object_get(request->body, "source");
	StoreEntry entry;
	json_t *input;
	bool good;

	if (!stream_of_request(control, request, &entry, response))
		return false;
	good = request_if_match(request, entry.revision, response);
	if (good)
	{
		input = stream_document_input(entry.value);
		if (text_of(source, "connection") != NULL)
			(void) json_object_del(json_object_get(input, "source"), "connection_id");
		merge(input, request->body);
		good = change_to(control, request, &entry, input, response);
	}
	store_entry_free(&entry);
	return good;
}

/* ---- removing ---- */

static bool
forget(Control *control, const Request *request, const StoreEntry *entry, Response *response)
{
	SluiceError err;

	return stream_forget(control, request->caller.tenant, key_last(entry->key),
						 text_of(entry->value, "name"), NULL, &err)
			   ? answer_empty(response, 204)
			   : response_error(response, &err);
}

/* A worker takes away what is at the source and in NATS; the server that leads forgets the stream then. */
static bool
drop(Control *control, const Request *request, const StoreEntry *entry, Response *response)
{
	json_t *run = run_begin(control, request->caller.tenant, entry, DESIRED_DROPPED, response);

	if (run == NULL)
		return false;
	json_decref(run);
	return answer_stream(control, request, entry, 202, response);
}

bool
stream_delete(Control *control, const Request *request, Response *response)
{
	const char *force = request_query(request, "force");
	StoreEntry entry;
	bool has_run, goes, good;

	if (!stream_of_request(control, request, &entry, response))
		return false;
	good = request_if_match(request, entry.revision, response) &&
		   look_at_run(control, request->caller.tenant, key_last(entry.key), &has_run, &goes,
					   response);
	if (good)
	{
		if (!has_run || (force != NULL && strcmp(force, "true") == 0))
			good = forget(control, request, &entry, response);
		else if (goes)
			good = answer_stream(control, request, &entry, 202, response);
		else
			good = drop(control, request, &entry, response);
	}
	store_entry_free(&entry);
	return good;
}
