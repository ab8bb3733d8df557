/*
 * worker_plan_test.c - jobs of a run, and which of them a worker takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "worker/plan.h"

#define TTL 6000

static json_t *
run_document(const char *id, const char *desired, int writers)
{
	return json_pack(
		"{s:s, s:s, s:s, s:n, s:[{s:s, s:s}, {s:s, s:s}], s:{s:[{s:s, s:i}, {s:s, s:i}]}}", "id",
		id, "desired", desired, "desired_at", "2026-01-01T00:00:00.000Z", "ended_at",
		"verifications", "id", "v1", "target", "reports", "id", "v2", "target", "none", "spec",
		"targets", "name", "writer", "writers", writers, "name", "reports", "writers", 1);
}

/* ---- jobs of a run ---- */

static void
test_jobs_of_a_running_run(void **state)
{
	static const char *const names[] = {"reader", "writer-writer-1", "writer-writer-2",
										"writer-reports-1", "verify-v1"};
	RunJob jobs[8];
	json_t *run = run_document("run_a", "running", 2);

	(void) state;
	assert_int_equal(run_jobs(run, jobs, 8), 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(jobs[i].name, names[i]);
	assert_string_equal(run_text(jobs[3].target, "name"), "reports");
	assert_string_equal(run_text(jobs[4].verification, "id"), "v1");
	assert_int_equal(job_kind_role(jobs[0].kind), ROLE_READER);
	assert_int_equal(job_kind_role(jobs[1].kind), ROLE_WRITER);
	assert_int_equal(run_jobs(run, jobs, 2), 2);
	json_decref(run);
}

static void
test_jobs_by_what_is_wished(void **state)
{
	static const struct
	{
		const char *desired;
		size_t count;
		const char *first;
	} cases[] = {
		{"running", 4, "reader"},
		{"paused", 4, "reader"},
		{"stopped", 4, "reader"},
		{"dropped", 1, "drop"},
	};
	RunJob jobs[8];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		json_t *run = run_document("run_a", cases[i].desired, 1);

		assert_int_equal(run_jobs(run, jobs, 8), cases[i].count);
		assert_string_equal(jobs[0].name, cases[i].first);
		json_decref(run);
	}
}

static void
test_a_run_that_ended_has_no_jobs(void **state)
{
	json_t *run = run_document("run_a", "running", 1);
	RunJob jobs[8];

	(void) state;
	json_object_set_new(run, "ended_at", json_string("2026-01-01T00:00:00.000Z"));
	assert_int_equal(run_jobs(run, jobs, 8), 0);
	assert_int_equal(run_jobs(NULL, jobs, 8), 0);
	json_decref(run);
}

/* What cannot be a run's document gives no job, and never more than there is room for. */
static void
test_documents_that_are_none(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"id\": 1, \"spec\": []}",
		"{\"id\": \"run_a\", \"spec\": {\"targets\": {}}}",
		"{\"id\": \"run_a\", \"desired\": 5, \"spec\": {\"targets\": \"x\"}}",
	};
	RunJob jobs[8];

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		json_t *run = json_loads(texts[i], 0, NULL);

		assert_int_equal(run_jobs(run, jobs, 8), 0);
		json_decref(run);
	}
}

static void
test_many_writers_are_bounded(void **state)
{
	static RunJob jobs[RUN_JOBS_MAXIMUM];
	json_t *run = run_document("run_a", "running", 100000);

	(void) state;
	assert_int_equal(run_jobs(run, jobs, RUN_JOBS_MAXIMUM), 1 + RUN_WRITERS_MAXIMUM + 1 + 1);
	json_decref(run);
}

/* ---- choosing ---- */

typedef struct Bench
{
	Board board;
	PlanSelf self;
	PlanHeld held[32];
	const char *done; /* "run/job" */
} Bench;

static void
put_run(Bench *bench, const char *id, const char *desired, int64_t now_ms)
{
	SluiceError err;

	assert_true(board_put_run(&bench->board, id, run_document(id, desired, 2), now_ms, &err));
}

static void
put_lease(Bench *bench, const char *run, const char *job, const char *owner, uint64_t revision,
		  int64_t now_ms)
{
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError err;

	assert_true(board_put_lease(&bench->board, job_lease_key(key, run, job), owner, revision,
								now_ms, &err));
}

static bool
is_done(const void *context, const char *run, const char *job)
{
	const Bench *bench = context;
	char key[LAYOUT_KEY_MAXIMUM];

	(void) snprintf(key, sizeof(key), "%s/%s", run, job);
	return bench->done != NULL && strcmp(bench->done, key) == 0;
}

static Bench
bench(unsigned roles, size_t slots)
{
	return (Bench){.self = {.worker = "wrk_me", .roles = roles, .slots = slots, .ttl_ms = TTL}};
}

