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
#include "schema_pattern.h"

#define BURST_SECONDS	2 /* of a rate may come at once */
#define REQUEST_ID_FORM "^[A-Za-z0-9._-]{1,64}$"

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
	return take_token(exchange, exchange->api->of_addresses, exchange->in->network);
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

static void
append_audit(Exchange *exchange, const AuditRecord *record)
{
	SluiceError err;

	if (!audit_append(exchange->api->control->audit, record, &err))
		log_failure(exchange->api->control->log, LOG_ERROR, "cannot write the audit log", &err,
					(LogField[]){LOG_TEXT("request_id", record->request_id),
								 LOG_TEXT("tenant", record->tenant),
								 LOG_TEXT("caller", record->key_id),
								 LOG_TEXT("action", record->action),
								 LOG_TEXT("object", record->object), LOG_END});
}

/* In the log of the caller's tenant, and in that of the tenant it was about. */
static void
write_audit(Exchange *exchange)
{
	const Request *request = &exchange->request;
	const Response *response = &exchange->response;
	const char *etag = response_find(response, "ETag");
	AuditRecord record = {
		.tenant = request->caller.tenant,
		.key_id = request->caller.key_id,
		.address = request->caller.address,
		.request_id = request->id,
		.action = exchange->match.route->operation,
		.object = response_find(response, "Location") != NULL ? response_find(response, "Location")
															  : exchange->path,
		.revision = etag,
		.status = response->status != 0	   ? response->status
				  : response->body != NULL ? 200
										   : 204,
	};

	append_audit(exchange, &record);
	if (response->concerns[0] == '\0' || strcmp(response->concerns, record.tenant) == 0)
		return;
	record.tenant = response->concerns;
	append_audit(exchange, &record);
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
	if (!done)
		hide_internal(exchange);
	answer_exchange(exchange, done, outgoing);
	traffic_end(api->traffic, &exchange->request, method_label(incoming->method),
				exchange->match.route != NULL ? exchange->match.route->path : "",
				exchange->upgraded ? 101 : outgoing->status, exchange->began_us);
	response_free(&exchange->response);
	json_decref(exchange->request.body);
	free(exchange);
}
