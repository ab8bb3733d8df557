/*
 * feed_test.c - what clients are sent next: at their own pace, events one by one, figures the newest.
 */
#include "control/live/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define STREAM "str_aaaaaaaaaaaaaaaaaaaa"
#define OTHER  "str_bbbbbbbbbbbbbbbbbbbb"
#define RUN	   "run_aaaaaaaaaaaaaaaaaaaa"

/* Figures that change whenever they are looked at. */
typedef struct World
{
	EventWindow *events;
	FeedSources sources;
	int metrics, snapshots;
	bool missed;
	uint64_t lines; /* of the run's log */
} World;

static Frame *
metrics(void *context, const char *tenant, const char *stream_id, int64_t now_ms)
{
	World *world = context;

	assert_string_equal(tenant, "acme");
	world->metrics++;
	return frame_make(&(FrameHead){.type = "metrics", .time_ms = now_ms, .stream_id = stream_id},
					  json_pack("{s:i}", "n", world->metrics));
}

static Frame *
tables(void *context, const char *tenant, const char *stream_id, uint64_t *version, int64_t now_ms)
{
	(void) context;
	(void) tenant;
	(void) stream_id;
	(void) version;
	(void) now_ms;
	return NULL;
}

static Frame *
lines(void *context, const char *run_id, uint64_t *number, int64_t now_ms)
{
	const World *world = context;

	if (*number >= world->lines)
		return NULL;
	*number = world->lines;
	return frame_make(&(FrameHead){.type = "log", .time_ms = now_ms, .run_id = run_id},
					  json_object());
}

static Frame *
snapshot(void *context, const char *tenant, const TopicSet *topics, uint64_t sequence, bool missed,
		 int64_t now_ms)
{
	World *world = context;

	(void) tenant;
	(void) topics;
	world->snapshots++;
	world->missed = missed;
	return frame_make(&(FrameHead){.type = "snapshot", .sequence = sequence, .time_ms = now_ms},
					  json_object());
}

static bool
owned(void *context, const char *tenant, const Topic *topic)
{
	(void) context;
	(void) tenant;
	return strcmp(topic->id, OTHER) != 0;
}

static int
begin(void **state)
{
	static World world;

	world = (World){.events = event_window_new(10, 1 << 20)};
	world.sources = (FeedSources){&world, world.events, metrics, tables, lines, snapshot, owned};
	*state = &world;
	return 0;
}

static int
end(void **state)
{
	World *world = *state;

	event_window_free(world->events);
	return 0;
}

static void
happen(World *world, uint64_t sequence, const char *tenant, const char *stream_id)
{
	WindowEvent event = {.sequence = sequence, .type = EVENT_STATE};

	(void) snprintf(event.tenant, sizeof(event.tenant), "%s", tenant);
	(void) snprintf(event.stream_id, sizeof(event.stream_id), "%s", stream_id);
	event.frame = frame_make(&(FrameHead){.type = "state", .sequence = sequence}, json_object());
	event_window_add(world->events, &event);
}

static Caller
caller_of(uint64_t scopes)
{
	return (Caller){.tenant = "acme", .key_id = "key_a", .scopes = scopes};
}

static bool
say(Feed *feed, const World *world, const char *text, SluiceError *err)
{
	ClientMessage message;

	assert_true(client_message_parse(text, strlen(text), &message, err));
	return feed_take(feed, &world->sources, &message, 0, err);
}

static void
ask(Feed *feed, const World *world, const char *text)
{
	SluiceError err = {0};

	if (!say(feed, world, text, &err))
		fail_msg("%s: %s", text, err.message);
}

/* The type of the next frame, "" for none, "behind"; *sequence may be NULL. */
static const char *
next(Feed *feed, const World *world, int64_t now_ms, uint64_t *sequence)
{
	Frame *frame;
	const char *type;

	switch (feed_next(feed, &world->sources, now_ms, &frame))
	{
		case FEED_BEHIND: return "behind";
		case FEED_NOTHING: return "";
		case FEED_FRAME: break;
	}
	type = frame->type;
	if (sequence != NULL)
		*sequence = frame->sequence;
	frame_release(frame);
	return type;
}

#define assert_next(feed, world, now_ms, type)                                                     \
	assert_string_equal(next(feed, world, now_ms, NULL), type)

static void
open_feed(Feed *feed, const World *world)
{
	Caller caller = caller_of(UINT64_MAX);

	feed_init(feed, &caller, 0);
	assert_next(feed, world, 0, "hello");
}

