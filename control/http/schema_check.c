/*
 * schema_check.c - walking value and schema side by side: one table row for each keyword that says something.
 *
 * The depth of values is bounded by who read them (json_body.h), that of schemas by DEPTH_MAXIMUM.
 */
#include "schema_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon/utf8.h"
#include "schema_format.h"
#include "schema_internal.h"
#include "schema_pattern.h"

#define DEPTH_MAXIMUM	64
#define POINTER_MAXIMUM 400
#define SHOWN_MAXIMUM	200

typedef struct Check
{
	const json_t *document;
	Problem *problem; /* NULL: only whether it fits */
	size_t errors;
	int depth;
	char pointer[POINTER_MAXIMUM];
	size_t length;
} Check;

static bool check_value(Check *check, const json_t *schema, const json_t *value);

/* ---- places and errors ---- */

/* Puts "/name" behind the pointer; gives the length to go back to. */
static size_t
enter(Check *check, const char *name)
{
	size_t before = check->length;
	size_t length = before;

	if (length + 1 < sizeof(check->pointer))
		check->pointer[length++] = '/';
	for (; *name != '\0' && length + 2 < sizeof(check->pointer); name++)
	{
		if (*name == '~' || *name == '/')
		{
			check->pointer[length++] = '~';
			check->pointer[length++] = *name == '~' ? '0' : '1';
		}
		else
			check->pointer[length++] = *name;
	}
	check->pointer[length] = '\0';
	check->length = length;
	return before;
}

static void
leave(Check *check, size_t length)
{
	check->length = length;
	check->pointer[length] = '\0';
}

static bool
may_tell(Check *check)
{
	return check->problem != NULL && check->errors++ < SCHEMA_ERRORS_MAXIMUM;
}

/* False, so that a check writes `return complain(...)`. */
#define complain(check, code, ...)                                                                 \
	((may_tell(check) ? problem_add((check)->problem, (check)->pointer, code, NULL, __VA_ARGS__)   \
					  : (void) 0),                                                                 \
	 false)

/* A schema's value as it is written in errors; `text` has SHOWN_MAXIMUM bytes. */
static const char *
show(const json_t *value, char *text)
{
	size_t length = json_dumpb(value, text, SHOWN_MAXIMUM - 4, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

	if (length > SHOWN_MAXIMUM - 4)
		strcpy(text + SHOWN_MAXIMUM - 4, "...");
	else
		text[length] = '\0';
	return text;
}

/* ---- any value ---- */

static const struct
{
	const char *name, *a_name;
} types[] = {
	{"null", "null"},		 {"boolean", "true or false"}, {"integer", "a whole number"},
	{"number", "a number"},	 {"string", "a text"},		   {"array", "a list"},
	{"object", "an object"},
};

static bool
is_type(const json_t *value, const char *name)
{
	switch (json_typeof(value))
	{
		case JSON_NULL: return strcmp(name, "null") == 0;
		case JSON_TRUE:
		case JSON_FALSE: return strcmp(name, "boolean") == 0;
		case JSON_INTEGER: return strcmp(name, "integer") == 0 || strcmp(name, "number") == 0;
		case JSON_REAL: return strcmp(name, "number") == 0;
		case JSON_STRING: return strcmp(name, "string") == 0;
		case JSON_ARRAY: return strcmp(name, "array") == 0;
		case JSON_OBJECT: return strcmp(name, "object") == 0;
	}
	return false;
}

static void
add_type_name(char *text, size_t size, const char *type)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, type) == 0)
			(void) snprintf(text + length, size - length, "%s%s", length > 0 ? " or " : "",
							types[i].a_name);
}

