/*
 * api_keys.h - handlers of /api-keys and /me.
 */
#ifndef SLUICE_CONTROL_API_KEYS_H
#define SLUICE_CONTROL_API_KEYS_H

#include "control/control.h"
#include "control/http/request.h"

extern bool list_api_keys(Control *control, const Request *request, Response *response);
extern bool create_api_key(Control *control, const Request *request, Response *response);
extern bool get_api_key(Control *control, const Request *request, Response *response);
extern bool rotate_api_key(Control *control, const Request *request, Response *response);
extern bool delete_api_key(Control *control, const Request *request, Response *response);
extern bool get_me(Control *control, const Request *request, Response *response);

#endif
