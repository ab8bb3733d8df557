/*
 * stream_document.h - a stream's configuration: as clients give it, as the store has it, as it is shown.
 *
 * What the store has is what a client gave with every default filled in, and connections by id; nothing in it depends
 * on anything else.  State and revision are added when it is shown.
 */
#ifndef SLUICE_CONTROL_STREAM_DOCUMENT_H
#define SLUICE_CONTROL_STREAM_DOCUMENT_H

#include <jansson.h>

#include "control/control.h"
#include "control/http/request.h"
#include "control/store/store.h"

/*
 * The document for the store of what a client gave (schema StreamInput): defaults filled, connections found, and
 * everything looked at that the schema cannot say.  NULL with the problem filled.  The id and times are not in it.
 */
extern json_t *stream_document_make(Control *control, const char *tenant, const json_t *input,
									Response *response);

/* The configuration alone, as a client would give it: without id, times. */
extern json_t *stream_document_input(const json_t *document);

/*
 * Whether a stream that has run may become so: source connection, mode and targets' names stay, and
 * with tables_stay the source's tables.  False with problem conflict filled.
 */
extern bool stream_document_may_become(const json_t *document, const json_t *changed,
									   bool tables_stay, Response *response);

/* With revision, state and run_id: schema Stream. */
extern json_t *stream_document_show(Control *control, const char *tenant, const StoreEntry *entry);

/* Schema StreamExport: connections by name, so that POST /streams of another server takes it. */
extern json_t *stream_document_export(Control *control, const char *tenant, const json_t *document,
									  SluiceError *err);

#endif
