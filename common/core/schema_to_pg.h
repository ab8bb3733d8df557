/*
 * schema_to_pg.h - the schema document of a MySQL or MariaDB source made into the equivalent one of a
 * PostgreSQL source, so that all behind it sees nothing else.
 *
 * Types come from the table in schema_to_pg_type.h (docs/mysql-source-types.md) and from rules; columns that
 * foreign keys join get one type.  Defaults, checks, generated columns and key parts are translated where
 * they mean the same; what is left out is told in `not_carried`.  The same document, rules and target
 * give the same every time.
 */
#ifndef SLUICE_CORE_SCHEMA_TO_PG_H
#define SLUICE_CORE_SCHEMA_TO_PG_H

#include "schema_document.h"
#include "type_rules.h"

#define PG_FACT_SIZE 160

/* What is to be known of the target. */
typedef struct PgFacts
{
	int version; /* 150004; 0: not known, taken for the newest */
	char
		geometry[PG_FACT_SIZE]; /* PostGIS' type, quoted and with its schema; "": it is not there */
	char vector[PG_FACT_SIZE];	/* pgvector's, the same */
} PgFacts;

typedef struct SchemaToPg
{
	const TypeRules *rules; /* with PostgreSQL's types; may be NULL */
	const PgFacts *target;
} SchemaToPg;

/* Whether a document is of such a source. */
extern bool schema_is_mysql(const SchemaDocument *document);

/*
 * Changes the document in place; what is new lives in `home`'s memory, which is the document itself
 * or that of the message it is a part of.  After an error (MEMORY) it is of no use.
 */
extern bool schema_to_pg(SchemaDocument *document, SchemaDocument *home, const SchemaToPg *to,
						 SluiceError *err) SLUICE_MUST_CHECK;

#endif
