/*
 * request.c - reading requests and filling answers.
 */
#include "request.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_AFTER_SECONDS 2 /* what passes by itself mostly has then */

const char *const http_method_names[HTTP_METHODS] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

static const char *
find(const NamedText *texts, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(texts[i].name, name) == 0)
			return texts[i].text;
	return NULL;
}

const char *
request_parameter(const Request *request, const char *name)
{
	return find(request->parameters, request->parameter_count, name);
}

const char *
request_query(const Request *request, const char *name)
{
	return find(request->query, request->query_count, name);
}

const char *
request_header(const Request *request, const char *name)
{
	return find(request->headers, request->header_count, name);
}

void
response_header(Response *response, const char *name, const char *format, ...)
{
	va_list args;

	if (response->header_count == RESPONSE_HEADERS)
		return;
	va_start(args, format);
	(void) vsnprintf(response->headers[response->header_count].value,
					 sizeof(response->headers[0].value), format, args);
	va_end(args);
	response->headers[response->header_count++].name = name;
}

const char *
response_find(const Response *response, const char *name)
{
	for (size_t i = 0; i < response->header_count; i++)
		if (strcmp(response->headers[i].name, name) == 0)
			return response->headers[i].value;
	return NULL;
}

void
response_concerns(Response *response, const char *tenant)
{
	(void) snprintf(response->concerns, sizeof(response->concerns), "%s", tenant);
}

void
response_etag(Response *response, uint64_t revision)
{
	response_header(response, "ETag", "\"%" PRIu64 "\"", revision);
}

/* The problem for each code of the parts below; what a caller cannot help is INTERNAL. */
static const ProblemType problems[] = {
	[SLUICE_OK] = PROBLEM_INTERNAL,
	[SLUICE_ERROR_MEMORY] = PROBLEM_INTERNAL,
	[SLUICE_ERROR_LIMIT] = PROBLEM_INVALID,
	[SLUICE_ERROR_CORRUPT] = PROBLEM_INTERNAL,
	[SLUICE_ERROR_VERSION] = PROBLEM_UNAVAILABLE, /* until all are of one, or have the master key */
	[SLUICE_ERROR_ARGUMENT] = PROBLEM_INVALID,
	[SLUICE_ERROR_IO] = PROBLEM_UNAVAILABLE,
	[SLUICE_ERROR_TIMEOUT] = PROBLEM_UNAVAILABLE,
	[SLUICE_ERROR_CONFLICT] = PROBLEM_CONFLICT,
	[SLUICE_ERROR_NOT_FOUND] = PROBLEM_NOT_FOUND,
	[SLUICE_ERROR_DENIED] = PROBLEM_FORBIDDEN,
	[SLUICE_ERROR_FULL] = PROBLEM_UNAVAILABLE,
	[SLUICE_ERROR_STATE] = PROBLEM_CONFLICT,
	[SLUICE_ERROR_DATA] = PROBLEM_INVALID,
};

bool
response_error(Response *response, const SluiceError *err)
{
	ProblemType type = problems[err->code];

	if (err->hint[0] != '\0')
		problem_set(&response->problem, type, "%s; %s", err->message, err->hint);
	else
		problem_set(&response->problem, type, "%s", err->message);
	if (type == PROBLEM_UNAVAILABLE)
		response->problem.retry_after = RETRY_AFTER_SECONDS;
	return false;
}

/* "7" or W/"7" of an If-Match, which may name several: whether one is the revision. */
static bool
names_revision(const char *text, uint64_t revision)
{
	char wanted[32];
	size_t length = (size_t) snprintf(wanted, sizeof(wanted), "\"%" PRIu64 "\"", revision);

	while (*text != '\0')
	{
		text += strspn(text, " \t,");
		if (strncmp(text, "W/", 2) == 0)
			text += 2;
		if (strncmp(text, wanted, length) == 0 && strchr(" \t,", text[length]) != NULL)
			return true;
		text += strcspn(text, ",");
	}
	return false;
}

bool
request_if_match(const Request *request, uint64_t revision, Response *response)
{
	const char *text = request_header(request, "if-match");

	if (text == NULL)
		return response_fail(response, PROBLEM_PRECONDITION_REQUIRED,
							 "this needs the header If-Match with the ETag that was read");
	if (strcmp(text, "*") == 0 || names_revision(text, revision))
		return true;
	response_etag(response, revision);
	return response_fail(response, PROBLEM_STALE,
						 "If-Match is not the revision of now, which is \"%" PRIu64
						 "\": read it again, then change it",
						 revision);
}

void
response_free(Response *response)
{
	json_decref(response->body);
	free(response->text);
	problem_free(&response->problem);
	response->body = NULL;
	response->text = NULL;
}
