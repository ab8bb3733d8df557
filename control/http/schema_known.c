/*
 * schema_known.c - schemas looked at by themselves: whether they hold but what schema_check() understands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_check.h"
#include "schema_format.h"
#include "schema_internal.h"
#include "schema_pattern.h"

#define REFERENCES_MAXIMUM 16 /* one behind the other */
#define PLACE_MAXIMUM	   300

/* Keywords that say nothing of values. */
static const char *const notes[] = {
	"title",	"description", "default",	 "example",		  "examples",
	"readOnly", "writeOnly",   "deprecated", "discriminator", "$comment",
};

/* Keywords with schemas in them. */
enum
{
	ONE, /* the value is a schema */
	LIST,
	MEMBERS
};
static const struct
{
	const char *name;
	int form;
} nested[] = {
	{"items", ONE},			 {"additionalProperties", ONE},
	{"propertyNames", ONE},	 {"oneOf", LIST},
	{"anyOf", LIST},		 {"allOf", LIST},
	{"properties", MEMBERS},
};

const json_t *
schema_resolve(const json_t *document, const json_t *schema)
{
	for (int i = 0; i < REFERENCES_MAXIMUM; i++)
	{
		const char *reference = json_string_value(json_object_get(schema, "$ref"));
		char place[PLACE_MAXIMUM];
		char *save = NULL;

		if (reference == NULL)
			return schema;
		if (strncmp(reference, "#/", 2) != 0 || strlen(reference) >= sizeof(place))
			return NULL;
		strcpy(place, reference + 2);
		schema = document;
		for (char *name = strtok_r(place, "/", &save); name != NULL && schema != NULL;
			 name = strtok_r(NULL, "/", &save))
			schema = json_object_get(schema, name);
		if (schema == NULL)
			return NULL;
	}
	return NULL;
}

static bool
is_note(const char *name)
{
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (strcmp(notes[i], name) == 0)
			return true;
	return false;
}

static bool
known_word(const json_t *document, const json_t *schema, const char *name, const json_t *rule,
		   const char *pointer, SluiceError *err)
{
	if (!is_note(name) && !schema_keyword_checked(name))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s: the keyword \"%s\" is not known",
						   pointer, name);
	if (strcmp(name, "pattern") == 0 &&
		!(json_is_string(rule) && pattern_valid(json_string_value(rule))))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "%s: the pattern is none that schema_pattern.h describes", pointer);
	if (strcmp(name, "format") == 0 &&
		!(json_is_string(rule) && format_known(json_string_value(rule))))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "%s: the format is none that schema_format.h has", pointer);
	if (strcmp(name, "$ref") == 0 && schema_resolve(document, schema) == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s: %s leads nowhere", pointer,
						   json_is_string(rule) ? json_string_value(rule) : "$ref");
	return true;
}

static bool
known_members(const json_t *document, const json_t *members, const char *pointer, SluiceError *err)
{
	char place[PLACE_MAXIMUM];
	const char *name;
	json_t *member;

	json_object_foreach((json_t *) members, name, member)
	{
		if (snprintf(place, sizeof(place), "%s/%s", pointer, name) >= (int) sizeof(place))
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s: is nested too deep", pointer);
		if (!schema_known(document, member, place, err))
			return false;
	}
	return true;
}

static bool
known_nested(const json_t *document, const json_t *rule, int form, const char *pointer,
			 SluiceError *err)
{
	size_t index;
	json_t *one;

	if (form == ONE)
		return json_is_boolean(rule) || schema_known(document, rule, pointer, err);
	if (form == MEMBERS)
		return known_members(document, rule, pointer, err);
	json_array_foreach(rule, index,
					   one) if (!schema_known(document, one, pointer, err)) return false;
	return true;
}

bool
schema_known(const json_t *document, const json_t *schema, const char *pointer, SluiceError *err)
{
	char place[PLACE_MAXIMUM];
	const char *name;
	json_t *rule;

	if (!json_is_object(schema))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s: is no schema", pointer);
	json_object_foreach((json_t *) schema, name, rule) if (!known_word(document, schema, name, rule,
																	   pointer, err)) return false;
	for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]); i++)
	{
		rule = json_object_get(schema, nested[i].name);
		if (snprintf(place, sizeof(place), "%s/%s", pointer, nested[i].name) >= (int) sizeof(place))
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s: is nested too deep", pointer);
		if (rule != NULL && !known_nested(document, rule, nested[i].form, place, err))
			return false;
	}
	return true;
}

/* ---- parameters ---- */

static bool
may_be(const json_t *type, const char *name)
{
	size_t index;
	json_t *one;

	if (json_is_string(type))
		return strcmp(json_string_value(type), name) == 0;
	json_array_foreach(type, index, one) if (strcmp(json_string_value(one), name) == 0) return true;
	return false;
}

/* Items with commas between; each a text. */
static json_t *
list_of_text(const char *text)
{
	json_t *list = json_array();

	while (*text != '\0')
	{
		size_t length = strcspn(text, ",");

		(void) json_array_append_new(list, json_stringn(text, length));
		text += length + (text[length] == ',');
	}
	return list;
}

json_t *
schema_value_of_text(const json_t *document, const json_t *schema, const char *text)
{
	const json_t *resolved = schema_resolve(document, schema);
	const json_t *type = json_object_get(resolved, "type");
	json_t *value = NULL;

	if (may_be(type, "integer") || may_be(type, "number") || may_be(type, "boolean"))
		value = json_loads(text, JSON_DECODE_ANY, NULL);
	if (may_be(type, "array"))
		value = list_of_text(text);
	if (value != NULL && !json_is_object(value) && !json_is_string(value) && !json_is_null(value))
		return value;
	json_decref(value);
	return json_string(text);
}
