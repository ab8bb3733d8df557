/*
 * pull_loop.c - asking, waiting, and telling messages from notes (pull_loop.h).
 */
#include "pull_loop.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pull_note.h"

#define SILENCE_MS		  2500 /* then ask once more, and after as long again give up */
#define FLUSH_MS		  1000
#define FRUITLESS_MAXIMUM 100 /* requests that ended without anything, one after the other */

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
gone(PullLoop *loop, const char *words, SluiceError *err)
{
	jsStreamInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status = js_GetStreamInfo(&info, loop->session->jetstream, loop->name, NULL, &code);

	jsStreamInfo_Destroy(info);
	if (status != NATS_OK)
		return nats_session_fail(loop->session, err, status, code, "JetStream stream %s",
								 loop->name);
	return sluice_fail(err, SLUICE_ERROR_IO, "the consumer on JetStream stream %s is gone: %s",
					   loop->name, words);
}

static bool
request_over(PullLoop *loop, natsMsg *message, const PullNote *note, SluiceError *err)
{
	pull_requests_end(&loop->requests, natsMsg_GetSubject(message), note);
	if (++loop->fruitless <= FRUITLESS_MAXIMUM)
		return true;
	return sluice_fail(err, SLUICE_ERROR_IO, "JetStream stream %s ends every request at once: %s",
					   loop->name, note->text);
}

static bool
take_note(PullLoop *loop, natsMsg *message, SluiceError *err)
{
	PullNote note;

	pull_note_read(message, &note);
	switch (note.kind)
	{
		case PULL_HEARTBEAT: loop->fruitless = 0; return true;
		case PULL_ENDED:
		case PULL_TOO_LARGE: return request_over(loop, message, &note, err);
		case PULL_GONE: return gone(loop, note.text, err);
		case PULL_REFUSED: break;
	}
	(void) sluice_fail(err, SLUICE_ERROR_STATE, "JetStream stream %s refuses to be read: %s",
					   loop->name, note.text);
	return sluice_hint(err, "Check the limits on consumers in the server's configuration");
}

static void
take_message(PullLoop *loop, natsMsg *message, const Delivery *delivery, PulledMessage *out)
{
	loop->fruitless = 0;
	pull_requests_count(&loop->requests);
	out->message = message;
	out->data = (const uint8_t *) natsMsg_GetData(message);
	out->length = (size_t) natsMsg_GetDataLength(message);
	out->subject = natsMsg_GetSubject(message);
	out->sequence = delivery->sequence;
	out->number = delivery->number;
	out->pending = delivery->pending;
	out->stored = delivery->stored;
}

/* Fills *out from a message, or takes a note and leaves it empty. */
static bool
take(PullLoop *loop, natsMsg *message, PulledMessage *out, SluiceError *err)
{
	Delivery delivery;
	bool good;

	if (delivery_parse(natsMsg_GetReply(message), &delivery))
	{
		take_message(loop, message, &delivery, out);
		return true;
	}
	good = take_note(loop, message, err);
	natsMsg_Destroy(message);
	return good;
}

/* ---- the loop ---- */

static bool
silent(PullLoop *loop, int64_t now, SluiceError *err)
{
	if (now - loop->heard_ms < SILENCE_MS)
		return true;
	if (loop->asked_again)
		return nats_session_fail(loop->session, err, NATS_TIMEOUT, 0,
								 "JetStream stream %s sends neither messages nor heartbeats",
								 loop->name);
	loop->asked_again = true;
	loop->heard_ms = now;
	pull_requests_forget(&loop->requests);
	return true;
}

static bool
next_failed(PullLoop *loop, natsStatus status, SluiceError *err)
{
	if (status == NATS_NO_RESPONDERS)
		return gone(loop, "nobody answers for it", err);
	return nats_session_fail(loop->session, err, status, 0, "reading JetStream stream %s",
							 loop->name);
}

static bool
refill(PullLoop *loop, int64_t now, SluiceError *err)
{
	natsStatus status = pull_requests_fill(&loop->requests, loop->session->connection, now);

	return status == NATS_OK ||
		   nats_session_fail(loop->session, err, status, 0,
							 "asking JetStream stream %s for messages", loop->name);
}

