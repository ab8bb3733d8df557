/*
 * introspect.h - what is in a database: databases, schemas, tables, columns.
 *
 * Lists come in the order of names, at most `limit` entries that come after the name `after` ("": from the
 * first).  Estimates are the server's own.
 */
#ifndef SLUICE_CONTROL_INTROSPECT_H
#define SLUICE_CONTROL_INTROSPECT_H

#include "database.h"

typedef struct ListWish
{
	const char *schema; /* of tables: NULL for all */
	const char *filter; /* part of the name, in any case; NULL: all */
	const char *after_schema, *after;
	size_t limit;
} ListWish;

typedef enum Listing
{
	LIST_DATABASES, /* [{name}] */
	LIST_SCHEMAS,	/* [{name}]; MySQL's databases are both */
	LIST_TABLES,	/* [{schema, name, kind, rows, bytes, has_primary_key, engine}] */
	LISTINGS
} Listing;

/* An array; NULL on error. */
extern json_t *introspect_list(Database *database, Listing listing, const ListWish *wish,
							   SluiceError *err);

/* [{name, position, type, nullable, in_primary_key, default, generated}]; NULL on error: NOT_FOUND without such a table. */
extern json_t *introspect_columns(Database *database, const char *schema, const char *table,
								  SluiceError *err);

/* How many rows a table has now; TIMEOUT when counting takes longer than that. */
extern bool introspect_count(Database *database, const char *schema, const char *table,
							 int timeout_ms, int64_t *rows, SluiceError *err) SLUICE_MUST_CHECK;

#endif
