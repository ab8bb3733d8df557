/*
 * checks.h - what is looked at before a stream runs: pre-flight checks and the types that columns become.
 */
#ifndef SLUICE_CONTROL_CHECKS_H
#define SLUICE_CONTROL_CHECKS_H

#include "control/http/route.h"

extern const Routes check_routes;

#endif
