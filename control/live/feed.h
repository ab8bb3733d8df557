/*
 * feed.h - what one client is sent next.  Pure: no I/O, no clock.
 *
 * Nothing is queued for a client: a feed has places in what all share, and the next frame is made when the client can take
 * it.  Figures are then the newest (a slow client gets fewer); events come one after the other, none left out, until
 * the window has gone on beyond the client's place: then it is behind and must come again with what it had last.
 */
#ifndef SLUICE_CONTROL_LIVE_FEED_H
#define SLUICE_CONTROL_LIVE_FEED_H

#include "client_message.h"
#include "control/http/request.h"
#include "event_window.h"
#include "topic.h"

#define FEED_ANSWERS 8	   /* frames that answer the client's own messages and wait */
#define FEED_PING_MS 15000 /* of silence, until something is said */

/* Who makes frames of figures, each held for the caller; NULL is "nothing to tell". */
typedef struct FeedSources
{
	void *context;
	EventWindow *events;
	/* Of a stream, or with "" of all of the tenant. */
	Frame *(*metrics)(void *context, const char *tenant, const char *stream_id, int64_t now_ms);
	/* What changed since *version, which moves. */
	Frame *(*tables)(void *context, const char *tenant, const char *stream_id, uint64_t *version,
					 int64_t now_ms);
	/* Lines behind *number, which moves. */
	Frame *(*lines)(void *context, const char *run_id, uint64_t *number, int64_t now_ms);
	/* How the streams of the topics stand; `missed`: events were lost to the client before. */
	Frame *(*snapshot)(void *context, const char *tenant, const TopicSet *topics, uint64_t sequence,
					   bool missed, int64_t now_ms);
	/* Whether the tenant has the stream or run a topic names. */
	bool (*owned)(void *context, const char *tenant, const Topic *topic);
} FeedSources;

typedef struct Feed
{
	Caller caller;
	TopicSet topics;
	uint64_t places[TOPICS_MAXIMUM]; /* of each topic: version of tables, number of the line */
	int64_t due_ms[TOPICS_MAXIMUM];	 /* and when its figures are told again */
	int rate_ms;
	WindowPlace place;
	bool listens; /* to events */
	bool snapshot_due, missed;
	Frame *answers[FEED_ANSWERS];
	size_t answer_count;
	int64_t said_ms; /* when the last frame was given */
} Feed;

/* Begins with a frame `hello`. */
extern void feed_init(Feed *feed, const Caller *caller, int64_t now_ms);
extern void feed_free(Feed *feed);

/*
 * Does what a message says.  False when the client is to be told of an error, which feed_next() does; topics of
 * such a message are not taken.
 */
extern bool feed_take(Feed *feed, const FeedSources *sources, const ClientMessage *message,
					  int64_t now_ms, SluiceError *err) SLUICE_MUST_CHECK;

/* An answer to something that was no message, likewise. */
extern void feed_complain(Feed *feed, const SluiceError *err, int64_t now_ms);

typedef enum FeedAnswer
{
	FEED_FRAME, /* *frame is held for the caller */
	FEED_NOTHING,
	FEED_BEHIND /* the client was too slow for events: close, it comes again */
} FeedAnswer;

extern FeedAnswer feed_next(Feed *feed, const FeedSources *sources, int64_t now_ms, Frame **frame);

/* When there may be something to tell though nothing happens. */
extern int64_t feed_due(const Feed *feed);

/* The newest event that was given or passed over: what a client resumes from. */
extern uint64_t feed_sequence(const Feed *feed);

#endif
