/*
 * publisher_life.c - one connection of the publisher.
 *
 * At its beginning the last message in JetStream decides: whatever the queue holds up to there was
 * stored, whatever comes after it is sent again.  From then on message n of this life must become
 * sequence base + n; anything else, any error, and the life is over.
 */
#include "publisher_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nats_internal.h"

#define ACK_TIMEOUT_MS 10000 /* a server that is silent for so long is taken for dead */
#define QUIET_MS	   1000	 /* a life without work is good when it has lasted so long */

/* ---- acknowledgements (libnats' thread) ---- */

/* Lock held. */
static void
break_life(Publisher *publisher, const SluiceError *err)
{
	if (!publisher->life.broken)
	{
		publisher->life.broken = true;
		publisher->life.error = *err;
	}
}

/* The acknowledgement of message `number`; they come in the order of sending.  Lock held. */
static void
take_ack(Publisher *publisher, uint64_t number, const PublishAck *ack)
{
	Life *life = &publisher->life;
	SluiceError err;

	if (number != life->acked || ack->sequence != life->base + number + 1)
	{
		(void) sluice_fail(&err, SLUICE_ERROR_CONFLICT,
						   "message %" PRIu64 " was acknowledged with sequence %" PRIu64
						   " where %" PRIu64 " was expected",
						   number, ack->sequence, life->base + life->acked + 1);
		break_life(publisher, &err);
		return;
	}
	publisher->status.messages++;
	publisher->status.stream.last_sequence = ack->sequence;
	life->probing = false;
	life->progress_ms = monotonic_ms();
	if (life->flights[number % publisher->options.window_messages].completes)
		publisher_drop_first(publisher);
	life->acked++;
}

static void
on_ack(natsConnection *connection, natsSubscription *subscription, natsMsg *reply, void *closure)
{
	Publisher *publisher = closure;
	const char *subject = natsMsg_GetSubject(reply);
	const char *number = subject + strlen(publisher->life.inbox) + 1;
	PublishAck ack;
	SluiceError err;
	bool good = publish_ack_read(reply, &ack, &err);

	(void) connection;
	(void) subscription;
	pthread_mutex_lock(&publisher->lock);
	if (good)
		take_ack(publisher, strtoull(number, NULL, 10), &ack);
	else
		break_life(publisher, &err);
	pthread_cond_signal(&publisher->wake);
	pthread_mutex_unlock(&publisher->lock);
	publisher_notify(publisher);
	natsMsg_Destroy(reply);
}

/* The handler of a closed subscription will not run again (libnats' thread). */
static void
on_complete(void *closure)
{
	Publisher *publisher = closure;

	pthread_mutex_lock(&publisher->lock);
	publisher->life.listening--;
	pthread_cond_signal(&publisher->wake);
	pthread_mutex_unlock(&publisher->lock);
}

bool
life_subscribe(Publisher *publisher, natsSubscription **subscription, const char *subject,
			   natsMsgHandler handler, SluiceError *err)
{
	Life *life = &publisher->life;
	natsStatus status = natsConnection_Subscribe(subscription, life->session.connection, subject,
												 handler, publisher);

	if (status == NATS_OK)
	{
		pthread_mutex_lock(&publisher->lock);
		life->listening++;
		pthread_mutex_unlock(&publisher->lock);
		status = natsSubscription_SetOnCompleteCB(*subscription, on_complete, publisher);
		if (status == NATS_OK)
			return true;
		on_complete(publisher);
	}
	return nats_fail(err, status, 0, "could not subscribe to %s", subject);
}

static bool
subscribe_acks(Publisher *publisher, SluiceError *err)
{
	Life *life = &publisher->life;
	char wildcard[sizeof(life->inbox) + 2];
	natsInbox *inbox = NULL;
	natsStatus status = natsInbox_Create(&inbox);

	if (status != NATS_OK)
		return nats_fail(err, status, 0, "could not make an inbox");
	(void) snprintf(life->inbox, sizeof(life->inbox), "%s", (const char *) inbox);
	(void) snprintf(wildcard, sizeof(wildcard), "%s.*", life->inbox);
	natsInbox_Destroy(inbox);
	return life_subscribe(publisher, &life->acks, wildcard, on_ack, err);
}

/* ---- where the stream stands ---- */

