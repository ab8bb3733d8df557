/*
 * main.c - sluice-writer: one session after the other, while the lease is ours.
 *
 * What a session's error means for the next one is in `meanings`.  /readyz always shows the last
 * failure; the log has each cause once when it begins and then once a minute (trouble.h).
 */
#include <stdio.h>

#include "common/daemon/retry.h"
#include "figures.h"
#include "forget.h"
#include "preview.h"
#include "session.h"
#include "common/daemon/trouble.h"
#include "source_types_markdown.h"
#include "types_markdown.h"
#include "verify.h"

#include <unistd.h>

#define STANDBY_LOOK_MS	 100
#define YIELD_MS		 1000
#define YIELD_ATTEMPTS	 3
#define SOON_MS			 500
#define OTHERS_AFFAIR_MS 10000 /* after trouble here another is at work for so long */

/* What follows from an error. */
typedef enum Consequence
{
	RETRY,		/* passes by itself */
	STAND_BY,	/* another writer is at work */
	AWAIT_MEND, /* somebody must mend something at the target, then it goes on */
	LOOK_TWICE	/* for good, if it is seen twice without anything applied between */
} Consequence;

static const Consequence meanings[] = {
	[SLUICE_OK] = RETRY,
	[SLUICE_ERROR_MEMORY] = RETRY,
	[SLUICE_ERROR_LIMIT] = AWAIT_MEND,
	[SLUICE_ERROR_CORRUPT] = LOOK_TWICE,
	[SLUICE_ERROR_VERSION] = LOOK_TWICE,
	[SLUICE_ERROR_ARGUMENT] = AWAIT_MEND,
	[SLUICE_ERROR_IO] = RETRY,
	[SLUICE_ERROR_TIMEOUT] = RETRY,
	[SLUICE_ERROR_CONFLICT] = STAND_BY,
	[SLUICE_ERROR_NOT_FOUND] = AWAIT_MEND,
	[SLUICE_ERROR_DENIED] = AWAIT_MEND,
	[SLUICE_ERROR_FULL] = RETRY,
	[SLUICE_ERROR_STATE] = LOOK_TWICE,
	[SLUICE_ERROR_DATA] = AWAIT_MEND,
};

/* What the loop over sessions remembers. */
typedef struct Course
{
	Writer *writer;
	Retry quick, slow; /* for what passes by itself; for what must be mended */
	Trouble trouble;
	bool troubled;	  /* /readyz shows a failure that is not over */
	uint64_t applied; /* Writer.applied at the last LOOK_TWICE, + 1; 0 when there was none */
} Course;

bool
writer_poll(Writer *writer)
{
	unsigned found = service_poll(writer->service);

	if ((found & SERVICE_RELOADED) != 0)
		settings_reload(&writer->settings, writer->service->options);
	return (found & SERVICE_DRAIN) != 0;
}

/* Waits without missing signals; true when the end was asked for. */
static bool
pause_ms(Writer *writer, int64_t ms)
{
	int64_t until = beacon_clock() + ms;

	while (!writer_poll(writer))
	{
		int64_t left = until - beacon_clock();

		if (left <= 0)
			return false;
		nats_Sleep(left < STANDBY_LOOK_MS ? left : STANDBY_LOOK_MS);
	}
	return true;
}

/* ---- errors ---- */

static void
tell(Course *course, LogLevel level, const char *message, const SluiceError *err)
{
	trouble_tell(&course->trouble, course->writer->service->log, level, message, err,
				 beacon_clock());
}

static void
set_state(Course *course, WriterState state, const SluiceError *err)
{
	Writer *writer = course->writer;
	char reason[HEALTH_REASON_SIZE];

	(void) snprintf(reason, sizeof(reason), "%s%s%s", err->message,
					err->hint[0] != '\0' ? "; " : "", err->hint);
	stats_set_state(&writer->stats, state);
	health_set_reason(&writer->service->health, reason);
	course->troubled = true;
}

/* Perhaps another writer can reach what this one cannot. */
static void
let_others_try(Writer *writer, const Retry *retry)
{
	if (retry->attempt >= YIELD_ATTEMPTS)
		beacon_yield(writer->beacon, YIELD_MS);
}

