/*
 * settings.h - the options of sluice-worker, and what they say.
 */
#ifndef SLUICE_WORKER_SETTINGS_H
#define SLUICE_WORKER_SETTINGS_H

#include "common/control/layout.h"
#include "common/daemon/options.h"
#include "common/nats/connection.h"

extern const Program worker_program;

typedef struct WorkerSettings
{
	char id[ID_MAXIMUM + 1]; /* drawn at the start */
	char host[64];
	char name[128]; /* for people */
	unsigned roles; /* of JobRole */
	size_t slots;
	const char *token;	/* NULL: none */
	const char *folder; /* of the programs; NULL: that of this one */
	int64_t lease_ms, stop_ms;
	const char *log_level; /* of children: enough to tell what they do */
	NatsSettings nats;
} WorkerSettings;

/* ARGUMENT for what makes no sense.  Texts are the options'. */
extern bool worker_settings_read(WorkerSettings *settings, const Options *options,
								 SluiceError *err) SLUICE_MUST_CHECK;

#endif
