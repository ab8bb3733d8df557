/*
 * event_window.h - the newest events in memory, from which every client is served at its own pace.
 *
 * No I/O and no clock; it has a lock of its own.  Bounded by number and bytes: the oldest go first, and who has not
 * had them by then is told that it lost some.
 */
#ifndef SLUICE_CONTROL_LIVE_EVENT_WINDOW_H
#define SLUICE_CONTROL_LIVE_EVENT_WINDOW_H

#include "common/control/layout.h"
#include "frame.h"
#include "live.h"

typedef struct WindowEvent
{
	uint64_t sequence;
	EventType type;
	char tenant[TENANT_MAXIMUM + 1]; /* "": of none */
	char stream_id[ID_MAXIMUM + 1];	 /* "": of none */
	char run_id[ID_MAXIMUM + 1];
	Frame *frame;
} WindowEvent;

typedef struct EventWindow EventWindow;

/* NULL without memory. */
extern EventWindow *event_window_new(size_t maximum, size_t bytes);
extern void event_window_free(EventWindow *window);

/*
 * Takes an event and its frame.  Sequences grow by one each; what is not above the newest is left out, and a leap
 * means that those between are not to be had.
 */
extern void event_window_add(EventWindow *window, const WindowEvent *event);

/* There is no event of this sequence, and never will be. */
extern void event_window_skip(EventWindow *window, uint64_t sequence);

/* Where what is to be had begins: events up to `sequence` are not. */
extern void event_window_begin(EventWindow *window, uint64_t sequence);

/* All are gone and sequences begin anew: every client's place is one of the past. */
extern void event_window_reset(EventWindow *window);

/* A client's place: all up to `sequence` were looked at. */
typedef struct WindowPlace
{
	uint64_t sequence;
	unsigned round; /* the window's, which event_window_reset() ends */
} WindowPlace;

/* Behind all that is there now. */
extern WindowPlace event_window_end(EventWindow *window);

/* Behind the event that had this sequence; false when events behind it are not to be had, or it never was. */
extern bool event_window_after(EventWindow *window, uint64_t sequence, WindowPlace *place);

typedef bool (*WindowMatch)(const void *context, const WindowEvent *event);

typedef enum WindowAnswer
{
	WINDOW_FRAME, /* *frame is the next that matches, held for the caller */
	WINDOW_NOTHING,
	WINDOW_LOST /* events behind the place are not to be had any more */
} WindowAnswer;

/* The next event behind the place, which moves. */
extern WindowAnswer event_window_next(EventWindow *window, WindowPlace *place, WindowMatch match,
									  const void *context, Frame **frame);

/* Frames that match, newest first, at most `size`, with sequences below `before` (0: all); held for the caller. */
extern size_t event_window_back(EventWindow *window, uint64_t before, WindowMatch match,
								const void *context, Frame **frames, size_t size);

#endif
