/*
 * publisher_test.c - the publisher against a real server: order, resuming, kills, full and lost
 * streams, foreign ones, big bundles, durable marks and purging.
 *
 * A bundle of the tests is a message record at position n; reading the stream back must give
 * 1, 2, 3, ... with each bundle's `previous` the one before, whatever happened on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nats/publisher.h"
#include "common/nats/puller.h"
#include "support/nats_server.h"

#define STREAM		"pub"
#define INCARNATION 0xABCDEF
#define STORE		(INT64_C(256) << 20)
#define PATIENCE_MS 30000

static NatsServer server;

typedef struct Fixture
{
	PublisherOptions options;
	Publisher *publisher;
	uint64_t pushed; /* position of the last bundle pushed */
	bool placed;	 /* bundles have a place: "place n" */
} Fixture;

static int
start(void **state)
{
	Fixture *fixture = calloc(1, sizeof(*fixture));

	nats_server_start(&server, NULL);
	fixture->options = (PublisherOptions){
		.nats = {.urls = server.url, .name = "publisher_test"},
		.stream = STREAM,
		.incarnation = INCARNATION,
		.max_bytes = STORE,
		.replicas = 1,
		.window_bytes = 16 << 20,
		.window_messages = 64,
		.consumers = {"writer"},
	};
	*state = fixture;
	return 0;
}

static int
stop(void **state)
{
	Fixture *fixture = *state;

	if (fixture->publisher != NULL)
		assert_true(publisher_stop(fixture->publisher, 0));
	free(fixture);
	nats_server_stop(&server);
	return 0;
}

/* ---- helpers ---- */

static void
launch(Fixture *fixture)
{
	SluiceError err;

	fixture->publisher = publisher_start(&fixture->options, &err);
	assert_non_null(fixture->publisher);
}

static void
halt(Fixture *fixture)
{
	assert_true(publisher_stop(fixture->publisher, 0));
	fixture->publisher = NULL;
}

static void
wait_event(Publisher *publisher)
{
	struct pollfd event = {.fd = publisher_eventfd(publisher), .events = POLLIN};

	(void) poll(&event, 1, 50);
}

typedef bool (*Condition)(const PublisherStatus *status, uint64_t value);

static void
wait_until(Fixture *fixture, Condition condition, uint64_t value, PublisherStatus *status)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 50)
	{
		publisher_status(fixture->publisher, status);
		if (condition(status, value))
			return;
		wait_event(fixture->publisher);
	}
	fail_msg("condition not met: state %d, acked %" PRIx64 ", error %s", status->state,
			 status->acked.commit, status->error.message);
}

static bool
knows_tail(const PublisherStatus *status, uint64_t value)
{
	(void) value;
	return status->tail_known;
}

static bool
acked(const PublisherStatus *status, uint64_t value)
{
	return status->acked.commit >= value;
}

static bool
in_state(const PublisherStatus *status, uint64_t value)
{
	return status->state == (PublisherState) value;
}

static bool
durable_at(const PublisherStatus *status, uint64_t value)
{
	return status->durable_known && status->durable.commit == value;
}

static bool
purged_to(const PublisherStatus *status, uint64_t value)
{
	return status->stream.first_sequence == value;
}

/* Pushes the bundle of the next position, with `size` bytes in it. */
static void
push(Fixture *fixture, size_t size)
{
	ChangeId before = {INCARNATION, fixture->pushed,
					   fixture->pushed == 0 ? 0 : CHANGE_INDEX_COMMIT};
	ChangeId id = {INCARNATION, ++fixture->pushed, CHANGE_INDEX_COMMIT};
	uint8_t *content = calloc(1, size + 1);
	BundleMessage message = {id.commit, "test", content, (uint32_t) size};
	BundleWriter writer;
	SluiceError err;
	char place[32];

	(void) snprintf(place, sizeof(place), "place %" PRIu64, id.commit);
	bundle_writer_init(&writer, &allocator_malloc, BUNDLE_MAXIMUM);
	assert_true(bundle_writer_start(&writer, &before, 0, &err));
	assert_true(bundle_add_message(&writer, 0, &message, &id, &err));
	for (int waited = 0;
		 !publisher_push_at(fixture->publisher, &writer, fixture->placed ? place : NULL);
		 waited += 50)
	{
		PublisherStatus status;

		assert_true(waited < PATIENCE_MS);
		publisher_status(fixture->publisher, &status);
		wait_event(fixture->publisher);
	}
	free(content);
}

