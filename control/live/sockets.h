/*
 * sockets.h - the clients that stay: WebSockets, all served by one thread, and streams of server-sent events, each served by
 * the listener's own thread.
 *
 * A WebSocket's handshake is the listener's (ulfius); from then on its socket is ours alone.  It is done in two steps:
 * sockets_expect() before the handshake, sockets_take() after it, which may never come.
 */
#ifndef SLUICE_CONTROL_LIVE_SOCKETS_H
#define SLUICE_CONTROL_LIVE_SOCKETS_H

#include <stdatomic.h>

#include "common/daemon/log.h"
#include "feed.h"

#define SOCKETS_MAXIMUM		1000 /* clients at once */
#define SOCKETS_KEY_MAXIMUM 400	 /* of one API key */

typedef struct SocketsSettings
{
	const FeedSources *sources; /* stay */
	Log *log;
	/* Whether a client's API key still counts: asked now and then, and when *keys_changed moves; false says why. */
	bool (*key_counts)(void *context, const Caller *caller, SluiceError *err);
	void *context;
	atomic_uint *keys_changed;
} SocketsSettings;

typedef struct Sockets Sockets;

/* Starts the thread.  NULL on error. */
extern Sockets *sockets_start(const SocketsSettings *settings, SluiceError *err);

/* Something came that clients may want to be told of. */
extern void sockets_wake(Sockets *sockets);

/* Closes every client and takes no more; returns when all WebSockets are gone, and streams too if they go soon. */
extern void sockets_hang_up(Sockets *sockets);

/* After that; NULL is fine. */
extern void sockets_stop(Sockets *sockets);

/* ---- WebSockets ---- */

/*
 * A client will come; `first` (may be NULL) is what it asks for at once.  Its number, 0 when there are too many: LIMIT,
 * or when `first` cannot be done: what feed_take() says.
 */
extern uint64_t sockets_expect(Sockets *sockets, const Caller *caller, const ClientMessage *first,
							   SluiceError *err);

/*
 * Takes the connected socket of the client of that number, and returns at once; close(connection) is called, by another
 * thread, when it is over.  False, and nothing is called, when the client is expected no more.
 */
extern bool sockets_take(Sockets *sockets, uint64_t number, int fd, void (*close)(void *connection),
						 void *connection);

/* ---- server-sent events ---- */

typedef struct EventStream EventStream;

/* NULL when there are too many: LIMIT, or when `first` cannot be done. */
extern EventStream *event_stream_open(Sockets *sockets, const Caller *caller,
									  const ClientMessage *first, SluiceError *err);

/* Waits for something to send and writes it; the length, -1 when the client is to be let go. */
extern long event_stream_read(EventStream *stream, char *to, size_t size);

extern void event_stream_close(EventStream *stream);

#endif
