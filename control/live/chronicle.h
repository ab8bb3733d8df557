/*
 * chronicle.h - the thread that makes the journals and reads them: events as they come, and the points of history.
 */
#ifndef SLUICE_CONTROL_LIVE_CHRONICLE_H
#define SLUICE_CONTROL_LIVE_CHRONICLE_H

#include "common/daemon/log.h"
#include "event_window.h"
#include "history.h"
#include "run_events.h"

typedef struct ChronicleSettings
{
	NatsSettings nats; /* texts outlive the thread */
	int replicas;
	Log *log;
	History *history;
	EventWindow *events;
	RunEvents *told;			 /* what the events are about */
	void (*news)(void *context); /* an event came */
	void *context;
} ChronicleSettings;

typedef struct Chronicle Chronicle;

/* NULL on error; NATS need not be there. */
extern Chronicle *chronicle_start(const ChronicleSettings *settings, SluiceError *err);

/* Whether all that was there has been read. */
extern bool chronicle_level(const Chronicle *chronicle);

/* Ends the thread; NULL is fine. */
extern void chronicle_stop(Chronicle *chronicle);

#endif