/* Always asked first: what is of another type needs no further words. */
static bool
check_type(Check *check, const json_t *schema, const json_t *value)
{
	const json_t *type = json_object_get(schema, "type");
	char wanted[120] = "";
	size_t index;
	json_t *one;

	if (type == NULL)
		return true;
	if (json_is_string(type))
	{
		if (is_type(value, json_string_value(type)))
			return true;
		add_type_name(wanted, sizeof(wanted), json_string_value(type));
	}
	json_array_foreach(type, index, one)
	{
		if (is_type(value, json_string_value(one)))
			return true;
		add_type_name(wanted, sizeof(wanted), json_string_value(one));
	}
	return complain(check, "type", "must be %s", wanted);
}

static bool
check_enum(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	char text[SHOWN_MAXIMUM];
	size_t index;
	json_t *one;

	(void) schema;
	json_array_foreach(rule, index, one) if (json_equal(one, value)) return true;
	return complain(check, "enum", "must be one of %s", show(rule, text));
}

static bool
check_const(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	char text[SHOWN_MAXIMUM];

	(void) schema;
	return json_equal(rule, value) || complain(check, "const", "must be %s", show(rule, text));
}

/* ---- texts ---- */

static size_t
characters(const json_t *text)
{
	size_t count = 0;

	for (const char *at = json_string_value(text); *at != '\0'; at++)
		count += ((unsigned char) *at & 0xC0) != 0x80;
	return count;
}

static bool
check_min_length(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	if (characters(value) >= (size_t) json_integer_value(rule))
		return true;
	if (json_integer_value(rule) == 1)
		return complain(check, "too_short", "must not be empty");
	return complain(check, "too_short", "must have at least %lld characters",
					(long long) json_integer_value(rule));
}

static bool
check_max_length(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return characters(value) <= (size_t) json_integer_value(rule) ||
		   complain(check, "too_long", "must have at most %lld characters",
					(long long) json_integer_value(rule));
}

static bool
check_pattern(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return pattern_matches(json_string_value(rule), json_string_value(value)) ||
		   complain(check, "pattern", "must match %s", json_string_value(rule));
}

static bool
check_format(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return format_fits(json_string_value(rule), json_string_value(value)) ||
		   complain(check, "format", "is no %s", json_string_value(rule));
}

/* ---- numbers ---- */

static bool
check_minimum(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	char text[SHOWN_MAXIMUM];

	(void) schema;
	return json_number_value(value) >= json_number_value(rule) ||
		   complain(check, "too_small", "must be at least %s", show(rule, text));
}

static bool
check_maximum(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	char text[SHOWN_MAXIMUM];

	(void) schema;
	return json_number_value(value) <= json_number_value(rule) ||
		   complain(check, "too_large", "must be at most %s", show(rule, text));
}

/* ---- lists ---- */

static bool
check_min_items(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return json_array_size(value) >= (size_t) json_integer_value(rule) ||
		   complain(check, "too_few", "must have at least %lld items",
					(long long) json_integer_value(rule));
}

static bool
check_max_items(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return json_array_size(value) <= (size_t) json_integer_value(rule) ||
		   complain(check, "too_many", "must have at most %lld items",
					(long long) json_integer_value(rule));
}

static bool
check_unique(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	for (size_t i = 1; json_is_true(rule) && i < json_array_size(value); i++)
		for (size_t j = 0; j < i; j++)
			if (json_equal(json_array_get(value, i), json_array_get(value, j)))
				return complain(check, "not_unique", "has the same item twice, at %zu and %zu", j,
								i);
	return true;
}

static bool
check_items(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	bool good = true;
	size_t index;
	json_t *item;

	(void) schema;
	json_array_foreach(value, index, item)
	{
		char name[24];
		size_t before;

		(void) snprintf(name, sizeof(name), "%zu", index);
		before = enter(check, name);
		good = check_value(check, rule, item) && good;
		leave(check, before);
	}
	return good;
}

/* ---- objects ---- */

static bool
check_properties(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	bool good = true;
	const char *name;
	json_t *member;

	(void) schema;
	json_object_foreach((json_t *) value, name, member)
	{
		const json_t *of_member = json_object_get(rule, name);
		size_t before;

		if (of_member == NULL)
			continue;
		before = enter(check, name);
		good = check_value(check, of_member, member) && good;
		leave(check, before);
	}
	return good;
}

