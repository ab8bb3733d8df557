/*
 * usage.h - usage and quota as resources.
 */
#ifndef SLUICE_CONTROL_USAGE_H
#define SLUICE_CONTROL_USAGE_H

#include "control/http/route.h"

extern const Routes usage_routes;

#endif