/* Seen a second time with nothing applied between: for good. */
static bool
seen_twice(Course *course)
{
	bool twice = course->applied == course->writer->applied + 1;

	course->applied = course->writer->applied + 1;
	return twice;
}

/* Acts on a session's error; false ends the program, which is drained or refuses to go on. */
static bool
face_error(Course *course, const SluiceError *err, int *status)
{
	Writer *writer = course->writer;

	stats_count_error(&writer->stats, err->code);
	counter_add(writer->stats.reconnects, 1);
	switch (meanings[err->code])
	{
		case STAND_BY:
			tell(course, LOG_WARNING, "giving way to another writer", err);
			beacon_yield(writer->beacon, YIELD_MS);
			return true;
		case AWAIT_MEND:
			tell(course, LOG_ERROR, "stopped by an error", err);
			set_state(course, WRITER_STOPPED, err);
			if (err->code == SLUICE_ERROR_DENIED)
				let_others_try(writer, &course->slow);
			return !pause_ms(writer, retry_next(&course->slow));
		case LOOK_TWICE:
			if (seen_twice(course))
			{
				log_failure(writer->service->log, LOG_ERROR, "cannot go on", err, NULL);
				set_state(course, WRITER_REFUSED, err);
				*status = SERVICE_REFUSED;
				return false;
			}
			tell(course, LOG_WARNING, "looking a second time", err);
			set_state(course, WRITER_RETRYING, err);
			return !pause_ms(writer, SOON_MS);
		default:
			tell(course, LOG_WARNING, "starting over", err);
			set_state(course, WRITER_RETRYING, err);
			let_others_try(writer, &course->quick);
			return !pause_ms(writer, retry_next(&course->quick));
	}
}

/* ---- the course of things ---- */

static void
forget_trouble(Course *course)
{
	trouble_over(&course->trouble);
	course->troubled = false;
}

static void
rest(Course *course)
{
	Writer *writer = course->writer;

	log_event(writer->service->log, LOG_INFO, "standing by", NULL);
	stats_set_state(&writer->stats, WRITER_STANDBY);
	health_set_reason(&writer->service->health, NULL);
	forget_trouble(course);
}

/*
 * True when the lease is ours, false when the end was asked for.  A writer that had trouble may find
 * that the one that took over has the same: it goes on showing it for a while.
 */
static bool
stand_by(Course *course)
{
	Writer *writer = course->writer;
	int64_t rest_at = beacon_clock() + (course->troubled ? OTHERS_AFFAIR_MS : 0);
	bool resting = false;

	while (!writer_poll(writer))
	{
		SluiceError err;

		if (beacon_wait(writer->beacon, STANDBY_LOOK_MS))
			return true;
		if (beacon_trouble(writer->beacon, &err))
		{
			set_state(course, meanings[err.code] == RETRY ? WRITER_RETRYING : WRITER_STOPPED, &err);
			resting = false;
		}
		else if (!resting && beacon_taken(writer->beacon) && beacon_clock() >= rest_at)
		{
			rest(course);
			resting = true;
		}
	}
	return false;
}

static int
run(Writer *writer)
{
	Course course = {.writer = writer};
	int status = SERVICE_OK;
	bool going = true;

	retry_init(&course.quick, (RetryPolicy){100, 3000}, (uint64_t) beacon_clock());
	retry_init(&course.slow, (RetryPolicy){1000, 5000}, (uint64_t) beacon_clock());
	while (going && stand_by(&course))
	{
		SluiceError err = {0};
		uint64_t applied = writer->applied;
		SessionEnd end = session_run(writer, &err);

		if (writer->applied != applied)
		{
			retry_reset(&course.quick);
			retry_reset(&course.slow);
		}
		if (writer->worked)
			forget_trouble(&course);
		if (end == SESSION_FINISHED)
			log_event(writer->service->log, LOG_INFO, "finished", NULL);
		if (end == SESSION_DRAINED || end == SESSION_FINISHED)
			break;
		going = end == SESSION_AGAIN || face_error(&course, &err, &status);
	}
	return status;
}

/* ---- start and end ---- */

