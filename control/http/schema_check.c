/*
 * schema_check.c - walking value and schema side by side: one table row for each keyword that says something; those
 * that look no deeper are in schema_rules.c.
 *
 * The depth of values is bounded by who read them (json_body.h), that of schemas by DEPTH_MAXIMUM.
 */
#include "schema_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon/utf8.h"
#include "schema_internal.h"

#define DEPTH_MAXIMUM 64

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

/* ---- lists ---- */

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
	good = decides == NULL
			   ? complain(check, "required", "is missing")
			   : complain(check, "enum", "must be one of %s", schema_show(allowed, text));
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
	SchemaRule *check;
} keywords[] = {
	{"$ref", ANY, check_reference},
	{"allOf", ANY, check_all_of},
	{"oneOf", ANY, check_one_of},
	{"anyOf", ANY, check_any_of},
	{"enum", ANY, rule_enum},
	{"const", ANY, rule_const},
	{"minLength", STRING, rule_min_length},
	{"maxLength", STRING, rule_max_length},
	{"pattern", STRING, rule_pattern},
	{"format", STRING, rule_format},
	{"minimum", NUMBER, rule_minimum},
	{"maximum", NUMBER, rule_maximum},
	{"minItems", ARRAY, rule_min_items},
	{"maxItems", ARRAY, rule_max_items},
	{"items", ARRAY, check_items},
	{"uniqueItems", ARRAY, rule_unique},
	{"required", OBJECT, check_required},
	{"properties", OBJECT, check_properties},
	{"additionalProperties", OBJECT, check_additional},
	{"propertyNames", OBJECT, check_names},
	{"minProperties", OBJECT, rule_min_properties},
	{"maxProperties", OBJECT, rule_max_properties},
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
