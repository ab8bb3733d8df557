/*
 * alerts.h - alerts as a resource: rules with a webhook each.
 */
#ifndef SLUICE_CONTROL_ALERTS_ROUTES_H
#define SLUICE_CONTROL_ALERTS_ROUTES_H

#include "control/http/route.h"

extern const Routes alert_routes;

#endif
