/*
 * openapi.h - the document that describes the interface: merged from the fragments in control/openapi, which are
 * part of the program, and asked for what each operation takes.
 */
#ifndef SLUICE_CONTROL_OPENAPI_H
#define SLUICE_CONTROL_OPENAPI_H

#include <jansson.h>

#include "router.h"

typedef struct Openapi Openapi;

typedef struct OpenapiFragment
{
	const char *name; /* "streams" for control/openapi/streams.json */
	const char *text, *end;
} OpenapiFragment;

/* Those of the program. */
extern const OpenapiFragment openapi_fragments[];
extern const size_t openapi_fragment_count;

/* Merges and looks through them: ARGUMENT names the fragment and place of what is wrong. */
extern Openapi *openapi_new(const OpenapiFragment *fragments, size_t count,
							SluiceError *err) SLUICE_MUST_CHECK;
extern void openapi_free(Openapi *openapi);

extern const json_t *openapi_document(const Openapi *openapi);

typedef enum ParameterPlace
{
	PARAMETER_PATH,
	PARAMETER_QUERY,
	PARAMETER_HEADER,
	PARAMETER_PLACES
} ParameterPlace;

typedef struct OperationParameter
{
	const char *name;
	ParameterPlace place;
	bool required;
	const json_t *schema;
} OperationParameter;

/* All of it is the document's. */
typedef struct Operation
{
	const char *id;
	const char *method, *path; /* "get", "/streams/{id}" */
	OperationParameter *parameters;
	size_t parameter_count;
	const json_t *bodies; /* {content type: {schema}}; NULL: takes no body */
	bool body_required;
	json_t *
		answers; /* content types of what it answers when it succeeds, as keys; owned by the Openapi */
} Operation;

/* NULL when there is none of this name. */
extern const Operation *openapi_operation(const Openapi *openapi, const char *id);

/*
 * Holds the routes against the document: every route has an operation with its method and path, and the other way round;
 * ARGUMENT names the first that has none.  Writes each operation's `security` as its route has it, then the text that is
 * served.
 */
extern bool openapi_bind(Openapi *openapi, const Router *router,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* The document as it is served, and its ETag; after openapi_bind(). */
extern const char *openapi_text(const Openapi *openapi, size_t *length, const char **etag);

#endif
