/*
 * alert_state_test.c - rules that come to hold and cease to: what is said, once each, in order, and how often it is tried.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/meter/alert_state.h"

#define NOON	INT64_C(1769860800000)
#define DAY_MS	INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)

static const AlertRule lag = {
	.id = "alert_1",
	.name = "lag",
	.tenant = "default",
	.kind = ALERT_LAG_SECONDS_OVER,
	.bound = 10,
	.enabled = true,
	.url = "https://h/",
};

/* The type of the message that a look adds, "" for none. */
static const char *
look(json_t *state, const AlertRule *rule, const char *subject, double value, int64_t now_ms)
{
	AlertReading reading = {.subject = subject, .stream_id = subject, .value = value};
	const json_t *body = NULL;

	reading.sight = alert_judge(rule, state, subject, value);
	(void) alert_step(state, rule, &reading, now_ms, &body);
	return body != NULL ? json_string_value(json_object_get(body, "type")) : "";
}

static size_t
messages(const json_t *state)
{
	return json_array_size(json_object_get(state, "messages"));
}

static void
raised_once_and_resolved_once(void **context)
{
	json_t *state = alert_state_new();

	(void) context;
	assert_string_equal(look(state, &lag, "str_1", 3, NOON), "");
	assert_string_equal(look(state, &lag, "str_1", 10, NOON), "");
	assert_string_equal(look(state, &lag, "str_1", 10.1, NOON + 1000), "alert.raised");
	assert_string_equal(look(state, &lag, "str_1", 50, NOON + 2000), "");
	assert_string_equal(look(state, &lag, "str_1", 9.5, NOON + 3000),
						""); /* not far enough below */
	assert_string_equal(look(state, &lag, "str_1", NAN, NOON + 3500), ""); /* nobody knows */
	assert_string_equal(look(state, &lag, "str_1", 11, NOON + 4000), "");
	assert_string_equal(look(state, &lag, "str_1", 8.9, NOON + 5000), "alert.resolved");
	assert_string_equal(look(state, &lag, "str_1", 9.5, NOON + 6000), "");
	assert_string_equal(look(state, &lag, "str_1", 12, NOON + 7000), "alert.raised");
	assert_int_equal(messages(state), 3);
	json_decref(state);
}

static void
looks_that_change_nothing_write_nothing(void **context)
{
	json_t *state = alert_state_new();
	AlertReading reading = {.subject = "str_1", .value = NAN, .sight = READING_FINE};
	const json_t *body;

	(void) context;
	assert_false(alert_step(state, &lag, &reading, NOON, &body));
	reading.sight = READING_UNKNOWN;
	assert_false(alert_step(state, &lag, &reading, NOON, &body));
	reading.sight = READING_OVER;
	assert_true(alert_step(state, &lag, &reading, NOON, &body));
	assert_false(alert_step(state, &lag, &reading, NOON, &body));
	json_decref(state);
}

static void
what_must_last_is_raised_when_it_lasted(void **context)
{
	AlertRule rule = lag;
	json_t *state = alert_state_new();

	(void) context;
	rule.for_ms = 5000;
	assert_string_equal(look(state, &rule, "str_1", 20, NOON), "");
	assert_string_equal(look(state, &rule, "str_1", 20, NOON + 4000), "");
	assert_string_equal(look(state, &rule, "str_1", 1, NOON + 4500), "");
	assert_string_equal(look(state, &rule, "str_1", 20, NOON + 5000), "");
	assert_string_equal(look(state, &rule, "str_1", 20, NOON + 10000), "alert.raised");
	assert_string_equal(look(state, &rule, "str_1", 1, NOON + 11000), "alert.resolved");
	json_decref(state);
}

static void
subjects_are_apart(void **context)
{
	json_t *state = alert_state_new(), *seen = json_pack("{s:b}", "str_2", 1);

	(void) context;
	assert_string_equal(look(state, &lag, "str_1", 20, NOON), "alert.raised");
	assert_string_equal(look(state, &lag, "str_2", 20, NOON), "alert.raised");
	/* the first is removed */
	assert_true(alert_step_rest(state, &lag, seen, NOON + 1000));
	assert_false(alert_step_rest(state, &lag, seen, NOON + 2000));
	assert_int_equal(messages(state), 3);
	assert_string_equal(look(state, &lag, "str_2", 1, NOON + 3000), "alert.resolved");
	json_decref(seen);
	json_decref(state);
}

/* The id of the message that is due, "" for none. */
static const char *
due(const json_t *state, int64_t now_ms)
{
	const json_t *message = alert_due(state, now_ms);

	return message != NULL ? json_string_value(json_object_get(message, "id")) : "";
}

static const AlertAttempt refused = {.status = 500, .error = "the answer is status 500"};
static const AlertAttempt taken = {.delivered = true, .status = 204};

static void
messages_go_out_in_order(void **context)
{
	json_t *state = alert_state_new();

	(void) context;
	(void) look(state, &lag, "str_1", 20, NOON);
	(void) look(state, &lag, "str_1", 1, NOON + 100);
	assert_string_equal(due(state, NOON), "msg_alert_1_1");
	assert_true(alert_note(state, "msg_alert_1_1", &refused, NOON));
	assert_string_equal(due(state, NOON + 100), ""); /* the second waits for the first */
	assert_string_equal(due(state, NOON + 1000), "msg_alert_1_1");
	assert_true(alert_note(state, "msg_alert_1_1", &taken, NOON + 1000));
	assert_string_equal(due(state, NOON + 1000), "msg_alert_1_2");
	assert_true(alert_note(state, "msg_alert_1_2", &taken, NOON + 1000));
	assert_string_equal(due(state, NOON + DAY_MS), "");
	assert_false(alert_note(state, "msg_alert_1_3", &taken, NOON));
	json_decref(state);
}

