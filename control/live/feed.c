/*
 * feed.c - choosing the next frame (feed.h).
 *
 * In this order: answers to the client, the snapshot, events, lines of logs, figures that are due, a ping.
 */
#include "feed.h"

#include <string.h>

/* ---- answers ---- */

/* One too many is left out: who does not read its answers is not told more. */
static void
answer(Feed *feed, const char *type, json_t *data, int64_t now_ms)
{
	Frame *frame = frame_make(&(FrameHead){.type = type, .time_ms = now_ms}, data);

	if (frame != NULL && feed->answer_count < FEED_ANSWERS)
		feed->answers[feed->answer_count++] = frame;
	else
		frame_release(frame);
}

void
feed_init(Feed *feed, const Caller *caller, int64_t now_ms)
{
	*feed = (Feed){.caller = *caller, .rate_ms = RATE_MS_DEFAULT, .said_ms = now_ms};
	answer(feed, "hello",
		   json_pack("{s:s, s:i, s:i}", "tenant", caller->tenant, "ping_ms", FEED_PING_MS,
					 "topics_maximum", TOPICS_MAXIMUM),
		   now_ms);
}

void
feed_free(Feed *feed)
{
	for (size_t i = 0; i < feed->answer_count; i++)
		frame_release(feed->answers[i]);
	feed->answer_count = 0;
}

void
feed_complain(Feed *feed, const SluiceError *err, int64_t now_ms)
{
	json_t *detail = json_string(err->message);

	answer(feed, "problem",
		   json_pack("{s:s, s:o}", "code", sluice_error_name(err->code), "detail",
					 detail != NULL ? detail : json_string("a message that makes no sense")),
		   now_ms);
}

/* ---- subscriptions ---- */

static bool
allowed(const Feed *feed, const FeedSources *sources, const Topic *topic, SluiceError *err)
{
	Scope scope = topic_scope(topic);
	char text[TOPIC_TEXT];

	if ((feed->caller.scopes & SCOPE_BIT(scope)) == 0)
		return sluice_fail(err, SLUICE_ERROR_DENIED, "topic %s needs the scope %s",
						   topic_text(topic, text), scope_names[scope]);
	if (topic->id[0] != '\0' && !sources->owned(sources->context, feed->caller.tenant, topic))
		return sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "topic %s: there is no such thing",
						   topic_text(topic, text));
	return true;
}

/* A topic that was moved to another place when one was removed takes its figures anew. */
static void
remove_topic(Feed *feed, const Topic *topic)
{
	size_t count = feed->topics.count;

	topic_set_remove(&feed->topics, topic);
	if (feed->topics.count == count)
		return;
	for (size_t i = 0; i < TOPICS_MAXIMUM; i++)
		feed->due_ms[i] = 0;
	memset(feed->places, 0, sizeof(feed->places));
}

static bool
add_topics(Feed *feed, const FeedSources *sources, const TopicSet *more, SluiceError *err)
{
	TopicSet topics = feed->topics;

	for (size_t i = 0; i < more->count; i++)
	{
		if (!allowed(feed, sources, &more->topics[i], err) ||
			!topic_set_add(&topics, &more->topics[i], err))
			return false;
	}
	for (size_t i = feed->topics.count; i < topics.count; i++)
	{
		feed->places[i] = 0;
		feed->due_ms[i] = 0;
	}
	feed->topics = topics;
	return true;
}

/* From which event on: those behind `since`, or a snapshot and what happens from now on. */
static void
take_place(Feed *feed, const FeedSources *sources, const ClientMessage *message)
{
	if (message->resumes && event_window_after(sources->events, message->since, &feed->place))
	{
		feed->listens = true;
		return;
	}
	if (!feed->listens)
		feed->place = event_window_end(sources->events);
	feed->listens = true;
	feed->snapshot_due = true;
	feed->missed = message->resumes;
}

bool
feed_take(Feed *feed, const FeedSources *sources, const ClientMessage *message, int64_t now_ms,
		  SluiceError *err)
{
	if (message->rate_ms != 0)
		feed->rate_ms = message->rate_ms;
	if (!message->subscribe)
	{
		for (size_t i = 0; i < message->topics.count; i++)
			remove_topic(feed, &message->topics.topics[i]);
		return true;
	}
	if (!add_topics(feed, sources, &message->topics, err))
	{
		feed_complain(feed, err, now_ms);
		return false;
	}
	take_place(feed, sources, message);
	return true;
}