static bool
start_crew(Writer *writer, LoadCrew **crew, SluiceError *err)
{
	const WriterSettings *settings = &writer->settings;
	const LoadCrewSettings how = {
		.nats = settings->nats,
		.target = {.uri = settings->target,
				   .password = settings->target_password,
				   .stream = settings->stream,
				   .consumer = settings->consumer,
				   .owner = settings->owner,
				   .types = settings->types,
				   .view = &settings->view,
				   .synchronous = settings->synchronous,
				   .log = writer->service->log,
				   .stats = &writer->stats},
		.connections = settings->load_connections,
		.upsert = settings->structure.mode == WRITE_UPSERT,
		.moved = &writer->copy_moved,
		.loaded = &writer->copy_loaded,
	};

	*crew = load_crew_start(&how, err);
	return *crew != NULL;
}

static bool
start_display(Writer *writer, Figures *figures, SluiceError *err)
{
	FILE *out = writer->settings.progress ? stderr : NULL;

	writer->display = load_display_new(out, isatty(STDERR_FILENO) != 0, err);
	*figures = (Figures){
		.settings = &writer->settings, .stats = &writer->stats, .display = writer->display};
	return writer->display != NULL;
}

static bool
start(Writer *writer, Figures *figures, SluiceError *err)
{
	BeaconSettings beacon;

	bell_init(&writer->copy_moved);
	bell_init(&writer->copy_loaded);
	if (!settings_init(&writer->settings, writer->service->options, err) ||
		!stats_init(&writer->stats, writer->service->metrics, err) ||
		!start_display(writer, figures, err) || !start_crew(writer, &figures->crew, err) ||
		!figures_init(figures, writer->service->metrics, err))
		return false;
	stats_set_state(&writer->stats, WRITER_STARTING);
	beacon = (BeaconSettings){
		.nats = writer->settings.nats,
		.stream = writer->settings.stream,
		.consumer = writer->settings.consumer,
		.owner = writer->settings.owner,
		.log = writer->service->log,
		.figures = figures_json,
		.total = figures_total,
		.context = figures,
	};
	writer->beacon = beacon_start(&beacon, err);
	return writer->beacon != NULL;
}

static int
fail_to_start(const Writer *writer, const SluiceError *err)
{
	log_failure(writer->service->log, LOG_ERROR, "cannot start", err, NULL);
	return (int) service_status(err);
}

/* --plan: shows what would be made and ends. */
static int
plan(Writer *writer, SluiceError *err)
{
	const Options *options = writer->service->options;

	if (!settings_init(&writer->settings, options, err))
		return fail_to_start(writer, err);
	return preview_run(&writer->settings, options_string(options, "plan-document"),
					   writer->service->log);
}

/* Pages of docs/ that are made of the writer's own tables. */
static const struct
{
	const char *option;
	void (*write)(FILE *out);
} pages[] = {
	{"--types-markdown", types_markdown_write},
	{"--source-types-markdown", source_types_markdown_write},
};

int
main(int argc, char **argv)
{
	static Service service;
	static Writer writer;
	static Figures figures;
	SluiceError err = {0};
	int status;

	if (argc > 1 && strcmp(argv[1], "verify") == 0)
		return verify_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "forget") == 0)
		return forget_main(argc - 1, argv + 1);
	for (size_t i = 0; argc == 2 && i < sizeof(pages) / sizeof(pages[0]); i++)
	{
		if (strcmp(argv[1], pages[i].option) != 0)
			continue;
		pages[i].write(stdout);
		return fflush(stdout) == 0 ? SERVICE_OK : EXIT_FAILURE;
	}
	if (!service_start(&service, &writer_program, argc, argv, &status))
		return status;
	writer.service = &service;
	if (options_bool(service.options, "plan"))
		status = plan(&writer, &err);
	else if (start(&writer, &figures, &err))
		status = run(&writer);
	else
		status = fail_to_start(&writer, &err);
	load_crew_stop(figures.crew);
	beacon_stop(writer.beacon);
	load_display_free(writer.display);
	status = service_stop(&service, status);
	load_crew_free(figures.crew);
	settings_free(&writer.settings);
	/*
	 * Without exit()'s destructors: threads of libnats that are just ending may still use what those
	 * take away.  Everything of ours is written and closed.
	 */
	_exit(status);
}
