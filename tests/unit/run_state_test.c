/*
 * What state a run is in, as a table: what is wished, what jobs report, what is seen of it; and which commands make sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "control/resource/run_state.h"

#define JOBS	   5
#define DESIRED_AT "now"

typedef struct Case
{
	const char *what;
	RunDesired desired;
	bool copies_only, limited;
	JobReport jobs[JOBS]; /* ends with one without a name */
	StreamState state;
	bool ended, dropped;
	const char *phase, *cause;
} Case;

#define READER(...)                                                                                \
	{                                                                                              \
		.job = "reader", __VA_ARGS__                                                               \
	}
#define WRITER(...)                                                                                \
	{                                                                                              \
		.job = "writer-writer-1", __VA_ARGS__                                                      \
	}
#define SECOND(...)                                                                                \
	{                                                                                              \
		.job = "writer-writer-2", __VA_ARGS__                                                      \
	}
#define ELSEWHERE(...)                                                                             \
	{                                                                                              \
		.job = "writer-copy-1", __VA_ARGS__                                                        \
	}
#define DROP(...)                                                                                  \
	{                                                                                              \
		.job = "drop", __VA_ARGS__                                                                 \
	}

static const char *const consumers[] = {"writer", "copy"};

/* One target unless a case has a job of the second. */
static size_t
consumers_of(const Case *c)
{
	for (int i = 0; i < JOBS && c->jobs[i].job != NULL; i++)
		if (strcmp(c->jobs[i].job, "writer-copy-1") == 0)
			return 2;
	return 1;
}

