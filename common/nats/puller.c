/*
 * puller.c - the pull consumer, and the loop that hands out its messages.
 *
 * Messages and the notes about requests stand in one line, and no more is asked for before what came
 * has been handed out (pull_requests.h): that bounds what is buffered.
 *
 * While a request waits, the server sends a heartbeat every second.  Silence means that it forgot
 * the requests (they are sent once more), then that consumer or server are gone.
 */
#include "puller.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pull_note.h"
#include "pull_requests.h"

#define SILENCE_MS		  2500 /* then ask once more, and after as long again give up */
#define INACTIVE_NS		  INT64_C(60000000000)
#define FRUITLESS_MAXIMUM 100 /* requests that ended without anything, one after the other */

struct Puller
{
	NatsSession *session;
	natsSubscription *messages;
	char stream[STREAM_NAME_MAXIMUM + 1];
	char name[SUBJECT_TEXT]; /* of the JetStream stream */
	char consumer[64];
	uint64_t expected; /* sequence of the next message */
	PullRequests requests;
	bool asked_again; /* after silence */
	int fruitless;
	int64_t heard_ms; /* when the server last said something */
	int64_t left_ms;  /* when puller_next() was last left */
};

static int64_t
clock_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* ---- what comes ---- */

/* The consumer does not answer any more: because its stream is gone, or by itself. */
static bool
gone(Puller *puller, const char *words, SluiceError *err)
{
	JetStreamInfo info;

	if (!jetstream_info(puller->session, puller->stream, &info, err))
		return false;
	return sluice_fail(err, SLUICE_ERROR_IO, "the consumer on JetStream stream %s is gone: %s",
					   puller->name, words);
}

static bool
request_over(Puller *puller, natsMsg *message, const PullNote *note, SluiceError *err)
{
	pull_requests_end(&puller->requests, natsMsg_GetSubject(message), note);
	if (++puller->fruitless <= FRUITLESS_MAXIMUM)
		return true;
	return sluice_fail(err, SLUICE_ERROR_IO, "JetStream stream %s ends every request at once: %s",
					   puller->name, note->text);
}

static bool
take_note(Puller *puller, natsMsg *message, SluiceError *err)
{
	PullNote note;

	pull_note_read(message, &note);
	switch (note.kind)
	{
		case PULL_HEARTBEAT: puller->fruitless = 0; return true;
		case PULL_ENDED:
		case PULL_TOO_LARGE: return request_over(puller, message, &note, err);
		case PULL_GONE: return gone(puller, note.text, err);
		case PULL_REFUSED: break;
	}
	(void) sluice_fail(err, SLUICE_ERROR_STATE, "JetStream stream %s refuses to be read: %s",
					   puller->name, note.text);
	return sluice_hint(err, "Check the limits on consumers in the server's configuration");
}

static bool
missing(const Puller *puller, uint64_t first, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "messages %" PRIu64 " to %" PRIu64
					   " are not in JetStream stream %s any more",
					   puller->expected, first - 1, puller->name);
	return sluice_hint(err,
					   "They were purged or lost before they were read: the target needs a new "
					   "copy, or the source must publish them again");
}

static bool
take_message(Puller *puller, natsMsg *message, const Delivery *delivery, PulledMessage *out,
			 SluiceError *err)
{
	if (delivery->sequence > puller->expected)
		return missing(puller, delivery->sequence, err);
	if (delivery->sequence < puller->expected)
		return sluice_fail(err, SLUICE_ERROR_STATE,
						   "JetStream stream %s gave message %" PRIu64 " where %" PRIu64
						   " was expected",
						   puller->name, delivery->sequence, puller->expected);
	puller->expected++;
	puller->fruitless = 0;
	pull_requests_count(&puller->requests);
	out->message = message;
	out->data = (const uint8_t *) natsMsg_GetData(message);
	out->length = (size_t) natsMsg_GetDataLength(message);
	out->subject = natsMsg_GetSubject(message);
	out->sequence = delivery->sequence;
	out->pending = delivery->pending;
	out->stored = delivery->stored;
	return true;
}

/* Fills *out from a message, or takes a note and leaves it empty. */
static bool
take(Puller *puller, natsMsg *message, PulledMessage *out, SluiceError *err)
{
	Delivery delivery;
	bool good;

	if (delivery_parse(natsMsg_GetReply(message), &delivery))
		good = take_message(puller, message, &delivery, out, err);
	else
		good = take_note(puller, message, err);
	if (out->message == NULL)
		natsMsg_Destroy(message);
	return good;
}

/* ---- the loop ---- */

static bool
silent(Puller *puller, int64_t now, SluiceError *err)
{
	if (now - puller->heard_ms < SILENCE_MS)
		return true;
	if (puller->asked_again)
		return nats_session_fail(puller->session, err, NATS_TIMEOUT, 0,
								 "JetStream stream %s sends neither messages nor heartbeats",
								 puller->name);
	puller->asked_again = true;
	puller->heard_ms = now;
	pull_requests_forget(&puller->requests);
	return true;
}

static bool
next_failed(Puller *puller, natsStatus status, SluiceError *err)
{
	if (status == NATS_NO_RESPONDERS)
		return gone(puller, "nobody answers for it", err);
	return nats_session_fail(puller->session, err, status, 0, "reading JetStream stream %s",
							 puller->name);
}

static bool
refill(Puller *puller, int64_t now, SluiceError *err)
{
	natsStatus status = pull_requests_fill(&puller->requests, puller->session->connection, now);

	return status == NATS_OK ||
		   nats_session_fail(puller->session, err, status, 0,
							 "asking JetStream stream %s for messages", puller->name);
}

