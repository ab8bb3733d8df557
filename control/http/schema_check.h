/*
 * schema_check.h - whether a value fits a schema of the OpenAPI document.  Pure.
 *
 * Known: type (also lists of types), enum, const, properties, required, additionalProperties, propertyNames,
 * minProperties, maxProperties, items, minItems, maxItems, uniqueItems, minLength, maxLength (in characters), pattern
 * (schema_pattern.h), format (schema_format.h), minimum, maximum, oneOf, anyOf, allOf, $ref within the document,
 * discriminator; title, description, default, example, examples, readOnly, writeOnly, deprecated say nothing.
 * oneOf whose members have a property with const is decided by that property, so that errors speak of the one meant.
 */
#ifndef SLUICE_CONTROL_SCHEMA_CHECK_H
#define SLUICE_CONTROL_SCHEMA_CHECK_H

#include "problem.h"

#define SCHEMA_ERRORS_MAXIMUM 20 /* told of one value */

/* True when it fits; else problem->errors has what does not, each with a pointer that begins with `pointer`. */
extern bool schema_check(const json_t *document, const json_t *schema, const json_t *value,
						 const char *pointer, Problem *problem);

/* Whether the schema, and those in it, hold but what schema_check() knows; says where not. */
extern bool schema_known(const json_t *document, const json_t *schema, const char *pointer,
						 SluiceError *err);

/* The schema behind any number of $ref; NULL when one leads nowhere. */
extern const json_t *schema_resolve(const json_t *document, const json_t *schema);

/* A parameter's text as the value of its schema's type; owned; the text itself when it is none of that type. */
extern json_t *schema_value_of_text(const json_t *document, const json_t *schema, const char *text);

#endif
