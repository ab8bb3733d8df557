/*
 * problem.c - the table of problems, and their documents.
 */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/daemon/utf8.h"

static const struct
{
	int status;
	const char *code;
	const char *title;
	bool retryable;
} types[PROBLEM_TYPES] = {
	[PROBLEM_NONE] = {500, "internal", "Internal error", false},
	[PROBLEM_BAD_REQUEST] = {400, "bad_request", "Bad request", false},
	[PROBLEM_INVALID] = {422, "invalid", "Invalid content", false},
	[PROBLEM_UNAUTHENTICATED] = {401, "unauthenticated", "Not authenticated", false},
	[PROBLEM_FORBIDDEN] = {403, "forbidden", "Forbidden", false},
	[PROBLEM_NOT_FOUND] = {404, "not_found", "Not found", false},
	[PROBLEM_METHOD_NOT_ALLOWED] = {405, "method_not_allowed", "Method not allowed", false},
	[PROBLEM_NOT_ACCEPTABLE] = {406, "not_acceptable", "Not acceptable", false},
	[PROBLEM_CONFLICT] = {409, "conflict", "Conflict", false},
	[PROBLEM_IN_USE] = {409, "in_use", "In use", false},
	[PROBLEM_STALE] = {412, "stale", "Stale revision", false},
	[PROBLEM_TOO_LARGE] = {413, "too_large", "Content too large", false},
	[PROBLEM_UNSUPPORTED_MEDIA] = {415, "unsupported_media_type", "Unsupported media type", false},
	[PROBLEM_IDEMPOTENCY_MISMATCH] = {422, "idempotency_mismatch", "Idempotency-Key reused", false},
	[PROBLEM_PRECONDITION_REQUIRED] = {428, "precondition_required", "Precondition required",
									   false},
	[PROBLEM_RATE_LIMITED] = {429, "rate_limited", "Too many requests", true},
	[PROBLEM_QUOTA_EXCEEDED] = {403, "quota_exceeded", "Quota exceeded", false},
	[PROBLEM_HEADERS_TOO_LARGE] = {431, "headers_too_large", "Header or address too large", false},
	[PROBLEM_INTERNAL] = {500, "internal", "Internal error", false},
	[PROBLEM_UPSTREAM] = {502, "upstream", "A database answered with an error", false},
	[PROBLEM_UNAVAILABLE] = {503, "unavailable", "Unavailable", true},
	[PROBLEM_UPSTREAM_TIMEOUT] = {504, "upstream_timeout", "A database did not answer", true},
};

int
problem_status(ProblemType type)
{
	return types[type].status;
}

const char *
problem_code(ProblemType type)
{
	return types[type].code;
}

/* Details quote what came from others: bytes that are no UTF-8 would make no JSON, and a cut may leave such. */
static void
keep_utf8(char *text)
{
	size_t left = strlen(text);

	while (left > 0)
	{
		size_t length = utf8_sequence(text, left);

		if (length == 0)
		{
			*text = '?';
			length = 1;
		}
		text += length;
		left -= length;
	}
}

void
problem_set(Problem *problem, ProblemType type, const char *format, ...)
{
	va_list args;

	problem->type = type;
	va_start(args, format);
	(void) vsnprintf(problem->detail, sizeof(problem->detail), format, args);
	va_end(args);
	keep_utf8(problem->detail);
}

void
problem_add(Problem *problem, const char *pointer, const char *code, const char *fix,
			const char *format, ...)
{
	char detail[400];
	va_list args;
	json_t *error;

	va_start(args, format);
	(void) vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	keep_utf8(detail);
	error = json_pack("{s:s, s:s, s:s, s:s?}", "pointer", pointer, "code", code, "detail", detail,
					  "fix", fix);
	if (problem->errors == NULL)
		problem->errors = json_array();
	(void) json_array_append_new(problem->errors, error);
}

json_t *
problem_json(const Problem *problem, const char *instance, const char *request_id)
{
	ProblemType type = problem->type;
	char name[80];
	json_t *json;

	(void) snprintf(name, sizeof(name), "/problems/%s", types[type].code);
	json = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:b}", "type", name, "title",
					 types[type].title, "status", types[type].status, "detail", problem->detail,
					 "instance", instance, "code", types[type].code, "request_id", request_id,
					 "retryable", (int) types[type].retryable);
	if (json == NULL)
		return NULL;
	(void) json_object_set_new(
		json, "errors", problem->errors != NULL ? json_incref(problem->errors) : json_array());
	if (problem->extra != NULL)
		(void) json_object_update_missing(json, problem->extra);
	return json;
}

void
problem_free(Problem *problem)
{
	json_decref(problem->errors);
	json_decref(problem->extra);
	problem->errors = NULL;
	problem->extra = NULL;
}