/* ---- the next frame ---- */

/* A WindowMatch. */
static bool
wants_event(const void *context, const WindowEvent *event)
{
	const Feed *feed = context;

	return (event->tenant[0] == '\0' || strcmp(event->tenant, feed->caller.tenant) == 0) &&
		   topic_set_wants(&feed->topics, event->type, event->stream_id);
}

static Frame *
take_answer(Feed *feed)
{
	Frame *frame = feed->answers[0];

	memmove(feed->answers, feed->answers + 1, --feed->answer_count * sizeof(Frame *));
	return frame;
}

static Frame *
figures_of_topic(Feed *feed, const FeedSources *sources, size_t i, int64_t now_ms)
{
	const Topic *topic = &feed->topics.topics[i];

	switch (topic->kind)
	{
		case TOPIC_METRICS:
			return sources->metrics(sources->context, feed->caller.tenant, topic->id, now_ms);
		case TOPIC_TABLE:
			return sources->tables(sources->context, feed->caller.tenant, topic->id,
								   &feed->places[i], now_ms);
		case TOPIC_LOG:
			return sources->lines(sources->context, topic->id, &feed->places[i], now_ms);
		default: return NULL;
	}
}

/* Of the topics that are due; lines are so at any time. */
static Frame *
next_figures(Feed *feed, const FeedSources *sources, int64_t now_ms)
{
	for (size_t i = 0; i < feed->topics.count; i++)
	{
		bool lines = feed->topics.topics[i].kind == TOPIC_LOG;
		Frame *frame;

		if (!lines && now_ms < feed->due_ms[i])
			continue;
		feed->due_ms[i] = now_ms + feed->rate_ms;
		frame = figures_of_topic(feed, sources, i, now_ms);
		if (frame != NULL)
			return frame;
	}
	return NULL;
}

static Frame *
take_snapshot(Feed *feed, const FeedSources *sources, int64_t now_ms)
{
	bool missed = feed->missed;

	feed->snapshot_due = feed->missed = false;
	return sources->snapshot(sources->context, feed->caller.tenant, &feed->topics,
							 feed->place.sequence, missed, now_ms);
}

static Frame *
ping(const Feed *feed, int64_t now_ms)
{
	return now_ms - feed->said_ms < FEED_PING_MS
			   ? NULL
			   : frame_make(&(FrameHead){.type = "ping", .time_ms = now_ms}, json_object());
}

static FeedAnswer
choose(Feed *feed, const FeedSources *sources, int64_t now_ms, Frame **frame)
{
	if (feed->answer_count > 0)
	{
		*frame = take_answer(feed);
		return FEED_FRAME;
	}
	if (feed->snapshot_due)
		*frame = take_snapshot(feed, sources, now_ms);
	if (*frame == NULL && feed->listens)
	{
		if (event_window_next(sources->events, &feed->place, wants_event, feed, frame) ==
			WINDOW_LOST)
			return FEED_BEHIND;
	}
	if (*frame == NULL)
		*frame = next_figures(feed, sources, now_ms);
	if (*frame == NULL)
		*frame = ping(feed, now_ms);
	return *frame != NULL ? FEED_FRAME : FEED_NOTHING;
}

FeedAnswer
feed_next(Feed *feed, const FeedSources *sources, int64_t now_ms, Frame **frame)
{
	FeedAnswer answer;

	*frame = NULL;
	answer = choose(feed, sources, now_ms, frame);
	if (answer == FEED_FRAME)
		feed->said_ms = now_ms;
	return answer;
}

int64_t
feed_due(const Feed *feed)
{
	int64_t due = feed->said_ms + FEED_PING_MS;

	for (size_t i = 0; i < feed->topics.count; i++)
	{
		int kind = feed->topics.topics[i].kind;

		if ((kind == TOPIC_METRICS || kind == TOPIC_TABLE) && feed->due_ms[i] < due)
			due = feed->due_ms[i];
	}
	return due;
}

uint64_t
feed_sequence(const Feed *feed)
{
	return feed->place.sequence;
}