static const Case cases[] = {
	{.what = "nobody has taken it", .desired = DESIRED_RUNNING, .state = STREAM_STARTING},
	{.what = "the reader begins",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "starting")},
	 .state = STREAM_STARTING},
	{.what = "streaming",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "streaming"), WRITER(.state = "applying"),
			  SECOND(.state = "standby")},
	 .state = STREAM_STREAMING},
	{.what = "the reader's word counts while writers have not begun",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "copying_schema"), WRITER(.state = "loading", .phase = "structure")},
	 .state = STREAM_COPYING_SCHEMA},
	{.what = "a copy loads as long as a writer says so",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "streaming"), WRITER(.state = "loading", .phase = "loading")},
	 .state = STREAM_LOADING,
	 .phase = "loading"},
	{.what = "a writer makes indexes",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "loading"), WRITER(.state = "loading", .phase = "indexing")},
	 .state = STREAM_INDEXING,
	 .phase = "indexing"},
	{.what = "a lost writer says nothing",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "streaming"), WRITER(.state = "loading", .lost = true)},
	 .state = STREAM_STREAMING},
	{.what = "a lost reader is begun anew",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "streaming", .lost = true), WRITER(.state = "applying")},
	 .state = STREAM_STARTING},
	{.what = "a state that is none",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "sleeping")},
	 .state = STREAM_STARTING},
	{.what = "paused by hand",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "paused"), WRITER(.state = "applying")},
	 .state = STREAM_PAUSED},
	{.what = "stopped by hand has not ended",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "stopped"), WRITER(.state = "applying")},
	 .state = STREAM_STOPPED},
	{.what = "not paused yet",
	 .desired = DESIRED_PAUSED,
	 .jobs = {READER(.state = "streaming"), WRITER(.state = "applying")},
	 .state = STREAM_STREAMING},
	{.what = "paused",
	 .desired = DESIRED_PAUSED,
	 .jobs = {READER(.state = "paused"), WRITER(.state = "applying")},
	 .state = STREAM_PAUSED},
	{.what = "a reader that failed",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "failed"), WRITER(.state = "applying")},
	 .state = STREAM_FAILED,
	 .cause = "reader"},
	{.what = "a writer that failed",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "streaming"), WRITER(.state = "failed")},
	 .state = STREAM_FAILED,
	 .cause = "writer-writer-1"},
	{.what = "a failure while it pauses",
	 .desired = DESIRED_PAUSED,
	 .jobs = {READER(.state = "paused"), WRITER(.state = "failed")},
	 .state = STREAM_FAILED,
	 .cause = "writer-writer-1"},
	{.what = "a failure of a worker that is gone is tried again",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "failed", .lost = true), WRITER(.state = "failed", .lost = true)},
	 .state = STREAM_STARTING},
	{.what = "a comparison that failed is none of the run's",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "streaming"), {.job = "verify-ver_1", .state = "failed"}},
	 .state = STREAM_STREAMING},
	{.what = "trouble that passes is told, and the state stays",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "streaming"),
			  WRITER(.state = "retrying", .error_at = "2026-01-01T00:00:00.000Z")},
	 .state = STREAM_STREAMING,
	 .cause = "writer-writer-1"},
	{.what = "the newest trouble is told",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "loading", .error_at = "2026-01-01T00:00:01.000Z"),
			  WRITER(.state = "retrying", .error_at = "2026-01-01T00:00:00.999Z")},
	 .state = STREAM_LOADING,
	 .cause = "reader"},
	{.what = "what failed counts before what is newer",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "failed", .error_at = "2026-01-01T00:00:00.000Z"),
			  WRITER(.state = "retrying", .error_at = "2026-01-01T00:00:01.000Z")},
	 .state = STREAM_FAILED,
	 .cause = "reader"},
	{.what = "trouble of a worker that is gone, and of comparisons, is not told",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "streaming"),
			  WRITER(.state = "retrying", .lost = true, .error_at = "2026-01-01T00:00:00.000Z"),
			  {.job = "verify-ver_1", .state = "failed", .error_at = "2026-01-01T00:00:00.000Z"}},
	 .state = STREAM_STREAMING},
	{.what = "trouble that keeps it from stopping",
	 .desired = DESIRED_STOPPED,
	 .jobs = {READER(.state = "stopped"),
			  WRITER(.state = "retrying", .error_at = "2026-01-01T00:00:00.000Z")},
	 .state = STREAM_STOPPING,
	 .cause = "writer-writer-1"},
	{.what = "stopped with trouble",
	 .desired = DESIRED_STOPPED,
	 .jobs = {READER(.state = "stopped"),
			  WRITER(.state = "failed", .error_at = "2026-01-01T00:00:00.000Z")},
	 .state = STREAM_STOPPED,
	 .ended = true},
	{.what = "trouble with dropping",
	 .desired = DESIRED_DROPPED,
	 .jobs = {DROP(.state = "retrying", .error_at = "2026-01-01T00:00:00.000Z")},
	 .state = STREAM_DROPPING,
	 .cause = "drop"},
	{.what = "stopping",
	 .desired = DESIRED_STOPPED,
	 .jobs = {READER(.state = "stopped"), WRITER(.state = "draining")},
	 .state = STREAM_STOPPING},
	{.what = "stopped",
	 .desired = DESIRED_STOPPED,
	 .jobs = {READER(.state = "stopped"), WRITER(.state = "stopped")},
	 .state = STREAM_STOPPED,
	 .ended = true},
	{.what = "stopped, as it was before the wish",
	 .desired = DESIRED_STOPPED,
	 .jobs = {READER(.state = "stopped", .desired_at = "before"), WRITER(.state = "stopped")},
	 .state = STREAM_STOPPING},
	{.what = "failed before the wish",
	 .desired = DESIRED_STOPPED,
	 .jobs = {READER(.state = "failed", .desired_at = "before"),
			  WRITER(.state = "stopped", .desired_at = DESIRED_AT)},
	 .state = STREAM_STOPPED,
	 .ended = true},
	{.what = "stopped before anybody took it",
	 .desired = DESIRED_STOPPED,
	 .state = STREAM_STOPPED,
	 .ended = true},
	{.what = "stopped with a writer that failed",
	 .desired = DESIRED_STOPPED,
	 .jobs = {READER(.state = "stopped"), WRITER(.state = "failed")},
	 .state = STREAM_STOPPED,
	 .ended = true},
	{.what = "stopped at a limit counts as finished",
	 .desired = DESIRED_STOPPED,
	 .limited = true,
	 .jobs = {READER(.state = "stopped"), WRITER(.state = "stopped")},
	 .state = STREAM_FINISHED,
	 .ended = true},
	{.what = "a stream whose worker is gone may still run at its source",
	 .desired = DESIRED_STOPPED,
	 .jobs = {READER(.state = "streaming", .lost = true), WRITER(.state = "stopped")},
	 .state = STREAM_STOPPING},
	{.what = "finished at the source, not yet at the target",
	 .desired = DESIRED_RUNNING,
	 .copies_only = true,
	 .jobs = {READER(.state = "finished"), WRITER(.state = "loading", .phase = "indexing")},
	 .state = STREAM_INDEXING,
	 .phase = "indexing"},
	{.what = "finished at the source, a writer about to begin",
	 .desired = DESIRED_RUNNING,
	 .copies_only = true,
	 .jobs = {READER(.state = "finished"), WRITER(.state = "connecting")},
	 .state = STREAM_LOADING},
	{.what = "changes of a stream that ended at its source are still applied",
	 .desired = DESIRED_RUNNING,
	 .jobs = {READER(.state = "finished"), WRITER(.state = "applying")},
	 .state = STREAM_STREAMING},
	{.what = "finished",
	 .desired = DESIRED_RUNNING,
	 .copies_only = true,
	 .jobs = {READER(.state = "finished"), WRITER(.state = "standby"), SECOND(.state = "finished")},
	 .state = STREAM_FINISHED,
	 .ended = true},
	{.what = "finished at one target of two",
	 .desired = DESIRED_RUNNING,
	 .copies_only = true,
	 .jobs = {READER(.state = "finished"), WRITER(.state = "finished"),
			  ELSEWHERE(.state = "loading")},
	 .state = STREAM_LOADING},
	{.what = "finished at both",
	 .desired = DESIRED_PAUSED,
	 .jobs = {READER(.state = "finished"), WRITER(.state = "finished"),
			  ELSEWHERE(.state = "finished")},
	 .state = STREAM_FINISHED,
	 .ended = true},
	{.what = "finished while it was asked to stop",
	 .desired = DESIRED_STOPPED,
	 .jobs = {READER(.state = "finished"), WRITER(.state = "finished")},
	 .state = STREAM_FINISHED,
	 .ended = true},
	{.what = "to be dropped", .desired = DESIRED_DROPPED, .state = STREAM_DROPPING},
	{.what = "cannot be dropped",
	 .desired = DESIRED_DROPPED,
	 .jobs = {DROP(.state = "failed")},
	 .state = STREAM_DROPPING,
	 .cause = "drop"},
	{.what = "dropped",
	 .desired = DESIRED_DROPPED,
	 .jobs = {DROP(.state = "finished")},
	 .state = STREAM_DROPPING,
	 .dropped = true},
};

