/*
 * run_verify.h - comparisons of source and target that a run is asked for: `verifications` of the run, each a job
 * verify-<id>.
 */
#ifndef SLUICE_CONTROL_RUN_VERIFY_H
#define SLUICE_CONTROL_RUN_VERIFY_H

#include "control/control.h"
#include "control/http/request.h"

#define VERIFICATIONS_KEPT 20 /* of each run */

extern bool run_verify(Control *control, const Request *request, Response *response);
extern bool run_verifications(Control *control, const Request *request, Response *response);
extern bool run_verification(Control *control, const Request *request, Response *response);

#endif
