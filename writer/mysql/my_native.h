/*
 * my_native.h - documents of MySQL and MariaDB sources: what is in the servers' own language already
 * stays as it is written, but for what the target does not know.  Texts only.
 */
#ifndef SLUICE_WRITER_MY_NATIVE_H
#define SLUICE_WRITER_MY_NATIVE_H

#include "my_design.h"

/* Whether the source is MySQL or MariaDB; all below is for such ones. */
extern bool my_native(const MyDesign *design);

/* A column's own type, or what stands for it there. */
extern bool my_native_choose(const MyDesign *design, const TypeColumn *ruled,
							 const SchemaColumn *column, MyColumnDesign *made,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* Columns that an expression cannot be about there. */
typedef bool (*MyForbids)(const void *context, const char *column);

/*
 * Writes an expression as the target understands it: collations by their names there.  False when it
 * uses a function that the target lacks, or a column that `forbids` (may be NULL).
 */
extern bool my_native_expression(const MyDesign *design, const char *expression, MyForbids forbids,
								 const void *context, FILE *out);

/* A column's default, without the word; false when there is none there. */
extern bool my_native_default(const MyDesign *design, const SchemaTable *table,
							  const SchemaColumn *column, FILE *out);

/* Whether an invisible column can be so there. */
extern bool my_native_can_hide(const MyDesign *design, const SchemaColumn *column,
							   const MyColumnDesign *made);

/* What stands between a column's type and its NOT NULL, and what behind its default. */
extern void my_native_before(const MyDesign *design, const SchemaColumn *column,
							 const MyColumnDesign *made, FILE *out);
extern void my_native_behind(const MyDesign *design, const SchemaColumn *column,
							 const MyColumnDesign *made, FILE *out);

/* Why an index cannot be there; NULL when it can. */
extern const char *my_native_index_refused(const MyDesign *design, const SchemaTable *table,
										   const SchemaIndex *index);

/* "UNIQUE KEY ", "FULLTEXT KEY "; what stands behind the index's columns. */
extern const char *my_native_index_word(const SchemaIndex *index);
extern const char *my_native_index_end(const MyDesign *design, const SchemaIndex *index);

/* Whether an index must be made by a statement of its own, and whether that may fail. */
extern bool my_native_index_alone(const MyDesign *design, const SchemaTable *table,
								  const SchemaIndex *index);
extern bool my_native_index_may_fail(const MyDesign *design, const SchemaTable *table,
									 const SchemaIndex *index);

/* The default collation of a table's text there; "" when the source's document says none. */
extern void my_native_table_collation(const MyDesign *design, const SchemaTable *table,
									  char name[MY_COLLATION_SIZE]);

#endif
