/*
 * database.h - a connection to a user's database, of whatever kind: open, ask, close.
 *
 * How it is reached is told by fields alone: no URI, service, password file or variable of the environment plays a
 * part.  What is asked for is one statement with parameters; answers come whole, as texts.
 */
#ifndef SLUICE_CONTROL_DATABASE_H
#define SLUICE_CONTROL_DATABASE_H

#include <jansson.h>
#include <stdint.h>

#include "databases.h"
#include "tls_material.h"

typedef struct Engine Engine; /* engine.h */

/* A connection's settings with its secrets. */
typedef struct DatabaseSettings
{
	const Engine *engine;
	json_t *document;				 /* that endpoint points into */
	Endpoint endpoint;				 /* its port is never 0 */
	char *secrets[ENDPOINT_SECRETS]; /* owned; NULL: none */
} DatabaseSettings;

/* Wipes secrets. */
extern void database_settings_free(DatabaseSettings *settings);

/* ---- connecting ---- */

typedef enum DialStep
{
	DIAL_DNS,
	DIAL_TCP,
	DIAL_TLS,
	DIAL_LOGIN,
	DIAL_VERSION,
	DIAL_STEPS
} DialStep;

typedef struct DialReport
{
	DialStep at; /* where it is, or failed; DIAL_STEPS when it is open */
	double ms[DIAL_STEPS];
	char detail[DIAL_STEPS][200];
} DialReport;

typedef struct Database Database;

/*
 * NULL on error, whose code is DENIED for addresses, TLS, logins and rights, IO, TIMEOUT, NOT_FOUND for names and
 * databases, VERSION for a server that is too old or another than the settings say.  `report` may be NULL; the settings
 * must outlive the database.  One place of databases_enter() is the caller's to have.
 */
extern Database *database_open(Databases *databases, const DatabaseSettings *settings,
							   DialReport *report, SluiceError *err);
extern void database_close(Database *database); /* NULL is fine */

extern const Engine *database_engine(const Database *database);
extern unsigned database_version(const Database *database);			/* 150004, 101106, 90700 */
extern const char *database_version_text(const Database *database); /* "15.4", "10.11.6-MariaDB" */
extern bool database_encrypted(const Database *database);

/* ---- asking ---- */

typedef struct Rows
{
	void *result;		/* of the library, and what cells point into */
	const char **cells; /* row after row */
	size_t rows, columns;
	const Engine *engine;
} Rows;

/*
 * One statement; `?` in it stands for the parameters in their order (NULL is NULL), and for nothing else.  Gives up
 * after timeout_ms, and has the server give up too.  Rows are to be freed when it is true.
 */
extern bool database_ask(Database *database, Rows *rows, int timeout_ms,
						 const char *const *parameters, size_t count, const char *sql,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* NULL for NULL. */
extern const char *rows_text(const Rows *rows, size_t row, size_t column);
extern void rows_free(Rows *rows);

/* One value, "" for NULL or no row. */
extern bool database_ask_text(Database *database, char *text, size_t size, const char *sql,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* The name as SQL has it, to be freed; NULL without memory. */
extern char *database_quote(const Database *database, const char *name);

/* A statement without rows, with nothing in the place of `?`. */
extern bool database_run(Database *database, const char *sql, SluiceError *err) SLUICE_MUST_CHECK;

/* Milliseconds of a clock that only goes forward. */
extern double database_clock(void);

/* Text as JSON has it, whatever its bytes; NULL is null. */
extern json_t *database_text(const char *text);

#endif
