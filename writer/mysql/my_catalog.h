/*
 * my_catalog.h - a table as a MySQL or MariaDB target has it, held against what the source sends.
 */
#ifndef SLUICE_WRITER_MY_CATALOG_H
#define SLUICE_WRITER_MY_CATALOG_H

#include "my_session.h"

struct MyConverter; /* my_value.h */

/* A column of the source's table at the target. */
typedef struct MyColumn
{
	char *name;		 /* quoted */
	char *type;		 /* DATA_TYPE in lower case: "int", "varchar", "longtext", ... */
	char *full_type; /* COLUMN_TYPE: "int(10) unsigned", "enum('a','b')", ... */
	char *charset;	 /* "" for what is no text */
	char *collation; /* the same */
	bool nullable;
	bool json;					   /* JSON, also MariaDB's: text with json_valid() */
	bool sets_itself;			   /* ON UPDATE CURRENT_TIMESTAMP */
	bool written;				   /* computed neither by source nor target */
	bool key;					   /* of Table.key */
	bool identifies;			   /* in that, or in a unique key there: tells rows apart */
	struct MyConverter *converter; /* NULL where the target has no such column */
} MyColumn;

typedef struct MyTable
{
	char *name; /* quoted, with database */
	uint16_t column_count;
	MyColumn *columns; /* in the source's order */
	uint16_t written;  /* how many are */
	bool other_keys;   /* has unique keys beside that of Table.key */
} MyTable;

/*
 * Reads the catalog for a table and sets table->keyed.  NULL on error; what is missing at the
 * target is NOT_FOUND with a hint.
 */
extern MyTable *my_describe(MyConnection *c, Table *table, SluiceError *err);

extern void my_table_free(MyTable *table);

#endif
