/*
 * openapi.c - fragments merged into one document, and the operations in it.
 *
 * Paths are merged by method and components by name, so that a part of the server has all of its own in one fragment.
 */
#include "openapi.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema_check.h"

#define ETAG_BYTES 16
#define SECURITY   "api_key" /* of components.securitySchemes */

struct Openapi
{
	json_t *document;
	Operation *operations;
	size_t count;
	char *text;
	size_t length;
	char etag[2 * ETAG_BYTES + 3];
};

static const char *const place_names[PARAMETER_PLACES] = {"path", "query", "header"};

/* ---- merging ---- */

static bool
twice(const char *fragment, const char *place, const char *name, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "control/openapi/%s.json: %s %s is in another fragment already", fragment,
					   place, name);
}

/* The member of an object, made when it is not there. */
static json_t *
object_in(json_t *object, const char *name)
{
	json_t *member = json_object_get(object, name);

	if (member == NULL)
	{
		member = json_object();
		(void) json_object_set_new(object, name, member);
	}
	return member;
}

/* Two levels: paths and their methods, kinds of components and their names. */
static bool
merge_levels(json_t *into, const json_t *from, const char *fragment, const char *place,
			 SluiceError *err)
{
	const char *outer, *inner;
	json_t *members, *member;

	json_object_foreach((json_t *) from, outer, members)
	{
		json_t *group = object_in(into, outer);

		json_object_foreach(members, inner, member)
		{
			const json_t *there = json_object_get(group, inner);

			if (there != NULL && !json_equal(there, member))
				return twice(fragment, outer, inner, err);
			(void) json_object_set(group, inner, member);
		}
	}
	(void) place;
	return true;
}

static bool
merge_member(json_t *document, const char *name, json_t *member, const char *fragment,
			 SluiceError *err)
{
	json_t *there = json_object_get(document, name);

	if (strcmp(name, "paths") == 0 || strcmp(name, "components") == 0)
		return merge_levels(object_in(document, name), member, fragment, name, err);
	if (there == NULL)
		return json_object_set(document, name, member) == 0;
	if (strcmp(name, "tags") == 0)
		return json_array_extend(there, member) == 0;
	return twice(fragment, "member", name, err);
}

static bool
merge(json_t *document, const OpenapiFragment *fragment, SluiceError *err)
{
	json_error_t error;
	json_t *parsed = json_loadb(fragment->text, (size_t) (fragment->end - fragment->text),
								JSON_REJECT_DUPLICATES, &error);
	bool good = parsed != NULL;
	const char *name;
	json_t *member;

	if (parsed == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "control/openapi/%s.json, line %d: %s",
						   fragment->name, error.line, error.text);
	json_object_foreach(parsed, name, member) good =
		good && merge_member(document, name, member, fragment->name, err);
	json_decref(parsed);
	return good;
}

/* ---- operations ---- */

static bool
read_parameter(const Openapi *openapi, const json_t *parameter, Operation *operation,
			   SluiceError *err)
{
	OperationParameter *read = &operation->parameters[operation->parameter_count];
	const json_t *resolved = schema_resolve(openapi->document, parameter);
	const char *in = json_string_value(json_object_get(resolved, "in"));

	*read = (OperationParameter){
		.name = json_string_value(json_object_get(resolved, "name")),
		.required = json_is_true(json_object_get(resolved, "required")),
		.schema = json_object_get(resolved, "schema"),
	};
	while (in != NULL && read->place < PARAMETER_PLACES &&
		   strcmp(in, place_names[read->place]) != 0)
		read->place++;
	if (in == NULL || read->place == PARAMETER_PLACES || read->name == NULL || read->schema == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "operation %s: parameter %zu has no name, place or schema",
						   operation->id, operation->parameter_count);
	operation->parameter_count++;
	return schema_known(openapi->document, read->schema, operation->id, err);
}

