/*
 * load_acks.c - a queue of reply subjects with the marks they wait for (load_acks.h).
 */
#include "load_acks.h"

#include <stdlib.h>
#include <string.h>

bool
load_acks_full(const LoadAcks *acks)
{
	return acks->count + GATHER_BUNDLES > ACKS_MAXIMUM;
}

bool
load_acks_add(LoadAcks *acks, const LoadGather *gather, TargetMark mark, SluiceError *err)
{
	if (acks->count + gather->count > ACKS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_IO,
						   "the target does not bring to its disk what is committed");
	for (uint32_t i = 0; i < gather->count; i++)
	{
		char *reply = strdup(natsMsg_GetReply(gather->items[i].message.message));

		if (reply == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for an acknowledgement");
		acks->items[acks->count++] = (LoadAck){reply, mark};
	}
	return true;
}

/* Removes the first ones. */
static void
forget(LoadAcks *acks, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		free(acks->items[i].reply);
	acks->count -= count;
	memmove(acks->items, acks->items + count, acks->count * sizeof(acks->items[0]));
}

/* The first ones get an answer; a session that fails finds out by itself. */
static void
answer(const LoadAcks *acks, uint32_t count, NatsSession *session, LoadAnswer word)
{
	for (uint32_t i = 0; i < count; i++)
	{
		if (!load_reply_answer(session, acks->items[i].reply, word, NULL))
			return;
	}
}

void
load_acks_send(LoadAcks *acks, NatsSession *session, TargetMark durable)
{
	uint32_t count = 0;

	while (count < acks->count && acks->items[count].mark <= durable)
		count++;
	answer(acks, count, session, LOAD_ACK);
	forget(acks, count);
}

void
load_acks_keep(const LoadAcks *acks, NatsSession *session)
{
	answer(acks, acks->count, session, LOAD_WORKING);
}

void
load_acks_return(LoadAcks *acks, NatsSession *session)
{
	if (acks->count > 0 && nats_session_alive(session))
		answer(acks, acks->count, session, LOAD_RETURN);
	forget(acks, acks->count);
}
