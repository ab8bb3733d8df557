/*
 * connections.h - the listener's connections and how long each has been sending a request: who sends a byte now and then
 * is cut off.
 *
 * libmicrohttpd bounds silence alone.  Here is a deadline for a whole request, from its first line (or from the
 * connection's beginning) to its last byte; answers and upgraded connections have none.
 */
#ifndef SLUICE_CONTROL_CONNECTIONS_H
#define SLUICE_CONTROL_CONNECTIONS_H

#include <stdint.h>

#include "common/core/error.h"

typedef struct Connections Connections;
typedef struct ConnectionEntry ConnectionEntry;

/* Starts the thread that looks for those that are too slow. */
extern Connections *connections_new(unsigned maximum, int64_t request_ms,
									SluiceError *err) SLUICE_MUST_CHECK;
extern void connections_free(Connections *connections);

/* A connection came; NULL when there are more than `maximum`, which then has no deadline. */
extern ConnectionEntry *connections_add(Connections *connections, int fd);
extern void connections_remove(Connections *connections, ConnectionEntry *entry);

/* Its request begins to come in, is there, or was answered; NULL is fine. */
extern void connection_reading(Connections *connections, ConnectionEntry *entry);
extern void connection_working(Connections *connections, ConnectionEntry *entry);

/* It is a WebSocket now: no deadline any more. */
extern void connection_upgraded(Connections *connections, ConnectionEntry *entry);

#endif
