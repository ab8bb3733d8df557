/*
 * Runs in a store in memory: one at a time whoever begins it and wherever a server died, states and ends as jobs report,
 * streams that go, what is swept up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "common/control/layout.h"
#include "control/resource/answer.h"
#include "control/resource/name_claim.h"
#include "control/resource/run_document.h"
#include "control/resource/run_limits.h"
#include "control/resource/run_start.h"
#include "control/resource/run_tables.h"
#include "control/resource/runs.h"
#include "control/resource/stream_name.h"
#include "control/resource/sweep.h"
#include "support/memory_store.h"

#define TENANT	"default"
#define STREAM	"str_00000000000000000001"
#define WORKER	"wrk_00000000000000000001"
#define LONG_MS 3700000

static Control control;

static void
put(StoreArea area, const char *key, json_t *value)
{
	SluiceError err;

	assert_non_null(value);
	if (!store_put(control.store, area, key, value, STORE_ANY, NULL, &err))
		fail_msg("%s", err.message);
	json_decref(value);
}

static void
put_connection(const char *id, const char *type)
{
	char key[LAYOUT_KEY_MAXIMUM];

	put(STORE_CONFIG, connection_key(key, TENANT, id),
		json_pack(
			"{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:b, s:{s:s, s:b, s:b, s:b}, s:{}, s:s, s:n}",
			"id", id, "name", id, "type", type, "host", "db", "port", 5432, "database", "shop",
			"user", "sluice", "has_password", 1, "tls", "mode", "disable", "has_ca", 0,
			"has_certificate", 0, "has_key", 0, "options", "created_at", "2026-01-01T00:00:00.000Z",
			"last_test"));
}

static void
put_stream(void)
{
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	if (!stream_name_claim(&control, TENANT, "shop", STREAM, &err))
		fail_msg("%s", err.message);
	put(STORE_CONFIG, stream_key(key, TENANT, STREAM),
		json_pack(
			"{s:s, s:s, s:s, s:{s:s, s:[], s:n, s:{}}, s:[{s:s, s:s, s:i, s:{}}], s:{s:n, s:n}}",
			"id", STREAM, "name", "shop", "mode", "convert+cdc", "source", "connection_id",
			"conn_1", "tables", "publication", "options", "targets", "name", "writer",
			"connection_id", "conn_2", "writers", 2, "options", "limits", "rows", "seconds"));
}

static int
set_up(void **state)
{
	(void) state;
	control = (Control){.store = memory_store_new()};
	put_connection("conn_1", "postgresql");
	put_connection("conn_2", "mysql");
	put_stream();
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	store_stop(control.store);
	return 0;
}

/* The id of a run that begins; "" with the kind of problem when it may not. */
static ProblemType
begin(RunDesired desired, char run_id[ID_MAXIMUM + 1])
{
	char key[LAYOUT_KEY_MAXIMUM];
	Response response = {0};
	StoreEntry stream;
	ProblemType problem;
	json_t *run;

	assert_true(
		store_get(control.store, STORE_CONFIG, stream_key(key, TENANT, STREAM), &stream, NULL));
	run = run_begin(&control, TENANT, &stream, desired, &response);
	(void) snprintf(run_id, ID_MAXIMUM + 1, "%s", run != NULL ? text_of(run, "id") : "");
	json_decref(run);
	store_entry_free(&stream);
	problem = response.problem.type;
	response_free(&response);
	return problem;
}

static void
put_worker(void)
{
	char key[LAYOUT_KEY_MAXIMUM];

	put(STORE_STATE, worker_key(key, WORKER),
		json_pack("{s:s, s:[s,s], s:s}", "id", WORKER, "roles", "reader", "writer", "state",
				  "active"));
}

static void
report(const char *run_id, const char *job, const char *state)
{
	char key[LAYOUT_KEY_MAXIMUM];

	put(STORE_STATE, job_key(key, run_id, job),
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:n, s:n}", "run_id", run_id, "tenant", TENANT,
				  "job", job, "role", job[0] == 'w' ? "writer" : "reader", "worker_id", WORKER,
				  "state", state, "phase", "error"));
}

