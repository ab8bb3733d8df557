/*
 * my_ddl.h - the SQL that makes a design's tables in MySQL and MariaDB; texts only.
 *
 * Every name is quoted and has its database.  A statement becomes a step of the script.  Each of them
 * commits by itself there.
 */
#ifndef SLUICE_WRITER_MY_DDL_H
#define SLUICE_WRITER_MY_DDL_H

#include "my_design.h"

typedef struct MyDdl
{
	const MyDesign *design;
	Script *script;
	bool unnumbered;  /* columns are written without AUTO_INCREMENT */
	bool undefaulted; /* columns are written without a default */
} MyDdl;

/* ---- parts of statements ---- */

extern void my_write_name(FILE *out, const char *name);
extern void my_write_qualified(FILE *out, const char *database, const char *name);
extern void my_write_literal(FILE *out, const char *text);

/* A text of at most that many characters; a longer one is cut. */
extern void my_write_comment(FILE *out, const char *text, size_t characters);

/* The name of a table, with its database. */
extern void my_write_table(const MyDdl *ddl, const SchemaTable *table, FILE *out);

/* A column's type with labels and collation; the column as CREATE TABLE and ADD COLUMN have it. */
extern void my_write_type(const MyDesign *design, const SchemaTable *table,
						  const SchemaColumn *column, FILE *out);
extern void my_write_column(const MyDdl *ddl, const SchemaTable *table, const SchemaColumn *column,
							FILE *out);

/* A column's default, without the word; false when there is none there (out then has nonsense). */
extern bool my_write_default(const MyDesign *design, const SchemaTable *table,
							 const SchemaColumn *column, FILE *out);

/* The default that is drawn for each row: MySQL with a binary log adds no column that has it. */
#define MY_DEFAULT_UUID "(UUID())"

/* A constant of a column's type, as PostgreSQL prints it; false when it cannot be one there. */
extern bool my_write_constant(const MyDesign *design, const SchemaTable *table,
							  const SchemaColumn *column, const char *text, FILE *out);

/* "UNIQUE KEY `name` (...)": an index as CREATE TABLE and ADD have it. */
extern void my_write_index(const MyDdl *ddl, const SchemaTable *table, const SchemaIndex *index,
						   FILE *out);

/* What an index is called there: primary keys have no name of their own. */
#define MY_NAME_SIZE 320
extern void my_index_name(const SchemaIndex *index, char name[MY_NAME_SIZE]);

/* What a check or foreign key is called: such names are a database's there, not a table's. */
extern void my_constraint_name(const MyDesign *design, const SchemaTable *table, const char *name,
							   char out[MY_NAME_SIZE]);

/* With the table's name before it. */
extern void my_long_constraint_name(const SchemaTable *table, const char *name,
									char out[MY_NAME_SIZE]);

/* ---- checks: of the table, of its columns' domains, of labels that ENUM cannot have ---- */

typedef struct MyCheck
{
	char name[MY_NAME_SIZE];
	const char *expression;		/* the source's; NULL for labels */
	const SchemaColumn *column; /* of a domain or labels; else NULL */
	const SchemaType *labels;
} MyCheck;

/* Calls `does` for each check of a table that is to be made there. */
extern void my_each_check(const MyDesign *design, const SchemaTable *table,
						  void (*does)(void *context, const MyCheck *check), void *context);

/* Writes what is in its brackets; false when it cannot be translated. */
extern bool my_write_check(const MyDesign *design, const SchemaTable *table, const MyCheck *check,
						   FILE *out);

/* ---- before the rows ---- */

extern void my_ddl_database(const MyDdl *ddl, const char *name);
extern void my_ddl_table(const MyDdl *ddl, const SchemaTable *table);
extern void my_ddl_drop(const MyDdl *ddl, const SchemaTable *table);
extern void my_ddl_truncate(const MyDdl *ddl, const SchemaTable *table);

/* ---- when the rows are in ---- */

/* Indexes by their numbers, in one statement. */
extern void my_ddl_indexes(const MyDdl *ddl, const SchemaTable *table, const size_t *numbers,
						   size_t count);

/* ---- at the end ---- */

/* Why a foreign key cannot be made there; NULL when it can. */
extern const char *my_foreign_key_refused(const MyDesign *design, const SchemaTable *table,
										  const SchemaForeignKey *key);

/* Whether it can have no actions, as another column is computed from one of its. */
extern bool my_foreign_key_is_passive(const MyDesign *design, const SchemaTable *table,
									  const SchemaForeignKey *key);

/* With a step before it that fails when rows do not hold it; it is made all the same. */
extern void my_ddl_foreign_key(const MyDdl *ddl, const SchemaTable *table,
							   const SchemaForeignKey *key);

/* AUTO_INCREMENT goes on behind the source's last value; rows that are there push it further. */
extern void my_ddl_auto_increment(const MyDdl *ddl, const SchemaTable *table,
								  unsigned long long next);

/* The next value of a sequence that was used and counts upwards; 0 for any other. */
extern unsigned long long my_sequence_next(const SchemaSequence *sequence);

#endif
