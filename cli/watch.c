/*
 * watch.c - following a run (watch.h).
 */
#include "watch.h"

#include <string.h>

#include "api.h"
#include "run_view.h"
#include "wait.h"

#define ASK_MS	  1000	/* between requests where there are no events */
#define LOOK_MS	  5000	/* between requests for the run's document where there are */
#define TABLES_MS 2000	/* between requests for tables, likewise */
#define FEED_MS	  10000 /* between tries to get events */
#define POLL_MS	  200
#define AWAY_MS	  60000 /* so long the server may be away */
#define LEVEL_LAG 2		/* seconds, where --lag says nothing */

const char *const watch_until_names[] = {"streaming", "finished", "level",
										 "paused",	  "stopped",  NULL};

static const Column columns[] = {{"id", "id", COLUMN_TEXT},
								 {"stream", "stream_name", COLUMN_TEXT},
								 {"state", "state", COLUMN_STATE},
								 {"phase", "phase", COLUMN_TEXT},
								 {"desired", "desired", COLUMN_TEXT},
								 {"mode", "mode", COLUMN_TEXT},
								 {"started", "started_at", COLUMN_TIME},
								 {"ended", "ended_at", COLUMN_TIME},
								 {"error", "error.message", COLUMN_TEXT},
								 {0}};
const Listing watch_runs = {
	.columns = columns, .id = "id", .empty = "no runs; sluice start STREAM makes one"};

typedef struct Watch
{
	Cli *cli;
	RunView view;
	Display display;
	WatchUntil until;
	double lag;
	char run_id[API_ID_MAXIMUM], stream_id[API_ID_MAXIMUM];
	EventFeed *feed;			  /* NULL: none now */
	bool stale;					  /* an event said that the run has changed */
	int64_t asked, tables, tried; /* when: the run, its tables, the feed */
	int64_t away;				  /* since when the server is; -1: it is there */
} Watch;

/* ---- the server ---- */

/* A SseEach. */
static bool
take_event(void *context, const char *data, SluiceError *err)
{
	Watch *watch = context;
	json_t *frame = json_loads(data, 0, NULL);

	if (frame == NULL)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "an event is no JSON");
	watch->stale |= run_view_take_frame(&watch->view, frame, wait_clock());
	json_decref(frame);
	return true;
}

static void
open_feed(Watch *watch, int64_t now)
{
	static const char *const topics[] = {"state", "error", "metrics", "table"};
	static Url url;
	char text[5 * API_ID_MAXIMUM] = "";
	SluiceError err = {0};

	if (watch->feed != NULL || (watch->tried != 0 && now - watch->tried < FEED_MS))
		return;
	watch->tried = now;
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
	{
		size_t used = strlen(text);

		(void) snprintf(text + used, sizeof(text) - used, "%s%s:%s", i > 0 ? "," : "", topics[i],
						watch->stream_id);
	}
	url_begin(&url, "/events");
	url_query(&url, "topics", text);
	watch->feed = feed_open(watch->cli->client, url.text, &err);
}

static bool
is_due(int64_t last, int64_t now, int64_t step)
{
	return last == 0 || now - last >= step;
}

/* The document of the path, or what is told of a server that is away too long. */
static int
ask(Watch *watch, const Url *url, json_t **document)
{
	Answer answer;
	SluiceError err = {0};
	int64_t now = wait_clock();

	*document = NULL;
	if (!client_call(watch->cli->client, "GET", url->text, NULL, NULL, &answer, &err) ||
		answer.status >= 500)
	{
		if (err.code == SLUICE_OK)
			(void) sluice_fail(&err, SLUICE_ERROR_IO, "the server answers with HTTP status %ld",
							   answer.status);
		answer_free(&answer);
		watch->away = watch->away < 0 ? now : watch->away;
		return now - watch->away > AWAY_MS ? cli_fail(watch->cli, &err) : STATUS_OK;
	}
	watch->away = -1;
	answer_free(&answer);
	return api_get(watch->cli, url, document);
}

static int
ask_run(Watch *watch, int64_t now)
{
	static Url url;
	json_t *run;
	int status;

	if (!watch->stale && !is_due(watch->asked, now, watch->feed != NULL ? LOOK_MS : ASK_MS))
		return STATUS_OK;
	watch->asked = now;
	watch->stale = false;
	url_of(&url, "/runs", watch->run_id, "");
	status = ask(watch, &url, &run);
	if (run != NULL)
		run_view_take_run(&watch->view, run);
	json_decref(run);
	return status;
}

