/*
 * run_start.h - how a run begins.
 */
#ifndef SLUICE_CONTROL_RUN_START_H
#define SLUICE_CONTROL_RUN_START_H

#include "control/control.h"
#include "control/http/request.h"
#include "control/store/store.h"
#include "run_state.h"

/*
 * Begins a run of the stream, as the store has it, with what its configuration and its connections' settings are now: DESIRED_RUNNING, or
 * DESIRED_DROPPED to take away what the stream has at its source and in NATS.  The run as the store has it, owned; NULL
 * with the problem filled: conflict when another run is active.
 */
extern json_t *run_begin(Control *control, const char *tenant, const StoreEntry *stream,
						 RunDesired desired, Response *response);

#endif
