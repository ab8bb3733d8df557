/*
 * run_view.c - gathering what is told of a run (run_view.h).
 */
#include "run_view.h"

#include <math.h>
#include <string.h>

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static double
number_of(const json_t *object, const char *name, double otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_number(value) ? json_number_value(value) : otherwise;
}

void
run_view_free(RunView *view)
{
	json_decref(view->run);
	json_decref(view->figures);
	progress_free(&view->progress);
	*view = (RunView){0};
}

/* ---- taking in ---- */

void
run_view_take_run(RunView *view, json_t *run)
{
	json_incref(run);
	json_decref(view->run);
	view->run = run;
}

static bool
table_is_done(const json_t *table, const char *state)
{
	static const char *const done[] = {"copied", "streaming", "finished", "done"};
	double chunks = number_of(table, "chunks", 0);

	for (size_t i = 0; state != NULL && i < sizeof(done) / sizeof(done[0]); i++)
		if (strcmp(done[i], state) == 0)
			return true;
	return chunks > 0 && number_of(table, "chunks_done", 0) >= chunks;
}

void
run_view_take_tables(RunView *view, const json_t *tables, int64_t now_ms)
{
	size_t index;
	json_t *table;

	json_array_foreach(tables, index, table)
	{
		const char *name = text_of(table, "table"), *state = text_of(table, "state");

		if (name != NULL)
			(void) progress_take(&view->progress,
								 &(TableFigures){.name = name,
												 .state = state,
												 .rows = number_of(table, "copied_rows", 0),
												 .expected = number_of(table, "estimated_rows", -1),
												 .bytes = number_of(table, "copied_bytes", 0),
												 .done = table_is_done(table, state)},
								 now_ms);
	}
	progress_add_up(&view->progress, now_ms);
}

static void
take_figures(RunView *view, json_t *figures)
{
	if (!json_is_object(figures))
		return;
	json_incref(figures);
	json_decref(view->figures);
	view->figures = figures;
}

/* Of a snapshot: that of our stream. */
static void
take_snapshot(RunView *view, const json_t *data)
{
	const char *stream = text_of(view->run, "stream_id"), *id;
	size_t index;
	json_t *one;

	json_array_foreach(json_object_get(data, "streams"), index,
					   one) if (stream != NULL && (id = text_of(one, "stream_id")) != NULL &&
								strcmp(id, stream) == 0) take_figures(view, one);
}

bool
run_view_take_frame(RunView *view, const json_t *frame, int64_t now_ms)
{
	const char *type = text_of(frame, "type");
	json_t *data = json_object_get(frame, "data");

	if (type == NULL)
		return false;
	if (strcmp(type, "metrics") == 0)
		take_figures(view, data);
	else if (strcmp(type, "snapshot") == 0)
		take_snapshot(view, data);
	else if (strcmp(type, "table") == 0)
		run_view_take_tables(view, json_object_get(data, "tables"), now_ms);
	else
		return strcmp(type, "state") == 0 || strcmp(type, "error") == 0;
	return false;
}

/* ---- asking ---- */

const char *
run_view_state(const RunView *view)
{
	const char *state = text_of(view->run, "state");

	return state != NULL ? state : "";
}

bool
run_view_ended(const RunView *view)
{
	return text_of(view->run, "ended_at") != NULL;
}

bool
run_view_level(const RunView *view, double lag_seconds)
{
	return strcmp(run_view_state(view), "streaming") == 0 &&
		   number_of(view->figures, "lag_seconds", INFINITY) <= lag_seconds &&
		   number_of(view->figures, "pending_messages", INFINITY) <= 0;
}

/* What is wished and is not there yet; NULL: nothing. */
static const char *
wish_of(const RunView *view)
{
	const char *desired = text_of(view->run, "desired"), *state = run_view_state(view);

	if (desired == NULL || run_view_ended(view) || strcmp(desired, "running") == 0 ||
		strcmp(desired, state) == 0)
		return NULL;
	return desired;
}

DisplayView
run_view_display(RunView *view)
{
	const json_t *error = json_object_get(view->run, "error");
	const char *message = text_of(error, "message"), *hint = text_of(error, "hint");

	(void) snprintf(view->error, sizeof(view->error), "%s%s%s", message != NULL ? message : "",
					hint != NULL && *hint != '\0' ? "; " : "", hint != NULL ? hint : "");
	return (DisplayView){
		.name =
			text_of(view->run, "stream_name") != NULL ? text_of(view->run, "stream_name") : "run",
		.state = text_of(view->run, "state"),
		.wish = wish_of(view),
		.phase = text_of(view->run, "phase"),
		.error = message != NULL ? view->error : NULL,
		.rows_per_second = number_of(view->figures, "rows_applied_per_second", -1),
		.bytes_per_second = number_of(view->figures, "bytes_applied_per_second", -1),
		.read_per_second = number_of(view->figures, "rows_read_per_second", -1),
		.lag_seconds = number_of(view->figures, "lag_seconds", -1),
		.lag_bytes = number_of(view->figures, "lag_bytes", -1),
		.pending_messages = number_of(view->figures, "pending_messages", -1)};
}
