/*
 * answer.c - see answer.h.
 */
#include "answer.h"

bool
answer_json(Response *response, int status, json_t *body)
{
	if (body == NULL)
		return response_fail(response, PROBLEM_INTERNAL, "out of memory");
	response->status = status;
	response->body = body;
	return true;
}

bool
answer_empty(Response *response, int status)
{
	response->status = status;
	return true;
}

bool
answer_missing(Response *response, const char *what, const char *id, const SluiceError *err)
{
	if (err->code != SLUICE_ERROR_NOT_FOUND)
		return response_error(response, err);
	return response_fail(response, PROBLEM_NOT_FOUND, "there is no %s %.64s", what, id);
}

bool
answer_invalid(Response *response, const char *what)
{
	return response_fail(response, PROBLEM_INVALID, "%s cannot be so: see errors", what);
}

const char *
text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}
