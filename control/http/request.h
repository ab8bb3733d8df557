/*
 * request.h - a request and its answer, free of sockets: what handlers take and give.
 *
 * The listener makes a Request of what came in: path matched against the table of routes, caller known and allowed,
 * body parsed and held against the operation's schema.  A handler reads it and fills the Response.
 * Everything a Request points to lives until the response was sent.
 */
#ifndef SLUICE_CONTROL_REQUEST_H
#define SLUICE_CONTROL_REQUEST_H

#include <jansson.h>
#include <stdint.h>

#include "common/control/layout.h"
#include "common/core/error.h"
#include "problem.h"

#define REQUEST_ID_MAXIMUM 64

/* Who asks. */
typedef struct Caller
{
	char tenant[TENANT_MAXIMUM + 1];
	char key_id[ID_MAXIMUM + 1]; /* the API key's id; "" when nobody is known */
	uint64_t scopes;			 /* bits of scope.h */
	char address[64];			 /* of the client */
} Caller;

typedef enum HttpMethod
{
	HTTP_GET,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_METHODS
} HttpMethod;

extern const char *const http_method_names[HTTP_METHODS];

typedef struct NamedText
{
	const char *name, *text;
} NamedText;

typedef struct Request
{
	HttpMethod method;
	const char *path;
	char id[REQUEST_ID_MAXIMUM + 1]; /* X-Request-Id */
	Caller caller;
	const NamedText *parameters; /* of the path: {id} */
	size_t parameter_count;
	const NamedText *query; /* decoded, UTF-8 */
	size_t query_count;
	const NamedText *headers; /* names in lower case */
	size_t header_count;
	json_t *body; /* fits the operation's schema; NULL without one */
} Request;

/* NULL when it is not there. */
extern const char *request_parameter(const Request *request, const char *name);
extern const char *request_query(const Request *request, const char *name);
extern const char *request_header(const Request *request, const char *name);

#define RESPONSE_HEADERS 8

typedef struct Response
{
	int status;				  /* 0: 200 with a body, 204 without */
	json_t *body;			  /* owned; NULL: none */
	char *text;				  /* instead of body: malloc'ed, sent as content_type */
	const char *content_type; /* of text, static */
	struct
	{
		const char *name; /* static */
		char value[200];
	} headers[RESPONSE_HEADERS];
	size_t header_count;
	char concerns[TENANT_MAXIMUM +
				  1]; /* whose audit log has it besides the caller's; "": nobody's */
	Problem problem;  /* what it is when the handler returns false */
} Response;

extern void response_header(Response *response, const char *name, const char *format, ...)
	SLUICE_PRINTF(3, 4);

/* That it is about another tenant than the caller's, perhaps: both audit logs have it then. */
extern void response_concerns(Response *response, const char *tenant);

/* The value of a header that was set; NULL when it was not. */
extern const char *response_find(const Response *response, const char *name);

/* ETag: "<revision>". */
extern void response_etag(Response *response, uint64_t revision);

/* Fills the problem; false, so that a handler writes `return response_fail(...)`. */
#define response_fail(response, type, ...)                                                         \
	(problem_set(&(response)->problem, type, __VA_ARGS__), false)

/* The problem that an error of a part below is: CONFLICT is 409, NOT_FOUND 404, IO 503, ...; false. */
extern bool response_error(Response *response, const SluiceError *err);

/*
 * The revision that If-Match names; fails with 428 when there is none, 412 when it is not `revision`
 * ("*" is any).
 */
extern bool request_if_match(const Request *request, uint64_t revision, Response *response);

extern void response_free(Response *response);

#endif