static char *
message_place(natsMsg *message)
{
	const char *place;

	return natsMsgHeader_Get(message, PUBLISHER_PLACE_HEADER, &place) == NATS_OK ? strdup(place)
																				 : NULL;
}

bool
life_last_bundle(NatsSession *session, const char *stream, const char *subject,
				 BundleHeader *header, char **place, SluiceError *err)
{
	natsMsg *message = NULL;
	const uint8_t *body;
	bool good;

	if (!jetstream_last(session, stream, subject, &message, err))
		return false;
	if (place != NULL)
		*place = message_place(message);
	good = bundle_header_read((const uint8_t *) natsMsg_GetData(message),
							  (size_t) natsMsg_GetDataLength(message), header, &body, err);
	natsMsg_Destroy(message);
	if (good)
		return true;
	err->code = SLUICE_ERROR_STATE;
	(void) sluice_prefix(err, "the last message on %s is not a bundle", subject);
	return sluice_hint(err, "Somebody else publishes on this subject: find out who, or purge the "
							"stream.");
}

/* For good: which of two sources gives way is not for us to say. */
static bool
fail_as_second(Publisher *publisher, uint64_t other, SluiceError *err)
{
	pthread_mutex_lock(&publisher->lock);
	publisher->status.other_incarnation = other;
	pthread_mutex_unlock(&publisher->lock);
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "its JetStream stream holds changes of another source or of an earlier slot "
					   "(incarnation %" PRIx64 ", ours is %" PRIx64 ")",
					   other, publisher->options.incarnation);
	return sluice_hint(err, "Drop the other stream or delete its JetStream stream, or choose "
							"another name.");
}

/* The last complete change on our subject, and its place; commit 0 when there is none. */
static bool
read_tail(Publisher *publisher, ChangeId *tail, char **place, SluiceError *err)
{
	BundleHeader header;

	*tail = (ChangeId){0};
	if (!life_last_bundle(&publisher->life.session, publisher->options.stream, publisher->subject,
						  &header, place, err))
		return err->code == SLUICE_ERROR_NOT_FOUND;
	if (header.last.incarnation != publisher->options.incarnation)
		return fail_as_second(publisher, header.last.incarnation, err);
	/* An interrupted big bundle is sent again from its first part. */
	*tail = header.kind == BUNDLE_PART && header.part + 1 < header.parts ? header.previous
																		 : header.last;
	return true;
}

/* What the stream ended with when this publisher first saw it; takes the place.  Lock held. */
static void
learn_tail(Publisher *publisher, const ChangeId *tail, char **place)
{
	publisher->status.tail_known = true;
	publisher->status.tail = publisher->status.acked = *tail;
	publisher->tail_place = *place;
	if (publisher->pushed_place == NULL && *place != NULL)
		publisher->pushed_place = strdup(*place);
	*place = NULL;
}

/* Takes what the stream has off the queue; the tail must be a place we know.  Lock held. */
static bool
reconcile(Publisher *publisher, const ChangeId *tail, SluiceError *err)
{
	PublisherStatus *status = &publisher->status;
	char text[2][CHANGE_ID_TEXT];

	if (change_id_compare(tail, &status->acked) < 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "its JetStream stream lost acknowledged messages: it ends at %s, "
						   "it had %s",
						   change_id_format(tail, text[0]),
						   change_id_format(&status->acked, text[1]));
		return sluice_hint(err, "The store was emptied or rolled back; publishing goes on from the "
								"replication slot.");
	}
	while (publisher->first != NULL && change_id_compare(&publisher->first->header.last, tail) <= 0)
		publisher_drop_first(publisher);
	if (change_id_compare(tail, &status->acked) != 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "another publisher wrote to its JetStream stream: that ends at %s, ours "
						   "was %s",
						   change_id_format(tail, text[0]),
						   change_id_format(&status->acked, text[1]));
		return false;
	}
	return true;
}

