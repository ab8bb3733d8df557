/*
 * load_puller_test.c - bundles of a copy between several takers, and the document in its parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nats/load_document.h"
#include "common/nats/load_publisher.h"
#include "common/nats/load_puller.h"
#include "support/nats_server.h"

#define STREAM		   "taken"
#define CONSUMER	   "writer"
#define BYTES		   ((size_t) 1 << 20)
#define WAIT_MS		   5000
#define HANDED_BACK_MS 40000
#define NONE_MS		   200
#define STEPS_MOST	   3000

static NatsServer server;
static NatsSession sessions[2];
static LoadPublisher *publisher;
static SluiceError err;

static void
connect_session(NatsSession *session)
{
	NatsSettings settings = {.urls = server.url, .name = "load_puller_test"};

	if (!nats_session_open(session, &settings, &err))
		fail_msg("%s", err.message);
}

static int
start(void **state)
{
	(void) state;
	nats_server_start(&server, NULL);
	return nats_Open(-1) == NATS_OK ? 0 : -1;
}

static int
stop(void **state)
{
	(void) state;
	nats_server_stop(&server);
	return nats_CloseAndWait(5000) == NATS_OK ? 0 : -1;
}

/* Every test has sessions and an empty stream of its own. */
static int
setup(void **state)
{
	LoadPublisherOptions options = {.stream = STREAM, .window_bytes = 8 << 20};
	JetStreamInfo info;

	(void) state;
	for (int i = 0; i < 2; i++)
		connect_session(&sessions[i]);
	if (!load_stream_delete(&sessions[0], STREAM, &err) ||
		!load_stream_ensure(&sessions[0], STREAM, 1 << 30, 1, &info, &err))
		fail_msg("%s", err.message);
	options.nats.urls = server.url;
	publisher = load_publisher_new(&options, &err);
	return publisher != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void) state;
	load_publisher_free(publisher);
	for (int i = 0; i < 2; i++)
		nats_session_close(&sessions[i]);
	return 0;
}

static void
step_until_done(void)
{
	for (int i = 0; !load_publisher_done(publisher); i++)
	{
		if (!load_publisher_step(publisher, 20, &err))
			fail_msg("%s", err.message);
		assert_true(i < STEPS_MOST);
	}
}

static void
publish(uint32_t chunk, uint32_t number, size_t length)
{
	const LoadPlace place = {1, chunk, number};
	const ChangeId id = {7, (uint64_t) 1 << 32 | chunk, number}, nothing = {0};
	uint8_t *content = calloc(1, length);
	BundleMessage message = {0, "test", content, (uint32_t) length};
	BundleWriter writer;

	bundle_writer_init(&writer, &allocator_malloc, BUNDLE_MAXIMUM);
	if (!bundle_writer_start(&writer, &nothing, 0, &err) ||
		!bundle_add_message(&writer, 0, &message, &id, &err) ||
		!load_publisher_push(publisher, &writer, &place, &err))
		fail_msg("%s", err.message);
	free(content);
	step_until_done();
}

static LoadPuller *
open_puller(int number)
{
	LoadPuller *puller = load_puller_open(&sessions[number], STREAM, CONSUMER, BYTES, &err);

	if (puller == NULL)
		fail_msg("%s", err.message);
	return puller;
}

static LoadMessage
next(LoadPuller *puller, int wait_ms)
{
	LoadMessage message;

	if (!load_puller_next(puller, wait_ms, &message, &err))
		fail_msg("%s", err.message);
	return message;
}

static LoadMessage
expect(LoadPuller *puller, uint32_t chunk, uint32_t number)
{
	LoadMessage message = next(puller, WAIT_MS);

	assert_non_null(message.message);
	assert_int_equal(message.incarnation, 7);
	assert_int_equal(message.place.generation, 1);
	assert_int_equal(message.place.chunk, chunk);
	assert_int_equal(message.place.bundle, number);
	return message;
}

static void
answer(int number, LoadMessage *message, LoadAnswer word)
{
	assert_true(load_message_answer(&sessions[number], message, word, &err));
	load_message_free(message);
}

static bool
is_left(void)
{
	bool left;

	assert_true(load_consumer_left(&sessions[0], STREAM, CONSUMER, &left, &err));
	return left;
}

static void
acknowledged_bundles_do_not_come_again(void **state)
{
	LoadPuller *puller;
	LoadMessage message;

	(void) state;
	publish(0, 0, 100);
	publish(0, 1, 100);
	puller = open_puller(0);
	for (uint32_t i = 0; i < 2; i++)
	{
		message = expect(puller, 0, i);
		answer(0, &message, LOAD_ACK);
	}
	for (int i = 0; is_left() && i < STEPS_MOST; i++)
		nats_Sleep(1);
	assert_false(is_left());
	load_puller_close(puller);
	puller = open_puller(1);
	assert_null(next(puller, NONE_MS).message);
	load_puller_close(puller);
}

static void
returned_bundles_come_to_another(void **state)
{
	LoadPuller *first, *second;
	LoadMessage message;

	(void) state;
	publish(3, 5, 100);
	first = open_puller(0);
	message = expect(first, 3, 5);
	answer(0, &message, LOAD_RETURN);
	load_puller_close(first);
	nats_session_close(&sessions[0]);
	second = open_puller(1);
	message = expect(second, 3, 5);
	answer(1, &message, LOAD_ACK);
	load_puller_close(second);
}

