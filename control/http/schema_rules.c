/*
 * schema_rules.c - the keywords that look at a value alone.
 */
#include <stdio.h>
#include <string.h>

#include "schema_format.h"
#include "schema_internal.h"
#include "schema_pattern.h"

bool
schema_may_tell(Check *check)
{
	return check->problem != NULL && check->errors++ < SCHEMA_ERRORS_MAXIMUM;
}

const char *
schema_show(const json_t *value, char *text)
{
	static const char cut[] = "...";
	size_t room = SHOWN_MAXIMUM - sizeof(cut);

	/* What has no room leaves a hole in the text, behind which more may follow. */
	memset(text, 0, SHOWN_MAXIMUM);
	if (json_dumpb(value, text, room, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) > room)
		strcpy(text + strlen(text), cut);
	return text;
}

bool
rule_enum(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	char text[SHOWN_MAXIMUM];
	size_t index;
	json_t *one;

	(void) schema;
	json_array_foreach(rule, index, one) if (json_equal(one, value)) return true;
	return complain(check, "enum", "must be one of %s", schema_show(rule, text));
}

bool
rule_const(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	char text[SHOWN_MAXIMUM];

	(void) schema;
	return json_equal(rule, value) ||
		   complain(check, "const", "must be %s", schema_show(rule, text));
}

static size_t
characters(const json_t *text)
{
	size_t count = 0;

	for (const char *at = json_string_value(text); *at != '\0'; at++)
		count += ((unsigned char) *at & 0xC0) != 0x80;
	return count;
}

bool
rule_min_length(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	if (characters(value) >= (size_t) json_integer_value(rule))
		return true;
	if (json_integer_value(rule) == 1)
		return complain(check, "too_short", "must not be empty");
	return complain(check, "too_short", "must have at least %lld characters",
					(long long) json_integer_value(rule));
}

bool
rule_max_length(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return characters(value) <= (size_t) json_integer_value(rule) ||
		   complain(check, "too_long", "must have at most %lld characters",
					(long long) json_integer_value(rule));
}

bool
rule_pattern(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return pattern_matches(json_string_value(rule), json_string_value(value)) ||
		   complain(check, "pattern", "must match %s", json_string_value(rule));
}

bool
rule_format(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return format_fits(json_string_value(rule), json_string_value(value)) ||
		   complain(check, "format", "is no %s", json_string_value(rule));
}

bool
rule_minimum(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	char text[SHOWN_MAXIMUM];

	(void) schema;
	return json_number_value(value) >= json_number_value(rule) ||
		   complain(check, "too_small", "must be at least %s", schema_show(rule, text));
}

bool
rule_maximum(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	char text[SHOWN_MAXIMUM];

	(void) schema;
	return json_number_value(value) <= json_number_value(rule) ||
		   complain(check, "too_large", "must be at most %s", schema_show(rule, text));
}

bool
rule_min_items(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return json_array_size(value) >= (size_t) json_integer_value(rule) ||
		   complain(check, "too_few", "must have at least %lld items",
					(long long) json_integer_value(rule));
}

bool
rule_max_items(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return json_array_size(value) <= (size_t) json_integer_value(rule) ||
		   complain(check, "too_many", "must have at most %lld items",
					(long long) json_integer_value(rule));
}

bool
rule_unique(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	for (size_t i = 1; json_is_true(rule) && i < json_array_size(value); i++)
		for (size_t j = 0; j < i; j++)
			if (json_equal(json_array_get(value, i), json_array_get(value, j)))
				return complain(check, "not_unique", "has the same item twice, at %zu and %zu", j,
								i);
	return true;
}

bool
rule_min_properties(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return json_object_size(value) >= (size_t) json_integer_value(rule) ||
		   complain(check, "too_few", "must have at least %lld members",
					(long long) json_integer_value(rule));
}

bool
rule_max_properties(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return json_object_size(value) <= (size_t) json_integer_value(rule) ||
		   complain(check, "too_many", "must have at most %lld members",
					(long long) json_integer_value(rule));
}
