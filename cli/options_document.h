/*
 * options_document.h - options as NAME=VALUE on a command line, and as JSON in a document.
 */
#ifndef SLUICE_CLI_OPTIONS_DOCUMENT_H
#define SLUICE_CLI_OPTIONS_DOCUMENT_H

#include <jansson.h>

#include "arguments.h"
#include "common/control/job_options.h"

/* A value as JSON: true, false, null, numbers, objects and arrays as such, anything else is a text. */
extern json_t *option_value_json(const char *text);

/*
 * Puts what was given of a repeated flag NAME=VALUE into the object `member` of a document, which is made when there is
 * anything.  ARGUMENT for what is not of that form.
 */
extern bool options_document_take(json_t *document, const char *member, const Arguments *arguments,
								  const char *flag, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * A text of one of the programs with its options as they are given here: "--write-mode truncate" is "--<flag>
 * write_mode=truncate".  Returns whether there was any; what does not fit is cut.
 */
extern bool options_hint(JobPart part, const char *flag, const char *text, char *out, size_t size);

#endif
