/*
 * alerts.c - the routes of alerts: rules are configuration, what came of them is read out of their state.
 */
#include "alerts.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "collection.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "control/control.h"
#include "control/meter/alert_rule.h"
#include "control/meter/alerts.h"
#include "control/meter/webhook.h"
#include "control/settings.h"
#include "control/store/identifier.h"
#include "control/store/secret_keeper.h"

#define ALERTS_MAXIMUM 200 /* of a tenant */

/* The alert that the path names; false with not_found. */
static bool
alert_of_request(Control *control, const Request *request, StoreEntry *entry, Response *response)
{
	const char *id = request_parameter(request, "id");
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	return store_get(control->store, STORE_CONFIG, alert_key(key, request->caller.tenant, id),
					 entry, &err) ||
		   answer_missing(response, "alert", id, &err);
}

/* ---- showing ---- */

static json_t *
time_json(const json_t *object, const char *member)
{
	char text[TIMESTAMP_TEXT];

	return json_string(
		timestamp_format(text, (int64_t) json_integer_value(json_object_get(object, member))));
}

/* Subjects for which it is raised. */
static json_t *
raised_json(const json_t *state)
{
	json_t *raised = json_array(), *subject;
	const char *name;

	json_object_foreach(json_object_get(state, "subjects"), name, subject)
	{
		if (strcmp(text_of(subject, "state"), "raised") == 0)
			(void) json_array_append_new(raised,
										 json_pack("{s:s, s:o, s:O}", "subject", name, "since",
												   time_json(subject, "since_ms"), "value",
												   json_object_get(subject, "value")));
	}
	return raised;
}

/* The state of a rule, borrowed by the entry; value NULL where there is none. */
static void
find_state(Control *control, const char *key, StoreEntry *state)
{
	if (!store_get(control->store, STORE_STATE, key, state, NULL))
		*state = (StoreEntry){0};
}

/* Schema Alert. */
static json_t *
show_alert(void *context, const StoreEntry *entry, bool *skip)
{
	json_t *shown = json_copy(entry->value);
	StoreEntry state;

	(void) skip;
	find_state(context, entry->key, &state);
	(void) json_object_set_new(shown, "raised", raised_json(state.value));
	(void) json_object_set_new(shown, "revision", json_integer((json_int_t) entry->revision));
	store_entry_free(&state);
	return shown;
}

static bool
answer_alert(Control *control, const StoreEntry *entry, int status, Response *response)
{
	bool skip = false;

	response_etag(response, entry->revision);
	return answer_json(response, status, show_alert(control, entry, &skip));
}

/* ---- reading ---- */

static bool
takes_alert(void *context, const StoreEntry *entry, char *order)
{
	const char *made = text_of(entry->value, "created_at");

	(void) context;
	(void) snprintf(order, CURSOR_KEY_MAXIMUM + 1, "%s %s", made != NULL ? made : "",
					key_last(entry->key));
	return true;
}

static bool
list_alerts(Control *control, const Request *request, Response *response)
{
	char prefix[LAYOUT_KEY_MAXIMUM];
	Collection alerts;
	SluiceError err;
	bool good;

	if (!collection_read(&alerts, control->store, STORE_CONFIG,
						 key_prefix(prefix, "alert", request->caller.tenant, NULL), takes_alert,
						 NULL, &err))
		return response_error(response, &err);
	good = collection_answer(&alerts, request, show_alert, control, response);
	collection_free(&alerts);
	return good;
}

static bool
get_alert(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	bool good;

	if (!alert_of_request(control, request, &entry, response))
		return false;
	good = answer_alert(control, &entry, 200, response);
	store_entry_free(&entry);
	return good;
}

/* ---- what the schema cannot say ---- */

