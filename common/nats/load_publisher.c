/*
 * load_publisher.c - the queue of what was pushed, the window of messages on their way, one connection
 * after another.
 *
 * A message on its way is a flight; its number is in the reply subject, <inbox>.<number>, and its place
 * in the window is the number modulo the window.  An answer to a flight that is not there any more (of
 * an earlier attempt) is passed over.
 */
#include "load_publisher.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WINDOW_MESSAGES 64
#define ACK_TIMEOUT_MS	10000 /* a server that is silent for so long is taken for dead */
#define PAUSE_FIRST_MS	50	  /* between two connections; doubles... */
#define PAUSE_LAST_MS	2000  /* ...up to this */
#define FULL_PAUSE_MS	300	  /* how often a full stream is tried */
#define DOCUMENT_SHARE	2	  /* a part of a document is at most max_payload by this */

typedef enum ItemKind
{
	ITEM_BUNDLE,
	ITEM_DOCUMENT
} ItemKind;

/* Something pushed: one message, or several. */
typedef struct Item
{
	struct Item *next;
	ItemKind kind;
	LoadPlace place;
	BundleHeader header; /* of a bundle */
	ByteBuf buf;
	const uint8_t *data; /* inside buf: the sealed bundle, the compressed document */
	size_t length;
	uint32_t messages; /* 0: not known before a connection tells the server's limit */
	uint32_t sent, acked;
} Item;

typedef struct Flight
{
	Item *item; /* NULL: free */
	uint64_t number;
	uint32_t part;
	size_t length;
} Flight;

struct LoadPublisher
{
	LoadPublisherOptions options;
	LoadPublisherStatus status;
	NatsSession session;
	size_t room; /* bytes that a message may have */
	natsSubscription *acks;
	char inbox[64];
	Item *first, *last;
	size_t queued_bytes;
	Flight flights[WINDOW_MESSAGES];
	uint64_t next_number;
	uint32_t in_flight;
	bool full;	  /* the stream refused: when all flights have landed, one message at a time */
	bool probing; /* until that one is stored */
	int64_t retry_ms;
	int pause_ms;
	int64_t progress_ms; /* when something was sent into an empty window, or acknowledged */
	ByteBuf scratch;	 /* compressed bundles, parts */
};

static int64_t
now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
sleep_ms(int64_t ms)
{
	struct timespec span = {ms / 1000, (long) (ms % 1000) * 1000000};

	if (ms > 0)
		(void) nanosleep(&span, NULL);
}

/* ---- the queue ---- */

LoadPublisher *
load_publisher_new(const LoadPublisherOptions *options, SluiceError *err)
{
	LoadPublisher *publisher = calloc(1, sizeof(*publisher));

	if (publisher == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a publisher");
		return NULL;
	}
	publisher->options = *options;
	publisher->pause_ms = PAUSE_FIRST_MS;
	bytebuf_init(&publisher->scratch, &allocator_malloc, BUNDLE_MAXIMUM);
	return publisher;
}

static void
item_free(Item *item)
{
	bytebuf_free(&item->buf);
	free(item);
}

void
load_publisher_forget(LoadPublisher *publisher)
{
	while (publisher->first != NULL)
	{
		Item *item = publisher->first;

		publisher->first = item->next;
		item_free(item);
	}
	publisher->last = NULL;
	publisher->queued_bytes = 0;
	memset(publisher->flights, 0, sizeof(publisher->flights));
	publisher->in_flight = 0;
}

static void
close_session(LoadPublisher *publisher)
{
	nats_session_retire(&publisher->session, publisher->acks);
	publisher->acks = NULL;
	nats_session_close(&publisher->session);
}

void
load_publisher_free(LoadPublisher *publisher)
{
	if (publisher == NULL)
		return;
	load_publisher_forget(publisher);
	close_session(publisher);
	bytebuf_free(&publisher->scratch);
	free(publisher);
}

bool
load_publisher_has_room(const LoadPublisher *publisher, size_t size)
{
	return publisher->first == NULL ||
		   publisher->queued_bytes + size <= publisher->options.window_bytes;
}

bool
load_publisher_done(const LoadPublisher *publisher)
{
	return publisher->first == NULL;
}

const LoadPublisherStatus *
load_publisher_status(const LoadPublisher *publisher)
{
	return &publisher->status;
}

static void
enqueue(LoadPublisher *publisher, Item *item)
{
	publisher->queued_bytes += item->buf.capacity;
	if (publisher->last != NULL)
		publisher->last->next = item;
	else
		publisher->first = item;
	publisher->last = item;
}

