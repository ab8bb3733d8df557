/*
 * run_views.h - what of a run is live: the handlers of its logs and of its figures in the past.
 */
#ifndef SLUICE_CONTROL_LIVE_RUN_VIEWS_H
#define SLUICE_CONTROL_LIVE_RUN_VIEWS_H

#include "control/http/route.h"

extern bool run_logs(Control *control, const Request *request, Response *response);
extern bool run_metrics(Control *control, const Request *request, Response *response);

#endif