static void
check_streams(Control *control, const char *tenant, const json_t *alert, Response *response)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(alert, "stream_ids"), i, item)
	{
		char key[LAYOUT_KEY_MAXIMUM], pointer[40];
		StoreEntry stream;

		if (store_get(control->store, STORE_CONFIG,
					  stream_key(key, tenant, json_string_value(item)), &stream, NULL))
		{
			store_entry_free(&stream);
			continue;
		}
		(void) snprintf(pointer, sizeof(pointer), "/stream_ids/%zu", i);
		problem_add(&response->problem, pointer, "not_found", "name a stream by its id",
					"there is no stream %.64s", json_string_value(item));
	}
}

/* Whether a document makes sense; else `errors` says why not. */
static bool
check_alert(Control *control, const char *tenant, const json_t *alert, const char *secret,
			Response *response)
{
	Problem *problem = &response->problem;
	AlertRule rule;
	SluiceError err;

	if (!alert_rule_read(&rule, tenant, alert, &err))
		return response_error(response, &err);
	if (alert_kind_has_bound(rule.kind) != json_is_number(json_object_get(alert, "bound")))
		problem_add(problem, "/bound", "bound",
					alert_kind_has_bound(rule.kind) ? "say how much is too much" : "leave it out",
					"alerts of the kind %s %s", alert_kind_names[rule.kind],
					alert_kind_has_bound(rule.kind) ? "need a bound" : "have no bound");
	if (!alert_kind_has_streams(rule.kind) && rule.stream_ids != NULL)
		problem_add(problem, "/stream_ids", "streams", "leave it out",
					"alerts of the kind %s are not about streams", alert_kind_names[rule.kind]);
	if (!webhook_url_check(rule.url, control->settings->webhook_http, &err))
		problem_add(problem, "/channel/url", "url", NULL, "%s", err.message);
	if (secret != NULL && !webhook_secret_check(secret, &err))
		problem_add(problem, "/channel/secret", "secret", NULL, "%s", err.message);
	check_streams(control, tenant, alert, response);
	return problem->errors == NULL || answer_invalid(response, "the alert");
}

/* ---- making ---- */

static bool
count_one(void *context, const StoreEntry *entry)
{
	(void) entry;
	++*(size_t *) context;
	return true;
}

static bool
has_room(Control *control, const char *tenant, Response *response)
{
	char prefix[LAYOUT_KEY_MAXIMUM];
	size_t count = 0;
	SluiceError err;

	if (!store_each(control->store, STORE_CONFIG, key_prefix(prefix, "alert", tenant, NULL), NULL,
					count_one, &count, &err))
		return response_error(response, &err);
	return count < ALERTS_MAXIMUM ||
		   response_fail(response, PROBLEM_CONFLICT,
						 "there are %d alerts, and no more can be: delete some", ALERTS_MAXIMUM);
}

/* Sets a member, or its default where it is not given. */
static void
take_member(json_t *alert, const json_t *input, const char *member, json_t *otherwise)
{
	json_t *given = json_object_get(input, member);

	if (given != NULL)
		(void) json_object_set(alert, member, given);
	else
		(void) json_object_set(alert, member, otherwise);
	json_decref(otherwise);
}

/* The document of what a client gave. */
static json_t *
make_document(const json_t *input, const char *id, const char *secret)
{
	json_t *alert = json_object();
	char now[TIMESTAMP_TEXT];

	(void) timestamp_now_text(now);
	(void) json_object_set_new(alert, "id", json_string(id));
	take_member(alert, input, "name", json_null());
	take_member(alert, input, "kind", json_null());
	take_member(alert, input, "bound", json_null());
	take_member(alert, input, "for_seconds", json_integer(0));
	take_member(alert, input, "stream_ids", json_null());
	take_member(alert, input, "enabled", json_true());
	(void) json_object_set_new(alert, "channel",
							   json_pack("{s:s, s:s, s:b}", "type", "webhook", "url",
										 text_of(json_object_get(input, "channel"), "url"),
										 "has_secret", secret != NULL));
	(void) json_object_set_new(alert, "created_at", json_string(now));
	(void) json_object_set_new(alert, "updated_at", json_string(now));
	return alert;
}

