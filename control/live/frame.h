/*
 * frame.h - what clients are sent: one JSON object, made once and shared by all it goes to.
 *
 *     {"v": 1, "seq": ..., "ts": "...", "type": "...", "stream_id": ..., "run_id": ..., "data": {...}}
 *
 * `seq` is an event's sequence, by which a client resumes; 0 in frames that are no events.
 */
#ifndef SLUICE_CONTROL_LIVE_FRAME_H
#define SLUICE_CONTROL_LIVE_FRAME_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FRAME_VERSION 1

typedef struct Frame
{
	atomic_int references;
	const char *type; /* static */
	uint64_t sequence;
	size_t length;
	char text[]; /* with a NUL behind it */
} Frame;

typedef struct FrameHead
{
	const char *type; /* static */
	uint64_t sequence;
	int64_t time_ms;	   /* since 1970 */
	const char *stream_id; /* NULL or "": null */
	const char *run_id;
} FrameHead;

/* Takes `data`, also when it fails; NULL data, or no memory, is NULL. */
extern Frame *frame_make(const FrameHead *head, json_t *data);

extern Frame *frame_hold(Frame *frame);

/* NULL is fine. */
extern void frame_release(Frame *frame);

#endif
