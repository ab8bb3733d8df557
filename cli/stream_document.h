/*
 * stream_document.h - a stream's configuration out of a command line or a file.
 *
 *     {name, description, tags, mode, source: {connection, tables, publication, options},
 *      targets: [{name, connection, writers, options}], limits: {rows, seconds}}
 *
 * Connections stand in it by name (`connection`) or id (`connection_id`).
 */
#ifndef SLUICE_CLI_STREAM_DOCUMENT_H
#define SLUICE_CLI_STREAM_DOCUMENT_H

#include <jansson.h>

#include "arguments.h"

/* Of a file ("-": standard input) with JSON: one document, or with `many` an array of such as well, given as an array. */
extern json_t *stream_document_read(const char *path, bool many,
									SluiceError *err) SLUICE_MUST_CHECK;

/* Of flags, and of a name that may be NULL; what the flags do not say is not in it. */
extern json_t *stream_document_of_flags(const Arguments *arguments, const char *name,
										SluiceError *err) SLUICE_MUST_CHECK;

/*
 * What two configurations differ in: lines "- path: value" and "+ path: value", in the order of paths; "" when nothing
 * differs.  To be freed; NULL without memory.
 */
extern char *stream_document_diff(const json_t *before, const json_t *after);

#endif
