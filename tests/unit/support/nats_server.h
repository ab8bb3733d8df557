/*
 * nats_server.h - a nats-server of a test's own: free port, private folder, JetStream on.
 *
 * The program is $NATS_SERVER, else Debian's.  It dies with the test, and as root it runs as nobody.
 * What cannot be done ends the test with a message.
 */
#ifndef SLUICE_TEST_NATS_SERVER_H
#define SLUICE_TEST_NATS_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct NatsServer
{
	pid_t pid; /* 0 when it does not run */
	int port;
	char folder[128];
	char url[64];
} NatsServer;

/* Makes folder and configuration, starts, and waits until the server greets.  `configuration` is
 * added to the server's file and may be NULL; when it speaks of jetstream, ours is left out. */
extern void nats_server_start(NatsServer *server, const char *configuration);

/* Ends the process with a signal and waits for it; the store stays. */
extern void nats_server_kill(NatsServer *server, int signal);

/* Starts it again, on the same port, with the store as it is or emptied. */
extern void nats_server_restart(NatsServer *server, bool empty_store);

/* Kills what runs and removes the folder. */
extern void nats_server_stop(NatsServer *server);

/* Writes a file that the server may read into its folder; `path` gets its whole name. */
extern void nats_server_file(const NatsServer *server, const char *name, const char *text,
							 char *path, size_t size);

/* Makes the folder alone, for tests whose configuration names files in it. */
extern void nats_server_prepare(NatsServer *server);

#endif
