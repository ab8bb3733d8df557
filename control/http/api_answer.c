/*
 * api_answer.c - what every answer has: headers of safety, CORS, ETag, a dashboard's file or a document.
 */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "control/settings.h"
#include "outgoing.h"

#define PREFLIGHT_AGE 600 /* seconds a browser remembers what is allowed */
/* Nothing from elsewhere, nothing inline, in no frame. */
#define CONTENT_SECURITY                                                                           \
	"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "  \
	"'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#define NO_CONTENT_SECURITY "default-src 'none'; frame-ancestors 'none'"

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
	const char *etag = done ? response_find(response, "ETag") : NULL;

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

void
answer_exchange(Exchange *exchange, bool done, Outgoing *outgoing)
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
	file = done ? NULL : file_of(exchange);
	if (file != NULL)
		answer_file(exchange, file, outgoing);
	else
		answer_api(exchange, done, outgoing);
	outgoing_compress(outgoing, request_header(&exchange->request, "accept-encoding"));
}
