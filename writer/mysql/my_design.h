/*
 * my_design.h - what the tables of a schema document become in MySQL or MariaDB: types, keys, what
 * cannot be.  Texts only, no server is asked.
 *
 * A design is made once for a document and then only read.  What was chosen and what is lost is told
 * by my_design_tell(); what writes the SQL (my_ddl.h) follows the same design.
 */
#ifndef SLUICE_WRITER_MY_DESIGN_H
#define SLUICE_WRITER_MY_DESIGN_H

#include "common/core/schema_document.h"
#include "common/core/type_map.h"
#include "my_collation.h"
#include "my_expression.h"
#include "writer/script.h"

#define MY_KEY_BYTES	   3072 /* of all columns of an index */
#define MY_KEY_COLUMNS	   16
#define MY_ROW_BYTES	   65535
#define MY_COLUMNS		   1017
#define MY_INDEXES		   64
#define MY_NAME_CHARACTERS 64
#define MY_COLUMN_COMMENT  1024
#define MY_TABLE_COMMENT   2048
#define MY_NOPAD_SINCE                                                                             \
	80017 /* of MySQL: before, strings that differ by blanks at the end are one */
#define MY_DEFAULTS_SINCE	 80013 /* of MySQL: defaults that are expressions */
#define MY_PREFIX_CHARACTERS 255   /* of long text in an index that need not be unique */

typedef struct MyColumnDesign
{
	TypeChoice choice;
	const SchemaType *labels; /* of an enum of PostgreSQL */
	const char *own_type; /* of a MySQL source: written as it is there, labels and all; or NULL */
	char collation[MY_COLLATION_SIZE]; /* what choice.collation points to, when it is mapped */
	const char *base;				   /* SQL text of the type below all domains */
	bool not_null;
	bool automatic; /* AUTO_INCREMENT */
	char *computed; /* a generated column's expression, translated */
	bool left_out;	/* a generated column without: no values of it come */
	bool demoted;	/* large text, as the row would be too long */
	int key_bytes;	/* see TypeColumn */
	char *problem;	/* why there is no type for it */
} MyColumnDesign;

typedef struct MyTableDesign
{
	MyColumnDesign *columns;		 /* as many as the table's */
	const SchemaIndex *with_columns; /* made with them, as AUTO_INCREMENT needs it; or NULL */
	bool too_long;					 /* rows, whatever is done */
} MyTableDesign;

typedef struct MyDesign
{
	const SchemaDocument *document;
	TargetFlavour source;
	TargetKind target;
	const TypeRules *rules;
	const char *database; /* of the URI: it has the tables of schema "public" */
	MyTableDesign *tables;
} MyDesign;

/* The arguments must outlive it; my_design_free() in any case. */
extern bool my_design_make(MyDesign *design, const SchemaDocument *document,
						   const TargetKind *target, const TypeRules *rules, const char *database,
						   SluiceError *err) SLUICE_MUST_CHECK;
extern void my_design_free(MyDesign *design);

extern const MyTableDesign *my_design_table(const MyDesign *design, const SchemaTable *table);
extern const MyColumnDesign *my_design_column(const MyDesign *design, const SchemaTable *table,
											  const char *name);

/* The collation that tells all strings apart. */
extern const char *my_design_collation(const MyDesign *design);

/* The database of a source's schema. */
extern const char *my_design_database(const MyDesign *design, const char *schema);

/* Whether a rule of --types is about a column. */
extern bool my_design_uses_rule(const MyDesign *design, const SchemaTable *table,
								const SchemaColumn *column, size_t rule);

/* The sequence that numbers a column's rows at the source: its own, or that of its default; or NULL. */
extern const SchemaSequence *my_design_sequence(const MyDesign *design, const SchemaTable *table,
												const SchemaColumn *column);

/* A type of the document by its SQL text; NULL for built-in ones. */
extern const SchemaType *my_design_type(const SchemaDocument *document, const char *text);

/* Translates an expression about the table's columns; false when that is not possible. */
extern bool my_design_expression(const MyDesign *design, const SchemaTable *table,
								 const char *expression, const char *value, FILE *out);

/* The same of a check, which cannot be of a column that a foreign key may change. */
extern bool my_design_check(const MyDesign *design, const SchemaTable *table,
							const char *expression, const char *value, FILE *out);

/* ---- indexes ---- */

typedef enum MyIndexFate
{
	INDEX_MADE,
	INDEX_NOT_UNIQUE, /* made, but rows may repeat */
	INDEX_LEFT_OUT
} MyIndexFate;

/* What becomes of an index; *why is a constant, for people, or NULL. */
extern MyIndexFate my_design_index(const MyDesign *design, const SchemaTable *table,
								   const SchemaIndex *index, const char **why);

/* Characters (or bytes) of a column that are in an index; 0: the whole column. */
extern int my_design_prefix(const MyDesign *design, const SchemaTable *table,
							const SchemaIndex *index, size_t column);

/* ---- my_design_tell.c ---- */

/*
 * Adds what the target cannot have of the tables that are to be made (chosen[number] & CHOSEN_CREATE),
 * and what is different there; and of --types what cannot be done and what is about nothing.  `create` are CREATE_ bits of structure.h.
 */
extern void my_design_tell(const MyDesign *design, unsigned create, const unsigned char *chosen,
						   Findings *findings);

#endif
