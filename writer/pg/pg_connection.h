/*
 * pg_connection.h - one connection to a PostgreSQL target: its session settings, waiting for it
 * without losing sight of the rest, and its errors.
 *
 * The connection is in libpq's non-blocking mode; every wait here calls the settings' go_on().
 */
#ifndef SLUICE_WRITER_PG_CONNECTION_H
#define SLUICE_WRITER_PG_CONNECTION_H

#include <libpq-fe.h>

#include "writer/target.h"

#define SQLSTATE_SIZE		   6
#define SQLSTATE_UNIQUE		   "23505"
#define SQLSTATE_EXCLUSION	   "23P01"
#define SQLSTATE_DIVISION	   "22012"
#define SQLSTATE_PREREQUISITE  "55000"
#define SQLSTATE_LOCK_TIMEOUT  "55P03"
#define SQLSTATE_NOT_SUPPORTED "0A000"

/* What a connection is for. */
typedef struct PgRole
{
	const char *place;		 /* "target": what it is to, in messages and options' names */
	const char *application; /* begins its application_name */
	bool reads;				 /* changes nothing but tables of ours: needs no rights for more */
	bool replicates;		 /* takes replication commands; has no session settings */
} PgRole;

typedef struct PgConnection
{
	PGconn *conn;
	const TargetSettings *settings;
	int version;				  /* 150004 for 15.4 */
	bool replica_role;			  /* triggers and foreign keys stay out of our way */
	bool synchronous;			  /* commits wait for the disk */
	char sqlstate[SQLSTATE_SIZE]; /* of the last failure the server told; "" when it told none */
} PgConnection;

extern bool pg_connect(PgConnection *c, const TargetSettings *settings,
					   SluiceError *err) SLUICE_MUST_CHECK;
extern void pg_disconnect(PgConnection *c);

/* Makes the session's settings what they are to be, as far as they do not depend on privileges. */
extern bool pg_session_settings(PgConnection *c, SluiceError *err) SLUICE_MUST_CHECK;

/* Hands everything queued to the kernel. */
extern bool pg_flush(PgConnection *c, SluiceError *err) SLUICE_MUST_CHECK;

/* PQgetResult(): the next result, NULL at the end of a query.  False only when the connection is lost. */
extern bool pg_take(PgConnection *c, PGresult **result, SluiceError *err) SLUICE_MUST_CHECK;

/* Waits until the server sent something, and reads it. */
extern bool pg_wait(PgConnection *c, SluiceError *err) SLUICE_MUST_CHECK;

/* Takes all results of a query; fails with the first error among them.  *last may be NULL. */
extern bool pg_take_all(PgConnection *c, PGresult **last, SluiceError *err) SLUICE_MUST_CHECK;

/* One or more statements without parameters; with result the last one's, to be cleared. */
extern bool pg_query(PgConnection *c, PGresult **result, SluiceError *err, const char *format, ...)
	SLUICE_PRINTF(4, 5) SLUICE_MUST_CHECK;

/* A statement with text parameters of unknown type. */
extern bool pg_query_params(PgConnection *c, const char *sql, int count, const char *const *values,
							PGresult **result, SluiceError *err) SLUICE_MUST_CHECK;

/* True for results that are no error. */
extern bool pg_good(const PGresult *result);

/* Fills err from a failed result and notes its SQLSTATE; always false. */
extern bool pg_fail_result(PgConnection *c, const PGresult *result, SluiceError *err);

/* Fills err for a connection that is gone; always false. */
extern bool pg_fail_lost(PgConnection *c, SluiceError *err);

#endif
