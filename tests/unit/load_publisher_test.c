/*
 * load_publisher_test.c - bundles of a copy through trouble: each is stored, a long one behind its parts.
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

#include "common/nats/load_publisher.h"
#include "support/nats_server.h"

#define STREAM	   "copied"
#define STEPS_MOST 3000

static NatsServer server;
static NatsSession session;
static LoadPublisher *publisher;

static void
connect_session(void)
{
	NatsSettings settings = {.urls = server.url, .name = "load_publisher_test"};
	SluiceError err;

	nats_session_close(&session);
	if (!nats_session_open(&session, &settings, &err))
		fail_msg("%s", err.message);
}

static void
make_stream(int64_t max_bytes)
{
	JetStreamInfo info;
	SluiceError err;

	if (!load_stream_delete(&session, STREAM, &err) ||
		!load_stream_ensure(&session, STREAM, max_bytes, 1, &info, &err))
		fail_msg("%s", err.message);
}

static int
setup(void **state)
{
	LoadPublisherOptions options = {.stream = STREAM, .window_bytes = 8 << 20};
	SluiceError err;

	(void) state;
	nats_server_start(&server, NULL);
	connect_session();
	make_stream(1 << 30);
	options.nats.urls = server.url;
	publisher = load_publisher_new(&options, &err);
	return publisher != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void) state;
	load_publisher_free(publisher);
	nats_session_close(&session);
	nats_server_stop(&server);
	return 0;
}

static void
step_until_done(void)
{
	SluiceError err;

	for (int i = 0; !load_publisher_done(publisher); i++)
	{
		if (!load_publisher_step(publisher, 20, &err))
			fail_msg("%s", err.message);
		assert_true(i < STEPS_MOST);
	}
}

/* A bundle of one message record with `length` bytes that no compression would shrink. */
static void
push(uint32_t chunk, uint32_t number, size_t length)
{
	const LoadPlace place = {1, chunk, number};
	const ChangeId id = {7, (uint64_t) 1 << 32 | chunk, number};
	const ChangeId nothing = {0};
	uint8_t *content = malloc(length);
	BundleMessage message = {0, "test", content, (uint32_t) length};
	BundleWriter writer;
	SluiceError err;

	assert_non_null(content);
	for (size_t i = 0; i < length; i++)
		content[i] = (uint8_t) (i * 2654435761u >> 13);
	bundle_writer_init(&writer, &allocator_malloc, BUNDLE_MAXIMUM);
	if (!bundle_writer_start(&writer, &nothing, 0, &err) ||
		!bundle_add_message(&writer, 0, &message, &id, &err))
		fail_msg("%s", err.message);
	while (!load_publisher_has_room(publisher, writer.buf.capacity))
	{
		if (!load_publisher_step(publisher, 20, &err))
			fail_msg("%s", err.message);
	}
	if (!load_publisher_push(publisher, &writer, &place, &err))
		fail_msg("%s", err.message);
	free(content);
}

/* The subject and the bytes of what is stored at a sequence; false for none. */
static bool
stored(uint64_t sequence, char subject[SUBJECT_TEXT], const uint8_t **data, size_t *length)
{
	static natsMsg *message = NULL;
	char name[SUBJECT_TEXT];

	natsMsg_Destroy(message);
	message = NULL;
	if (js_GetMsg(&message, session.jetstream, load_stream_name(name, STREAM), sequence, NULL,
				  NULL) != NATS_OK)
		return false;
	(void) snprintf(subject, SUBJECT_TEXT, "%s", natsMsg_GetSubject(message));
	*data = (const uint8_t *) natsMsg_GetData(message);
	*length = (size_t) natsMsg_GetDataLength(message);
	return true;
}

/* How often each bundle of chunk 0 is there as a message of its own. */
static void
count_bundles(int *counts, int bundles)
{
	JetStreamInfo info;
	SluiceError err;

	memset(counts, 0, sizeof(int) * (size_t) bundles);
	assert_true(load_stream_info(&session, STREAM, &info, &err));
	for (uint64_t i = 1; i <= info.last_sequence; i++)
	{
		char subject[SUBJECT_TEXT];
		const uint8_t *data;
		const uint8_t *body;
		BundleHeader header;
		size_t length;

		if (!stored(i, subject, &data, &length) || strcmp(subject, "sluice." STREAM ".load") != 0)
			continue;
		assert_true(bundle_header_read(data, length, &header, &body, &err));
		assert_true(header.first.index < (uint64_t) bundles);
		counts[header.first.index]++;
	}
}

static void
bundles_are_stored_once(void **state)
{
	int counts[200];

	(void) state;
	for (uint32_t i = 0; i < 200; i++)
		push(0, i, 1000);
	step_until_done();
	count_bundles(counts, 200);
	for (int i = 0; i < 200; i++)
		assert_int_equal(counts[i], 1);
	assert_int_equal(load_publisher_status(publisher)->messages, 200);
}

