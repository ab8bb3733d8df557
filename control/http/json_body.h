/*
 * json_body.h - bytes from outside as JSON: what schemas cannot say of it is checked here.  Pure.
 */
#ifndef SLUICE_CONTROL_JSON_BODY_H
#define SLUICE_CONTROL_JSON_BODY_H

#include <jansson.h>

#include "common/core/error.h"

#define JSON_DEPTH_MAXIMUM 32 /* objects and lists in one another */

/*
 * Any JSON value, owned; NULL with CORRUPT for what is no JSON, no UTF-8, nested too deep, has a NUL in a text, the same
 * member twice or a number that no double or 64-bit integer is.  The message has the place but nothing of the text.
 */
extern json_t *json_body_read(const char *text, size_t length, SluiceError *err) SLUICE_MUST_CHECK;

#endif
