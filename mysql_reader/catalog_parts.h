/*
 * catalog_parts.h - what the files that read a catalog share: rows of information_schema on their way
 * to the tables of a document (catalog.h).
 *
 * Each query gives the rows of one database, the table's name first; rows of a table that is not in the
 * document are passed over.  Lists grow in the document's memory, which is given back as a whole.
 */
#ifndef SLUICE_MYSQL_READER_CATALOG_PARTS_H
#define SLUICE_MYSQL_READER_CATALOG_PARTS_H

#include "catalog.h"
#include "common/core/schema_shape.h"

typedef struct Catalog
{
	MyConnection *c;
	SchemaDocument *document;
	bool mariadb;
	const char *schema;	  /* the database at hand */
	char *schema_literal; /* the same for SQL, to be freed */
	char *only;			  /* " AND t.TABLE_NAME = 'x'" for one table, else "" */
	bool rules_hidden;	  /* information_schema does not tell this user what foreign keys do */
	SluiceError *err;
} Catalog;

/* Takes one row; row[0] is the table's name. */
typedef bool (*RowTaker)(Catalog *catalog, SchemaTable *table, char *const *row);

/*
 * Runs a query with %s for the database's literal and, behind it, for `only`; its rows go to `take`.
 */
extern bool catalog_rows(Catalog *catalog, const char *query, RowTaker take) SLUICE_MUST_CHECK;

/* A text that stays with the document; NULL for NULL, and for none with an error. */
extern const char *catalog_text(Catalog *catalog, const char *text);
extern const char *catalog_text_of(Catalog *catalog, const void *text, size_t length);

/*
 * One more item, zeroed, behind `count` of `items`; gives the list's new place and counts it.  NULL
 * without memory.
 */
extern void *catalog_add(Catalog *catalog, void *items, size_t *count, size_t size);

/* Columns with their types and defaults; then indexes, checks and foreign keys of the same database. */
extern bool catalog_read_columns(Catalog *catalog) SLUICE_MUST_CHECK;
extern bool catalog_read_keys(Catalog *catalog) SLUICE_MUST_CHECK;

/* Takes a table's SHOW CREATE TABLE. */
typedef bool (*StatementTaker)(Catalog *catalog, SchemaTable *table, const char *statement);

/* Asks for the statement and gives it to `take`. */
extern bool catalog_statement(Catalog *catalog, SchemaTable *table,
							  StatementTaker take) SLUICE_MUST_CHECK;

/* What SHOW CREATE TABLE alone says: partitions, defaults of bytes; for tables that have such. */
extern bool catalog_read_statements(Catalog *catalog) SLUICE_MUST_CHECK;

/* Adds to what stays behind. */
extern bool catalog_leave(Catalog *catalog, const char *kind, const char *name, const char *reason,
						  const char *definition) SLUICE_MUST_CHECK;

/* The table of the database at hand; NULL when it is not in the document. */
extern SchemaTable *catalog_table(const Catalog *catalog, const char *name);
extern SchemaColumn *catalog_column(const SchemaTable *table, const char *name);

#endif
