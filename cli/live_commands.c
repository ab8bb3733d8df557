/*
 * live_commands.c - what goes on now: lag of streams, the busiest of them, log lines, events.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "event_feed.h"
#include "handlers.h"
#include "wait.h"

#define SNAPSHOT_MS 15000 /* the server answers a subscription with a snapshot at once */

static const Column lag_columns[] = {{"stream", "name", COLUMN_TEXT},
									 {"state", "state", COLUMN_STATE},
									 {"lag", "lag_seconds", COLUMN_SECONDS},
									 {"lag_bytes", "lag_bytes", COLUMN_BYTES},
									 {"kept", "kept_bytes", COLUMN_BYTES},
									 {"waiting", "pending_messages", COLUMN_NUMBER},
									 {"read", "rows_read_per_second", COLUMN_PER_SECOND},
									 {"applied", "rows_applied_per_second", COLUMN_PER_SECOND},
									 {0}};
static const Listing lags = {.columns = lag_columns, .id = "stream_id", .empty = "no stream runs"};

static const Column log_columns[] = {{"time", "time", COLUMN_TIME},
									 {"level", "level", COLUMN_STATE},
									 {"job", "job", COLUMN_TEXT},
									 {"message", "msg", COLUMN_TEXT},
									 {"error", "error", COLUMN_TEXT},
									 {"hint", "hint", COLUMN_TEXT},
									 {0}};
static const Listing logs = {.columns = log_columns, .id = "time", .empty = "no lines are kept"};

static const Column event_columns[] = {{"seq", "seq", COLUMN_TEXT},
									   {"time", "ts", COLUMN_TIME},
									   {"type", "type", COLUMN_TEXT},
									   {"stream", "stream_id", COLUMN_TEXT},
									   {"run", "run_id", COLUMN_TEXT},
									   {"data", "data", COLUMN_TEXT},
									   {0}};
static const Listing events = {
	.columns = event_columns, .id = "seq", .empty = "no events are kept"};

/* ---- lag and top ---- */

/* The snapshot. A FrameTake. */
static int
take_snapshot(Cli *cli, void *context, const json_t *frame, bool *done)
{
	json_t **snapshot = context;

	(void) cli;
	if (strcmp(api_text(frame, "type"), "snapshot") == 0)
	{
		*snapshot = json_incref((json_t *) (uintptr_t) frame);
		*done = true;
	}
	return STATUS_OK;
}

static int
fetch_snapshot(Cli *cli, const char *topics, json_t **snapshot)
{
	const FrameWish wish = {.topics = topics, .since = -1, .timeout_ms = SNAPSHOT_MS};
	SluiceError err;
	int status;

	*snapshot = NULL;
	status = frames_take(cli, &wish, take_snapshot, snapshot);
	if (status != STATUS_TIMEOUT)
		return status;
	(void) sluice_fail(&err, SLUICE_ERROR_TIMEOUT, "%s has sent no figures within %d seconds",
					   cli->target.server, SNAPSHOT_MS / 1000);
	return cli_fail(cli, &err);
}

static double
lag_of(const json_t *row)
{
	const json_t *lag = json_object_get(row, "lag_seconds");

	return json_is_number(lag) ? json_number_value(lag) : -1;
}

static int
compare_lag(const void *a, const void *b)
{
	double first = lag_of(*(json_t *const *) a), second = lag_of(*(json_t *const *) b);

	return first < second ? 1 : first > second ? -1 : 0;
}

/* The worst first. */
static json_t *
sorted(json_t *rows)
{
	size_t count = json_array_size(rows), index;
	json_t **all = calloc(count + 1, sizeof(json_t *)), *result = json_array(), *row;

	json_array_foreach(rows, index, row) if (all != NULL) all[index] = row;
	if (all != NULL)
		qsort(all, count, sizeof(json_t *), compare_lag);
	for (size_t i = 0; all != NULL && i < count; i++)
		json_array_append(result, all[i]);
	free(all);
	return result;
}

