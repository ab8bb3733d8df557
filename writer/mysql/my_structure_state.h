/*
 * my_structure_state.h - what my_structure*.c know of a MySQL or MariaDB target: the databases of a
 * document as they were found there.  For those files only.
 */
#ifndef SLUICE_WRITER_MY_STRUCTURE_STATE_H
#define SLUICE_WRITER_MY_STRUCTURE_STATE_H

#include "my_ddl.h"
#include "my_structure.h"

/* Rows of a query about tables, found by their first two columns: database and table. */
typedef struct MyRows
{
	MYSQL_RES *result;
	MYSQL_ROW *rows; /* in the order of those, and for a table in that of the query */
	size_t count;
} MyRows;

typedef struct MyStructure
{
	Structure base; /* first */
	MyConnection *c;
	MyDesign design;
	bool folded; /* the server's names of tables are without case */
	MyRows schemas, tables, columns, indexes, keys;
} MyStructure;

/* ---- my_structure_look.c ---- */

/* Columns of the queries behind database and table. */
enum
{
	TABLE_TYPE = 2, /* "BASE TABLE", "VIEW", ... */
	TABLE_ENGINE,
	TABLE_NEXT /* AUTO_INCREMENT, or NULL */
};

enum
{
	COLUMN_NAME = 2,
	COLUMN_TYPE,
	COLUMN_NOT_NULL, /* "1" or "0", as the next ones */
	COLUMN_COMPUTED,
	COLUMN_NEEDED /* must be given */
};

enum
{
	INDEX_NAME = 2,
	INDEX_UNIQUE,
	INDEX_COLUMNS /* as my_index_columns() writes them */
};

enum
{
	KEY_NAME = 2,
	KEY_COLUMNS,
	KEY_DATABASE, /* it points to */
	KEY_TABLE
};

extern bool my_structure_look(Structure *base, SluiceError *err);
extern void my_structure_forget(MyStructure *s);

/* Looks at the indexes of one table again. */
extern bool my_structure_look_indexes(MyStructure *s, const SchemaTable *table, MyRows *rows,
									  SluiceError *err);
extern void my_rows_free(MyRows *rows);

/* How many rows a table has, and the first of them. */
extern size_t my_rows_of(const MyStructure *s, const MyRows *rows, const char *database,
						 const char *table, size_t *first);
extern size_t my_rows_of_table(const MyStructure *s, const MyRows *rows, const SchemaTable *table,
							   size_t *first);

/* "`a`, `b`(20)"; NULL for an index of expressions.  To be freed. */
extern char *my_index_columns(const MyStructure *s, const SchemaTable *table,
							  const SchemaIndex *index);

/* The rows, from `first` on, of an index that is the document's by name or columns; count: none. */
extern size_t my_find_index(const MyStructure *s, const MyRows *rows, size_t first, size_t count,
							const SchemaTable *table, const SchemaIndex *index);

/* Whether a plan looks at a table that is to be made, of which there is nothing yet. */
extern bool my_is_planned(const MyStructure *s, const SchemaTable *table);

/* ---- my_structure_differ.c ---- */

extern ObjectState my_structure_state(Structure *base, ObjectKind kind, size_t number, FILE *out);
extern bool my_structure_has_key(Structure *base, size_t table);

/* Whether a column's type is as the design's. */
extern bool my_same_type(const MyDesign *design, const MyColumnDesign *made, const char *found);

/* ---- my_structure_finish.c ---- */

extern bool my_structure_write_table(Structure *base, size_t table, size_t index, Script *script,
									 SluiceError *err);
extern bool my_structure_write_keys(Structure *base, Script *script, SluiceError *err);

#endif