static bool
next_within(Puller *puller, int64_t now, int64_t deadline, PulledMessage *out, SluiceError *err)
{
	for (;;)
	{
		int64_t until = puller->heard_ms + SILENCE_MS;
		natsMsg *message = NULL;
		natsStatus status;

		if (!refill(puller, now, err))
			return false;
		if (until > deadline)
			until = deadline;
		status =
			natsSubscription_NextMsg(&message, puller->messages, until > now ? until - now : 0);
		now = clock_ms();
		if (status == NATS_OK)
		{
			puller->heard_ms = now;
			puller->asked_again = false;
			if (!take(puller, message, out, err) || out->message != NULL)
				return out->message != NULL;
		}
		else if (status != NATS_TIMEOUT)
			return next_failed(puller, status, err);
		else if (!silent(puller, now, err))
			return false;
		else if (now >= deadline)
			return true;
	}
}

bool
puller_next(Puller *puller, int wait_ms, PulledMessage *out, SluiceError *err)
{
	int64_t now = clock_ms();
	bool good;

	memset(out, 0, sizeof(*out));
	if (now - puller->left_ms > PULL_HEARTBEAT_MS)
		puller->heard_ms = now; /* silence counts only while somebody listens */
	good = next_within(puller, now, now + wait_ms, out, err);
	puller->left_ms = clock_ms();
	return good;
}

/* ---- opening and closing ---- */

static bool
check_range(const Puller *puller, SluiceError *err)
{
	JetStreamInfo info;

	if (!jetstream_info(puller->session, puller->stream, &info, err))
		return false;
	if (puller->expected < info.first_sequence)
		return missing(puller, info.first_sequence, err);
	if (puller->expected <= info.last_sequence + 1)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "JetStream stream %s ends at message %" PRIu64 ", before message %" PRIu64
					   " that is wanted next",
					   puller->name, info.last_sequence, puller->expected);
	return sluice_hint(err, "The stream was made anew, or its store was rolled back");
}

static bool
subscribe(Puller *puller, size_t max_bytes, SluiceError *err)
{
	char subject[64];
	natsInbox *inbox = NULL;
	natsStatus status = natsInbox_Create(&inbox);

	if (status == NATS_OK)
	{
		pull_requests_init(&puller->requests, (const char *) inbox, max_bytes);
		(void) snprintf(subject, sizeof(subject), "%s.*", (const char *) inbox);
		natsInbox_Destroy(inbox);
		status =
			natsConnection_SubscribeSync(&puller->messages, puller->session->connection, subject);
	}
	if (status == NATS_OK) /* our requests bound it */
		status = natsSubscription_SetPendingLimits(puller->messages, -1, -1);
	return status == NATS_OK || nats_fail(err, status, 0, "subscribing to an inbox");
}

static bool
add_consumer(Puller *puller, SluiceError *err)
{
	jsConsumerConfig config;
	jsConsumerInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status;

	(void) jsConsumerConfig_Init(&config);
	config.DeliverPolicy = js_DeliverByStartSequence;
	config.OptStartSeq = puller->expected;
	config.AckPolicy = js_AckNone;
	config.ReplayPolicy = js_ReplayInstant;
	config.InactiveThreshold = INACTIVE_NS;
	config.MemoryStorage = true;
	config.Replicas = 1;
	status = js_AddConsumer(&info, puller->session->jetstream, puller->name, &config, NULL, &code);
	if (status != NATS_OK)
		return nats_session_fail(puller->session, err, status, code,
								 "making a consumer on JetStream stream %s", puller->name);
	(void) snprintf(puller->consumer, sizeof(puller->consumer), "%s", info->Name);
	(void) snprintf(puller->requests.subject, sizeof(puller->requests.subject),
					"$JS.API.CONSUMER.MSG.NEXT.%s.%s", puller->name, puller->consumer);
	pull_requests_limit(&puller->requests, info->Config);
	jsConsumerInfo_Destroy(info);
	return true;
}

Puller *
puller_open(NatsSession *session, const char *stream, uint64_t from_sequence, size_t max_bytes,
			SluiceError *err)
{
	Puller *puller;

	if (!stream_name_check(stream, err))
		return NULL;
	puller = calloc(1, sizeof(*puller));
	if (puller == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a consumer");
		return NULL;
	}
	puller->session = session;
	(void) snprintf(puller->stream, sizeof(puller->stream), "%s", stream);
	(void) jetstream_name(puller->name, stream);
	puller->expected = from_sequence > 0 ? from_sequence : 1;
	if (check_range(puller, err) && subscribe(puller, max_bytes, err) &&
		add_consumer(puller, err) && refill(puller, clock_ms(), err))
		return puller;
	puller_close(puller);
	return NULL;
}

/* The consumer is removed without waiting for an answer: the server would do so after a while. */
static void
remove_consumer(const Puller *puller)
{
	char subject[256];
	char reply[96];

	if (puller->consumer[0] == '\0' || !nats_session_alive(puller->session))
		return;
	(void) snprintf(subject, sizeof(subject), "$JS.API.CONSUMER.DELETE.%s.%s", puller->name,
					puller->consumer);
	(void) snprintf(reply, sizeof(reply), "%s.0", puller->requests.inbox);
	(void) natsConnection_PublishRequestString(puller->session->connection, subject, reply, "");
}

void
puller_close(Puller *puller)
{
	if (puller == NULL)
		return;
	remove_consumer(puller);
	nats_session_retire(puller->session, puller->messages);
	free(puller);
}