/* More tables than are kept. */
static void
put_tables(const char *run_id)
{
	json_t *run = json_pack("{s:s, s:s}", "id", run_id, "tenant", TENANT), *tables = json_array();
	char key[LAYOUT_KEY_MAXIMUM], name[32];

	for (int i = 0; i < 10000; i++)
	{
		(void) snprintf(name, sizeof(name), "public.t%05d", i);
		(void) json_array_append_new(tables,
									 json_pack("{s:s, s:i}", "table", name, "copied_rows", i));
	}
	put(STORE_STATE, run_tables_key(key, run_id), run_tables_document(run, tables));
	json_decref(tables);
	json_decref(run);
}

static void
tick(void)
{
	SluiceError err;

	if (!runs_tick(&control, &err))
		fail_msg("%s", err.message);
}

/* A member of the run as it is written. */
static const char *
written(const char *run_id, const char *member, char text[100])
{
	StoreEntry run;
	const char *value;

	assert_true(run_get(&control, TENANT, run_id, &run, NULL));
	value = text_of(run.value, member);
	(void) snprintf(text, 100, "%s", value != NULL ? value : "-");
	store_entry_free(&run);
	return text;
}

static void
set_desired(const char *run_id, const char *desired)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry run;
	json_t *changed;

	assert_true(run_get(&control, TENANT, run_id, &run, NULL));
	changed = json_copy(run.value);
	(void) json_object_set_new(changed, "desired", json_string(desired));
	put(STORE_STATE, run_key(key, TENANT, run_id), changed);
	store_entry_free(&run);
}

static void
stop(const char *run_id)
{
	set_desired(run_id, "stopped");
	tick();
}

static bool
count_one(void *context, const StoreEntry *entry)
{
	(void) entry;
	++*(size_t *) context;
	return true;
}

static size_t
count_keys(StoreArea area, const char *prefix)
{
	size_t count = 0;

	assert_true(store_each(control.store, area, prefix, NULL, count_one, &count, NULL));
	return count;
}

/* ---- beginning ---- */

static void
one_at_a_time(void **state)
{
	char first[ID_MAXIMUM + 1], second[ID_MAXIMUM + 1], text[100];

	(void) state;
	assert_int_equal(begin(DESIRED_RUNNING, first), PROBLEM_NONE);
	assert_int_equal(begin(DESIRED_RUNNING, second), PROBLEM_CONFLICT);
	stop(first);
	assert_string_equal(written(first, "state", text), "stopped");
	assert_string_not_equal(written(first, "ended_at", text), "-");
	assert_int_equal(begin(DESIRED_RUNNING, second), PROBLEM_NONE);
	assert_string_not_equal(first, second);
}

static void
what_it_keeps(void **state)
{
	char run_id[ID_MAXIMUM + 1];
	StoreEntry run;
	json_t *connection;

	(void) state;
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
	assert_true(run_get(&control, TENANT, run_id, &run, NULL));
	connection = json_object_get(json_object_get(json_object_get(run.value, "spec"), "source"),
								 "connection");
	assert_string_equal(text_of(connection, "host"), "db");
	assert_null(json_object_get(connection, "last_test"));
	assert_null(json_object_get(connection, "created_at"));
	assert_string_equal(text_of(run.value, "stream"), "shop");
	store_entry_free(&run);
}

/* A server that was faster by a moment, or one that died between naming a run and writing it. */
static void
somebody_else_begins(void **state)
{
	char key[LAYOUT_KEY_MAXIMUM], run_id[ID_MAXIMUM + 1], text[100];

	(void) state;
	memory_store_conflict(control.store, run_list_key(key, TENANT, STREAM));
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_CONFLICT);

	put(STORE_STATE, run_list_key(key, TENANT, STREAM),
		json_pack("{s:s, s:[s]}", "stream_id", STREAM, "runs", "run_never"));
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
	assert_string_equal(written("run_never", "reason", text), "never_begun");
	assert_string_not_equal(written("run_never", "ended_at", text), "-");
}