/* Streams that run, with their names and figures. */
static int
fetch_rows(Cli *cli, json_t **rows)
{
	static Url url;
	json_t *snapshot = NULL, *streams = NULL, *names = json_object(), *one, *all = json_array();
	size_t index;
	int status = fetch_snapshot(cli, "metrics,state", &snapshot);

	*rows = NULL;
	url_begin(&url, api_path(API_STREAM));
	if (status == STATUS_OK)
		status = api_list(cli, &url, SIZE_MAX, &streams);
	json_array_foreach(streams, index, one)
		json_object_set(names, api_text(one, "id"), json_object_get(one, "name"));
	json_array_foreach(output_find(snapshot, "data.streams"), index, one)
	{
		json_t *row = json_copy(one);

		json_object_set(row, "name", json_object_get(names, api_text(one, "stream_id")));
		json_array_append_new(all, row);
	}
	if (status == STATUS_OK)
		*rows = sorted(all);
	json_decref(all);
	json_decref(snapshot);
	json_decref(streams);
	json_decref(names);
	return status;
}

int
live_lag(Cli *cli)
{
	const char *name = arguments_word(&cli->arguments, 0);
	char id[API_ID_MAXIMUM];
	json_t *rows = NULL;
	int status = name != NULL ? api_id(cli, API_STREAM, name, id) : STATUS_OK;

	if (status == STATUS_OK)
		status = fetch_rows(cli, &rows);
	for (size_t i = json_array_size(rows); name != NULL && i > 0; i--)
		if (strcmp(api_text(json_array_get(rows, i - 1), "stream_id"), id) != 0)
			json_array_remove(rows, i - 1);
	if (status == STATUS_OK)
		status = cli_list(cli, &lags, rows);
	json_decref(rows);
	return status;
}

int
live_top(Cli *cli)
{
	bool once = arguments_bool(&cli->arguments, "once") || !cli->terminal.out.terminal;
	int64_t pause = arguments_number(&cli->arguments, "every", 2000);
	json_t *rows = NULL;
	int status;

	interrupt_catch();
	do
	{
		status = fetch_rows(cli, &rows);
		if (status == STATUS_OK && !once)
			(void) fputs("\033[H\033[J", cli->terminal.out.file);
		if (status == STATUS_OK)
			status = cli_list(cli, &lags, rows);
		json_decref(rows);
		rows = NULL;
	} while (status == STATUS_OK && !once && wait_ms(pause));
	/* Ctrl-C is how it ends. */
	return status == STATUS_INTERRUPTED ? STATUS_OK : status;
}

/* ---- logs ---- */

/* A FrameTake. */
static int
take_line(Cli *cli, void *context, const json_t *frame, bool *done)
{
	SluiceError err = {0};
	json_t *data = json_object_get(frame, "data");

	(void) context;
	(void) done;
	if (strcmp(api_text(frame, "type"), "log") != 0)
		return STATUS_OK;
	return output_one(&cli->output, &logs, data, &err) ? STATUS_OK : cli_fail(cli, &err);
}

int
live_logs(Cli *cli)
{
	static Url url;
	char topic[API_ID_MAXIMUM + 8];
	FrameWish wish = {.topics = topic, .since = -1, .again = true};
	json_t *run = NULL, *items = NULL;
	size_t most = (size_t) arguments_number(&cli->arguments, "lines", 200);
	int status = api_run(cli, arguments_word(&cli->arguments, 0), &run);

	if (status == STATUS_OK)
	{
		url_of(&url, "/runs", api_text(run, "id"), "/logs");
		url_query(&url, "level", arguments_text(&cli->arguments, "level"));
		status = api_list(cli, &url, SIZE_MAX, &items);
	}
	while (json_array_size(items) > most)
		json_array_remove(items, 0); /* the oldest */
	if (status == STATUS_OK)
		status = cli_list(cli, &logs, items);
	if (status == STATUS_OK && arguments_bool(&cli->arguments, "follow"))
	{
		(void) snprintf(topic, sizeof(topic), "log:%s", api_text(run, "id"));
		status = frames_take(cli, &wish, take_line, NULL);
	}
	json_decref(run);
	json_decref(items);
	return status == STATUS_INTERRUPTED ? STATUS_OK : status;
}

