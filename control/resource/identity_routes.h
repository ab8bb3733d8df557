/*
 * identity_routes.h - routes of API keys, /me, audit and tenants.
 */
#ifndef SLUICE_CONTROL_IDENTITY_ROUTES_H
#define SLUICE_CONTROL_IDENTITY_ROUTES_H

#include "control/http/route.h"

extern const Routes identity_routes;

#endif
