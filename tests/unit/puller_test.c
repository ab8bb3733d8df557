/*
 * puller_test.c - reading a stream in order: backlog, single messages, large ones, and what may
 * happen to stream, consumer, server and connection meanwhile.
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
#include <time.h>

#include "common/nats/pull_note.h"
#include "common/nats/puller.h"
#include "support/nats_server.h"

#define SUBJECT	  "sluice.read.change.0"
#define BYTES	  ((size_t) 1 << 20)
#define STORE	  (INT64_C(256) << 20)
#define WAIT_MS	  5000
#define LARGEST	  ((size_t) 1000000)
#define SILENT_MS 8000 /* by then a dead server has been noticed */

static NatsServer server;
static NatsSession reader, writer;
static char payload[LARGEST];

static void
open_session(NatsSession *session)
{
	NatsSettings settings = {.urls = server.url, .name = "puller_test"};
	SluiceError err;

	assert_true(nats_session_open(session, &settings, &err));
}

static int
start(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (char) (i % 251);
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
open_stream(void **state)
{
	JetStreamInfo info;
	SluiceError err;

	(void) state;
	open_session(&reader);
	open_session(&writer);
	assert_true(jetstream_delete(&writer, "read", &err));
	assert_true(jetstream_ensure(&writer, "read", STORE, 1, &info, NULL, &err));
	return 0;
}

static int
close_sessions(void **state)
{
	(void) state;
	nats_session_close(&reader);
	nats_session_close(&writer);
	return 0;
}

static void
publish(size_t length)
{
	assert_int_equal(js_Publish(NULL, writer.jetstream, SUBJECT, payload, (int) length, NULL, NULL),
					 NATS_OK);
}

static Puller *
open_puller(uint64_t from, size_t max_bytes)
{
	SluiceError err;
	Puller *puller = puller_open(&reader, "read", from, max_bytes, &err);

	if (puller == NULL)
		fail_msg("%s", err.message);
	return puller;
}

static void
expect(Puller *puller, uint64_t sequence, size_t length)
{
	PulledMessage message;
	SluiceError err;

	if (!puller_next(puller, WAIT_MS, &message, &err))
		fail_msg("%s", err.message);
	assert_non_null(message.message);
	assert_true(message.sequence == sequence);
	assert_int_equal(message.length, length);
	assert_memory_equal(message.data, payload, length);
	assert_string_equal(message.subject, SUBJECT);
	natsMsg_Destroy(message.message);
}

/* Reads until something goes wrong, for SILENT_MS at most. */
static SluiceErrorCode
wrong(Puller *puller, SluiceError *err)
{
	PulledMessage message;
	int64_t until = nats_Now() + SILENT_MS;

	while (nats_Now() < until)
	{
		if (!puller_next(puller, 100, &message, err))
			return err->code;
		natsMsg_Destroy(message.message);
	}
	return SLUICE_OK;
}

static void
backlog_comes_in_order(void **state)
{
	Puller *puller;

	(void) state;
	for (size_t i = 0; i < 500; i++)
		publish(i * 13);
	puller = open_puller(0, BYTES);
	for (size_t i = 0; i < 500; i++)
		expect(puller, i + 1, i * 13);
	puller_close(puller);
	puller = open_puller(321, BYTES);
	for (size_t i = 320; i < 500; i++)
		expect(puller, i + 1, i * 13);
	puller_close(puller);
}

static void
few_bytes_are_enough(void **state)
{
	Puller *puller;

	(void) state;
	for (size_t i = 0; i < 300; i++)
		publish(i);
	puller = open_puller(1, 1);
	for (size_t i = 0; i < 300; i++)
		expect(puller, i + 1, i);
	puller_close(puller);
}

static void
large_messages_come_between_small_ones(void **state)
{
	const size_t sizes[] = {10, 400000, LARGEST, 20, 524288, 524288, 1, LARGEST, LARGEST, 0};
	const size_t count = sizeof(sizes) / sizeof(sizes[0]);
	size_t stored = 0;

	(void) state;
	for (size_t bytes = 100; bytes < 10000000; bytes *= 10)
	{
		Puller *puller;

		for (size_t i = 0; i < count; i++)
			publish(sizes[i]);
		puller = open_puller(stored + 1, bytes);
		for (size_t i = 0; i < count; i++)
			expect(puller, ++stored, sizes[i]);
		publish(LARGEST);
		expect(puller, ++stored, LARGEST);
		puller_close(puller);
	}
}

static void
what_a_message_carries(void **state)
{
	PulledMessage message;
	int64_t before = nats_NowInNanoSeconds();
	Puller *puller;
	SluiceError err;

	(void) state;
	for (int i = 0; i < 3; i++)
		publish(5);
	puller = open_puller(1, BYTES);
	for (uint64_t i = 1; i <= 3; i++)
	{
		assert_true(puller_next(puller, WAIT_MS, &message, &err));
		assert_true(message.pending == 3 - i);
		assert_true(message.stored >= before && message.stored <= nats_NowInNanoSeconds());
		natsMsg_Destroy(message.message);
	}
	puller_close(puller);
}

static void
empty_stream_waits_and_wakes(void **state)
{
	PulledMessage message;
	int64_t before;
	Puller *puller = open_puller(1, BYTES);
	SluiceError err;

	(void) state;
	assert_true(puller_next(puller, 0, &message, &err));
	assert_null(message.message);
	before = nats_Now();
	assert_true(puller_next(puller, 50, &message, &err));
	assert_null(message.message);
	assert_in_range(nats_Now() - before, 45, 30000);
	for (uint64_t i = 1; i <= 200; i++)
	{
		publish(i);
		expect(puller, i, i);
	}
	puller_close(puller);
}

/* Requests expire and are sent anew while nothing happens. */
static void
requests_are_renewed(void **state)
{
	PulledMessage message;
	int64_t until = nats_Now() + 6000;
	Puller *puller = open_puller(1, BYTES);
	SluiceError err;

	(void) state;
	while (nats_Now() < until)
	{
		assert_true(puller_next(puller, 1000, &message, &err));
		assert_null(message.message);
	}
	publish(7);
	expect(puller, 1, 7);
	puller_close(puller);
}

/* A reader that is busy for longer than its requests live goes on where it was. */
static void
reader_may_be_away(void **state)
{
	const struct timespec away = {.tv_sec = 7};
	Puller *puller = open_puller(1, BYTES);

	(void) state;
	publish(3);
	expect(puller, 1, 3);
	(void) nanosleep(&away, NULL);
	publish(4);
	expect(puller, 2, 4);
	puller_close(puller);
}

/* Limits the server's administrator set are kept, although they end requests without a note. */
static void
limits_of_the_server_are_kept(void **state)
{
	NatsServer usual = server;
	char configuration[256];
	Puller *puller;

	close_sessions(state);
	nats_server_prepare(&server);
	(void) snprintf(configuration, sizeof(configuration),
					"jetstream { store_dir: \"%s/store\", limits { max_request_batch: 10 } }",
					server.folder);
	nats_server_start(&server, configuration);
	open_stream(state);
	for (size_t i = 1; i <= 200; i++)
		publish(i);
	puller = open_puller(1, BYTES);
	for (size_t i = 1; i <= 200; i++)
		expect(puller, i, i);
	puller_close(puller);
	close_sessions(state);
	nats_server_stop(&server);
	server = usual;
}

static void
other_subjects_come_too(void **state)
{
	PulledMessage message;
	Puller *puller;
	SluiceError err;

	(void) state;
	assert_int_equal(js_Publish(NULL, writer.jetstream, "sluice.read.schema", "{}", 2, NULL, NULL),
					 NATS_OK);
	puller = open_puller(1, BYTES);
	assert_true(puller_next(puller, WAIT_MS, &message, &err));
	assert_string_equal(message.subject, "sluice.read.schema");
	natsMsg_Destroy(message.message);
	puller_close(puller);
}

static void
purged_start_is_told(void **state)
{
	SluiceError err;

	(void) state;
	for (int i = 0; i < 10; i++)
		publish(1);
	assert_true(jetstream_purge_below(&writer, "read", 6, &err));
	assert_null(puller_open(&reader, "read", 5, BYTES, &err));
	assert_int_equal(err.code, SLUICE_ERROR_STATE);
	assert_non_null(strstr(err.message, "5 to 5"));
	puller_close(open_puller(6, BYTES));
	puller_close(open_puller(11, BYTES));
	assert_null(puller_open(&reader, "read", 12, BYTES, &err));
	assert_int_equal(err.code, SLUICE_ERROR_STATE);
}

static void
hole_is_told(void **state)
{
	Puller *puller;
	SluiceError err;

	(void) state;
	for (int i = 0; i < 5; i++)
		publish(1);
	assert_int_equal(js_DeleteMsg(writer.jetstream, "SLUICE_read", 3, NULL, NULL), NATS_OK);
	puller = open_puller(1, BYTES);
	expect(puller, 1, 1);
	expect(puller, 2, 1);
	assert_int_equal(wrong(puller, &err), SLUICE_ERROR_STATE);
	assert_non_null(strstr(err.message, "3 to 3"));
	puller_close(puller);
}

static void
no_stream_is_told(void **state)
{
	SluiceError err;

	(void) state;
	assert_null(puller_open(&reader, "nothing_here", 1, BYTES, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_null(puller_open(&reader, "Bad.Name", 1, BYTES, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
}

static void
deleted_stream_is_told(void **state)
{
	Puller *puller;
	SluiceError err;

	(void) state;
	publish(1);
	puller = open_puller(1, BYTES);
	expect(puller, 1, 1);
	assert_true(jetstream_delete(&writer, "read", &err));
	assert_int_equal(wrong(puller, &err), SLUICE_ERROR_NOT_FOUND);
	puller_close(puller);
}

static void
stream_made_anew_is_told(void **state)
{
	JetStreamInfo info;
	Puller *puller;
	SluiceError err;

	(void) state;
	publish(1);
	publish(1);
	puller = open_puller(1, BYTES);
	expect(puller, 1, 1);
	expect(puller, 2, 1);
	assert_true(jetstream_delete(&writer, "read", &err));
	assert_true(jetstream_ensure(&writer, "read", STORE, 1, &info, NULL, &err));
	publish(1);
	assert_int_equal(wrong(puller, &err), SLUICE_ERROR_IO);
	puller_close(puller);
	assert_null(puller_open(&reader, "read", 3, BYTES, &err));
	assert_int_equal(err.code, SLUICE_ERROR_STATE);
}

static void
deleted_consumer_is_told(void **state)
{
	jsConsumerNamesList *names;
	Puller *puller = open_puller(1, BYTES);
	SluiceError err;

	(void) state;
	assert_int_equal(js_ConsumerNames(&names, writer.jetstream, "SLUICE_read", NULL, NULL),
					 NATS_OK);
	assert_int_equal(names->Count, 1);
	assert_int_equal(js_DeleteConsumer(writer.jetstream, "SLUICE_read", names->List[0], NULL, NULL),
					 NATS_OK);
	jsConsumerNamesList_Destroy(names);
	assert_int_equal(wrong(puller, &err), SLUICE_ERROR_IO);
	puller_close(puller);
}

static int
consumers_left(void)
{
	jsStreamInfo *info;
	int count;

	assert_int_equal(js_GetStreamInfo(&info, writer.jetstream, "SLUICE_read", NULL, NULL), NATS_OK);
	count = (int) info->State.Consumers;
	jsStreamInfo_Destroy(info);
	return count;
}

static void
closing_removes_the_consumer(void **state)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	Puller *puller = open_puller(1, BYTES);
	int64_t until = nats_Now() + WAIT_MS;

	(void) state;
	assert_int_equal(consumers_left(), 1);
	puller_close(puller);
	while (consumers_left() > 0 && nats_Now() < until)
		(void) nanosleep(&pause, NULL);
	assert_int_equal(consumers_left(), 0);
}

static void
killed_server_is_told_at_once(void **state)
{
	int64_t before;
	Puller *puller;
	SluiceError err;

	(void) state;
	publish(1);
	publish(2);
	puller = open_puller(1, BYTES);
	expect(puller, 1, 1);
	expect(puller, 2, 2);
	nats_server_kill(&server, SIGKILL);
	before = nats_Now();
	assert_int_equal(wrong(puller, &err), SLUICE_ERROR_IO);
	assert_in_range(nats_Now() - before, 0, 30000);
	assert_false(nats_session_alive(&reader));
	puller_close(puller);
	nats_server_restart(&server, false);
	close_sessions(state);
	open_session(&reader);
	open_session(&writer);
	puller = open_puller(2, BYTES);
	expect(puller, 2, 2);
	puller_close(puller);
}

static void
stopped_server_is_told_in_seconds(void **state)
{
	int64_t before;
	Puller *puller;
	SluiceError err;
	SluiceErrorCode code;

	(void) state;
	publish(1);
	puller = open_puller(1, BYTES);
	expect(puller, 1, 1);
	(void) kill(server.pid, SIGSTOP);
	code = wrong(puller, &err);
	before = nats_Now();
	puller_close(puller);
	nats_session_close(&reader);
	before = nats_Now() - before;
	(void) kill(server.pid, SIGCONT);
	assert_true(code == SLUICE_ERROR_TIMEOUT || code == SLUICE_ERROR_IO);
	assert_in_range(before, 0, 3000);
}

static void
reply_subjects_are_read(void **state)
{
	Delivery delivery;

	(void) state;
	assert_true(delivery_parse("$JS.ACK.S.C.1.1234.5.1700000000123456789.42", &delivery));
	assert_true(delivery.sequence == 1234 && delivery.pending == 42);
	assert_true(delivery.stored == INT64_C(1700000000123456789));
	assert_true(delivery_parse("$JS.ACK._.hash.S.C.1.7.5.9.3", &delivery));
	assert_true(delivery.sequence == 7 && delivery.pending == 3 && delivery.stored == 9);
	assert_true(delivery_parse("$JS.ACK.hub.hash.S.C.1.8.5.9.4.random", &delivery));
	assert_true(delivery.sequence == 8 && delivery.pending == 4);
	assert_false(delivery_parse(NULL, &delivery));
	assert_false(delivery_parse("", &delivery));
	assert_false(delivery_parse("_INBOX.1.2", &delivery));
	assert_false(delivery_parse("$JS.ACK.", &delivery));
	assert_false(delivery_parse("$JS.ACK.S.C.1.x.5.9.3", &delivery));
	assert_false(delivery_parse("$JS.ACK.S.C.1.2.5.9", &delivery));
	assert_false(delivery_parse("$JS.ACK.S.C.1.2.5.9.3.4", &delivery));
	assert_false(delivery_parse("$JS.ACK.a.b.S.C.1.2.5.9.3.r.x", &delivery));
	assert_false(delivery_parse("$JS.ACK.S.C.1.18446744073709551616.5.9.3", &delivery));
}

static void
note_is(const char *status, const char *description, PullNoteKind kind)
{
	natsMsg *message;
	PullNote note;

	assert_int_equal(natsMsg_Create(&message, "_INBOX.x.1", NULL, "", 0), NATS_OK);
	if (status != NULL)
		assert_int_equal(natsMsgHeader_Set(message, "Status", status), NATS_OK);
	if (description != NULL)
		assert_int_equal(natsMsgHeader_Set(message, "Description", description), NATS_OK);
	pull_note_read(message, &note);
	assert_int_equal(note.kind, kind);
	assert_true(note.pending_messages == UINT64_MAX && note.pending_bytes == UINT64_MAX);
	natsMsg_Destroy(message);
}

static void
notes_are_read(void **state)
{
	(void) state;
	note_is("100", "Idle Heartbeat", PULL_HEARTBEAT);
	note_is("404", "No Messages", PULL_ENDED);
	note_is("408", "Request Timeout", PULL_ENDED);
	note_is("408", NULL, PULL_ENDED);
	note_is("409", "Message Size Exceeds MaxBytes", PULL_TOO_LARGE);
	note_is("409", "Leadership Change", PULL_ENDED);
	note_is("409", "Server Shutdown", PULL_ENDED);
	note_is("409", "Batch Completed", PULL_ENDED);
	note_is("409", "Consumer Deleted", PULL_GONE);
	note_is("409", "Exceeded MaxWaiting", PULL_REFUSED);
	note_is("503", "No Responders Available", PULL_GONE);
	note_is("400", "Bad Request - heartbeat value too large", PULL_REFUSED);
	note_is("599", "Something New", PULL_ENDED);
	note_is(NULL, NULL, PULL_ENDED);
}

#define STREAM_TEST(f) cmocka_unit_test_setup_teardown(f, open_stream, close_sessions)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_subjects_are_read),
		cmocka_unit_test(notes_are_read),
		STREAM_TEST(backlog_comes_in_order),
		STREAM_TEST(few_bytes_are_enough),
		STREAM_TEST(large_messages_come_between_small_ones),
		STREAM_TEST(what_a_message_carries),
		STREAM_TEST(empty_stream_waits_and_wakes),
		STREAM_TEST(requests_are_renewed),
		STREAM_TEST(reader_may_be_away),
		STREAM_TEST(limits_of_the_server_are_kept),
		STREAM_TEST(other_subjects_come_too),
		STREAM_TEST(purged_start_is_told),
		STREAM_TEST(hole_is_told),
		STREAM_TEST(no_stream_is_told),
		STREAM_TEST(deleted_stream_is_told),
		STREAM_TEST(stream_made_anew_is_told),
		STREAM_TEST(deleted_consumer_is_told),
		STREAM_TEST(closing_removes_the_consumer),
		STREAM_TEST(killed_server_is_told_at_once),
		STREAM_TEST(stopped_server_is_told_in_seconds),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
