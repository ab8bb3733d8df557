/*
 * host_lookup.c - getaddrinfo() in a thread of its own, which may outlive who asked (host_lookup.h).
 */
#include "host_lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A look-up that may outlive who asked for it: the last of the two frees it. */
typedef struct Lookup
{
	pthread_mutex_t lock;
	pthread_cond_t done_now;
	bool done, left;
	int status;
	struct addrinfo *found;
	char host[HOST_MAXIMUM + 1], port[8];
} Lookup;

static void
lookup_free(Lookup *lookup)
{
	if (lookup->found != NULL)
		freeaddrinfo(lookup->found);
	(void) pthread_cond_destroy(&lookup->done_now);
	(void) pthread_mutex_destroy(&lookup->lock);
	free(lookup);
}

static int
look_up(Lookup *lookup, int flags)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};

	return getaddrinfo(lookup->host, lookup->port, &hints, &lookup->found);
}

static void *
run_lookup(void *argument)
{
	Lookup *lookup = argument;
	bool left;

	lookup->status = look_up(lookup, 0);
	(void) pthread_mutex_lock(&lookup->lock);
	lookup->done = true;
	left = lookup->left;
	(void) pthread_cond_signal(&lookup->done_now);
	(void) pthread_mutex_unlock(&lookup->lock);
	if (left)
		lookup_free(lookup);
	return NULL;
}

/* True when it is done; else its thread frees it. */
static bool
await_lookup(Lookup *lookup, int timeout_ms)
{
	struct timespec until;
	bool done;

	(void) clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long) (timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000)
	{
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void) pthread_mutex_lock(&lookup->lock);
	while (!lookup->done &&
		   pthread_cond_timedwait(&lookup->done_now, &lookup->lock, &until) != ETIMEDOUT)
		;
	done = lookup->done;
	lookup->left = !done;
	(void) pthread_mutex_unlock(&lookup->lock);
	return done;
}

static bool
start_thread(Lookup *lookup)
{
	pthread_attr_t detached;
	pthread_t thread;
	bool started;

	(void) pthread_attr_init(&detached);
	(void) pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	started = pthread_create(&thread, &detached, run_lookup, lookup) == 0;
	(void) pthread_attr_destroy(&detached);
	return started;
}

static Lookup *
lookup_new(const char *host, unsigned port)
{
	Lookup *lookup = calloc(1, sizeof(Lookup));
	pthread_condattr_t monotonic;

	if (lookup == NULL)
		return NULL;
	(void) snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	(void) snprintf(lookup->port, sizeof(lookup->port), "%u", port);
	(void) pthread_mutex_init(&lookup->lock, NULL);
	(void) pthread_condattr_init(&monotonic);
	(void) pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void) pthread_cond_init(&lookup->done_now, &monotonic);
	(void) pthread_condattr_destroy(&monotonic);
	return lookup;
}

static bool
fail_lookup(const Lookup *lookup, SluiceError *err)
{
	bool passing = lookup->status == EAI_AGAIN || lookup->status == EAI_SYSTEM;

	(void) sluice_fail(err, passing ? SLUICE_ERROR_IO : SLUICE_ERROR_NOT_FOUND,
					   "host \"%.200s\" is not found: %s", lookup->host,
					   gai_strerror(lookup->status));
	return sluice_hint(err, "check the name; it is resolved by the machine of sluice-control");
}

bool
host_lookup(const char *host, unsigned port, int timeout_ms, struct addrinfo **found,
			SluiceError *err)
{
	Lookup *lookup = lookup_new(host, port);
	bool good;

	if (lookup == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a name");
	lookup->status = look_up(lookup, AI_NUMERICHOST);
	if (lookup->status == EAI_NONAME)
	{
		if (!start_thread(lookup))
		{
			lookup_free(lookup);
			return sluice_fail(err, SLUICE_ERROR_IO, "no thread for a name: %m");
		}
		if (!await_lookup(lookup, timeout_ms))
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT,
							   "host \"%.200s\" was not resolved in %d seconds", host,
							   timeout_ms / 1000);
	}
	good = lookup->status == 0 || fail_lookup(lookup, err);
	*found = lookup->found;
	lookup->found = NULL;
	lookup_free(lookup);
	return good;
}
