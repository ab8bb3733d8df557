/*
 * store_nats_test.c - the store on a nats-server of its own: two servers' stores see each other's writes, and nothing that
 * happens to NATS stops reads or leaves a copy wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/control/layout.h"
#include "common/nats/bucket.h"
#include "control/store/store.h"
#include "control/store/store_follow.h"
#include "control/store/store_nats.h"
#include "support/nats_server.h"

#define TRIES 3000 /* of 10 ms */

static NatsServer server;
static NatsSettings settings = {.name = "store_nats_test"};
static Store *one, *other;

static void
pause_a_little(void)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	(void) nanosleep(&pause, NULL);
}

static void
wait_ready(Store *store)
{
	SluiceError err;

	for (int i = 0; i < TRIES; i++)
	{
		if (store_ready(store, &err))
			return;
		pause_a_little();
	}
	fail_msg("%s", err.message);
}

static void
wait_not_ready(Store *store)
{
	for (int i = 0; i < TRIES; i++)
	{
		if (!store_ready(store, NULL))
			return;
		pause_a_little();
	}
	fail_msg("still ready");
}

/* Until the key is at a revision, or has no value when that is 0. */
static void
wait_revision(Store *store, StoreArea area, const char *key, uint64_t revision)
{
	SluiceError err;

	for (int i = 0; i < TRIES; i++)
	{
		StoreEntry entry;
		bool there = store_get(store, area, key, &entry, &err);
		bool done = there ? entry.revision == revision : revision == 0;

		store_entry_free(&entry);
		if (done)
			return;
		pause_a_little();
	}
	fail_msg("%s does not come to revision %d", key, (int) revision);
}

static Store *
open_store(void)
{
	SluiceError err;
	Store *store = store_nats_new(&settings, 1, NULL, &err);

	assert_non_null(store);
	return store;
}

static int
start(void **state)
{
	(void) state;
	nats_server_start(&server, NULL);
	settings.urls = server.url;
	one = open_store();
	other = open_store();
	wait_ready(one);
	wait_ready(other);
	return 0;
}

static int
stop(void **state)
{
	(void) state;
	store_stop(one);
	store_stop(other);
	nats_server_stop(&server);
	return nats_CloseAndWait(5000) == NATS_OK ? 0 : -1;
}

static bool
put(Store *store, StoreArea area, const char *key, int number, uint64_t at, uint64_t *revision,
	SluiceError *err)
{
	json_t *value = json_pack("{s:i}", "number", number);
	bool good = store_put(store, area, key, value, at, revision, err);

	json_decref(value);
	return good;
}

/* While the store is only just there again. */
static void
put_in_the_end(Store *store, StoreArea area, const char *key, int number, uint64_t at,
			   uint64_t *revision)
{
	SluiceError err;

	for (int i = 0; i < TRIES; i++)
	{
		if (put(store, area, key, number, at, revision, &err))
			return;
		assert_true(sluice_error_transient(err.code));
		pause_a_little();
	}
	fail_msg("%s", err.message);
}

static int
number_of(const StoreEntry *entry)
{
	return (int) json_integer_value(json_object_get(entry->value, "number"));
}

