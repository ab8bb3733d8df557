/*
 * connections.c - a table of sockets and deadlines, and the thread that looks at it.
 *
 * A socket is shut down under the lock under which it is removed before it is closed, so a number is never that of
 * another connection.
 */
#include "connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define LOOK_MS 100

struct ConnectionEntry
{
	int fd;				 /* -1: free */
	int64_t deadline_ms; /* 0: none */
	bool upgraded;
};

struct Connections
{
	pthread_mutex_t lock; /* guards all that follows */
	pthread_cond_t ending;
	bool ended;
	int64_t request_ms;
	unsigned maximum;
	pthread_t thread;
	ConnectionEntry entries[];
};

static int64_t
now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
cut_slow(Connections *connections, int64_t now)
{
	for (unsigned i = 0; i < connections->maximum; i++)
	{
		ConnectionEntry *entry = &connections->entries[i];

		if (entry->fd >= 0 && entry->deadline_ms != 0 && entry->deadline_ms < now)
		{
			(void) shutdown(entry->fd, SHUT_RDWR);
			entry->deadline_ms = 0;
		}
	}
}

static void *
watch(void *context)
{
	Connections *connections = context;

	(void) pthread_mutex_lock(&connections->lock);
	while (!connections->ended)
	{
		int64_t now = now_ms();
		const struct timespec until = {(now + LOOK_MS) / 1000, (now + LOOK_MS) % 1000 * 1000000};

		cut_slow(connections, now);
		(void) pthread_cond_timedwait(&connections->ending, &connections->lock, &until);
	}
	(void) pthread_mutex_unlock(&connections->lock);
	return NULL;
}

Connections *
connections_new(unsigned maximum, int64_t request_ms, SluiceError *err)
{
	Connections *connections = calloc(1, sizeof(*connections) + maximum * sizeof(ConnectionEntry));
	pthread_condattr_t clock;

	if (connections == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making the listener");
		return NULL;
	}
	connections->maximum = maximum;
	connections->request_ms = request_ms;
	for (unsigned i = 0; i < maximum; i++)
		connections->entries[i].fd = -1;
	(void) pthread_mutex_init(&connections->lock, NULL);
	(void) pthread_condattr_init(&clock);
	(void) pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void) pthread_cond_init(&connections->ending, &clock);
	(void) pthread_condattr_destroy(&clock);
	if (pthread_create(&connections->thread, NULL, watch, connections) == 0)
		return connections;
	(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "cannot start the listener's thread");
	free(connections);
	return NULL;
}

void
connections_free(Connections *connections)
{
	if (connections == NULL)
		return;
	(void) pthread_mutex_lock(&connections->lock);
	connections->ended = true;
	(void) pthread_cond_signal(&connections->ending);
	(void) pthread_mutex_unlock(&connections->lock);
	(void) pthread_join(connections->thread, NULL);
	(void) pthread_cond_destroy(&connections->ending);
	(void) pthread_mutex_destroy(&connections->lock);
	free(connections);
}

ConnectionEntry *
connections_add(Connections *connections, int fd)
{
	ConnectionEntry *entry = NULL;

	(void) pthread_mutex_lock(&connections->lock);
	for (unsigned i = 0; entry == NULL && i < connections->maximum; i++)
		if (connections->entries[i].fd < 0)
			entry = &connections->entries[i];
	if (entry != NULL)
		*entry = (ConnectionEntry){.fd = fd, .deadline_ms = now_ms() + connections->request_ms};
	(void) pthread_mutex_unlock(&connections->lock);
	return entry;
}

void
connections_remove(Connections *connections, ConnectionEntry *entry)
{
	if (entry == NULL)
		return;
	(void) pthread_mutex_lock(&connections->lock);
	entry->fd = -1;
	(void) pthread_mutex_unlock(&connections->lock);
}

static void
set_deadline(Connections *connections, ConnectionEntry *entry, int64_t deadline_ms)
{
	if (entry == NULL)
		return;
	(void) pthread_mutex_lock(&connections->lock);
	entry->deadline_ms = entry->upgraded ? 0 : deadline_ms;
	(void) pthread_mutex_unlock(&connections->lock);
}

void
connection_reading(Connections *connections, ConnectionEntry *entry)
{
	set_deadline(connections, entry, now_ms() + connections->request_ms);
}

void
connection_working(Connections *connections, ConnectionEntry *entry)
{
	set_deadline(connections, entry, 0);
}

/* The library says of an upgraded connection that its request was answered: that must not begin another. */
void
connection_upgraded(Connections *connections, ConnectionEntry *entry)
{
	if (entry == NULL)
		return;
	(void) pthread_mutex_lock(&connections->lock);
	entry->upgraded = true;
	entry->deadline_ms = 0;
	(void) pthread_mutex_unlock(&connections->lock);
}
