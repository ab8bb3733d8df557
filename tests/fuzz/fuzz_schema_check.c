/*
 * fuzz_schema_check.c - a schema, a NUL, and a value, both any bytes: bodies, schemas, patterns, formats.
 */
#include "control/http/json_body.h"
#include "control/http/schema_check.h"
#include "fuzz.h"

#include <string.h>

/* Schemas are our own: that they refer to themselves many times is none of what comes from outside. */
static bool
refers_often(const char *text, size_t length)
{
	const char *first = memmem(text, length, "$ref", 4);

	return first != NULL &&
		   memmem(first + 4, length - (size_t) (first + 4 - text), "$ref", 4) != NULL;
}

/* What is told must be a problem that can be sent. */
static void
check(const json_t *schema, const json_t *value)
{
	Problem problem = {0};
	bool fits = schema_check(schema, schema, value, "", &problem);
	json_t *json;

	FUZZ_ASSERT(fits == (problem.errors == NULL));
	FUZZ_ASSERT(json_array_size(problem.errors) <= SCHEMA_ERRORS_MAXIMUM);
	json = problem_json(&problem, "/", "req_1");
	FUZZ_ASSERT(json != NULL);
	json_decref(json);
	problem_free(&problem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
	size_t length = end != NULL ? (size_t) (end - data) : size;
	SluiceError err = {0};
	json_t *schema = refers_often(text, length) ? NULL : json_body_read(text, length, &err);
	json_t *value =
		end != NULL ? json_body_read(text + length + 1, size - length - 1, &err) : json_null();

	if (schema != NULL && value != NULL && schema_known(schema, schema, "", &err))
		check(schema, value);
	json_decref(schema);
	json_decref(value);
	return 0;
}
