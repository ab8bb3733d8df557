/*
 * connection_document.h - connections as clients give them, as they stand in the store, as runs keep them, and with their
 * secrets.
 */
#ifndef SLUICE_CONTROL_CONNECTION_DOCUMENT_H
#define SLUICE_CONTROL_CONNECTION_DOCUMENT_H

#include <jansson.h>

#include "control/control.h"
#include "control/database/database.h"
#include "control/http/request.h"
#include "control/store/store.h"

/* A tenant's connection; NOT_FOUND when there is none. */
extern bool connection_get(Control *control, const char *tenant, const char *id, StoreEntry *entry,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* What a run keeps of it: {id, name, type, host, port, database, user, has_password, tls: {mode, has_*}, options}; new. */
extern json_t *connection_snapshot(const json_t *connection);

/* Its settings with the secrets of its owner; to be freed in any case. */
extern bool connection_settings(Control *control, const char *tenant, const json_t *connection,
								DatabaseSettings *settings, SluiceError *err) SLUICE_MUST_CHECK;

/* Streams of the tenant that have it as source or target: [{stream_id, name}]; NULL on error. */
extern json_t *connection_users(Control *control, const char *tenant, const char *id,
								SluiceError *err);

/* ---- what clients give ---- */

/* A connection as it is to be, with the secrets that were given with it. */
typedef struct ConnectionDraft
{
	json_t *document;
	char *secrets[ENDPOINT_SECRETS]; /* to be kept; NULL: as before */
	bool removed[ENDPOINT_SECRETS];
} ConnectionDraft;

/*
 * Makes it of what a client gave (schema ConnectionInput) and, for a change, of the connection before, whose members that
 * are not given stay.  False with the problem filled: what the schema cannot say is looked at here.  To be freed in any
 * case.
 */
extern bool connection_draft(Control *control, const char *tenant, const json_t *before,
							 const json_t *input, ConnectionDraft *draft, Response *response);

/* The draft's settings, whose secrets it gives away; of one that was never stored. */
extern bool connection_draft_settings(ConnectionDraft *draft, DatabaseSettings *settings,
									  SluiceError *err) SLUICE_MUST_CHECK;

/* Puts and removes its secrets. */
extern bool connection_draft_keep(Control *control, const char *tenant,
								  const ConnectionDraft *draft, SluiceError *err) SLUICE_MUST_CHECK;
extern void connection_draft_free(ConnectionDraft *draft);

/* ---- what clients get ---- */

/* Schema Connection. */
extern json_t *connection_show(Control *control, const char *tenant, const StoreEntry *entry);

#endif
