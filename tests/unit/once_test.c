/*
 * once_test.c - answers that are repeated and tickets that are taken once, whoever comes at the same moment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/control/timestamp.h"
#include "control/store/once.h"
#include "control/store/secret_keeper_sealed.h"
#include "support/memory_store.h"

#define THREADS 8

static char folder[] = "/tmp/sluice-once.XXXXXX";
static char path[64];
static Store *store;
static SecretKeeper *keeper;

static int
start(void **state)
{
	SluiceError err;

	(void) state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void) snprintf(path, sizeof(path), "%s/key", folder);
	store = memory_store_new();
	keeper = secret_keeper_sealed_new(store, path, NULL, &err);
	return keeper != NULL ? 0 : -1;
}

static int
stop(void **state)
{
	(void) state;
	secret_keeper_stop(keeper);
	store_stop(store);
	(void) unlink(path);
	return rmdir(folder);
}

static OnceOutcome
claim(const char *key, const char *fingerprint, OnceClaim *claimed, json_t **answer)
{
	OnceOutcome outcome;
	SluiceError err;

	assert_true(once_claim(store, keeper, "acme", "key_a", key, fingerprint, claimed, &outcome,
						   answer, &err));
	return outcome;
}

static void
what_was_done_is_repeated(void **state)
{
	OnceClaim first, second;
	StoreEntry entry;
	SluiceError err;
	json_t *answer, *done = json_pack("{s:i, s:s}", "status", 201, "key", "slc_secret");
	char *text;

	(void) state;
	assert_int_equal(claim("k1", "f1", &first, &answer), ONCE_FIRST);
	assert_int_equal(claim("k1", "f1", &second, &answer), ONCE_BUSY);
	assert_true(once_complete(store, keeper, &first, done, &err));
	assert_int_equal(claim("k1", "f1", &second, &answer), ONCE_REPEATED);
	assert_true(json_equal(answer, done));
	json_decref(answer);
	assert_int_equal(claim("k1", "f2", &second, &answer), ONCE_MISMATCH);
	assert_null(answer);
	/* the answer is not in the store as it is */
	assert_true(store_get(store, STORE_ONCE, first.key, &entry, &err));
	text = json_dumps(entry.value, 0);
	assert_null(strstr(text, "slc_secret"));
	free(text);
	store_entry_free(&entry);
	json_decref(done);
}

static void
what_was_not_done_may_be_tried_again(void **state)
{
	OnceClaim first, second;
	SluiceError err;
	json_t *answer;

	(void) state;
	assert_int_equal(claim("k2", "f1", &first, &answer), ONCE_FIRST);
	assert_true(once_abandon(store, &first, &err));
	assert_int_equal(claim("k2", "f2", &second, &answer), ONCE_FIRST);
	assert_true(once_abandon(store, &second, &err));
}

static void
keys_are_the_callers_own(void **state)
{
	OnceClaim first, second;
	OnceOutcome outcome;
	SluiceError err;
	json_t *answer;

	(void) state;
	assert_int_equal(claim("k3", "f1", &first, &answer), ONCE_FIRST);
	assert_true(
		once_claim(store, keeper, "other", "key_a", "k3", "f1", &second, &outcome, &answer, &err));
	assert_int_equal(outcome, ONCE_FIRST);
	assert_true(
		once_claim(store, keeper, "acme", "key_b", "k3", "f1", &second, &outcome, &answer, &err));
	assert_int_equal(outcome, ONCE_FIRST);
}

/* Whoever claimed it died: another goes on, one only, and the dead one cannot complete it any more. */
static void
a_claim_is_taken_over(void **state)
{
	OnceClaim first, second, third;
	StoreEntry entry;
	SluiceError err;
	json_t *answer, *old, *done = json_object();

	(void) state;
	assert_int_equal(claim("k4", "f1", &first, &answer), ONCE_FIRST);
	assert_true(store_get(store, STORE_ONCE, first.key, &entry, &err));
	old = json_deep_copy(entry.value);
	(void) json_object_set_new(old, "claimed_ms",
							   json_integer(timestamp_now() - ONCE_CLAIM_MS - 1));
	assert_true(
		store_put(store, STORE_ONCE, first.key, old, entry.revision, &first.revision, &err));
	store_entry_free(&entry);
	json_decref(old);
	assert_int_equal(claim("k4", "f1", &second, &answer), ONCE_FIRST);
	assert_int_equal(claim("k4", "f1", &third, &answer), ONCE_BUSY);
	assert_false(once_complete(store, keeper, &first, done, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	assert_true(once_complete(store, keeper, &second, done, &err));
	json_decref(done);
}

static void
fingerprints_tell_requests_apart(void **state)
{
	static const char *const requests[][3] = {
		{"POST", "/a", "b"}, {"POST", "/ab", ""}, {"POST", "", "/ab"}, {"POST", "/ab", NULL}};
	char prints[4][ONCE_FINGERPRINT];

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		once_fingerprint(requests[i], 3, prints[i]);
		for (int other = 0; other < i; other++)
			assert_string_not_equal(prints[i], prints[other]);
	}
}

typedef struct Taker
{
	const char *text;
	int taken;
} Taker;

static void *
take(void *argument)
{
	Taker *taker = argument;
	SluiceError err;
	json_t *holder;

	if (ticket_take(store, taker->text, &holder, &err))
	{
		taker->taken++;
		json_decref(holder);
	}
	return NULL;
}

static void
a_ticket_is_taken_once(void **state)
{
	char text[TICKET_TEXT];
	pthread_t threads[THREADS];
	Taker takers[THREADS];
	SluiceError err;
	json_t *holder = json_pack("{s:s}", "tenant", "acme");
	int taken = 0;

	(void) state;
	assert_true(ticket_make(store, holder, 30, text, &err));
	for (int i = 0; i < THREADS; i++)
	{
		takers[i] = (Taker){.text = text};
		assert_int_equal(pthread_create(&threads[i], NULL, take, &takers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
	{
		(void) pthread_join(threads[i], NULL);
		taken += takers[i].taken;
	}
	assert_int_equal(taken, 1);
	json_decref(holder);
}

static void
old_and_false_tickets_are_refused(void **state)
{
	static const char *const bad[] = {"", "x", "0123456789012345678901234567890123456789abc",
									  "0123456789012345678901234567890123456789abcdef"};
	char text[TICKET_TEXT];
	SluiceError err;
	json_t *holder = json_object(), *taken;

	(void) state;
	assert_true(ticket_make(store, holder, -1, text, &err));
	assert_false(ticket_take(store, text, &taken, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_false(ticket_take(store, bad[i], &taken, &err));
		assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	}
	json_decref(holder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_done_is_repeated),
		cmocka_unit_test(what_was_not_done_may_be_tried_again),
		cmocka_unit_test(keys_are_the_callers_own),
		cmocka_unit_test(a_claim_is_taken_over),
		cmocka_unit_test(fingerprints_tell_requests_apart),
		cmocka_unit_test(a_ticket_is_taken_once),
		cmocka_unit_test(old_and_false_tickets_are_refused),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
