/*
 * load_puller.c - the durable consumer, its messages and their parts (load_puller.h).
 */
#include "load_puller.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACK_WAIT_NS (LOAD_ACK_WAIT_MS * INT64_C(1000000))
#define ACK_PENDING 4096 /* messages given out and not acknowledged, of all writers together */

struct LoadPuller
{
	PullLoop loop;
	char stream[STREAM_NAME_MAXIMUM + 1];
};

/* ---- messages ---- */

void
load_message_free(LoadMessage *message)
{
	natsMsg_Destroy(message->message);
	if (message->whole.data != NULL)
		bytebuf_free(&message->whole);
	*message = (LoadMessage){0};
}

bool
load_reply_answer(NatsSession *session, const char *reply, LoadAnswer answer, SluiceError *err)
{
	static const char *const words[] = {
		[LOAD_ACK] = "+ACK", [LOAD_WORKING] = "+WPI", [LOAD_RETURN] = "-NAK"};
	natsStatus status = natsConnection_PublishString(session->connection, reply, words[answer]);

	return status == NATS_OK ||
		   nats_session_fail(session, err, status, 0, "answering for a bundle of the copy");
}

bool
load_message_answer(NatsSession *session, const LoadMessage *message, LoadAnswer answer,
					SluiceError *err)
{
	return load_reply_answer(session, natsMsg_GetReply(message->message), answer, err);
}

static bool
fail_message(const PulledMessage *message, SluiceError *err)
{
	(void) sluice_prefix(err, "load message %" PRIu64, message->sequence);
	err->code = SLUICE_ERROR_CORRUPT;
	return sluice_hint(err, "something else published on this subject, or the store is damaged");
}

/* Adds a part that is stored under its own subject; *there is false when it is gone. */
static bool
fetch_part(LoadPuller *puller, const LoadMessage *out, uint32_t part, BundleAssembly *assembly,
		   bool *there, SluiceError *err)
{
	char subject[SUBJECT_TEXT];
	natsMsg *message = NULL;
	jsErrCode code = 0;
	BundleHeader header;
	const uint8_t *body;
	natsStatus status;
	bool complete, good;

	(void) load_part_subject(subject, puller->stream, &out->place, part);
	status = js_GetLastMsg(&message, puller->loop.session->jetstream, puller->loop.name, subject,
						   NULL, &code);
	*there = status == NATS_OK;
	if (status == NATS_NOT_FOUND || code == JSNoMessageFoundErr)
		return true;
	if (status != NATS_OK)
		return nats_session_fail(puller->loop.session, err, status, code, "part %s of a bundle",
								 subject);
	good = bundle_header_read((const uint8_t *) natsMsg_GetData(message),
							  (size_t) natsMsg_GetDataLength(message), &header, &body, err) &&
		   bundle_assembly_add(assembly, &header, body, &complete, err);
	natsMsg_Destroy(message);
	return good || sluice_prefix(err, "%s", subject);
}

/* Puts a long bundle together; leaves data NULL when parts are gone. */
static bool
assemble(LoadPuller *puller, const BundleHeader *header, const uint8_t *body, LoadMessage *out,
		 SluiceError *err)
{
	BundleAssembly assembly;
	bool complete, there = true, good;

	bundle_assembly_init(&assembly, &allocator_malloc, BUNDLE_MAXIMUM);
	good = bundle_assembly_add(&assembly, header, body, &complete, err);
	for (uint32_t part = 1; good && there && part < header->parts; part++)
		good = fetch_part(puller, out, part, &assembly, &there, err);
	if (good && there)
	{
		out->whole = assembly.whole;
		out->data = out->whole.data;
		out->length = out->whole.length;
		return true;
	}
	bundle_assembly_free(&assembly);
	return good;
}

static void
set_place(LoadMessage *out, const BundleHeader *header)
{
	out->incarnation = header->first.incarnation;
	out->place.generation = (uint32_t) (header->first.commit >> 32);
	out->place.chunk = (uint32_t) header->first.commit;
	out->place.bundle = (uint32_t) header->first.index;
}

static bool
take_message(LoadPuller *puller, const PulledMessage *message, LoadMessage *out, SluiceError *err)
{
	BundleHeader header;
	const uint8_t *body;

	if (!bundle_header_read(message->data, message->length, &header, &body, err))
		return fail_message(message, err);
	set_place(out, &header);
	if (header.kind == BUNDLE_PART)
		return assemble(puller, &header, body, out, err);
	if (header.kind != BUNDLE_LOAD)
	{
		(void) sluice_fail(err, SLUICE_ERROR_CORRUPT, "no rows of a copy");
		return fail_message(message, err);
	}
	out->data = message->data;
	out->length = message->length;
	return true;
}