/* ---- events ---- */

typedef struct Events
{
	json_int_t last; /* ends behind this sequence; -1: never */
	json_t *kept;	 /* those up to it, which become one list; NULL: each is shown as it comes */
} Events;

/* A FrameTake. */
static int
take_event(Cli *cli, void *context, const json_t *frame, bool *done)
{
	const Events *wanted = context;
	json_t *event = (json_t *) (uintptr_t) frame;
	json_int_t sequence = json_integer_value(json_object_get(frame, "seq"));
	SluiceError err = {0};

	if (sequence == 0)
		return STATUS_OK;
	*done = wanted->last >= 0 && sequence >= wanted->last;
	if (wanted->last >= 0 && sequence > wanted->last)
		return STATUS_OK;
	if (wanted->kept != NULL)
		return json_array_append(wanted->kept, event) == 0 ? STATUS_OK : STATUS_ERROR;
	return output_one(&cli->output, &events, event, &err) ? STATUS_OK : cli_fail(cli, &err);
}

/* "state,error,..." of all, or with the stream's id behind each. */
static int
topics_of(Cli *cli, char *topics, size_t size)
{
	static const char *const of_streams[] = {"state", "error", "check", "schema", "verify"};
	static const char *const of_all[] = {"worker", "quota", "alert"};
	const char *name = arguments_word(&cli->arguments, 0), *type;
	char id[API_ID_MAXIMUM];
	size_t used = 0;
	int status = name != NULL ? api_id(cli, API_STREAM, name, id) : STATUS_OK;

	*topics = '\0';
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; (type = arguments_each(&cli->arguments, "type", i)) != NULL && used < size;
		 i++)
		used += (size_t) snprintf(topics + used, size - used, "%s%s%s%s", used > 0 ? "," : "", type,
								  name != NULL ? ":" : "", name != NULL ? id : "");
	if (used > 0)
		return STATUS_OK;
	for (size_t i = 0; i < sizeof(of_streams) / sizeof(of_streams[0]) && used < size; i++)
		used += (size_t) snprintf(topics + used, size - used, "%s%s%s%s", used > 0 ? "," : "",
								  of_streams[i], name != NULL ? ":" : "", name != NULL ? id : "");
	for (size_t i = 0; name == NULL && i < sizeof(of_all) / sizeof(of_all[0]) && used < size; i++)
		used += (size_t) snprintf(topics + used, size - used, ",%s", of_all[i]);
	return STATUS_OK;
}

int
live_events(Cli *cli)
{
	char topics[1000];
	Events wanted = {.last = -1};
	FrameWish wish = {.topics = topics, .since = -1, .again = true};
	json_t *snapshot = NULL;
	int status = topics_of(cli, topics, sizeof(topics));

	wish.since = arguments_number(&cli->arguments, "since", -1);
	if (status == STATUS_OK && !arguments_bool(&cli->arguments, "follow"))
	{
		/* Those that are kept: up to the newest of now. */
		status = fetch_snapshot(cli, topics, &snapshot);
		wanted.last = json_integer_value(json_object_get(snapshot, "seq"));
		wanted.kept = json_array();
		wish.since = wish.since < 0 ? 0 : wish.since;
		wish.again = false;
		wish.timeout_ms = SNAPSHOT_MS;
	}
	if (status == STATUS_OK && wanted.last != 0)
		status = frames_take(cli, &wish, take_event, &wanted);
	json_decref(snapshot);
	/* The newest of all may be of another kind than those asked for. */
	if (status == STATUS_INTERRUPTED || (status == STATUS_TIMEOUT && wanted.kept != NULL))
		status = STATUS_OK;
	if (status == STATUS_OK && wanted.kept != NULL)
		status = cli_list(cli, &events, wanted.kept);
	json_decref(wanted.kept);
	return status;
}
