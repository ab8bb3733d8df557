/*
 * outgoing.h - an answer's bytes: a Response, or a problem, rendered with the headers every answer has.
 */
#ifndef SLUICE_CONTROL_OUTGOING_H
#define SLUICE_CONTROL_OUTGOING_H

#include "api.h"

/* A header that is there already becomes a list. */
extern void outgoing_header(Outgoing *outgoing, const char *name, const char *format, ...)
	SLUICE_PRINTF(3, 4);

/* The response of a handler that said true. */
extern void outgoing_render(Outgoing *outgoing, const Response *response);

/* response->problem, with the response's headers. */
extern void outgoing_render_problem(Outgoing *outgoing, const Response *response,
									const char *instance, const char *request_id);

/* Compresses a long body where the client takes gzip. */
extern void outgoing_compress(Outgoing *outgoing, const char *accept_encoding);

#endif
