/*
 * run_document.h - runs as they stand in the store, and as they are shown.
 *
 * A stream's runs are named, newest first, in `runs.<tenant>.<stream>` = {stream_id, runs: [id]}: its compare-and-set is what lets
 * one run be active at a time, whichever server begins it.  A run that is named there and is not in the store
 * was never begun.
 */
#ifndef SLUICE_CONTROL_RUN_DOCUMENT_H
#define SLUICE_CONTROL_RUN_DOCUMENT_H

#include <jansson.h>

#include "control/control.h"
#include "control/store/store.h"
#include "run_state.h"

#define RUNS_KEPT		50			  /* of each stream */
#define RUN_NEVER_BEGUN "never_begun" /* the reason of a run that was named and not written */

/* The run of a tenant; NOT_FOUND when there is none. */
extern bool run_get(Control *control, const char *tenant, const char *run_id, StoreEntry *entry,
					SluiceError *err) SLUICE_MUST_CHECK;

/* The names of a stream's runs; an entry with revision 0 and value NULL when it has never run. */
extern bool run_list_get(Control *control, const char *tenant, const char *stream_id,
						 StoreEntry *entry, SluiceError *err) SLUICE_MUST_CHECK;

/* The id of the newest run in a list; NULL: none. */
extern const char *run_list_newest(const StoreEntry *list);

/*
 * The run as API and events show it (schema Run): without spec, with the state of now and `jobs`.  NULL without
 * memory.  `run` is what the store has.
 */
extern json_t *run_show(Control *control, const json_t *run);

/* The state of now alone, and whether it has ended. */
extern StreamState run_state_now(Control *control, const json_t *run, bool *ended);

/*
 * Writes what changed of the state (`state`, `phase`, `error`, `started_at`, `ended_at`) into the run.  The entry is then as the store
 * has it.  CONFLICT when another was faster; *dropped (may be NULL) tells that a stream that is to go is gone.
 */
extern bool run_settle(Control *control, StoreEntry *entry, bool *dropped,
					   SluiceError *err) SLUICE_MUST_CHECK;

/* Whether the run has ended, as it is written. */
extern bool run_has_ended(const json_t *run);

#endif
