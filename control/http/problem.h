/*
 * problem.h - what went wrong, as problem+json (RFC 9457).
 *
 *     {type, title, status, detail, instance, code, request_id, retryable, errors: [{pointer, code, detail, fix}]}
 *
 * `type` is /problems/<code>; docs/problems.md has one heading for each.
 */
#ifndef SLUICE_CONTROL_PROBLEM_H
#define SLUICE_CONTROL_PROBLEM_H

#include <jansson.h>

#include "common/core/error.h"

typedef enum ProblemType
{
	PROBLEM_NONE,
	PROBLEM_BAD_REQUEST, /* 400: not JSON, bad UTF-8, a bad header, cursor or parameter */
	PROBLEM_INVALID,	 /* 422: does not fit the schema, or makes no sense; `errors` has each */
	PROBLEM_UNAUTHENTICATED,	   /* 401 */
	PROBLEM_FORBIDDEN,			   /* 403: the key lacks a scope; an address that is not allowed */
	PROBLEM_NOT_FOUND,			   /* 404: also what belongs to another tenant */
	PROBLEM_METHOD_NOT_ALLOWED,	   /* 405, with Allow */
	PROBLEM_NOT_ACCEPTABLE,		   /* 406 */
	PROBLEM_CONFLICT,			   /* 409: the state forbids it; a name that is taken */
	PROBLEM_IN_USE,				   /* 409: something uses it; `errors` names it */
	PROBLEM_STALE,				   /* 412: If-Match is not the revision of now */
	PROBLEM_TOO_LARGE,			   /* 413 */
	PROBLEM_UNSUPPORTED_MEDIA,	   /* 415 */
	PROBLEM_IDEMPOTENCY_MISMATCH,  /* 422: the key was used for another request */
	PROBLEM_PRECONDITION_REQUIRED, /* 428: If-Match is missing */
	PROBLEM_RATE_LIMITED,		   /* 429, with Retry-After */
	PROBLEM_QUOTA_EXCEEDED,		   /* 403: quota, with limit, used, resets_at */
	PROBLEM_HEADERS_TOO_LARGE,	   /* 431 */
	PROBLEM_INTERNAL,			   /* 500: a bug of ours */
	PROBLEM_UPSTREAM,			   /* 502: a database answered with an error */
	PROBLEM_UNAVAILABLE,		   /* 503: NATS is away; passes by itself */
	PROBLEM_UPSTREAM_TIMEOUT,	   /* 504 */
	PROBLEM_TYPES
} ProblemType;

typedef struct Problem
{
	ProblemType type;
	char detail[800];
	json_t *errors;	 /* owned: array of {pointer, code, detail, fix}; NULL: none */
	json_t *extra;	 /* owned: further members; NULL: none */
	int retry_after; /* seconds; 0: none */
} Problem;

extern void problem_set(Problem *problem, ProblemType type, const char *format, ...)
	SLUICE_PRINTF(3, 4);

/* One more of `errors`; pointer is a JSON pointer into the body, or a parameter's name; fix may be NULL. */
extern void problem_add(Problem *problem, const char *pointer, const char *code, const char *fix,
						const char *format, ...) SLUICE_PRINTF(5, 6);

extern int problem_status(ProblemType type);
extern const char *problem_code(ProblemType type);

/* The whole document; NULL without memory. */
extern json_t *problem_json(const Problem *problem, const char *instance, const char *request_id);

extern void problem_free(Problem *problem);

#endif