/* The name of the job that is taken now; NULL: none. */
static const char *
choose(Bench *bench, int64_t now_ms)
{
	static PlanChoice choice;

	bench->self.held = bench->held;
	if (!plan_choose(&bench->board, &bench->self, is_done, bench, now_ms, &choice))
		return NULL;
	return choice.job.name;
}

static void
hold(Bench *bench, const char *run, const char *job, const char *target)
{
	bench->held[bench->self.held_count++] = (PlanHeld){run, job, target};
}

static void
test_takes_by_role(void **state)
{
	Bench readers = bench(ROLE_READER, 16), writers = bench(ROLE_WRITER, 16);

	(void) state;
	put_run(&readers, "run_a", "running", 0);
	put_run(&writers, "run_a", "running", 0);
	assert_string_equal(choose(&readers, 0), "reader");
	hold(&readers, "run_a", "reader", "");
	assert_null(choose(&readers, 100000));
	assert_string_equal(choose(&writers, 0), "writer-writer-1");
	board_free(&readers.board);
	board_free(&writers.board);
}

static void
test_leaves_what_others_hold(void **state)
{
	Bench it = bench(ROLE_READER, 16);

	(void) state;
	put_run(&it, "run_a", "running", 0);
	put_lease(&it, "run_a", "reader", "wrk_other", 5, 1000);
	assert_null(choose(&it, 1000 + TTL - 1));
	/* It was renewed, and a watch that begins anew names the same revision again. */
	put_lease(&it, "run_a", "reader", "wrk_other", 6, 3000);
	put_lease(&it, "run_a", "reader", "wrk_other", 6, 8000);
	assert_null(choose(&it, 3000 + TTL - 1));
	assert_string_equal(choose(&it, 3000 + TTL), "reader");
	/* Given up: at once. */
	put_lease(&it, "run_a", "reader", "", 7, 3100);
	assert_string_equal(choose(&it, 3100), "reader");
	board_free(&it.board);
}

static void
test_the_fuller_the_slower(void **state)
{
	Bench it = bench(ROLE_READER | ROLE_WRITER, 4);
	int64_t before = -1;

	(void) state;
	put_run(&it, "run_a", "running", 1000);
	for (size_t i = 0; i < 4; i++)
	{
		int64_t now = 1000;

		it.self.held = it.held;
		while (choose(&it, now) == NULL)
			now++;
		assert_true(now > before);
		before = now;
		hold(&it, "run_other", "x", "");
	}
	assert_null(choose(&it, 100000000));
	board_free(&it.board);
}

static void
test_a_second_writer_of_a_target_waits_for_another_worker(void **state)
{
	Bench it = bench(ROLE_WRITER, 16);
	RunJob job;
	json_t *run = run_document("run_a", "running", 2);
	int64_t alone, twice;

	(void) state;
	assert_true(run_has_job(run, "writer-writer-2", &job));
	it.self.held = it.held;
	hold(&it, "run_a", "writer-reports-1", "reports");
	alone = plan_patience(&it.self, "run_a", &job);
	it.held[0] = (PlanHeld){"run_a", "writer-writer-1", "writer"};
	twice = plan_patience(&it.self, "run_a", &job);
	assert_true(twice > alone);
	json_decref(run);
}

static void
test_drained_and_ending_workers_take_nothing_and_keep_nothing(void **state)
{
	Bench it = bench(ROLE_READER, 16);
	const PlanHeld held = {"run_a", "reader", ""};

	(void) state;
	put_run(&it, "run_a", "running", 0);
	it.self.held = it.held;
	assert_true(plan_keeps(&it.board, &it.self, &held));
	it.board.drained = true;
	assert_null(choose(&it, 100000));
	assert_false(plan_keeps(&it.board, &it.self, &held));
	it.board.drained = false;
	it.self.ending = true;
	assert_null(choose(&it, 100000));
	assert_false(plan_keeps(&it.board, &it.self, &held));
	board_free(&it.board);
}

static void
test_a_drop_waits_for_the_others(void **state)
{
	Bench it = bench(ROLE_READER, 16);

	(void) state;
	put_run(&it, "run_a", "dropped", 0);
	put_lease(&it, "run_a", "writer-writer-1", "wrk_other", 5, 1000);
	/* Another run's lease says nothing, though its name begins alike. */
	put_lease(&it, "run_a2", "writer-writer-1", "wrk_other", 6, 100000);
	assert_null(choose(&it, 1000 + TTL - 1));
	assert_string_equal(choose(&it, 1000 + TTL), "drop");
	put_lease(&it, "run_a", "writer-writer-1", "", 7, 1000 + TTL);
	assert_string_equal(choose(&it, 1000 + TTL), "drop");
	board_free(&it.board);
}

