/*
 * api.c - the order of things in a request, and what every answer has.
 */
#include "api.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api_internal.h"
#include "control/settings.h"
#include "control/store/audit.h"
#include "control/store/identifier.h"
#include "control/store/identity.h"
#include "outgoing.h"
#include "schema_pattern.h"

#define BURST_SECONDS	2 /* of a rate may come at once */
#define REQUEST_ID_FORM "^[A-Za-z0-9._-]{1,64}$"
#define PREFLIGHT_AGE	600 /* seconds a browser remembers what is allowed */
/* Nothing from elsewhere, nothing inline, in no frame. */
#define CONTENT_SECURITY                                                                           \
	"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "  \
	"'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#define NO_CONTENT_SECURITY "default-src 'none'; frame-ancestors 'none'"

/* ---- making ---- */

static bool
make_limits(Api *api, SluiceError *err)
{
	const ControlSettings *settings = api->control->settings;

	if (settings->rate_limit > 0 &&
		(api->of_keys = rate_limit_new(settings->rate_limit, BURST_SECONDS * settings->rate_limit,
									   err)) == NULL)
		return false;
	return settings->address_rate_limit == 0 ||
		   (api->of_addresses =
				rate_limit_new(settings->address_rate_limit,
							   BURST_SECONDS * settings->address_rate_limit, err)) != NULL;
}

