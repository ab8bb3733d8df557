/*
 * routes.h - every route of the server.
 */
#ifndef SLUICE_CONTROL_ROUTES_H
#define SLUICE_CONTROL_ROUTES_H

#include "control/http/route.h"

/* The tables of all folders; ends with NULL. */
extern const Routes *const control_routes[];

#endif