/* The secret first: a rule is watched as soon as it is there. */
static bool
write_new(Control *control, const char *tenant, const char *secret, StoreEntry *entry,
		  SluiceError *err)
{
	const char *id = text_of(entry->value, "id");

	(void) alert_key(entry->key, tenant, id);
	if (secret != NULL && !secret_put(control->secrets, tenant, id, SECRET_WEBHOOK, secret, err))
		return false;
	if (store_put(control->store, STORE_CONFIG, entry->key, entry->value, 0, &entry->revision, err))
		return true;
	(void) !secret_delete_all(control->secrets, tenant, id, NULL);
	return false;
}

static bool
create_alert(Control *control, const Request *request, Response *response)
{
	const char *tenant = request->caller.tenant;
	const char *secret = text_of(json_object_get(request->body, "channel"), "secret");
	char id[ID_MAXIMUM + 1];
	StoreEntry entry = {0};
	SluiceError err;
	bool good;

	entry.value = make_document(request->body, identifier_make(id, ID_ALERT), secret);
	good = check_alert(control, tenant, entry.value, secret, response) &&
		   has_room(control, tenant, response);
	if (good && !write_new(control, tenant, secret, &entry, &err))
		good = response_error(response, &err);
	if (good)
	{
		response_header(response, "Location", "/api/v1/alerts/%s", id);
		good = answer_alert(control, &entry, 201, response);
	}
	store_entry_free(&entry);
	return good;
}

/* ---- changing ---- */

/* RFC 7396, but that null takes a secret away and leaves a member's null where it means something. */
static json_t *
patch_document(const json_t *alert, const json_t *patch)
{
	json_t *changed = json_deep_copy(alert), *channel = json_object_get(changed, "channel"), *value;
	const json_t *given = json_object_get(patch, "channel");
	char now[TIMESTAMP_TEXT];
	const char *name;

	json_object_foreach((json_t *) patch, name, value)
	{
		if (strcmp(name, "channel") != 0)
			(void) json_object_set(changed, name, value);
	}
	if (text_of(given, "url") != NULL)
		(void) json_object_set(channel, "url", json_object_get(given, "url"));
	value = json_object_get(given, "secret");
	if (value != NULL)
		(void) json_object_set_new(channel, "has_secret", json_boolean(json_is_string(value)));
	(void) json_object_set_new(changed, "updated_at", json_string(timestamp_now_text(now)));
	return changed;
}

static bool
write_secret(Control *control, const char *tenant, const char *id, const json_t *secret,
			 SluiceError *err)
{
	if (secret == NULL)
		return true;
	return json_is_string(secret)
			   ? secret_put(control->secrets, tenant, id, SECRET_WEBHOOK, json_string_value(secret),
							err)
			   : secret_delete(control->secrets, tenant, id, SECRET_WEBHOOK, err);
}

static bool
change_alert(Control *control, const Request *request, Response *response)
{
	const char *tenant = request->caller.tenant;
	const json_t *secret = json_object_get(json_object_get(request->body, "channel"), "secret");
	StoreEntry entry, changed = {0};
	SluiceError err;
	bool good;

	if (!alert_of_request(control, request, &entry, response))
		return false;
	changed.value = patch_document(entry.value, request->body);
	memcpy(changed.key, entry.key, sizeof(changed.key));
	good = request_if_match(request, entry.revision, response) &&
		   check_alert(control, tenant, changed.value, json_string_value(secret), response);
	if (good && (!store_put(control->store, STORE_CONFIG, changed.key, changed.value,
							entry.revision, &changed.revision, &err) ||
				 !write_secret(control, tenant, text_of(entry.value, "id"), secret, &err)))
		good = response_error(response, &err);
	if (good)
		good = answer_alert(control, &changed, 200, response);
	store_entry_free(&changed);
	store_entry_free(&entry);
	return good;
}

