/*
 * my_session.h - the writer's session at a MySQL or MariaDB target: READ COMMITTED where the server's
 * log allows it, no foreign key checks where the user may switch them off, and what the server says of
 * itself (MyTarget).
 */
#ifndef SLUICE_WRITER_MY_SESSION_H
#define SLUICE_WRITER_MY_SESSION_H

#include "common/mysql/my_connection.h"
#include "writer/target.h"

typedef struct MySession
{
	bool local_infile; /* the server takes LOAD DATA LOCAL */
	bool foreign_keys; /* they are checked: foreign_key_checks may not be set */
	bool durable;	   /* a commit is on disk when it returns */
} MySession;

/* Connects and fills the session; a connection that failed must be closed too. */
extern bool my_session_open(MyConnection *c, MySession *session, const TargetSettings *settings,
							SluiceError *err) SLUICE_MUST_CHECK;

/* What the target was opened with. */
static inline const TargetSettings *
my_settings(const MyConnection *c)
{
	return c->settings.context;
}

#endif
