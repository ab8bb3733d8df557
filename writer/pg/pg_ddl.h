/*
 * pg_ddl.h - the SQL that makes a schema document's objects in PostgreSQL; texts only.
 *
 * Every name is quoted and qualified.  Types, definitions and expressions are the source's own text,
 * which has its names qualified too.  A statement becomes a step of the script.
 */
#ifndef SLUICE_WRITER_PG_DDL_H
#define SLUICE_WRITER_PG_DDL_H

#include "common/core/schema_document.h"
#include "writer/script.h"

typedef struct PgDdl
{
	const SchemaDocument *document;
	int version; /* of the target: 150004 for 15.4 */
	Script *script;
} PgDdl;

/* ---- parts of statements ---- */

extern void pg_put_name(FILE *out, const char *name);
extern void pg_put_qualified(FILE *out, const char *schema, const char *name);
extern void pg_put_literal(FILE *out, const char *text);

/* " COLLATE ..."; nothing for NULL. */
extern void pg_put_collation(FILE *out, const char *collation);

/* An element of an array's text form. */
extern void pg_put_element(FILE *out, const char *text);

/*
 * Takes one name, quoted or not, from *at into name, which has PG_NAME_SIZE bytes; false when there
 * is none.
 */
#define PG_NAME_SIZE 256
extern bool pg_take_name(const char **at, char *name);

/* What an index is, without its name and table: "USING btree (id)". */
extern const char *pg_index_body(const char *definition);

/* "START WITH ... ": what CREATE SEQUENCE and AS IDENTITY (...) have in common. */
extern void pg_put_sequence_options(FILE *out, const SchemaSequence *sequence);

/* A column as CREATE TABLE and ADD COLUMN have it; " GENERATED ... AS IDENTITY (...)" of one. */
extern void pg_put_column(const PgDdl *ddl, const SchemaTable *table, const SchemaColumn *column,
						  FILE *out);
extern void pg_put_identity(const PgDdl *ddl, const SchemaTable *table, const SchemaColumn *column,
							FILE *out);

/* A step COMMENT ON <what> schema.name (schema may be NULL); none without a text. */
extern void pg_ddl_comment(const PgDdl *ddl, const char *what, const char *schema, const char *name,
						   const char *text);

extern void pg_ddl_constraint_comment(const PgDdl *ddl, const SchemaTable *table, const char *name,
									  const char *text);

/* ---- before the rows ---- */

extern void pg_ddl_schema(const PgDdl *ddl, const SchemaNamespace *schema);
extern void pg_ddl_type(const PgDdl *ddl, const SchemaType *type);

/* A domain's default and checks, which may need functions that need types. */
extern void pg_ddl_type_rules(const PgDdl *ddl, const SchemaType *type);

/* Identity sequences come with their columns. */
extern void pg_ddl_sequence(const PgDdl *ddl, const SchemaSequence *sequence);
extern void pg_ddl_sequence_owner(const PgDdl *ddl, const SchemaSequence *sequence);

/* The table with its columns and checks; of a partition, apart from its parent. */
extern void pg_ddl_table(const PgDdl *ddl, const SchemaTable *table, bool unlogged);

/* Makes it a part of its parent; nothing when it is no partition of a table of the document. */
extern void pg_ddl_attach(const PgDdl *ddl, const SchemaTable *table);

/* Several tables at once, as they may refer to each other. */
extern void pg_ddl_drop(const PgDdl *ddl, const SchemaTable *const *tables, size_t count);
extern void pg_ddl_truncate(const PgDdl *ddl, const SchemaTable *const *tables, const bool *parted,
							size_t count);

/* ---- when the rows are in ---- */

extern void pg_ddl_index(const PgDdl *ddl, const SchemaTable *table, const SchemaIndex *index);

/* The constraint of an index that is there as index_name; of a partitioned table, with its index. */
extern void pg_ddl_constraint(const PgDdl *ddl, const SchemaTable *table, const SchemaIndex *index,
							  const char *index_name);
extern void pg_ddl_attach_index(const PgDdl *ddl, const char *schema, const char *name,
								const char *part_schema, const char *part);

/* Which index identifies rows or orders the table, and comments; nothing when nothing is said. */
extern void pg_ddl_index_marks(const PgDdl *ddl, const SchemaTable *table, const SchemaIndex *index,
							   const char *index_name);

/* Checks that the source has not validated: they would refuse rows that are there. */
extern bool pg_check_is_late(const SchemaCheck *check);
extern void pg_ddl_late_check(const PgDdl *ddl, const SchemaTable *table, const SchemaCheck *check);

extern void pg_ddl_logged(const PgDdl *ddl, const SchemaTable *table);
extern void pg_ddl_analyze(const PgDdl *ddl, const SchemaTable *table);

/* ---- at the end ---- */

/* Unvalidated where PostgreSQL can do so, and then validated where the source has. */
extern void pg_ddl_foreign_key(const PgDdl *ddl, const SchemaTable *table,
							   const SchemaForeignKey *key);
extern void pg_ddl_validate(const PgDdl *ddl, const SchemaTable *table,
							const SchemaForeignKey *key);

/* As far as the source's and its owner's rows are, and never back; schema.name is it at the target. */
extern void pg_ddl_sequence_value(const PgDdl *ddl, const SchemaSequence *sequence,
								  const char *schema, const char *name);

/* ---- what the document says elsewhere ---- */

/* The partitioned table that a partition is of, when it is in the document; else NULL. */
extern const SchemaTable *pg_parent(const PgDdl *ddl, const SchemaTable *table);

/* Whether something that is inherited comes from a table of the document, and need not be made. */
extern bool pg_inherits_here(const PgDdl *ddl, const SchemaTable *table);

/* ---- what a release cannot have ---- */

/* Of the tables that are to be made (chosen[number] has CHOSEN_CREATE), and of all indexes and keys. */
extern void pg_ddl_judge(const PgDdl *ddl, unsigned create, const unsigned char *chosen,
						 Findings *findings);

#endif
