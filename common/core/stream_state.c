/*
 * stream_state.c - names and moves; a bit in `next` for every state that may follow.
 */
#include "stream_state.h"

#include <string.h>

#define TO(state) (1u << STREAM_##state)

static const struct
{
	const char *name;
	unsigned next;
} states[STREAM_STATES] = {
	[STREAM_CREATED] = {"created", TO(STARTING) | TO(DROPPING)},
	[STREAM_STARTING] = {"starting", TO(COPYING_SCHEMA) | TO(STREAMING) | TO(PAUSED) |
										 TO(STOPPING) | TO(STOPPED) | TO(FAILED) | TO(DROPPING)},
	[STREAM_COPYING_SCHEMA] = {"copying_schema", TO(LOADING) | TO(PAUSED) | TO(STOPPING) |
													 TO(FAILED) | TO(STARTING) | TO(DROPPING)},
	[STREAM_LOADING] = {"loading", TO(INDEXING) | TO(PAUSED) | TO(STOPPING) | TO(FAILED) |
									   TO(STARTING) | TO(DROPPING)},
	[STREAM_INDEXING] = {"indexing", TO(STREAMING) | TO(FINISHED) | TO(PAUSED) | TO(STOPPING) |
										 TO(FAILED) | TO(STARTING) | TO(DROPPING)},
	[STREAM_STREAMING] = {"streaming", TO(STARTING) | TO(PAUSED) | TO(STOPPING) | TO(STOPPED) |
										   TO(FINISHED) | TO(FAILED) | TO(DROPPING)},
	[STREAM_PAUSED] = {"paused",
					   TO(STARTING) | TO(STOPPED) | TO(STOPPING) | TO(DROPPING) | TO(FAILED)},
	[STREAM_STOPPING] = {"stopping", TO(STOPPED) | TO(FAILED) | TO(DROPPING)},
	[STREAM_STOPPED] = {"stopped", TO(STARTING) | TO(DROPPING)},
	[STREAM_FINISHED] = {"finished", TO(STARTING) | TO(DROPPING)},
	[STREAM_FAILED] = {"failed", TO(STARTING) | TO(STOPPED) | TO(DROPPING)},
	[STREAM_DROPPING] = {"dropping", 0},
};

const char *
stream_state_name(StreamState state)
{
	return states[state].name;
}

bool
stream_state_parse(const char *name, StreamState *state, SluiceError *err)
{
	for (unsigned i = 0; i < STREAM_STATES; i++)
	{
		if (strcmp(states[i].name, name) == 0)
		{
			*state = (StreamState) i;
			return true;
		}
	}
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.40s\" is no state of a stream", name);
}

bool
stream_state_can_move(StreamState from, StreamState to)
{
	return (states[from].next & (1u << to)) != 0;
}
