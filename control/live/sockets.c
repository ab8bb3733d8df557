/*
 * sockets.c - the thread that serves all WebSockets (sockets.h).
 *
 * Invariants:
 * 1. A client is in `expected` until its socket is there, then in `arrived` until the thread takes it, then in `served`, until
 *    its connection is closed; it is freed by the thread, and after sockets_hang_up() no connection is left.
 * 2. `lock` guards the lists and the counts; clients in `served` are the thread's alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/control/timestamp.h"
#include "sockets_internal.h"

#define ROUND_NS	10000000 /* between two rounds at least: what comes together is told together */
#define WAIT_MS		1000
#define POLL_EVENTS 64
#define GOING_MS	5000  /* for streams to go, at the end */
#define SEND_BUFFER 65536 /* bytes; more would be what was, not what is */

int64_t
sockets_clock(void)
{
	return timestamp_now();
}

/* ---- coming ---- */

static size_t
count_key(const SocketClient *client, const char *key_id)
{
	size_t count = 0;

	for (; client != NULL; client = client->next)
		count += strcmp(client->feed.caller.key_id, key_id) == 0;
	return count;
}

bool
sockets_admit(Sockets *sockets, const Caller *caller, SluiceError *err)
{
	size_t count = count_key(sockets->expected, caller->key_id) +
				   count_key(sockets->arrived, caller->key_id) +
				   count_key(sockets->served, caller->key_id);

	for (const EventStream *stream = sockets->streams; stream != NULL; stream = stream->next)
		count += strcmp(stream->feed.caller.key_id, caller->key_id) == 0;
	if (sockets->hung_up)
		return sluice_fail(err, SLUICE_ERROR_IO, "the server ends");
	if (sockets->count >= SOCKETS_MAXIMUM || count >= SOCKETS_KEY_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT,
						   "there are too many clients: %zu, %zu of this API key", sockets->count,
						   count);
	sockets->count++;
	return true;
}

static bool
expect(Sockets *sockets, SocketClient *client, const Caller *caller, SluiceError *err)
{
	bool good;

	pthread_mutex_lock(&sockets->lock);
	good = sockets_admit(sockets, caller, err);
	if (good)
	{
		client->number = ++sockets->last_number;
		client->next = sockets->expected;
		sockets->expected = client;
	}
	pthread_mutex_unlock(&sockets->lock);
	return good;
}

uint64_t
sockets_expect(Sockets *sockets, const Caller *caller, const ClientMessage *first, SluiceError *err)
{
	SocketClient *client = calloc(1, sizeof(*client));
	int64_t now = sockets_clock();

	if (client == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a client");
		return 0;
	}
	client->fd = -1;
	client->expected_ms = now;
	socket_client_init(client, now);
	feed_init(&client->feed, caller, now);
	if ((first == NULL || feed_take(&client->feed, sockets->settings.sources, first, now, err)) &&
		expect(sockets, client, caller, err))
		return client->number;
	socket_client_free(client);
	return 0;
}

/* Takes a client out of a list; NULL when it is not there. */
static SocketClient *
take_out(SocketClient **list, uint64_t number)
{
	SocketClient *client;

	while (*list != NULL && (*list)->number != number)
		list = &(*list)->next;
	client = *list;
	if (client != NULL)
		*list = client->next;
	return client;
}

static void
wake_thread(Sockets *sockets)
{
	const uint64_t one = 1;

	(void) !write(sockets->wake_fd, &one, sizeof(one));
}

bool
sockets_take(Sockets *sockets, uint64_t number, int fd, void (*close)(void *connection),
			 void *connection)
{
	const int size = SEND_BUFFER;
	SocketClient *client;

	(void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	pthread_mutex_lock(&sockets->lock);
	client = take_out(&sockets->expected, number);
	if (client != NULL)
	{
		client->fd = fd;
		client->close = close;
		client->connection = connection;
		client->next = sockets->arrived;
		sockets->arrived = client;
		wake_thread(sockets);
	}
	pthread_mutex_unlock(&sockets->lock);
	return client != NULL;
}

/* ---- serving ---- */

static bool
set_poll(Sockets *sockets, SocketClient *client, int operation)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

	if (client->blocked)
		event.events |= EPOLLOUT;
	client->told_blocked = client->blocked;
	return epoll_ctl(sockets->poll_fd, operation, client->fd, &event) == 0;
}

/* Clients whose sockets came, and those whose never will. */
static void
take_arrived(Sockets *sockets, int64_t now_ms)
{
	SocketClient **at = &sockets->expected, *late = NULL;

	pthread_mutex_lock(&sockets->lock);
	if (sockets->hung_up)
		now_ms += CLIENT_EXPECT_MS;
	while (sockets->arrived != NULL)
	{
		SocketClient *client = sockets->arrived;

		sockets->arrived = client->next;
		client->next = sockets->served;
		sockets->served = client;
		client->dead = !set_poll(sockets, client, EPOLL_CTL_ADD);
	}
	while (*at != NULL)
	{
		SocketClient *client = *at;

		if (now_ms - client->expected_ms < CLIENT_EXPECT_MS)
		{
			at = &client->next;
			continue;
		}
		*at = client->next;
		client->next = late;
		late = client;
		sockets->count--;
		(void) pthread_cond_broadcast(&sockets->changed);
	}
	pthread_mutex_unlock(&sockets->lock);
	while (late != NULL)
	{
		SocketClient *client = late;

		late = client->next;
		socket_client_free(client);
	}
}

