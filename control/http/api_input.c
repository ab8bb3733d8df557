/*
 * api_input.c - parameters and bodies against the OpenAPI document, so that handlers may trust their shape.
 */
#include <string.h>
#include <strings.h>

#include "api_internal.h"
#include "control/settings.h"
#include "json_body.h"
#include "schema_check.h"

/* ---- query, path and header ---- */

bool
input_query(Exchange *exchange)
{
	Request *request = &exchange->request;

	if (!url_query(exchange->query_text, exchange->query_room, exchange->query, QUERY_PARAMETERS,
				   &request->query_count))
		return response_fail(
			&exchange->response, PROBLEM_BAD_REQUEST,
			"the query is not name=value pairs in percent-encoded UTF-8, each name "
			"once and at most %d of them",
			QUERY_PARAMETERS);
	request->query = exchange->query;
	return true;
}

static const OperationParameter *
find_parameter(const Operation *operation, ParameterPlace place, const char *name)
{
	for (size_t i = 0; i < operation->parameter_count; i++)
		if (operation->parameters[i].place == place &&
			strcasecmp(operation->parameters[i].name, name) == 0)
			return &operation->parameters[i];
	return NULL;
}

static bool
fits(const Exchange *exchange, const OperationParameter *parameter, const char *text,
	 Problem *problem)
{
	const json_t *document = openapi_document(exchange->api->openapi);
	json_t *value = schema_value_of_text(document, parameter->schema, text);
	bool good =
		value != NULL && schema_check(document, parameter->schema, value, parameter->name, problem);

	json_decref(value);
	return good;
}

static bool
path_fits(Exchange *exchange)
{
	for (size_t i = 0; i < exchange->match.parameter_count; i++)
	{
		const NamedText *given = &exchange->match.parameters[i];
		const OperationParameter *parameter =
			find_parameter(exchange->operation, PARAMETER_PATH, given->name);

		if (parameter != NULL && !fits(exchange, parameter, given->text, NULL))
			return response_fail(&exchange->response, PROBLEM_NOT_FOUND,
								 "there is nothing here: %s is no %s", given->text, given->name);
	}
	return true;
}

static bool
query_fits(Exchange *exchange)
{
	Problem *problem = &exchange->response.problem;
	bool good = true;

	for (size_t i = 0; i < exchange->request.query_count; i++)
	{
		const NamedText *given = &exchange->query[i];
		const OperationParameter *parameter =
			find_parameter(exchange->operation, PARAMETER_QUERY, given->name);

		if (parameter == NULL)
		{
			problem_add(problem, given->name, "unknown_parameter", NULL, "is not known here");
			good = false;
		}
		else
			good = fits(exchange, parameter, given->text, problem) && good;
	}
	return good;
}

/* If-Match is the handler's to miss: that has a problem of its own. */
static bool
required_are_there(Exchange *exchange)
{
	const Operation *operation = exchange->operation;
	bool good = true;

	for (size_t i = 0; i < operation->parameter_count; i++)
	{
		const OperationParameter *parameter = &operation->parameters[i];

		if (parameter->required && parameter->place == PARAMETER_QUERY &&
			request_query(&exchange->request, parameter->name) == NULL)
		{
			problem_add(&exchange->response.problem, parameter->name, "required", NULL,
						"is missing");
			good = false;
		}
	}
	return good;
}

bool
input_parameters(Exchange *exchange)
{
	bool good = path_fits(exchange);

	if (!good)
		return false;
	good = query_fits(exchange);
	good = required_are_there(exchange) && good;
	return good || response_fail(&exchange->response, PROBLEM_BAD_REQUEST,
								 "the query has parameters that are not as they should be");
}

/* ---- Accept ---- */

/* Whether one of the ranges of Accept takes the type; quality 0 is not looked at. */
static bool
accepts(const char *accept, const char *type)
{
	size_t major = strcspn(type, "/") + 1;

	while (*accept != '\0')
	{
		size_t length;

		accept += strspn(accept, ", \t");
		length = strcspn(accept, ",; \t");
		if ((length == 3 && strncmp(accept, "*/*", length) == 0) ||
			(length == strlen(type) && strncasecmp(accept, type, length) == 0) ||
			(length == major + 1 && accept[major] == '*' && strncasecmp(accept, type, major) == 0))
			return true;
		accept += strcspn(accept, ",");
	}
	return false;
}

static bool
accepts_one(const char *accept, const json_t *content)
{
	const char *type;
	json_t *media;

	if (json_object_size(content) == 0)
		return true;
	json_object_foreach((json_t *) content, type, media)
	{
		if (accepts(accept, type))
			return true;
	}
	return false;
}

bool
input_accept(Exchange *exchange)
{
	const char *accept = request_header(&exchange->request, "accept");

	if (accept == NULL || accepts_one(accept, exchange->operation->answers))
		return true;
	return response_fail(&exchange->response, PROBLEM_NOT_ACCEPTABLE,
						 "none of the types in Accept is one that this answers with");
}

/* ---- body ---- */

/* The schema for a Content-Type; NULL when the operation does not take it. */
static const json_t *
schema_for(const Operation *operation, const char *content_type)
{
	size_t length = content_type != NULL ? strcspn(content_type, "; \t") : 0;
	const char *charset = content_type != NULL ? strcasestr(content_type, "charset=") : NULL;
	const char *type;
	json_t *media;

	if (charset != NULL && strncasecmp(charset, "charset=utf-8", 13) != 0 &&
		strncasecmp(charset, "charset=\"utf-8\"", 15) != 0)
		return NULL;
	json_object_foreach((json_t *) operation->bodies, type, media)
	{
		if (strlen(type) == length && strncasecmp(content_type, type, length) == 0)
			return json_object_get(media, "schema");
	}
	return NULL;
}

static bool
body_fits(Exchange *exchange, const json_t *schema)
{
	Response *response = &exchange->response;
	SluiceError err;

	exchange->request.body = json_body_read(exchange->in->body, exchange->in->body_length, &err);
	if (exchange->request.body == NULL)
		return response_fail(response, PROBLEM_BAD_REQUEST, "the body cannot be read: %s",
							 err.message);
	return schema_check(openapi_document(exchange->api->openapi), schema, exchange->request.body,
						"", &response->problem) ||
		   response_fail(response, PROBLEM_INVALID, "the body is not as it should be");
}

/* Where no body is expected "{}" is none. */
static bool
is_nothing(const char *body, size_t length)
{
	while (length > 0 && strchr(" \t\r\n{}", *body) != NULL && *body != '\0')
	{
		body++;
		length--;
	}
	return length == 0;
}

bool
input_body(Exchange *exchange)
{
	const Incoming *in = exchange->in;
	const Operation *operation = exchange->operation;
	const char *content_type = request_header(&exchange->request, "content-type");
	const json_t *schema;

	if (operation->bodies == NULL)
		return is_nothing(in->body, in->body_length) ||
			   response_fail(&exchange->response, PROBLEM_BAD_REQUEST, "this takes no body");
	if (in->body_length == 0)
		return !operation->body_required ||
			   response_fail(&exchange->response, PROBLEM_BAD_REQUEST, "this needs a body");
	schema = schema_for(operation, content_type);
	if (schema == NULL)
		return response_fail(&exchange->response, PROBLEM_UNSUPPORTED_MEDIA,
							 "Content-Type must be %s, in UTF-8",
							 json_object_iter_key(json_object_iter((json_t *) operation->bodies)));
	return body_fits(exchange, schema);
}