static void
push_many(Fixture *fixture, int count, size_t size)
{
	for (int i = 0; i < count; i++)
		push(fixture, size);
}

/* Reads the whole stream back: positions from `first` to `last`, without a hole or a repeat. */
static void
expect_stream(uint64_t first_position, uint64_t last_position)
{
	NatsSession session = {0};
	NatsSettings settings = {.urls = server.url};
	BundleAssembly assembly;
	JetStreamInfo info;
	Puller *puller;
	SluiceError err;
	uint64_t expected = first_position;

	assert_true(nats_session_open(&session, &settings, &err));
	assert_true(jetstream_info(&session, STREAM, &info, &err));
	puller = puller_open(&session, STREAM, info.first_sequence, 8 << 20, &err);
	assert_non_null(puller);
	bundle_assembly_init(&assembly, &allocator_malloc, BUNDLE_MAXIMUM);
	while (expected <= last_position)
	{
		PulledMessage message;
		BundleHeader header;
		const uint8_t *body;
		bool complete = true;

		assert_true(puller_next(puller, 5000, &message, &err));
		assert_non_null(message.message);
		assert_true(bundle_header_read(message.data, message.length, &header, &body, &err));
		if (header.kind == BUNDLE_PART)
			assert_true(bundle_assembly_add(&assembly, &header, body, &complete, &err));
		if (complete)
		{
			assert_int_equal(header.last.commit, expected);
			assert_int_equal(header.previous.commit, expected - 1);
			expected++;
		}
		natsMsg_Destroy(message.message);
	}
	bundle_assembly_free(&assembly);
	puller_close(puller);
	nats_session_close(&session);
}

/* ---- tests ---- */

static void
publishes_in_order(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	launch(fixture);
	wait_until(fixture, knows_tail, 0, &status);
	assert_int_equal(status.tail.commit, 0);
	push_many(fixture, 500, 2000);
	wait_until(fixture, acked, 500, &status);
	assert_int_equal(status.in_flight, 0);
	assert_int_equal(status.in_flight_bytes, 0);
	assert_int_equal(status.bundles, 500);
	expect_stream(1, 500);
}

static void
resumes_after_the_tail(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	launch(fixture);
	push_many(fixture, 10, 100);
	wait_until(fixture, acked, 10, &status);
	halt(fixture);
	launch(fixture);
	wait_until(fixture, knows_tail, 0, &status);
	assert_int_equal(status.tail.commit, 10);
	assert_true(change_id_complete(&status.tail));
	push_many(fixture, 10, 100);
	wait_until(fixture, acked, 20, &status);
	expect_stream(1, 20);
}

static void
compresses(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	fixture->options.compression = COMPRESSION_ZSTD;
	launch(fixture);
	push_many(fixture, 20, 50000);
	wait_until(fixture, acked, 20, &status);
	assert_true(status.bytes < 20 * 5000);
	expect_stream(1, 20);
}

static void
splits_what_is_too_long(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	launch(fixture);
	push(fixture, 100);
	push(fixture, 5 << 20);
	push(fixture, 100);
	wait_until(fixture, acked, 3, &status);
	assert_true(status.messages > 6);
	expect_stream(1, 3);
}

