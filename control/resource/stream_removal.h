/*
 * stream_removal.h - how a stream goes, with all that the store has of it.
 */
#ifndef SLUICE_CONTROL_STREAM_REMOVAL_H
#define SLUICE_CONTROL_STREAM_REMOVAL_H

#include "control/control.h"

/*
 * Removes the stream, its runs with what their jobs reported, and its name at last; may be repeated after it was
 * interrupted.  `keep_run` (NULL: none) is removed last of the runs: as long as it is there, there is something left to do.
 */
extern bool stream_forget(Control *control, const char *tenant, const char *stream_id,
						  const char *name, const char *keep_run,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* Removes a run, what its jobs reported and its tables; nothing is no error. */
extern bool run_forget(Control *control, const char *tenant, const char *run_id,
					   SluiceError *err) SLUICE_MUST_CHECK;

#endif
