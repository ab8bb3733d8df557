/*
 * connect_guard.c - the watching thread.  It looks once in a timeout; a socket that it has seen
 * LOOKS times has been there for longer than the two timeouts libnats may take for it.
 */
#include "connect_guard.h"

#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define LOOKS 4
#define SEEN  64 /* sockets to one port; more are not watched */

typedef struct Seen
{
	ino_t inode; /* tells a socket from another that has got its number */
	int looks;	 /* LOOKS_NEVER: from before the guard */
} Seen;

#define LOOKS_NEVER (-1)

struct ConnectGuard
{
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool ended;
	bool fired;
	int port;
	int timeout_ms;
	Seen seen[SEEN];
	int count;
};

/* Whether a file descriptor is a TCP socket connected to the port, and which. */
static bool
connected_to(int fd, int port, ino_t *inode)
{
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
	socklen_t length = sizeof(peer);
	struct stat status;
	in_port_t found;

	if (getpeername(fd, (struct sockaddr *) &peer, &length) != 0 || fstat(fd, &status) != 0)
		return false;
	if (peer.ss_family == AF_INET)
		found = ((struct sockaddr_in *) &peer)->sin_port;
	else if (peer.ss_family == AF_INET6)
		found = ((struct sockaddr_in6 *) &peer)->sin6_port;
	else
		return false;
	*inode = status.st_ino;
	return ntohs(found) == port;
}

/* The note of a socket, made when there is none; NULL without room. */
static Seen *
note(ConnectGuard *guard, ino_t inode)
{
	for (int i = 0; i < guard->count; i++)
	{
		if (guard->seen[i].inode == inode)
			return &guard->seen[i];
	}
	if (guard->count == SEEN)
		return NULL;
	guard->seen[guard->count] = (Seen){.inode = inode};
	return &guard->seen[guard->count++];
}

static void
look_at(ConnectGuard *guard, int fd, bool first)
{
	ino_t inode;
	Seen *seen;

	if (!connected_to(fd, guard->port, &inode))
		return;
	seen = note(guard, inode);
	if (seen == NULL || seen->looks == LOOKS_NEVER)
		return;
	if (first)
		seen->looks = LOOKS_NEVER;
	else if (++seen->looks == LOOKS)
		guard->fired |= shutdown(fd, SHUT_RDWR) == 0;
}

/* Once over all that is open. */
static void
look(ConnectGuard *guard, bool first)
{
	DIR *folder = opendir("/proc/self/fd");

	if (folder == NULL)
		return;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
	{
		if (entry->d_name[0] != '.')
			look_at(guard, atoi(entry->d_name), first);
	}
	(void) closedir(folder);
}

static void *
watch(void *arg)
{
	ConnectGuard *guard = arg;
	struct timespec until;

	(void) pthread_mutex_lock(&guard->lock);
	(void) clock_gettime(CLOCK_REALTIME, &until);
	while (!guard->ended)
	{
		until.tv_nsec += (long) (guard->timeout_ms % 1000) * 1000000;
		until.tv_sec += guard->timeout_ms / 1000 + until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		while (!guard->ended && pthread_cond_timedwait(&guard->wake, &guard->lock, &until) == 0)
			;
		if (!guard->ended)
			look(guard, false);
	}
	(void) pthread_mutex_unlock(&guard->lock);
	return NULL;
}

ConnectGuard *
connect_guard_start(const char *port, int timeout_ms, SluiceError *err)
{
	ConnectGuard *guard = calloc(1, sizeof(*guard));

	if (guard != NULL)
	{
		guard->port = atoi(port);
		guard->timeout_ms = timeout_ms;
		(void) pthread_mutex_init(&guard->lock, NULL);
		(void) pthread_cond_init(&guard->wake, NULL);
		look(guard, true);
		if (pthread_create(&guard->thread, NULL, watch, guard) == 0)
			return guard;
		free(guard);
	}
	(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "no memory or thread for a NATS connection");
	return NULL;
}

bool
connect_guard_end(ConnectGuard *guard)
{
	bool fired;

	(void) pthread_mutex_lock(&guard->lock);
	guard->ended = true;
	(void) pthread_cond_signal(&guard->wake);
	(void) pthread_mutex_unlock(&guard->lock);
	(void) pthread_join(guard->thread, NULL);
	fired = guard->fired;
	(void) pthread_cond_destroy(&guard->wake);
	(void) pthread_mutex_destroy(&guard->lock);
	free(guard);
	return fired;
}