static void
survives_kills_of_the_server(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	launch(fixture);
	for (int round = 0; round < 5; round++)
	{
		push_many(fixture, 40, 20000);
		nats_server_kill(&server, SIGKILL);
		push_many(fixture, 20, 20000);
		nats_server_restart(&server, false);
		push_many(fixture, 40, 20000);
	}
	push(fixture, 3 << 20);
	wait_until(fixture, acked, fixture->pushed, &status);
	expect_stream(1, fixture->pushed);
}

static void
waits_while_the_stream_is_full(void **state)
{
	Fixture *fixture = *state;
	NatsSession session = {0};
	PublisherStatus status;
	SluiceError err;
	uint64_t stored;

	fixture->options.max_bytes = 1 << 20;
	launch(fixture);
	push_many(fixture, 30, 50000);
	wait_until(fixture, in_state, PUBLISHER_FULL, &status);
	assert_int_equal(status.error.code, SLUICE_ERROR_FULL);
	stored = status.acked.commit;
	assert_true(stored > 10 && stored < 30);
	assert_true(nats_session_open(&session, &fixture->options.nats, &err));
	assert_true(jetstream_purge_below(&session, STREAM, stored, &err));
	nats_session_close(&session);
	wait_until(fixture, acked, 30, &status);
	expect_stream(stored, 30);
}

/* Whoever shows an error of a stream names the stream before it. */
static void
assert_stream_is_not_named(const PublisherStatus *status)
{
	assert_null(strstr(status->error.message, "stream \""));
	assert_null(strstr(status->error.message, "stream of \""));
}

static void
names_an_emptied_store(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	launch(fixture);
	push_many(fixture, 10, 100);
	wait_until(fixture, acked, 10, &status);
	nats_server_kill(&server, SIGKILL);
	nats_server_restart(&server, true);
	wait_until(fixture, in_state, PUBLISHER_FAILED, &status);
	assert_int_equal(status.error.code, SLUICE_ERROR_STATE);
	assert_non_null(strstr(status.error.message, "lost acknowledged messages"));
	assert_stream_is_not_named(&status);
}

static void
refuses_a_foreign_stream(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	launch(fixture);
	push(fixture, 10);
	wait_until(fixture, acked, 1, &status);
	halt(fixture);
	fixture->options.incarnation++;
	launch(fixture);
	wait_until(fixture, in_state, PUBLISHER_FAILED, &status);
	assert_non_null(strstr(status.error.message, "another source"));
	assert_stream_is_not_named(&status);
}

static void
is_fenced_by_another_publisher(void **state)
{
	Fixture *fixture = *state;
	Fixture other = *fixture;
	PublisherStatus status;

	launch(fixture);
	push_many(fixture, 3, 10);
	wait_until(fixture, acked, 3, &status);
	other.pushed = fixture->pushed;
	launch(&other);
	wait_until(&other, knows_tail, 0, &status);
	push_many(&other, 2, 10);
	wait_until(&other, acked, 5, &status);
	halt(&other);
	push(fixture, 10); /* position 4 again, after 5 was stored by the other one */
	wait_until(fixture, in_state, PUBLISHER_FAILED, &status);
	assert_non_null(strstr(status.error.message, "another publisher"));
	assert_stream_is_not_named(&status);
	expect_stream(1, 5);
}

static void
put_mark(const Fixture *fixture, uint64_t position, uint64_t sequence, int64_t created)
{
	DurableMark mark = {{INCARNATION, position, CHANGE_INDEX_COMMIT}, sequence, created};
	NatsSession session = {0};
	char key[SUBJECT_TEXT];
	char value[KV_VALUE_MAXIMUM];
	SluiceError err;

	assert_true(nats_session_open(&session, &fixture->options.nats, &err));
	assert_true(kv_put(&session, durable_key(key, STREAM, "writer"), durable_format(&mark, value),
					   KV_ANY_REVISION, NULL, &err));
	nats_session_close(&session);
}

