/*
 * run_commands.h - handlers that begin runs and tell them what to do.
 */
#ifndef SLUICE_CONTROL_RUN_COMMANDS_H
#define SLUICE_CONTROL_RUN_COMMANDS_H

#include "control/control.h"
#include "control/http/request.h"
#include "control/store/store.h"

extern bool run_start(Control *control, const Request *request, Response *response);
extern bool run_pause(Control *control, const Request *request, Response *response);
extern bool run_resume(Control *control, const Request *request, Response *response);
extern bool run_stop(Control *control, const Request *request, Response *response);
extern bool run_cancel(Control *control, const Request *request, Response *response);

/* The run that the path names; false with not_found. */
extern bool run_of_request(Control *control, const Request *request, StoreEntry *entry,
						   Response *response);

/* Changes a copy of the run: true to have it written; false: it stays, or the problem is filled. */
typedef bool (*RunChange)(void *context, json_t *run, Response *response);

/*
 * Changes the run by compare-and-set, again as long as others write it at the same time.  The entry is then as the
 * store has it.  False with the problem filled.
 */
extern bool run_change(Control *control, StoreEntry *entry, RunChange change, void *context,
					   Response *response);

#endif
