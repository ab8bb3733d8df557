/*
 * api.h - from a request's bytes to an answer's bytes: everything about HTTP that is no socket.
 *
 * In this order: sizes, rate of the address, route, key, rate of the key, scope, parameters, body, Idempotency-Key, the
 * handler, audit.  What goes wrong anywhere is problem+json; what a handler did is answered even where the audit log
 * could not be written, which is logged as an error.  Safe in any thread.
 */
#ifndef SLUICE_CONTROL_API_H
#define SLUICE_CONTROL_API_H

#include "control/control.h"
#include "openapi.h"
#include "request.h"
#include "router.h"
#include "upgrade.h"

#define HEADER_BYTES_MAXIMUM 16384 /* of all headers together */
#define TARGET_BYTES_MAXIMUM 8192  /* of path and query */
#define HEADERS_MAXIMUM		 64

typedef struct Api Api;

/* Fails when routes and document do not fit. */
extern Api *api_new(Control *control, const Routes *const *tables, const OpenapiFragment *fragments,
					size_t fragment_count, SluiceError *err) SLUICE_MUST_CHECK;
extern void api_free(Api *api);

extern const Openapi *api_openapi(const Api *api);

/* What came.  All of it is the caller's. */
typedef struct Incoming
{
	const char *method; /* as it came */
	const char *target; /* path and query, not decoded */
	const NamedText *headers;
	size_t header_count;
	size_t header_bytes; /* of all of them, also those that had no place in `headers` */
	const char *body;
	size_t body_length; /* more than settings' body_maximum: it was cut */
	const char *address;
	const char *network;		  /* whose rate counts: the address, of IPv6 the /64 */
	const struct _u_request *raw; /* for UpgradeHandler; NULL where there is none */
} Incoming;

#define OUTGOING_HEADERS 32

/* What goes out. */
typedef struct Outgoing
{
	int status;
	char *body; /* owned; NULL: none */
	size_t length;
	struct
	{
		const char *name; /* static */
		char value[256];
	} headers[OUTGOING_HEADERS];
	size_t header_count;
	bool upgraded; /* `to` is filled; nothing else here counts but the headers */
} Outgoing;

/* Answers, whatever it is.  `to` is for routes with ROUTE_UPGRADE; NULL: such are answered with a problem. */
extern void api_answer(Api *api, const Incoming *incoming, Outgoing *outgoing,
					   struct _u_response *to);

extern void outgoing_free(Outgoing *outgoing);

#endif