static void
learns_what_is_durable_and_purges(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	launch(fixture);
	push_many(fixture, 20, 100);
	wait_until(fixture, acked, 20, &status);
	assert_false(status.durable_known);
	put_mark(fixture, 12, 13, status.stream.created);
	wait_until(fixture, durable_at, 12, &status);
	wait_until(fixture, purged_to, 13, &status);
	/* A mark for another life of the stream says what is durable, but nothing of sequences. */
	put_mark(fixture, 15, 18, status.stream.created + 1);
	wait_until(fixture, durable_at, 15, &status);
	halt(fixture);
	launch(fixture); /* read anew after a restart */
	wait_until(fixture, durable_at, 15, &status);
	put_mark(fixture, 20, 21, status.stream.created);
	wait_until(fixture, purged_to, 20, &status); /* the last message stays */
	expect_stream(20, 20);
}

static bool
says(const PublisherStatus *status, uint64_t value)
{
	return strstr(status->error.message, (const char *) (uintptr_t) value) != NULL;
}

/* Behind the back of the publisher, as an operator would. */
static void
purge(uint64_t below)
{
	NatsSession session = {0};
	NatsSettings settings = {.urls = server.url};
	SluiceError err;

	assert_true(nats_session_open(&session, &settings, &err));
	assert_true(jetstream_purge_below(&session, STREAM, below, &err));
	nats_session_close(&session);
}

static void
tells_of_messages_that_others_removed(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	launch(fixture);
	push_many(fixture, 20, 100);
	wait_until(fixture, acked, 20, &status);
	put_mark(fixture, 5, 6, status.stream.created);
	wait_until(fixture, purged_to, 6, &status);
	assert_int_equal(status.error.code, SLUICE_OK);
	purge(11);
	push(fixture, 100);
	wait_until(fixture, says, (uint64_t) (uintptr_t) "messages 6 to 10", &status);
	assert_int_equal(status.state, PUBLISHER_READY);
	assert_non_null(strstr(status.error.hint, "nats stream rm SLUICE_" STREAM));
	wait_until(fixture, acked, 21, &status);
	put_mark(fixture, 12, 13, status.stream.created);
	wait_until(fixture, purged_to, 13, &status);
	assert_int_equal(status.error.code, SLUICE_OK);
}

static void
refuses_a_server_of_small_messages(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	nats_server_stop(&server);
	nats_server_start(&server, "max_payload: 608");
	launch(fixture);
	push(fixture, 2000);
	wait_until(fixture, in_state, PUBLISHER_FAILED, &status);
	assert_int_equal(status.error.code, SLUICE_ERROR_LIMIT);
	assert_non_null(strstr(status.error.message, "608 bytes"));
	assert_non_null(strstr(status.error.hint, "max_payload"));
}

/* With the least that is taken everything goes, in parts. */
static void
publishes_in_small_messages(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	nats_server_stop(&server);
	nats_server_start(&server, "max_payload: 4096");
	launch(fixture);
	push_many(fixture, 5, 50000);
	wait_until(fixture, acked, 5, &status);
	expect_stream(1, 5);
}

static bool
connected_often(const PublisherStatus *status, uint64_t value)
{
	return status->connects >= value;
}

/* A refused publish has no answer: the server's word about it must show, from one life to the next. */
static void
names_a_subject_it_may_not_publish(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	nats_server_stop(&server);
	nats_server_start(&server, "authorization { users: [ { user: u, password: p, permissions: {"
							   "publish: { deny: \"sluice.>\" } } } ] }");
	fixture->options.nats.user = "u";
	fixture->options.nats.password = "p";
	launch(fixture);
	push(fixture, 100);
	wait_until(fixture, says, (uint64_t) (uintptr_t) "sluice." STREAM ".change.0", &status);
	assert_int_equal(status.error.code, SLUICE_ERROR_DENIED);
	for (uint64_t lives = status.connects; !connected_often(&status, lives + 3);)
	{
		wait_event(fixture->publisher);
		publisher_status(fixture->publisher, &status);
		assert_int_equal(status.state, PUBLISHER_CONNECTING);
		assert_int_equal(status.error.code, SLUICE_ERROR_DENIED);
	}
	assert_int_equal(status.in_flight, 1);
}

