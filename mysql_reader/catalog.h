/*
 * catalog.h - the structure of the chosen tables as the server's information_schema has it now.
 *
 * The model is the schema document (common/core/schema_document.h, docs/schema-document.md "What a
 * MySQL source puts in"): one owner, to be freed with schema_document_free().  Names are spelled as
 * the server has them.  What is read may be newer than the place in the log where a reader is: it is
 * held against the table map before it is used (log_column.h, table_match.h).
 *
 * Columns stand in the server's order with position 1, 2, ...; invisible and generated ones are among
 * them, hidden ones (of functional indexes, row_start and row_end) are not.
 */
#ifndef SLUICE_MYSQL_READER_CATALOG_H
#define SLUICE_MYSQL_READER_CATALOG_H

#include "common/core/schema_document.h"
#include "common/mysql/my_connection.h"
#include "table_choice.h"

/* Whether names are compared without case at this server: lower_case_table_names is not 0. */
extern bool catalog_folds_names(MyConnection *c, bool *folds, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * All chosen tables and sequences, tables in the order of their names; "revision" 1, no "load".
 * NULL on error; STATE when two tables have one table_id().
 */
extern SchemaDocument *catalog_read(MyConnection *c, const char *stream, const TableChoice *choice,
									SluiceError *err);

/* The same of one table or sequence, chosen or not; a document without any when it is not there. */
extern SchemaDocument *catalog_read_table(MyConnection *c, const char *stream, const char *schema,
										  const char *name, SluiceError *err);

#endif
