/*
 * control.h - the parts of the server, as handlers meet them.
 */
#ifndef SLUICE_CONTROL_CONTROL_H
#define SLUICE_CONTROL_CONTROL_H

#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/nats/connection.h"

typedef struct Control Control;

#define CONTROL_PARTS 12

struct Control
{
	const struct ControlSettings *settings; /* settings.h */
	Log *log;
	Metrics *metrics;
	NatsSettings nats;
	struct Store *store;				  /* store/store.h */
	struct SecretKeeper *secrets;		  /* store/secret_keeper.h */
	struct Identity *identity;			  /* store/identity.h: who a key is */
	struct Audit *audit;				  /* store/audit.h */
	struct Databases *databases;		  /* database/databases.h: which addresses, limits */
	struct Live *live;					  /* live/live.h: figures and events */
	struct Meter *meter;				  /* meter/meter.h: usage and quotas */
	struct Alerts *alerts;				  /* meter/alerts.h */
	struct SecretService *secret_service; /* store/secret_service.h */
	struct Api *api;					  /* http/api.h */
	struct Listener *listener;			  /* http/listener.h */
	struct Leader *leader;				  /* live/leader.h */
	size_t started;						  /* of the parts in control.c */
};

/*
 * Makes all parts, in the order in which one uses the other, and takes requests from then on.  `control` has its
 * settings, nats, log and metrics already.  Does not wait for NATS.  False: control_stop() all the same.
 */
extern bool control_start(Control *control, SluiceError *err) SLUICE_MUST_CHECK;

/* Answers what is being answered and ends everything. */
extern void control_stop(Control *control);

#endif
