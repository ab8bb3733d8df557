/*
 * my_connection.h - one connection to a MySQL or MariaDB server: its session, waiting for it
 * without losing sight of the rest, and its errors.
 *
 * Only functions that MySQL's own client library and MariaDB Connector/C share are used.  A
 * connection belongs to one thread.  Every wait for a statement calls the settings' go_on().
 *
 * The session: utf8mb4, UTC, strict sql_mode with zero dates allowed and no meaning of 0 for
 * AUTO_INCREMENT, autocommit on (transactions are begun), no limit of time, affected rows are those
 * found.  The rest is as the server has it, until its user sets more.  Several statements may be sent
 * as one text.
 */
#ifndef SLUICE_MYSQL_MY_CONNECTION_H
#define SLUICE_MYSQL_MY_CONNECTION_H

#include <mysql.h>
#include <stdint.h>

#include "common/core/error.h"
#include "my_uri.h"

typedef enum MyFlavour
{
	MY_MYSQL,
	MY_MARIADB
} MyFlavour;

/* Oldest releases that are taken. */
#define MY_MYSQL_OLDEST	  80000
#define MY_MARIADB_OLDEST 100500

/* How far a connection is on its way; those before the last only with Connector/C. */
typedef enum MyPhase
{
	MY_PHASE_BEGUN,
	MY_PHASE_CONNECTED, /* by TCP */
	MY_PHASE_GREETED,	/* the server said which it is */
	MY_PHASE_SECURED,	/* by TLS, where there is one */
	MY_PHASE_LOGGED_IN
} MyPhase;

/* How to reach a server; what it points to must outlive the connection. */
typedef struct MySettings
{
	const char *uri;
	const char *password;	 /* NULL: from the URI or the environment */
	const char *role;		 /* what messages call the server: "target", "source" */
	bool database_needed;	 /* the URI must name one; where it does, it is the session's */
	unsigned silent_seconds; /* silence amid an answer that ends the connection; 0: however long */
	/* Called at least every second while the server is waited for; false gives up.  May be NULL. */
	bool (*go_on)(void *context);
	/* Told of each phase while it connects; may be NULL. */
	void (*reached)(void *context, MyPhase phase);
	void *context; /* of both, and whatever else the opener wants to find again */
} MySettings;

/* What a statement did. */
typedef struct MyOutcome
{
	uint64_t affected; /* rows found by an update, inserted, deleted */
	unsigned warnings;
	uint64_t records,
		skipped; /* of LOAD DATA and of INSERT with several rows, as mysql_info() tells */
} MyOutcome;

/*
 * Gives text for LOAD DATA LOCAL: fills at most `room` bytes at `out`; *length 0 ends it.  False
 * (with err) breaks the statement off.
 */
typedef bool (*MyFeed)(void *context, char *out, size_t room, size_t *length, SluiceError *err);

typedef struct MyConnection
{
	MYSQL *mysql; /* NULL when it is not open */
	MySettings settings;
	MyUri uri;
	MyFlavour flavour;
	unsigned version; /* 80036 for 8.0.36, 101106 for 10.11.6 */
	size_t packet;	  /* max_allowed_packet: the most bytes of one statement */
	unsigned long id; /* of the server's thread */
	unsigned error; /* number of the last failure (mysqld_error.h, errmsg.h); 0: not the server's */
	bool connected; /* was */
	MyPhase phase;
	char dialed[256]; /* what the library is told to connect to (my_dial.h) */
	bool broken;	  /* my_alive() */
	bool gave_up;	  /* go_on() said no */
	MyFeed feed;	  /* of the LOAD DATA LOCAL under way, NULL outside */
	void *feed_context;
	SluiceError *feed_error; /* filled when the feed failed */
} MyConnection;

/* Connects and sets the session up; a connection that failed must be closed too. */
extern bool my_connect(MyConnection *c, const MySettings *settings,
					   SluiceError *err) SLUICE_MUST_CHECK;
extern void my_disconnect(MyConnection *c);

/* False once the connection is lost or was broken off: it is only good for being closed. */
extern bool my_alive(const MyConnection *c);

/* One or more statements; what they return is thrown away.  Fails with the first error among them. */
extern bool my_exec(MyConnection *c, SluiceError *err, const char *format, ...)
	SLUICE_PRINTF(3, 4) SLUICE_MUST_CHECK;

/* The same for a text that is made already; the outcome (may be NULL) is the last statement's. */
extern bool my_run(MyConnection *c, const char *sql, size_t length, MyOutcome *outcome,
				   SluiceError *err) SLUICE_MUST_CHECK;

/* One statement with rows, read whole: *result is to be given to mysql_free_result(). */
extern bool my_query(MyConnection *c, MYSQL_RES **result, SluiceError *err, const char *format, ...)
	SLUICE_PRINTF(4, 5) SLUICE_MUST_CHECK;

/* LOAD DATA LOCAL INFILE '' ...: the server asks for the file and gets what `feed` gives. */
extern bool my_load(MyConnection *c, const char *sql, size_t length, MyFeed feed, void *context,
					MyOutcome *outcome, SluiceError *err) SLUICE_MUST_CHECK;

/* my_run() in two parts: nothing else may be done with the connection in between. */
extern bool my_send(MyConnection *c, const char *sql, size_t length,
					SluiceError *err) SLUICE_MUST_CHECK;
extern bool my_take(MyConnection *c, MyOutcome *outcome, SluiceError *err) SLUICE_MUST_CHECK;

/* Fills err from the library's error and notes its number; always false. */
extern bool my_fail(MyConnection *c, SluiceError *err);

/* Fills err for a statement of that many bytes, which the server does not take; always false. */
extern bool my_fail_packet(MyConnection *c, size_t length, SluiceError *err);

/* Whether the last failure was that of a key: a row with it is there already. */
extern bool my_failed_unique(const MyConnection *c);

/* Whether it was a deadlock or a lock that took too long: the transaction may be tried again. */
extern bool my_failed_lock(const MyConnection *c);

#endif
