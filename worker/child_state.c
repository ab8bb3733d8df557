/*
 * child_state.c - tables of states (child_state.h).
 */
#include "child_state.h"

#include <stdlib.h>
#include <string.h>

typedef struct StateRow
{
	const char *word, *reported;
	bool works;
	bool at_rest; /* a writer in it has nothing in hand once all that was published is applied */
	bool rests;	  /* nothing is tried in it */
} StateRow;

/* A writer's words (writer_state_names).  One that waits for somebody to mend something has failed until then. */
static const StateRow writer_rows[] = {
	{"starting", "starting", false, false, false},
	{"standby", "standby", true, true, true},
	{"connecting", "connecting", false, false, false},
	{"loading", "loading", true, true, false},
	{"applying", "applying", true, true, false},
	{"retrying", "retrying", false, false, false},
	{"stopped", "failed", false, false, false},
	{"draining", "draining", false, false, false},
	{"refused", "failed", false, false, false},
	{NULL, "starting", false, false, false},
};

/* A reader's (stream_state.h, and standby). */
static const StateRow reader_rows[] = {
	{"starting", "starting", false, false, false},
	{"copying_schema", "copying_schema", true, false, false},
	{"loading", "loading", true, false, false},
	{"indexing", "indexing", true, false, false},
	{"streaming", "streaming", true, false, false},
	{"paused", "paused", true, false, true},
	{"stopping", "stopping", true, false, true},
	{"stopped", "stopped", true, false, true},
	{"finished", "finished", true, false, true},
	{"failed", "failed", false, false, false},
	{"standby", "standby", true, false, true},
	{NULL, "starting", false, false, false},
};

/* How long a child must work before a failure is over: as long as it took to fail, and half as long again. */
#define PROOF_LEAST_MS 3000
#define PROOF_MOST_MS  30000

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

void
child_state_read(ChildState *state, bool reader, const json_t *figures)
{
	const StateRow *row = reader ? reader_rows : writer_rows;
	const char *word = text_of(figures, "state");
	const json_t *pending = json_object_get(figures, "pending_messages");

	while (row->word != NULL && strcmp(row->word, word) != 0)
		row++;
	*state = (ChildState){
		.state = row->reported,
		.phase = text_of(json_object_get(figures, "load"), "phase"),
		.works = row->works,
		.rests = row->rests,
		.done = json_integer_value(json_object_get(figures, "transactions")),
		.time_ms = json_integer_value(json_object_get(figures, "time_ms")),
		.drained = row->at_rest && json_is_integer(pending) && json_integer_value(pending) == 0,
	};
}

/* ---- failures ---- */

static void
note_failure(ChildFailure *failure, const ChildState *state)
{
	int64_t took_ms = failure->works_ms > 0 ? state->time_ms - failure->works_ms : 0;
	int64_t proves_ms = took_ms < PROOF_MOST_MS ? took_ms + took_ms / 2 : PROOF_MOST_MS;

	if (failure->works_ms > 0 || !failure->stands)
		failure->proves_ms = proves_ms < PROOF_LEAST_MS	 ? PROOF_LEAST_MS
							 : proves_ms > PROOF_MOST_MS ? PROOF_MOST_MS
														 : proves_ms;
	failure->stands = true;
	failure->done = state->done;
}

static bool
failure_is_over(const ChildFailure *failure, const ChildState *state)
{
	return state->rests ||
		   (state->works && (state->done > failure->done ||
							 state->time_ms - failure->works_ms >= failure->proves_ms));
}

void
child_failure_take(ChildFailure *failure, ChildState *state)
{
	if (strcmp(state->state, "failed") == 0)
		note_failure(failure, state);
	if (!state->works)
		failure->works_ms = 0;
	else if (failure->works_ms == 0)
		failure->works_ms = state->time_ms;
	if (state->done < failure->done)
		failure->done = state->done; /* another process, which counts from zero */
	if (failure->stands && failure_is_over(failure, state))
		failure->stands = false;
	if (!failure->stands)
		return;
	state->state = "failed";
	state->works = state->drained = false;
}

/* ---- processes ---- */

int
child_state_pid(const json_t *figures, const char *host)
{
	const char *owner = text_of(figures, "owner");
	size_t length = strlen(host);
	char *end;
	long pid;

	if (strncmp(owner, host, length) != 0 || owner[length] != '-')
		return 0;
	pid = strtol(owner + length + 1, &end, 10);
	return *end == '-' && pid > 0 && pid <= 0x7fffffff ? (int) pid : 0;
}
