/*
 * audit_test.c - the audit chain on a nats-server of its own: several servers write one chain, and whatever is changed in it
 * shows.
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

#include "common/control/layout.h"
#include "control/store/audit.h"
#include "control/store/audit_entry.h"
#include "support/nats_server.h"

#define THREADS 4
#define ROUNDS	10

static NatsServer server;
static NatsSettings settings = {.name = "audit_test"};
static Audit *one, *other;

static int
start(void **state)
{
	SluiceError err;

	(void) state;
	nats_server_start(&server, NULL);
	settings.urls = server.url;
	one = audit_new(&settings, 1, &err);
	other = audit_new(&settings, 1, &err);
	return one != NULL && other != NULL ? 0 : -1;
}

static int
stop(void **state)
{
	(void) state;
	audit_free(one);
	audit_free(other);
	nats_server_stop(&server);
	return nats_CloseAndWait(5000) == NATS_OK ? 0 : -1;
}

static AuditRecord
record(const char *tenant, const char *object)
{
	return (AuditRecord){.tenant = tenant,
						 .key_id = "key_a",
						 .address = "127.0.0.1",
						 .request_id = "r1",
						 .action = "createStream",
						 .object = object,
						 .revision = "\"7\"",
						 .status = 201};
}

static void
append(Audit *audit, const char *tenant, const char *object)
{
	AuditRecord entry = record(tenant, object);
	SluiceError err;

	if (!audit_append(audit, &entry, &err))
		fail_msg("%s", err.message);
}

static void
expect_whole(const char *tenant, uint64_t entries)
{
	AuditVerdict verdict;
	SluiceError err;

	assert_true(audit_verify(one, tenant, &verdict, &err));
	if (!verdict.whole)
		fail_msg("%s at %d", verdict.reason, (int) verdict.broken_at);
	assert_true(verdict.entries == entries);
	assert_int_equal(strlen(verdict.last_hash), 64);
}

static void
entries_are_listed_newest_first(void **state)
{
	json_t *items;
	uint64_t next;
	SluiceError err;

	(void) state;
	assert_true(audit_list(one, "acme", 0, 10, &items, &next, &err));
	assert_int_equal(json_array_size(items), 0);
	assert_true(next == 0);
	json_decref(items);
	expect_whole("acme", 0);
	append(one, "acme", "/1");
	append(other, "beta", "/other");
	append(other, "acme", "/2");
	append(one, "acme", "/3");
	assert_true(audit_list(other, "acme", 0, 2, &items, &next, &err));
	assert_int_equal(json_array_size(items), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "object")),
						"/3");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(items, 1), "number")), 2);
	json_decref(items);
	assert_true(audit_list(one, "acme", next, 2, &items, &next, &err));
	assert_int_equal(json_array_size(items), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "object")),
						"/1");
	assert_true(next == 0);
	json_decref(items);
	expect_whole("acme", 3);
	expect_whole("beta", 1);
}

/* A cursor somebody made up does not lead to another tenant's entries. */
static void
tenants_see_only_their_own(void **state)
{
	json_t *items;
	uint64_t next;
	SluiceError err;

	(void) state;
	for (uint64_t sequence = 1; sequence <= 4; sequence++)
	{
		if (!audit_list(one, "beta", sequence, 10, &items, &next, &err))
		{
			assert_int_equal(err.code, SLUICE_ERROR_NOT_FOUND);
			continue;
		}
		assert_int_equal(json_array_size(items), 1);
		assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "object")),
							"/other");
		json_decref(items);
	}
	assert_false(audit_list(one, "a.b", 0, 10, &items, &next, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
}

static void *
append_many(void *argument)
{
	for (int i = 0; i < ROUNDS; i++)
		append(argument, "many", "/x");
	return NULL;
}

static void
several_servers_write_one_chain(void **state)
{
	pthread_t threads[THREADS];

	(void) state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, append_many, i % 2 == 0 ? one : other),
						 0);
	for (int i = 0; i < THREADS; i++)
		(void) pthread_join(threads[i], NULL);
	expect_whole("many", THREADS * ROUNDS);
}

static void
nats_may_start_again(void **state)
{
	(void) state;
	nats_server_restart(&server, false);
	append(one, "acme", "/4");
	append(other, "acme", "/5");
	expect_whole("acme", 5);
}

/* Somebody who may publish puts an entry of his own at the end. */
static void
false_entries_show(void **state)
{
	static const char text[] =
		"{\"v\":1,\"number\":6,\"previous\":\"00\",\"hash\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\"}";
	AuditVerdict verdict;
	NatsSession session;
	SluiceError err;

	(void) state;
	assert_true(nats_session_open(&session, &settings, &err));
	assert_int_equal(js_Publish(NULL, session.jetstream, AUDIT_SUBJECT ".acme", text,
								(int) strlen(text), NULL, NULL),
					 NATS_OK);
	nats_session_close(&session);
	assert_true(audit_verify(one, "acme", &verdict, &err));
	assert_false(verdict.whole);
	assert_true(verdict.broken_at == 6);
	assert_true(verdict.entries == 6);
}

/* Each member of each entry counts, and so does the order. */
static void
changes_break_the_chain(void **state)
{
	char reason[160];
	AuditPlace place, second_place;
	AuditRecord what = record("acme", "/1");
	json_t *first, *second;
	const char *name;
	json_t *value;

	(void) state;
	audit_place_init(&place);
	first = audit_entry_make(&what, &place);
	assert_true(audit_entry_follows(first, &place, reason, sizeof(reason)));
	second = audit_entry_make(&what, &place);
	second_place = place;
	assert_true(audit_entry_follows(second, &second_place, reason, sizeof(reason)));
	assert_false(audit_entry_follows(second, &second_place, reason, sizeof(reason)));
	assert_false(audit_entry_follows(first, &place, reason, sizeof(reason)));
	json_object_foreach(second, name, value)
	{
		json_t *changed = json_deep_copy(second);
		AuditPlace at = place;

		(void) json_object_set_new(changed, name, json_string("changed"));
		assert_false(audit_entry_follows(changed, &at, reason, sizeof(reason)));
		(void) json_object_del(changed, name);
		assert_false(audit_entry_follows(changed, &at, reason, sizeof(reason)));
		json_decref(changed);
	}
	assert_false(audit_entry_follows(NULL, &place, reason, sizeof(reason)));
	json_decref(first);
	json_decref(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_break_the_chain),
		cmocka_unit_test(entries_are_listed_newest_first),
		cmocka_unit_test(tenants_see_only_their_own),
		cmocka_unit_test(several_servers_write_one_chain),
		cmocka_unit_test(nats_may_start_again),
		cmocka_unit_test(false_entries_show),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
