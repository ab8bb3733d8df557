/*
 * ddl_parts.h - what the files that make parts of a DdlChange share.
 *
 * Questions are put together from the fragments below: each says of something at the target, named
 * by literals, whether it exists; more conditions may follow them before their closing bracket.
 */
#ifndef SLUICE_WRITER_DDL_PARTS_H
#define SLUICE_WRITER_DDL_PARTS_H

#include "ddl_change.h"
#include "ddl_text.h"

/* ---- fragments of questions ---- */

/* Each behind "EXISTS (SELECT "; arguments: schema, name. */
#define DDL_RELATION                                                                               \
	"FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "         \
	"WHERE n.nspname = %L AND c.relname = %L"
#define DDL_TYPE                                                                                   \
	"FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "          \
	"WHERE n.nspname = %L AND t.typname = %L"

/* Arguments: schema, table, column or constraint. */
#define DDL_COLUMN                                                                                 \
	"FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "             \
	"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                                    \
	"WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname = %L AND c.relname = %L "             \
	"AND a.attname = %L"
#define DDL_CONSTRAINT                                                                             \
	"FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid "            \
	"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                                    \
	"WHERE n.nspname = %L AND c.relname = %L AND k.conname = %L"

/* Arguments: schema and name of the child, of the parent. */
#define DDL_CHILD                                                                                  \
	"FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "              \
	"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                                    \
	"JOIN pg_catalog.pg_class p ON p.oid = i.inhparent "                                           \
	"JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace "                                  \
	"WHERE n.nspname = %L AND c.relname = %L AND pn.nspname = %L AND p.relname = %L"

/* ---- parts ---- */

/* Begins a part about schema.name (schema may be NULL); the question is written to the stream. */
extern FILE *ddl_ask(DdlChange *ddl, const char *schema, const char *name);

/* A statement of the part; the second may fail without harm. */
extern FILE *ddl_do(DdlChange *ddl, const char *kind, const char *schema, const char *name);
extern FILE *ddl_try(DdlChange *ddl, const char *kind, const char *schema, const char *name);

/* The part just begun, to be marked. */
extern DdlPart *ddl_part(DdlChange *ddl);

extern bool ddl_same(const char *a, const char *b);

/* Whether a USING gave the rows of a column that stays other values. */
extern bool ddl_is_computed(const SchemaFill *fill);

/* What people have to do where the target cannot compute them, and nothing shows that they have. */
extern const char ddl_unknown_values[];

/* A table before, and what became of it. */
typedef struct TablePair
{
	const SchemaTable *old, *new;
} TablePair;

/* The i-th table of `after` with what it was; NULL for a new one. */
extern TablePair ddl_pair(const DdlChange *ddl, size_t i);

/* Whether the change renames types, which are part of what columns are. */
extern bool ddl_renames_types(const DdlChange *ddl);

/* A new table, where the target has none of that name. */
extern void ddl_make_table(DdlChange *ddl, const SchemaTable *table);

/* ---- ddl_rename.c ---- */

/*
 * Whether a definition or an expression of the table's is the same after the change, but for what was
 * renamed and whether it is validated.  `to` is the table of before that a foreign key refers to, or
 * NULL.
 */
extern bool ddl_same_but_names(const DdlChange *ddl, const TablePair *pair, const SchemaName *to,
							   const char *old, const char *new);

/* ---- ddl_flat.c: partitions whose rows the target has in one plain table ---- */

/* Rows of partitions that went; before anything is renamed. */
extern void ddl_flat_leave(DdlChange *ddl);

/* Rows of a table that became a partition. */
extern void ddl_flat_join(DdlChange *ddl, const TablePair *pair);

/* ---- ddl_type.c ---- */

extern void ddl_types_before(DdlChange *ddl);
extern void ddl_types_after(DdlChange *ddl);
extern void ddl_sequences_before(DdlChange *ddl);
extern void ddl_sequences_after(DdlChange *ddl);

/* ---- ddl_column.c ---- */

extern void ddl_columns(DdlChange *ddl, const TablePair *pair);

/* ---- ddl_constraint.c: indexes, checks, foreign keys ---- */

/* What goes, under the table's old name; `new` is NULL for a table that goes itself. */
extern void ddl_drop_constraints(DdlChange *ddl, const TablePair *pair);

/* What got another name, under the table's new name. */
extern void ddl_rename_constraints(DdlChange *ddl, const TablePair *pair);

/* What is new or marked otherwise; `old` is NULL for a new table. */
extern void ddl_indexes(DdlChange *ddl, const TablePair *pair);
extern void ddl_checks(DdlChange *ddl, const TablePair *pair);
extern void ddl_foreign_keys(DdlChange *ddl, const TablePair *pair);

#endif
