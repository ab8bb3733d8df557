/*
 * database_parts.h - what the files that make a Database share (database.h).
 */
#ifndef SLUICE_CONTROL_DATABASE_PARTS_H
#define SLUICE_CONTROL_DATABASE_PARTS_H

#include <libpq-fe.h>

#include "common/mysql/my_connection.h"
#include "engine.h"

struct Database
{
	const DatabaseSettings *settings;
	Endpoint endpoint;			/* the settings', at the address at hand */
	char address[ADDRESS_TEXT]; /* that was connected to */
	TlsMaterial material;
	DialReport *report;
	double step_began; /* milliseconds, as database_clock() */
	double deadline;   /* when what is under way gives up */
	unsigned version;
	char version_text[128];
	char cipher[128];	   /* "": not encrypted */
	int statement_timeout; /* that the server was told of */
	PGconn *pg;
	MyConnection my;
	char *uri; /* of `my`, which points to it */
};

/* A step is over, and those before it: notes how long it took. */
extern void dial_done(Database *database, DialStep step, const char *format, ...)
	SLUICE_PRINTF(3, 4);

/* Rows with room for cells; MEMORY fails. */
extern bool rows_init(Rows *rows, void *result, size_t count, size_t columns, SluiceError *err);

/* What a driver's error means: a part of its text, the error's code, what to do. */
typedef struct ErrorHint
{
	const char *part;
	SluiceErrorCode code;
	const char *hint;
} ErrorHint;

/* Sets code and hint of the first that fits; the list ends with a NULL part, which fits all. */
extern void error_hint(const ErrorHint *hints, SluiceError *err);

#endif
