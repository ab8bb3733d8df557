/*
 * run_limits.h - whether a run has reached what it was limited to.
 */
#ifndef SLUICE_CONTROL_RUN_LIMITS_H
#define SLUICE_CONTROL_RUN_LIMITS_H

#include "control/control.h"
#include "control/store/store.h"

/*
 * Stops an active run whose `limits` are reached: desired stopped with reason limit_rows or limit_seconds.  Rows are counted in the
 * target's own books, from where they stood when the run began (`applied_before`, written once for each target).
 * CONFLICT when another was faster.
 */
extern bool run_limit(Control *control, StoreEntry *run, SluiceError *err) SLUICE_MUST_CHECK;

/* The rows of a target's books that are this run's: pure. */
extern int64_t run_limit_rows(const json_t *applied_before, const char *consumer,
							  const json_t *applied_total);

#endif