/* A stream without messages and a queue that was never acknowledged: nothing to compare. */
static bool
take_stock(Publisher *publisher, SluiceError *err)
{
	Life *life = &publisher->life;
	JetStreamInfo info;
	ChangeId tail;
	char *place = NULL;
	bool good = true;

	if (!jetstream_ensure(&life->session, publisher->options.stream, publisher->options.max_bytes,
						  publisher->options.replicas, &info, NULL, err) ||
		!read_tail(publisher, &tail, &place, err))
	{
		free(place);
		return false;
	}
	pthread_mutex_lock(&publisher->lock);
	if (info.created != publisher->status.stream.created)
	{
		publisher->purged_below = 0;
		publisher->step_count = 0;
	}
	publisher->status.stream = info;
	publisher->status.connects++;
	life->base = info.last_sequence;
	life->sent = life->acked = 0;
	life->next_part = 0;
	life->broken = false;
	life->progress_ms = monotonic_ms();
	if (!publisher->status.tail_known)
		learn_tail(publisher, &tail, &place);
	else
		good = reconcile(publisher, &tail, err);
	life->current = publisher->first;
	pthread_mutex_unlock(&publisher->lock);
	free(place);
	return good;
}

bool
life_begin(Publisher *publisher, SluiceError *err)
{
	Life *life = &publisher->life;

	return nats_session_open(&life->session, &publisher->options.nats, err) &&
		   nats_session_room(&life->session, &life->room, err) && subscribe_acks(publisher, err) &&
		   take_stock(publisher, err) && marks_subscribe(publisher, err);
}

void
life_end(Publisher *publisher)
{
	Life *life = &publisher->life;

	nats_session_retire(&life->session, life->acks);
	nats_session_retire(&life->session, life->marks);
	life->acks = life->marks = NULL;
	nats_session_close(&life->session);
	/* The handlers run in libnats' threads and use the publisher: it stays until they are done. */
	pthread_mutex_lock(&publisher->lock);
	while (life->listening > 0)
		publisher_wait(publisher, 100);
	pthread_mutex_unlock(&publisher->lock);
}

bool
life_ok(Publisher *publisher, SluiceError *err)
{
	Life *life = &publisher->life;
	bool good = true;

	pthread_mutex_lock(&publisher->lock);
	if (life->broken)
	{
		*err = life->error;
		good = false;
	}
	else if (life->sent > life->acked && monotonic_ms() - life->progress_ms > ACK_TIMEOUT_MS)
	{
		(void) sluice_fail(err, SLUICE_ERROR_TIMEOUT,
						   "no acknowledgement from the NATS server for %d s",
						   ACK_TIMEOUT_MS / 1000);
		good = sluice_hint(err, HINT_SILENT);
	}
	else if (life->probing && life->sent == 0 && life->current == NULL &&
			 monotonic_ms() - life->progress_ms > QUIET_MS)
		life->probing = false;
	pthread_mutex_unlock(&publisher->lock);
	/* A message that may not be published gets no answer, so nobody else would tell. */
	good = good && nats_session_permitted(&life->session, err);
	if (good && !nats_session_alive(&life->session))
		good = sluice_fail(err, SLUICE_ERROR_IO, "the connection to the NATS server was lost");
	return good;
}

/* ---- sending ---- */

/* The most that places take of a message's room. */
static size_t
place_length(const Pending *pending)
{
	size_t place = pending->place != NULL ? strlen(pending->place) : 0;
	size_t before = pending->before != NULL ? strlen(pending->before) : 0;

	return place > before ? place : before;
}

/* The bytes that a message of the bundle may have beside its headers. */
static size_t
payload_room(const Publisher *publisher, const Pending *pending)
{
	size_t room = publisher->life.room, places = place_length(pending);

	return places < room ? room - places : 0;
}

/* Seals a bundle, once; a compressed one takes the place of what it was made from. */
static bool
seal(Publisher *publisher, Pending *pending, size_t max_message, SluiceError *err)
{
	if (pending->sealed == NULL)
	{
		if (!bundle_seal(&pending->header, pending->buf.data, pending->buf.length,
						 publisher->options.compression, &publisher->scratch, &pending->sealed,
						 &pending->sealed_length, err))
			return false;
		if (pending->sealed == publisher->scratch.data)
		{
			ByteBuf raw = pending->buf;

			pending->buf = publisher->scratch;
			bytebuf_free(&raw);
			bytebuf_init(&publisher->scratch, &allocator_malloc, BUNDLE_MAXIMUM);
		}
	}
	pending->parts = bundle_part_count(pending->sealed_length, max_message);
	return pending->parts > 0 ||
		   sluice_fail(err, SLUICE_ERROR_LIMIT,
					   "a place of %zu bytes leaves no room in a NATS message",
					   place_length(pending));
}

