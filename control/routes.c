/*
 * routes.c - the tables of all folders: a new one is a line here.
 */
#include "routes.h"

#include "control/live/live_routes.h"
#include "control/resource/alerts.h"
#include "control/resource/checks.h"
#include "control/resource/connections.h"
#include "control/resource/identity_routes.h"
#include "control/resource/runs.h"
#include "control/resource/streams.h"
#include "control/resource/system.h"
#include "control/resource/usage.h"
#include "control/resource/workers.h"

const Routes *const control_routes[] = {
	&system_routes, &identity_routes, &live_routes, &connection_routes,
	&check_routes,	&stream_routes,	  &run_routes,	&worker_routes,
	&usage_routes,	&alert_routes,	  NULL,
};