static void
own_writes_are_seen_at_once_and_others_soon(void **state)
{
	StoreEntry entry;
	uint64_t revision;
	SluiceError err;

	(void) state;
	assert_false(store_get(one, STORE_CONFIG, "stream.default.a", &entry, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_true(put(one, STORE_CONFIG, "stream.default.a", 1, 0, &revision, &err));
	assert_true(store_get(one, STORE_CONFIG, "stream.default.a", &entry, &err));
	assert_true(entry.revision == revision && entry.written_ms > 0);
	assert_int_equal(number_of(&entry), 1);
	store_entry_free(&entry);
	wait_revision(other, STORE_CONFIG, "stream.default.a", revision);
	assert_true(store_delete(other, STORE_CONFIG, "stream.default.a", revision, &err));
	assert_false(store_get(other, STORE_CONFIG, "stream.default.a", &entry, &err));
	wait_revision(one, STORE_CONFIG, "stream.default.a", 0);
}

static void
writes_mind_the_revision(void **state)
{
	uint64_t first, second;
	SluiceError err;

	(void) state;
	assert_true(put(one, STORE_STATE, "run.default.cas", 1, 0, &first, &err));
	assert_false(put(other, STORE_STATE, "run.default.cas", 2, 0, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_true(put(other, STORE_STATE, "run.default.cas", 2, first, &second, &err));
	assert_false(put(one, STORE_STATE, "run.default.cas", 3, first, NULL, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_false(store_delete(one, STORE_STATE, "run.default.cas", first, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_true(put(one, STORE_STATE, "run.default.cas", 4, STORE_ANY, NULL, &err));
	assert_true(store_delete(one, STORE_STATE, "run.default.cas", STORE_ANY, &err));
	assert_true(put(one, STORE_STATE, "run.default.cas", 5, 0, NULL, &err));
	assert_true(store_delete(one, STORE_STATE, "run.default.cas", STORE_ANY, &err));
}

static bool
collect(void *context, const StoreEntry *entry)
{
	char *text = context;

	(void) snprintf(text + strlen(text), 200 - strlen(text), "%s ", key_last(entry->key));
	return strcmp(key_last(entry->key), "stop") != 0;
}

static void
lists_are_in_order_and_within_the_prefix(void **state)
{
	static const char *const keys[] = {
		"connection.acme.c",  "connection.acme.a",	  "connection.acme.b",
		"connection.acmex.z", "connection.a.z",		  "connectionx.acme.z",
		"connection.stop.a",  "connection.stop.stop", "connection.stop.z"};
	char text[200] = "";
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_true(put(one, STORE_CONFIG, keys[i], (int) i, 0, NULL, &err));
	assert_true(store_each(one, STORE_CONFIG, "connection.acme.", NULL, collect, text, &err));
	assert_string_equal(text, "a b c ");
	text[0] = '\0';
	assert_true(store_each(one, STORE_CONFIG, "connection.acme.", "connection.acme.a", collect,
						   text, &err));
	assert_string_equal(text, "b c ");
	text[0] = '\0';
	assert_true(store_each(one, STORE_CONFIG, "connection.stop.", NULL, collect, text, &err));
	assert_string_equal(text, "a stop ");
	text[0] = '\0';
	assert_true(store_each(one, STORE_CONFIG, "no.", NULL, collect, text, &err));
	assert_string_equal(text, "");
}

static bool
count_entry(void *context, const StoreEntry *entry)
{
	int *count = context;

	assert_int_equal(number_of(entry), *count);
	(*count)++;
	return true;
}

/* More than one portion of store_each(), and of the follower's requests. */
static void
long_lists_are_whole(void **state)
{
	SluiceError err;
	int count = 0;
	Store *third;

	(void) state;
	for (int i = 0; i < 300; i++)
	{
		char key[64];

		(void) snprintf(key, sizeof(key), "usage.default.s%03d.x", i);
		assert_true(put(one, STORE_STATE, key, i, 0, NULL, &err));
	}
	assert_true(store_each(one, STORE_STATE, "usage.", NULL, count_entry, &count, &err));
	assert_int_equal(count, 300);
	third = open_store();
	wait_ready(third);
	count = 0;
	assert_true(store_each(third, STORE_STATE, "usage.", NULL, count_entry, &count, &err));
	assert_int_equal(count, 300);
	store_stop(third);
}

static void
history_has_former_values(void **state)
{
	StoreEntry entries[3], entry;
	uint64_t revisions[4];
	size_t count;
	SluiceError err;

	(void) state;
	for (int i = 0; i < 4; i++)
		assert_true(put(one, STORE_CONFIG, "stream.default.h", i, STORE_ANY, &revisions[i], &err));
	assert_true(store_history(other, STORE_CONFIG, "stream.default.h", entries, 3, &count, &err));
	assert_int_equal(count, 3);
	for (int i = 0; i < 3; i++)
	{
		assert_true(entries[i].revision == revisions[3 - i]);
		assert_int_equal(number_of(&entries[i]), 3 - i);
		store_entry_free(&entries[i]);
	}
	assert_true(store_get_at(other, STORE_CONFIG, "stream.default.h", revisions[1], &entry, &err));
	assert_int_equal(number_of(&entry), 1);
	store_entry_free(&entry);
	assert_false(
		store_get_at(other, STORE_CONFIG, "stream.default.other", revisions[1], &entry, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
	assert_true(store_delete(one, STORE_CONFIG, "stream.default.h", revisions[3], &err));
	assert_true(store_history(one, STORE_CONFIG, "stream.default.h", entries, 3, &count, &err));
	assert_int_equal(count, 0);
}

/* What a secret was before must not stay in the bucket. */
static void
secrets_have_no_history(void **state)
{
	StoreEntry entries[3];
	size_t count;
	SluiceError err;

	(void) state;
	for (int i = 0; i < 3; i++)
		assert_true(
			put(one, STORE_CONFIG, "secret.default.conn.password", i, STORE_ANY, NULL, &err));
	assert_true(
		store_history(one, STORE_CONFIG, "secret.default.conn.password", entries, 3, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(number_of(&entries[0]), 2);
	store_entry_free(&entries[0]);
}

static void
bad_keys_are_nowhere(void **state)
{
	static const char *const keys[] = {"", "a b", "a.>", "*", "a..b"};
	StoreEntry entry;
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		assert_false(store_get(one, STORE_CONFIG, keys[i], &entry, &err));
		assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
		assert_false(put(one, STORE_CONFIG, keys[i], 1, STORE_ANY, NULL, &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	}
	assert_false(store_get(one, STORE_ONCE, "", &entry, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
}

static void
once_is_read_from_the_bucket(void **state)
{
	StoreEntry entry;
	uint64_t revision;
	SluiceError err;

	(void) state;
	assert_true(put(one, STORE_ONCE, "ticket.a", 1, 0, &revision, &err));
	assert_true(store_get(other, STORE_ONCE, "ticket.a", &entry, &err));
	assert_int_equal(number_of(&entry), 1);
	assert_true(entry.revision == revision);
	store_entry_free(&entry);
	assert_true(store_delete(one, STORE_ONCE, "ticket.a", revision, &err));
	assert_false(store_delete(other, STORE_ONCE, "ticket.a", revision, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_false(store_get(other, STORE_ONCE, "ticket.a", &entry, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
}

typedef struct Heard
{
	pthread_mutex_t lock;
	int changes, removals, last;
	char key[64];
} Heard;

static void
hear(void *context, StoreArea area, const StoreEntry *entry)
{
	Heard *heard = context;

	if (area != STORE_STATE || strncmp(entry->key, "worker.", 7) != 0)
		return;
	(void) pthread_mutex_lock(&heard->lock);
	(void) snprintf(heard->key, sizeof(heard->key), "%.60s", entry->key);
	if (entry->value == NULL)
		heard->removals++;
	else
	{
		heard->changes++;
		heard->last = number_of(entry);
	}
	(void) pthread_mutex_unlock(&heard->lock);
}

static void
wait_heard(Heard *heard, int changes, int removals)
{
	for (int i = 0; i < TRIES; i++)
	{
		bool done;

		(void) pthread_mutex_lock(&heard->lock);
		done = heard->changes == changes && heard->removals == removals;
		(void) pthread_mutex_unlock(&heard->lock);
		if (done)
			return;
		pause_a_little();
	}
	fail_msg("heard of %d changes and %d removals", heard->changes, heard->removals);
}

static void
changes_are_told_once_each(void **state)
{
	static Heard heard = {.lock = PTHREAD_MUTEX_INITIALIZER};
	SluiceError err;

	(void) state;
	assert_true(store_on_change(one, hear, &heard, &err));
	assert_true(put(one, STORE_STATE, "worker.own", 1, 0, NULL, &err));
	wait_heard(&heard, 1, 0);
	assert_true(put(other, STORE_STATE, "worker.other", 2, 0, NULL, &err));
	wait_heard(&heard, 2, 0);
	assert_int_equal(heard.last, 2);
	assert_true(store_delete(one, STORE_STATE, "worker.own", STORE_ANY, &err));
	wait_heard(&heard, 2, 1);
	/* nothing anew after a connection that was lost */
	nats_server_restart(&server, false);
	put_in_the_end(one, STORE_STATE, "worker.own", 3, STORE_ANY, NULL);
	wait_heard(&heard, 3, 1);
}

static void
reads_go_on_without_nats(void **state)
{
	StoreEntry entry;
	uint64_t revision;
	SluiceError err;

	(void) state;
	wait_ready(one);
	wait_ready(other);
	assert_true(put(one, STORE_CONFIG, "stream.default.kept", 7, STORE_ANY, &revision, &err));
	nats_server_kill(&server, SIGKILL);
	wait_not_ready(one);
	assert_true(store_get(one, STORE_CONFIG, "stream.default.kept", &entry, &err));
	assert_int_equal(number_of(&entry), 7);
	store_entry_free(&entry);
	assert_false(put(one, STORE_CONFIG, "stream.default.kept", 8, revision, NULL, &err));
	assert_true(sluice_error_transient(err.code));
	assert_false(store_ready(one, &err));
	assert_true(err.message[0] != '\0');
	nats_server_restart(&server, false);
	wait_ready(one);
	wait_ready(other);
	put_in_the_end(one, STORE_CONFIG, "stream.default.kept", 9, revision, &revision);
	wait_revision(other, STORE_CONFIG, "stream.default.kept", revision);
}

/* Removed while a store was away, and a bucket that counts from 1 again. */
static void
copies_follow_what_happened_meanwhile(void **state)
{
	StoreEntry entry;
	uint64_t revision;
	SluiceError err;

	(void) state;
	for (int i = 0; i < 5; i++)
		assert_true(put(one, STORE_CONFIG, "stream.default.lost", i, STORE_ANY, &revision, &err));
	wait_revision(other, STORE_CONFIG, "stream.default.lost", revision);
	nats_server_restart(&server, true);
	wait_not_ready(one);
	wait_revision(one, STORE_CONFIG, "stream.default.lost", 0);
	wait_revision(other, STORE_CONFIG, "stream.default.lost", 0);
	wait_ready(one);
	wait_ready(other);
	put_in_the_end(one, STORE_CONFIG, "stream.default.new", 1, 0, &revision);
	assert_true(revision < 5);
	assert_true(store_get(one, STORE_CONFIG, "stream.default.new", &entry, &err));
	store_entry_free(&entry);
	wait_revision(other, STORE_CONFIG, "stream.default.new", revision);
}

static void
what_is_no_document_is_left_out(void **state)
{
	NatsSession session;
	StoreEntry entry;
	BucketWrite write = {.kind = BUCKET_PUT,
						 .key = "stream.default.bad",
						 .value = "{no json",
						 .length = 8,
						 .revision = BUCKET_ANY};
	uint64_t revision;
	SluiceError err;

	(void) state;
	assert_true(nats_session_open(&session, &settings, &err));
	assert_true(bucket_write(&session, CONFIG_BUCKET, &write, NULL, &err));
	nats_session_close(&session);
	assert_true(put(other, STORE_CONFIG, "stream.default.good", 1, STORE_ANY, &revision, &err));
	wait_revision(one, STORE_CONFIG, "stream.default.good", revision);
	assert_false(store_get(one, STORE_CONFIG, "stream.default.bad", &entry, &err));
	assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
}

static void
ignore_change(void *context, StoreArea area, const StoreEntry *entry)
{
	(void) context;
	(void) area;
	(void) entry;
}

static int
count_message(void)
{
	jsStreamInfo *info = NULL;
	NatsSession session;
	SluiceError err;
	int count;

	assert_true(nats_session_open(&session, &settings, &err));
	assert_int_equal(js_GetStreamInfo(&info, session.jetstream, "KV_" STATE_BUCKET, NULL, NULL),
					 NATS_OK);
	count = (int) info->State.Msgs;
	jsStreamInfo_Destroy(info);
	nats_session_close(&session);
	return count;
}

/* Else removals would be read for ever. */
static void
marks_of_removals_are_taken_away(void **state)
{
	BucketSettings bucket = {.name = STATE_BUCKET, .history = 1};
	StoreFollowerSettings follower_settings = {.nats = &settings,
											   .buckets = &bucket,
											   .bucket_count = 1,
											   .copy = store_copy_new(),
											   .changed = ignore_change};
	StoreFollower *follower;
	uint64_t revision;
	SluiceError err;
	int before = count_message();

	(void) state;
	assert_true(put(one, STORE_STATE, "drain.kept", 1, 0, &revision, &err));
	assert_true(put(one, STORE_STATE, "drain.gone", 1, 0, NULL, &err));
	assert_true(store_delete(one, STORE_STATE, "drain.gone", STORE_ANY, &err));
	assert_int_equal(count_message(), before + 2);
	follower = store_follower_start(&follower_settings, &err);
	assert_non_null(follower);
	for (int i = 0; i < TRIES && !store_follower_ready(follower, &err); i++)
		pause_a_little();
	assert_true(store_follower_ready(follower, &err));
	store_follower_stop(follower);
	store_copy_free(follower_settings.copy);
	assert_true(count_message() <= before + 1);
	wait_revision(other, STORE_STATE, "drain.kept", revision);
	assert_true(put(one, STORE_STATE, "drain.gone", 2, 0, &revision, &err));
	wait_revision(other, STORE_STATE, "drain.gone", revision);
	assert_true(store_delete(one, STORE_STATE, "drain.gone", revision, &err));
	assert_true(store_delete(one, STORE_STATE, "drain.kept", STORE_ANY, &err));
}

typedef struct Racer
{
	Store *store;
	int won;
} Racer;

#define ROUNDS 40

static void *
race(void *argument)
{
	Racer *racer = argument;

	for (int i = 0; i < ROUNDS; i++)
	{
		char key[48];
		SluiceError err;

		(void) snprintf(key, sizeof(key), "idempotency.default.r%d", i);
		if (put(racer->store, STORE_ONCE, key, i, 0, NULL, &err))
			racer->won++;
		else
			assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	}
	return NULL;
}

static void
of_several_one_creates(void **state)
{
	Racer racers[4];
	pthread_t threads[4];
	int won = 0;

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		racers[i] = (Racer){.store = i % 2 == 0 ? one : other};
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < 4; i++)
	{
		(void) pthread_join(threads[i], NULL);
		won += racers[i].won;
	}
	assert_int_equal(won, ROUNDS);
}

typedef struct Adder
{
	Store *store;
	int added, unknown;
} Adder;

#define ADDITIONS 60
#define COUNTER	  "run.default.counter"

/* Adds one to the counter as often as it is told so. */
static void *
add(void *argument)
{
	Adder *adder = argument;

	while (adder->added < ADDITIONS)
	{
		StoreEntry entry;
		SluiceError err = {.code = SLUICE_OK};

		if (store_get(adder->store, STORE_STATE, COUNTER, &entry, &err) &&
			put(adder->store, STORE_STATE, COUNTER, number_of(&entry) + 1, entry.revision, NULL,
				&err))
			adder->added++;
		else if (err.code != SLUICE_ERROR_CONFLICT)
			adder->unknown++;
		store_entry_free(&entry);
		if (err.code != SLUICE_OK)
			pause_a_little();
	}
	return NULL;
}

/* What was told to be written is, and nothing is written twice, whenever NATS is killed. */
static void
writes_count_once_while_nats_is_killed(void **state)
{
	Adder adders[4] = {{.store = one}, {.store = other}, {.store = one}, {.store = other}};
	pthread_t threads[4];
	StoreEntry entry;
	SluiceError err;
	uint64_t revision;
	int added = 0, unknown = 0;

	(void) state;
	assert_true(put(one, STORE_STATE, COUNTER, 0, STORE_ANY, &revision, &err));
	wait_revision(other, STORE_STATE, COUNTER, revision);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add, &adders[i]), 0);
	for (int i = 0; i < 3; i++)
	{
		for (int at = 0; at < 5; at++)
			pause_a_little();
		nats_server_restart(&server, false);
		wait_ready(one);
	}
	for (int i = 0; i < 4; i++)
	{
		(void) pthread_join(threads[i], NULL);
		added += adders[i].added;
		unknown += adders[i].unknown;
	}
	assert_int_equal(added, 4 * ADDITIONS);
	put_in_the_end(one, STORE_STATE, "run.default.last", 1, STORE_ANY, &revision);
	wait_revision(other, STORE_STATE, "run.default.last", revision);
	assert_true(store_get(other, STORE_STATE, COUNTER, &entry, &err));
	if (number_of(&entry) < added || number_of(&entry) > added + unknown)
		fail_msg("%d, but %d were added and %d perhaps", number_of(&entry), added, unknown);
	store_entry_free(&entry);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_writes_are_seen_at_once_and_others_soon),
		cmocka_unit_test(writes_mind_the_revision),
		cmocka_unit_test(lists_are_in_order_and_within_the_prefix),
		cmocka_unit_test(long_lists_are_whole),
		cmocka_unit_test(history_has_former_values),
		cmocka_unit_test(secrets_have_no_history),
		cmocka_unit_test(bad_keys_are_nowhere),
		cmocka_unit_test(once_is_read_from_the_bucket),
		cmocka_unit_test(of_several_one_creates),
		cmocka_unit_test(marks_of_removals_are_taken_away),
		cmocka_unit_test(changes_are_told_once_each),
		cmocka_unit_test(writes_count_once_while_nats_is_killed),
		cmocka_unit_test(reads_go_on_without_nats),
		cmocka_unit_test(what_is_no_document_is_left_out),
		cmocka_unit_test(copies_follow_what_happened_meanwhile),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
