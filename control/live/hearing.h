/*
 * hearing.h - a thread with a NATS connection of its own that takes what comes on a subject of core NATS, and connects
 * anew after trouble.
 */
#ifndef SLUICE_CONTROL_LIVE_HEARING_H
#define SLUICE_CONTROL_LIVE_HEARING_H

#include "common/daemon/log.h"
#include "common/nats/connection.h"

typedef struct HearingSettings
{
	NatsSettings nats; /* texts outlive the thread */
	Log *log;
	const char *name;	 /* of the thread; static */
	const char *subject; /* static */
	/* Called in the thread; what makes no sense is told once in a while and left. */
	bool (*take)(void *context, const char *subject, const char *data, size_t length,
				 SluiceError *err);
	void *context;
} HearingSettings;

typedef struct Hearing Hearing;

/* NULL on error; NATS need not be there. */
extern Hearing *hearing_start(const HearingSettings *settings, SluiceError *err);

/* Whether it is subscribed at the moment. */
extern bool hearing_on(const Hearing *hearing);

/* Ends the thread; NULL is fine. */
extern void hearing_stop(Hearing *hearing);

#endif
