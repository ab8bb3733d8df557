/*
 * answer.h - what handlers of resources do at their ends.
 */
#ifndef SLUICE_CONTROL_ANSWER_H
#define SLUICE_CONTROL_ANSWER_H

#include "control/http/request.h"

/* The body, which is taken, with its status; false with a problem when it is NULL: without memory. */
extern bool answer_json(Response *response, int status, json_t *body);

/* Without a body. */
extern bool answer_empty(Response *response, int status);

/* Problem not_found: there is no <what> of this id; for other errors as response_error(). */
extern bool answer_missing(Response *response, const char *what, const char *id,
						   const SluiceError *err);

/* Problem invalid with what was added to `errors`. */
extern bool answer_invalid(Response *response, const char *what);

/* A member of an object that is a text, or NULL. */
extern const char *text_of(const json_t *object, const char *member);

#endif
