/*
 * stream_write.h - handlers that make, change and remove streams.
 */
#ifndef SLUICE_CONTROL_STREAM_WRITE_H
#define SLUICE_CONTROL_STREAM_WRITE_H

#include "control/control.h"
#include "control/http/request.h"
#include "control/store/store.h"

#define STREAMS_MAXIMUM 10000 /* of a tenant */

extern bool stream_create(Control *control, const Request *request, Response *response);
extern bool stream_replace(Control *control, const Request *request, Response *response);
extern bool stream_patch(Control *control, const Request *request, Response *response);
extern bool stream_clone(Control *control, const Request *request, Response *response);
extern bool stream_delete(Control *control, const Request *request, Response *response);

/* The stream that the path names; false with not_found. */
extern bool stream_of_request(Control *control, const Request *request, StoreEntry *entry,
							  Response *response);

#endif
