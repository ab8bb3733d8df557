/*
 * sweep.h - what servers and workers that died have left in the store.
 */
#ifndef SLUICE_CONTROL_SWEEP_H
#define SLUICE_CONTROL_SWEEP_H

#include "control/control.h"

#define SWEEP_EVERY_MS	 600000
#define SWEEP_MINIMUM_MS 120000	 /* what is younger may belong to something that is being written */
#define SWEEP_WORKER_MS	 3600000 /* how long a lost worker is shown */
#define SWEEP_AT_ONCE	 100

/* Every SWEEP_EVERY_MS removes some of: runs that no list names, reports and tables without a run, workers long lost. */
extern bool sweep(Control *control, SluiceError *err) SLUICE_MUST_CHECK;

/* At once. */
extern bool sweep_now(Control *control, SluiceError *err) SLUICE_MUST_CHECK;

#endif
