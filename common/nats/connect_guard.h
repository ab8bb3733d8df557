/*
 * connect_guard.h - a bound on one natsConnection_Connect().
 *
 * libnats 3.4 waits for the answer to its CONNECT without minding the deadline: a server that greets
 * and is then frozen would hold the caller for ever, in a busy loop.  What ends that loop is the end
 * of the connection, so a thread watches and shuts down the sockets to that port that are older than
 * any sound handshake.  Sockets from before the guard are left alone; one that another thread opened
 * meanwhile may be hit when both servers hang, which to its owner is one more lost connection.
 */
#ifndef SLUICE_NATS_CONNECT_GUARD_H
#define SLUICE_NATS_CONNECT_GUARD_H

#include "common/core/error.h"

typedef struct ConnectGuard ConnectGuard;

/* Watches from now on; `port` as text, `timeout_ms` as given to libnats.  NULL with MEMORY.  The thread
 * has the caller's signal mask. */
extern ConnectGuard *connect_guard_start(const char *port, int timeout_ms, SluiceError *err);

/* Ends the watch and frees the guard; true when a connection had to be shut down. */
extern bool connect_guard_end(ConnectGuard *guard);

#endif
