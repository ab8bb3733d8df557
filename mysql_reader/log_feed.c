/*
 * log_feed.c - reading ahead (log_feed.h).
 *
 * Two buffers: the thread fills one, the taker empties the other; they change places when the taker's
 * is empty.  A record is the event's length in eight bytes and the event.
 */
#include "log_feed.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define AHEAD ((size_t) 1 << 20) /* bytes in one buffer */

struct LogFeed
{
	Wire *wire;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t taken; /* for the thread: there is room, or it is to stop */
	int event;
	bool stopping;
	bool failed;
	bool waiting; /* the taker found nothing */
	SluiceError error;
	ByteBuf filling;	  /* lock */
	ByteBuf emptying;	  /* the taker's */
	size_t at;			  /* in it */
	const uint8_t *large; /* an event that is handed over in place; lock */
	size_t large_length;
	bool large_taken;
};

int
log_feed_eventfd(const LogFeed *feed)
{
	return feed->event;
}

/* ---- the thread ---- */

/* Lock held. */
static void
wake_taker(LogFeed *feed)
{
	uint64_t one = 1;

	if (!feed->waiting)
		return;
	feed->waiting = false;
	if (write(feed->event, &one, sizeof(one)) < 0)
		return; /* a counter that is full is as good as a write */
}

/* Both need their order: a large one waits until all before it was taken.  Lock held. */
static void
hand_over(LogFeed *feed, const uint8_t *event, size_t length)
{
	feed->large = event;
	feed->large_length = length;
	feed->large_taken = false;
	wake_taker(feed);
	while (feed->large != NULL && !feed->stopping)
		(void) pthread_cond_wait(&feed->taken, &feed->lock);
	feed->large = NULL;
}

/* Lock held. */
static bool
store(LogFeed *feed, const uint8_t *event, size_t length, SluiceError *err)
{
	const uint64_t size = length;

	while (feed->filling.length > 0 && feed->filling.length + length + sizeof(size) > AHEAD &&
		   !feed->stopping)
		(void) pthread_cond_wait(&feed->taken, &feed->lock);
	if (length + sizeof(size) > AHEAD)
	{
		hand_over(feed, event, length);
		return true;
	}
	if (!bytebuf_put(&feed->filling, &size, sizeof(size), err) ||
		!bytebuf_put(&feed->filling, event, length, err))
		return false;
	wake_taker(feed);
	return true;
}

static bool
read_one(LogFeed *feed, SluiceError *err)
{
	const uint8_t *event;
	size_t length;
	bool good;

	if (!wire_read(feed->wire, &event, &length, err))
		return false;
	if (length == 0)
		return sluice_fail(err, SLUICE_ERROR_IO, "the server ended the log");
	pthread_mutex_lock(&feed->lock);
	good = !feed->stopping && store(feed, event, length, err);
	pthread_mutex_unlock(&feed->lock);
	return good;
}

static void *
read_ahead(void *context)
{
	LogFeed *feed = context;
	SluiceError err;

	sluice_error_clear(&err);
	while (read_one(feed, &err))
		continue;
	pthread_mutex_lock(&feed->lock);
	feed->error = err;
	feed->failed = true;
	wake_taker(feed);
	pthread_mutex_unlock(&feed->lock);
	mysql_thread_end();
	return NULL;
}

/* ---- the taker ---- */

/* The other buffer takes the place of the empty one; false when there is nothing in it.  Lock held. */
static bool
exchange(LogFeed *feed)
{
	ByteBuf empty = feed->emptying;

	if (feed->filling.length == 0)
		return false;
	empty.length = 0;
	feed->emptying = feed->filling;
	feed->filling = empty;
	feed->at = 0;
	pthread_cond_signal(&feed->taken);
	return true;
}

/* More when the buffer is empty: the other one, or a large event.  Lock held. */
static bool
take_more(LogFeed *feed, const uint8_t **event, size_t *length, SluiceError *err)
{
	if (feed->large != NULL && feed->large_taken)
	{
		feed->large = NULL;
		pthread_cond_signal(&feed->taken);
	}
	if (exchange(feed))
		return true;
	if (feed->large != NULL)
	{
		feed->large_taken = true;
		*event = feed->large;
		*length = feed->large_length;
		return true;
	}
	if (feed->failed)
	{
		*err = feed->error;
		return false;
	}
	feed->waiting = true;
	return true;
}

bool
log_feed_next(LogFeed *feed, const uint8_t **event, size_t *length, SluiceError *err)
{
	uint64_t size, ignored;
	bool good = true;

	*length = 0;
	if (feed->at == feed->emptying.length)
	{
		if (read(feed->event, &ignored, sizeof(ignored)) < 0 && errno != EAGAIN)
			ignored = 0; /* nothing depends on the count */
		pthread_mutex_lock(&feed->lock);
		good = take_more(feed, event, length, err);
		pthread_mutex_unlock(&feed->lock);
	}
	if (!good || *length > 0 || feed->at == feed->emptying.length)
		return good;
	memcpy(&size, feed->emptying.data + feed->at, sizeof(size));
	*event = feed->emptying.data + feed->at + sizeof(size);
	*length = (size_t) size;
	feed->at += sizeof(size) + *length;
	return true;
}

/* ---- start and stop ---- */

static void
feed_free(LogFeed *feed)
{
	if (feed->event >= 0)
		(void) close(feed->event);
	bytebuf_free(&feed->filling);
	bytebuf_free(&feed->emptying);
	(void) pthread_mutex_destroy(&feed->lock);
	(void) pthread_cond_destroy(&feed->taken);
	free(feed);
}

/* Signals are for the program's own thread. */
static int
start_thread(LogFeed *feed)
{
	sigset_t all, before;
	int failed;

	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&feed->thread, NULL, read_ahead, feed);
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

LogFeed *
log_feed_start(Wire *wire, SluiceError *err)
{
	LogFeed *feed = calloc(1, sizeof(*feed));
	int failed;

	if (feed == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for reading the log");
		return NULL;
	}
	feed->wire = wire;
	feed->waiting = true;
	bytebuf_init(&feed->filling, &allocator_malloc, AHEAD);
	bytebuf_init(&feed->emptying, &allocator_malloc, AHEAD);
	(void) pthread_mutex_init(&feed->lock, NULL);
	(void) pthread_cond_init(&feed->taken, NULL);
	feed->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	failed = feed->event < 0 ? errno : start_thread(feed);
	if (failed == 0)
		return feed;
	sluice_error_fill(err, SLUICE_ERROR_MEMORY, "could not read the log in a thread: %s",
					  strerror(failed));
	feed_free(feed);
	return NULL;
}

void
log_feed_stop(LogFeed *feed)
{
	if (feed == NULL)
		return;
	pthread_mutex_lock(&feed->lock);
	feed->stopping = true;
	pthread_cond_signal(&feed->taken);
	pthread_mutex_unlock(&feed->lock);
	wire_cancel(feed->wire->mysql);
	(void) pthread_join(feed->thread, NULL);
	feed_free(feed);
}
