/*
 * alert_state.c - from looks to messages (alert_state.h).
 */
#include "alert_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/control/timestamp.h"
#include "common/daemon/retry.h"

#define RAISED_UNTIL 0.9 /* of the bound */
#define MESSAGE_ID	 64

static const RetryPolicy pauses = {.first = 1000, .most = 1800000};

json_t *
alert_state_new(void)
{
	return json_pack("{s:{}, s:[], s:i}", "subjects", "messages", "count", 0);
}

static const char *
state_of(const json_t *item)
{
	const char *state = json_string_value(json_object_get(item, "state"));

	return state != NULL ? state : "";
}

static bool
is_in(const json_t *item, const char *state)
{
	return strcmp(state_of(item), state) == 0;
}

static int64_t
number_of(const json_t *item, const char *member)
{
	return (int64_t) json_integer_value(json_object_get(item, member));
}

int
alert_judge(const AlertRule *rule, const json_t *state, const char *subject, double value)
{
	const json_t *known = json_object_get(json_object_get(state, "subjects"), subject);
	double bound = is_in(known, "raised") ? rule->bound * RAISED_UNTIL : rule->bound;

	if (isnan(value))
		return READING_UNKNOWN;
	return value > bound ? READING_OVER : READING_FINE;
}

/* ---- messages ---- */

/* JSON has no NAN. */
static json_t *
value_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
time_json(int64_t ms)
{
	char text[TIMESTAMP_TEXT];

	return json_string(timestamp_format(text, ms));
}

static json_t *
stream_json(const AlertReading *reading)
{
	return reading->stream_id != NULL
			   ? json_pack("{s:s, s:s?}", "id", reading->stream_id, "name", reading->stream_name)
			   : json_null();
}

/* What the webhook gets. */
static json_t *
body_json(const AlertRule *rule, const AlertReading *reading, const char *id, const char *type,
		  int64_t since_ms, int64_t now_ms)
{
	return json_pack(
		"{s:s, s:s, s:{s:s, s:s, s:s}, s:s, s:s, s:o, s:s?, s:s?, s:o, s:o, s:o, s:o}", "id", id,
		"type", type, "alert", "id", rule->id, "name", rule->name, "kind",
		alert_kind_names[rule->kind], "tenant", rule->tenant, "subject", reading->subject, "stream",
		stream_json(reading), "run", reading->run_id, "detail", reading->detail, "since",
		time_json(since_ms), "value", value_json(reading->value), "bound",
		value_json(alert_kind_has_bound(rule->kind) ? rule->bound : NAN), "at", time_json(now_ms));
}

/* Room for one more: that of the oldest message which is done with, else of the oldest. */
static void
make_room(json_t *messages)
{
	size_t oldest = 0;

	if (json_array_size(messages) < ALERT_MESSAGES)
		return;
	for (size_t i = 0; i < json_array_size(messages); i++)
	{
		if (is_in(json_array_get(messages, i), "pending"))
			continue;
		oldest = i;
		break;
	}
	(void) json_array_remove(messages, oldest);
}

/* The body of the new message; NULL without memory. */
static const json_t *
add_message(json_t *state, const AlertRule *rule, const AlertReading *reading, const char *type,
			int64_t since_ms, int64_t now_ms)
{
	json_t *messages = json_object_get(state, "messages"), *body, *message;
	int64_t number = number_of(state, "count") + 1;
	char id[MESSAGE_ID];

	(void) snprintf(id, sizeof(id), "msg_%s_%lld", rule->id, (long long) number);
	body = body_json(rule, reading, id, type, since_ms, now_ms);
	message = json_pack("{s:s, s:s, s:I, s:o, s:s, s:i, s:I, s:n}", "id", id, "type", type,
						"created_ms", (json_int_t) now_ms, "body", body, "state", "pending",
						"attempts", 0, "next_ms", (json_int_t) now_ms, "last");
	make_room(messages);
	if (message == NULL || json_array_append_new(messages, message) != 0)
		return NULL;
	(void) json_object_set_new(state, "count", json_integer((json_int_t) number));
	return body;
}