static bool
find_operations(Api *api, SluiceError *err)
{
	size_t count = router_count(api->router);

	api->operations = calloc(count + 1, sizeof(*api->operations));
	if (api->operations == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading the interface");
	for (size_t i = 0; i < count; i++)
		api->operations[i] =
			openapi_operation(api->openapi, router_route(api->router, i)->operation);
	return true;
}

static bool
make_parts(Api *api, const Routes *const *tables, const OpenapiFragment *fragments,
		   size_t fragment_count, SluiceError *err)
{
	const char *web_root = api->control->settings->web_root;

	return (api->router = router_new(tables, err)) != NULL &&
		   (api->openapi = openapi_new(fragments, fragment_count, err)) != NULL &&
		   openapi_bind(api->openapi, api->router, err) && find_operations(api, err) &&
		   make_limits(api, err) &&
		   (api->traffic = traffic_new(api->control->log, api->control->metrics, err)) != NULL &&
		   (web_root == NULL || (api->files = static_files_new(web_root, err)) != NULL);
}

Api *
api_new(Control *control, const Routes *const *tables, const OpenapiFragment *fragments,
		size_t fragment_count, SluiceError *err)
{
	Api *api = calloc(1, sizeof(*api));

	if (api == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making the interface");
		return NULL;
	}
	api->control = control;
	if (make_parts(api, tables, fragments, fragment_count, err))
		return api;
	api_free(api);
	return NULL;
}

void
api_free(Api *api)
{
	if (api == NULL)
		return;
	static_files_free(api->files);
	traffic_free(api->traffic);
	rate_limit_free(api->of_keys);
	rate_limit_free(api->of_addresses);
	free(api->operations);
	openapi_free(api->openapi);
	router_free(api->router);
	free(api);
}

const Openapi *
api_openapi(const Api *api)
{
	return api->openapi;
}

/* ---- before the handler; each is false with the problem filled ---- */

static void
name_request(Request *request)
{
	const char *given = request_header(request, "x-request-id");

	if (given != NULL && pattern_matches(REQUEST_ID_FORM, given))
		(void) snprintf(request->id, sizeof(request->id), "%s", given);
	else
		identifier_make(request->id, "req_");
}

static bool
check_sizes(Exchange *exchange)
{
	const Incoming *in = exchange->in;
	size_t body_maximum = exchange->api->control->settings->body_maximum;

	if (strlen(in->target) > TARGET_BYTES_MAXIMUM)
		return response_fail(&exchange->response, PROBLEM_HEADERS_TOO_LARGE,
							 "the address has more than %d bytes", TARGET_BYTES_MAXIMUM);
	if (in->header_bytes > HEADER_BYTES_MAXIMUM || in->header_count == HEADERS_MAXIMUM)
		return response_fail(&exchange->response, PROBLEM_HEADERS_TOO_LARGE,
							 "the headers have more than %d bytes, or are more than %d",
							 HEADER_BYTES_MAXIMUM, HEADERS_MAXIMUM - 1);
	if (in->body_length > body_maximum)
		return response_fail(&exchange->response, PROBLEM_TOO_LARGE,
							 "the body has more than %zu bytes", body_maximum);
	return true;
}

static bool
take_token(Exchange *exchange, RateLimit *limit, const char *who)
{
	if (limit == NULL || rate_limit_take(limit, who, traffic_now_us() / 1000,
										 &exchange->response.problem.retry_after))
		return true;
	return response_fail(&exchange->response, PROBLEM_RATE_LIMITED,
						 "too many requests: again in %d s",
						 exchange->response.problem.retry_after);
}

static bool
limit_address(Exchange *exchange)
{
	return take_token(exchange, exchange->api->of_addresses, exchange->in->address);
}

/* "GET, HEAD, POST, OPTIONS" for a path's methods. */
static void
allow_header(Response *response, unsigned methods)
{
	char text[80] = "";

	for (HttpMethod method = 0; method < HTTP_METHODS; method++)
		if ((methods & (1u << method)) != 0)
		{
			strcat(text, http_method_names[method]);
			strcat(text, method == HTTP_GET ? ", HEAD, " : ", ");
		}
	strcat(text, "OPTIONS");
	response_header(response, "Allow", "%s", text);
}

static HttpMethod
method_of(const char *name)
{
	HttpMethod method = 0;

	if (strcmp(name, "HEAD") == 0)
		return HTTP_GET;
	while (method < HTTP_METHODS && strcmp(name, http_method_names[method]) != 0)
		method++;
	return method;
}

static bool
find_route(Exchange *exchange)
{
	Request *request = &exchange->request;

	router_match(exchange->api->router, method_of(exchange->in->method), exchange->path,
				 &exchange->match);
	if (exchange->match.route == NULL && exchange->match.methods != 0)
	{
		allow_header(&exchange->response, exchange->match.methods);
		return response_fail(&exchange->response, PROBLEM_METHOD_NOT_ALLOWED,
							 "this path does not take the method %.20s", exchange->in->method);
	}
	if (exchange->match.route == NULL)
		return response_fail(&exchange->response, PROBLEM_NOT_FOUND,
							 "there is no such path; /api/v1/openapi.json has all of them");
	exchange->operation = exchange->api->operations[exchange->match.index];
	request->method = exchange->match.route->method;
	request->parameters = exchange->match.parameters;
	request->parameter_count = exchange->match.parameter_count;
	return true;
}

static bool
authenticate(Exchange *exchange)
{
	const char *header = request_header(&exchange->request, "authorization");
	SluiceError err;

	if ((exchange->match.route->flags & ROUTE_PUBLIC) != 0)
		return true;
	if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
		return response_fail(&exchange->response, PROBLEM_UNAUTHENTICATED,
							 "this needs an API key: Authorization: Bearer KEY");
	header += 7;
	header += strspn(header, " ");
	if (identity_check(exchange->api->control->identity, header, &exchange->request.caller, &err))
		return true;
	if (err.code == SLUICE_ERROR_DENIED)
		return response_fail(&exchange->response, PROBLEM_UNAUTHENTICATED, "%s", err.message);
	return response_error(&exchange->response, &err);
}

static bool
limit_key(Exchange *exchange)
{
	const char *key_id = exchange->request.caller.key_id;

	return key_id[0] == '\0' || take_token(exchange, exchange->api->of_keys, key_id);
}

static bool
check_scope(Exchange *exchange)
{
	const Route *route = exchange->match.route;

	if ((route->flags & ROUTE_PUBLIC) != 0 || route->scope == SCOPE_NONE ||
		(exchange->request.caller.scopes & SCOPE_BIT(route->scope)) != 0)
		return true;
	return response_fail(&exchange->response, PROBLEM_FORBIDDEN,
						 "this needs a key with the scope %s", scope_names[route->scope]);
}

static bool (*const gates[])(Exchange *exchange) = {
	check_sizes, limit_address, find_route,		  authenticate, limit_key,
	check_scope, input_query,	input_parameters, input_accept, input_body,
};

static bool
pass_gates(Exchange *exchange)
{
	for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++)
		if (!gates[i](exchange))
			return false;
	return true;
}

/* ---- the handler, and after it ---- */

static bool
is_audited(const Route *route)
{
	if ((route->flags & ROUTE_AUDITED) != 0)
		return true;
	return route->method != HTTP_GET && (route->flags & (ROUTE_QUIET | ROUTE_UPGRADE)) == 0;
}

static const char *
header_of(const Response *response, const char *name)
{
	for (size_t i = 0; i < response->header_count; i++)
		if (strcmp(response->headers[i].name, name) == 0)
			return response->headers[i].value;
	return NULL;
}