static void
old_runs_go(void **state)
{
	char run_id[ID_MAXIMUM + 1], first[ID_MAXIMUM + 1], prefix[LAYOUT_KEY_MAXIMUM];

	(void) state;
	assert_int_equal(begin(DESIRED_RUNNING, first), PROBLEM_NONE);
	report(first, "reader", "stopped");
	put_tables(first);
	stop(first);
	for (int i = 0; i < RUNS_KEPT; i++)
	{
		assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
		stop(run_id);
	}
	assert_int_equal(count_keys(STORE_STATE, "run."), RUNS_KEPT);
	assert_int_equal(count_keys(STORE_STATE, key_prefix(prefix, "job", first, NULL)), 0);
	assert_int_equal(count_keys(STORE_STATE, "tables."), 0);
}

/* Of a run that has ended there is what was kept, and no more than may be. */
static void
tables_of_a_run_that_ended(void **state)
{
	char key[LAYOUT_KEY_MAXIMUM], run_id[ID_MAXIMUM + 1];
	StoreEntry run, kept;
	json_t *tables;

	(void) state;
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
	stop(run_id);
	assert_true(run_get(&control, TENANT, run_id, &run, NULL));
	assert_true(run_has_ended(run.value));
	tables = run_tables(&control, run.value);
	assert_int_equal(json_array_size(tables), 0);
	json_decref(tables);
	put_tables(run_id);
	assert_true(store_get(control.store, STORE_STATE, run_tables_key(key, run_id), &kept, NULL));
	assert_in_range(strlen(text_of(kept.value, "tables")), RUN_TABLES_MAXIMUM - 100,
					RUN_TABLES_MAXIMUM);
	store_entry_free(&kept);
	tables = run_tables(&control, run.value);
	assert_in_range(json_array_size(tables), 2000, 9999);
	assert_string_equal(text_of(json_array_get(tables, 1), "table"), "public.t00001");
	json_decref(tables);
	store_entry_free(&run);
}

/* ---- going on ---- */

static void
states_as_reported(void **state)
{
	char run_id[ID_MAXIMUM + 1], text[100], key[LAYOUT_KEY_MAXIMUM];

	(void) state;
	put_worker();
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
	tick();
	assert_string_equal(written(run_id, "state", text), "starting");
	assert_string_equal(written(run_id, "started_at", text), "-");
	report(run_id, "reader", "loading");
	report(run_id, "writer-writer-1", "loading");
	tick();
	assert_string_equal(written(run_id, "state", text), "loading");
	assert_string_not_equal(written(run_id, "started_at", text), "-");
	report(run_id, "reader", "streaming");
	report(run_id, "writer-writer-1", "applying");
	tick();
	assert_string_equal(written(run_id, "state", text), "streaming");
	memory_store_age(control.store, STORE_STATE, worker_key(key, WORKER), 30000);
	tick();
	assert_string_equal(written(run_id, "state", text), "starting");
	put_worker();
	report(run_id, "reader", "finished");
	report(run_id, "writer-writer-2", "finished");
	tick();
	assert_string_equal(written(run_id, "state", text), "finished");
	assert_string_not_equal(written(run_id, "ended_at", text), "-");
}