/* The place that the message of a sequence says. */
static void
expect_place(uint64_t sequence, const char *expected)
{
	NatsSession session = {0};
	NatsSettings settings = {.urls = server.url};
	natsMsg *message = NULL;
	const char *place;
	SluiceError err;

	assert_true(nats_session_open(&session, &settings, &err));
	assert_true(jetstream_message(&session, STREAM, sequence, &message, &err));
	assert_int_equal(natsMsgHeader_Get(message, PUBLISHER_PLACE_HEADER, &place), NATS_OK);
	assert_string_equal(place, expected);
	natsMsg_Destroy(message);
	nats_session_close(&session);
}

static void
expect_tail_place(Fixture *fixture, const char *expected)
{
	PublisherStatus status;
	char *place;

	wait_until(fixture, knows_tail, 0, &status);
	place = publisher_tail_place(fixture->publisher);
	if (expected == NULL)
		assert_null(place);
	else
		assert_string_equal(place, expected);
	free(place);
}

/* Parts of a long bundle belong to where the stream ends without it, the last one to its end. */
static void
says_where_the_source_reads_on(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;
	uint64_t last;

	launch(fixture);
	expect_tail_place(fixture, NULL);
	fixture->placed = true;
	push_many(fixture, 3, 100);
	wait_until(fixture, acked, 3, &status);
	halt(fixture);
	launch(fixture);
	expect_tail_place(fixture, "place 3");
	push(fixture, 3 << 20);
	wait_until(fixture, acked, 4, &status);
	last = status.stream.last_sequence;
	assert_true(last > 5);
	for (uint64_t sequence = 4; sequence < last; sequence++)
		expect_place(sequence, "place 3");
	expect_place(last, "place 4");
	halt(fixture);
	launch(fixture);
	expect_tail_place(fixture, "place 4");
	fixture->placed = false;
	push(fixture, 100);
	wait_until(fixture, acked, 5, &status);
	halt(fixture);
	launch(fixture);
	expect_tail_place(fixture, NULL);
}

static void
ends_without_a_server(void **state)
{
	Fixture *fixture = *state;
	PublisherStatus status;

	nats_server_kill(&server, SIGKILL);
	launch(fixture);
	push_many(fixture, 5, 100);
	wait_until(fixture, in_state, PUBLISHER_CONNECTING, &status);
	halt(fixture);
	nats_server_restart(&server, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(publishes_in_order, start, stop),
		cmocka_unit_test_setup_teardown(resumes_after_the_tail, start, stop),
		cmocka_unit_test_setup_teardown(compresses, start, stop),
		cmocka_unit_test_setup_teardown(splits_what_is_too_long, start, stop),
		cmocka_unit_test_setup_teardown(survives_kills_of_the_server, start, stop),
		cmocka_unit_test_setup_teardown(waits_while_the_stream_is_full, start, stop),
		cmocka_unit_test_setup_teardown(names_an_emptied_store, start, stop),
		cmocka_unit_test_setup_teardown(refuses_a_foreign_stream, start, stop),
		cmocka_unit_test_setup_teardown(is_fenced_by_another_publisher, start, stop),
		cmocka_unit_test_setup_teardown(learns_what_is_durable_and_purges, start, stop),
		cmocka_unit_test_setup_teardown(tells_of_messages_that_others_removed, start, stop),
		cmocka_unit_test_setup_teardown(refuses_a_server_of_small_messages, start, stop),
		cmocka_unit_test_setup_teardown(publishes_in_small_messages, start, stop),
		cmocka_unit_test_setup_teardown(names_a_subject_it_may_not_publish, start, stop),
		cmocka_unit_test_setup_teardown(says_where_the_source_reads_on, start, stop),
		cmocka_unit_test_setup_teardown(ends_without_a_server, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