static void
events_come_in_order_and_each_once(void **state)
{
	World *world = *state;
	uint64_t sequence;
	Feed feed;

	open_feed(&feed, world);
	happen(world, 1, "acme", STREAM);
	ask(&feed, world, "{\"type\":\"subscribe\",\"topics\":[\"state\"]}");
	assert_next(&feed, world, 0, "snapshot");
	assert_next(&feed, world, 0, "");
	for (uint64_t i = 2; i <= 5; i++)
		happen(world, i, "acme", STREAM);
	for (uint64_t i = 2; i <= 5; i++)
	{
		assert_string_equal(next(&feed, world, 0, &sequence), "state");
		assert_int_equal(sequence, i);
	}
	assert_next(&feed, world, 0, "");
	assert_int_equal(feed_sequence(&feed), 5);
	feed_free(&feed);
}

static void
other_tenants_and_other_topics_are_not_told(void **state)
{
	World *world = *state;
	uint64_t sequence;
	Feed feed;

	open_feed(&feed, world);
	ask(&feed, world, "{\"type\":\"subscribe\",\"topics\":[\"state:" STREAM "\", \"error\"]}");
	assert_next(&feed, world, 0, "snapshot");
	happen(world, 1, "others", STREAM);
	happen(world, 2, "acme", OTHER);
	happen(world, 3, "acme", STREAM);
	assert_string_equal(next(&feed, world, 0, &sequence), "state");
	assert_int_equal(sequence, 3);
	assert_next(&feed, world, 0, "");
	ask(&feed, world, "{\"type\":\"unsubscribe\",\"topics\":[\"state:" STREAM "\"]}");
	happen(world, 4, "acme", STREAM);
	assert_next(&feed, world, 0, "");
	feed_free(&feed);
}

static void
a_slow_client_gets_the_newest_figures_alone(void **state)
{
	World *world = *state;
	int told = 0;
	Feed feed;

	open_feed(&feed, world);
	ask(&feed, world,
		"{\"type\":\"subscribe\",\"topics\":[\"metrics:" STREAM "\"],\"rate_ms\":1000}");
	assert_next(&feed, world, 0, "snapshot");
	/* it takes a frame every ten seconds, though figures change each second */
	for (int64_t now = 10000; now < 100000; now += 10000)
		told += strcmp(next(&feed, world, now, NULL), "metrics") == 0;
	assert_int_equal(told, 9);
	assert_int_equal(world->metrics, 9);
	/* and one that asks all the time gets one a second */
	told = 0;
	for (int64_t now = 100000; now < 110000; now += 10)
		told += strcmp(next(&feed, world, now, NULL), "metrics") == 0;
	assert_int_equal(told, 10);
	feed_free(&feed);
}

static void
who_is_too_slow_for_events_is_told_so(void **state)
{
	World *world = *state;
	uint64_t sequence;
	Feed feed;

	open_feed(&feed, world);
	ask(&feed, world, "{\"type\":\"subscribe\",\"topics\":[\"state\"]}");
	assert_next(&feed, world, 0, "snapshot");
	for (uint64_t i = 1; i <= 10; i++)
		happen(world, i, "acme", STREAM);
	assert_string_equal(next(&feed, world, 0, &sequence), "state");
	assert_int_equal(sequence, 1);
	happen(world, 11, "acme", STREAM); /* the window has 2 to 11 */
	assert_next(&feed, world, 0, "state");
	for (uint64_t i = 12; i <= 14; i++)
		happen(world, i, "acme", STREAM);
	assert_next(&feed, world, 0, "behind");
	feed_free(&feed);
}

static void
a_client_resumes_or_is_told_that_it_missed_some(void **state)
{
	World *world = *state;
	uint64_t sequence;
	Feed feed;

	for (uint64_t i = 1; i <= 15; i++)
		happen(world, i, "acme", STREAM);
	open_feed(&feed, world);
	ask(&feed, world, "{\"type\":\"subscribe\",\"topics\":[\"state\"],\"since\":13}");
	assert_string_equal(next(&feed, world, 0, &sequence), "state");
	assert_int_equal(sequence, 14);
	assert_next(&feed, world, 0, "state");
	assert_next(&feed, world, 0, "");
	assert_int_equal(world->snapshots, 0);
	feed_free(&feed);
	open_feed(&feed, world);
	ask(&feed, world, "{\"type\":\"subscribe\",\"topics\":[\"state\"],\"since\":3}");
	assert_string_equal(next(&feed, world, 0, &sequence), "snapshot");
	assert_int_equal(sequence, 15);
	assert_true(world->missed);
	feed_free(&feed);
}

static void
a_journal_that_begins_anew_puts_every_client_behind(void **state)
{
	World *world = *state;
	Feed feed;

	happen(world, 1, "acme", STREAM);
	open_feed(&feed, world);
	ask(&feed, world, "{\"type\":\"subscribe\",\"topics\":[\"state\"],\"since\":1}");
	event_window_reset(world->events);
	happen(world, 1, "acme", STREAM);
	assert_next(&feed, world, 0, "behind");
	feed_free(&feed);
}