/* A server that goes away in between: each bundle is there, and none twice within the window of ids. */
static void
a_killed_server_loses_nothing(void **state)
{
	int counts[100];
	SluiceError err;

	(void) state;
	for (uint32_t i = 0; i < 50; i++)
		push(0, i, 10000);
	assert_true(load_publisher_step(publisher, 0, &err));
	nats_server_kill(&server, SIGKILL);
	for (uint32_t i = 50; i < 100; i++)
		push(0, i, 10000);
	for (int i = 0; load_publisher_status(publisher)->error.code == SLUICE_OK; i++)
	{
		assert_true(load_publisher_step(publisher, 20, &err));
		assert_true(i < STEPS_MOST);
	}
	nats_server_restart(&server, false);
	step_until_done();
	assert_true(load_publisher_status(publisher)->connects > 1);
	assert_int_equal(load_publisher_status(publisher)->error.code, SLUICE_OK);
	connect_session();
	count_bundles(counts, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(counts[i], 1);
}

static void
a_full_stream_is_waited_for(void **state)
{
	SluiceError err;
	uint64_t before;

	(void) state;
	make_stream(100000);
	for (uint32_t i = 0; i < 20; i++)
		push(0, i, 20000);
	for (int i = 0; load_publisher_status(publisher)->error.code != SLUICE_ERROR_FULL; i++)
	{
		assert_true(load_publisher_step(publisher, 20, &err));
		assert_true(i < STEPS_MOST);
	}
	while (!load_publisher_done(publisher))
	{
		before = load_publisher_status(publisher)->messages;
		assert_true(load_stream_clear(&session, STREAM, &err));
		for (int i = 0; load_publisher_status(publisher)->messages == before; i++)
		{
			assert_true(load_publisher_step(publisher, 20, &err));
			assert_true(i < STEPS_MOST);
		}
	}
	assert_int_equal(load_publisher_status(publisher)->connects, 1);
}

static void
parts_come_before_what_stands_for_them(void **state)
{
	BundleAssembly assembly;
	bool complete = false;
	uint32_t parts;
	SluiceError err;

	(void) state;
	push(3, 2, 5 << 20);
	step_until_done();
	parts = (uint32_t) load_publisher_status(publisher)->parts + 1;
	assert_true(parts > 4);
	bundle_assembly_init(&assembly, &allocator_malloc, BUNDLE_MAXIMUM);
	for (uint32_t part = 0; part < parts; part++)
	{
		char subject[SUBJECT_TEXT];
		char expected[SUBJECT_TEXT];
		const LoadPlace place = {1, 3, 2};
		const uint8_t *data;
		const uint8_t *body;
		BundleHeader header;
		size_t length;

		/* Stored in the order sent: 1, 2, ..., 0. */
		assert_true(stored(part == 0 ? parts : part, subject, &data, &length));
		assert_string_equal(subject, part == 0 ? load_subject(expected, STREAM)
											   : load_part_subject(expected, STREAM, &place, part));
		assert_true(bundle_header_read(data, length, &header, &body, &err));
		assert_true(bundle_assembly_add(&assembly, &header, body, &complete, &err));
	}
	assert_true(complete);
	bundle_assembly_free(&assembly);
	assert_true(load_stream_purge_parts(&session, STREAM, 1, 3, &err));
}

static void
a_document_travels_in_parts(void **state)
{
	size_t length = 6 << 20;
	char *text = malloc(length + 1);
	uint64_t random = 1;
	ByteBuf whole;
	SluiceError err;
	char *back;

	(void) state;
	assert_non_null(text);
	for (size_t i = 0; i < length; i++)
	{
		random = random * UINT64_C(6364136223846793005) + 1;
		text[i] = (char) ('0' + random % UINT64_C(0x1000000000000) / 0x40000000000);
	}
	text[length] = '\0';
	assert_true(load_publisher_push_document(publisher, 4, text, &err));
	step_until_done();
	bytebuf_init(&whole, &allocator_malloc, BUNDLE_MAXIMUM);
	for (uint64_t i = 1; i <= load_publisher_status(publisher)->messages; i++)
	{
		char subject[SUBJECT_TEXT];
		char expected[SUBJECT_TEXT];
		const uint8_t *data;
		size_t size;

		assert_true(stored(i, subject, &data, &size));
		assert_string_equal(subject, schema_part_subject(expected, STREAM, 4, (uint32_t) i - 1));
		assert_true(size <= (size_t) session.max_payload / 2);
		assert_true(bytebuf_put(&whole, data, size, &err));
	}
	assert_true(load_publisher_status(publisher)->messages > 1);
	back = malloc(length);
	assert_non_null(back);
	assert_true(compress_restore(COMPRESSION_ZSTD, whole.data, whole.length, (uint8_t *) back,
								 length, &err));
	assert_memory_equal(back, text, length);
	free(back);
	bytebuf_free(&whole);
	free(text);
}

static void
names_fit(void **state)
{
	const char *longest = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	const LoadPlace place = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
	char text[SUBJECT_TEXT];

	(void) state;
	assert_int_equal(strlen(longest), STREAM_NAME_MAXIMUM);
	assert_string_equal(strrchr(load_part_subject(text, longest, &place, UINT32_MAX), '.'),
						".4294967295");
	assert_string_equal(load_stream_name(text, "shop"), "SLUICE_shop_LOAD");
	assert_string_equal(load_consumer_name(text, "writer"), "load_writer");
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(bundles_are_stored_once),	   test(a_killed_server_loses_nothing),
		test(a_full_stream_is_waited_for), test(parts_come_before_what_stands_for_them),
		test(a_document_travels_in_parts), cmocka_unit_test(names_fit),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return nats_CloseAndWait(5000) == NATS_OK ? failed : 1;
}
