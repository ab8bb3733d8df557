/*
 * kv_test.c - the bucket: reading, writing on condition, removing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/nats/kv.h"
#include "support/nats_server.h"

static NatsServer server;
static NatsSession session;

static int
start(void **state)
{
	NatsSettings settings = {.name = "kv_test"};
	SluiceError err;

	(void) state;
	nats_server_start(&server, NULL);
	settings.urls = server.url;
	return nats_session_open(&session, &settings, &err) && kv_ensure(&session, 1, &err) ? 0 : -1;
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
ensure_is_repeatable(void **state)
{
	SluiceError err;

	(void) state;
	assert_true(kv_ensure(&session, 1, &err));
	assert_true(kv_put(&session, "kept", "value", KV_ANY_REVISION, NULL, &err));
	assert_true(kv_ensure(&session, 1, &err));
	assert_true(kv_delete(&session, "kept", &err));
}

/* libnats' own key-value calls see the bucket as theirs. */
static void
bucket_is_the_common_kind(void **state)
{
	kvStore *bucket;
	kvEntry *entry;
	KvEntry ours;
	uint64_t revision;
	SluiceError err;

	(void) state;
	assert_int_equal(js_KeyValue(&bucket, session.jetstream, KV_BUCKET), NATS_OK);
	assert_true(kv_put(&session, "common.key", "from us", 0, NULL, &err));
	assert_int_equal(kvStore_Get(&entry, bucket, "common.key"), NATS_OK);
	assert_string_equal(kvEntry_ValueString(entry), "from us");
	kvEntry_Destroy(entry);
	assert_int_equal(kvStore_PutString(&revision, bucket, "common.key", "from them"), NATS_OK);
	assert_true(kv_get(&session, "common.key", &ours, &err));
	assert_string_equal(ours.value, "from them");
	assert_true(ours.revision == revision);
	assert_true(kv_delete(&session, "common.key", &err));
	assert_int_equal(kvStore_Get(&entry, bucket, "common.key"), NATS_NOT_FOUND);
	assert_int_equal(kvStore_PutString(NULL, bucket, "common.key", "again"), NATS_OK);
	assert_int_equal(kvStore_Delete(bucket, "common.key"), NATS_OK);
	assert_false(kv_get(&session, "common.key", &ours, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	kvStore_Destroy(bucket);
}

static void
put_minds_the_revision(void **state)
{
	KvEntry entry;
	uint64_t revision, second;
	SluiceError err;

	(void) state;
	assert_false(kv_get(&session, "cas", &entry, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_false(kv_put(&session, "cas", "x", 12345, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_true(kv_put(&session, "cas", "first", 0, &revision, &err));
	assert_false(kv_put(&session, "cas", "x", 0, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_true(kv_put(&session, "cas", "second", revision, &second, &err));
	assert_false(kv_put(&session, "cas", "x", revision, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_true(kv_get(&session, "cas", &entry, &err));
	assert_string_equal(entry.value, "second");
	assert_true(entry.revision == second && second > revision);
	assert_true(kv_put(&session, "cas", "", KV_ANY_REVISION, NULL, &err));
	assert_true(kv_get(&session, "cas", &entry, &err));
	assert_string_equal(entry.value, "");
}

static void
removed_is_absent(void **state)
{
	KvEntry entry;
	uint64_t revision;
	SluiceError err;

	(void) state;
	assert_true(kv_delete(&session, "never.there", &err));
	assert_true(kv_put(&session, "gone", "x", 0, &revision, &err));
	assert_false(kv_delete_at(&session, "gone", revision + 1, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_true(kv_delete_at(&session, "gone", revision, &err));
	assert_false(kv_get(&session, "gone", &entry, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_true(kv_delete(&session, "gone", &err));
	assert_true(kv_put(&session, "gone", "again", 0, NULL, &err));
	assert_true(kv_get(&session, "gone", &entry, &err));
	assert_string_equal(entry.value, "again");
}

static void
values_and_keys_have_limits(void **state)
{
	static const char *const keys[] = {"", ".a", "a.", "a..b", "a b", "a*", "a.>", "$a", "a\n"};
	char value[KV_VALUE_MAXIMUM + 1];
	KvEntry entry;
	SluiceError err;

	(void) state;
	memset(value, 'v', sizeof(value));
	value[KV_VALUE_MAXIMUM] = '\0';
	assert_false(kv_put(&session, "long", value, KV_ANY_REVISION, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	value[KV_VALUE_MAXIMUM - 1] = '\0';
	assert_true(kv_put(&session, "long", value, KV_ANY_REVISION, NULL, &err));
	assert_true(kv_get(&session, "long", &entry, &err));
	assert_string_equal(entry.value, value);
	assert_int_equal(js_Publish(NULL, session.jetstream, "$KV.SLUICE.long", value,
								(int) sizeof(value), NULL, NULL),
					 NATS_OK);
	assert_false(kv_get(&session, "long", &entry, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		assert_false(kv_get(&session, keys[i], &entry, &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	}
}

/* A bucket that vanished with its server's disk is an error that passes once it is made again. */
static void
bucket_may_vanish(void **state)
{
	KvEntry entry;
	SluiceError err;

	(void) state;
	assert_int_equal(js_DeleteKeyValue(session.jetstream, KV_BUCKET), NATS_OK);
	assert_false(kv_get(&session, "cas", &entry, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_false(kv_put(&session, "cas", "x", KV_ANY_REVISION, NULL, &err));
	assert_true(sluice_error_transient(err.code));
	assert_true(kv_ensure(&session, 1, &err));
	assert_true(kv_put(&session, "cas", "x", 0, NULL, &err));
}

/* A KvEach: counts keys in an int[2]: those listed, those that have a value. */
static bool
count_key(void *context, const char *key, SluiceError *err)
{
	int *counts = context;
	KvEntry entry;

	assert_true(strncmp(key, "list.", 5) == 0);
	counts[0]++;
	if (kv_get(&session, key, &entry, err))
		counts[1]++;
	return counts[0] < 3 || sluice_fail(err, SLUICE_ERROR_LIMIT, "enough");
}

static void
keys_are_listed_by_prefix(void **state)
{
	int counts[2] = {0};
	SluiceError err;

	(void) state;
	assert_true(kv_each(&session, "list", count_key, counts, &err));
	assert_int_equal(counts[0], 0);
	assert_true(kv_put(&session, "list.a", "1", 0, NULL, &err));
	assert_true(kv_put(&session, "list.b.c", "2", 0, NULL, &err));
	assert_true(kv_put(&session, "listed.a", "3", 0, NULL, &err));
	assert_true(kv_delete(&session, "list.a", &err));
	assert_true(kv_each(&session, "list", count_key, counts, &err));
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], 1);
	assert_false(kv_each(&session, "list", count_key, counts, &err));
	assert_string_equal(err.message, "enough");
}

static void
texts_may_be_long(void **state)
{
	static char long_text[3 * KV_VALUE_MAXIMUM];
	uint64_t revision;
	jsPubAck *ack = NULL;
	char *value;
	SluiceError err;

	(void) state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	assert_int_equal(js_Publish(&ack, session.jetstream, "$KV." KV_BUCKET ".long", long_text,
								sizeof(long_text) - 1, NULL, NULL),
					 NATS_OK);
	assert_true(kv_get_text(&session, "long", &value, &revision, &err));
	assert_string_equal(value, long_text);
	assert_true(revision == ack->Sequence);
	jsPubAck_Destroy(ack);
	free(value);
	assert_true(kv_delete(&session, "long", &err) || err.code == SLUICE_ERROR_CORRUPT);
	assert_false(kv_get_text(&session, "never", &value, &revision, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_null(value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ensure_is_repeatable),		   cmocka_unit_test(bucket_is_the_common_kind),
		cmocka_unit_test(put_minds_the_revision),	   cmocka_unit_test(removed_is_absent),
		cmocka_unit_test(keys_are_listed_by_prefix),   cmocka_unit_test(texts_may_be_long),
		cmocka_unit_test(values_and_keys_have_limits), cmocka_unit_test(bucket_may_vanish),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