static void
lines_come_at_once_and_silence_is_broken_by_pings(void **state)
{
	World *world = *state;
	Feed feed;

	open_feed(&feed, world);
	ask(&feed, world, "{\"type\":\"subscribe\",\"topics\":[\"log:" RUN "\"]}");
	assert_next(&feed, world, 0, "snapshot");
	world->lines = 3;
	assert_next(&feed, world, 1, "log");
	assert_next(&feed, world, 1, "");
	world->lines = 4;
	assert_next(&feed, world, 2, "log");
	assert_next(&feed, world, FEED_PING_MS, "");
	assert_int_equal(feed_due(&feed), 2 + FEED_PING_MS);
	assert_next(&feed, world, 2 + FEED_PING_MS, "ping");
	assert_next(&feed, world, 2 + FEED_PING_MS, "");
	feed_free(&feed);
}

static void
what_is_not_allowed_is_refused_whole(void **state)
{
	World *world = *state;
	Caller caller = caller_of(SCOPE_BIT(SCOPE_RUNS_READ));
	SluiceError err = {0};
	Feed feed;

	feed_init(&feed, &caller, 0);
	assert_next(&feed, world, 0, "hello");
	assert_false(
		say(&feed, world, "{\"type\":\"subscribe\",\"topics\":[\"state\",\"worker\"]}", &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	assert_next(&feed, world, 0, "problem");
	assert_false(
		say(&feed, world, "{\"type\":\"subscribe\",\"topics\":[\"metrics:" OTHER "\"]}", &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_next(&feed, world, 0, "problem");
	happen(world, 1, "acme", STREAM);
	assert_next(&feed, world, 0, "");
	feed_free(&feed);
}

static void
answers_that_nobody_reads_are_bounded(void **state)
{
	World *world = *state;
	SluiceError err = {.code = SLUICE_ERROR_ARGUMENT, .message = "no"};
	int told = 0;
	Feed feed;

	open_feed(&feed, world);
	for (int i = 0; i < 1000; i++)
		feed_complain(&feed, &err, 0);
	while (strcmp(next(&feed, world, 0, NULL), "problem") == 0)
		told++;
	assert_int_equal(told, FEED_ANSWERS);
	feed_free(&feed);
}

static void
messages_are_read_or_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{\"type\":\"subscribe\"}",
		"{\"topics\":[\"state\"]}",
		"{\"type\":\"subscribe\",\"topics\":[]}",
		"{\"type\":\"subscribe\",\"topics\":[1]}",
		"{\"type\":\"subscribe\",\"topics\":[\"state:\"]}",
		"{\"type\":\"subscribe\",\"topics\":[\"worker:" STREAM "\"]}",
		"{\"type\":\"subscribe\",\"topics\":[\"log\"]}",
		"{\"type\":\"subscribe\",\"topics\":[\"log:" STREAM "\"]}",
		"{\"type\":\"subscribe\",\"topics\":[\"state\"],\"rate_ms\":199}",
		"{\"type\":\"subscribe\",\"topics\":[\"state\"],\"rate_ms\":1.5}",
		"{\"type\":\"subscribe\",\"topics\":[\"state\"],\"since\":\"1\"}",
		"{\"type\":\"subscribe\",\"topics\":[\"state\"],\"type\":\"subscribe\"}",
	};
	static const char good[] =
		"{\"type\":\"subscribe\",\"topics\":[\"metrics\",\"table:" STREAM "\",\"metrics\"],"
		"\"rate_ms\":200,\"since\":0}";
	ClientMessage message;
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		if (client_message_parse(bad[i], strlen(bad[i]), &message, &err))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	}
	assert_true(client_message_parse(good, strlen(good), &message, &err));
	assert_true(message.subscribe && message.resumes && message.since == 0);
	assert_int_equal(message.topics.count, 2);
	assert_int_equal(message.rate_ms, 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(events_come_in_order_and_each_once, begin, end),
		cmocka_unit_test_setup_teardown(other_tenants_and_other_topics_are_not_told, begin, end),
		cmocka_unit_test_setup_teardown(a_slow_client_gets_the_newest_figures_alone, begin, end),
		cmocka_unit_test_setup_teardown(who_is_too_slow_for_events_is_told_so, begin, end),
		cmocka_unit_test_setup_teardown(a_client_resumes_or_is_told_that_it_missed_some, begin,
										end),
		cmocka_unit_test_setup_teardown(a_journal_that_begins_anew_puts_every_client_behind, begin,
										end),
		cmocka_unit_test_setup_teardown(lines_come_at_once_and_silence_is_broken_by_pings, begin,
										end),
		cmocka_unit_test_setup_teardown(what_is_not_allowed_is_refused_whole, begin, end),
		cmocka_unit_test_setup_teardown(answers_that_nobody_reads_are_bounded, begin, end),
		cmocka_unit_test_setup_teardown(messages_are_read_or_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
