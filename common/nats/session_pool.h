/*
 * session_pool.h - connections for threads that have a short request each.
 *
 * A session is used by one thread at a time, opened when one is wanted and none is idle, and kept for the
 * next.  While NATS cannot be reached, taking fails at once with the last reason, and only now and then tries.
 */
#ifndef SLUICE_NATS_SESSION_POOL_H
#define SLUICE_NATS_SESSION_POOL_H

#include "connection.h"

typedef struct SessionPool SessionPool;

/* At most `maximum` (up to 16) at once.  Strings of settings belong to the caller and outlive it. */
extern SessionPool *session_pool_new(const NatsSettings *settings, int maximum, SluiceError *err);

/* Waits while all are in use (TIMEOUT after ten seconds).  NULL on error. */
extern NatsSession *session_pool_take(SessionPool *pool, SluiceError *err);

/* Hands it back; `sound` false (a request failed with IO or TIMEOUT) closes it. */
extern void session_pool_give(SessionPool *pool, NatsSession *session, bool sound);

/* All must have been handed back.  NULL is fine. */
extern void session_pool_free(SessionPool *pool);

#endif
