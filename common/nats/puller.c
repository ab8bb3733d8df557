/*
 * puller.c - the ephemeral consumer, and the check that its messages come in order.
 */
#include "puller.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INACTIVE_NS INT64_C(60000000000)

struct Puller
{
	PullLoop loop;
	char stream[STREAM_NAME_MAXIMUM + 1];
	uint64_t expected; /* sequence of the next message */
};

static bool
missing(const Puller *puller, uint64_t first, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "messages %" PRIu64 " to %" PRIu64
					   " are not in JetStream stream %s any more",
					   puller->expected, first - 1, puller->loop.name);
	return sluice_hint(err,
					   "They were purged or lost before they were read: the target needs a new "
					   "copy, or the source must publish them again");
}

static bool
check_order(Puller *puller, uint64_t sequence, SluiceError *err)
{
	if (sequence > puller->expected)
		return missing(puller, sequence, err);
	if (sequence < puller->expected)
		return sluice_fail(err, SLUICE_ERROR_STATE,
						   "JetStream stream %s gave message %" PRIu64 " where %" PRIu64
						   " was expected",
						   puller->loop.name, sequence, puller->expected);
	puller->expected++;
	return true;
}

bool
puller_next(Puller *puller, int wait_ms, PulledMessage *out, SluiceError *err)
{
	if (!pull_loop_next(&puller->loop, wait_ms, out, err))
		return false;
	if (out->message == NULL || check_order(puller, out->sequence, err))
		return true;
	natsMsg_Destroy(out->message);
	out->message = NULL;
	return false;
}

/* ---- opening and closing ---- */

static bool
check_range(const Puller *puller, SluiceError *err)
{
	JetStreamInfo info;

	if (!jetstream_info(puller->loop.session, puller->stream, &info, err))
		return false;
	if (puller->expected < info.first_sequence)
		return missing(puller, info.first_sequence, err);
	if (puller->expected <= info.last_sequence + 1)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "JetStream stream %s ends at message %" PRIu64 ", before message %" PRIu64
					   " that is wanted next",
					   puller->loop.name, info.last_sequence, puller->expected);
	return sluice_hint(err, "The stream was made anew, or its store was rolled back");
}

static bool
add_consumer(Puller *puller, SluiceError *err)
{
	jsConsumerConfig config;
	jsConsumerInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status;
	bool good;

	(void) jsConsumerConfig_Init(&config);
	config.DeliverPolicy = js_DeliverByStartSequence;
	config.OptStartSeq = puller->expected;
	config.AckPolicy = js_AckNone;
	config.ReplayPolicy = js_ReplayInstant;
	config.InactiveThreshold = INACTIVE_NS;
	config.MemoryStorage = true;
	config.Replicas = 1;
	status = js_AddConsumer(&info, puller->loop.session->jetstream, puller->loop.name, &config,
							NULL, &code);
	if (status != NATS_OK)
		return nats_session_fail(puller->loop.session, err, status, code,
								 "making a consumer on JetStream stream %s", puller->loop.name);
	good = pull_loop_start(&puller->loop, info, err);
	jsConsumerInfo_Destroy(info);
	return good;
}

Puller *
puller_open(NatsSession *session, const char *stream, uint64_t from_sequence, size_t max_bytes,
			SluiceError *err)
{
	char name[SUBJECT_TEXT];
	Puller *puller;

	if (!stream_name_check(stream, err))
		return NULL;
	puller = calloc(1, sizeof(*puller));
	if (puller == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a consumer");
		return NULL;
	}
	(void) snprintf(puller->stream, sizeof(puller->stream), "%s", stream);
	(void) jetstream_name(name, stream);
	puller->expected = from_sequence > 0 ? from_sequence : 1;
	if (pull_loop_open(&puller->loop, session, name, max_bytes, err) && check_range(puller, err) &&
		add_consumer(puller, err))
		return puller;
	puller_close(puller);
	return NULL;
}

void
puller_close(Puller *puller)
{
	if (puller == NULL)
		return;
	pull_loop_remove_consumer(&puller->loop);
	pull_loop_close(&puller->loop);
	free(puller);
}
