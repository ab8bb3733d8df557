/*
 * bucket_test.c - buckets of any kind on a nats-server of its own: their configuration, writes that are sent twice, and a
 * watch that sees everything.
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

#include "common/nats/bucket.h"
#include "common/nats/bucket_watch.h"
#include "common/nats/session_pool.h"
#include "support/nats_server.h"

#define WAIT_MS		 5000
#define BUFFER_BYTES (1u << 20)

static NatsServer server;
static NatsSettings settings = {.name = "bucket_test"};
static NatsSession session;

static int
start(void **state)
{
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
	return nats_CloseAndWait(5000) == NATS_OK ? 0 : -1;
}

static void
ensure(const char *name, int history)
{
	BucketSettings bucket = {.name = name, .history = history};
	SluiceError err;

	if (!bucket_ensure(&session, &bucket, &err))
		fail_msg("%s", err.message);
}

static bool
put(const char *bucket, const char *key, const char *value, uint64_t at, uint64_t *revision,
	SluiceError *err)
{
	BucketWrite write = {
		.kind = BUCKET_PUT, .key = key, .value = value, .length = strlen(value), .revision = at};

	return bucket_write(&session, bucket, &write, revision, err);
}

static void
another_configuration_is_refused(void **state)
{
	BucketSettings bucket = {.name = "AUDITED", .history = 5, .ttl_ms = 60000};
	SluiceError err;

	(void) state;
	assert_true(bucket_ensure(&session, &bucket, &err));
	assert_true(bucket_ensure(&session, &bucket, &err));
	bucket.history = 4; /* more than asked for is fine */
	assert_true(bucket_ensure(&session, &bucket, &err));
	bucket.history = 6;
	assert_false(bucket_ensure(&session, &bucket, &err));
	assert_int_equal(err.code, SLUICE_ERROR_STATE);
	assert_non_null(strstr(err.hint, "KV_AUDITED"));
	bucket.history = 5;
	bucket.ttl_ms = 0;
	assert_false(bucket_ensure(&session, &bucket, &err));
	assert_int_equal(err.code, SLUICE_ERROR_STATE);
	bucket.history = 0;
	assert_false(bucket_ensure(&session, &bucket, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
}

/* As when its answer was lost: the second is told the same revision, and nobody sees it. */
static void
a_write_that_is_sent_twice_counts_once(void **state)
{
	const BucketWrite writes[] = {
		{.kind = BUCKET_PUT,
		 .key = "a",
		 .value = "1",
		 .length = 1,
		 .revision = 0,
		 .message_id = "m1"},
		{.kind = BUCKET_PURGE, .key = "a", .revision = 1, .message_id = "m2"},
		{.kind = BUCKET_PUT,
		 .key = "a",
		 .value = "2",
		 .length = 1,
		 .revision = 0,
		 .message_id = "m3"},
	};
	uint64_t first, second;
	SluiceError err;

	(void) state;
	ensure("TWICE", 1);
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
	{
		assert_true(bucket_write(&session, "TWICE", &writes[i], &first, &err));
		assert_true(bucket_write(&session, "TWICE", &writes[i], &second, &err));
		assert_true(first == i + 1 && second == first);
	}
}

static void
expect_next(BucketWatch *watch, const char *key, const char *value)
{
	BucketEntry entry;
	SluiceError err;

	if (!bucket_watch_next(watch, WAIT_MS, &entry, &err))
		fail_msg("%s", err.message);
	assert_non_null(entry.message);
	assert_string_equal(entry.key, key);
	if (value == NULL)
		assert_null(entry.value);
	else
	{
		assert_int_equal(entry.length, strlen(value));
		assert_memory_equal(entry.value, value, entry.length);
	}
	assert_true(entry.revision > 0 && entry.written_ms > 0);
	bucket_entry_free(&entry);
}

static void
a_watch_gives_what_is_there_and_what_comes(void **state)
{
	const BucketWrite removal = {.kind = BUCKET_DELETE, .key = "b", .revision = BUCKET_ANY};
	SluiceError err;
	BucketWatch *watch;

	(void) state;
	ensure("WATCHED", 5);
	watch = bucket_watch_open(&session, "WATCHED", ">", BUCKET_LAST, BUFFER_BYTES, &err);
	assert_non_null(watch);
	assert_true(bucket_watch_current(watch));
	bucket_watch_close(watch);
	assert_true(put("WATCHED", "a", "1", 0, NULL, &err));
	assert_true(put("WATCHED", "a", "2", BUCKET_ANY, NULL, &err));
	assert_true(put("WATCHED", "b", "", 0, NULL, &err));
	watch = bucket_watch_open(&session, "WATCHED", ">", BUCKET_LAST, BUFFER_BYTES, &err);
	assert_false(bucket_watch_current(watch));
	expect_next(watch, "a", "2");
	assert_false(bucket_watch_current(watch));
	expect_next(watch, "b", "");
	assert_true(bucket_watch_current(watch));
	assert_true(bucket_write(&session, "WATCHED", &removal, NULL, &err));
	assert_true(put("WATCHED", "c.d", "3", 0, NULL, &err));
	expect_next(watch, "b", NULL);
	expect_next(watch, "c.d", "3");
	bucket_watch_close(watch);
	watch = bucket_watch_open(&session, "WATCHED", "a", BUCKET_HISTORY, BUFFER_BYTES, &err);
	expect_next(watch, "a", "1");
	expect_next(watch, "a", "2");
	assert_true(bucket_watch_current(watch));
	bucket_watch_close(watch);
}

static void
the_end_of_the_server_ends_a_watch(void **state)
{
	BucketEntry entry = {0};
	SluiceError err;
	BucketWatch *watch;
	bool good = true;

	(void) state;
	ensure("ENDED", 1);
	watch = bucket_watch_open(&session, "ENDED", ">", BUCKET_LAST, BUFFER_BYTES, &err);
	assert_non_null(watch);
	nats_server_restart(&server, false);
	while (good)
	{
		good = bucket_watch_next(watch, 1000, &entry, &err);
		assert_null(entry.message);
	}
	assert_true(sluice_error_transient(err.code));
	bucket_watch_close(watch);
	nats_session_close(&session);
	assert_true(nats_session_open(&session, &settings, &err));
}

static void
large_values_come_too(void **state)
{
	size_t size = 900000;
	char *value = malloc(size + 1);
	SluiceError err;
	BucketWatch *watch;

	(void) state;
	memset(value, 'v', size);
	value[size] = '\0';
	ensure("LARGE", 1);
	for (int i = 0; i < 4; i++)
	{
		char key[16];

		(void) snprintf(key, sizeof(key), "k%d", i);
		assert_true(put("LARGE", key, value, 0, NULL, &err));
	}
	watch = bucket_watch_open(&session, "LARGE", ">", BUCKET_LAST, 4096, &err);
	for (int i = 0; i < 4; i++)
	{
		char key[16];

		(void) snprintf(key, sizeof(key), "k%d", i);
		expect_next(watch, key, value);
	}
	bucket_watch_close(watch);
	free(value);
}

/* A pool's connections outlive a server's end, and fail at once while it is away. */
static void
a_pool_opens_what_it_needs(void **state)
{
	SluiceError err;
	SessionPool *pool = session_pool_new(&settings, 2, &err);
	NatsSession *first = session_pool_take(pool, &err), *second = session_pool_take(pool, &err);
	NatsSession *again;

	(void) state;
	assert_non_null(first);
	assert_non_null(second);
	assert_ptr_not_equal(first, second);
	session_pool_give(pool, second, true);
	again = session_pool_take(pool, &err);
	assert_ptr_equal(again, second);
	session_pool_give(pool, again, true);
	nats_server_kill(&server, SIGKILL);
	session_pool_give(pool, first, false);
	assert_null(session_pool_take(pool, &err));
	assert_true(sluice_error_transient(err.code));
	assert_null(session_pool_take(pool, &err));
	nats_server_restart(&server, false);
	do
		again = session_pool_take(pool, &err);
	while (again == NULL);
	assert_true(nats_session_alive(again));
	session_pool_give(pool, again, true);
	session_pool_free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_configuration_is_refused),
		cmocka_unit_test(a_write_that_is_sent_twice_counts_once),
		cmocka_unit_test(a_watch_gives_what_is_there_and_what_comes),
		cmocka_unit_test(large_values_come_too),
		cmocka_unit_test(the_end_of_the_server_ends_a_watch),
		cmocka_unit_test(a_pool_opens_what_it_needs),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
