/*
 * publisher_internal.h - what the files of the publisher share; nobody else includes it.
 *
 * publisher.c       the public calls, the queue, the thread
 * publisher_life.c  one connection: where the stream stands, sending, acknowledgements
 * publisher_marks.c what consumers say is durable, and purging what nobody needs
 *
 * `lock` guards queue, status, marks and the life's counters.  libnats' threads enter only through
 * on_ack() and on_mark(), take the lock, and never call back into libnats.
 */
#ifndef SLUICE_NATS_PUBLISHER_INTERNAL_H
#define SLUICE_NATS_PUBLISHER_INTERNAL_H

#include <pthread.h>

#include "publisher.h"

#define PUBLISHER_BUNDLES_MAXIMUM 1024
#define PURGE_MARKS				  64 /* steps of the replay window that are told apart */

/* A bundle handed over: unsealed until it is first sent. */
typedef struct Pending
{
	struct Pending *next;
	BundleHeader header;
	ByteBuf buf;		   /* room for the head and the body, later the sealed bundle */
	char *place, *before;  /* of this bundle and of the one before it; NULL: none */
	size_t size;		   /* as counted in the window */
	const uint8_t *sealed; /* NULL until sealed; inside buf */
	size_t sealed_length;
	uint32_t parts;
} Pending;

/* A message sent and not acknowledged. */
typedef struct Flight
{
	bool completes; /* the last message of the bundle at the queue's head when it is its turn */
} Flight;

/* One connection. */
typedef struct Life
{
	NatsSession session;
	natsSubscription *acks;
	natsSubscription *marks;
	int listening;		  /* subscriptions whose handlers may still run */
	char inbox[64];		  /* replies come to <inbox>.<number> */
	size_t room;		  /* bytes that a message may have */
	uint64_t base;		  /* the stream's last sequence when this life began */
	uint64_t sent, acked; /* messages of this life */
	Pending *current;	  /* the next to send, NULL when all is sent */
	uint32_t next_part;	  /* of current */
	Flight *flights;	  /* ring of window_messages */
	bool probing;		  /* one message at a time until the first ack: the last life was refused */
	bool broken;		  /* error says why; the life ends */
	SluiceError error;
	int64_t progress_ms; /* when something was sent into an empty window, or acknowledged */
} Life;

typedef struct ConsumerMark
{
	char name[CONSUMER_NAME_MAXIMUM + 1];
	bool known;
	DurableMark mark;
} ConsumerMark;

/* What may be purged at `since_ms` plus the replay window. */
typedef struct PurgeStep
{
	uint64_t sequence;
	int64_t since_ms;
} PurgeStep;

struct Publisher
{
	PublisherOptions options; /* strings are copies */
	char subject[SUBJECT_TEXT];
	char session_tag[17]; /* in message ids: tells the attempts of different processes apart */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* something for the thread to do */
	int event;
	Pending *first, *last; /* unacknowledged bundles, oldest first */
	uint32_t queued;
	PublisherStatus status;
	char *tail_place;	/* that of status.tail */
	char *pushed_place; /* of the last bundle pushed, or the tail's */
	Life life;
	ConsumerMark consumers[PUBLISHER_CONSUMERS_MAXIMUM];
	int consumer_count;
	PurgeStep steps[PURGE_MARKS];
	int step_count;
	uint64_t purged_below;
	bool robbed;		   /* what a consumer needs is gone, and status.error says so */
	int64_t upkeep_ms;	   /* when the stream was last looked at... */
	uint64_t upkeep_acked; /* ...and what this life had acknowledged then */
	ByteBuf scratch;	   /* compressed bundles, parts */
	bool stopping;
	int64_t stop_by_ms;
};

extern int64_t monotonic_ms(void);

/* Tells the owner that the status changed. */
extern void publisher_notify(Publisher *publisher);

/* Drops the oldest bundle of the queue, which is acknowledged; lock held. */
extern void publisher_drop_first(Publisher *publisher);

/* Waits at most `ms` for the thread's signal; lock held. */
extern void publisher_wait(Publisher *publisher, int ms);

/*
 * publisher_life.c: subscribes with a handler that is given the publisher; life_end() waits until
 * the last one has returned.
 */
extern bool life_subscribe(Publisher *publisher, natsSubscription **subscription,
						   const char *subject, natsMsgHandler handler,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* publisher_life.c: connects and finds out where the stream stands; sends what may be sent; ends. */
extern bool life_begin(Publisher *publisher, SluiceError *err) SLUICE_MUST_CHECK;
extern bool life_send(Publisher *publisher, SluiceError *err) SLUICE_MUST_CHECK;
extern bool life_ok(Publisher *publisher, SluiceError *err) SLUICE_MUST_CHECK;
extern void life_end(Publisher *publisher);

/* publisher_life.c: the header of the last bundle of a stream; NOT_FOUND when there is none, STATE
 * when the last message is no bundle.  `place` (may be NULL) gets the message's place, to be freed, or
 * NULL. */
extern bool life_last_bundle(NatsSession *session, const char *stream, const char *subject,
							 BundleHeader *header, char **place,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* publisher_marks.c */
extern bool marks_subscribe(Publisher *publisher, SluiceError *err) SLUICE_MUST_CHECK;
extern bool marks_upkeep(Publisher *publisher, SluiceError *err) SLUICE_MUST_CHECK;

#endif