static bool
next_within(PullLoop *loop, int64_t now, int64_t deadline, PulledMessage *out, SluiceError *err)
{
	for (;;)
	{
		int64_t until = loop->heard_ms + SILENCE_MS;
		natsMsg *message = NULL;
		natsStatus status;

		if (!refill(loop, now, err))
			return false;
		if (until > deadline)
			until = deadline;
		status = natsSubscription_NextMsg(&message, loop->messages, until > now ? until - now : 0);
		now = clock_ms();
		if (status == NATS_OK)
		{
			loop->heard_ms = now;
			loop->asked_again = false;
			if (!take(loop, message, out, err) || out->message != NULL)
				return out->message != NULL;
		}
		else if (status != NATS_TIMEOUT)
			return next_failed(loop, status, err);
		else if (!silent(loop, now, err))
			return false;
		else if (now >= deadline)
			return true;
	}
}

bool
pull_loop_next(PullLoop *loop, int wait_ms, PulledMessage *out, SluiceError *err)
{
	int64_t now = clock_ms();
	bool good;

	memset(out, 0, sizeof(*out));
	if (now - loop->left_ms > PULL_HEARTBEAT_MS)
		loop->heard_ms = now; /* silence counts only while somebody listens */
	good = next_within(loop, now, now + wait_ms, out, err);
	loop->left_ms = clock_ms();
	return good;
}

/* ---- opening and closing ---- */

static bool
subscribe(PullLoop *loop, size_t max_bytes, SluiceError *err)
{
	char subject[64];
	natsInbox *inbox = NULL;
	natsStatus status = natsInbox_Create(&inbox);

	if (status == NATS_OK)
	{
		pull_requests_init(&loop->requests, (const char *) inbox, max_bytes);
		(void) snprintf(subject, sizeof(subject), "%s.*", (const char *) inbox);
		natsInbox_Destroy(inbox);
		status = natsConnection_SubscribeSync(&loop->messages, loop->session->connection, subject);
	}
	if (status == NATS_OK) /* our requests bound it */
		status = natsSubscription_SetPendingLimits(loop->messages, -1, -1);
	return status == NATS_OK || nats_fail(err, status, 0, "subscribing to an inbox");
}

bool
pull_loop_open(PullLoop *loop, NatsSession *session, const char *name, size_t max_bytes,
			   SluiceError *err)
{
	*loop = (PullLoop){.session = session};
	(void) snprintf(loop->name, sizeof(loop->name), "%s", name);
	return subscribe(loop, max_bytes, err);
}

bool
pull_loop_start(PullLoop *loop, const jsConsumerInfo *consumer, SluiceError *err)
{
	(void) snprintf(loop->consumer, sizeof(loop->consumer), "%s", consumer->Name);
	(void) snprintf(loop->requests.subject, sizeof(loop->requests.subject),
					"$JS.API.CONSUMER.MSG.NEXT.%s.%s", loop->name, loop->consumer);
	pull_requests_limit(&loop->requests, consumer->Config);
	return refill(loop, clock_ms(), err);
}

void
pull_loop_end(PullLoop *loop)
{
	if (loop->messages == NULL || natsSubscription_Drain(loop->messages) != NATS_OK)
		return;
	/* What the server had sent by then is here when its answer is. */
	(void) natsConnection_FlushTimeout(loop->session->connection, FLUSH_MS);
}

bool
pull_loop_rest(PullLoop *loop, PulledMessage *out)
{
	natsMsg *message = NULL;

	*out = (PulledMessage){0};
	while (loop->messages != NULL && out->message == NULL &&
		   natsSubscription_NextMsg(&message, loop->messages, 0) == NATS_OK)
		(void) !take(loop, message, out, NULL);
	return out->message != NULL;
}

void
pull_loop_remove_consumer(const PullLoop *loop)
{
	char subject[256];
	char reply[96];

	if (loop->consumer[0] == '\0' || !nats_session_alive(loop->session))
		return;
	(void) snprintf(subject, sizeof(subject), "$JS.API.CONSUMER.DELETE.%s.%s", loop->name,
					loop->consumer);
	(void) snprintf(reply, sizeof(reply), "%s.0", loop->requests.inbox);
	(void) natsConnection_PublishRequestString(loop->session->connection, subject, reply, "");
}

void
pull_loop_close(PullLoop *loop)
{
	if (loop->session != NULL)
		nats_session_retire(loop->session, loop->messages);
	loop->messages = NULL;
}