/* Else they would come only when their time is up. */
static void
closing_hands_back_what_was_buffered(void **state)
{
	LoadPuller *first, *second;
	LoadMessage message;
	bool seen[20] = {false};

	(void) state;
	for (uint32_t i = 0; i < 20; i++)
		publish(0, i, 1000);
	first = open_puller(0);
	message = next(first, WAIT_MS);
	seen[message.place.bundle] = true;
	answer(0, &message, LOAD_ACK);
	load_puller_close(first);
	nats_session_close(&sessions[0]);
	second = open_puller(1);
	for (int i = 0; i < 19; i++)
	{
		/* A busy nats-server 2.9 may lose what hands back; then it is the consumer's time to wait. */
		message = next(second, HANDED_BACK_MS);
		assert_non_null(message.message);
		assert_false(seen[message.place.bundle]);
		seen[message.place.bundle] = true;
		answer(1, &message, LOAD_ACK);
	}
	load_puller_close(second);
}

static void
long_bundles_come_whole(void **state)
{
	LoadPuller *puller;
	LoadMessage message;
	BundleReader reader;
	BundleRecord record;
	bool end;

	(void) state;
	publish(0, 0, 5000000);
	puller = open_puller(0);
	message = expect(puller, 0, 0);
	bundle_reader_init(&reader, &allocator_malloc, BUNDLE_MAXIMUM);
	assert_true(bundle_reader_open(&reader, message.data, message.length, &err));
	assert_true(bundle_next(&reader, &record, &end, &err));
	assert_int_equal(record.message.length, 5000000);
	bundle_reader_free(&reader);
	answer(0, &message, LOAD_ACK);
	load_puller_close(puller);
}

static void
bundle_without_its_parts_says_so(void **state)
{
	LoadPuller *puller;
	LoadMessage message;

	(void) state;
	publish(0, 0, 3000000);
	assert_true(load_stream_purge_parts(&sessions[0], STREAM, 1, 0, &err));
	puller = open_puller(0);
	message = expect(puller, 0, 0);
	assert_null(message.data);
	answer(0, &message, LOAD_RETURN);
	load_puller_close(puller);
}

static void
what_is_no_bundle_is_refused(void **state)
{
	char subject[SUBJECT_TEXT];
	LoadPuller *puller;
	LoadMessage message;

	(void) state;
	assert_int_equal(
		js_Publish(NULL, sessions[0].jetstream, load_subject(subject, STREAM), "x", 1, NULL, NULL),
		NATS_OK);
	puller = open_puller(0);
	assert_false(load_puller_next(puller, WAIT_MS, &message, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	assert_null(message.message);
	load_puller_close(puller);
}

static void
stream_that_is_gone_is_told(void **state)
{
	LoadPuller *puller = open_puller(0);
	LoadMessage message;
	bool good = true;

	(void) state;
	assert_true(load_stream_delete(&sessions[1], STREAM, &err));
	for (int i = 0; good && i < 10; i++)
		good = load_puller_next(puller, 1000, &message, &err);
	assert_false(good);
	/* A server that is slow to tell lets the puller run out of time: whoever opens another is told. */
	if (err.code == SLUICE_ERROR_TIMEOUT)
	{
		load_puller_close(puller);
		puller = load_puller_open(&sessions[0], STREAM, CONSUMER, BYTES, &err);
		assert_null(puller);
	}
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	load_puller_close(puller);
}

/* ---- the document ---- */

static void
expect_document(uint32_t generation, const char *text)
{
	uint32_t newest;
	ByteBuf json;

	assert_true(load_document_newest(&sessions[0], STREAM, &newest, &err));
	assert_int_equal(newest, generation);
	bytebuf_init(&json, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	if (!load_document_fetch(&sessions[0], STREAM, generation, &json, &err))
		fail_msg("%s", err.message);
	assert_int_equal(json.length, strlen(text));
	assert_memory_equal(json.data, text, json.length);
	bytebuf_free(&json);
}

static void
newest_document_is_fetched_whole(void **state)
{
	uint32_t newest;
	uint64_t number = 88172645463325252u;
	char *text = malloc(4000001);

	(void) state;
	assert_true(load_document_newest(&sessions[0], STREAM, &newest, &err));
	assert_int_equal(newest, 0);
	for (size_t i = 0; i < 4000000; i++)
	{
		number ^= number << 13;
		number ^= number >> 7;
		number ^= number << 17;
		text[i] = (char) ('!' + number % 90);
	}
	text[4000000] = '\0';
	assert_true(load_publisher_push_document(publisher, 1, "{}", &err));
	step_until_done();
	expect_document(1, "{}");
	assert_true(load_publisher_push_document(publisher, 12, text, &err));
	step_until_done();
	expect_document(12, text);
	free(text);
}

static void
document_with_a_part_missing_is_not_there(void **state)
{
	char subject[SUBJECT_TEXT];
	natsMsg *message = NULL;
	ByteBuf json;

	(void) state;
	assert_int_equal(
		natsMsg_Create(&message, schema_part_subject(subject, STREAM, 2, 0), NULL, "x", 1),
		NATS_OK);
	assert_int_equal(natsMsgHeader_Set(message, "Sluice-Parts", "2"), NATS_OK);
	assert_int_equal(js_PublishMsg(NULL, sessions[0].jetstream, message, NULL, NULL), NATS_OK);
	natsMsg_Destroy(message);
	bytebuf_init(&json, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	assert_false(load_document_fetch(&sessions[0], STREAM, 2, &json, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_false(load_document_fetch(&sessions[0], STREAM, 3, &json, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	bytebuf_free(&json);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(acknowledged_bundles_do_not_come_again),
		CASE(returned_bundles_come_to_another),
		CASE(closing_hands_back_what_was_buffered),
		CASE(long_bundles_come_whole),
		CASE(bundle_without_its_parts_says_so),
		CASE(what_is_no_bundle_is_refused),
		CASE(stream_that_is_gone_is_told),
		CASE(newest_document_is_fetched_whole),
		CASE(document_with_a_part_missing_is_not_there),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
