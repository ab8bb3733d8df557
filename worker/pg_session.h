/*
 * pg_session.h - a connection to a PostgreSQL database, for short statements.
 *
 * Settings are explicit keywords; the search path holds nothing but pg_catalog.  A statement that takes longer than
 * PG_SESSION_MS is cancelled and the connection closed.  A session belongs to one thread.
 */
#ifndef SLUICE_WORKER_PG_SESSION_H
#define SLUICE_WORKER_PG_SESSION_H

#include <libpq-fe.h>

#include "common/control/endpoint.h"
#include "secret_desk.h"

#define PG_SESSION_MS 30000

typedef struct PgSession
{
	PGconn *conn;	   /* NULL: not open */
	const char *place; /* what messages call it: "source", "target" */
} PgSession;

/* DENIED when the login was refused, IO for what may pass. */
extern bool pg_session_open(PgSession *session, const char *place, const Endpoint *endpoint,
							const Secrets *secrets, const char *application,
							SluiceError *err) SLUICE_MUST_CHECK;
extern void pg_session_close(PgSession *session);

/* False: it is lost, close it. */
extern bool pg_session_alive(const PgSession *session);

/*
 * One statement with `count` text parameters ($1, ...), or several statements without any.  *result (may be NULL) is
 * to be given to PQclear().  Errors are the server's, with its hint.
 */
extern bool pg_session_query(PgSession *session, PGresult **result, SluiceError *err,
							 const char *sql, const char *const *values,
							 size_t count) SLUICE_MUST_CHECK;

#endif
