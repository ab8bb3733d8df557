/*
 * settings.h - the options of sluice-worker, and what they say.
 */
#ifndef SLUICE_WORKER_SETTINGS_H
#define SLUICE_WORKER_SETTINGS_H

#include "common/control/layout.h"
#include "common/core/bytebuf.h"
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
	const char *token; /* NULL: none */
	char folder[4096]; /* of the programs */
	int64_t lease_ms, stop_ms;
	const char *log_level; /* of children: enough to tell what they do */
	NatsSettings nats;	   /* texts are the options' */
	ByteBuf nats_lines;	   /* the same as lines for children */
} WorkerSettings;

/* ARGUMENT for what makes no sense; to be freed in any case. */
extern bool worker_settings_read(WorkerSettings *settings, const Options *options,
								 SluiceError *err) SLUICE_MUST_CHECK;

/* Wipes secrets. */
extern void worker_settings_free(WorkerSettings *settings);

#endif