/* ---- looks ---- */

static bool
raise_subject(json_t *state, const AlertRule *rule, const AlertReading *reading, int64_t since_ms,
			  int64_t now_ms, const json_t **body)
{
	bool due = now_ms - since_ms >= rule->for_ms;
	json_t *subject = json_pack("{s:s, s:I, s:o}", "state", due ? "raised" : "pending", "since_ms",
								(json_int_t) since_ms, "value", value_json(reading->value));

	if (json_object_set_new(json_object_get(state, "subjects"), reading->subject, subject) != 0)
		return false;
	if (due)
		*body = add_message(state, rule, reading, "alert.raised", since_ms, now_ms);
	return true;
}

bool
alert_step(json_t *state, const AlertRule *rule, const AlertReading *reading, int64_t now_ms,
		   const json_t **body)
{
	json_t *subjects = json_object_get(state, "subjects");
	json_t *known = json_object_get(subjects, reading->subject);
	bool raised = is_in(known, "raised");
	int64_t since_ms = known != NULL ? number_of(known, "since_ms") : now_ms;

	*body = NULL;
	if (reading->sight == READING_UNKNOWN || (reading->sight == READING_OVER && raised) ||
		(reading->sight == READING_FINE && known == NULL))
		return false;
	if (reading->sight == READING_OVER)
	{
		if (known != NULL ? now_ms - since_ms < rule->for_ms
						  : json_object_size(subjects) >= ALERT_SUBJECTS)
			return false;
		return raise_subject(state, rule, reading, since_ms, now_ms, body);
	}
	if (raised)
		*body = add_message(state, rule, reading, "alert.resolved", since_ms, now_ms);
	(void) json_object_del(subjects, reading->subject);
	return true;
}

bool
alert_step_rest(json_t *state, const AlertRule *rule, const json_t *seen, int64_t now_ms)
{
	json_t *subjects = json_object_get(state, "subjects"), *subject;
	const json_t *body;
	const char *name;
	void *next;
	bool changed = false;

	json_object_foreach_safe(subjects, next, name, subject)
	{
		const AlertReading gone = {
			.subject = name, .detail = "it is there no more", .value = NAN, .sight = READING_FINE};

		if (json_object_get(seen, name) == NULL)
			changed |= alert_step(state, rule, &gone, now_ms, &body);
	}
	return changed;
}

/* ---- sending ---- */

const json_t *
alert_due(const json_t *state, int64_t now_ms)
{
	const json_t *message;
	size_t i;

	json_array_foreach(json_object_get(state, "messages"), i, message)
	{
		if (is_in(message, "pending"))
			return number_of(message, "next_ms") <= now_ms ? message : NULL;
	}
	return NULL;
}

static void
note_attempt(json_t *message, const AlertAttempt *attempt, int64_t now_ms)
{
	int64_t attempts = number_of(message, "attempts") + 1;
	bool given_up = now_ms - number_of(message, "created_ms") >= ALERT_GIVE_UP_MS;
	const char *state = attempt->delivered ? "delivered" : given_up ? "failed" : "pending";
	int64_t next = now_ms + retry_delay(&pauses, (unsigned) attempts - 1, attempt->random);

	(void) json_object_set_new(message, "attempts", json_integer((json_int_t) attempts));
	(void) json_object_set_new(message, "state", json_string(state));
	(void) json_object_set_new(message, "next_ms", json_integer((json_int_t) next));
	(void) json_object_set_new(message, "last",
							   json_pack("{s:I, s:i, s:s?}", "at_ms", (json_int_t) now_ms, "status",
										 attempt->status, "error", attempt->error));
}

bool
alert_note(json_t *state, const char *message_id, const AlertAttempt *attempt, int64_t now_ms)
{
	json_t *message;
	size_t i;

	json_array_foreach(json_object_get(state, "messages"), i, message)
	{
		const char *id = json_string_value(json_object_get(message, "id"));

		if (id == NULL || strcmp(id, message_id) != 0)
			continue;
		note_attempt(message, attempt, now_ms);
		return true;
	}
	return false;
}
