/*
 * alter.h - what an ALTER TABLE renames, and what it gives rows in new columns: where the catalog has
 * changed again since, nothing but the statement's text says it.
 */
#ifndef SLUICE_MYSQL_READER_ALTER_H
#define SLUICE_MYSQL_READER_ALTER_H

#include "query.h"

typedef struct AlterRename
{
	bool column;		  /* else the table */
	StatementName from;	  /* the column as it was */
	StatementName schema; /* of the table's new name; "" when it is not said */
	StatementName to;
} AlterRename;

/*
 * The next rename of a statement that statement_read() found to be an ALTER TABLE; false behind the
 * last.  CHANGE of a column that keeps its name is none.
 */
extern bool alter_next_rename(const QueryEvent *query, Statement *statement, AlterRename *rename);

/*
 * Whether a clause takes rows away or brings some that are in no event, as those about partitions and
 * tablespaces do; another table that it exchanges them with to *schema and *name, else "".
 */
extern bool alter_moves_rows(const QueryEvent *query, const Statement *statement,
							 StatementName *schema, StatementName *name);

typedef struct AlterAdded
{
	StatementName column;
	const char *value; /* what stands behind DEFAULT, a literal or else; NULL: nothing does */
	size_t length;
} AlterAdded;

/* The next new column, likewise; those of ADD (a int, b int) are not found. */
extern bool alter_next_added(const QueryEvent *query, Statement *statement, AlterAdded *added);

#endif
