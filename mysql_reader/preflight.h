/*
 * preflight.h - what the values of the tables themselves say about types, for copies.
 *
 * One aggregate query per table that has such columns: TINYINT(1) that holds only 0 and 1, TIME that
 * stays within a day, the longest value of texts and bytes of which an index has a part.  Such a query
 * also looks at dates that may not be NULL; for them alone a table is not read.  The answers are the
 * columns' `scan`.
 */
#ifndef SLUICE_MYSQL_READER_PREFLIGHT_H
#define SLUICE_MYSQL_READER_PREFLIGHT_H

#include "common/core/schema_document.h"
#include "common/mysql/my_connection.h"

/* Of all tables of a document, in the connection's transaction, if there is one. */
extern bool preflight_scan(MyConnection *c, SchemaDocument *document,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* Whether there is something to ask of the table; then preflight_scan_table() reads all of it. */
extern bool preflight_needs(const SchemaTable *table);
extern bool preflight_scan_table(MyConnection *c, SchemaDocument *document, SchemaTable *table,
								 SluiceError *err) SLUICE_MUST_CHECK;

#endif
