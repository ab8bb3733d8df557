/*
 * lease_test.c - two owners and a clock of the test's own: who holds the lease, and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "common/nats/lease.h"
#include "support/nats_server.h"

#define TTL 3000

static NatsServer server;
static NatsSession session;
static Lease a, b;

static int
start(void **state)
{
	NatsSettings settings = {.name = "lease_test"};
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

/* A fresh key for each test. */
static void
two(const char *key)
{
	lease_init(&a, key, "host-1-aaaa", TTL);
	lease_init(&b, key, "host-2-bbbb", TTL);
}

static bool
step(Lease *lease, int64_t now)
{
	SluiceError err;

	assert_true(lease_step(lease, &session, now, &err));
	return lease->held;
}

static void
one_holds_it_and_renews(void **state)
{
	uint64_t revision;

	(void) state;
	two("lease.renew");
	assert_true(step(&a, 0));
	revision = a.revision;
	assert_false(step(&b, 100));
	assert_true(step(&a, TTL / 3 - 1));
	assert_true(a.revision == revision);
	assert_true(step(&a, TTL / 3));
	assert_true(a.revision > revision);
	for (int64_t now = TTL / 3; now < 5 * TTL; now += 900)
	{
		assert_true(step(&a, now));
		assert_false(step(&b, now));
	}
}

static void
other_takes_over_after_the_time(void **state)
{
	(void) state;
	two("lease.takeover");
	assert_true(step(&a, 0));
	assert_false(step(&b, 500));
	assert_false(step(&b, 500 + TTL - 1));
	assert_true(step(&b, 500 + TTL));
	assert_false(step(&a, 600 + TTL));
	assert_true(step(&b, 1000 + TTL));
	assert_false(step(&a, 2000 + TTL));
}

/* A holder that was stopped knows that its time is over before anybody has taken it. */
static void
holder_that_slept_starts_over(void **state)
{
	(void) state;
	two("lease.slept");
	assert_true(step(&a, 0));
	assert_false(step(&b, TTL + 50));
	assert_true(step(&a, TTL + 100)); /* nobody else took it */
	assert_false(step(&b, 2 * TTL + 60));
	assert_true(step(&b, 3 * TTL + 60));
	assert_false(step(&a, 3 * TTL + 70));
	assert_false(step(&a, 3 * TTL + 80));
}

static void
released_is_free_at_once(void **state)
{
	(void) state;
	two("lease.release");
	assert_true(step(&a, 0));
	assert_false(step(&b, 10));
	lease_release(&a, &session);
	assert_false(a.held);
	assert_true(step(&b, 20));
	lease_release(&a, &session); /* not held: leaves the other's alone */
	assert_true(step(&b, 20 + TTL / 3));
	assert_false(step(&a, 30 + TTL / 3));
}

/* A release that comes too late must not free what somebody else has taken. */
static void
late_release_changes_nothing(void **state)
{
	(void) state;
	two("lease.late");
	assert_true(step(&a, 0));
	assert_false(step(&b, 0));
	assert_true(step(&b, TTL));
	assert_true(a.held); /* it does not know yet */
	lease_release(&a, &session);
	assert_true(step(&b, TTL + TTL / 3));
	assert_false(step(&a, TTL + TTL / 3));
}

/* Its own name in the key: the answer to a write was lost, or it crashed and kept its name. */
static void
own_entry_is_taken_at_once(void **state)
{
	SluiceError err;

	(void) state;
	two("lease.own");
	assert_true(step(&a, 0));
	assert_true(kv_put(&session, "lease.own", a.owner, KV_ANY_REVISION, NULL, &err));
	assert_true(step(&a, TTL / 3));
	a.held = false;
	assert_true(step(&a, TTL / 2));
}

static void
removed_key_is_taken_again(void **state)
{
	SluiceError err;

	(void) state;
	two("lease.removed");
	assert_true(step(&a, 0));
	assert_true(kv_delete(&session, "lease.removed", &err));
	assert_true(step(&a, TTL / 3));
	assert_false(step(&b, TTL / 3));
}

/* Without a server the holder keeps it until its time is over, and no longer. */
static void
no_server_means_no_lease_in_time(void **state)
{
	NatsSettings settings = {.urls = server.url};
	SluiceError err;

	(void) state;
	two("lease.away");
	assert_true(step(&a, 0));
	nats_server_kill(&server, SIGKILL);
	assert_false(lease_step(&a, &session, TTL / 3, &err));
	assert_true(sluice_error_transient(err.code));
	assert_true(a.held);
	assert_false(lease_step(&a, &session, TTL, &err));
	assert_false(a.held);
	nats_server_restart(&server, false);
	nats_session_close(&session);
	assert_true(nats_session_open(&session, &settings, &err));
	assert_false(step(&b, TTL));
	assert_true(step(&a, TTL + 10));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_holds_it_and_renews),
		cmocka_unit_test(other_takes_over_after_the_time),
		cmocka_unit_test(holder_that_slept_starts_over),
		cmocka_unit_test(released_is_free_at_once),
		cmocka_unit_test(late_release_changes_nothing),
		cmocka_unit_test(own_entry_is_taken_at_once),
		cmocka_unit_test(removed_key_is_taken_again),
		cmocka_unit_test(no_server_means_no_lease_in_time),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
