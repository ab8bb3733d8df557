/*
 * stream_state.h - the states of a stream and the moves between them: one table, used by every part.
 */
#ifndef SLUICE_CORE_STREAM_STATE_H
#define SLUICE_CORE_STREAM_STATE_H

#include "error.h"

typedef enum StreamState
{
	STREAM_CREATED,
	STREAM_STARTING,
	STREAM_COPYING_SCHEMA,
	STREAM_LOADING,
	STREAM_INDEXING,
	STREAM_STREAMING,
	STREAM_PAUSED,
	STREAM_STOPPING,
	STREAM_STOPPED,
	STREAM_FINISHED,
	STREAM_FAILED,
	STREAM_DROPPING,
	STREAM_STATES
} StreamState;

/* "created", "starting", ... */
extern const char *stream_state_name(StreamState state);
extern bool stream_state_parse(const char *name, StreamState *state,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* Whether a stream may go from one state to the other. */
extern bool stream_state_can_move(StreamState from, StreamState to);

#endif
