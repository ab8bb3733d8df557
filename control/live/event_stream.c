/*
 * event_stream.c - server-sent events: the same frames as text (sockets.h).
 *
 *     id: <seq>            of events and snapshots: what a client comes back with as Last-Event-ID
 *     event: <type>
 *     data: <the frame>
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sockets_internal.h"

#define WAIT_MS 1000

static bool
enter(Sockets *sockets, EventStream *stream, SluiceError *err)
{
	bool good;

	pthread_mutex_lock(&sockets->lock);
	good = sockets_admit(sockets, &stream->feed.caller, err);
	if (good)
	{
		stream->next = sockets->streams;
		sockets->streams = stream;
	}
	pthread_mutex_unlock(&sockets->lock);
	return good;
}

EventStream *
event_stream_open(Sockets *sockets, const Caller *caller, const ClientMessage *first,
				  SluiceError *err)
{
	EventStream *stream = calloc(1, sizeof(*stream));
	int64_t now = sockets_clock();

	if (stream == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a client");
		return NULL;
	}
	stream->sockets = sockets;
	stream->key.checked_ms = now;
	feed_init(&stream->feed, caller, now);
	if (feed_take(&stream->feed, sockets->settings.sources, first, now, err) &&
		enter(sockets, stream, err))
		return stream;
	feed_free(&stream->feed);
	free(stream);
	return NULL;
}

void
event_stream_close(EventStream *stream)
{
	Sockets *sockets = stream->sockets;
	EventStream **at = &sockets->streams;

	pthread_mutex_lock(&sockets->lock);
	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	sockets->count--;
	(void) pthread_cond_broadcast(&sockets->changed);
	pthread_mutex_unlock(&sockets->lock);
	feed_free(&stream->feed);
	free(stream->text);
	free(stream);
}

/* ---- sending ---- */

/* Takes the frame. */
static bool
set_text(EventStream *stream, Frame *frame)
{
	char id[32] = "";
	int length;

	if (frame->sequence > 0)
		(void) snprintf(id, sizeof(id), "id: %" PRIu64 "\n", frame->sequence);
	free(stream->text);
	length = asprintf(&stream->text, "%sevent: %s\ndata: %s\n\n", id, frame->type, frame->text);
	frame_release(frame);
	if (length < 0)
		stream->text = NULL;
	stream->length = length > 0 ? (size_t) length : 0;
	stream->written = 0;
	return length > 0;
}

/* Waits for news or until the feed has something to say; false when the server ends. */
static bool
await_news(EventStream *stream, uint64_t seen, int64_t now_ms)
{
	Sockets *sockets = stream->sockets;
	int64_t ms = feed_due(&stream->feed) - now_ms;
	struct timespec until;
	bool go;

	ms = ms < WAIT_MS ? ms : WAIT_MS;
	(void) clock_gettime(CLOCK_MONOTONIC, &until);
	if (ms > 0)
	{
		until.tv_sec += (until.tv_nsec + ms * 1000000) / 1000000000;
		until.tv_nsec = (until.tv_nsec + ms * 1000000) % 1000000000;
	}
	pthread_mutex_lock(&sockets->lock);
	while (!sockets->hung_up && sockets->news == seen &&
		   pthread_cond_timedwait(&sockets->changed, &sockets->lock, &until) == 0)
		;
	go = !sockets->hung_up;
	pthread_mutex_unlock(&sockets->lock);
	return go;
}

/* How much was told until now; false when the server ends. */
static bool
news_of(Sockets *sockets, uint64_t *news)
{
	bool go;

	pthread_mutex_lock(&sockets->lock);
	*news = sockets->news;
	go = !sockets->hung_up;
	pthread_mutex_unlock(&sockets->lock);
	return go;
}

/* Until there is a frame; false when the client is to be let go. */
static bool
await_frame(EventStream *stream)
{
	for (;;)
	{
		int64_t now = sockets_clock();
		uint64_t seen;
		Frame *frame;

		if (!news_of(stream->sockets, &seen) ||
			!key_check(&stream->key, &stream->sockets->settings, &stream->feed.caller, now, NULL))
			return false;
		switch (feed_next(&stream->feed, stream->sockets->settings.sources, now, &frame))
		{
			case FEED_FRAME: return set_text(stream, frame);
			case FEED_BEHIND: return false;
			case FEED_NOTHING: break;
		}
		if (!await_news(stream, seen, now))
			return false;
	}
}

long
event_stream_read(EventStream *stream, char *to, size_t size)
{
	size_t length;

	if (stream->written == stream->length && !await_frame(stream))
		return -1;
	length = stream->length - stream->written;
	length = length < size ? length : size;
	memcpy(to, stream->text + stream->written, length);
	stream->written += length;
	return (long) length;
}
