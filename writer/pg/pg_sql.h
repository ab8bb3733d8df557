/*
 * pg_sql.h - the statements a table's changes are applied with: their texts and parameters.
 *
 * Statements are made when first needed and live as long as the connection.  Values are always
 * binary parameters of declared types; texts hold names and casts only.
 */
#ifndef SLUICE_WRITER_PG_SQL_H
#define SLUICE_WRITER_PG_SQL_H

#include "pg_catalog.h"
#include "writer/plan.h"

typedef enum PgStatementKind
{
	PG_INSERT,
	PG_INSERT_NEW,	/* does nothing when the row meets any unique key */
	PG_UPSERT,		/* takes the place of the row with its key; for keyed tables */
	PG_UPDATE,		/* the key stays */
	PG_UPDATE_MOVE, /* the key is set too */
	PG_REPLACE,		/* like that, by another row: the only way to set columns that are fixed */
	PG_DELETE,
	PG_UPDATE_ARRAY, /* many rows; the last parameter says how many */
	PG_DELETE_ARRAY
} PgStatementKind;

/* Where a parameter's value comes from. */
typedef struct PgParameter
{
	uint16_t column;
	bool from_key;		/* the row that is looked for, else the image */
	uint16_t key_place; /* its place when that row is only a key */
} PgParameter;

typedef struct PgStatement
{
	struct PgStatement *next;
	PgStatementKind kind;
	/* Divides by zero unless it changes as many rows as it should. */
	bool asserted;
	uint8_t *present; /* by column: whether the image has it; NULL when it has all */
	char name[24];
	char *sql;
	PgParameter *parameters;
	Oid *types;
	int parameter_count; /* one more for asserted arrays: the number of rows */
	bool prepared;
} PgStatement;

/* Finds or makes one.  `image` (may be NULL) says which columns there are; NULL on error. */
extern PgStatement *pg_statement(const Table *table, PgStatementKind kind, bool asserted,
								 const BundleRow *image, unsigned *numbers, SluiceError *err);

extern void pg_statements_free(PgStatement *statement);

/* The names of the written columns with commas between, to be freed; NULL without memory. */
extern char *pg_column_list(const PgTable *table);

/* Whether rows of an update or delete can be sent as arrays. */
extern bool pg_can_array(const Table *table, const BundleRow *image);

#endif