static void
messages_are_tried_for_a_day(void **context)
{
	json_t *state = alert_state_new();
	int64_t now = NOON, last = NOON;
	int attempts = 0;

	(void) context;
	(void) look(state, &lag, "str_1", 20, NOON);
	for (; now < NOON + 3 * DAY_MS; now += 500)
	{
		if (strcmp(due(state, now), "") == 0)
			continue;
		assert_true(now - last <= HOUR_MS / 2 + 500);
		last = now;
		attempts++;
		assert_true(alert_note(state, "msg_alert_1_1", &refused, now));
	}
	assert_true(last >= NOON + DAY_MS && last < NOON + DAY_MS + HOUR_MS);
	assert_in_range(attempts, 40, 120);
	assert_string_equal(json_string_value(json_object_get(
							json_array_get(json_object_get(state, "messages"), 0), "state")),
						"failed");
	json_decref(state);
}

static void
messages_are_bounded_and_the_oldest_go(void **context)
{
	json_t *state = alert_state_new();
	char id[64];

	(void) context;
	(void) look(state, &lag, "str_1", 20, NOON);
	(void) look(state, &lag, "str_1", 1, NOON);
	assert_true(alert_note(state, "msg_alert_1_1", &refused, NOON));
	for (int i = 0; i < 2 * ALERT_MESSAGES; i++)
		(void) look(state, &lag, "str_1", i % 2 == 0 ? 20 : 1, NOON + i);
	assert_int_equal(messages(state), ALERT_MESSAGES);
	(void) snprintf(id, sizeof(id), "msg_alert_1_%d", 2 + ALERT_MESSAGES + 1);
	assert_string_equal(due(state, NOON + HOUR_MS), id);
	json_decref(state);
}

static void
subjects_are_bounded(void **context)
{
	json_t *state = alert_state_new();
	char subject[20];

	(void) context;
	for (int i = 0; i < ALERT_SUBJECTS + 10; i++)
	{
		(void) snprintf(subject, sizeof(subject), "str_%d", i);
		(void) look(state, &lag, subject, 20, NOON);
	}
	assert_int_equal(json_object_size(json_object_get(state, "subjects")), ALERT_SUBJECTS);
	json_decref(state);
}

static void
bodies_say_what_it_is_about(void **context)
{
	json_t *state = alert_state_new(), *expected;
	const AlertReading reading = {
		.subject = "str_1",
		.stream_id = "str_1",
		.stream_name = "shop",
		.run_id = "run_1",
		.value = 12.5,
		.sight = READING_OVER,
	};
	const json_t *body;

	(void) context;
	assert_true(alert_step(state, &lag, &reading, NOON, &body));
	expected = json_pack(
		"{s:s, s:s, s:{s:s, s:s, s:s}, s:s, s:s, s:{s:s, s:s}, s:s, s:n, s:s, s:f, "
		"s:f, s:s}",
		"id", "msg_alert_1_1", "type", "alert.raised", "alert", "id", "alert_1", "name", "lag",
		"kind", "lag_seconds_over", "tenant", "default", "subject", "str_1", "stream", "id",
		"str_1", "name", "shop", "run", "run_1", "detail", "since", "2026-01-31T12:00:00.000Z",
		"value", 12.5, "bound", 10.0, "at", "2026-01-31T12:00:00.000Z");
	assert_true(json_equal(body, expected));
	json_decref(expected);
	json_decref(state);
}

static void
rules_are_read(void **context)
{
	json_t *document =
		json_pack("{s:s, s:s, s:s, s:f, s:i, s:b, s:[s], s:{s:s}}", "id", "alert_1", "name", "kept",
				  "kind", "kept_bytes_over", "bound", 1e9, "for_seconds", 30, "enabled", 1,
				  "stream_ids", "str_2", "channel", "url", "https://h/");
	AlertRule rule;
	SluiceError err;

	(void) context;
	assert_true(alert_rule_read(&rule, "default", document, &err));
	assert_int_equal(rule.kind, ALERT_KEPT_BYTES_OVER);
	assert_true(rule.for_ms == 30000 && rule.bound > 9e8 && rule.enabled);
	assert_true(alert_rule_takes_stream(&rule, "str_2"));
	assert_false(alert_rule_takes_stream(&rule, "str_1"));
	(void) json_object_set_new(document, "stream_ids", json_null());
	assert_true(alert_rule_read(&rule, "default", document, &err));
	assert_true(alert_rule_takes_stream(&rule, "str_1"));
	(void) json_object_set_new(document, "kind", json_string("no such kind"));
	assert_false(alert_rule_read(&rule, "default", document, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	json_decref(document);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raised_once_and_resolved_once),
		cmocka_unit_test(looks_that_change_nothing_write_nothing),
		cmocka_unit_test(what_must_last_is_raised_when_it_lasted),
		cmocka_unit_test(subjects_are_apart),
		cmocka_unit_test(messages_go_out_in_order),
		cmocka_unit_test(messages_are_tried_for_a_day),
		cmocka_unit_test(messages_are_bounded_and_the_oldest_go),
		cmocka_unit_test(subjects_are_bounded),
		cmocka_unit_test(bodies_say_what_it_is_about),
		cmocka_unit_test(rules_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