/* It is in its list until its connection is closed: sockets_hang_up() waits for that. */
static void
end_client(Sockets *sockets, SocketClient *client)
{
	(void) epoll_ctl(sockets->poll_fd, EPOLL_CTL_DEL, client->fd, NULL);
	client->close(client->connection);
	pthread_mutex_lock(&sockets->lock);
	(void) take_out(&sockets->served, client->number);
	sockets->count--;
	(void) pthread_cond_broadcast(&sockets->changed);
	pthread_mutex_unlock(&sockets->lock);
	socket_client_free(client);
}

/* How long until one wants to be served again. */
static int64_t
serve_all(Sockets *sockets, int64_t now_ms)
{
	SocketClient *next;
	int64_t wait = WAIT_MS;

	for (SocketClient *client = sockets->served; client != NULL; client = next)
	{
		int64_t due;

		next = client->next;
		socket_client_serve(client, &sockets->settings, now_ms);
		if (client->dead)
		{
			end_client(sockets, client);
			continue;
		}
		if (client->blocked != client->told_blocked)
			(void) set_poll(sockets, client, EPOLL_CTL_MOD);
		due = socket_client_due(client) - now_ms;
		if (due < wait)
			wait = due > 0 ? due : 0;
	}
	return wait;
}

static void
read_ready(Sockets *sockets, int64_t wait_ms)
{
	struct epoll_event events[POLL_EVENTS];
	int count = epoll_wait(sockets->poll_fd, events, POLL_EVENTS, (int) wait_ms);
	int64_t now = sockets_clock();
	uint64_t wakes;

	for (int i = 0; i < count; i++)
	{
		SocketClient *client = events[i].data.ptr;

		if (client == NULL)
			(void) !read(sockets->wake_fd, &wakes, sizeof(wakes));
		else if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
			socket_client_read(client, &sockets->settings, now);
	}
}

static void
close_all(Sockets *sockets, int64_t now_ms)
{
	for (SocketClient *client = sockets->served; client != NULL; client = client->next)
		socket_client_close(client, WEBSOCKET_GOING_AWAY, "the server ends", now_ms);
}

static void *
run(void *argument)
{
	const struct timespec pause = {.tv_nsec = ROUND_NS};
	Sockets *sockets = argument;
	bool hung_up = false, stop = false;

	pthread_setname_np(pthread_self(), "sockets");
	while (!stop)
	{
		int64_t wait;

		take_arrived(sockets, sockets_clock());
		if (hung_up)
			close_all(sockets, sockets_clock());
		wait = serve_all(sockets, sockets_clock());
		(void) nanosleep(&pause, NULL);
		read_ready(sockets, wait);
		pthread_mutex_lock(&sockets->lock);
		hung_up = sockets->hung_up;
		stop = sockets->stop;
		pthread_mutex_unlock(&sockets->lock);
	}
	return NULL;
}

/* ---- from outside ---- */

void
sockets_wake(Sockets *sockets)
{
	pthread_mutex_lock(&sockets->lock);
	sockets->news++;
	if (sockets->streams != NULL)
		(void) pthread_cond_broadcast(&sockets->changed);
	pthread_mutex_unlock(&sockets->lock);
	wake_thread(sockets);
}

static bool
open_poll(Sockets *sockets)
{
	struct epoll_event event = {.events = EPOLLIN};

	sockets->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	sockets->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return sockets->poll_fd >= 0 && sockets->wake_fd >= 0 &&
		   epoll_ctl(sockets->poll_fd, EPOLL_CTL_ADD, sockets->wake_fd, &event) == 0;
}

static void
release(Sockets *sockets)
{
	if (sockets->poll_fd >= 0)
		(void) close(sockets->poll_fd);
	if (sockets->wake_fd >= 0)
		(void) close(sockets->wake_fd);
	(void) pthread_cond_destroy(&sockets->changed);
	(void) pthread_mutex_destroy(&sockets->lock);
	free(sockets);
}

Sockets *
sockets_start(const SocketsSettings *settings, SluiceError *err)
{
	Sockets *sockets = calloc(1, sizeof(*sockets));
	pthread_condattr_t attributes;

	if (sockets == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for clients");
		return NULL;
	}
	sockets->settings = *settings;
	(void) pthread_condattr_init(&attributes);
	(void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void) pthread_mutex_init(&sockets->lock, NULL);
	(void) pthread_cond_init(&sockets->changed, &attributes);
	(void) pthread_condattr_destroy(&attributes);
	if (open_poll(sockets) && pthread_create(&sockets->thread, NULL, run, sockets) == 0)
		return sockets;
	sluice_error_fill(err, SLUICE_ERROR_MEMORY, "cannot start the thread of clients: %m");
	release(sockets);
	return NULL;
}

void
sockets_hang_up(Sockets *sockets)
{
	struct timespec until;

	(void) clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += GOING_MS / 1000;
	pthread_mutex_lock(&sockets->lock);
	sockets->hung_up = true;
	(void) pthread_cond_broadcast(&sockets->changed);
	wake_thread(sockets);
	while (sockets->expected != NULL || sockets->arrived != NULL || sockets->served != NULL)
		(void) pthread_cond_wait(&sockets->changed, &sockets->lock);
	while (sockets->count > 0 &&
		   pthread_cond_timedwait(&sockets->changed, &sockets->lock, &until) == 0)
		;
	pthread_mutex_unlock(&sockets->lock);
}

void
sockets_stop(Sockets *sockets)
{
	if (sockets == NULL)
		return;
	pthread_mutex_lock(&sockets->lock);
	sockets->stop = true;
	pthread_mutex_unlock(&sockets->lock);
	wake_thread(sockets);
	(void) pthread_join(sockets->thread, NULL);
	release(sockets);
}