static bool
check_additional(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	const json_t *named = json_object_get(schema, "properties");
	bool good = true;
	const char *name;
	json_t *member;

	if (json_is_true(rule))
		return true;
	json_object_foreach((json_t *) value, name, member)
	{
		size_t before;

		if (json_object_get(named, name) != NULL)
			continue;
		before = enter(check, name);
		if (json_is_object(rule))
			good = check_value(check, rule, member) && good;
		else
			good = complain(check, "unknown_property", "is not known here");
		leave(check, before);
	}
	return good;
}

static bool
check_names(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	bool good = true;
	const char *name;
	json_t *member;

	(void) schema;
	json_object_foreach((json_t *) value, name, member)
	{
		json_t *text = json_string(name);
		size_t before = enter(check, name);

		good = text != NULL && check_value(check, rule, text) && good;
		leave(check, before);
		json_decref(text);
	}
	return good;
}

static bool
check_required(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	bool good = true;
	size_t index;
	json_t *name;

	(void) schema;
	json_array_foreach(rule, index, name)
	{
		size_t before;

		if (json_object_get(value, json_string_value(name)) != NULL)
			continue;
		before = enter(check, json_string_value(name));
		good = complain(check, "required", "is missing");
		leave(check, before);
	}
	return good;
}

static bool
check_min_properties(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return json_object_size(value) >= (size_t) json_integer_value(rule) ||
		   complain(check, "too_few", "must have at least %lld members",
					(long long) json_integer_value(rule));
}

static bool
check_max_properties(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	(void) schema;
	return json_object_size(value) <= (size_t) json_integer_value(rule) ||
		   complain(check, "too_many", "must have at most %lld members",
					(long long) json_integer_value(rule));
}

/* ---- one of several schemas ---- */

static bool
fits_silently(Check *check, const json_t *schema, const json_t *value)
{
	Check silent = {.document = check->document, .depth = check->depth};

	return check_value(&silent, schema, value);
}

/* The property by which the members of a oneOf differ: each has it with a const.  NULL: they have none. */
static const char *
deciding_property(const Check *check, const json_t *members)
{
	const json_t *first = schema_resolve(check->document, json_array_get(members, 0));
	const json_t *properties = json_object_get(first, "properties");
	const char *name;
	json_t *property;

	json_object_foreach((json_t *) properties, name, property)
	{
		size_t having = 0;
		size_t index;
		json_t *member;

		json_array_foreach(members, index, member)
		{
			const json_t *of_member =
				json_object_get(schema_resolve(check->document, member), "properties");

			having += json_object_get(json_object_get(of_member, name), "const") != NULL;
		}
		if (having == json_array_size(members))
			return name;
	}
	return NULL;
}

static bool
check_decided(Check *check, const json_t *members, const json_t *value, const char *name)
{
	const json_t *decides = json_object_get(value, name);
	json_t *allowed = json_array();
	char text[SHOWN_MAXIMUM];
	bool good = false;
	size_t index;
	json_t *member;

	json_array_foreach(members, index, member)
	{
		const json_t *properties =
			json_object_get(schema_resolve(check->document, member), "properties");
		json_t *wanted = json_object_get(json_object_get(properties, name), "const");

		if (decides != NULL && json_equal(decides, wanted))
		{
			json_decref(allowed);
			return check_value(check, member, value);
		}
		(void) json_array_append(allowed, wanted);
	}
	index = enter(check, name);
	good = decides == NULL ? complain(check, "required", "is missing")
						   : complain(check, "enum", "must be one of %s", show(allowed, text));
	leave(check, index);
	json_decref(allowed);
	return good;
}

