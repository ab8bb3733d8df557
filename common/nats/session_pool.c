/*
 * session_pool.c - idle sessions in a stack, and a pause after a connection that failed.
 */
#include "session_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define POOL_MAXIMUM   16
#define WAIT_SECONDS   10
#define AGAIN_AFTER_MS 100 /* the next try after one that failed */

struct SessionPool
{
	const NatsSettings *settings;
	pthread_mutex_t lock;
	pthread_cond_t given;
	NatsSession sessions[POOL_MAXIMUM];
	NatsSession *idle[POOL_MAXIMUM]; /* the last one used on top */
	int idle_count, maximum;
	int64_t failed_ms; /* when the last connection failed; 0: it succeeded */
	bool trying;	   /* somebody connects, after one that failed */
	SluiceError failure;
};

static int64_t
clock_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

SessionPool *
session_pool_new(const NatsSettings *settings, int maximum, SluiceError *err)
{
	SessionPool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for NATS connections");
		return NULL;
	}
	pool->settings = settings;
	pool->maximum = maximum < POOL_MAXIMUM ? maximum : POOL_MAXIMUM;
	for (int i = 0; i < pool->maximum; i++)
		pool->idle[pool->idle_count++] = &pool->sessions[i];
	(void) pthread_mutex_init(&pool->lock, NULL);
	(void) pthread_cond_init(&pool->given, NULL);
	return pool;
}

void
session_pool_free(SessionPool *pool)
{
	if (pool == NULL)
		return;
	for (int i = 0; i < pool->maximum; i++)
		nats_session_close(&pool->sessions[i]);
	(void) pthread_cond_destroy(&pool->given);
	(void) pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static NatsSession *
wait_for_idle(SessionPool *pool, SluiceError *err)
{
	struct timespec until;

	(void) clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_SECONDS;
	while (pool->idle_count == 0)
	{
		if (pthread_cond_timedwait(&pool->given, &pool->lock, &until) != 0)
		{
			(void) sluice_fail(err, SLUICE_ERROR_TIMEOUT, "all %d connections to NATS are in use",
							   pool->maximum);
			return NULL;
		}
	}
	return pool->idle[--pool->idle_count];
}

/*
 * After a connection that failed one caller tries again, a while later; all others fail at once, with the
 * reason it had.
 */
static NatsSession *
take_idle(SessionPool *pool, SluiceError *err)
{
	NatsSession *session = NULL;

	(void) pthread_mutex_lock(&pool->lock);
	if (pool->failed_ms == 0)
		session = wait_for_idle(pool, err);
	else if (!pool->trying && clock_ms() - pool->failed_ms >= AGAIN_AFTER_MS)
	{
		session = wait_for_idle(pool, err);
		pool->trying = session != NULL;
	}
	else if (err != NULL)
		*err = pool->failure;
	(void) pthread_mutex_unlock(&pool->lock);
	return session;
}

static void
note_connection(SessionPool *pool, bool opened, const SluiceError *failure)
{
	(void) pthread_mutex_lock(&pool->lock);
	pool->trying = false;
	pool->failed_ms = opened ? 0 : clock_ms();
	if (!opened)
		pool->failure = *failure;
	(void) pthread_mutex_unlock(&pool->lock);
}

NatsSession *
session_pool_take(SessionPool *pool, SluiceError *err)
{
	NatsSession *session = take_idle(pool, err);
	SluiceError failure;
	bool opened;

	if (session == NULL)
		return NULL;
	if (nats_session_alive(session))
	{
		note_connection(pool, true, NULL);
		return session;
	}
	nats_session_close(session);
	opened = nats_session_open(session, pool->settings, &failure);
	note_connection(pool, opened, &failure);
	if (opened)
		return session;
	session_pool_give(pool, session, false);
	if (err != NULL)
		*err = failure;
	return NULL;
}

void
session_pool_give(SessionPool *pool, NatsSession *session, bool sound)
{
	if (!sound)
		nats_session_close(session);
	(void) pthread_mutex_lock(&pool->lock);
	pool->idle[pool->idle_count++] = session;
	(void) pthread_cond_signal(&pool->given);
	(void) pthread_mutex_unlock(&pool->lock);
}
