/*
 * options_document.h - options as NAME=VALUE on a command line, and as JSON in a document.
 */
#ifndef SLUICE_CLI_OPTIONS_DOCUMENT_H
#define SLUICE_CLI_OPTIONS_DOCUMENT_H

#include <jansson.h>

#include "arguments.h"

/* A value as JSON: true, false, null, numbers, objects and arrays as such, anything else is a text. */
extern json_t *option_value_json(const char *text);

/*
 * Puts what was given of a repeated flag NAME=VALUE into the object `member` of a document, which is made when there is
 * anything.  ARGUMENT for what is not of that form.
 */
extern bool options_document_take(json_t *document, const char *member, const Arguments *arguments,
								  const char *flag, SluiceError *err) SLUICE_MUST_CHECK;

#endif