static bool
check_one_of(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	const char *deciding = json_is_object(value) ? deciding_property(check, rule) : NULL;
	size_t fitting = 0;
	size_t index;
	json_t *member;

	(void) schema;
	if (deciding != NULL)
		return check_decided(check, rule, value, deciding);
	json_array_foreach(rule, index, member) fitting += fits_silently(check, member, value);
	if (fitting == 1)
		return true;
	return complain(check, "one_of", "fits %s of the forms it may have",
					fitting == 0 ? "none" : "more than one");
}

static bool
check_any_of(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	size_t index;
	json_t *member;

	(void) schema;
	json_array_foreach(rule, index, member) if (fits_silently(check, member, value)) return true;
	return complain(check, "any_of", "fits none of the forms it may have");
}

static bool
check_all_of(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	bool good = true;
	size_t index;
	json_t *member;

	(void) schema;
	json_array_foreach(rule, index, member) good = check_value(check, member, value) && good;
	return good;
}

static bool
check_reference(Check *check, const json_t *rule, const json_t *value, const json_t *schema)
{
	const json_t *target = schema_resolve(check->document, schema);

	(void) rule;
	return target != NULL ? check_value(check, target, value)
						  : complain(check, "schema", "has a schema that leads nowhere");
}

/* ---- all of it ---- */

enum
{
	ANY = 0xff,
	STRING = 1,
	NUMBER = 2,
	ARRAY = 4,
	OBJECT = 8,
	OTHER = 16
};

static const struct
{
	const char *name;
	unsigned of; /* kinds of values it speaks of */
	bool (*check)(Check *check, const json_t *rule, const json_t *value, const json_t *schema);
} keywords[] = {
	{"$ref", ANY, check_reference},
	{"allOf", ANY, check_all_of},
	{"oneOf", ANY, check_one_of},
	{"anyOf", ANY, check_any_of},
	{"enum", ANY, check_enum},
	{"const", ANY, check_const},
	{"minLength", STRING, check_min_length},
	{"maxLength", STRING, check_max_length},
	{"pattern", STRING, check_pattern},
	{"format", STRING, check_format},
	{"minimum", NUMBER, check_minimum},
	{"maximum", NUMBER, check_maximum},
	{"minItems", ARRAY, check_min_items},
	{"maxItems", ARRAY, check_max_items},
	{"items", ARRAY, check_items},
	{"uniqueItems", ARRAY, check_unique},
	{"required", OBJECT, check_required},
	{"properties", OBJECT, check_properties},
	{"additionalProperties", OBJECT, check_additional},
	{"propertyNames", OBJECT, check_names},
	{"minProperties", OBJECT, check_min_properties},
	{"maxProperties", OBJECT, check_max_properties},
};

static unsigned
kind_of(const json_t *value)
{
	switch (json_typeof(value))
	{
		case JSON_STRING: return STRING;
		case JSON_INTEGER:
		case JSON_REAL: return NUMBER;
		case JSON_ARRAY: return ARRAY;
		case JSON_OBJECT: return OBJECT;
		default: return OTHER;
	}
}

static bool
check_value(Check *check, const json_t *schema, const json_t *value)
{
	unsigned kind = kind_of(value);
	bool good = true;

	if (check->depth == DEPTH_MAXIMUM)
		return complain(check, "depth", "is nested too deep");
	if (!check_type(check, schema, value))
		return false;
	check->depth++;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
	{
		const json_t *rule = json_object_get(schema, keywords[i].name);

		if (rule != NULL && (keywords[i].of & kind) != 0)
			good = keywords[i].check(check, rule, value, schema) && good;
	}
	check->depth--;
	return good;
}

bool
schema_check(const json_t *document, const json_t *schema, const json_t *value, const char *pointer,
			 Problem *problem)
{
	Check check = {.document = document, .problem = problem};

	check.length = (size_t) snprintf(check.pointer, sizeof(check.pointer), "%s", pointer);
	if (check.length >= sizeof(check.pointer))
		check.length = sizeof(check.pointer) - 1;
	return check_value(&check, schema, value);
}

bool
schema_keyword_checked(const char *name)
{
	if (strcmp(name, "type") == 0)
		return true;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return true;
	return false;
}