/* The headers that make the server refuse a message out of place, or one it has. */
static natsStatus
set_headers(natsMsg *message, const Publisher *publisher, const Pending *pending)
{
	const Life *life = &publisher->life;
	const char *place = life->next_part + 1 == pending->parts ? pending->place : pending->before;
	char identity[CHANGE_ID_TEXT];
	char text[CHANGE_ID_TEXT + 64];
	natsStatus status;

	(void) snprintf(text, sizeof(text), "%" PRIu64, life->base + life->sent);
	status = natsMsgHeader_Set(message, "Nats-Expected-Last-Sequence", text);
	if (status != NATS_OK)
		return status;
	(void) snprintf(text, sizeof(text), "%s/%u-%u@%s",
					change_id_format(&pending->header.last, identity), life->next_part,
					pending->parts, publisher->session_tag);
	status = natsMsgHeader_Set(message, "Nats-Msg-Id", text);
	if (status != NATS_OK || place == NULL)
		return status;
	return natsMsgHeader_Set(message, PUBLISHER_PLACE_HEADER, place);
}

static bool
make_message(Publisher *publisher, const Pending *pending, const uint8_t *data, size_t length,
			 natsMsg **message, SluiceError *err)
{
	Life *life = &publisher->life;
	char reply[sizeof(life->inbox) + 24];
	natsStatus status;

	(void) snprintf(reply, sizeof(reply), "%s.%" PRIu64, life->inbox, life->sent);
	status = natsMsg_Create(message, publisher->subject, reply, (const char *) data, (int) length);
	if (status == NATS_OK)
		status = set_headers(*message, publisher, pending);
	if (status == NATS_OK)
		return true;
	natsMsg_Destroy(*message);
	return nats_fail(err, status, 0, "could not make a message for %s", publisher->subject);
}

/* The message to send next: the current bundle, or its next part. */
static bool
next_message(Publisher *publisher, Pending *pending, natsMsg **message, SluiceError *err)
{
	const size_t room = payload_room(publisher, pending);

	if (!seal(publisher, pending, room, err))
		return false;
	if (pending->parts == 1)
		return make_message(publisher, pending, pending->sealed, pending->sealed_length, message,
							err);
	return bundle_part_write(&pending->header, pending->sealed, pending->sealed_length, room,
							 publisher->life.next_part, &publisher->scratch, err) &&
		   make_message(publisher, pending, publisher->scratch.data, publisher->scratch.length,
						message, err);
}

/*
 * Counts a message as sent before it is: its acknowledgement may come before publishing returns,
 * and with it the end of the bundle.  Lock held.
 */
static void
count_sent(Publisher *publisher, const Pending *pending)
{
	Life *life = &publisher->life;
	bool completes = life->next_part + 1 == pending->parts;

	if (life->sent == life->acked)
		life->progress_ms = monotonic_ms();
	life->flights[life->sent % publisher->options.window_messages].completes = completes;
	life->sent++;
	life->next_part = completes ? 0 : life->next_part + 1;
	if (completes)
		life->current = pending->next;
}

/* The bundle to send from, NULL when nothing is left or the window is full. */
static Pending *
sendable(Publisher *publisher)
{
	Life *life = &publisher->life;
	Pending *pending;
	uint64_t window;

	pthread_mutex_lock(&publisher->lock);
	window = life->probing ? 1 : publisher->options.window_messages;
	pending = life->broken || life->sent - life->acked >= window ? NULL : life->current;
	pthread_mutex_unlock(&publisher->lock);
	return pending;
}

bool
life_send(Publisher *publisher, SluiceError *err)
{
	Pending *pending;
	natsMsg *message;
	natsStatus status;

	while ((pending = sendable(publisher)) != NULL)
	{
		int length;

		if (!next_message(publisher, pending, &message, err))
			return false;
		length = natsMsg_GetDataLength(message);
		pthread_mutex_lock(&publisher->lock);
		count_sent(publisher, pending);
		publisher->status.bytes += (uint64_t) length;
		pthread_mutex_unlock(&publisher->lock);
		status = natsConnection_PublishMsg(publisher->life.session.connection, message);
		natsMsg_Destroy(message);
		if (status != NATS_OK)
			return nats_fail(err, status, 0, "could not publish to %s", publisher->subject);
	}
	return true;
}
