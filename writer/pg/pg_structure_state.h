/*
 * pg_structure_state.h - what pg_structure*.c know of a PostgreSQL target: the objects of a document as
 * they were found there.  For those files only.
 */
#ifndef SLUICE_WRITER_PG_STRUCTURE_STATE_H
#define SLUICE_WRITER_PG_STRUCTURE_STATE_H

#include "pg_ddl.h"
#include "pg_structure.h"

/*
 * Rows of a query, each about one object of a list: the first column is its number there, by which
 * the rows are ordered.
 */
typedef struct PgRows
{
	PGresult *result;
	int *first; /* row by number, and one more for the end */
} PgRows;

typedef struct PgStructure
{
	Structure base; /* first */
	PgConnection *c;
	PgRows schemas, types, labels, sequences, carried;
	PgRows tables, columns, keys, owned; /* by the table's number */
} PgStructure;

/* The name of an object of a list; *schema may be NULL. */
typedef void (*PgNameOf)(const SchemaDocument *document, size_t number, const char **schema,
						 const char **name);
extern void pg_name_table(const SchemaDocument *document, size_t number, const char **schema,
						  const char **name);

/* Begins a query for pg_rows_read(): $1 and $2 are schemas and names, n and w as here. */
#define PG_ROWS(columns)                                                                           \
	"SELECT w.number - 1, " columns " FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[])"   \
	" WITH ORDINALITY AS w(schema, name, number)"                                                  \
	" JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema::pg_catalog.name"

/* And goes on with the relation of that name as c. */
#define PG_ROWS_RELATION                                                                           \
	" JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = "                       \
	"w.name::pg_catalog.name"

/* A name as pg_put_name() writes it. */
#define PG_QUOTED(name)                                                                            \
	"('\"' || pg_catalog.replace(" name "::pg_catalog.text, '\"', '\"\"') || '\"')"

extern bool pg_rows_read(PgStructure *s, PgRows *rows, const char *sql, PgNameOf name_of,
						 size_t count, SluiceError *err) SLUICE_MUST_CHECK;
extern void pg_rows_free(PgRows *rows);

/* How many rows an object has, and the first of them. */
extern int pg_rows_of(const PgRows *rows, size_t number, int *row);

/* ---- pg_structure_look.c ---- */

extern bool pg_structure_look(Structure *s, SluiceError *err);
extern void pg_structure_forget(PgStructure *s);

/* The relation kind of a table at the target; '\0' when there is none. */
extern char pg_structure_kind(const PgStructure *s, size_t table);

/* The sequence that is the document's, or else the one behind its owner's column; false: none. */
extern bool pg_structure_sequence(const PgStructure *s, size_t sequence, const char **schema,
								  const char **name);

/* ---- pg_structure_differ.c ---- */

extern ObjectState pg_structure_state(Structure *s, ObjectKind kind, size_t number, FILE *out);
extern bool pg_structure_has_key(Structure *s, size_t table);

/* ---- pg_structure_needs.c ---- */

/* Adds what tables that are to be made need and the target has not: types, collations. */
extern bool pg_structure_needs(PgStructure *s, const Chosen *chosen, Findings *findings,
							   SluiceError *err);

/* ---- pg_structure_finish.c ---- */

extern bool pg_structure_write_table(Structure *s, size_t table, size_t index, Script *script,
									 SluiceError *err);
extern bool pg_structure_write_keys(Structure *s, Script *script, SluiceError *err);

#endif
