/*
 * layout_test.c - keys are made of sound parts only, so that nothing a client sends leads out of its tenant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/control/layout.h"
#include "common/nats/jetstream.h"

static void
keys_are_what_the_page_says(void **state)
{
	char key[LAYOUT_KEY_MAXIMUM];

	(void) state;
	assert_string_equal(tenant_key(key, "acme"), "tenant.acme");
	assert_string_equal(connection_key(key, "acme", "conn_a"), "connection.acme.conn_a");
	assert_string_equal(stream_key(key, "acme", "str_a"), "stream.acme.str_a");
	assert_string_equal(name_key(key, "acme_orders"), "name.acme_orders");
	assert_string_equal(connection_name_key(key, "acme", "00ff"), "cname.acme.00ff");
	assert_string_equal(api_key_key(key, "key_a"), "key.key_a");
	assert_string_equal(secret_key(key, "acme", "conn_a", SECRET_CA), "secret.acme.conn_a.ca");
	assert_string_equal(alert_key(key, "acme", "alert_a"), "alert.acme.alert_a");
	assert_string_equal(run_key(key, "acme", "run_a"), "run.acme.run_a");
	assert_string_equal(run_list_key(key, "acme", "str_a"), "runs.acme.str_a");
	assert_string_equal(job_key(key, "run_a", "writer-a-0"), "job.run_a.writer-a-0");
	assert_string_equal(run_tables_key(key, "run_a"), "tables.run_a");
	assert_string_equal(worker_key(key, "wrk_a"), "worker.wrk_a");
	assert_string_equal(drain_key(key, "wrk_a"), "drain.wrk_a");
	assert_string_equal(used_key(key, "key_a"), "used.key_a");
	assert_string_equal(usage_key(key, "acme", "str_a", "20260131"), "usage.acme.str_a.20260131");
	assert_string_equal(meter_key(key, "acme", "str_a"), "meter.acme.str_a");
	assert_string_equal(idempotency_key(key, "acme", "00ff"), "idempotency.acme.00ff");
	assert_string_equal(ticket_key(key, "00ff"), "ticket.00ff");
	assert_string_equal(job_lease_key(key, "run_a", "reader"), "lease.job.run_a.reader");
	assert_string_equal(key_prefix(key, "stream", "acme", NULL), "stream.acme.");
	assert_string_equal(key_prefix(key, "usage", "acme", "str_a"), "usage.acme.str_a.");
	assert_string_equal(key_prefix(key, "key", NULL, NULL), "key.");
	assert_string_equal(key_last("usage.acme.str_a.20260131"), "20260131");
	assert_string_equal(key_last("plain"), "plain");
}

static void
unsound_parts_make_no_key(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"a.b",
		".a",
		"a.",
		"*",
		">",
		"a b",
		"a/b",
		"a\n",
		"$KV",
		"\"",
		"a\\",
		"\x7f",
		"\xc3\xa9",
		"a\xff",
		"%2e%2e",
		"a;b",
		"a'b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	char key[LAYOUT_KEY_MAXIMUM];

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_string_equal(connection_key(key, "acme", bad[i]), "");
		assert_string_equal(connection_key(key, bad[i], "conn_a"), "");
		assert_string_equal(api_key_key(key, bad[i]), "");
		assert_string_equal(key_prefix(key, "stream", bad[i], NULL), "");
		assert_false(tenant_valid(bad[i]));
		assert_false(id_valid(bad[i], ID_CONNECTION));
	}
}

static void
ids_and_tenants(void **state)
{
	(void) state;
	assert_true(tenant_valid("a"));
	assert_true(tenant_valid("abcdefgh01234567"));
	assert_false(tenant_valid("abcdefgh012345678"));
	assert_false(tenant_valid("Acme"));
	assert_false(tenant_valid("a_b"));
	assert_true(id_valid("conn_abcdefghij0123456789", ID_CONNECTION));
	assert_false(id_valid("conn_abcdefghij0123456789", ID_RUN));
	assert_false(id_valid("conn_abcdefghij012345678", ID_CONNECTION));
	assert_false(id_valid("conn_abcdefghij01234567890", ID_CONNECTION));
	assert_false(id_valid("conn_abcdefghij012345678A", ID_CONNECTION));
}

static void
streams_names_in_nats(void **state)
{
	char text[SUBJECT_TEXT];
	SluiceError err;

	(void) state;
	assert_true(stream_name_in_nats(text, TENANT_DEFAULT, "orders", &err));
	assert_string_equal(text, "orders");
	assert_true(stream_name_in_nats(text, "acme", "orders", &err));
	assert_string_equal(text, "acme_orders");
	assert_true(stream_name_in_nats(text, "acme", "abcdefghijabcdefghijabcdefghijabcde", &err));
	assert_false(stream_name_in_nats(text, "acme", "abcdefghijabcdefghijabcdefghijabcdef", &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	assert_false(stream_name_in_nats(text, "acme", "", &err));
	assert_false(stream_name_in_nats(text, "acme", "a.b", &err));
	assert_false(stream_name_in_nats(text, "Acme", "orders", &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_what_the_page_says),
		cmocka_unit_test(unsound_parts_make_no_key),
		cmocka_unit_test(ids_and_tenants),
		cmocka_unit_test(streams_names_in_nats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
