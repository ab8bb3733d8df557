/*
 * event_window.c - a ring of events (event_window.h).
 *
 * Invariants:
 * 1. `lock` guards everything.
 * 2. The ring has `count` events from `first`, in the order of their sequences.  All events above `lost` that were told
 *    are in it; `last` is the newest that was told.
 */
#include "event_window.h"

#include <pthread.h>
#include <stdlib.h>

struct EventWindow
{
	pthread_mutex_t lock;
	WindowEvent *events;
	size_t maximum, first, count;
	size_t bytes, bytes_maximum;
	uint64_t lost, last;
	unsigned round;
};

EventWindow *
event_window_new(size_t maximum, size_t bytes)
{
	EventWindow *window = calloc(1, sizeof(*window));

	if (window == NULL)
		return NULL;
	window->events = calloc(maximum, sizeof(*window->events));
	if (window->events == NULL)
	{
		free(window);
		return NULL;
	}
	window->maximum = maximum;
	window->bytes_maximum = bytes;
	(void) pthread_mutex_init(&window->lock, NULL);
	return window;
}

static WindowEvent *
event_at(EventWindow *window, size_t index)
{
	return &window->events[(window->first + index) % window->maximum];
}

static void
drop_first(EventWindow *window)
{
	WindowEvent *event = event_at(window, 0);

	window->lost = event->sequence;
	window->bytes -= event->frame->length;
	frame_release(event->frame);
	window->first = (window->first + 1) % window->maximum;
	window->count--;
}

void
event_window_free(EventWindow *window)
{
	if (window == NULL)
		return;
	while (window->count > 0)
		drop_first(window);
	(void) pthread_mutex_destroy(&window->lock);
	free(window->events);
	free(window);
}

static void
forget_all(EventWindow *window, uint64_t sequence)
{
	while (window->count > 0)
		drop_first(window);
	window->lost = window->last = sequence;
}

void
event_window_add(EventWindow *window, const WindowEvent *event)
{
	pthread_mutex_lock(&window->lock);
	if (event->sequence > window->last)
	{
		if (event->sequence > window->last + 1)
			forget_all(window, event->sequence - 1);
		if (window->count == window->maximum)
			drop_first(window);
		*event_at(window, window->count++) = *event;
		window->bytes += event->frame->length;
		window->last = event->sequence;
		while (window->bytes > window->bytes_maximum && window->count > 1)
			drop_first(window);
	}
	else
		frame_release(event->frame);
	pthread_mutex_unlock(&window->lock);
}

void
event_window_skip(EventWindow *window, uint64_t sequence)
{
	pthread_mutex_lock(&window->lock);
	if (sequence == window->last + 1)
		window->last = sequence;
	pthread_mutex_unlock(&window->lock);
}

void
event_window_begin(EventWindow *window, uint64_t sequence)
{
	pthread_mutex_lock(&window->lock);
	if (sequence > window->last)
		forget_all(window, sequence);
	pthread_mutex_unlock(&window->lock);
}

void
event_window_reset(EventWindow *window)
{
	pthread_mutex_lock(&window->lock);
	forget_all(window, 0);
	window->round++;
	pthread_mutex_unlock(&window->lock);
}

WindowPlace
event_window_end(EventWindow *window)
{
	WindowPlace place;

	pthread_mutex_lock(&window->lock);
	place = (WindowPlace){window->last, window->round};
	pthread_mutex_unlock(&window->lock);
	return place;
}

bool
event_window_after(EventWindow *window, uint64_t sequence, WindowPlace *place)
{
	bool good;

	pthread_mutex_lock(&window->lock);
	good = sequence >= window->lost && sequence <= window->last;
	*place = (WindowPlace){sequence, window->round};
	pthread_mutex_unlock(&window->lock);
	return good;
}

/* The index of the first event above a sequence. */
static size_t
index_after(EventWindow *window, uint64_t sequence)
{
	size_t low = 0, high = window->count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (event_at(window, middle)->sequence <= sequence)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static WindowAnswer
next(EventWindow *window, WindowPlace *place, WindowMatch match, const void *context, Frame **frame)
{
	if (place->round != window->round || place->sequence < window->lost)
		return WINDOW_LOST;
	for (size_t i = index_after(window, place->sequence); i < window->count; i++)
	{
		WindowEvent *event = event_at(window, i);

		place->sequence = event->sequence;
		if (!match(context, event))
			continue;
		*frame = frame_hold(event->frame);
		return WINDOW_FRAME;
	}
	return WINDOW_NOTHING;
}

WindowAnswer
event_window_next(EventWindow *window, WindowPlace *place, WindowMatch match, const void *context,
				  Frame **frame)
{
	WindowAnswer answer;

	*frame = NULL;
	pthread_mutex_lock(&window->lock);
	answer = next(window, place, match, context, frame);
	pthread_mutex_unlock(&window->lock);
	return answer;
}

size_t
event_window_back(EventWindow *window, uint64_t before, WindowMatch match, const void *context,
				  Frame **frames, size_t size)
{
	size_t count = 0;

	pthread_mutex_lock(&window->lock);
	for (size_t i = window->count; i > 0 && count < size; i--)
	{
		WindowEvent *event = event_at(window, i - 1);

		if ((before == 0 || event->sequence < before) && match(context, event))
			frames[count++] = frame_hold(event->frame);
	}
	pthread_mutex_unlock(&window->lock);
	return count;
}