static void
write_audit(Exchange *exchange)
{
	const Request *request = &exchange->request;
	const Response *response = &exchange->response;
	const char *etag = header_of(response, "ETag");
	const AuditRecord record = {
		.tenant = request->caller.tenant,
		.key_id = request->caller.key_id,
		.address = request->caller.address,
		.request_id = request->id,
		.action = exchange->match.route->operation,
		.object = header_of(response, "Location") != NULL ? header_of(response, "Location")
														  : exchange->path,
		.revision = etag,
		.status = response->status != 0	   ? response->status
				  : response->body != NULL ? 200
										   : 204,
	};
	SluiceError err;

	if (!audit_append(exchange->api->control->audit, &record, &err))
		log_failure(
			exchange->api->control->log, LOG_ERROR, "cannot write the audit log", &err,
			(LogField[]){LOG_TEXT("request_id", request->id), LOG_TEXT("tenant", record.tenant),
						 LOG_TEXT("caller", record.key_id), LOG_TEXT("action", record.action),
						 LOG_TEXT("object", record.object), LOG_END});
}

static bool
upgrade(Exchange *exchange)
{
	if (exchange->to == NULL)
		return response_fail(&exchange->response, PROBLEM_BAD_REQUEST,
							 "this connection cannot become a stream");
	exchange->upgraded = live_upgrade(exchange->api->control, &exchange->request, exchange->in->raw,
									  exchange->to, &exchange->response);
	return exchange->upgraded;
}

/* True when the response, not its problem, is to be answered. */
static bool
handle(Exchange *exchange)
{
	const Route *route = exchange->match.route;
	bool repeated;
	bool done;

	if ((route->flags & ROUTE_UPGRADE) != 0)
		return upgrade(exchange);
	if (!once_begin(exchange, &repeated))
		return false;
	if (repeated)
		return true;
	done = route->handler(exchange->api->control, &exchange->request, &exchange->response);
	once_end(exchange, done);
	if (done && is_audited(route))
		write_audit(exchange);
	return done;
}

/* A bug of ours: what went wrong stands in the log alone, and the request id leads there. */
static void
hide_internal(Exchange *exchange)
{
	Problem *problem = &exchange->response.problem;

	if (problem->type != PROBLEM_NONE && problem->type != PROBLEM_INTERNAL)
		return;
	log_event(exchange->api->control->log, LOG_ERROR, "a request failed inside",
			  (LogField[]){LOG_TEXT("request_id", exchange->request.id),
						   LOG_TEXT("path", exchange->path), LOG_TEXT("error", problem->detail),
						   LOG_END});
	problem_set(problem, PROBLEM_INTERNAL,
				"something went wrong inside; the server's log has it under the request id %s",
				exchange->request.id);
}

/* ---- answers ---- */

/* What was asked for is what the client has already. */
static bool
is_unchanged(const Exchange *exchange, const char *etag)
{
	const char *wanted = request_header(&exchange->request, "if-none-match");

	return etag != NULL && wanted != NULL && exchange->request.method == HTTP_GET &&
		   strstr(wanted, etag) != NULL;
}

static void
answer_unchanged(Outgoing *outgoing, const char *etag)
{
	outgoing->status = 304;
	outgoing_header(outgoing, "ETag", "%s", etag);
}

