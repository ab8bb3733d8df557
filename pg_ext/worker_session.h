/*
 * worker_session.h - how every process of ours enters a database.
 */
#ifndef SLUICE_WORKER_SESSION_H
#define SLUICE_WORKER_SESSION_H

#include "postgres.h"

/*
 * Connects a background worker to a database as the bootstrap superuser; signals are unblocked then.
 * What ALTER DATABASE or postgresql.conf says of sessions does not hold in it (search_path, role,
 * timeouts, read-only transactions), and what it commits is durable here when the commit returns.
 */
extern void worker_enter_database(Oid database);

#endif
