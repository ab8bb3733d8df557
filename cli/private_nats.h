/*
 * private_nats.h - a nats-server of our own: on a free port of this machine, for who has its token.
 */
#ifndef SLUICE_CLI_PRIVATE_NATS_H
#define SLUICE_CLI_PRIVATE_NATS_H

#include "common/nats/connection.h"
#include "member.h"

#define NATS_TOKEN_TEXT 49 /* with the NUL */

typedef struct PrivateNats
{
	Member server;
	char url[64], token[NATS_TOKEN_TEXT]; /* token "": a new one */
	int port;							  /* 0: a free one */
	int64_t room;						  /* bytes that JetStream may take */
} PrivateNats;

/*
 * Starts it with its store in `folder`, which must be there, and waits until it serves.  It gets nine tenths of what is free on
 * that disk.  What `nats` holds of an earlier time, token and port, stays the same.
 */
extern bool private_nats_start(PrivateNats *nats, const char *folder,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* How to connect; texts are the server's own. */
extern NatsSettings private_nats_settings(const PrivateNats *nats);

extern void private_nats_end(PrivateNats *nats);

/* Removes what servers that were killed have left in a folder beside their store. */
extern void private_nats_tidy(const char *folder);

#endif