static bool
read_parameters(const Openapi *openapi, const json_t *of_path, const json_t *of_operation,
				Operation *operation, SluiceError *err)
{
	size_t index;
	json_t *parameter;

	operation->parameters = calloc(json_array_size(of_path) + json_array_size(of_operation) + 1,
								   sizeof(OperationParameter));
	if (operation->parameters == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading the operations");
	json_array_foreach(of_path, index, parameter)
	{
		if (!read_parameter(openapi, parameter, operation, err))
			return false;
	}
	json_array_foreach(of_operation, index, parameter)
	{
		if (!read_parameter(openapi, parameter, operation, err))
			return false;
	}
	return true;
}

static bool
read_bodies(const Openapi *openapi, const json_t *object, Operation *operation, SluiceError *err)
{
	const json_t *body = schema_resolve(openapi->document, json_object_get(object, "requestBody"));
	const char *type;
	json_t *media;

	operation->bodies = json_object_get(body, "content");
	operation->body_required = json_is_true(json_object_get(body, "required"));
	json_object_foreach((json_t *) operation->bodies, type, media)
	{
		if (!schema_known(openapi->document, json_object_get(media, "schema"), operation->id, err))
			return false;
	}
	return true;
}

/* Content types of the answers with status 2xx. */
static bool
read_answers(const Openapi *openapi, const json_t *object, Operation *operation, SluiceError *err)
{
	const char *status, *type;
	json_t *answer, *media;

	operation->answers = json_object();
	if (operation->answers == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading the operations");
	json_object_foreach(json_object_get(object, "responses"), status, answer)
	{
		const json_t *content =
			json_object_get(schema_resolve(openapi->document, answer), "content");

		json_object_foreach((json_t *) content, type, media)
		{
			if (status[0] == '2')
				(void) json_object_set_new(operation->answers, type, json_true());
		}
	}
	return true;
}

static bool
read_operation(Openapi *openapi, const char *path, const char *method, const json_t *of_path,
			   const json_t *object, SluiceError *err)
{
	const char *id = json_string_value(json_object_get(object, "operationId"));
	Operation *operation = &openapi->operations[openapi->count];

	if (id == NULL || openapi_operation(openapi, id) != NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "%s %s has no operationId, or one that another operation has", method,
						   path);
	*operation = (Operation){.id = id, .method = method, .path = path};
	openapi->count++;
	return read_parameters(openapi, of_path, json_object_get(object, "parameters"), operation,
						   err) &&
		   read_bodies(openapi, object, operation, err) &&
		   read_answers(openapi, object, operation, err);
}

static bool
is_method(const char *name)
{
	for (HttpMethod method = 0; method < HTTP_METHODS; method++)
		if (strcasecmp(name, http_method_names[method]) == 0)
			return true;
	return false;
}

static bool
read_operations(Openapi *openapi, SluiceError *err)
{
	json_t *paths = json_object_get(openapi->document, "paths");
	const char *path, *name;
	json_t *members, *member;
	size_t count = 0;

	json_object_foreach(paths, path, members) count += json_object_size(members);
	openapi->operations = calloc(count + 1, sizeof(Operation));
	if (openapi->operations == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading the operations");
	json_object_foreach(paths, path, members)
	{
		json_object_foreach(members, name, member)
		{
			if (is_method(name) &&
				!read_operation(openapi, path, name, json_object_get(members, "parameters"), member,
								err))
				return false;
		}
	}
	return true;
}

static bool
schemas_known(const Openapi *openapi, SluiceError *err)
{
	json_t *schemas = json_object_get(json_object_get(openapi->document, "components"), "schemas");
	const char *name;
	json_t *schema;

	json_object_foreach(schemas, name, schema)
	{
		if (!schema_known(openapi->document, schema, name, err))
			return false;
	}
	return true;
}

Openapi *
openapi_new(const OpenapiFragment *fragments, size_t count, SluiceError *err)
{
	Openapi *openapi = calloc(1, sizeof(*openapi));
	bool good = openapi != NULL && (openapi->document = json_object()) != NULL;

	if (!good)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading the interface");
	for (size_t i = 0; good && i < count; i++)
		good = merge(openapi->document, &fragments[i], err);
	if (good && schemas_known(openapi, err) && read_operations(openapi, err))
		return openapi;
	openapi_free(openapi);
	return NULL;
}

void
openapi_free(Openapi *openapi)
{
	if (openapi == NULL)
		return;
	for (size_t i = 0; i < openapi->count; i++)
	{
		free(openapi->operations[i].parameters);
		json_decref(openapi->operations[i].answers);
	}
	free(openapi->operations);
	json_decref(openapi->document);
	free(openapi->text);
	free(openapi);
}

const json_t *
openapi_document(const Openapi *openapi)
{
	return openapi->document;
}

const Operation *
openapi_operation(const Openapi *openapi, const char *id)
{
	for (size_t i = 0; i < openapi->count; i++)
		if (strcmp(openapi->operations[i].id, id) == 0)
			return &openapi->operations[i];
	return NULL;
}

/* ---- routes ---- */

static bool
same(const Operation *operation, const Route *route)
{
	return strcasecmp(operation->method, http_method_names[route->method]) == 0 &&
		   strcmp(operation->path, route_path(route)) == 0;
}

/* What the route asks of a caller, in the document's words. */
static json_t *
security_of(const Route *route)
{
	if ((route->flags & ROUTE_PUBLIC) != 0)
		return json_array();
	if (route->scope == SCOPE_NONE)
		return json_pack("[{s:[]}]", SECURITY);
	return json_pack("[{s:[s]}]", SECURITY, scope_names[route->scope]);
}

static bool
bind_route(Openapi *openapi, const Route *route, SluiceError *err)
{
	const Operation *operation = openapi_operation(openapi, route->operation);
	json_t *members;
	json_t *object;

	if (operation == NULL || !same(operation, route))
		return sluice_fail(
			err, SLUICE_ERROR_ARGUMENT,
			"route %s %s: the document has no operation %s with this method and path",
			http_method_names[route->method], route->path, route->operation);
	members = json_object_get(json_object_get(openapi->document, "paths"), operation->path);
	object = json_object_get(members, operation->method);
	return json_object_set_new(object, "security", security_of(route)) == 0;
}

static bool
has_route(const Operation *operation, const Router *router)
{
	for (size_t i = 0; i < router_count(router); i++)
		if (strcmp(router_route(router, i)->operation, operation->id) == 0)
			return true;
	return false;
}

static bool
write_text(Openapi *openapi, SluiceError *err)
{
	unsigned char hash[ETAG_BYTES];
	char digits[2 * ETAG_BYTES + 1];

	openapi->text = json_dumps(openapi->document, JSON_COMPACT);
	if (openapi->text == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory writing the interface");
	openapi->length = strlen(openapi->text);
	(void) crypto_generichash(hash, sizeof(hash), (const unsigned char *) openapi->text,
							  openapi->length, NULL, 0);
	(void) sodium_bin2hex(digits, sizeof(digits), hash, sizeof(hash));
	(void) snprintf(openapi->etag, sizeof(openapi->etag), "\"%s\"", digits);
	return true;
}

bool
openapi_bind(Openapi *openapi, const Router *router, SluiceError *err)
{
	for (size_t i = 0; i < router_count(router); i++)
		if (!bind_route(openapi, router_route(router, i), err))
			return false;
	for (size_t i = 0; i < openapi->count; i++)
		if (!has_route(&openapi->operations[i], router))
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
							   "operation %s of the document has no route",
							   openapi->operations[i].id);
	return write_text(openapi, err);
}

const char *
openapi_text(const Openapi *openapi, size_t *length, const char **etag)
{
	*length = openapi->length;
	*etag = openapi->etag;
	return openapi->text;
}