/* Its state stays, and what is in the way is the run's error, shown and written, until it is gone. */
static void
trouble_that_passes(void **state)
{
	char key[LAYOUT_KEY_MAXIMUM], run_id[ID_MAXIMUM + 1], text[100];
	StoreEntry run;
	json_t *shown;

	(void) state;
	put_worker();
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
	report(run_id, "reader", "streaming");
	put(STORE_STATE, job_key(key, run_id, "writer-writer-1"),
		json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:n, s:s}}", "job", "writer-writer-1", "role",
				  "writer", "worker_id", WORKER, "state", "retrying", "error", "code", "denied",
				  "message", "no CREATE here", "hint", "at", "2026-01-01T00:00:00.000Z"));
	tick();
	assert_string_equal(written(run_id, "state", text), "streaming");
	assert_true(run_get(&control, TENANT, run_id, &run, NULL));
	assert_string_equal(text_of(json_object_get(run.value, "error"), "message"), "no CREATE here");
	shown = run_show(&control, run.value);
	assert_string_equal(text_of(json_object_get(shown, "error"), "job"), "writer-writer-1");
	json_decref(shown);
	store_entry_free(&run);

	report(run_id, "writer-writer-1", "applying");
	tick();
	assert_true(run_get(&control, TENANT, run_id, &run, NULL));
	assert_true(json_is_null(json_object_get(run.value, "error")));
	store_entry_free(&run);
}

static void
who_is_waited_for(void **state)
{
	char run_id[ID_MAXIMUM + 1];
	StoreEntry run;
	json_t *shown;

	(void) state;
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
	assert_true(run_get(&control, TENANT, run_id, &run, NULL));
	shown = run_show(&control, run.value);
	assert_non_null(strstr(text_of(shown, "reason"), "reader"));
	assert_int_equal(json_array_size(json_object_get(shown, "jobs")), 3);
	json_decref(shown);
	put_worker();
	shown = run_show(&control, run.value);
	assert_true(json_is_null(json_object_get(shown, "reason")));
	json_decref(shown);
	store_entry_free(&run);
}

/* A run that has gone on for as long as it may is stopped, and counts as finished. */
static void
seconds_of_a_run(void **state)
{
	char key[LAYOUT_KEY_MAXIMUM], run_id[ID_MAXIMUM + 1], text[100];
	StoreEntry run;
	json_t *changed;

	(void) state;
	put_worker();
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
	report(run_id, "reader", "streaming");
	assert_true(run_get(&control, TENANT, run_id, &run, NULL));
	changed = json_deep_copy(run.value);
	store_entry_free(&run);
	(void) json_object_set_new(json_object_get(json_object_get(changed, "spec"), "limits"),
							   "seconds", json_integer(3600));
	put(STORE_STATE, run_key(key, TENANT, run_id), changed);
	tick();
	tick();
	assert_string_equal(written(run_id, "desired", text), "running");

	assert_true(run_get(&control, TENANT, run_id, &run, NULL));
	changed = json_deep_copy(run.value);
	store_entry_free(&run);
	(void) json_object_set_new(changed, "started_at", json_string("2026-01-01T00:00:00.000Z"));
	put(STORE_STATE, run_key(key, TENANT, run_id), changed);
	tick();
	assert_string_equal(written(run_id, "desired", text), "stopped");
	assert_string_equal(written(run_id, "reason", text), "limit_seconds");
	report(run_id, "reader", "stopped");
	tick();
	assert_string_equal(written(run_id, "state", text), "finished");
}

static void
rows_of_a_run(void **state)
{
	json_t *before = json_pack("{s:{s:s, s:i}}", "writer", "book", "7", "rows", 100),
		   *same = json_pack("{s:s, s:i}", "book", "7", "rows", 130),
		   *other = json_pack("{s:s, s:i}", "book", "8", "rows", 20);

	(void) state;
	assert_int_equal(run_limit_rows(before, "writer", same), 30);
	assert_int_equal(run_limit_rows(before, "writer", other), 20);
	json_decref(before);
	json_decref(same);
	json_decref(other);
}

/* ---- going away ---- */

static void
a_stream_goes(void **state)
{
	char run_id[ID_MAXIMUM + 1], drop[ID_MAXIMUM + 1], text[100];

	(void) state;
	put_worker();
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
	assert_int_equal(begin(DESIRED_DROPPED, drop), PROBLEM_CONFLICT);
	stop(run_id);
	assert_int_equal(begin(DESIRED_DROPPED, drop), PROBLEM_NONE);
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_CONFLICT);
	report(drop, "drop", "failed");
	tick();
	assert_string_equal(written(drop, "state", text), "dropping");
	report(drop, "drop", "finished");
	tick();
	assert_int_equal(count_keys(STORE_CONFIG, "stream."), 0);
	assert_int_equal(count_keys(STORE_CONFIG, "name."), 0);
	assert_int_equal(count_keys(STORE_STATE, "run"), 0);
	assert_int_equal(count_keys(STORE_STATE, "job."), 0);
}

