/*
 * connection_document.h - a connection's document out of a command line: a URI, fields, files.
 *
 *     {name, type, host, port, database, user, password, tls: {mode, ca, certificate, key}, description, options}
 *
 * Only what was given is in it, so that it is a merge patch as well.  Fields count before the URI's parts.  A password in a URI on
 * the command line is refused: it has shown in the list of processes already.
 */
#ifndef SLUICE_CLI_CONNECTION_DOCUMENT_H
#define SLUICE_CLI_CONNECTION_DOCUMENT_H

#include <jansson.h>

#include "arguments.h"
#include "database_uri.h"

/* Of connection add NAME [URI]; NULL on error. */
extern json_t *connection_document_new(const Arguments *arguments,
									   SluiceError *err) SLUICE_MUST_CHECK;

/* Of connection edit NAME: what is to change; NULL on error, also when nothing is. */
extern json_t *connection_document_changes(const Arguments *arguments,
										   SluiceError *err) SLUICE_MUST_CHECK;

/*
 * The fields of a URI, its files read into the document: what is kept of both.  `password` (may be NULL) counts before the
 * URI's.  False on error.
 */
extern bool connection_document_take(json_t *document, const DatabaseUri *uri, const char *password,
									 SluiceError *err) SLUICE_MUST_CHECK;

/* Wipes its secrets and lets it go. */
extern void connection_document_free(json_t *document);

#endif
