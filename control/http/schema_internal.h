/*
 * schema_internal.h - what the files of schema_check.h share.
 */
#ifndef SLUICE_CONTROL_SCHEMA_INTERNAL_H
#define SLUICE_CONTROL_SCHEMA_INTERNAL_H

#include "schema_check.h"

#define POINTER_MAXIMUM 400
#define SHOWN_MAXIMUM	200

/* One value on its way. */
typedef struct Check
{
	const json_t *document;
	Problem *problem; /* NULL: only whether it fits */
	size_t errors;
	int depth;
	char pointer[POINTER_MAXIMUM];
	size_t length;
} Check;

/* False, so that a check writes `return complain(...)`. */
#define complain(check, code, ...)                                                                 \
	((schema_may_tell(check)                                                                       \
		  ? problem_add((check)->problem, (check)->pointer, code, NULL, __VA_ARGS__)               \
		  : (void) 0),                                                                             \
	 false)

/* Whether one more error is to be told, which it counts. */
extern bool schema_may_tell(Check *check);

/* A schema's value as it is written in errors; `text` has SHOWN_MAXIMUM bytes and is returned. */
extern const char *schema_show(const json_t *value, char *text);

/* A keyword: `rule` is what stands under it in `schema`. */
typedef bool SchemaRule(Check *check, const json_t *rule, const json_t *value,
						const json_t *schema);

extern SchemaRule rule_enum, rule_const, rule_min_length, rule_max_length, rule_pattern,
	rule_format, rule_minimum, rule_maximum, rule_min_items, rule_max_items, rule_unique,
	rule_min_properties, rule_max_properties;

/* Whether the keyword says something of values. */
extern bool schema_keyword_checked(const char *name);

#endif