static void
names(void **state)
{
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	(void) state;
	assert_false(stream_name_claim(&control, TENANT, "shop", "str_2", &err));
	assert_int_equal(err.code, SLUICE_ERROR_CONFLICT);
	/* Another tenant's stream would have the same name in NATS. */
	assert_true(stream_name_claim(&control, "acme", "shop", "str_2", &err));
	assert_false(stream_name_claim(&control, TENANT, "acme_shop", "str_3", &err));
	/* Its stream was never written: after a while the name is free. */
	memory_store_age(control.store, STORE_CONFIG, name_key(key, "acme_shop"), NAME_ORPHAN_MS + 1);
	assert_true(stream_name_claim(&control, TENANT, "acme_shop", "str_3", &err));
	/* What is another's is not released. */
	assert_true(stream_name_release(&control, "acme", "shop", "str_2", &err));
	assert_int_equal(count_keys(STORE_CONFIG, "name.acme_shop"), 1);
	assert_true(stream_name_release(&control, TENANT, "acme_shop", "str_3", &err));
	assert_true(stream_name_release(&control, TENANT, "acme_shop", "str_3", &err));
	assert_int_equal(count_keys(STORE_CONFIG, "name.acme_shop"), 0);
}

static void
what_is_swept(void **state)
{
	char key[LAYOUT_KEY_MAXIMUM], run_id[ID_MAXIMUM + 1];
	SluiceError err;

	(void) state;
	put_worker();
	assert_int_equal(begin(DESIRED_RUNNING, run_id), PROBLEM_NONE);
	report(run_id, "reader", "streaming");
	report("run_gone", "reader", "streaming");
	put_tables(run_id);
	put_tables("run_gone");
	put(STORE_STATE, run_key(key, TENANT, "run_lone"),
		json_pack("{s:s, s:s, s:s}", "id", "run_lone", "tenant", TENANT, "stream_id", STREAM));
	put(STORE_STATE, drain_key(key, "wrk_gone"), json_object());
	assert_true(sweep_now(&control, &err)); /* all of it is too young */
	assert_int_equal(count_keys(STORE_STATE, ""), 9);
	memory_store_age(control.store, STORE_STATE, run_key(key, TENANT, run_id), LONG_MS);
	memory_store_age(control.store, STORE_STATE, job_key(key, run_id, "reader"), LONG_MS);
	memory_store_age(control.store, STORE_STATE, run_key(key, TENANT, "run_lone"), LONG_MS);
	memory_store_age(control.store, STORE_STATE, job_key(key, "run_gone", "reader"), LONG_MS);
	memory_store_age(control.store, STORE_STATE, run_tables_key(key, run_id), LONG_MS);
	memory_store_age(control.store, STORE_STATE, run_tables_key(key, "run_gone"), LONG_MS);
	memory_store_age(control.store, STORE_STATE, worker_key(key, WORKER), LONG_MS);
	memory_store_age(control.store, STORE_STATE, drain_key(key, "wrk_gone"), LONG_MS);
	assert_true(sweep_now(&control, &err));
	assert_int_equal(count_keys(STORE_STATE, ""), 4);
	assert_int_equal(count_keys(STORE_STATE, run_tables_key(key, run_id)), 1);
	assert_int_equal(count_keys(STORE_STATE, "run."), 1);
	assert_int_equal(count_keys(STORE_STATE, "job."), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_it_keeps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(somebody_else_begins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_runs_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tables_of_a_run_that_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(states_as_reported, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trouble_that_passes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_waited_for, set_up, tear_down),
		cmocka_unit_test(rows_of_a_run),
		cmocka_unit_test_setup_teardown(seconds_of_a_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stream_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_swept, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
