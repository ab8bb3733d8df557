/*
 * load_acks_test.c - what is answered for bundles, and when: not before the target's disk has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/nats_server.h"
#include "writer/load_acks.h"

#define WAIT_MS 5000

static NatsServer server;
static NatsSession session;
static natsSubscription *answers;
static LoadAcks acks;
static SluiceError err;

static int
start(void **state)
{
	NatsSettings settings = {.name = "load_acks_test"};

	(void) state;
	nats_server_start(&server, NULL);
	settings.urls = server.url;
	if (nats_Open(-1) != NATS_OK || !nats_session_open(&session, &settings, &err))
		return -1;
	return natsConnection_SubscribeSync(&answers, session.connection, "answer.>") == NATS_OK ? 0
																							 : -1;
}

static int
stop(void **state)
{
	(void) state;
	natsSubscription_Destroy(answers);
	nats_session_close(&session);
	nats_server_stop(&server);
	return nats_CloseAndWait(5000) == NATS_OK ? 0 : -1;
}

/* Bundles first to last are committed at a mark. */
static void
commit(int first, int last, TargetMark mark)
{
	LoadGather *gather = calloc(1, sizeof(*gather));

	assert_non_null(gather);
	for (int i = first; i <= last; i++)
	{
		natsMsg **message = &gather->items[gather->count++].message.message;
		char reply[32];

		(void) snprintf(reply, sizeof(reply), "answer.%d", i);
		assert_int_equal(natsMsg_Create(message, "bundle", reply, NULL, 0), NATS_OK);
	}
	assert_true(load_acks_add(&acks, gather, mark, &err));
	for (uint32_t i = 0; i < gather->count; i++)
		natsMsg_Destroy(gather->items[i].message.message);
	free(gather);
}

static void
expect(int number, const char *word)
{
	natsMsg *answer = NULL;
	char subject[32];

	(void) snprintf(subject, sizeof(subject), "answer.%d", number);
	assert_int_equal(natsSubscription_NextMsg(&answer, answers, WAIT_MS), NATS_OK);
	assert_string_equal(natsMsg_GetSubject(answer), subject);
	assert_string_equal(natsMsg_GetData(answer), word);
	natsMsg_Destroy(answer);
}

/* Whatever was answered before would have come by now. */
static void
expect_no_more(void)
{
	natsMsg *answer = NULL;

	assert_int_equal(natsConnection_Flush(session.connection), NATS_OK);
	assert_int_equal(natsSubscription_NextMsg(&answer, answers, 0), NATS_TIMEOUT);
}

static void
acknowledged_is_what_is_on_disk(void **state)
{
	(void) state;
	commit(1, 2, 100);
	commit(3, 3, 200);
	load_acks_send(&acks, &session, 99);
	expect_no_more();
	load_acks_send(&acks, &session, 150);
	expect(1, "+ACK");
	expect(2, "+ACK");
	expect_no_more();
	load_acks_send(&acks, &session, 200);
	expect(3, "+ACK");
	load_acks_send(&acks, &session, 300);
	expect_no_more();
	assert_int_equal(acks.count, 0);
}

static void
what_waits_is_kept_and_handed_back(void **state)
{
	(void) state;
	commit(1, 1, 100);
	commit(2, 2, 200);
	load_acks_keep(&acks, &session);
	expect(1, "+WPI");
	expect(2, "+WPI");
	load_acks_send(&acks, &session, 100);
	expect(1, "+ACK");
	load_acks_return(&acks, &session);
	expect(2, "-NAK");
	load_acks_send(&acks, &session, UINT64_MAX);
	expect_no_more();
	assert_int_equal(acks.count, 0);
}

static void
there_is_room_until_it_is_full(void **state)
{
	(void) state;
	for (int i = 0; !load_acks_full(&acks); i++)
	{
		assert_true(i < ACKS_MAXIMUM);
		commit(1, GATHER_BUNDLES, 100);
	}
	assert_int_equal(acks.count, ACKS_MAXIMUM);
	load_acks_send(&acks, &session, 100);
	assert_false(load_acks_full(&acks));
	for (int i = 0; i < ACKS_MAXIMUM; i++)
		expect(i % GATHER_BUNDLES + 1, "+ACK");
	expect_no_more();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acknowledged_is_what_is_on_disk),
		cmocka_unit_test(what_waits_is_kept_and_handed_back),
		cmocka_unit_test(there_is_room_until_it_is_full),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
