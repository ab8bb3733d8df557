/*
 * tools.h - what all jobs of a worker share: set once at the start, safe in any thread.
 */
#ifndef SLUICE_WORKER_TOOLS_H
#define SLUICE_WORKER_TOOLS_H

#include "common/daemon/log.h"
#include "common/nats/connection.h"

typedef struct Tools
{
	Log *log;
	const char *worker;			/* this worker's id */
	struct SecretDesk *secrets; /* secret_desk.h */
	const NatsSettings *nats;	/* as children are told of it */
	const char *folder;			/* of the programs; NULL: that of this one */
	const char *log_level;		/* of children */
	int64_t stop_ms;			/* what a child has to end in before it is killed */
} Tools;

#endif
