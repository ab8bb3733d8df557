/*
 * jetstream_test.c - the stream behind a Sluice stream, and acknowledgements.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "common/nats/jetstream.h"
#include "support/nats_server.h"

#define MEGABYTE (INT64_C(1) << 20)

static NatsServer server;
static NatsSession session;

static int
start(void **state)
{
	NatsSettings settings = {.name = "jetstream_test"};
	SluiceError err;

	(void) state;
	nats_server_start(&server, NULL);
	settings.urls = server.url;
	return nats_session_open(&session, &settings, &err) ? 0 : -1;
}

static int
stop(void **state)
{
	(void) state;
	nats_session_close(&session);
	nats_server_stop(&server);
	nats_CloseAndWait(5000);
	return 0;
}

static void
publish(const char *subject, const char *text)
{
	assert_int_equal(
		js_Publish(NULL, session.jetstream, subject, text, (int) strlen(text), NULL, NULL),
		NATS_OK);
}

static void
test_names(void **state)
{
	char text[SUBJECT_TEXT];
	SluiceError err;

	(void) state;
	assert_string_equal(jetstream_name(text, "orders"), "SLUICE_orders");
	assert_string_equal(change_subject(text, "orders", 3), "sluice.orders.change.3");
	assert_true(stream_name_check("a_1", &err));
	assert_true(stream_name_check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &err));
	assert_false(stream_name_check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &err));
	assert_false(stream_name_check("", &err));
	assert_false(stream_name_check("a.b", &err));
	assert_false(stream_name_check("Orders", &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
}

static void
test_ensure_makes_and_finds(void **state)
{
	JetStreamInfo info, again;
	SluiceError err;
	bool existed;

	(void) state;
	assert_false(jetstream_info(&session, "made", &info, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_non_null(strstr(err.message, "10059"));
	assert_true(jetstream_ensure(&session, "made", 64 * MEGABYTE, 1, &info, &existed, &err));
	assert_false(existed);
	assert_int_equal(info.messages, 0);
	assert_int_equal(info.last_sequence, 0);
	assert_int_equal(info.max_bytes, 64 * MEGABYTE);
	assert_true(jetstream_ensure(&session, "made", 32 * MEGABYTE, 1, &again, &existed, &err));
	assert_true(existed);
	assert_int_equal(again.max_bytes, 64 * MEGABYTE);
	assert_true(again.created > 0 && again.created == info.created);
	assert_true(jetstream_delete(&session, "made", &err));
	assert_true(jetstream_delete(&session, "made", &err));
}

/* Each configuration that could lose data is refused by its name. */
static void
refuses(jsStreamConfig *config, const char *word)
{
	const char *subjects[] = {"sluice.odd.schema", "sluice.odd.change.>", "sluice.odd.dead"};
	JetStreamInfo info;
	SluiceError err;

	config->Name = "SLUICE_odd";
	if (config->Mirror == NULL && config->Subjects == NULL)
	{
		config->Subjects = subjects;
		config->SubjectsLen = 3;
	}
	assert_int_equal(js_AddStream(NULL, session.jetstream, config, NULL, NULL), NATS_OK);
	assert_false(jetstream_ensure(&session, "odd", MEGABYTE, 1, &info, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_STATE);
	assert_non_null(strstr(err.message, word));
	assert_non_null(strstr(err.hint, "SLUICE_odd"));
	assert_true(jetstream_delete(&session, "odd", &err));
}

static void
good_config(jsStreamConfig *config)
{
	assert_int_equal(jsStreamConfig_Init(config), NATS_OK);
	config->Discard = js_DiscardNew;
}

static void
test_ensure_refuses(void **state)
{
	const char *few[] = {"sluice.odd.schema", "sluice.odd.change.>"};
	jsStreamConfig config;

	(void) state;
	good_config(&config);
	config.Storage = js_MemoryStorage;
	refuses(&config, "in memory");
	good_config(&config);
	config.Retention = js_InterestPolicy;
	refuses(&config, "retention");
	good_config(&config);
	config.Discard = js_DiscardOld;
	refuses(&config, "discard");
	good_config(&config);
	config.MaxAge = INT64_C(3600000000000);
	refuses(&config, "max_age");
	good_config(&config);
	config.MaxMsgs = 10;
	refuses(&config, "max_msgs ");
	good_config(&config);
	config.MaxMsgsPerSubject = 10;
	refuses(&config, "max_msgs_per_subject");
	good_config(&config);
	config.NoAck = true;
	refuses(&config, "no_ack");
	good_config(&config);
	config.Subjects = few;
	config.SubjectsLen = 2;
	refuses(&config, "sluice.odd.dead");
}

static void
test_last_and_purge(void **state)
{
	char subject[SUBJECT_TEXT];
	JetStreamInfo info;
	natsMsg *message;
	SluiceError err;

	(void) state;
	(void) change_subject(subject, "purged", 0);
	assert_true(jetstream_ensure(&session, "purged", 64 * MEGABYTE, 1, &info, NULL, &err));
	assert_false(jetstream_last(&session, "purged", subject, &message, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_non_null(strstr(err.message, "last message on sluice.purged.change.0"));
	assert_true(jetstream_purge_below(&session, "purged", 100, &err));
	for (int i = 0; i < 10; i++)
		publish(subject, i == 9 ? "last" : "before");
	publish("sluice.purged.schema", "{}");
	assert_true(jetstream_last(&session, "purged", subject, &message, &err));
	assert_int_equal(natsMsg_GetSequence(message), 10);
	assert_int_equal(natsMsg_GetDataLength(message), 4);
	assert_memory_equal(natsMsg_GetData(message), "last", 4);
	natsMsg_Destroy(message);
	assert_true(jetstream_purge_below(&session, "purged", 5, &err));
	assert_true(jetstream_info(&session, "purged", &info, &err));
	assert_int_equal(info.first_sequence, 5);
	assert_true(jetstream_message(&session, "purged", 10, &message, &err));
	assert_memory_equal(natsMsg_GetData(message), "last", 4);
	natsMsg_Destroy(message);
	assert_false(jetstream_message(&session, "purged", 4, &message, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_non_null(strstr(err.message, "message 4 of JetStream stream SLUICE_purged"));
	assert_true(jetstream_purge_below(&session, "purged", 3, &err));
	assert_true(jetstream_purge_below(&session, "purged", UINT64_MAX, &err));
	assert_true(jetstream_info(&session, "purged", &info, &err));
	assert_int_equal(info.messages, 1);
	assert_int_equal(info.first_sequence, 11);
	assert_int_equal(info.last_sequence, 11);
	assert_true(jetstream_delete(&session, "purged", &err));
}

/* A message as the store gives it back is the message that was stored, header and bytes. */
static void
test_last_keeps_bytes(void **state)
{
	static char data[900000];
	JetStreamInfo info;
	natsMsg *message;
	const char *value;
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char) (i * 7 + i / 251);
	assert_true(jetstream_ensure(&session, "bytes", 64 * MEGABYTE, 1, &info, NULL, &err));
	assert_int_equal(
		natsMsg_Create(&message, "sluice.bytes.change.0", NULL, data, (int) sizeof(data)), NATS_OK);
	assert_int_equal(natsMsgHeader_Set(message, "Nats-Msg-Id", "1:2:3"), NATS_OK);
	assert_int_equal(js_PublishMsg(NULL, session.jetstream, message, NULL, NULL), NATS_OK);
	natsMsg_Destroy(message);
	assert_true(jetstream_last(&session, "bytes", "sluice.bytes.change.0", &message, &err));
	assert_int_equal(natsMsg_GetDataLength(message), sizeof(data));
	assert_memory_equal(natsMsg_GetData(message), data, sizeof(data));
	assert_int_equal(natsMsgHeader_Get(message, "Nats-Msg-Id", &value), NATS_OK);
	assert_string_equal(value, "1:2:3");
	natsMsg_Destroy(message);
	assert_true(jetstream_delete(&session, "bytes", &err));
}

/* The server's own answer to a publish on a subject; NULL when it says that nobody listens. */
static natsMsg *
raw_publish(const char *subject, const char *expected_last)
{
	natsMsg *message;
	natsMsg *reply = NULL;
	natsSubscription *inbox;
	natsStatus status;

	assert_int_equal(natsConnection_SubscribeSync(&inbox, session.connection, "_INBOX.test"),
					 NATS_OK);
	assert_int_equal(natsMsg_Create(&message, subject, "_INBOX.test", "x", 1), NATS_OK);
	if (expected_last != NULL)
		assert_int_equal(natsMsgHeader_Set(message, "Nats-Expected-Last-Sequence", expected_last),
						 NATS_OK);
	assert_int_equal(natsConnection_PublishMsg(session.connection, message), NATS_OK);
	status = natsSubscription_NextMsg(&reply, inbox, 5000);
	assert_true(status == NATS_OK || status == NATS_NO_RESPONDERS);
	natsMsg_Destroy(message);
	natsSubscription_Destroy(inbox);
	return reply;
}

static void
test_acks(void **state)
{
	JetStreamInfo info;
	PublishAck ack;
	natsMsg *reply;
	SluiceError err;

	(void) state;
	assert_true(jetstream_ensure(&session, "acks", MEGABYTE, 1, &info, NULL, &err));
	reply = raw_publish("sluice.acks.change.0", "0");
	assert_true(publish_ack_read(reply, &ack, &err));
	assert_int_equal(ack.sequence, 1);
	assert_false(ack.duplicate);
	natsMsg_Destroy(reply);
	reply = raw_publish("sluice.acks.change.0", "0");
	assert_false(publish_ack_read(reply, &ack, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_non_null(strstr(err.message, "10071"));
	assert_non_null(strstr(err.message, "wrong last sequence: 1"));
	natsMsg_Destroy(reply);
	assert_null(raw_publish("sluice.nobody.change.0", NULL));
	assert_true(jetstream_delete(&session, "acks", &err));
}

static void
test_full_stream(void **state)
{
	char big[1000];
	JetStreamInfo info;
	jsErrCode code = 0;
	SluiceError err;

	(void) state;
	memset(big, 'x', sizeof(big));
	assert_true(jetstream_ensure(&session, "full", 3000, 1, &info, NULL, &err));
	for (int i = 0; i < 4 && code == 0; i++)
		(void) js_Publish(NULL, session.jetstream, "sluice.full.change.0", big, sizeof(big), NULL,
						  &code);
	assert_int_equal(code, JSStreamStoreFailedErr);
	assert_false(nats_fail(&err, NATS_ERR, code, "publishing"));
	assert_int_equal(err.code, SLUICE_ERROR_FULL);
	assert_true(err.hint[0] != '\0');
	assert_true(jetstream_delete(&session, "full", &err));
}

/* An ack given as text. */
static bool
read_ack(const char *text, PublishAck *ack, SluiceError *err)
{
	natsMsg *reply;
	bool good;

	assert_int_equal(natsMsg_Create(&reply, "x", NULL, text, (int) strlen(text)), NATS_OK);
	good = publish_ack_read(reply, ack, err);
	natsMsg_Destroy(reply);
	return good;
}

static void
test_ack_texts(void **state)
{
	PublishAck ack;
	SluiceError err;

	(void) state;
	assert_true(read_ack("{\"stream\":\"seq\", \"seq\": 18446744073709551615,\"duplicate\": true}",
						 &ack, &err));
	assert_true(ack.sequence == UINT64_MAX && ack.duplicate);
	assert_false(read_ack("{\"stream\":\"S\",\"seq\":18446744073709551616}", &ack, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	assert_false(read_ack("", &ack, &err));
	assert_false(read_ack("{\"seq\":\"1\"}", &ack, &err));
	assert_false(read_ack("{\"stream\":\"\\\"seq\\\":7", &ack, &err));
	assert_false(read_ack("{\"error\":{\"code\":503,\"err_code\":10023,\"description\":\"no\"},"
						  "\"seq\":0}",
						  &ack, &err));
	assert_int_equal(err.code, SLUICE_ERROR_FULL);
	assert_false(read_ack("{\"error\":{\"code\":400,\"err_code\":10999}}", &ack, &err));
	assert_non_null(strstr(err.message, "10999"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ensure_makes_and_finds),
		cmocka_unit_test(test_ensure_refuses),
		cmocka_unit_test(test_last_and_purge),
		cmocka_unit_test(test_last_keeps_bytes),
		cmocka_unit_test(test_acks),
		cmocka_unit_test(test_full_stream),
		cmocka_unit_test(test_ack_texts),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