static void
answer_file(const Exchange *exchange, const StaticFile *file, Outgoing *outgoing)
{
	outgoing_header(outgoing, "Content-Security-Policy", "%s", CONTENT_SECURITY);
	outgoing_header(outgoing, "Cache-Control", "%s",
					file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	if (is_unchanged(exchange, file->etag))
	{
		answer_unchanged(outgoing, file->etag);
		return;
	}
	outgoing->status = 200;
	outgoing->body = malloc(file->length + 1);
	if (outgoing->body != NULL)
	{
		memcpy(outgoing->body, file->content, file->length);
		outgoing->length = file->length;
	}
	outgoing_header(outgoing, "ETag", "%s", file->etag);
	outgoing_header(outgoing, "Content-Type", "%s", file->type);
}

/* The dashboard's file that is asked for; NULL when it is none. */
static const StaticFile *
file_of(const Exchange *exchange)
{
	const char *method = exchange->in->method;

	if (exchange->api->files == NULL || exchange->match.methods != 0 ||
		exchange->operation != NULL || strncmp(exchange->path, "/api/", 5) == 0 ||
		exchange->response.problem.type != PROBLEM_NOT_FOUND ||
		(strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0))
		return NULL;
	return static_files_find(exchange->api->files, exchange->path);
}

static void
answer_api(const Exchange *exchange, bool done, Outgoing *outgoing)
{
	const Response *response = &exchange->response;
	const char *etag = done ? header_of(response, "ETag") : NULL;

	outgoing_header(outgoing, "Content-Security-Policy", "%s", NO_CONTENT_SECURITY);
	outgoing_header(outgoing, "Cache-Control", "%s", etag != NULL ? "no-cache" : "no-store");
	if (!done)
		outgoing_render_problem(outgoing, response, exchange->path, exchange->request.id);
	else if (is_unchanged(exchange, etag))
		answer_unchanged(outgoing, etag);
	else
		outgoing_render(outgoing, response);
}

static bool
is_in(const TextList *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

/* What lets pages of other origins read the answer, where the settings allow them. */
static void
add_cors(const Exchange *exchange, Outgoing *outgoing)
{
	const ControlSettings *settings = exchange->api->control->settings;
	const char *origin = request_header(&exchange->request, "origin");

	if (settings->cors_origins.count == 0)
		return;
	outgoing_header(outgoing, "Vary", "Origin");
	if (origin == NULL || !is_in(&settings->cors_origins, origin))
		return;
	outgoing_header(outgoing, "Access-Control-Allow-Origin", "%s", origin);
	outgoing_header(outgoing, "Access-Control-Expose-Headers",
					"ETag, Location, Retry-After, X-Request-Id, Idempotency-Replayed");
}

/* OPTIONS: which methods there are, and what a browser may send from elsewhere. */
static bool
answer_options(Exchange *exchange, Outgoing *outgoing)
{
	if (strcmp(exchange->in->method, "OPTIONS") != 0 || exchange->match.methods == 0)
		return false;
	outgoing->status = 204;
	for (size_t i = 0; i < exchange->response.header_count; i++)
	{
		outgoing_header(outgoing, exchange->response.headers[i].name, "%s",
						exchange->response.headers[i].value);
		outgoing_header(outgoing, "Access-Control-Allow-Methods", "%s",
						exchange->response.headers[i].value);
	}
	outgoing_header(outgoing, "Access-Control-Allow-Headers",
					"Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, "
					"X-Request-Id");
	outgoing_header(outgoing, "Access-Control-Max-Age", "%d", PREFLIGHT_AGE);
	return true;
}

static void
answer(Exchange *exchange, bool done, Outgoing *outgoing)
{
	const StaticFile *file;

	outgoing_header(outgoing, "X-Request-Id", "%s", exchange->request.id);
	outgoing_header(outgoing, "X-Content-Type-Options", "nosniff");
	outgoing_header(outgoing, "Referrer-Policy", "no-referrer");
	if (exchange->api->control->settings->tls_certificate != NULL)
		outgoing_header(outgoing, "Strict-Transport-Security", "max-age=31536000");
	add_cors(exchange, outgoing);
	outgoing->upgraded = exchange->upgraded;
	if (exchange->upgraded || (!done && answer_options(exchange, outgoing)))
		return;
	if (!done)
		hide_internal(exchange);
	file = done ? NULL : file_of(exchange);
	if (file != NULL)
		answer_file(exchange, file, outgoing);
	else
		answer_api(exchange, done, outgoing);
	outgoing_compress(outgoing, request_header(&exchange->request, "accept-encoding"));
}

/* ---- all of it ---- */

/* A word out of few: what came may be anything. */
static const char *
method_label(const char *method)
{
	static const char *const others[] = {"HEAD", "OPTIONS"};

	for (size_t i = 0; i < HTTP_METHODS; i++)
		if (strcmp(method, http_method_names[i]) == 0)
			return http_method_names[i];
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(method, others[i]) == 0)
			return others[i];
	return "OTHER";
}

static void
begin(Exchange *exchange)
{
	const Incoming *in = exchange->in;
	Request *request = &exchange->request;
	size_t length = strcspn(in->target, "?");

	exchange->query_text = in->target[length] == '?' ? in->target + length + 1 : "";
	if (length > TARGET_BYTES_MAXIMUM)
		length = TARGET_BYTES_MAXIMUM;
	memcpy(exchange->path, in->target, length);
	exchange->path[length] = '\0';
	/* What an address must not have: it will stand in answers and logs. */
	for (char *at = exchange->path; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~')
			*at = '?';
	request->path = exchange->path;
	request->headers = in->headers;
	request->header_count = in->header_count;
	(void) snprintf(request->caller.address, sizeof(request->caller.address), "%s", in->address);
	name_request(request);
}

void
api_answer(Api *api, const Incoming *incoming, Outgoing *outgoing, struct _u_response *to)
{
	Exchange *exchange = calloc(1, sizeof(*exchange));
	bool done;

	*outgoing = (Outgoing){.status = problem_status(PROBLEM_INTERNAL)};
	if (exchange == NULL)
		return;
	exchange->api = api;
	exchange->in = incoming;
	exchange->to = to;
	exchange->began_us = traffic_now_us();
	traffic_begin(api->traffic);
	begin(exchange);
	done = pass_gates(exchange) && handle(exchange);
	answer(exchange, done, outgoing);
	traffic_end(api->traffic, &exchange->request, method_label(incoming->method),
				exchange->match.route != NULL ? exchange->match.route->path : "",
				exchange->upgraded ? 101 : outgoing->status, exchange->began_us);
	response_free(&exchange->response);
	json_decref(exchange->request.body);
	free(exchange);
}