static void
check_case(const Case *c)
{
	RunView view = {
		.desired = c->desired,
		.copies_only = c->copies_only,
		.limited = c->limited,
		.jobs = c->jobs,
		.consumers = consumers,
		.consumer_count = consumers_of(c),
		.desired_at = DESIRED_AT,
	};
	RunSight seen;

	while (view.job_count < JOBS && c->jobs[view.job_count].job != NULL)
		view.job_count++;
	seen = run_state_compose(&view);
	if (seen.state != c->state || seen.ended != c->ended || seen.dropped != c->dropped)
		fail_msg("%s: %s%s", c->what, stream_state_name(seen.state), seen.ended ? ", ended" : "");
	if (c->phase != NULL)
		assert_string_equal(seen.phase, c->phase);
	assert_int_equal(seen.cause != NULL, c->cause != NULL);
	if (c->cause != NULL)
		assert_string_equal(seen.cause->job, c->cause);
}

static void
states(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

/* ---- commands ---- */

#define P (1 << RUN_PAUSE)
#define R (1 << RUN_RESUME)
#define S (1 << RUN_STOP | 1 << RUN_CANCEL)

static const struct
{
	RunDesired desired;
	StreamState state;
	bool ended;
	int allowed;
} allowed[] = {
	{DESIRED_RUNNING, STREAM_CREATED, false, P | R | S},
	{DESIRED_RUNNING, STREAM_STARTING, false, P | R | S},
	{DESIRED_RUNNING, STREAM_LOADING, false, P | R | S},
	{DESIRED_RUNNING, STREAM_STREAMING, false, P | R | S},
	{DESIRED_RUNNING, STREAM_PAUSED, false, P | R | S},
	{DESIRED_RUNNING, STREAM_STOPPED, false, R | S},
	{DESIRED_RUNNING, STREAM_FAILED, false, R | S},
	{DESIRED_PAUSED, STREAM_STREAMING, false, P | R | S},
	{DESIRED_PAUSED, STREAM_PAUSED, false, P | R | S},
	{DESIRED_STOPPED, STREAM_STOPPING, false, S},
	{DESIRED_STOPPED, STREAM_STOPPED, true, S},
	{DESIRED_RUNNING, STREAM_FINISHED, true, S},
	{DESIRED_DROPPED, STREAM_DROPPING, false, 0},
};

static void
commands(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		for (int c = 0; c < RUN_COMMANDS; c++)
			if (run_command_allowed((RunCommand) c, allowed[i].desired, allowed[i].state,
									allowed[i].ended) != ((allowed[i].allowed & 1 << c) != 0))
				fail_msg("%s of a run wished %s that is %s", run_command_names[c],
						 run_desired_names[allowed[i].desired],
						 stream_state_name(allowed[i].state));
}

static void
words(void **state)
{
	RunDesired desired;

	(void) state;
	for (int i = 0; i < RUN_DESIRES; i++)
	{
		assert_true(run_desired_parse(run_desired_names[i], &desired));
		assert_int_equal(desired, i);
	}
	assert_false(run_desired_parse("gone", &desired));
	assert_int_equal(run_command_desired(RUN_PAUSE), DESIRED_PAUSED);
	assert_int_equal(run_command_desired(RUN_RESUME), DESIRED_RUNNING);
	assert_int_equal(run_command_desired(RUN_STOP), DESIRED_STOPPED);
	assert_int_equal(run_command_desired(RUN_CANCEL), DESIRED_STOPPED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(commands),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