bool
load_puller_next(LoadPuller *puller, int wait_ms, LoadMessage *out, SluiceError *err)
{
	PulledMessage message;

	*out = (LoadMessage){0};
	if (!pull_loop_next(&puller->loop, wait_ms, &message, err))
		return false;
	if (message.message == NULL)
		return true;
	bytebuf_init(&out->whole, &allocator_malloc, BUNDLE_MAXIMUM);
	out->message = message.message;
	if (take_message(puller, &message, out, err))
		return true;
	load_message_free(out);
	return false;
}

/* ---- opening and closing ---- */

static natsStatus
add_consumer(LoadPuller *puller, const char *durable, jsConsumerInfo **info, jsErrCode *code)
{
	char subject[SUBJECT_TEXT];
	jsConsumerConfig config;

	(void) jsConsumerConfig_Init(&config);
	config.Durable = durable;
	config.DeliverPolicy = js_DeliverAll;
	config.AckPolicy = js_AckExplicit;
	config.AckWait = ACK_WAIT_NS;
	config.MaxAckPending = ACK_PENDING;
	config.ReplayPolicy = js_ReplayInstant;
	config.FilterSubject = load_subject(subject, puller->stream);
	return js_AddConsumer(info, puller->loop.session->jetstream, puller->loop.name, &config, NULL,
						  code);
}

/* The consumer as it is, or made now; another writer may make it at the same moment. */
static bool
find_consumer(LoadPuller *puller, const char *consumer, jsConsumerInfo **info, SluiceError *err)
{
	char durable[SUBJECT_TEXT];
	jsCtx *jetstream = puller->loop.session->jetstream;
	jsErrCode code = 0;
	natsStatus status;

	(void) load_consumer_name(durable, consumer);
	status = js_GetConsumerInfo(info, jetstream, puller->loop.name, durable, NULL, &code);
	if (status != NATS_OK && (code == JSConsumerNotFoundErr || status == NATS_NOT_FOUND))
	{
		code = 0;
		status = add_consumer(puller, durable, info, &code);
	}
	if (code == JSConsumerNameExistErr)
		status = js_GetConsumerInfo(info, jetstream, puller->loop.name, durable, NULL, &code);
	return status == NATS_OK || nats_session_fail(puller->loop.session, err, status, code,
												  "making consumer %s on JetStream stream %s",
												  durable, puller->loop.name);
}

bool
load_consumer_left(NatsSession *session, const char *stream, const char *consumer, bool *left,
				   SluiceError *err)
{
	char name[SUBJECT_TEXT], durable[SUBJECT_TEXT];
	jsConsumerInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status =
		js_GetConsumerInfo(&info, session->jetstream, load_stream_name(name, stream),
						   load_consumer_name(durable, consumer), NULL, &code);

	*left = status != NATS_OK || info->NumPending > 0 || info->NumAckPending > 0;
	jsConsumerInfo_Destroy(info);
	return status == NATS_OK || code == JSConsumerNotFoundErr || status == NATS_NOT_FOUND ||
		   nats_session_fail(session, err, status, code, "consumer %s of JetStream stream %s",
							 durable, name);
}

LoadPuller *
load_puller_open(NatsSession *session, const char *stream, const char *consumer, size_t max_bytes,
				 SluiceError *err)
{
	char name[SUBJECT_TEXT];
	jsConsumerInfo *info = NULL;
	LoadPuller *puller = calloc(1, sizeof(*puller));
	bool good;

	if (puller == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a consumer");
		return NULL;
	}
	(void) snprintf(puller->stream, sizeof(puller->stream), "%s", stream);
	good = pull_loop_open(&puller->loop, session, load_stream_name(name, stream), max_bytes, err) &&
		   find_consumer(puller, consumer, &info, err) && pull_loop_start(&puller->loop, info, err);
	jsConsumerInfo_Destroy(info);
	if (good)
		return puller;
	load_puller_close(puller);
	return NULL;
}

/*
 * What is buffered would otherwise come to somebody else only after LOAD_ACK_WAIT_MS.  The server is
 * asked of the consumer first, which makes it look through its requests: 2.9 forgets the first
 * message that is handed back while there are requests nobody listens for any more.
 */
static void
hand_back(LoadPuller *puller)
{
	PulledMessage pulled;
	jsConsumerInfo *info = NULL;

	if (!nats_session_alive(puller->loop.session))
		return;
	pull_loop_end(&puller->loop);
	(void) js_GetConsumerInfo(&info, puller->loop.session->jetstream, puller->loop.name,
							  puller->loop.consumer, NULL, NULL);
	jsConsumerInfo_Destroy(info);
	while (pull_loop_rest(&puller->loop, &pulled))
	{
		LoadMessage message = {.message = pulled.message};

		(void) !load_message_answer(puller->loop.session, &message, LOAD_RETURN, NULL);
		natsMsg_Destroy(pulled.message);
	}
}

void
load_puller_close(LoadPuller *puller)
{
	if (puller == NULL)
		return;
	if (puller->loop.consumer[0] != '\0')
		hand_back(puller);
	pull_loop_close(&puller->loop);
	free(puller);
}
