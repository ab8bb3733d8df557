/*
 * system.h - the server itself: health, metrics, versions, the interface's description.
 */
#ifndef SLUICE_CONTROL_SYSTEM_H
#define SLUICE_CONTROL_SYSTEM_H

#include "control/http/route.h"

extern const Routes system_routes;

#endif
