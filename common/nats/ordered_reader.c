/*
 * ordered_reader.c - the ordered consumer (ordered_reader.h).
 */
#include "ordered_reader.h"

#include <inttypes.h>
#include <stdlib.h>

#define INACTIVE_NS INT64_C(60000000000)

struct OrderedReader
{
	PullLoop loop;
	uint64_t initial;	/* messages that waited when the consumer was made */
	uint64_t delivered; /* by the consumer's count */
	bool current;
};

bool
ordered_reader_current(const OrderedReader *reader)
{
	return reader->current;
}

static bool
check_number(OrderedReader *reader, const PulledMessage *message, SluiceError *err)
{
	if (message->number != reader->delivered + 1)
		return sluice_fail(err, SLUICE_ERROR_STATE,
						   "JetStream stream %s gave its message %" PRIu64 " where %" PRIu64
						   " was expected",
						   reader->loop.name, message->number, reader->delivered + 1);
	reader->delivered = message->number;
	return true;
}

/*
 * All that was there has been given once the consumer has nothing behind a message.  Where messages are
 * replaced meanwhile its count may be off; then silence after as many messages as there were says so.
 */
bool
ordered_reader_next(OrderedReader *reader, int wait_ms, PulledMessage *out, SluiceError *err)
{
	if (!pull_loop_next(&reader->loop, wait_ms, out, err))
		return false;
	if (out->message == NULL)
	{
		reader->current = reader->current || reader->delivered >= reader->initial;
		return true;
	}
	if (!check_number(reader, out, err))
	{
		natsMsg_Destroy(out->message);
		out->message = NULL;
		return false;
	}
	reader->current = reader->current || out->pending == 0;
	return true;
}

/* ---- opening and closing ---- */

static void
configure(jsConsumerConfig *config, const char *filter, OrderedFrom from, uint64_t sequence)
{
	(void) jsConsumerConfig_Init(config);
	config->DeliverPolicy = js_DeliverAll;
	if (from == ORDERED_LAST_OF_SUBJECT)
		config->DeliverPolicy = js_DeliverLastPerSubject;
	else if (sequence > 0)
	{
		config->DeliverPolicy = js_DeliverByStartSequence;
		config->OptStartSeq = sequence;
	}
	config->FilterSubject = filter;
	config->AckPolicy = js_AckNone;
	config->ReplayPolicy = js_ReplayInstant;
	config->InactiveThreshold = INACTIVE_NS;
	config->MemoryStorage = true;
	config->Replicas = 1;
}

static bool
add_consumer(OrderedReader *reader, const jsConsumerConfig *config, SluiceError *err)
{
	jsConsumerInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status = js_AddConsumer(&info, reader->loop.session->jetstream, reader->loop.name,
									   (jsConsumerConfig *) config, NULL, &code);
	bool good;

	if (status != NATS_OK)
		return nats_session_fail(reader->loop.session, err, status, code,
								 "making a consumer on JetStream stream %s", reader->loop.name);
	reader->initial = info->NumPending;
	reader->current = reader->initial == 0;
	good = pull_loop_start(&reader->loop, info, err);
	jsConsumerInfo_Destroy(info);
	return good;
}

OrderedReader *
ordered_reader_open(NatsSession *session, const char *stream, const char *filter, OrderedFrom from,
					uint64_t sequence, size_t max_bytes, SluiceError *err)
{
	OrderedReader *reader = calloc(1, sizeof(*reader));
	jsConsumerConfig config;

	if (reader == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a consumer");
		return NULL;
	}
	configure(&config, filter, from, sequence);
	if (from == ORDERED_LAST_OF_SUBJECT)
		max_bytes =
			0; /* nats-server 2.9 passes over a message that does not fit into a request's bytes */
	if (pull_loop_open(&reader->loop, session, stream, max_bytes, err) &&
		add_consumer(reader, &config, err))
		return reader;
	ordered_reader_close(reader);
	return NULL;
}

void
ordered_reader_close(OrderedReader *reader)
{
	if (reader == NULL)
		return;
	pull_loop_remove_consumer(&reader->loop);
	pull_loop_close(&reader->loop);
	free(reader);
}