static int
ask_tables(Watch *watch, int64_t now)
{
	static Url url;
	json_t *tables = NULL;
	int status;

	if (!is_due(watch->tables, now, TABLES_MS) ||
		(watch->feed != NULL && watch->view.progress.count > 0))
		return STATUS_OK;
	watch->tables = now;
	url_of(&url, "/runs", watch->run_id, "/tables");
	status = api_list(watch->cli, &url, SIZE_MAX, &tables);
	if (tables != NULL)
		run_view_take_tables(&watch->view, tables, now);
	json_decref(tables);
	/* Somebody with few rights, or a server that is away now: the run's own document tells. */
	return status == STATUS_AUTH || status == STATUS_UNREACHABLE ? STATUS_OK : status;
}

/* ---- the end ---- */

static bool
is_reached(const Watch *watch)
{
	const char *state = run_view_state(&watch->view);

	switch (watch->until)
	{
		case UNTIL_ENDED: return run_view_ended(&watch->view);
		case UNTIL_LEVEL: return run_view_level(&watch->view, watch->lag);
		default: return strcmp(state, watch_until_names[watch->until - 1]) == 0;
	}
}

/* Failed for now, or at its end in another state than the one waited for. */
static bool
is_missed(const Watch *watch)
{
	if (watch->until == UNTIL_ENDED)
		return false;
	return run_view_ended(&watch->view) || strcmp(run_view_state(&watch->view), "failed") == 0;
}

static int
fail_missed(const Watch *watch)
{
	SluiceError err;
	const json_t *error = json_object_get(watch->view.run, "error");

	(void) sluice_fail(&err, SLUICE_ERROR_DATA, "the run is %s%s%s", run_view_state(&watch->view),
					   error != NULL && *api_text(error, "message") != '\0' ? ": " : "",
					   api_text(error, "message"));
	if (*api_text(error, "hint") != '\0')
		(void) sluice_hint(&err, "%s", api_text(error, "hint"));
	return cli_fail(watch->cli, &err);
}

static int
fail_timeout(const Watch *watch)
{
	SluiceError err;

	(void) sluice_fail(&err, SLUICE_ERROR_TIMEOUT, "after --timeout the run is still %s",
					   run_view_state(&watch->view));
	return cli_fail(watch->cli, &err);
}

static int
follow(Watch *watch)
{
	int64_t deadline =
		wait_clock() + arguments_number(&watch->cli->arguments, "timeout", INT64_MAX / 2);

	for (;;)
	{
		int64_t now = wait_clock();
		SluiceError err = {0};
		DisplayView shown;
		long http;
		int status;

		open_feed(watch, now);
		if ((status = ask_run(watch, now)) != STATUS_OK ||
			(status = ask_tables(watch, now)) != STATUS_OK)
			return status;
		shown = run_view_display(&watch->view);
		display_show(&watch->display, &shown, &watch->view.progress, now);
		if (is_reached(watch))
			return STATUS_OK;
		if (is_missed(watch))
			return fail_missed(watch);
		if (now >= deadline)
			return fail_timeout(watch);
		if (watch->feed != NULL && !feed_poll(watch->feed, POLL_MS, take_event, watch, &http, &err))
		{
			feed_close(watch->feed);
			watch->feed = NULL;
		}
		else if (watch->feed == NULL && !wait_ms(POLL_MS))
			return STATUS_INTERRUPTED;
		if (interrupted())
			return STATUS_INTERRUPTED;
	}
}

/* What the end of a run means for who watched it to its end. */
static int
status_of_end(const Watch *watch)
{
	return strcmp(run_view_state(&watch->view), "failed") == 0 ? STATUS_CHECK : STATUS_OK;
}

int
watch_run(Cli *cli, json_t *run, WatchUntil until)
{
	Watch watch = {.cli = cli, .until = until, .away = -1};
	SluiceError err = {0};
	json_t *one;
	int status;

	watch.lag = (double) arguments_number(&cli->arguments, "lag", LEVEL_LAG * 1000) / 1000;
	(void) snprintf(watch.run_id, sizeof(watch.run_id), "%s", api_text(run, "id"));
	(void) snprintf(watch.stream_id, sizeof(watch.stream_id), "%s", api_text(run, "stream_id"));
	run_view_take_run(&watch.view, run);
	display_init(&watch.display, &cli->terminal, cli->output.quiet);
	if (cli_client(cli, &err) == NULL)
		return cli_fail(cli, &err);
	interrupt_catch();
	status = follow(&watch);
	display_leave(&watch.display);
	if (status == STATUS_OK && until == UNTIL_ENDED)
		status = status_of_end(&watch);
	one = json_pack("[O]", watch.view.run);
	if (status == STATUS_OK || status == STATUS_CHECK)
		status = cli_list(cli, &watch_runs, one) == STATUS_OK ? status : STATUS_ERROR;
	json_decref(one);
	feed_close(watch.feed);
	run_view_free(&watch.view);
	return status;
}
