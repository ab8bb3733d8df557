/*
 * sockets_internal.h - what the files of clients share and nobody else includes.
 */
#ifndef SLUICE_CONTROL_LIVE_SOCKETS_INTERNAL_H
#define SLUICE_CONTROL_LIVE_SOCKETS_INTERNAL_H

#include <pthread.h>

#include "sockets.h"
#include "websocket.h"

#define CLIENT_CHECK_MS	  5000	/* between two looks at a client's API key */
#define CLIENT_EXPECT_MS  10000 /* from sockets_expect() to sockets_take() */
#define CLIENT_MESSAGES	  50	/* of a client ... */
#define CLIENT_MESSAGE_MS 10000 /* ... in so long */

/* When a client's API key was looked at last. */
typedef struct KeyCheck
{
	int64_t checked_ms;
	unsigned changes; /* *keys_changed then */
} KeyCheck;

/* False, with the reason, when the key counts no more; looks when it is due. */
extern bool key_check(KeyCheck *check, const SocketsSettings *settings, const Caller *caller,
					  int64_t now_ms, SluiceError *err);

/* ---- one WebSocket: socket_client.c; but for its first members of the serving thread ---- */

typedef struct SocketClient
{
	struct SocketClient *next;
	uint64_t number;
	int fd;							 /* -1: not yet */
	void (*close)(void *connection); /* of the listener's connection, which owns the socket */
	void *connection;
	int64_t expected_ms;

	Feed feed;
	WebsocketReader reader;
	Frame *frame; /* on its way */
	uint8_t header[WEBSOCKET_HEADER_MAXIMUM];
	size_t header_length;
	uint8_t control[WEBSOCKET_HEADER_MAXIMUM + WEBSOCKET_CONTROL_MAXIMUM];
	size_t control_length;
	size_t written;	   /* of the frame with its header, or of the control frame */
	bool in_control;   /* it is the control frame that is being written */
	bool blocked;	   /* the socket takes no more at the moment */
	bool told_blocked; /* what the poll set knows of that */
	bool closing;	   /* a close frame is queued */
	bool peer_closed;  /* the client has sent its own */
	bool dead;		   /* nothing more can be done */
	int64_t closing_ms, heard_ms, moved_ms, pinged_ms, counted_ms;
	int messages; /* since counted_ms */
	KeyCheck key;
} SocketClient;

extern void socket_client_init(SocketClient *client, int64_t now_ms);
extern void socket_client_free(SocketClient *client);

/* Reads what there is. */
extern void socket_client_read(SocketClient *client, const SocketsSettings *settings,
							   int64_t now_ms);

/* A text message, from wherever. */
extern void socket_client_take(SocketClient *client, const SocketsSettings *settings,
							   const char *text, size_t length, int64_t now_ms);

/* Writes what it can take, and looks after it. */
extern void socket_client_serve(SocketClient *client, const SocketsSettings *settings,
								int64_t now_ms);

extern void socket_client_close(SocketClient *client, WebsocketStatus status, const char *reason,
								int64_t now_ms);

/* When it wants to be served though nothing happens. */
extern int64_t socket_client_due(const SocketClient *client);

/* ---- all ---- */

struct EventStream
{
	struct EventStream *next;
	Sockets *sockets;
	Feed feed;
	char *text; /* on its way */
	size_t length, written;
	KeyCheck key;
};

struct Sockets
{
	SocketsSettings settings;
	pthread_t thread;
	int poll_fd, wake_fd;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	SocketClient *expected, *arrived, *served; /* the last is changed by the thread alone */
	EventStream *streams;
	size_t count; /* of all of them */
	uint64_t last_number;
	uint64_t news; /* sockets_wake() was called so often */
	bool hung_up, stop;
};

/* Room for one more client of a key; the lock is held. */
extern bool sockets_admit(Sockets *sockets, const Caller *caller, SluiceError *err);

/* Milliseconds since 1970, as frames tell. */
extern int64_t sockets_clock(void);

#endif
