/*
 * connections.h - connections to databases as a resource.
 */
#ifndef SLUICE_CONTROL_RESOURCE_CONNECTIONS_H
#define SLUICE_CONTROL_RESOURCE_CONNECTIONS_H

#include "control/http/route.h"

extern const Routes connection_routes;

#endif