/* The rule first; what is left of it otherwise, the thread that sends removes when it meets it. */
static bool
delete_alert(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	SluiceError err;
	bool good;

	if (!alert_of_request(control, request, &entry, response))
		return false;
	good = request_if_match(request, entry.revision, response);
	if (good && (!store_delete(control->store, STORE_CONFIG, entry.key, entry.revision, &err) ||
				 !secret_delete_all(control->secrets, request->caller.tenant,
									text_of(entry.value, "id"), &err) ||
				 (!store_delete(control->store, STORE_STATE, entry.key, STORE_ANY, &err) &&
				  err.code != SLUICE_ERROR_NOT_FOUND)))
		good = response_error(response, &err);
	store_entry_free(&entry);
	return good && answer_empty(response, 204);
}

/* ---- messages ---- */

static bool
test_alert(Control *control, const Request *request, Response *response)
{
	StoreEntry entry;
	AlertAnswer answer;
	SluiceError err;
	bool good;

	if (!alert_of_request(control, request, &entry, response))
		return false;
	good = alerts_test(control->alerts, request->caller.tenant, entry.value, &answer, &err);
	store_entry_free(&entry);
	if (!good)
		return response_error(response, &err);
	return answer_json(response, 200,
					   json_pack("{s:b, s:o, s:s?, s:I}", "delivered", answer.delivered, "status",
								 answer.status != 0 ? json_integer(answer.status) : json_null(),
								 "error", answer.error[0] != '\0' ? answer.error : NULL, "took_ms",
								 (json_int_t) answer.took_ms));
}

/* {at, status, error} of the last attempt; null before the first. */
static json_t *
last_json(const json_t *last)
{
	json_int_t status = json_integer_value(json_object_get(last, "status"));

	if (!json_is_object(last))
		return json_null();
	return json_pack("{s:o, s:o, s:s?}", "at", time_json(last, "at_ms"), "status",
					 status != 0 ? json_integer(status) : json_null(), "error",
					 text_of(last, "error"));
}

static json_t *
delivery_json(const json_t *message)
{
	bool pending = strcmp(text_of(message, "state"), "pending") == 0;

	return json_pack(
		"{s:s, s:s, s:s, s:O, s:o, s:o, s:o, s:O}", "id", text_of(message, "id"), "type",
		text_of(message, "type"), "state", text_of(message, "state"), "attempts",
		json_object_get(message, "attempts"), "created_at", time_json(message, "created_ms"),
		"next_at", pending ? time_json(message, "next_ms") : json_null(), "last",
		last_json(json_object_get(message, "last")), "body", json_object_get(message, "body"));
}

static bool
list_deliveries(Control *control, const Request *request, Response *response)
{
	json_t *items = json_array();
	StoreEntry entry, state;
	const json_t *messages;

	if (!alert_of_request(control, request, &entry, response))
	{
		json_decref(items);
		return false;
	}
	find_state(control, entry.key, &state);
	messages = json_object_get(state.value, "messages");
	for (size_t i = json_array_size(messages); i > 0; i--)
		(void) json_array_append_new(items, delivery_json(json_array_get(messages, i - 1)));
	store_entry_free(&state);
	store_entry_free(&entry);
	return answer_json(response, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

static const Route routes[] = {
	{HTTP_GET, "/alerts", "listAlerts", SCOPE_ALERTS_READ, list_alerts, 0},
	{HTTP_POST, "/alerts", "createAlert", SCOPE_ALERTS_WRITE, create_alert, 0},
	{HTTP_GET, "/alerts/{id}", "getAlert", SCOPE_ALERTS_READ, get_alert, 0},
	{HTTP_PATCH, "/alerts/{id}", "changeAlert", SCOPE_ALERTS_WRITE, change_alert, 0},
	{HTTP_DELETE, "/alerts/{id}", "deleteAlert", SCOPE_ALERTS_WRITE, delete_alert, 0},
	{HTTP_POST, "/alerts/{id}/test", "testAlert", SCOPE_ALERTS_WRITE, test_alert, ROUTE_QUIET},
	{HTTP_GET, "/alerts/{id}/deliveries", "listAlertDeliveries", SCOPE_ALERTS_READ, list_deliveries,
	 0},
};

const Routes alert_routes = {routes, sizeof(routes) / sizeof(routes[0])};
