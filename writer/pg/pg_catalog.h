/*
 * pg_catalog.h - a table as the PostgreSQL target has it, held against what the source sends.
 */
#ifndef SLUICE_WRITER_PG_CATALOG_H
#define SLUICE_WRITER_PG_CATALOG_H

#include "pg_connection.h"
#include "pg_convert.h"

struct PgStatement;

/* A column of the source's table at the target. */
typedef struct PgColumn
{
	char *name;		   /* quoted */
	Oid sent;		   /* type the value is sent as: the source's, text for what travels as text */
	Oid sent_array;	   /* array of that, 0 when values cannot be sent as arrays */
	char *cast;		   /* "::type" where the target's differs from what is sent, else "" */
	Oid type;		   /* of the target, base type of a domain */
	bool written;	   /* not computed by source or target */
	PgConvert convert; /* how values come to be of the sent type; .write is NULL when they are */
	bool guarded;	   /* a text of a source whose texts may have what PostgreSQL's cannot */
	bool same;		   /* COPY BINARY takes it as it is sent */
	bool key;		   /* of Table.key */
	bool fixed;		   /* GENERATED ALWAYS AS IDENTITY: written with the row, never set again */
	bool compare_text; /* its type has no equality, or not that of what is written */
} PgColumn;

typedef struct PgTable
{
	char *name; /* quoted, with schema */
	bool partitioned;
	bool deferrable; /* some unique or exclusion constraint is: ON CONFLICT is refused */
	bool referenced; /* by a foreign key of another table: TRUNCATE of it alone is refused */
	uint16_t column_count;
	PgColumn *columns; /* in the source's order */
	uint16_t written;  /* how many are */
	bool copyable;	   /* COPY BINARY serves for all of them */
	bool verbatim;	   /* and a row can be sent as it came: all columns, none converted */
	unsigned canary; /* number of the prepared statement that notices changed types, 0: none yet */
	char *column_list; /* names of the written columns */
	struct PgStatement *statements;
} PgTable;

/*
 * Reads the catalog for a table and sets table->keyed.  NULL on error; what is missing at the
 * target is NOT_FOUND with a hint.
 */
extern PgTable *pg_describe(PgConnection *c, Table *table, SluiceError *err);

extern void pg_table_free(PgTable *table);

#endif
