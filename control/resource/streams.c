/*
 * streams.c - the routes of streams, and those of them that read.
 */
#include "streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "collection.h"
#include "common/control/layout.h"
#include "stream_document.h"
#include "stream_write.h"

/* ---- the list ---- */

typedef struct StreamFilter
{
	Control *control;
	const char *tenant;
	const char *name, *q, *tag, *state; /* NULL: any */
} StreamFilter;

static bool
has_tag(const json_t *stream, const char *tag)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(stream, "tags"), i, item)
	{
		if (strcmp(json_string_value(item), tag) == 0)
			return true;
	}
	return false;
}

static bool
takes_stream(void *context, const StoreEntry *entry, char *order)
{
	const StreamFilter *filter = context;
	const char *name = text_of(entry->value, "name"),
			   *description = text_of(entry->value, "description");

	if (name == NULL)
		return false;
	(void) snprintf(order, ORDER_MAXIMUM + 1, "%s", name);
	return (filter->name == NULL || strcmp(name, filter->name) == 0) &&
		   (filter->tag == NULL || has_tag(entry->value, filter->tag)) &&
		   (filter->q == NULL || strcasestr(name, filter->q) != NULL ||
			(description != NULL && strcasestr(description, filter->q) != NULL));
}

static json_t *
show_stream(void *context, const StoreEntry *entry, bool *skip)
{
	const StreamFilter *filter = context;
	json_t *shown = stream_document_show(filter->control, filter->tenant, entry);
	const char *state = text_of(shown, "state");

	if (filter->state == NULL || (state != NULL && strcmp(state, filter->state) == 0))
		return shown;
	json_decref(shown);
	*skip = true;
	return NULL;
}

static bool
list_streams(Control *control, const Request *request, Response *response)
{
	StreamFilter filter = {
		.control = control,
		.tenant = request->caller.tenant,
		.name = request_query(request, "name"),
		.q = request_query(request, "q"),
		.tag = request_query(request, "tag"),
		.state = request_query(request, "state"),
	};
	char prefix[LAYOUT_KEY_MAXIMUM];
	Collection streams;
	SluiceError err;
	bool good;

	if (!collection_read(&streams, control->store, STORE_CONFIG,
						 key_prefix(prefix, "stream", filter.tenant, NULL), takes_stream, &filter,
						 &err))
		return response_error(response, &err);
	good = collection_answer(&streams, request, show_stream, &filter, response);
	collection_free(&streams);
	return good;
}

/* ---- one ---- */

static bool
get_stream(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	bool good;

	if (!stream_of_request(control, request, &entry, response))
		return false;
	response_etag(response, entry.revision);
	good =
		answer_json(response, 200, stream_document_show(control, request->caller.tenant, &entry));
	store_entry_free(&entry);
	return good;
}

static bool
export_stream(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	SluiceError err;
	json_t *exported;

	if (!stream_of_request(control, request, &entry, response))
		return false;
	exported = stream_document_export(control, request->caller.tenant, entry.value, &err);
	if (exported != NULL)
		response_header(response, "Content-Disposition", "attachment; filename=\"%.40s.json\"",
						text_of(entry.value, "name"));
	store_entry_free(&entry);
	return exported != NULL ? answer_json(response, 200, exported) : response_error(response, &err);
}

/* ---- revisions ---- */

static json_t *
list_item(const StoreEntry *revision, uint64_t current)
{
	return json_pack("{s:I, s:s?, s:b}", "revision", (json_int_t) revision->revision, "updated_at",
					 text_of(revision->value, "updated_at"), "current",
					 (int) (revision->revision == current));
}

static bool
list_revisions(Control *control, const Request *request, Response *response)
{
	StoreEntry entry, revisions[CONFIG_HISTORY];
	size_t count = 0;
	SluiceError err;
	json_t *items;

	if (!stream_of_request(control, request, &entry, response))
		return false;
	if (!store_history(control->store, STORE_CONFIG, entry.key, revisions, CONFIG_HISTORY, &count,
					   &err))
	{
		store_entry_free(&entry);
		return response_error(response, &err);
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
	{
		if (revisions[i].value != NULL)
			(void) json_array_append_new(items, list_item(&revisions[i], entry.revision));
		store_entry_free(&revisions[i]);
	}
	store_entry_free(&entry);
	return answer_json(response, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

static bool
get_revision(Control *control, const Request *request, Response *response)
{
	const char *text = request_parameter(request, "revision");
	StoreEntry entry, old;
	SluiceError err;
	json_t *shown;
	bool found;

	if (!stream_of_request(control, request, &entry, response))
		return false;
	found =
		store_get_at(control->store, STORE_CONFIG, entry.key, strtoull(text, NULL, 10), &old, &err);
	store_entry_free(&entry);
	if (!found)
		return answer_missing(response, "kept revision", text, &err);
	shown = json_copy(old.value);
	(void) json_object_set_new(shown, "revision", json_integer((json_int_t) old.revision));
	response_etag(response, old.revision);
	store_entry_free(&old);
	return answer_json(response, 200, shown);
}

static const Route routes[] = {
	{HTTP_GET, "/streams", "listStreams", SCOPE_STREAMS_READ, list_streams, 0},
	{HTTP_POST, "/streams", "createStream", SCOPE_STREAMS_WRITE, stream_create, 0},
	{HTTP_GET, "/streams/{id}", "getStream", SCOPE_STREAMS_READ, get_stream, 0},
	{HTTP_PUT, "/streams/{id}", "replaceStream", SCOPE_STREAMS_WRITE, stream_replace, 0},
	{HTTP_PATCH, "/streams/{id}", "changeStream", SCOPE_STREAMS_WRITE, stream_patch, 0},
	{HTTP_DELETE, "/streams/{id}", "deleteStream", SCOPE_STREAMS_WRITE, stream_delete, 0},
	{HTTP_GET, "/streams/{id}/revisions", "listStreamRevisions", SCOPE_STREAMS_READ, list_revisions,
	 0},
	{HTTP_GET, "/streams/{id}/revisions/{revision}", "getStreamRevision", SCOPE_STREAMS_READ,
	 get_revision, 0},
	{HTTP_POST, "/streams/{id}/clone", "cloneStream", SCOPE_STREAMS_WRITE, stream_clone, 0},
	{HTTP_GET, "/streams/{id}/export", "exportStream", SCOPE_STREAMS_READ, export_stream, 0},
};

const Routes stream_routes = {routes, sizeof(routes) / sizeof(routes[0])};
