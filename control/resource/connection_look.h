/*
 * connection_look.h - handlers that connect to a user's database to look at it.
 */
#ifndef SLUICE_CONTROL_CONNECTION_LOOK_H
#define SLUICE_CONTROL_CONNECTION_LOOK_H

#include "control/control.h"
#include "control/http/request.h"
#include "control/store/store.h"

extern bool connection_test_new(Control *control, const Request *request, Response *response);
extern bool connection_test_kept(Control *control, const Request *request, Response *response);
extern bool connection_list_databases(Control *control, const Request *request, Response *response);
extern bool connection_list_schemas(Control *control, const Request *request, Response *response);
extern bool connection_list_tables(Control *control, const Request *request, Response *response);
extern bool connection_list_columns(Control *control, const Request *request, Response *response);
extern bool connection_count_rows(Control *control, const Request *request, Response *response);
extern bool connection_list_types(Control *control, const Request *request, Response *response);

/* The connection that the path names; false with not_found. */
extern bool connection_of_request(Control *control, const Request *request, StoreEntry *entry,
								  Response *response);

#endif
