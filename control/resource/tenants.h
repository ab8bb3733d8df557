/*
 * tenants.h - handlers of /tenants, for who administers them all.
 */
#ifndef SLUICE_CONTROL_TENANTS_H
#define SLUICE_CONTROL_TENANTS_H

#include "control/control.h"
#include "control/http/request.h"

extern bool list_tenants(Control *control, const Request *request, Response *response);
extern bool create_tenant(Control *control, const Request *request, Response *response);
extern bool get_tenant(Control *control, const Request *request, Response *response);
extern bool delete_tenant(Control *control, const Request *request, Response *response);
extern bool get_tenant_quota(Control *control, const Request *request, Response *response);
extern bool put_tenant_quota(Control *control, const Request *request, Response *response);

#endif
