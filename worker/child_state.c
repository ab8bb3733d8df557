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
} StateRow;

/* A writer's words (writer_state_names).  One that waits for somebody to mend something has failed until then. */
static const StateRow writer_rows[] = {
	{"starting", "starting", false, false},		{"standby", "standby", true, true},
	{"connecting", "connecting", false, false}, {"loading", "loading", true, true},
	{"applying", "applying", true, true},		{"retrying", "retrying", false, false},
	{"stopped", "failed", false, false},		{"draining", "draining", false, false},
	{"refused", "failed", false, false},		{NULL, "starting", false, false},
};

/* A reader's (stream_state.h, and standby). */
static const StateRow reader_rows[] = {
	{"starting", "starting", false, false},	 {"copying_schema", "copying_schema", true, false},
	{"loading", "loading", true, false},	 {"indexing", "indexing", true, false},
	{"streaming", "streaming", true, false}, {"paused", "paused", true, false},
	{"stopping", "stopping", true, false},	 {"stopped", "stopped", true, false},
	{"finished", "finished", true, false},	 {"failed", "failed", false, false},
	{"standby", "standby", true, false},	 {NULL, "starting", false, false},
};

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
		.time_ms = json_integer_value(json_object_get(figures, "time_ms")),
		.drained = row->at_rest && json_is_integer(pending) && json_integer_value(pending) == 0,
	};
}

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
