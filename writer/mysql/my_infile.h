/*
 * my_infile.h - many rows into a table of a MySQL or MariaDB target: by LOAD DATA LOCAL, whose "file"
 * is made of the rows as the server takes it, or by INSERTs of many rows.
 *
 * LOAD DATA LOCAL means IGNORE: the server would bend values and leave rows out, and only count them.
 * So it fails here unless every row came in without a warning; whoever called rolls back and does the
 * same row by row, strictly, to name the row.  All of it happens in the open transaction; the table
 * is described.
 */
#ifndef SLUICE_WRITER_MY_INFILE_H
#define SLUICE_WRITER_MY_INFILE_H

#include "my_target.h"

/* Gives the next whole row; false at the end. */
typedef bool (*MyRowSource)(void *context, BundleRow *row);

/* What happens with a row whose key is there; any other unique key is in the way with each. */
typedef enum MyInsertKind
{
	MY_INSERT,			 /* it fails */
	MY_INSERT_REPLACING, /* it takes the place of what is there; not for tables with other unique keys */
	MY_INSERT_MISSING /* what is there stays; the same */
} MyInsertKind;

/* By INSERTs where the server takes no LOAD DATA LOCAL; DATA when it would not take rows as they are. */
extern bool my_infile(MyTarget *target, Table *table, MyRowSource source, void *context,
					  SluiceError *err) SLUICE_MUST_CHECK;

extern bool my_insert_rows(MyTarget *target, Table *table, MyInsertKind kind, MyRowSource source,
						   void *context, SluiceError *err) SLUICE_MUST_CHECK;

#endif
