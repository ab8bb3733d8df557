/*
 * audit_log.h - handlers of /audit.
 */
#ifndef SLUICE_CONTROL_AUDIT_LOG_H
#define SLUICE_CONTROL_AUDIT_LOG_H

#include "control/control.h"
#include "control/http/request.h"

extern bool list_audit(Control *control, const Request *request, Response *response);
extern bool verify_audit(Control *control, const Request *request, Response *response);

#endif