static void
test_what_is_done_is_left(void **state)
{
	Bench it = bench(ROLE_WRITER, 16);

	(void) state;
	put_run(&it, "run_a", "running", 0);
	for (int n = 0; n < 3; n++)
	{
		static const char *const jobs[] = {"writer-writer-1", "writer-writer-2",
										   "writer-reports-1"};

		put_lease(&it, "run_a", jobs[n], "wrk_other", (uint64_t) n + 1, 100000);
	}
	assert_string_equal(choose(&it, 100000), "verify-v1");
	it.done = "run_a/verify-v1";
	assert_null(choose(&it, 100000));
	board_free(&it.board);
}

static void
test_a_job_is_kept_as_long_as_its_run_has_it(void **state)
{
	Bench it = bench(ROLE_READER | ROLE_WRITER, 16);
	const PlanHeld reader = {"run_a", "reader", ""}, gone = {"run_b", "reader", ""};

	(void) state;
	it.self.held = it.held;
	put_run(&it, "run_a", "running", 0);
	assert_true(plan_keeps(&it.board, &it.self, &reader));
	assert_false(plan_keeps(&it.board, &it.self, &gone));
	put_run(&it, "run_a", "dropped", 0);
	assert_false(plan_keeps(&it.board, &it.self, &reader));
	board_free(&it.board);
}

/* ---- the board ---- */

static void
test_runs_that_are_not_named_again_are_gone(void **state)
{
	Bench it = bench(ROLE_READER, 16);

	(void) state;
	put_run(&it, "run_b", "running", 0);
	put_run(&it, "run_a", "running", 0);
	put_run(&it, "run_c", "running", 0);
	board_begin_runs(&it.board);
	put_run(&it, "run_b", "paused", 5);
	board_end_runs(&it.board);
	assert_int_equal(it.board.run_count, 1);
	assert_null(board_run(&it.board, "run_a"));
	assert_string_equal(run_text(board_run(&it.board, "run_b")->document, "desired"), "paused");
	assert_int_equal(board_run(&it.board, "run_b")->seen_ms, 0);
	board_remove_run(&it.board, "run_b");
	board_remove_run(&it.board, "run_b");
	assert_null(board_run(&it.board, "run_b"));
	board_free(&it.board);
}

static void
test_runs_that_ended_are_not_kept(void **state)
{
	Bench it = bench(ROLE_READER, 16);
	json_t *ended = run_document("run_a", "stopped", 1);
	SluiceError err;

	(void) state;
	put_run(&it, "run_a", "running", 0);
	json_object_set_new(ended, "ended_at", json_string("2026-01-01T00:00:00.000Z"));
	assert_true(board_put_run(&it.board, "run_a", ended, 1, &err));
	assert_null(board_run(&it.board, "run_a"));
	board_free(&it.board);
}

static void
test_many_runs_and_leases_stay_sorted(void **state)
{
	Bench it = bench(ROLE_READER, 16);
	char id[32];

	(void) state;
	for (int i = 0; i < 500; i++)
	{
		(void) snprintf(id, sizeof(id), "run_%03d", i * 7 % 500);
		put_run(&it, id, "running", 0);
		put_lease(&it, id, "reader", "wrk_x", (uint64_t) i + 1, i);
	}
	assert_int_equal(it.board.run_count, 500);
	assert_int_equal(it.board.lease_count, 500);
	for (int i = 0; i < 500; i++)
	{
		char key[LAYOUT_KEY_MAXIMUM];

		(void) snprintf(id, sizeof(id), "run_%03d", i);
		assert_string_equal(board_run(&it.board, id)->id, id);
		assert_string_equal(board_lease(&it.board, job_lease_key(key, id, "reader"))->owner,
							"wrk_x");
	}
	board_free(&it.board);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs_of_a_running_run),
		cmocka_unit_test(test_jobs_by_what_is_wished),
		cmocka_unit_test(test_a_run_that_ended_has_no_jobs),
		cmocka_unit_test(test_documents_that_are_none),
		cmocka_unit_test(test_many_writers_are_bounded),
		cmocka_unit_test(test_takes_by_role),
		cmocka_unit_test(test_leaves_what_others_hold),
		cmocka_unit_test(test_the_fuller_the_slower),
		cmocka_unit_test(test_a_second_writer_of_a_target_waits_for_another_worker),
		cmocka_unit_test(test_drained_and_ending_workers_take_nothing_and_keep_nothing),
		cmocka_unit_test(test_a_drop_waits_for_the_others),
		cmocka_unit_test(test_what_is_done_is_left),
		cmocka_unit_test(test_a_job_is_kept_as_long_as_its_run_has_it),
		cmocka_unit_test(test_runs_that_are_not_named_again_are_gone),
		cmocka_unit_test(test_runs_that_ended_are_not_kept),
		cmocka_unit_test(test_many_runs_and_leases_stay_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
