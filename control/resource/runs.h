/*
 * runs.h - runs of streams as a resource, and what the server with the lease sees to.
 */
#ifndef SLUICE_CONTROL_RUNS_H
#define SLUICE_CONTROL_RUNS_H

#include "control/control.h"
#include "control/http/route.h"

extern const Routes run_routes;

/*
 * Once a second by the server that holds lease.control: writes states that changed into runs (`state`, `phase`,
 * `started_at`, `ended_at`, `error`), stops runs at their limits, takes dropped streams away, purges old runs and what is left
 * of lost workers.  False when the store cannot be written; the next call does it again.
 */
extern bool runs_tick(Control *control, SluiceError *err) SLUICE_MUST_CHECK;

#endif
