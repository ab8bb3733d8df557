/*
 * live_routes.h - /events, its tickets, and what of runs is live: logs and metrics.
 */
#ifndef SLUICE_CONTROL_LIVE_ROUTES_H
#define SLUICE_CONTROL_LIVE_ROUTES_H

#include "control/http/route.h"

extern const Routes live_routes;

#endif
