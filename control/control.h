/*
 * control.h - the parts of the server, as handlers meet them.
 */
#ifndef SLUICE_CONTROL_CONTROL_H
#define SLUICE_CONTROL_CONTROL_H

#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/nats/connection.h"

typedef struct Control Control;

struct Control
{
	const struct ControlSettings *settings; /* settings.h */
	Log *log;
	Metrics *metrics;
	NatsSettings nats;
	struct Store *store;		  /* store/store.h */
	struct SecretKeeper *secrets; /* store/secret_keeper.h */
	struct Identity *identity;	  /* store/identity.h: who a key is */
	struct Audit *audit;		  /* store/audit.h */
	struct Databases *databases;  /* database/databases.h: which addresses, limits */
	struct Live *live;			  /* live/live.h: figures and events */
	struct Meter *meter;		  /* meter/meter.h: usage and quotas */
	struct Alerts *alerts;		  /* meter/alerts.h */
};

#endif