static void
dequeue(LoadPublisher *publisher, Item *item)
{
	Item *before = NULL;

	for (Item *at = publisher->first; at != item; at = at->next)
		before = at;
	if (before != NULL)
		before->next = item->next;
	else
		publisher->first = item->next;
	if (publisher->last == item)
		publisher->last = before;
	publisher->queued_bytes -= item->buf.capacity;
	item_free(item);
}

static Item *
new_item(ItemKind kind, SluiceError *err)
{
	Item *item = calloc(1, sizeof(*item));

	if (item == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a bundle");
	else
		item->kind = kind;
	return item;
}

/* A compressed bundle takes the place of what it was made from. */
static bool
seal(LoadPublisher *publisher, Item *item, SluiceError *err)
{
	ByteBuf raw = item->buf;

	if (!bundle_seal(&item->header, item->buf.data, item->buf.length,
					 publisher->options.compression, &publisher->scratch, &item->data,
					 &item->length, err))
		return false;
	if (item->data != publisher->scratch.data)
		return true;
	item->buf = publisher->scratch;
	publisher->scratch = raw; /* room for the next one */
	return true;
}

bool
load_publisher_push(LoadPublisher *publisher, BundleWriter *writer, const LoadPlace *place,
					SluiceError *err)
{
	Item *item = new_item(ITEM_BUNDLE, err);

	if (item == NULL)
		return false;
	item->place = *place;
	item->buf = writer->buf;
	bundle_writer_header(writer, BUNDLE_LOAD, &item->header);
	bundle_writer_init(writer, writer->buf.allocator, writer->buf.maximum);
	if (!seal(publisher, item, err))
	{
		item_free(item);
		return false;
	}
	enqueue(publisher, item);
	return true;
}

bool
load_publisher_push_document(LoadPublisher *publisher, uint32_t generation, const char *text,
							 SluiceError *err)
{
	Item *item = new_item(ITEM_DOCUMENT, err);

	if (item == NULL)
		return false;
	item->place.generation = generation;
	bytebuf_init(&item->buf, &allocator_malloc, BUNDLE_MAXIMUM);
	if (!compress_append(COMPRESSION_ZSTD, (const uint8_t *) text, strlen(text), &item->buf, err))
	{
		item_free(item);
		return false;
	}
	item->data = item->buf.data;
	item->length = item->buf.length;
	enqueue(publisher, item);
	return true;
}

/* ---- messages ---- */

static size_t
document_part_size(const LoadPublisher *publisher)
{
	return (size_t) publisher->session.max_payload / DOCUMENT_SHARE;
}

static void
count_messages(const LoadPublisher *publisher, Item *item)
{
	size_t part = document_part_size(publisher);

	if (item->kind == ITEM_BUNDLE)
		item->messages = bundle_part_count(item->length, publisher->room);
	else
		item->messages = (uint32_t) ((item->length + part - 1) / part);
}

/* A bundle's part 0 goes last: it says that the others are there. */
static uint32_t
part_to_send(const Item *item)
{
	if (item->kind == ITEM_DOCUMENT)
		return item->sent;
	return item->sent + 1 < item->messages ? item->sent + 1 : 0;
}

static bool
may_send(const Item *item)
{
	if (item->kind == ITEM_BUNDLE && item->sent + 1 == item->messages)
		return item->acked == item->sent;
	return item->sent < item->messages;
}

/* Subject and Nats-Msg-Id of a part. */
static void
address(const LoadPublisher *publisher, const Item *item, uint32_t part, char subject[SUBJECT_TEXT],
		char id[SUBJECT_TEXT])
{
	const char *stream = publisher->options.stream;
	const LoadPlace *place = &item->place;
	int length;

	if (item->kind == ITEM_DOCUMENT)
	{
		(void) schema_part_subject(subject, stream, place->generation, part);
		(void) snprintf(id, SUBJECT_TEXT, "schema.%" PRIu32 ".%" PRIu32, place->generation, part);
		return;
	}
	length = snprintf(id, SUBJECT_TEXT, "load.%" PRIu32 ".%" PRIu32 ".%" PRIu32, place->generation,
					  place->chunk, place->bundle);
	if (part == 0)
		(void) load_subject(subject, stream);
	else
	{
		(void) load_part_subject(subject, stream, place, part);
		(void) snprintf(id + length, SUBJECT_TEXT - (size_t) length, ".%" PRIu32 "-%" PRIu32, part,
						item->messages);
	}
}

/* The bytes of a part, in the item or in scratch. */
static bool
payload(LoadPublisher *publisher, const Item *item, uint32_t part, const uint8_t **data,
		size_t *length, SluiceError *err)
{
	size_t size = document_part_size(publisher);

	*data = item->data;
	*length = item->length;
	if (item->kind == ITEM_DOCUMENT)
	{
		*data += part * size;
		*length = part + 1 < item->messages ? size : item->length - part * size;
		return true;
	}
	if (item->messages == 1)
		return true;
	if (!bundle_part_write(&item->header, item->data, item->length, publisher->room, part,
						   &publisher->scratch, err))
		return false;
	*data = publisher->scratch.data;
	*length = publisher->scratch.length;
	return true;
}

static natsStatus
publish(LoadPublisher *publisher, const Item *item, uint32_t part, uint64_t number,
		const uint8_t *data, size_t length)
{
	char subject[SUBJECT_TEXT];
	char id[SUBJECT_TEXT];
	char reply[sizeof(publisher->inbox) + 24];
	char parts[16];
	natsMsg *message = NULL;
	natsStatus status;

	address(publisher, item, part, subject, id);
	(void) snprintf(reply, sizeof(reply), "%s.%" PRIu64, publisher->inbox, number);
	(void) snprintf(parts, sizeof(parts), "%" PRIu32, item->messages);
	status = natsMsg_Create(&message, subject, reply, (const char *) data, (int) length);
	if (status == NATS_OK)
		status = natsMsgHeader_Set(message, "Nats-Msg-Id", id);
	if (status == NATS_OK && item->kind == ITEM_DOCUMENT)
		status = natsMsgHeader_Set(message, "Sluice-Parts", parts);
	if (status == NATS_OK)
		status = natsConnection_PublishMsg(publisher->session.connection, message);
	natsMsg_Destroy(message);
	return status;
}

/* Sends the item's next message; IO when the connection is of no use any more. */
static bool
send_one(LoadPublisher *publisher, Item *item, SluiceError *err)
{
	uint64_t number = publisher->next_number;
	Flight *flight = &publisher->flights[number % WINDOW_MESSAGES];
	uint32_t part = part_to_send(item);
	const uint8_t *data;
	size_t length;
	natsStatus status;

	if (!payload(publisher, item, part, &data, &length, err))
		return false;
	*flight = (Flight){item, number, part, length};
	if (publisher->in_flight == 0)
		publisher->progress_ms = now_ms();
	publisher->next_number++;
	publisher->in_flight++;
	item->sent++;
	status = publish(publisher, item, part, number, data, length);
	return status == NATS_OK || nats_fail(err, status, 0, "could not publish the copy of \"%s\"",
										  publisher->options.stream);
}

static bool
has_flight(const LoadPublisher *publisher)
{
	uint32_t window = publisher->probing ? 1 : WINDOW_MESSAGES;

	return publisher->in_flight < window &&
		   publisher->flights[publisher->next_number % WINDOW_MESSAGES].item == NULL;
}

static bool
send_all(LoadPublisher *publisher, SluiceError *err)
{
	if (publisher->full)
		return true;
	for (Item *item = publisher->first; item != NULL; item = item->next)
	{
		if (item->messages == 0)
			count_messages(publisher, item);
		while (may_send(item) && has_flight(publisher))
		{
			if (!send_one(publisher, item, err))
				return false;
		}
		if (!has_flight(publisher))
			break;
	}
	return true;
}

/* ---- acknowledgements ---- */

static void
settle_flight(LoadPublisher *publisher, Flight *flight)
{
	Item *item = flight->item;

	publisher->status.messages++;
	publisher->status.bytes += flight->length;
	if (flight->part > 0 && item->kind == ITEM_BUNDLE)
		publisher->status.parts++;
	publisher->progress_ms = now_ms();
	publisher->probing = false;
	publisher->pause_ms = PAUSE_FIRST_MS;
	sluice_error_clear(&publisher->status.error);
	if (++item->acked == item->messages)
		dequeue(publisher, item);
}

/* False for an answer that ends the connection. */
static bool
take_answer(LoadPublisher *publisher, natsMsg *reply, SluiceError *err)
{
	const char *number = natsMsg_GetSubject(reply) + strlen(publisher->inbox) + 1;
	uint64_t n = strtoull(number, NULL, 10);
	Flight *flight = &publisher->flights[n % WINDOW_MESSAGES];
	PublishAck ack;
	bool good;

	if (flight->item == NULL || flight->number != n)
		return true;
	good = publish_ack_read(reply, &ack, err);
	publisher->in_flight--;
	if (good)
		settle_flight(publisher, flight);
	flight->item = NULL;
	if (good)
		return true;
	publisher->full = err->code == SLUICE_ERROR_FULL;
	if (publisher->full)
		publisher->status.error = *err;
	return publisher->full;
}

/* Waits only when there is nothing here yet. */
static bool
take_answers(LoadPublisher *publisher, int wait_ms, SluiceError *err)
{
	bool waited = false;

	while (publisher->in_flight > 0)
	{
		natsMsg *reply = NULL;
		natsStatus status = natsSubscription_NextMsg(&reply, publisher->acks, waited ? 0 : wait_ms);
		bool good;

		waited = true;
		if (status == NATS_TIMEOUT)
			break;
		if (status != NATS_OK)
			return nats_fail(err, status, 0, "publishing the copy of \"%s\"",
							 publisher->options.stream);
		good = take_answer(publisher, reply, err);
		natsMsg_Destroy(reply);
		if (!good)
			return false;
	}
	if (publisher->in_flight > 0 && now_ms() - publisher->progress_ms > ACK_TIMEOUT_MS)
		return sluice_fail(err, SLUICE_ERROR_TIMEOUT,
						   "no acknowledgement from the NATS server for %d s",
						   ACK_TIMEOUT_MS / 1000);
	return true;
}

/* ---- connections ---- */

/* What was sent and not acknowledged is to be sent again; what is stored already is not stored twice,
 * or does no harm. */
static void
send_again(LoadPublisher *publisher)
{
	memset(publisher->flights, 0, sizeof(publisher->flights));
	publisher->in_flight = 0;
	for (Item *item = publisher->first; item != NULL; item = item->next)
		item->messages = item->sent = item->acked = 0;
}

static bool
subscribe(LoadPublisher *publisher, SluiceError *err)
{
	char wildcard[sizeof(publisher->inbox) + 2];
	natsInbox *inbox = NULL;
	natsStatus status = natsInbox_Create(&inbox);

	if (status == NATS_OK)
	{
		(void) snprintf(publisher->inbox, sizeof(publisher->inbox), "%s", (const char *) inbox);
		(void) snprintf(wildcard, sizeof(wildcard), "%s.*", publisher->inbox);
		natsInbox_Destroy(inbox);
		status =
			natsConnection_SubscribeSync(&publisher->acks, publisher->session.connection, wildcard);
	}
	return status == NATS_OK || nats_fail(err, status, 0, "could not subscribe to an inbox");
}

/* Signals stay with the owner's thread, not with those libnats starts from here. */
static bool
open_session(LoadPublisher *publisher, SluiceError *err)
{
	sigset_t all;
	sigset_t before;
	bool good;

	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	good = nats_session_open(&publisher->session, &publisher->options.nats, err) &&
		   nats_session_room(&publisher->session, &publisher->room, err) &&
		   subscribe(publisher, err);
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (good)
		publisher->status.connects++;
	return good;
}

/* Errors that another connection will not mend. */
static bool
is_final(const SluiceError *err)
{
	return !sluice_error_transient(err->code) && err->code != SLUICE_ERROR_DENIED &&
		   err->code != SLUICE_ERROR_NOT_FOUND;
}

/* Ends a connection that failed; false when there is no sense in another. */
static bool
break_off(LoadPublisher *publisher, const SluiceError *err)
{
	close_session(publisher);
	send_again(publisher);
	publisher->status.error = *err;
	publisher->retry_ms = now_ms() + publisher->pause_ms;
	publisher->pause_ms =
		publisher->pause_ms * 2 > PAUSE_LAST_MS ? PAUSE_LAST_MS : publisher->pause_ms * 2;
	return !is_final(err);
}

/* A full stream is tried again, with a single message, once everything on its way is answered. */
static void
rest_when_full(LoadPublisher *publisher)
{
	if (!publisher->full || publisher->in_flight > 0)
		return;
	publisher->full = false;
	publisher->probing = true;
	send_again(publisher);
	publisher->retry_ms = now_ms() + FULL_PAUSE_MS;
}

bool
load_publisher_step(LoadPublisher *publisher, int wait_ms, SluiceError *err)
{
	int64_t pause = publisher->retry_ms - now_ms();

	if (pause > 0)
	{
		sleep_ms(pause < wait_ms ? pause : wait_ms);
		return true;
	}
	if ((publisher->session.connection != NULL || open_session(publisher, err)) &&
		send_all(publisher, err) && take_answers(publisher, wait_ms, err))
	{
		rest_when_full(publisher);
		if (nats_session_alive(&publisher->session))
			return true;
		(void) sluice_fail(err, SLUICE_ERROR_IO, "the connection to the NATS server was lost");
	}
	return break_off(publisher, err);
}
