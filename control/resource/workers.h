/*
 * workers.h - workers as a resource: who is there, and who shall take no more jobs.
 */
#ifndef SLUICE_CONTROL_WORKERS_H
#define SLUICE_CONTROL_WORKERS_H

#include "control/http/route.h"

extern const Routes worker_routes;

#endif
