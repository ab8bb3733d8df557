/*
 * upgrade.h - how a route with ROUTE_UPGRADE becomes a WebSocket or a stream of events: ulfius's own structures are
 * handed on, once path, key, scope and parameters are checked as for every request.
 */
#ifndef SLUICE_CONTROL_UPGRADE_H
#define SLUICE_CONTROL_UPGRADE_H

#include "request.h"

struct _u_request;
struct _u_response;
typedef struct Control Control;

/*
 * Fills `to` (a websocket or a stream_callback).  False with response->problem filled: that is answered instead.
 * `request` lives only as long as the call.
 */
typedef bool (*UpgradeHandler)(Control *control, const Request *request,
							   const struct _u_request *from, struct _u_response *to,
							   Response *response);

/* live/ has it. */
extern bool live_upgrade(Control *control, const Request *request, const struct _u_request *from,
						 struct _u_response *to, Response *response);

/* In a connection's thread, when its request is over: frees what an upgrade has left that could not be answered. */
extern void live_upgrade_forget(void);

#endif
