/*
 * outgoing.c - rendering answers.
 */
#include "outgoing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define DIGITS		  15   /* of a real number: those that every double has */
#define COMPRESS_FROM 1400 /* bytes: less goes in one packet anyway */
#define GZIP_WINDOW	  (15 + 16)
#define GZIP_LEVEL	  5
#define MEMORY_LEVEL  8
#define EMERGENCY_BODY                                                                             \
	"{\"type\":\"/problems/internal\",\"title\":\"Internal error\",\"status\":500,\"detail\":"     \
	"\"out of memory\",\"code\":\"internal\",\"retryable\":false,\"errors\":[]}"

void
outgoing_header(Outgoing *outgoing, const char *name, const char *format, ...)
{
	va_list args;
	size_t at = 0;
	size_t length = 0;

	while (at < outgoing->header_count && strcmp(outgoing->headers[at].name, name) != 0)
		at++;
	if (at == OUTGOING_HEADERS)
		return;
	if (at < outgoing->header_count) /* a list then */
		length = strlen(
			strncat(outgoing->headers[at].value, ", ",
					sizeof(outgoing->headers[at].value) - strlen(outgoing->headers[at].value) - 1));
	else
		outgoing->headers[outgoing->header_count++].name = name;
	va_start(args, format);
	(void) vsnprintf(outgoing->headers[at].value + length,
					 sizeof(outgoing->headers[at].value) - length, format, args);
	va_end(args);
}

static void
render_json(Outgoing *outgoing, const json_t *json, const char *type)
{
	outgoing->body =
		json != NULL ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)) : NULL;
	if (outgoing->body == NULL)
	{
		outgoing->status = problem_status(PROBLEM_INTERNAL);
		outgoing->body = strdup(EMERGENCY_BODY);
		type = "application/problem+json";
	}
	outgoing->length = outgoing->body != NULL ? strlen(outgoing->body) : 0;
	outgoing_header(outgoing, "Content-Type", "%s", type);
}

static void
take_headers(Outgoing *outgoing, const Response *response)
{
	for (size_t i = 0; i < response->header_count; i++)
		outgoing_header(outgoing, response->headers[i].name, "%s", response->headers[i].value);
}

void
outgoing_render(Outgoing *outgoing, const Response *response)
{
	bool empty = response->body == NULL && response->text == NULL;

	outgoing->status = response->status != 0 ? response->status : empty ? 204 : 200;
	take_headers(outgoing, response);
	if (response->body != NULL)
		render_json(outgoing, response->body, "application/json");
	else if (response->text != NULL)
	{
		outgoing->body = strdup(response->text);
		outgoing->length = outgoing->body != NULL ? strlen(outgoing->body) : 0;
		outgoing_header(outgoing, "Content-Type", "%s", response->content_type);
	}
}

void
outgoing_render_problem(Outgoing *outgoing, const Response *response, const char *instance,
						const char *request_id)
{
	const Problem *problem = &response->problem;
	json_t *json = problem_json(problem, instance, request_id);

	outgoing->status = problem_status(problem->type);
	take_headers(outgoing, response);
	if (problem->retry_after > 0)
		outgoing_header(outgoing, "Retry-After", "%d", problem->retry_after);
	if (problem->type == PROBLEM_UNAUTHENTICATED)
		outgoing_header(outgoing, "WWW-Authenticate", "Bearer");
	render_json(outgoing, json, "application/problem+json");
	json_decref(json);
}

/* Whether Accept-Encoding names gzip and does not refuse it with q=0. */
static bool
takes_gzip(const char *accepted)
{
	const char *at = accepted != NULL ? strcasestr(accepted, "gzip") : NULL;

	if (at == NULL)
		return false;
	at += strlen("gzip");
	at += strspn(at, " \t");
	return strncmp(at, ";q=0", 4) != 0 ||
		   (at[4] == '.' && strspn(at + 5, "0") < strcspn(at + 5, ", "));
}

static char *
gzip(const char *body, size_t length, size_t *compressed_length)
{
	z_stream stream = {0};
	char *compressed = malloc(length);
	int status;

	if (compressed == NULL || deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW,
										   MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
	{
		free(compressed);
		return NULL;
	}
	stream.next_in = (Bytef *) (uintptr_t) body;
	stream.avail_in = (uInt) length;
	stream.next_out = (Bytef *) compressed;
	stream.avail_out = (uInt) length;
	status = deflate(&stream, Z_FINISH);
	*compressed_length = stream.total_out;
	(void) deflateEnd(&stream);
	if (status == Z_STREAM_END)
		return compressed;
	free(compressed);
	return NULL;
}

void
outgoing_compress(Outgoing *outgoing, const char *accept_encoding)
{
	size_t length;
	char *compressed;

	if (outgoing->length < COMPRESS_FROM)
		return;
	outgoing_header(outgoing, "Vary", "Accept-Encoding");
	if (!takes_gzip(accept_encoding))
		return;
	compressed = gzip(outgoing->body, outgoing->length, &length);
	if (compressed == NULL)
		return;
	free(outgoing->body);
	outgoing->body = compressed;
	outgoing->length = length;
	outgoing_header(outgoing, "Content-Encoding", "gzip");
}

void
outgoing_free(Outgoing *outgoing)
{
	free(outgoing->body);
	outgoing->body = NULL;
}
