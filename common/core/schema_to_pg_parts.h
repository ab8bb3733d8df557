/*
 * schema_to_pg_parts.h - what the files of schema_to_pg.h share.
 *
 * Texts are made in the document's memory.  Without memory `good` becomes false, texts are "" and the
 * work goes on to its end.
 */
#ifndef SLUICE_CORE_SCHEMA_TO_PG_PARTS_H
#define SLUICE_CORE_SCHEMA_TO_PG_PARTS_H

#include "column_type.h"
#include "schema_to_pg.h"

/* What an expression or column is, as far as translating must know. */
typedef enum PgClass
{
	PG_CLASS_NONE, /* nothing is known to mean the same */
	PG_CLASS_WHOLE,
	PG_CLASS_DECIMAL,
	PG_CLASS_BOOL,
	PG_CLASS_TEXT,
	PG_CLASS_DATE, /* dates and times without a zone */
	PG_CLASS_MOMENT,
	PG_CLASS_NULL
} PgClass;

/* What is remembered of a column of the source besides what it has become. */
typedef struct ToPgColumn
{
	ColumnType source;
	PgClass is;
	bool exact;		/* a text whose collation tells all strings apart */
	bool by_rule;	/* its type is what a rule says */
	bool generated; /* at the source */
} ToPgColumn;

typedef struct ToPg
{
	SchemaDocument *document;
	SchemaDocument *home;
	const SchemaToPg *to;
	ToPgColumn **columns; /* by table and column */
	size_t told_room;	  /* of not_carried */
	SluiceError *err;
	bool good;
} ToPg;

/* Whether the target is of that release or a later one. */
extern bool to_pg_since(const ToPg *t, int version);

/* ---- schema_to_pg_text.c ---- */

extern void *to_pg_room(ToPg *t, size_t size);
extern const char *to_pg_text(ToPg *t, const char *format, ...) SLUICE_PRINTF(2, 3);

/* "name" and 'text' in quotes, and a name that is not too long. */
extern const char *to_pg_quoted(ToPg *t, const char *name);
extern const char *to_pg_qualified(ToPg *t, const char *schema, const char *name);
extern const char *to_pg_literal(ToPg *t, const char *text);
extern const char *to_pg_fitted(ToPg *t, const char *name);

/* Adds to not_carried; `part` of the table may be NULL, the definition too. */
extern void to_pg_tell(ToPg *t, const char *kind, const SchemaTable *table, const char *part,
					   const char *reason, const char *definition);

/* ---- schema_to_pg_type.c ---- */

/* Gives every column of the document its type. */
extern void to_pg_types(ToPg *t);

/* ---- schema_to_pg_expression.c ---- */

typedef struct PgExpression
{
	PgClass is;
	const char *sql; /* NULL: it could not be translated */
} PgExpression;

/* With `varies`, what is another value each time can be in it: in defaults. */
extern PgExpression to_pg_expression(ToPg *t, const SchemaTable *table, const char *text,
									 bool varies);

/* ---- schema_to_pg_column.c ---- */

/* Defaults, identity, generated columns and checks of a table whose columns have their types. */
extern void to_pg_columns(ToPg *t, SchemaTable *table);

/* Labels of ENUM and SET, unquoted: the next one, false behind the last.  Start with *at the whole type. */
extern bool to_pg_label(ToPg *t, const char **at, const char **label);

/* ---- schema_to_pg_index.c ---- */

/* While all tables and indexes still have the source's names; */
extern void to_pg_foreign_keys(ToPg *t, SchemaTable *table);
/* and when tables have theirs, columns their types and the source's names. */
extern void to_pg_indexes(ToPg *t, SchemaTable *table);

/* ---- schema_to_pg_trigger.c ---- */

/* ON UPDATE CURRENT_TIMESTAMP: a function and a trigger among what is carried. */
extern void to_pg_triggers(ToPg *t);

#endif
